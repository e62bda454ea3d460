"""What is checked before the first pass: parameters, features, weights and offsets."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions, validate_parameter_constraints
from sklearn.utils.validation import _check_sample_weight, check_array, validate_data

Array = Any

CONSTRAINTS: dict[str, list[Any]] = {
    "C": [Interval(Real, 0, None, closed="right")],
    "l1_ratio": [Interval(Real, 0, 1, closed="both")],
    "alpha": [Interval(Real, 0, None, closed="left"), None],
    "tol": [Interval(Real, 0, None, closed="neither")],
    "fit_intercept": ["boolean"],
    "class_weight": [dict, list, StrOptions({"balanced"}), None],
    "firth": ["boolean"],
    "warm_start": ["boolean"],
    "max_iter": [Interval(Integral, 0, None, closed="left")],
    "n_jobs": [None, Integral],
    "verbose": ["verbose"],
}
"""What the parameters of an estimator may be, for scikit-learn's own checks and wording."""

_DEFAULT_C = 1.0


def check_parameters(estimator: Any) -> None:
    """Raise for parameters that are not what they may be.

    Parameters
    ----------
    estimator : LogisticRegression
        Whose parameters they are.

    Raises
    ------
    sklearn.utils._param_validation.InvalidParameterError
        A `ValueError`, for a parameter of another type or out of its range.
    ValueError
        For both C and alpha.

    Examples
    --------
    >>> from ogive.linear_model import LogisticRegression
    >>> from ogive.linear_model.validation import check_parameters
    >>> check_parameters(LogisticRegression(C=-1.0))
    Traceback (most recent call last):
    ...
    sklearn.utils._param_validation.InvalidParameterError: The 'C' parameter of \
LogisticRegression must be a float in the range (0.0, inf]. Got -1.0 instead.
    """
    parameters = estimator.get_params(deep=False)
    validate_parameter_constraints(CONSTRAINTS, parameters, caller_name=type(estimator).__name__)
    if estimator.alpha is not None and estimator.C != _DEFAULT_C:
        raise ValueError(
            "C and alpha both give the strength of the penalty, so only one of them may be given: "
            f"got C={estimator.C}, alpha={estimator.alpha}"
        )


def check_firth(C: float, alpha: float | None, kind: str) -> None:
    """Raise unless a fit is one that Firth's correction is for.

    Parameters
    ----------
    C : float
        Of scikit-learn.
    alpha : float or None
        If it is given, C is not looked at.
    kind : str
        Of the target, as `ogive.linear_model.targets.Target` has it.

    Raises
    ------
    ValueError
        With a penalty, or for more than two classes.

    Examples
    --------
    >>> from ogive.linear_model.validation import check_firth
    >>> check_firth(float("inf"), None, "binary")
    """
    if alpha if alpha is not None else np.inf != C:
        given = f"C={C}" if alpha is None else f"alpha={alpha}"
        raise ValueError(f"firth=True is for fits without a penalty, C=numpy.inf: got {given}")
    if kind == "multinomial":
        raise ValueError(
            "firth=True is for two classes, or labels: y has more classes. Fit each against the "
            "rest, as an indicator matrix"
        )


def penalty_of(C: float, alpha: float | None, total_weight: Array) -> Array:
    """Return the strength of the penalty next to a mean loss.

    Parameters
    ----------
    C : float
        Of scikit-learn: alpha is 1 / (C times the sum of the weights).
    alpha : float or None
        If it is given, C is not looked at.
    total_weight : ndarray of float64, shape (problems,)
        The sum of the weights of the rows.

    Returns
    -------
    ndarray of float64, shape (problems,)

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.validation import penalty_of
    >>> penalty_of(2.0, None, np.array([100.0]))
    array([0.005])
    """
    if alpha is not None:
        return np.full(total_weight.shape, float(alpha))
    with np.errstate(over="ignore"):
        penalty = 1.0 / (float(C) * total_weight)
    if not np.isfinite(penalty).all():
        raise ValueError(f"C={C} is too small: 1 / (C times the sum of the weights) is infinite")
    return penalty


def checked_features(estimator: Any, X: Any, y: Any = "no_validation", reset: bool = False) -> Any:
    """Return features, and a target if one is given, as scikit-learn checks them.

    Arrays of float32 and float64 of any layout, and sparse matrices in CSR and CSC, are returned
    as they are; what else there is becomes float64, once.

    Parameters
    ----------
    estimator : LogisticRegression
        Which learns the names and the number of the features if `reset` is given.
    X : array_like, sparse matrix or data frame, shape (n, features)
        Features.
    y : array_like, optional
        The target.
    reset : bool, optional
        Whether the features are learnt, or compared with what was learnt.

    Returns
    -------
    ndarray or sparse matrix, or a tuple of that and the target

    Examples
    --------
    >>> from ogive.linear_model import LogisticRegression
    >>> from ogive.linear_model.validation import checked_features
    >>> checked_features(LogisticRegression(), [[1, 2]], reset=True)
    array([[1., 2.]])
    """
    more = {} if isinstance(y, str) and y == "no_validation" else {"multi_output": True}
    return validate_data(
        estimator,
        X,
        y,
        reset=reset,
        accept_sparse=["csr", "csc"],
        dtype=[np.float64, np.float32],
        order=None,
        copy=False,
        **more,
    )


def check_columns(
    estimator: Any, features: int, columns: Sequence[str] | None, reset: bool
) -> None:
    """Learn the number and the names of features that are not in memory, or compare them.

    Parameters
    ----------
    estimator : LogisticRegression
        Which learns them if `reset` is given.
    features : int
        How many there are.
    columns : sequence of str, or None
        Their names, if they have any.
    reset : bool
        Whether they are learnt, or compared with what was learnt.

    Raises
    ------
    ValueError
        For other features than those that were learnt.

    Examples
    --------
    >>> from ogive.linear_model import LogisticRegression
    >>> from ogive.linear_model.validation import check_columns
    >>> model = LogisticRegression()
    >>> check_columns(model, 2, ["height", "weight"], reset=True)
    >>> model.n_features_in_, model.feature_names_in_.tolist()
    (2, ['height', 'weight'])
    """
    named = columns is not None and all(isinstance(name, str) for name in columns)
    known = getattr(estimator, "feature_names_in_", None)
    if not reset and named and known is not None:
        if list(known) != list(columns or ()):
            raise ValueError(
                "The feature names should match those that were passed during fit: got "
                f"{', '.join(columns or ())}"
            )
        return
    validate_data(estimator, np.empty((1, features)), reset=reset, skip_check_array=True)
    if reset and named:
        estimator.feature_names_in_ = np.array(columns, object)


def checked_sample_weight(sample_weight: Any, X: Any) -> Array:
    """Return the weights of the rows, all 1 if none are given.

    Parameters
    ----------
    sample_weight : array_like, float or None
        Of shape (n,).
    X : ndarray or sparse matrix, shape (n, features)
        Whose rows they are.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    ValueError
        For weights that are negative, infinite or NaN, of another shape, or all 0.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.validation import checked_sample_weight
    >>> checked_sample_weight(None, np.ones((2, 3)))
    array([1., 1.])
    """
    if sample_weight is None:
        return np.ones(X.shape[0])
    weight: Array = _check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True
    )
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weight


def checked_offset(offset: Any, rows: int, outputs: int) -> Array:
    """Return what is added to the scores, one column for each.

    Parameters
    ----------
    offset : array_like or None
        Of shape (rows,) for one score, or (rows, outputs).
    rows, outputs : int
        How many rows there are, and how many scores each has.

    Returns
    -------
    ndarray of float64, shape (rows, outputs), or (1, 1) if there is none

    Raises
    ------
    ValueError
        For an offset of another shape, or that is infinite or NaN.

    Examples
    --------
    >>> from ogive.linear_model.validation import checked_offset
    >>> checked_offset([1.0, 2.0], 2, 1).shape
    (2, 1)
    """
    if offset is None:
        return np.zeros((1, 1))
    offset = check_array(offset, ensure_2d=False, dtype=np.float64, input_name="offset")
    expected = (rows,) if outputs == 1 else (rows, outputs)
    if offset.shape not in (expected, (rows, outputs)):
        raise ValueError(f"offset.shape == {offset.shape}, expected {expected}!")
    return offset.reshape(rows, outputs)
