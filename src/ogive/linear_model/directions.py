"""Directions of L-BFGS for several problems at once, from any inverse Hessian to begin with.

Source: J. Nocedal, S. J. Wright (2006), Numerical optimization, algorithm 7.4.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ogive.linear_model.curvature import Curvature, JointCurvature

Array = Any

_PAIRS = 12


def dot(a: Array, b: Array) -> Array:
    """Return the product of two arrays of shape (problems, classes, entries) for each problem."""
    return np.einsum("qkp,qkp->q", a, b)


def centred(parameters: Array) -> Array:
    """Return parameters whose sum over the classes is 0.

    What is added to all classes changes no probability, and only a penalty would pull it back,
    slowly.  A block for each class, unlike their whole Hessian, does not keep the sum.
    """
    if parameters.shape[1] == 1:
        return parameters
    centred: Array = parameters - parameters.mean(1, keepdims=True)
    return centred


def of_penalty(parameters: Array, penalty: Array) -> Array:
    """Return the gradient of a penalty, which leaves biases alone."""
    gradient = parameters * penalty[:, None, None]
    gradient[..., -1] = 0.0
    return gradient


class Directions:
    """Differences of parameters and of gradients, and the direction that follows from them.

    The inverse Hessian to begin with, H, is multiplied with every gradient once, and so with
    nothing else: its products with differences of gradients are differences of products.
    """

    def __init__(self, curvature: Curvature | JointCurvature, gradient: Array) -> None:
        self._curvature = curvature
        self._solved = curvature.solve(gradient)  # H times the gradient where we are
        # s, y, H y and 1 / s·y, 0 where it is none
        self.pairs: list[tuple[Array, Array, Array, Array]] = []
        self._last: tuple[Array, Array, Array] | None = None

    def add(self, step: Array, change: Array, gradient: Array) -> None:
        """Go on by a step, which changed the gradient by so much, to the one given."""
        self._take_last()
        self._last = step, change, gradient

    def _take_last(self) -> None:
        """Make a pair of the last step: not before it is needed, for another H may come first."""
        if self._last is None:
            return
        step, change, gradient = self._last
        before, self._solved = self._solved, self._curvature.solve(gradient)
        self.pairs = self.pairs[1 - _PAIRS :]
        self._append(step, change, self._solved - before)
        self._last = None

    def _append(self, step: Array, change: Array, solved: Array) -> None:
        product = dot(step, change)
        useful = product > 1e-300
        inverse = np.divide(1.0, product, out=np.zeros_like(product), where=useful)
        self.pairs.append((step, change, solved, inverse))

    def with_penalty(self, more: Array, gradient: Array) -> None:
        """Add to the penalties: the gradients' differences follow without another pass."""
        self._take_last()
        self._curvature = self._curvature.with_penalty(np.repeat(more, gradient.shape[1]))
        pairs, self.pairs = self.pairs, []
        changes = [change + of_penalty(step, more) for step, change, _, _ in pairs]
        *solved, self._solved = self._curvature.solve(np.stack([*changes, gradient]))
        for (step, *_), change, product in zip(pairs, changes, solved, strict=True):
            self._append(step, change, product)

    def of(self, problems: Array) -> None:
        """Go on with some of the problems, which a mask names."""
        self._take_last()
        vectors = np.repeat(problems, self._solved.shape[1])
        self._curvature, self._solved = self._curvature.of_vectors(vectors), self._solved[problems]
        self.pairs = [
            (s[problems], y[problems], h[problems], r[problems]) for s, y, h, r in self.pairs
        ]

    def to_gain(self, gradient: Array) -> Array:
        """Return by how much a parabola falls from here to its minimum, for each problem."""
        self._take_last()
        gain: Array = 0.5 * dot(gradient, self._solved)
        return gain

    def direction(self, gradient: Array) -> Array:
        """Return where to go from where the gradient is this."""
        self._take_last()
        rest, result, factors = gradient.copy(), self._solved.copy(), []
        for step, change, solved, inverse in reversed(self.pairs):
            factor = inverse * dot(step, rest)
            rest -= factor[:, None, None] * change
            result -= factor[:, None, None] * solved
            factors.append(factor)
        result = centred(result)
        if self.pairs:
            _, change, solved, inverse = self.pairs[-1]
            length = dot(change, solved) * inverse
            scale = np.divide(1.0, length, out=np.ones_like(length), where=length > 0)
            result *= scale[:, None, None]
        for (step, change, _, inverse), factor in zip(self.pairs, reversed(factors), strict=True):
            result += (factor - inverse * dot(change, result))[:, None, None] * step
        # Short steps have rounding errors in their sums, which would add up.
        return -centred(result)
