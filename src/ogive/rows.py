"""Functions of a row of numbers: softmax and its relatives, along any axis."""

from __future__ import annotations

from typing import Any

from ogive import _core

__all__ = ["log_softmax", "logsumexp", "softmax"]


def softmax(x: Any, axis: int = -1, out: Any = None, *, dtype: Any = None) -> Any:
    """Map a row of logits to probabilities.

    Parameters
    ----------
    x : array_like
        Logits, at least one-dimensional; dimensionless. float16, float32 or float64; integers
        and booleans are converted as `numpy.tanh` does.
    axis : int, optional
        The axis along which the rows lie. Default -1, the last.
    out : ndarray, optional
        Array of the shape of x to write the result to; it may be x itself.
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
    numpy.exceptions.AxisError
        For an axis that x does not have (a ValueError).

    Notes
    -----
    softmax(x)_i = exp(x_i) / sum_j exp(x_j)

    Error: every entry within 2 ulp of the exact result in float32 and float64. One +inf among
    finite entries gives the limit, 1 there and 0 elsewhere; several, or a row of -inf, have no
    limit and give NaN, as does a NaN in the row. An empty row stays empty.

    Source: J. S. Bridle (1990), Probabilistic interpretation of feedforward classification
    network outputs, Neurocomputing, NATO ASI F68; shifted by the largest entry.

    Examples
    --------
    >>> import ogive
    >>> ogive.softmax([0.0, 0.0, 2.0])
    array([0.10650698, 0.10650698, 0.78698604])
    """
    return _core.softmax(x, out=out, axis=axis, dtype=dtype)


def log_softmax(x: Any, axis: int = -1, out: Any = None, *, dtype: Any = None) -> Any:
    """Map a row of logits to log-probabilities.

    Parameters
    ----------
    x : array_like
        Logits, at least one-dimensional; dimensionless. float16, float32 or float64; integers
        and booleans are converted as `numpy.tanh` does.
    axis : int, optional
        The axis along which the rows lie. Default -1, the last.
    out : ndarray, optional
        Array of the shape of x to write the result to; it may be x itself.
    dtype : dtype, optional
        The float dtype to compute and return.

    Returns
    -------
    ndarray
        Of the shape of x, in nats, none above 0.

    Raises
    ------
    TypeError
        For a dtype that no loop takes (complex, longdouble, object), or an axis that is not an
        integer.
    numpy.exceptions.AxisError
        For an axis that x does not have (a ValueError).

    Notes
    -----
    log_softmax(x)_i = x_i - log(sum_j exp(x_j))

    Error: every entry within 2 ulp of the exact result in float32 and float64, those next to 0
    included: log_softmax([0, -20]) is -2.06e-9 in its first entry. One +inf among finite entries
    gives the limit, 0 there and -inf elsewhere; several, or a row of -inf, have no limit and give
    NaN, as does a NaN in the row. An empty row stays empty.

    Source: as `softmax`; the largest entry x_m as -log1p of the sum of the others' exp(x_j - x_m).

    Examples
    --------
    >>> import ogive
    >>> ogive.log_softmax([0.0, -20.0])
    array([-2.06115362e-09, -2.00000000e+01])
    """
    return _core.log_softmax(x, out=out, axis=axis, dtype=dtype)


def logsumexp(
    x: Any, axis: int = -1, out: Any = None, *, keepdims: bool = False, dtype: Any = None
) -> Any:
    """Return the logarithm of the sum of the exponentials of a row.

    Parameters
    ----------
    x : array_like
        At least one-dimensional; dimensionless. float16, float32 or float64; integers and
        booleans are converted as `numpy.tanh` does.
    axis : int, optional
        The axis along which the rows lie. Default -1, the last.
    out : ndarray, optional
        Array of the shape of the result to write it to.
    keepdims : bool, optional
        Whether the axis is kept, with length 1. Default False.
    dtype : dtype, optional
        The float dtype to compute and return.

    Returns
    -------
    ndarray or scalar
        Of the shape of x without its axis.

    Raises
    ------
    TypeError
        For a dtype that no loop takes (complex, longdouble, object), or an axis that is not an
        integer.
    numpy.exceptions.AxisError
        For an axis that x does not have (a ValueError).

    Notes
    -----
    logsumexp(x) = log(sum_j exp(x_j))

    Error: within 2 ulp of the exact result in float32 and float64, except next to its own zero,
    where the largest entry and the logarithm cancel: there within eps / 64 times the largest
    entry, or 2 ulp. A row of -inf, and an empty row, give -inf; a +inf gives +inf; a NaN gives NaN.

    Source: P. Blanchard, D. J. Higham, N. J. Higham (2021), Accurately computing the log-sum-exp
    and softmax functions, IMA J. Numer. Anal. 41.

    Examples
    --------
    >>> import ogive
    >>> ogive.logsumexp([1000.0, 1000.0])
    np.float64(1000.6931471805599)
    """
    return _core.logsumexp(x, out=out, axis=axis, keepdims=keepdims, dtype=dtype)
