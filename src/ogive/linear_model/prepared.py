"""Everything before the first pass: what a person gives is checked, in memory or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ogive.linear_model import validation
from ogive.linear_model.design import rows_of
from ogive.linear_model.rows import Rows
from ogive.linear_model.sources import is_stored, open_rows
from ogive.linear_model.targets import Outputs, target_of
from ogive.linear_model.weighting import class_weights, outputs_of, totals_of, weights_of

Array = Any


@dataclass(frozen=True)
class Prepared:
    """Rows whose features, targets, weights and offsets are checked.

    Attributes
    ----------
    target : ogive.linear_model.targets.Outputs
        What kind of target there is.
    totals : ndarray of float64, shape (problems, classes)
        Sums of the weights of every class.
    rows : callable
        Returns rows with some of the scores, which a mask names.
    """

    target: Outputs
    totals: Array
    rows: Callable[[Array], Rows]

    def totals_of(self, kept: Array) -> Array:
        """Return the totals of some of the scores."""
        if self.target.kind == "binary":
            return self.totals
        return self.totals[kept] if self.target.kind == "multilabel" else self.totals[:, kept]


def prepared(
    estimator: Any, X: Any, y: Any, sample_weight: Any, offset: Any, reset: bool
) -> Prepared:
    """Check what a fit is given, before any pass over the features.

    Parameters
    ----------
    estimator : LogisticRegression
        Which learns the names and the number of the features if `reset` is given, and whose
        `class_weight` is looked at.
    X, y, sample_weight, offset : object
        As `LogisticRegression.fit` takes them.
    reset : bool
        Whether the features are learnt, or compared with what was learnt.

    Returns
    -------
    Prepared

    Raises
    ------
    ValueError, TypeError, FileNotFoundError
        For whatever does not belong together or is of no use; features that are not in memory are
        found not to be finite by the first pass over them.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model import LogisticRegression
    >>> from ogive.linear_model.prepared import prepared
    >>> found = prepared(LogisticRegression(), np.eye(3), ["a", "b", "b"], None, None, True)
    >>> found.target.kind, found.totals
    ('binary', array([[1., 2.]]))
    """
    if is_stored(X):
        return _of_stored(estimator, X, y, sample_weight, offset, reset)
    X, y = validation.checked_features(estimator, X, y, reset=reset)
    target = target_of(y)
    sample_weight = validation.checked_sample_weight(sample_weight, X)
    weight, totals = weights_of(target, estimator.class_weight, sample_weight)
    offset = validation.checked_offset(offset, X.shape[0], target.outputs)
    return Prepared(
        target, totals, lambda kept: rows_of(X, outputs_of(target, weight, offset, kept))
    )


def _of_stored(
    estimator: Any, X: Any, y: Any, sample_weight: Any, offset: Any, reset: bool
) -> Prepared:
    opened = open_rows(X, y, sample_weight, offset)
    target, counts = opened.census.outputs, opened.census.weight
    each = class_weights(target, estimator.class_weight, counts)
    encoding = opened.census.encoding(each)
    validation.check_columns(estimator, opened.source.features, opened.columns, reset)
    return Prepared(
        target,
        totals_of(target, counts, each),
        lambda kept: opened.rows(encoding.of_outputs(kept)),
    )
