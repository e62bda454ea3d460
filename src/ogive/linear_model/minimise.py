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
from ogive.linear_model.directions import Directions, centred, dot, of_penalty

Array = Any

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
        centred(start.copy()),
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
    pairs = Directions(objective.curvature(None, active), gradients)
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
                values = values + 0.5 * more * dot(x[..., :-1], x[..., :-1])
                gradients = gradients + of_penalty(x, more)
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
            pairs, renewed = Directions(objective.curvature(x, active), gradients), iteration
            found.renewals += 1
        direction = pairs.direction(gradients)
        slopes = dot(direction, gradients)
        if not (slopes < 0).all():
            pairs.pairs.clear()
            direction = pairs.direction(gradients)
            slopes = dot(direction, gradients)
        if level(found.history[moved_on:], totals[moved_on:], tol):
            found.reason = "precision"
            return
        moved = _search(objective, found, active, x, values, direction, slopes)
        if moved is None:
            if renewed == iteration and not pairs.pairs:
                found.reason = "precision"
                return
            # A direction that leads nowhere may be that of a bad approximation: once more.
            pairs, renewed = Directions(objective.curvature(x, active), gradients), iteration
            found.renewals += 1
            direction = pairs.direction(gradients)
            slopes = dot(direction, gradients)
            moved = _search(objective, found, active, x, values, direction, slopes)
            if moved is None:
                found.reason = "precision"
                return
        new, values, changed = moved
        pairs.add(new - x, changed - gradients, changed)
        x, gradients = new, changed


def _open(sizes: Array, gradients: Array, pairs: Directions, tol: float) -> Array:
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
        slopes_there = dot(direction, gradients)
        lower = there <= values + _SUFFICIENT * steps * slopes
        level = (there <= values + rounding) & (np.abs(slopes_there) <= 0.9 * np.abs(slopes))
        failed = ~(lower | level)
        if not failed.any():
            return trial, there, gradients
        steps = shortened(steps, failed, values, there, slopes)
        if steps.min() < _SHORTEST:
            return None
