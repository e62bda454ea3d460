"""What happened, and how probable the model said it was: the input of two pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_array, check_consistent_length, column_or_1d

Array = Any


def outcomes(y_true: Any, probabilities: Any, pos_label: Any = None) -> tuple[Array, Array]:
    """Return whether each row is of the class, and the probability that it is.

    Parameters
    ----------
    y_true : array_like, shape (n,)
        Of two values, or any that `pos_label` is among.
    probabilities : array_like, shape (n,) or (n, 2)
        Of the class, or of both.
    pos_label : int, float, bool or str, optional
        The class; the larger one of two without it.

    Returns
    -------
    tuple of (ndarray of bool, ndarray of float64)

    Raises
    ------
    ValueError
        For probabilities outside of [0, 1], lengths that differ, a class that is not there, more
        than two classes without `pos_label`.

    Examples
    --------
    >>> from ogive.linear_model.plot.outcomes import outcomes
    >>> outcomes(["a", "b"], [0.2, 0.9])[0]
    array([False,  True])
    """
    probabilities = check_array(
        probabilities, ensure_2d=False, dtype=np.float64, input_name="probabilities"
    )
    if probabilities.ndim == 2 and probabilities.shape[1] == 2:
        probabilities = probabilities[:, 1]
    if probabilities.ndim != 1:
        raise ValueError(
            "probabilities must be of one class, of shape (n,): choose the column of pos_label; "
            f"got shape {probabilities.shape}"
        )
    if probabilities.min() < 0.0 or probabilities.max() > 1.0:
        raise ValueError(
            f"probabilities must be between 0 and 1: they go from {probabilities.min():g} to "
            f"{probabilities.max():g}"
        )
    y_true = column_or_1d(y_true)
    check_consistent_length(y_true, probabilities)
    classes = np.unique(y_true)
    if pos_label is None:
        if len(classes) > 2:
            raise ValueError(f"y_true has {len(classes)} classes: choose one with pos_label")
        if len(classes) == 1 and classes[0] not in (0, 1):
            raise ValueError(
                f"y_true has only {classes.tolist()[0]!r}: say with pos_label what it is"
            )
        pos_label = classes[-1] if len(classes) == 2 else 1
    elif pos_label not in classes.tolist():
        raise ValueError(f"pos_label={pos_label!r} is not in y_true: {classes.tolist()}")
    return np.asarray(y_true == pos_label, np.bool_), probabilities
