"""Whether the data of an unpenalised fit is separable, so that no finite optimum exists.

A direction separates if it gives every row's own class at least the score of any other, and some
row's a higher one: along it the likelihood rises for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ogive.linear_model.information import (
    SingularInformationError,
    factorised,
    information,
    over_blocks,
    solved,
)
from ogive.linear_model.pairs import Pairs, Seen, probed
from ogive.linear_model.programme import maximal_direction, null_space
from ogive.linear_model.rows import Parameters

Array = Any

MOST_PARAMETERS = 2000
"""More are not decided: the proof takes their square in memory, the programme far more time."""

_LEAST_PIVOT = 1e-9  # of an information matrix whose inverse is taken for exact
_LEAST_PROBABILITY = 1e-10
_TOLD = 5  # features that a message names


class UndecidedError(RuntimeError):
    """It could not be decided whether the data is separable."""


@dataclass(frozen=True)
class Separation:
    """A direction that separates.

    Attributes
    ----------
    kind : str
        "complete", where every row's own class has the highest score by itself; "quasi-complete",
        where some rows are on the boundary: another class has the same score.
    direction : ndarray of float64, shape (1 or classes, features + 1)
        Weights of the user's features, the last entry of the bias, as in the parameters of a fit;
        for classes less their mean. The most important feature has a weight of 1 or -1.
    classes : tuple of str
        Those between which rows are strictly separated; of a label the label alone.
    rows, boundary : int
        Rows of a weight above 0; how many of them are on the boundary.
    features : tuple of str
        The names of those that matter for the direction, the most important first.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.separation import Separation
    >>> print(Separation("complete", np.array([[1.0, -2.0]]), ("1",), 4, 0, ("dose",)).message)
    the data is separable (complete separation): a threshold of dose tells all 4 rows apart, and \
no finite estimate exists. Penalise with alpha > 0, use Firth's correction, or leave features out
    """

    kind: str
    direction: Array
    classes: tuple[str, ...]
    rows: int
    boundary: int
    features: tuple[str, ...]

    @property
    def message(self) -> str:
        """What it means and what helps, for people."""
        some = ", ".join(self.features[:_TOLD])
        more = len(self.features) - _TOLD
        some += f" and {more} more" if more > 0 else ""
        several = len(self.classes) > 1
        if several:
            what = f"the largest of the scores that are linear combinations of {some}"
        elif len(self.features) > 1:
            what = f"the sign of a linear combination of {some}"
        else:
            what = f"a threshold of {some}" if some else "the intercept alone"
        apart = f"tells all {self.rows} rows apart"
        if self.boundary:
            apart = (
                f"tells {self.rows - self.boundary} of {self.rows} rows apart and is undecided on "
                f"the others"
            )
        among = f" (classes {', '.join(self.classes)})" if several else ""
        helps = "Penalise with alpha > 0, use Firth's correction, or leave features out"
        if several:
            helps = "Penalise with alpha > 0, or leave features out"
        return (
            f"the data is separable ({self.kind} separation): {what} "
            f"{apart}{among}, and no finite estimate exists. {helps}"
        )


def suspect(rows: Any, parameters: Array, fit_intercept: bool) -> Array:
    """Return for which problems it is not proven that a finite optimum exists.

    Parameters
    ----------
    rows : ogive.linear_model.rows.Rows
        All that the fit saw.
    parameters : ndarray of float64, shape (problems, classes, features + 1)
        Near an optimum of the unpenalised loss, if there is one.
    fit_intercept : bool
        Whether the biases are free.

    Returns
    -------
    ndarray of bool, shape (problems,)
        False is a proof, True none.

    Notes
    -----
    By Stiemke's lemma no direction separates if there are numbers λ_ik > 0, for every row i and
    every class k but its own, with Σ λ_ik (e_y(i) - e_k) ⊗ x_i = 0.  At the optimum the
    probabilities of the other classes are such numbers.  Near it a Newton step s, whose scores are
    t = x s, makes them so: λ_ik = p_ik (1 + t_ik - Σ_j p_ij t_ij), for these have the gradient
    plus the Hessian times s, which is 0.  So the data is not separable if all are positive, which
    they are if the step changes no score by 1.  (Where data is separable, Newton steps change
    scores by 1 again and again.)  Asked for is 1 + t_ik - Σ_j p_ij t_ij > 1/2, so that rounding
    does not matter, for the same reason an information matrix that is not nearly singular, and no
    probability below 1e-10.

    It takes three passes over the rows, and the product of the features with themselves; no more
    than that is spent on data that is not separable, if the fit has converged.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.in_memory import DenseRows
    >>> from ogive.linear_model.rows import Observed
    >>> from ogive.linear_model.separation import suspect
    >>> y = np.array([[True], [False], [True], [False]])
    >>> rows = DenseRows(np.arange(4.0)[:, None], Observed(y, np.ones((4, 1)), np.zeros((1, 1))))
    >>> suspect(rows, np.array([[[-0.8, 1.2]]]), fit_intercept=True)
    array([False])
    """
    problems, classes, columns = parameters.shape
    origin = rows.origin() if fit_intercept else np.zeros(columns - 1)
    if _size(parameters, fit_intercept) > MOST_PARAMETERS:
        return np.ones(problems, bool)
    at = Parameters(
        np.ascontiguousarray(parameters[..., :-1]), np.ascontiguousarray(parameters[..., -1])
    )
    hessians = information(rows, parameters, origin, fit_intercept).hessian
    by_weights, by_biases = rows.evaluate(at).gradient
    result = np.ones(problems, bool)
    free = max(classes - 1, 1)
    steps = np.zeros_like(parameters)
    proven = np.zeros(problems, bool)
    for q in range(problems):
        slopes = by_weights[q, -free:] - origin * by_biases[q, -free:, None]
        if fit_intercept:
            slopes = np.column_stack([slopes, by_biases[q, -free:]])
        try:
            factor = factorised(hessians[q])
        except SingularInformationError:
            continue
        if np.diag(factor[0]).min(initial=1.0) ** 2 < _LEAST_PIVOT:
            continue
        step = -solved(factor, slopes.reshape(-1)).reshape(free, -1)
        steps[q, -free:, : step.shape[1]] = step
        if fit_intercept:
            steps[q, -free:, -1] -= step[:, :-1] @ origin
        proven[q] = np.isfinite(step).all()
    parts = over_blocks(rows, lambda block: probed(block, at, steps))
    least, smallest = (np.min(each, axis=0) for each in zip(*parts, strict=True))
    result[proven & (least > 0.5) & (smallest > _LEAST_PROBABILITY)] = False
    return result


def find_separation(
    rows: Any,
    parameters: Array,
    fit_intercept: bool,
    feature_names: Sequence[str] | None = None,
    class_names: Sequence[Any] | None = None,
    time_limit: float = 60.0,
) -> list[Separation | None]:
    """Return for every problem the direction that separates its rows, if there is one.

    Parameters
    ----------
    rows : ogive.linear_model.rows.Rows
        All that the fit saw. Offsets have no influence, nor have rows of weight 0.
    parameters : ndarray of float64, shape (problems, classes, features + 1)
        Where an unpenalised fit ended; any others give the same answer, only later.
    fit_intercept : bool
        Whether the biases are free.
    feature_names : sequence of str, optional
        Default x1, x2, ...
    class_names : sequence, optional
        Of the classes, or of the labels. Default 0, 1, ...
    time_limit : float, optional
        Seconds for each linear programme. Default 60.

    Returns
    -------
    list of Separation or None
        None where no direction separates.

    Raises
    ------
    UndecidedError
        For more than `MOST_PARAMETERS` free parameters, unless the parameters separate by
        themselves; where a programme takes longer than its limit; or where scores that differ by
        less than 1e-9 of their terms would decide.

    Notes
    -----
    First what costs little: `suspect` may prove that nothing separates, or the parameters
    themselves may separate completely. If neither, a linear programme: with margins m_ik, row i's
    score of its own class less that of k, maximise Σ u_ik for 0 ≤ u_ik ≤ 1 and u_ik ≤ m_ik.
    Directions may be added and scaled, so that at the maximum u is 1 wherever any direction
    separates strictly, and else 0: the sum is 0 if there is none, and all are 1 if separation is
    complete.

    The programme is of few rows, those whose margins the parameters make small, and of the sum of
    all others.  It allows all that the whole one allows, so that a sum of 0 is an answer; else the
    rows that its direction gets wrong, or leaves on the boundary, are added, until there are none.

    Source: K. Konis (2007), Linear programming algorithms for detecting separated data in binary
    logistic regression models, thesis, Oxford; A. Albert, J. A. Anderson (1984), Biometrika 71,
    for several classes.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.in_memory import DenseRows
    >>> from ogive.linear_model.rows import Observed
    >>> from ogive.linear_model.separation import find_separation
    >>> y = np.array([[False], [False], [True], [True]])
    >>> x = np.array([[0.0], [1.0], [1.0], [2.0]])
    >>> rows = DenseRows(x, Observed(y, np.ones((4, 1)), np.zeros((1, 1))))
    >>> found = find_separation(rows, np.zeros((1, 1, 2)), True)[0]
    >>> found.kind, found.boundary, found.direction.round(6).tolist()
    ('quasi-complete', 2, [[1.0, -1.0]])
    """
    problems, classes, columns = parameters.shape
    if feature_names is None:
        feature_names = [f"x{j + 1}" for j in range(columns - 1)]
    if class_names is None:
        class_names = range(max(problems, classes))
    names, labels = list(map(str, feature_names)), list(map(str, class_names))
    result: list[Separation | None] = [None] * problems
    too_many = _size(parameters, fit_intercept) > MOST_PARAMETERS
    for q in np.flatnonzero(suspect(rows, parameters, fit_intercept)):
        pairs = Pairs.of(rows, int(q), classes, fit_intercept)
        own = parameters[q] * np.append(np.ones(columns - 1), float(fit_intercept))
        seen = pairs.look(own, None, 1)
        if not seen.rows:
            continue
        found: tuple[Array, Seen] | None = own, seen
        if seen.boundary:
            if too_many:
                raise UndecidedError(
                    f"more than {MOST_PARAMETERS} parameters: whether the data is separable was "
                    "not decided"
                )
            found = _programmes(pairs, own, time_limit)
        if found is not None:
            result[q] = _told(*found, pairs, names, labels)
    return result


def _size(parameters: Array, fit_intercept: bool) -> int:
    classes, columns = parameters.shape[1:]
    return int(max(classes - 1, 1) * (columns - (not fit_intercept)))


def _programmes(pairs: Pairs, parameters: Array, limit: float) -> tuple[Array, Seen] | None:
    """Return a direction that separates as much as any, and what it does."""
    many = max(200, 4 * pairs.size)
    chosen = pairs.smallest(parameters, many)
    while True:
        direction, boundary = maximal_direction(chosen.vectors, pairs.rest(chosen), limit)
        if direction is None:
            if boundary is None:
                raise UndecidedError(f"a linear programme took longer than {limit:g} seconds")
            return None
        null = null_space(boundary)
        # The programme is solved to 1e-7: exactly on the boundary is what is meant.
        direction = null @ (null.T @ direction)
        own = pairs.in_users_features(direction)
        seen = pairs.look(own, null, many)
        added = chosen.with_new(seen.wrong if len(seen.wrong.margins) else seen.level)
        if added is None:
            if len(seen.wrong.margins) or not seen.strict:
                raise UndecidedError("scores that differ by rounding errors would decide")
            return own, seen
        chosen = added


def _told(
    direction: Array, seen: Seen, pairs: Pairs, names: list[str], labels: list[str]
) -> Separation:
    """Say what a direction does."""
    if len(direction) > 1:
        direction = direction - direction.mean(0)
    sizes = np.abs(direction[:, :-1] * pairs.scale).max(0)
    order = np.argsort(-sizes, kind="stable")
    matter = [j for j in order if sizes[j] > 1e-9 * sizes[order[0]]]
    direction = direction.copy()
    direction[:, :-1][:, np.setdiff1d(order, matter)] = 0.0
    # The first feature's weight is 1: of one feature, less the bias is where it is cut.
    unit = np.abs(direction[:, matter[0]] if matter else direction).max()
    several = len(direction) > 1
    return Separation(
        kind="quasi-complete" if seen.boundary else "complete",
        direction=direction / unit,
        classes=tuple(labels[k] for k in sorted(seen.strict)) if several else (labels[pairs.q],),
        rows=seen.rows,
        boundary=seen.boundary,
        features=tuple(names[j] for j in matter),
    )
