"""Regularisation paths of several folds at once.

Every fold (and every label of it) is a problem of one minimisation, whose rows outside of the
fold weigh nothing.  A problem that is solved goes on with its next penalty at once, from where it
is and with the curvature it knows, for a penalty's part of value and gradient is known without a
pass.  So folds at different penalties share every pass over the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ogive.linear_model.minimise import Minimum, minimise
from ogive.linear_model.objective import PenalisedLoss
from ogive.linear_model.rows import Observed, Rows

Array = Any


@dataclass
class Path:
    """Minima of every fold at every penalty.

    Attributes
    ----------
    parameters : ndarray, shape (folds, alphas, problems, classes, features + 1)
        The last entry of each vector is the bias; `problems` is 1 for classes.
    values, sizes : ndarray, shape (folds, alphas, problems)
        Of the objective; of the largest entry of its gradient.
    iterations : ndarray of int, shape (folds, alphas, problems)
        Taken from the minimum at the penalty before.
    reasons : ndarray of str, shape (folds, alphas, problems)
        Why each ended, as in `ogive.linear_model.minimise.Minimum`.
    passes, renewals : int
        Passes over the rows that all of them took together; Hessians at some parameters.
    """

    parameters: Array
    values: Array
    sizes: Array
    iterations: Array
    reasons: Array
    passes: int = 0
    renewals: int = 0


def of_folds(observed: Observed, train: Array) -> Observed:
    """Return what is observed in every fold: problems fold by fold, labels within.

    Parameters
    ----------
    observed : Observed
        Of all rows.
    train : ndarray of bool, shape (folds, n)
        Which rows each fold is fitted to.

    Returns
    -------
    Observed
        With a weight for every row and problem, 0 outside of the fold.
    """
    folds = len(train)
    weight = train.T[:, :, None] * observed.weight[:, None, :]
    if not observed.of_labels:
        return Observed(observed.target, weight[:, :, 0], observed.offset)
    labels = observed.target.shape[1]
    # Problems are chosen by their columns, also where all of them weigh the same.
    weight = np.broadcast_to(weight, (*weight.shape[:2], labels)).reshape(len(weight), -1)
    offset = observed.offset
    if offset.shape[1] > 1:
        offset = np.tile(offset, (1, folds))
    return Observed(np.tile(observed.target, (1, folds)), weight, offset)


def shares(observed: Observed, classes: int) -> tuple[Array, Array]:
    """Return the sum of the weights of every problem, and the weighted share of every class."""
    problems = max(observed.weight.shape[1], observed.target.shape[1] if observed.of_labels else 1)
    if observed.of_labels:
        positive = np.einsum("nq,nq->q", observed.weight, observed.target)[:, None]
    else:
        found = [
            np.bincount(observed.target, column, minlength=classes) for column in observed.weight.T
        ]
        positive = np.array(found)
    total = np.broadcast_to(observed.weight.sum(0), problems)
    return total, np.divide(positive, total[:, None], where=total[:, None] > 0, out=0.0 * positive)


def fit_path(
    rows_of: Callable[[Observed], Rows],
    observed: Observed,
    train: Array,
    alphas: Array,
    *,
    classes: int = 1,
    fit_intercept: bool = True,
    tol: float = 1e-6,
    max_iter: int = 500,
    start: Array | None = None,
) -> Path:
    """Fit every fold at every penalty, from the strongest to the weakest.

    Parameters
    ----------
    rows_of : callable
        Returns the rows with what is observed of them: `partial(DenseRows, matrix)`.
    observed : Observed
        Of all rows.
    train : ndarray of bool, shape (folds, n)
        Which rows each fold is fitted to.
    alphas : ndarray of float64, shape (folds, alphas) or (folds, problems, alphas)
        What is multiplied with half the squared weights, in any order.
    classes : int, default 1
        1 for labels.
    fit_intercept : bool, default True
        Whether there are biases.
    tol : float, default 1e-6
        How large the largest entry of a gradient of the mean objective may be.
    max_iter : int, default 500
        At most so many iterations at one penalty.
    start : ndarray, shape (folds, problems, classes, features + 1), optional
        Where to begin; without it, at the folds' base rates.

    Returns
    -------
    Path
        In the order of `alphas`.  What did not converge is said in `reasons`, and its successor
        starts from where it ended.

    Raises
    ------
    ValueError
        Where a fold lacks a class, so that without a penalty on biases there is no minimum.
    KeyboardInterrupt
        From the keyboard: half a path is no path.

    Examples
    --------
    >>> from functools import partial
    >>> import numpy as np
    >>> from ogive.linear_model.path import fit_path
    >>> from ogive.linear_model.in_memory import DenseRows
    >>> from ogive.linear_model.rows import Observed
    >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> labels = np.array([[False], [True], [False], [True]])
    >>> observed = Observed(labels, np.ones((4, 1)), np.zeros((1, 1)))
    >>> everything = np.ones((1, 4), bool)
    >>> path = fit_path(partial(DenseRows, x), observed, everything, np.array([[0.1, 1.0]]))
    >>> path.parameters[0, :, 0, 0, 0].round(3)
    array([0.637, 0.191])
    """
    folded = of_folds(observed, train)
    total, base = shares(folded, classes)
    if fit_intercept:
        _check(base, len(train))
    else:
        # Where a fit without biases begins, all classes are alike.
        base = np.full_like(base, 1.0 / max(classes, 2))
    walk = _Walk(rows_of(folded), total, base, alphas, fit_intercept)
    begin = walk.loss.start() if start is None else start.reshape(len(total), *start.shape[2:])
    return walk.path(begin, tol, max_iter)


def _check(base: Array, folds: int) -> None:
    lacking = (base <= 0.0).any(1) | ((base >= 1.0).any(1))
    if lacking.any():
        fold = int(np.flatnonzero(lacking)[0]) // (len(base) // folds)
        raise ValueError(
            f"the training part of fold {fold} lacks a class: stratify the folds, or take fewer"
        )


class _Walk:
    """Problems on their way along their penalties."""

    def __init__(
        self, rows: Rows, total: Array, base: Array, alphas: Array, fit_intercept: bool
    ) -> None:
        self.folds, self.steps = alphas.shape[0], alphas.shape[-1]
        self.labels = len(total) // self.folds
        # Per problem, from the strongest penalty on.
        by_label = alphas.reshape(self.folds, -1, self.steps)
        each = np.broadcast_to(by_label, (self.folds, self.labels, self.steps))
        each = each.reshape(-1, self.steps)
        self.order = np.argsort(-each, axis=1, kind="stable")
        self.alphas = np.take_along_axis(each, self.order, 1)
        self.at = np.zeros(len(total), np.int64)
        self.loss = PenalisedLoss(rows, self.alphas[:, 0].copy(), total, base, fit_intercept)
        shape = (len(total), self.steps)
        self.found = Path(
            np.empty((*shape, base.shape[1], rows.shape[1] + 1)),
            np.empty(shape),
            np.empty(shape),
            np.empty(shape, np.int64),
            np.empty(shape, "U12"),
        )
        self.rows = rows

    def path(self, start: Array, tol: float, max_iter: int) -> Path:
        """Walk to the end."""
        while (self.at < self.steps).any():
            minimum = minimise(self.loss, start, tol, max_iter, then=self.go_on)
            self._count(minimum)
            if minimum.reason == "interrupted":
                raise KeyboardInterrupt
            left = np.flatnonzero(self.at < self.steps)
            if minimum.reason == "iterations":
                left = left[minimum.iterations[left] >= max_iter]
                self.go_on(left, minimum, "iterations")
            elif minimum.reason == "precision" and len(left) > 1:
                # One problem's rounding errors have stopped the others.
                for problem in left.tolist():
                    self._alone(problem, minimum, tol, max_iter)
            else:
                self.go_on(left, minimum, minimum.reason)
            start = minimum.parameters
        return self._by_fold()

    def go_on(self, problems: Array, minimum: Minimum, reason: str = "converged") -> Array:
        """Keep what was found of some problems, and give them their next penalty.

        Returns
        -------
        ndarray, shape (problems,)
            By how much it is larger; NaN where there is none.
        """
        new = problems[self.at[problems] < self.steps]
        place = new, self.order[new, self.at[new]]
        self.found.parameters[place] = minimum.parameters[new]
        self.found.values[place] = minimum.values[new]
        self.found.sizes[place] = minimum.sizes[new]
        self.found.iterations[place] = minimum.iterations[new]
        self.found.reasons[place] = reason
        self.at[new] += 1
        before = self.loss.penalty[problems]
        ahead = self.at[problems] < self.steps
        to_come = self.alphas[problems, np.minimum(self.at[problems], self.steps - 1)]
        self.loss.penalty[problems] = np.where(ahead, to_come, before)
        return np.where(ahead, to_come - before, np.nan)

    def _alone(self, problem: int, minimum: Minimum, tol: float, max_iter: int) -> None:
        some, whole = np.array([problem]), self.loss
        loss = PenalisedLoss(
            self.rows.of_problems(some),
            whole.penalty[some],
            whole.total_weight[some],
            whole.base[some],
            whole.fit_intercept,
        )
        found = minimise(loss, minimum.parameters[some], tol, max_iter)
        self._count(found)
        if found.reason == "interrupted":
            raise KeyboardInterrupt
        minimum.parameters[some], minimum.values[some] = found.parameters, found.values
        minimum.sizes[some] = found.sizes
        minimum.iterations[some] += found.iterations
        self.go_on(some, minimum, found.reason)

    def _count(self, minimum: Minimum) -> None:
        self.found.passes += minimum.passes
        self.found.renewals += minimum.renewals

    def _by_fold(self) -> Path:
        def by_fold(array: Array) -> Array:
            return array.reshape(self.folds, self.labels, *array.shape[1:]).swapaxes(1, 2)

        found = self.found
        return Path(
            by_fold(found.parameters),
            by_fold(found.values),
            by_fold(found.sizes),
            by_fold(found.iterations),
            by_fold(found.reasons),
            found.passes,
            found.renewals,
        )
