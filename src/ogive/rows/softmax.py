"""softmax, softmin and log_softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from ogive import _core
from ogive.rows.along import along, as_floats, empty_value, masked


def _row_function(
    name: str, x: Any, axis: Any, out: Any, where: Any, empty: str, dtype: Any
) -> Any:
    nothing = empty_value(empty)
    if where is None:
        ufunc = getattr(_core, name)
        if axis is not None and not isinstance(axis, tuple):
            return ufunc(x, nothing, out=out, axis=axis, dtype=dtype)
        arrays: tuple[Any, ...] = (x,)
    else:
        ufunc = getattr(_core, f"{name}_where")
        x = np.asanyarray(x)
        arrays = (x, masked(where, x.shape))

    def call(*rows: Any, **keywords: Any) -> Any:
        return ufunc(*rows, nothing, dtype=dtype, **keywords)

    return along(call, arrays, axis, out, to_row=True)


def softmax(
    x: Any,
    axis: int | tuple[int, ...] | None = -1,
    out: Any = None,
    *,
    where: Any = None,
    empty: str = "nan",
    dtype: Any = None,
) -> Any:
    """Map a row of logits to probabilities.

    Parameters
    ----------
    x : array_like
        Logits, at least one-dimensional; dimensionless. float16, bfloat16, float32 or float64;
        integers and booleans are converted as `numpy.tanh` does.
    axis : int, tuple of int or None, optional
        The axis along which the rows lie. Default -1, the last. Several axes span one row together;
        None makes one of all entries.
    out : ndarray, optional
        Array of the shape of x to write the result to; it may be x itself.
    where : array_like of bool, optional
        A mask that broadcasts to the shape of x. Entries where it is False are left out of the sum,
        whatever they are, and have probability 0.
    empty : {"nan", "zero"}, optional
        What the probabilities in a row without entries are: one that is wholly masked, or -inf
        alone. Default "nan".
    dtype : dtype, optional
        The float dtype to compute and return.

    Returns
    -------
    ndarray
        Of the shape of x. Every row sums to 1.

    Raises
    ------
    TypeError
        For a dtype that no loop takes (complex, longdouble, object), a mask that is not of
        booleans, or an axis that is not an integer.
    ValueError
        For a mask that does not broadcast to x, or another word for `empty`.
    numpy.exceptions.AxisError
        For an axis that x does not have (a ValueError).

    See Also
    --------
    ogive.backward.softmax : its product with a gradient.

    Notes
    -----
    softmax(x)_i = exp(x_i) / sum_j exp(x_j)

    Error: every entry within 2 ulp of the exact result in float32 and float64. One +inf among
    finite entries gives the limit, 1 there and 0 elsewhere; several have no limit and give NaN, as
    does a NaN in the row. An array without entries along the axis stays as it is.

    A row without entries has no probabilities that sum to 1, and NaN says so before a mistake in a
    mask goes unnoticed. "zero" is for those who know: attention of a token to nothing.

    Source: J. S. Bridle (1990), Probabilistic interpretation of feedforward classification
    network outputs, Neurocomputing, NATO ASI F68; shifted by the largest entry.

    Examples
    --------
    >>> import ogive
    >>> ogive.softmax([0.0, 0.0, 2.0])
    array([0.10650698, 0.10650698, 0.78698604])
    >>> ogive.softmax([0.0, 0.0, 2.0], where=[True, True, False])
    array([0.5, 0.5, 0. ])
    """
    return _row_function("softmax", x, axis, out, where, empty, dtype)


def softmin(
    x: Any,
    axis: int | tuple[int, ...] | None = -1,
    out: Any = None,
    *,
    where: Any = None,
    empty: str = "nan",
    dtype: Any = None,
) -> Any:
    """Map a row of costs to probabilities, the smallest cost to the largest.

    Parameters
    ----------
    x : array_like
        Costs, at least one-dimensional; dimensionless. dtypes as for `softmax`.
    axis : int, tuple of int or None, optional
        The axis along which the rows lie, as for `softmax`. Default -1.
    out : ndarray, optional
        Array of the shape of x to write the result to; it may be x itself.
    where : array_like of bool, optional
        A mask, as for `softmax`.
    empty : {"nan", "zero"}, optional
        As for `softmax`, of a row that is wholly masked, or +inf alone. Default "nan".
    dtype : dtype, optional
        The float dtype to compute and return.

    Returns
    -------
    ndarray
        Of the shape of x. Every row sums to 1.

    Raises
    ------
    TypeError, ValueError, numpy.exceptions.AxisError
        As `softmax`.

    Notes
    -----
    softmin(x) = softmax(-x), and its error is that of `softmax`: within 2 ulp.

    Source: `torch.nn.functional.softmin`, whose sign it has.

    Examples
    --------
    >>> import ogive
    >>> ogive.softmin([0.0, 0.0, 2.0])
    array([0.46831053, 0.46831053, 0.06337894])
    """
    return _row_function("softmax", np.negative(as_floats(x)), axis, out, where, empty, dtype)


def log_softmax(
    x: Any,
    axis: int | tuple[int, ...] | None = -1,
    out: Any = None,
    *,
    where: Any = None,
    empty: str = "nan",
    dtype: Any = None,
) -> Any:
    """Map a row of logits to log-probabilities.

    Parameters
    ----------
    x : array_like
        Logits, at least one-dimensional; dimensionless. dtypes as for `softmax`.
    axis : int, tuple of int or None, optional
        The axis along which the rows lie, as for `softmax`. Default -1.
    out : ndarray, optional
        Array of the shape of x to write the result to; it may be x itself.
    where : array_like of bool, optional
        A mask that broadcasts to the shape of x. Entries where it is False are left out of the sum,
        whatever they are, and become -inf.
    empty : {"nan", "zero"}, optional
        What the probabilities in a row without entries are, as for `softmax`; of "zero" the
        logarithm is -inf. Default "nan".
    dtype : dtype, optional
        The float dtype to compute and return.

    Returns
    -------
    ndarray
        Of the shape of x, in nats, none above 0.

    Raises
    ------
    TypeError, ValueError, numpy.exceptions.AxisError
        As `softmax`.

    See Also
    --------
    ogive.backward.log_softmax : its product with a gradient.

    Notes
    -----
    log_softmax(x)_i = x_i - log(sum_j exp(x_j))

    Error: every entry within 2 ulp of the exact result in float32 and float64, those next to 0
    included: log_softmax([0, -20]) is -2.06e-9 in its first entry. One +inf among finite entries
    gives the limit, 0 there and -inf elsewhere; several have no limit and give NaN, as does a NaN
    in the row.

    Source: as `softmax`; the largest entry x_m as -log1p of the sum of the others' exp(x_j - x_m).

    Examples
    --------
    >>> import ogive
    >>> ogive.log_softmax([0.0, -20.0])
    array([-2.06115362e-09, -2.00000000e+01])
    """
    return _row_function("log_softmax", x, axis, out, where, empty, dtype)
