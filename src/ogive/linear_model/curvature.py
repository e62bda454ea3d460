"""Approximate Hessians: a block for each vector of weights with its bias, factorised.

A block is [S + λ I + t m mᵀ, t m; t mᵀ, t] for the weighted scatter S of the features about their
mean m, and the total t of the weights.  Solved for the centred features first, what is left of it
is S + λ I, and weights and bias come apart.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from scipy import linalg

from ogive.linear_model.rows import Scatter

Array = Any
_Key = tuple[int, float, float]  # which weighting, what it is multiplied with, λ
_Block = tuple[tuple[Array, bool], Array, float]  # a factorisation, the mean, the total

# What is added to the diagonal, relative to it, so that collinear features can be factorised.
_LEAST = 1e-11


class Curvature:
    """Blocks of an approximate Hessian, one for each vector, or one for several.

    Parameters
    ----------
    scatter : ogive.linear_model.rows.Scatter
        About `origin`: one weighting for each vector, or one for all.
    origin : ndarray, shape (features,)
        What it was taken about.
    scale : ndarray, shape (vectors,)
        What the scatter is multiplied with for each vector.
    penalty : ndarray, shape (vectors,)
        λ of each, which is added to the diagonal.
    fit_intercept : bool
        Whether there are biases.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.curvature import Curvature
    >>> from ogive.linear_model.rows import Scatter
    >>> x = np.array([[1.0], [3.0]])
    >>> scatter = Scatter(np.array([2.0]), x.sum(0)[None], (x.T @ x)[None], 2)
    >>> curvature = Curvature(scatter, np.zeros(1), np.ones(1), np.zeros(1), True)
    >>> curvature.solve(np.array([[[2.0, 0.0]]])).round(6)
    array([[[ 1., -2.]]])
    """

    def __init__(
        self, scatter: Scatter, origin: Array, scale: Array, penalty: Array, fit_intercept: bool
    ) -> None:
        self.fit_intercept = fit_intercept
        shared = len(scatter.total) == 1
        keys: list[_Key] = []
        for v, (factor, ridge) in enumerate(zip(scale, penalty, strict=True)):
            # Factors that differ by less than the curvature itself does share a factorisation.
            near = (
                2.0 ** (np.round(4.0 * np.log2(factor)) / 4.0) if shared and factor > 0 else factor
            )
            keys.append((0 if shared else v, float(near), float(ridge)))
        self._of = scatter, origin
        self._keys = keys
        self._blocks = self._factorised({})

    def _factorised(self, known: dict[_Key, _Block]) -> dict[_Key, _Block]:
        """Return the blocks that are needed, of which some may be known."""
        blocks = {}
        for key in dict.fromkeys(self._keys):
            which, factor, ridge = key
            blocks[key] = known.get(key) or _block(
                *self._of, which, factor, ridge, self.fit_intercept
            )
        return blocks

    def of_vectors(self, vectors: Array) -> Curvature:
        """Return the blocks of some of the vectors, chosen by a mask."""
        some = copy(self)
        some._keys = [key for key, chosen in zip(self._keys, vectors, strict=True) if chosen]
        return some

    def with_penalty(self, penalty: Array) -> Curvature:
        """Return the same with other penalties, one for each vector."""
        other = copy(self)
        pairs = zip(self._keys, penalty, strict=True)
        other._keys = [(which, factor, float(ridge)) for (which, factor, _), ridge in pairs]
        other._blocks = other._factorised(self._blocks)
        return other

    def solve(self, gradient: Array) -> Array:
        """Multiply gradients with the inverse.

        Parameters
        ----------
        gradient : ndarray, shape (problems, classes, features + 1)
            The last entry of each vector belongs to its bias.

        Returns
        -------
        ndarray
            Of the same shape.
        """
        flat = gradient.reshape(-1, gradient.shape[-1])
        result = np.empty_like(flat)
        vectors_of: dict[_Key, list[int]] = {}
        for v, key in enumerate(self._keys):
            vectors_of.setdefault(key, []).append(v)
        for key, vectors in vectors_of.items():
            factor, mean, total = self._blocks[key]
            some = flat[vectors]
            ahead = some[:, :-1] - some[:, -1:] * mean
            if factor[0].ndim == 2:
                ahead = linalg.cho_solve(factor, ahead.T, check_finite=False).T
            else:
                ahead = ahead / factor[0]
            result[vectors, :-1] = ahead
            result[vectors, -1] = some[:, -1] / total - ahead @ mean if self.fit_intercept else 0.0
        return result.reshape(gradient.shape)


def _block(
    scatter: Scatter, origin: Array, which: int, factor: float, ridge: float, fit_intercept: bool
) -> _Block:
    """Return a factorisation (or a diagonal), the mean and the total."""
    total = max(float(scatter.total[which]), np.finfo(float).tiny)
    first, second = scatter.first[which], scatter.second[which]
    diagonal = second.ndim == 1
    if fit_intercept:
        mean = first / total
        inner = second - (first * mean if diagonal else np.outer(first, mean))
        mean = mean + origin
    else:
        mean = np.zeros_like(first)
        around = first + total * origin
        if diagonal:
            inner = second + origin * (first + around)
        else:
            inner = second + np.outer(origin, around) + np.outer(first, origin)
    of_all = factor * (np.array(second) if diagonal else np.diag(second).copy())
    inner = inner * factor
    own = inner if diagonal else np.diag(inner).copy()
    # A feature that does not vary has only rounding errors on its diagonal.
    own = np.maximum(own, _LEAST * of_all) * (1.0 + _LEAST) + ridge
    own[own <= 0.0] = 1.0
    if diagonal:
        return (own, True), mean, total * factor
    np.fill_diagonal(inner, own)
    scale = 1.0 / np.sqrt(own)
    inner *= scale[:, None]
    inner *= scale
    jitter = 0.0
    while True:
        try:
            lower = linalg.cholesky(
                inner + jitter * np.eye(len(own)) if jitter else inner,
                lower=True,
                check_finite=False,
            )
        except linalg.LinAlgError:
            jitter = max(1e-10, 100.0 * jitter)
            continue
        return (lower / scale[:, None], True), mean, total * factor
