"""The optimum of problems with an L1 penalty: proximal quasi-Newton steps, few passes.

A step goes to the minimum of a `Metric`'s model together with the penalty, or part of the way.
Where there are many features, problems of the few that matter are solved, and a pass over all
features tells which are missing.

Source: J. Lee, Y. Sun, M. Saunders (2014), SIAM J. Optim. 24, algorithm 1; Q. Bertrand,
Q. Klopfenstein, P. Bannier, G. Gidel, M. Massias (2022), NeurIPS 35, for the working sets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ogive.linear_model.directions import dot
from ogive.linear_model.metric import Model, metrics
from ogive.linear_model.minimise import Minimum, level, shortened, slow
from ogive.linear_model.objective import MOST_FEATURES, PenalisedLoss
from ogive.linear_model.quadratic import subgradient

Array = Any
Watch = Callable[[int, Array], None]

_SUFFICIENT = 1e-4  # of the decrease that the model promises
_SHORTEST = 1e-10
_GAP = 0.1  # above the minimum of the objective, as a part of the tolerance
_FEATURES = 1000  # from so many on a part of them is worked on
_FEWEST = 100  # features that are worked on
_THIN = 500  # sparse features that are worth a matrix
_AT_ONCE = 50  # iterations among them
_CLOSER = 0.1  # how much smaller the subgradient is made among them, before others are looked at


def minimise_elastic(
    objective: PenalisedLoss,
    l1: Array,
    start: Array,
    tol: float,
    max_iter: int,
    watch: Watch | None = None,
) -> Minimum:
    """Minimise an objective plus l1 |weights|₁ until every problem's subgradient is small.

    Parameters
    ----------
    objective : PenalisedLoss
        The mean loss, with its L2 penalty.
    l1 : ndarray of float64, shape (problems,)
        Of each problem, not negative. Biases are not penalised.
    start : ndarray of float64, shape (problems, classes, features + 1)
        Where to begin.
    tol : float
        How large the largest entry of the smallest subgradient may be: |gⱼ + l1 sign(wⱼ)| where
        wⱼ is not 0, max(|gⱼ| - l1, 0) where it is.
    max_iter : int
        At most so many iterations.
    watch : callable, optional
        Called with the iteration and all parameters before each; what it raises goes through.

    Returns
    -------
    Minimum
        Its values are those of the whole objective. Also where it was interrupted from the
        keyboard: then the last parameters.

    Raises
    ------
    ValueError
        If l1 is negative or not finite, or has not one entry for each problem.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.elastic import minimise_elastic
    >>> from ogive.linear_model.objective import PenalisedLoss
    >>> from ogive.linear_model.in_memory import DenseRows
    >>> from ogive.linear_model.rows import Observed
    >>> x = np.array([[-2.0, 1.0], [-1.0, -1.0], [1.0, 1.0], [2.0, -1.0]])
    >>> y = np.array([[False], [True], [False], [True]])
    >>> rows = DenseRows(x, Observed(y, np.ones((4, 1)), np.zeros((1, 1))))
    >>> loss = PenalisedLoss(rows, np.zeros(1), np.full(1, 4.0), np.full((1, 1), 0.5), True)
    >>> found = minimise_elastic(loss, np.array([0.1]), loss.start(), 1e-9, 100)
    >>> found.parameters.round(4) + 0.0
    array([[[ 0.    , -2.1972,  0.    ]]])
    """
    l1 = np.asarray(l1, np.float64)
    if l1.shape != (len(start),) or not (np.isfinite(l1) & (l1 >= 0.0)).all():
        raise ValueError(
            f"l1 must have one entry for each of the {len(start)} problems, finite and not "
            f"negative, not {l1!r}"
        )
    found = Minimum(
        start.copy(),
        np.full(len(start), np.nan),
        np.full(len(start), np.inf),
        np.zeros(len(start), np.int64),
    )
    try:
        if objective.selects and start.shape[2] > _FEATURES:
            _choose(objective, l1, found, tol, max_iter, watch)
        else:
            _descend(objective, l1, found, tol, max_iter, watch)
    except KeyboardInterrupt:
        found.reason = "interrupted"
    if start.shape[1] > 1:
        # What all classes' biases have in common changes no probability.
        found.parameters[..., -1] -= found.parameters[..., -1].mean(1, keepdims=True)
    return found


def _heavy(l1: Array, shape: tuple[int, ...]) -> Array:
    """Return what every parameter's absolute value is multiplied with."""
    result = np.empty(shape)
    result[...] = l1[:, None, None]
    result[..., -1] = 0.0
    return result


def _evaluate(
    objective: PenalisedLoss, heavy: Array, found: Minimum, x: Array, problems: Array
) -> tuple[Array, Array]:
    """Return values with the penalty, and gradients without."""
    found.passes += 1
    values, gradients = objective.evaluate(x, problems)
    return values + dot(heavy, np.abs(x)), gradients


def _descend(
    objective: PenalisedLoss,
    l1: Array,
    found: Minimum,
    tol: float,
    max_iter: int,
    watch: Watch | None,
) -> None:
    active = np.arange(len(found.parameters))
    x, heavy = found.parameters.copy(), _heavy(l1, found.parameters.shape)
    models = metrics(objective, None, active)
    values, gradients = _evaluate(objective, heavy, found, x, active)
    renewed, totals = len(found.history), list[float]()
    for iteration in range(max_iter + 1):
        sizes = subgradient(gradients, x, heavy).max((1, 2))
        found.parameters[active], found.values[active] = x, values
        found.sizes[active], found.iterations[active] = sizes, iteration
        found.history.append(float(sizes.max()))
        totals.append(float(found.values.sum()))
        if watch is not None:
            watch(iteration, found.parameters)
        due = any(model.full for model in models)
        if due or slow(found.history[renewed:], tol, objective.renewal(active)):
            models, renewed = metrics(objective, x, active), len(found.history) - 1
            totals = totals[-1:]
            found.renewals += 1
        targets, slopes, gains = _targets(models, gradients, x, heavy, l1[active])
        # A feature in small units has a small derivative, however far the minimum is.
        open_still = ~((sizes <= tol) & (gains <= _GAP * tol))
        if not open_still.any():
            return
        if iteration == max_iter:
            found.reason = "iterations"
            return
        if level(found.history[renewed:], totals, tol):
            found.reason = "precision"
            return
        if open_still.mean() <= 0.7:
            active, x, values = active[open_still], x[open_still], values[open_still]
            gradients, heavy = gradients[open_still], heavy[open_still]
            targets, slopes = targets[open_still], slopes[open_still]
            models = [m for m, still in zip(models, open_still, strict=True) if still]
        moved = _search(objective, heavy, found, active, x, values, targets, slopes)
        if moved is None:
            found.reason = "precision"
            return
        new, values, changed = moved
        for i, model in enumerate(models):
            model.learn(new[i] - x[i], changed[i] - gradients[i])
        x, gradients = new, changed


def _targets(
    models: list[Model], gradients: Array, x: Array, heavy: Array, l1: Array
) -> tuple[Array, Array, Array]:
    """Return the minima of the models, and what the slopes and the models promise there."""
    targets = np.stack(
        [
            model.target(gradient, at, float(weight))
            for model, gradient, at, weight in zip(models, gradients, x, l1, strict=True)
        ]
    )
    more = dot(heavy, np.abs(targets) - np.abs(x))
    slopes = dot(gradients, targets - x) + more
    promised = zip(models, gradients, targets - x, strict=True)
    gains = np.array([model.gain(gradient, step) for model, gradient, step in promised]) - more
    return targets, slopes, gains


def _search(
    objective: PenalisedLoss,
    heavy: Array,
    found: Minimum,
    problems: Array,
    x: Array,
    values: Array,
    targets: Array,
    slopes: Array,
) -> tuple[Array, Array, Array] | None:
    """Go towards the targets, to where every problem's value is lower.

    Returns
    -------
    tuple of (ndarray, ndarray, ndarray), or None
        Parameters, values and gradients there; None where no step is short enough.
    """
    steps = np.ones(len(x))
    # Next to the minimum values are equal but for their rounding, and slopes decide.
    rounding = 16.0 * np.finfo(float).eps * np.maximum(np.abs(values), np.finfo(float).tiny)
    while True:
        some = steps[:, None, None]
        trial = np.where(some == 1.0, targets, x + some * (targets - x))
        there, gradients = _evaluate(objective, heavy, found, trial, problems)
        # The slope on arrival: what has just become 0 came from its former sign.
        signs = np.sign(np.where(trial == 0.0, x, trial))
        slopes_there = dot(gradients + heavy * signs, targets - x)
        lower = there <= values + _SUFFICIENT * steps * slopes
        even = (there <= values + rounding) & (np.abs(slopes_there) <= 0.9 * np.abs(slopes))
        failed = ~(lower | even)
        if not failed.any():
            return trial, there, gradients
        steps = shortened(steps, failed, values, there, slopes)
        if steps.min() < _SHORTEST:
            return None


def _choose(
    objective: PenalisedLoss,
    l1: Array,
    found: Minimum,
    tol: float,
    max_iter: int,
    watch: Watch | None,
) -> None:
    """Descend among the features that matter, until all others agree."""
    everything, chosen = np.arange(len(l1)), np.empty(0, np.int64)
    heavy = _heavy(l1, found.parameters.shape)
    part: PenalisedLoss | None = None
    while True:
        x = found.parameters
        found.values, gradients = _evaluate(objective, heavy, found, x, everything)
        size = subgradient(gradients, x, heavy)
        found.sizes = size.max((1, 2))
        found.history.append(float(found.sizes.max()))
        if watch is not None:
            watch(int(found.iterations.max()), x)
        missing = size[..., :-1].max((0, 1))
        missing[chosen] = 0.0
        left = max_iter - int(found.iterations.max())
        if part is not None and (found.sizes.max() <= tol or found.reason == "precision"):
            return
        if left <= 0:
            found.reason = "iterations"
            return
        asking = np.flatnonzero(missing)
        most = max(_FEWEST, 2 * int((x[..., :-1] != 0).any((0, 1)).sum()))
        if len(asking) > most:
            asking = asking[np.argpartition(missing[asking], -most)[-most:]]
        used = np.flatnonzero((x[..., :-1] != 0).any((0, 1)))
        wanted = np.union1d(np.union1d(chosen, used), asking)
        if 2 * len(wanted) > x.shape[2]:
            # Most features matter.
            found.history.pop()
            before = found.iterations.copy()
            try:
                _descend(objective, l1, found, tol, left, watch)
            finally:
                found.iterations += before
            return
        if part is None or len(wanted) > len(chosen):
            chosen = wanted
            part = objective.of_features(chosen, _THIN if objective.thin else MOST_FEATURES)
        own = np.append(chosen, x.shape[2] - 1)
        inside = Minimum(x[..., own], found.values.copy(), found.sizes.copy(), found.iterations * 0)
        enough = max(0.5 * tol, _CLOSER * float(missing.max(initial=0.0)))
        try:
            _descend(part, l1, inside, enough, min(left, _AT_ONCE), None)
        finally:
            found.parameters[..., own] = inside.parameters
            found.iterations = found.iterations + inside.iterations
            found.renewals += inside.renewals
        found.reason = inside.reason if inside.reason == "precision" else "converged"
