"""logsumexp, with weights."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ogive import _core
from ogive.rows.along import along, masked


def logsumexp(
    x: Any,
    axis: int | tuple[int, ...] | None = -1,
    out: Any = None,
    *,
    b: Any = None,
    where: Any = None,
    keepdims: bool = False,
    return_sign: bool = False,
    dtype: Any = None,
) -> Any:
    """Return the logarithm of the sum of the exponentials of a row.

    Parameters
    ----------
    x : array_like
        At least one-dimensional; dimensionless. dtypes as for `softmax`.
    axis : int, tuple of int or None, optional
        The axis along which the rows lie, as for `softmax`. Default -1.
    out : ndarray, optional
        Array of the shape of the result to write it to.
    b : array_like, optional
        Weights of the exponentials, which broadcast with x; they may be negative. Entries of weight
        0 count for nothing, infinite ones too.
    where : array_like of bool, optional
        A mask that broadcasts to the shape of x. Entries where it is False are left out, whatever
        they are.
    keepdims : bool, optional
        Whether the axes are kept, with length 1. Default False.
    return_sign : bool, optional
        Whether the sign of the sum is returned as well, and the logarithm of its absolute value.
        Default False: a negative sum gives NaN.
    dtype : dtype, optional
        The float dtype to compute and return.

    Returns
    -------
    ndarray or scalar
        Of the shape of x without its axes.
    sign : ndarray or scalar
        Only with `return_sign`: 1, -1, 0 for a sum of 0, or NaN.

    Raises
    ------
    TypeError
        For a dtype that no loop takes (complex, longdouble, object), a mask that is not of
        booleans, or an axis that is not an integer.
    ValueError
        For a mask or weights that do not broadcast.
    numpy.exceptions.AxisError
        For an axis that x does not have (a ValueError).

    See Also
    --------
    ogive.backward.logsumexp : its product with a gradient, without weights.

    Notes
    -----
    logsumexp(x) = log(sum_j b_j exp(x_j))

    Error: within 2 ulp of the exact result in float32 and float64, except where its terms cancel:
    next to its own zero, where the largest entry and the logarithm do, within eps / 64 times the
    largest entry; where weights of both signs nearly do, within 1e-15 (float32: computed in
    doubles) or 1e-30 (float64: in pairs of them) of the terms. A row of -inf, and an empty row,
    give -inf; a +inf gives +inf; a NaN gives NaN.

    Source: P. Blanchard, D. J. Higham, N. J. Higham (2021), Accurately computing the log-sum-exp
    and softmax functions, IMA J. Numer. Anal. 41.

    Examples
    --------
    >>> import ogive
    >>> ogive.logsumexp([1000.0, 1000.0])
    np.float64(1000.6931471805599)
    >>> ogive.logsumexp([1.0, 0.0], b=[1.0, -1.0])
    np.float64(0.5413248546129181)
    """
    if b is not None:
        return _weighted(x, b, axis, out, where, keepdims, return_sign, dtype)
    arrays: tuple[Any, ...] = (x,)
    ufunc = _core.logsumexp
    if where is not None:
        x = np.asanyarray(x)
        arrays = (x, masked(where, x.shape))
        ufunc = _core.logsumexp_where
    call = partial(ufunc, dtype=dtype)
    value = along(call, arrays, axis, out, to_row=False, keepdims=keepdims)
    if not return_sign:
        return value
    # A sum of exponentials is positive, or 0, or NaN.
    sign = np.where(value > -np.inf, 1.0, np.where(value == -np.inf, 0.0, np.nan))
    return value, sign.astype(value.dtype)[()]


def _weighted(
    x: Any, b: Any, axis: Any, out: Any, where: Any, keepdims: bool, return_sign: bool, dtype: Any
) -> Any:
    x, b = np.asanyarray(x), np.asanyarray(b)
    if where is not None:
        b = np.where(masked(where, np.broadcast_shapes(x.shape, b.shape)), b, b.dtype.type(0))
    x, b = np.broadcast_arrays(x, b)

    def call(*rows: Any, out: None, **keywords: Any) -> Any:
        return _core.logsumexp_weighted(*rows, dtype=dtype, **keywords)

    value, sign = along(call, (x, b), axis, None, to_row=False, keepdims=keepdims)
    if not return_sign:
        value = np.where(sign < 0, value.dtype.type(np.nan), value)[()]
    if out is not None:
        np.copyto(out, value, casting="same_kind")
        value = out
    return (value, sign) if return_sign else value
