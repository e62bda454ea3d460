"""sparsemax."""

from __future__ import annotations

from typing import Any

from ogive import _core
from ogive.rows.along import along, empty_value


def sparsemax(
    x: Any,
    axis: int | tuple[int, ...] | None = -1,
    out: Any = None,
    *,
    empty: str = "nan",
    dtype: Any = None,
) -> Any:
    """Map a row of logits to the nearest probabilities: most of them exactly 0.

    Parameters
    ----------
    x : array_like
        Logits, at least one-dimensional; dimensionless. dtypes as for `softmax`.
    axis : int, tuple of int or None, optional
        The axis along which the rows lie, as for `softmax`. Default -1.
    out : ndarray, optional
        Array of the shape of x to write the result to; it may be x itself.
    empty : {"nan", "zero"}, optional
        What the probabilities in a row of -inf alone are. Default "nan".
    dtype : dtype, optional
        The float dtype to compute and return.

    Returns
    -------
    ndarray
        Of the shape of x. Every row sums to 1.

    Raises
    ------
    TypeError
        For a dtype that no loop takes (complex, longdouble, object), or an axis that is not an
        integer.
    ValueError
        For another word for `empty`.
    numpy.exceptions.AxisError
        For an axis that x does not have (a ValueError).

    See Also
    --------
    ogive.backward.sparsemax : its product with a gradient.

    Notes
    -----
    sparsemax(x)_i = max(0, x_i - tau), with the tau for which these sum to 1

    Error: within 2 ulp of the exact result in float16 and float32, but for entries below 1e-7 in
    float32, which are a difference: there within 1e-15. In float64 within 2 ulp down to 1e-13. One
    +inf gives 1 there and 0 elsewhere; several, and a NaN, give NaN.

    Source: A. F. T. Martins, R. F. Astudillo (2016), From softmax to sparsemax, ICML.

    Examples
    --------
    >>> import ogive
    >>> ogive.sparsemax([0.0, 1.0, 1.5])
    array([0.  , 0.25, 0.75])
    """
    nothing = empty_value(empty)

    def call(x: Any, **keywords: Any) -> Any:
        return _core.sparsemax(x, nothing, dtype=dtype, **keywords)

    return along(call, (x,), axis, out, to_row=True)
