"""Preconditioned L-BFGS for several convex problems at once.

The inverse Hessian that L-BFGS starts from is that of a `Curvature`: of the features' scatter at
first, of the problem itself where progress says that this pays.  Every evaluation is a pass over
the rows, so that few of them count, not cheap ones.

Source: J. Nocedal, S. J. Wright (2006), Numerical optimization, algorithm 7.4; W. W. Hager,
H. Zhang (2005), SIAM J. Optim. 16, for what counts as a decrease next to the minimum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

import numpy as np

from ogive.linear_model.curvature import Curvature, JointCurvature

Array = Any

_PAIRS = 12
_SUFFICIENT = 1e-4  # of the decrease that the slope promises
_SHORTEST = 1e-6
_GAP = 0.1  # above the minimum of the objective, as a part of the tolerance
_PATIENCE = 20  # iterations in which something must have changed
_MANY = 8  # iterations at one penalty, after a minimum at another
_LOOK_BACK = 3  # iterations by which progress is judged
_CHEAP = 2.0  # passes that a Hessian may cost to be computed in most iterations
_NEAR = 5.0  # the logarithm of how far from the tolerance few steps more are enough
_ROUNDING = 16.0 * float(np.finfo(float).eps)  # of a value


class Objective(Protocol):
    """What is minimised: parameters are of shape (problems, classes, features + 1)."""

    def evaluate(self, parameters: Array, problems: Array) -> tuple[Array, Array]:
        """Return values and gradients of some of the problems."""

    def curvature(self, parameters: Array | None, problems: Array) -> Curvature | JointCurvature:
        """Return an approximate Hessian: to begin with, or at some parameters."""

    def renewal(self, problems: Array) -> float:
        """Return what a Hessian at some parameters costs, in passes."""


@dataclass
class Minimum:
    """Where a minimisation ended.

    Attributes
    ----------
    parameters : ndarray, shape (problems, classes, features + 1)
    values : ndarray, shape (problems,)
        Of the objective.
    sizes : ndarray, shape (problems,)
        Of the gradients: their largest entries.
    iterations : ndarray of int, shape (problems,)
        Taken by each problem.
    passes, renewals : int
        Passes over the rows; Hessians computed at some parameters.
    reason : str
        "converged", "iterations", "precision" (no step decreases the objective any more) or
        "interrupted".
    history : list of float
        The largest size after every iteration.
    """

    parameters: Array
    values: Array
    sizes: Array
    iterations: Array
    passes: int = 0
    renewals: int = 0
    reason: str = "converged"
    history: list[float] = field(default_factory=list)


def _dot(a: Array, b: Array) -> Array:
    return np.einsum("qkp,qkp->q", a, b)


def _centred(parameters: Array) -> Array:
    """Return parameters whose sum over the classes is 0.

    What is added to all classes changes no probability, and only a penalty would pull it back,
    slowly.  A block for each class, unlike their whole Hessian, does not keep the sum.
    """
    if parameters.shape[1] == 1:
        return parameters
    centred: Array = parameters - parameters.mean(1, keepdims=True)
    return centred


def _of_penalty(parameters: Array, penalty: Array) -> Array:
    """Return the gradient of a penalty, which leaves biases alone."""
    gradient = parameters * penalty[:, None, None]
    gradient[..., -1] = 0.0
    return gradient


class _Pairs:
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
        product = _dot(step, change)
        useful = product > 1e-300
        inverse = np.divide(1.0, product, out=np.zeros_like(product), where=useful)
        self.pairs.append((step, change, solved, inverse))

    def with_penalty(self, more: Array, gradient: Array) -> None:
        """Add to the penalties: the gradients' differences follow without another pass."""
        self._take_last()
        self._curvature = self._curvature.with_penalty(np.repeat(more, gradient.shape[1]))
        pairs, self.pairs = self.pairs, []
        changes = [change + _of_penalty(step, more) for step, change, _, _ in pairs]
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
        gain: Array = 0.5 * _dot(gradient, self._solved)
        return gain

    def direction(self, gradient: Array) -> Array:
        """Return where to go from where the gradient is this."""
        self._take_last()
        rest, result, factors = gradient.copy(), self._solved.copy(), []
        for step, change, solved, inverse in reversed(self.pairs):
            factor = inverse * _dot(step, rest)
            rest -= factor[:, None, None] * change
            result -= factor[:, None, None] * solved
            factors.append(factor)
        result = _centred(result)
        if self.pairs:
            _, change, solved, inverse = self.pairs[-1]
            length = _dot(change, solved) * inverse
            scale = np.divide(1.0, length, out=np.ones_like(length), where=length > 0)
            result *= scale[:, None, None]
        for (step, change, _, inverse), factor in zip(self.pairs, reversed(factors), strict=True):
            result += (factor - inverse * _dot(change, result))[:, None, None] * step
        # Short steps have rounding errors in their sums, which would add up.
        return -_centred(result)


def minimise(
    objective: Objective,
    start: Array,
    tol: float,
    max_iter: int,
    watch: Callable[[int, Array], None] | None = None,
    then: Callable[[Array, Minimum], Array] | None = None,
) -> Minimum:
    """Minimise until the gradient of every problem is small.

    Parameters
    ----------
    objective : Objective
        Of convex problems.
    start : ndarray of float64, shape (problems, classes, features + 1)
        Where to begin.
    tol : float
        How large the largest entry of a gradient may be.
    max_iter : int
        At most so many iterations.
    watch : callable, optional
        Called with the iteration and all parameters before each; what it raises goes through.
    then : callable, optional
        Called with problems that are solved and what was found so far, as often as there are any.
        Gives `objective` another penalty for those that go on, and returns by how much it is
        larger for each: NaN for those that are done.

    Returns
    -------
    Minimum
        Also where it was interrupted from the keyboard: then the last parameters.
    """
    found = Minimum(
        _centred(start.copy()),
        np.full(len(start), np.nan),
        np.full(len(start), np.inf),
        np.zeros(len(start), np.int64),
    )
    try:
        _descend(objective, found, tol, max_iter, watch, then)
    except KeyboardInterrupt:
        found.reason = "interrupted"
    return found


def _descend(
    objective: Objective,
    found: Minimum,
    tol: float,
    max_iter: int,
    watch: Callable[[int, Array], None] | None,
    then: Callable[[Array, Minimum], Array] | None,
) -> None:
    active = np.arange(len(found.parameters))
    x = found.parameters
    values, gradients = _evaluate(objective, found, x, active)
    pairs = _Pairs(objective.curvature(None, active), gradients)
    renewed, totals = 0, list[float]()
    moved_on = 0
    begun = np.zeros(len(x), np.int64)  # the iteration in which each got its penalty
    done = np.zeros(len(x), np.bool_)
    for iteration in count():
        sizes = np.abs(gradients).max((1, 2))
        found.parameters[active], found.values[active] = x, values
        found.sizes[active], found.iterations[active] = sizes, iteration - begun[active]
        found.history.append(float(sizes.max()))
        totals.append(float(found.values.sum()))
        if watch is not None:
            watch(iteration, found.parameters)
        open_still = _open(sizes, gradients, pairs, tol)
        while then is not None and (solved := ~(open_still | done[active])).any():
            more = np.zeros(len(active))
            more[solved] = then(active[solved], found)
            done[active[np.isnan(more)]] = True
            goes_on = solved & ~np.isnan(more)
            if goes_on.any():
                # A penalty's part of value, gradient and curvature is known without a pass.
                more[~goes_on] = 0.0
                values = values + 0.5 * more * _dot(x[..., :-1], x[..., :-1])
                gradients = gradients + _of_penalty(x, more)
                pairs.with_penalty(more, gradients)
                sizes = np.abs(gradients).max((1, 2))
                found.values[active], found.sizes[active] = values, sizes
                begun[active[goes_on]] = iteration
                found.iterations[active] = iteration - begun[active]
                found.history[-1], totals[-1] = float(sizes.max()), float(found.values.sum())
                moved_on = iteration
                open_still = _open(sizes, gradients, pairs, tol)
        open_still &= ~done[active]
        if not open_still.any():
            return
        if found.iterations[active[open_still]].max() >= max_iter:
            found.reason = "iterations"
            return
        if np.count_nonzero(open_still) <= 0.7 * len(open_still):
            active, x, values = active[open_still], x[open_still], values[open_still]
            gradients = gradients[open_still]
            pairs.of(open_still)
        renewal = objective.renewal(active)
        pays = slow(found.history[max(renewed, moved_on) :], tol, renewal)
        if moved_on and iteration - begun[active].min() >= _MANY:
            # Gradients come and go with the penalties, but the passes add up.
            pays |= iteration - renewed > 1.5 * renewal
        if pays:
            pairs, renewed = _Pairs(objective.curvature(x, active), gradients), iteration
            found.renewals += 1
        direction = pairs.direction(gradients)
        slopes = _dot(direction, gradients)
        if not (slopes < 0).all():
            pairs.pairs.clear()
            direction = pairs.direction(gradients)
            slopes = _dot(direction, gradients)
        if level(found.history[moved_on:], totals[moved_on:], tol):
            found.reason = "precision"
            return
        moved = _search(objective, found, active, x, values, direction, slopes)
        if moved is None:
            if renewed == iteration and not pairs.pairs:
                found.reason = "precision"
                return
            # A direction that leads nowhere may be that of a bad approximation: once more.
            pairs, renewed = _Pairs(objective.curvature(x, active), gradients), iteration
            found.renewals += 1
            direction = pairs.direction(gradients)
            slopes = _dot(direction, gradients)
            moved = _search(objective, found, active, x, values, direction, slopes)
            if moved is None:
                found.reason = "precision"
                return
        new, values, changed = moved
        pairs.add(new - x, changed - gradients, changed)
        x, gradients = new, changed


def _open(sizes: Array, gradients: Array, pairs: _Pairs, tol: float) -> Array:
    """Return which problems are not yet solved."""
    open_still: Array = ~(sizes <= tol)
    if not open_still.all():
        # A feature in small units has a small derivative, however far the minimum is.
        open_still |= ~(pairs.to_gain(gradients) <= _GAP * tol)
    return open_still


def _evaluate(
    objective: Objective, found: Minimum, x: Array, problems: Array
) -> tuple[Array, Array]:
    found.passes += 1
    return objective.evaluate(x, problems)


def slow(since: list[float], tol: float, renewal: float) -> bool:
    """Whether the passes still to come cost more than a Hessian and the few that follow it.

    Progress is judged by as many iterations as half a Hessian costs: it comes and goes.  Of small
    data a Hessian is little more than the calls from Python that a pass is too.
    """
    if renewal <= _CHEAP and len(since) > 1 and np.log(max(since[-1] / tol, 1.0)) > _NEAR:
        return True
    window = max(_LOOK_BACK if renewal > 2.5 else 1, int(renewal / 2.0))
    if len(since) <= window:
        return False
    gained = np.log(max(since[-1 - window], tol) / max(min(since[-window:]), tol)) / window
    to_gain = np.log(max(since[-1] / tol, 1.0))
    return bool(to_gain > gained * (_LOOK_BACK + 1.5 * renewal))


def level(history: list[float], totals: list[float], tol: float) -> bool:
    """Whether nothing but rounding errors has changed for long.

    Those of the scores show in the values, and may be far above the values' own.
    """
    if len(history) <= _PATIENCE:
        return False
    before, since = totals[-1 - _PATIENCE], totals[-_PATIENCE:]
    rounding = max(_ROUNDING * abs(before), 0.1 * _GAP * tol)
    return before - min(since) <= rounding and min(history[-_PATIENCE:]) >= 0.5 * min(
        history[:-_PATIENCE]
    )


def shortened(steps: Array, failed: Array, values: Array, there: Array, slopes: Array) -> Array:
    """Return steps of which those that failed are shorter.

    To the minimum of the parabola through both values and the slope, but to a tenth at least and
    to half at most.
    """
    bend = 2.0 * (there - values - steps * slopes)
    with np.errstate(all="ignore"):
        shorter = -slopes * steps**2 / bend
    shorter = np.where(np.isfinite(shorter), shorter, 0.0)
    result: Array = np.where(failed, np.clip(shorter, 0.1 * steps, 0.5 * steps), steps)
    return result


def _search(
    objective: Objective,
    found: Minimum,
    problems: Array,
    x: Array,
    values: Array,
    direction: Array,
    slopes: Array,
) -> tuple[Array, Array, Array] | None:
    """Go along a direction to where every problem's value is lower.

    Returns
    -------
    tuple of (ndarray, ndarray, ndarray), or None
        Parameters, values and gradients there; None where no step is short enough.
    """
    steps = np.ones(len(x))
    # Next to the minimum values are equal but for their rounding, and slopes decide.
    rounding = _ROUNDING * np.abs(values) + np.finfo(float).tiny
    while True:
        trial = x + steps[:, None, None] * direction
        there, gradients = _evaluate(objective, found, trial, problems)
        slopes_there = _dot(direction, gradients)
        lower = there <= values + _SUFFICIENT * steps * slopes
        level = (there <= values + rounding) & (np.abs(slopes_there) <= 0.9 * np.abs(slopes))
        failed = ~(lower | level)
        if not failed.any():
            return trial, there, gradients
        steps = shortened(steps, failed, values, there, slopes)
        if steps.min() < _SHORTEST:
            return None
