"""What a fit says of separable data."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from ogive.linear_model.separation import Separation, UndecidedError, find_separation

Array = Any


# scikit-learn has no types, and strict type checkers refuse a base that has none.
class SeparationWarning(ConvergenceWarning):  # type: ignore[misc]
    """The data is separable: without a penalty there is no finite optimum."""


def warn_of_separation(
    rows: Any,
    parameters: Array,
    fit_intercept: bool,
    feature_names: Sequence[str] | None,
    class_names: Sequence[Any],
    converged: bool,
    stacklevel: int = 3,
) -> list[Separation | None]:
    """Say where the data of an unpenalised fit is separable, and by which direction.

    Parameters
    ----------
    rows : ogive.linear_model.rows.Rows
        All that the fit saw.
    parameters : ndarray of float64, shape (problems, classes, features + 1)
        Where it ended.
    fit_intercept : bool
        Whether there are biases.
    feature_names : sequence of str or None
        Default x1, x2, ...
    class_names : sequence
        Of the classes, or of the labels.
    converged : bool
        Whether the gradient is within the tolerance.
    stacklevel : int, optional
        Of the warning. Default 3, whoever called `fit`.

    Returns
    -------
    list of Separation or None
        As `find_separation`; all None where nothing was decided.

    Warns
    -----
    SeparationWarning
        For every problem that is separable; and that nothing was decided, if the fit has not
        converged either.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.in_memory import DenseRows
    >>> from ogive.linear_model.rows import Observed
    >>> from ogive.linear_model.separable import warn_of_separation
    >>> y = np.array([[True], [False], [True], [False]])
    >>> rows = DenseRows(np.arange(4.0)[:, None], Observed(y, np.ones((4, 1)), np.zeros((1, 1))))
    >>> warn_of_separation(rows, np.array([[[-0.8, 1.2]]]), True, None, ["1"], True)
    [None]
    """
    try:
        found = find_separation(rows, parameters, fit_intercept, feature_names, class_names)
    except UndecidedError as reason:
        if not converged:
            text = f"the fit has not converged, perhaps because the data is separable: {reason}"
            warnings.warn(text, SeparationWarning, stacklevel=stacklevel)
        return [None] * len(parameters)
    for one, name in zip(found, class_names, strict=False):
        if one is not None:
            of_label = f"Label {name}: " if len(found) > 1 else ""
            warnings.warn(of_label + one.message, SeparationWarning, stacklevel=stacklevel)
    return found
