"""Where the rows of an array lie: one axis, several or all, a mask, rows without entries."""

from __future__ import annotations

from collections.abc import Callable
from operator import index
from typing import Any

import numpy as np

EMPTY = {"nan": np.nan, "zero": 0.0}
"""What the probabilities of a row without entries are."""


def empty_value(empty: str) -> float:
    """Return the number that stands for `empty`."""
    if empty not in EMPTY:
        raise ValueError(f"empty must be 'nan' or 'zero', not {empty!r}")
    return EMPTY[empty]


def masked(where: Any, shape: tuple[int, ...]) -> Any:
    """Return a mask as an array of booleans of this shape."""
    mask = np.asarray(where)
    if mask.dtype != np.bool_:
        raise TypeError(f"where must be an array of booleans, not of {mask.dtype}")
    try:
        return np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(
            f"where has the shape {mask.shape}, which does not broadcast to that of x, {shape}"
        ) from None


def as_floats(x: Any) -> Any:
    """Return an array; integers and booleans as the floats that `numpy.tanh` makes of them."""
    x = np.asanyarray(x)
    return x.astype(np.tanh(np.empty(0, x.dtype)).dtype) if x.dtype.kind in "bui" else x


def along(
    call: Callable[..., Any],
    arrays: tuple[Any, ...],
    axis: int | tuple[int, ...] | None,
    out: Any,
    *,
    to_row: bool,
    keepdims: bool = False,
) -> Any:
    """Call a gufunc on rows that lie along an axis, along several, or are the whole arrays.

    Parameters
    ----------
    call : callable
        Takes the arrays and the keywords `axis` and `out`, and `keepdims` unless `to_row`; returns
        an array, or several if `out` is None.
    arrays : tuple of array_like
        Of one shape, if `axis` is not an integer.
    axis : int, tuple of int or None
        The axis; several make one row of what they span, None of all.
    out : ndarray or None
        Where the result goes.
    to_row : bool
        Whether the result is a row, not a number.
    keepdims : bool, optional
        Whether the axes stay, of length 1, where the result is a number.

    Returns
    -------
    ndarray or scalar
        What `call` returned, in the shape of the arrays.
    """
    if axis is not None and not isinstance(axis, tuple):
        extra = {} if to_row else {"keepdims": keepdims}
        return call(*arrays, axis=index(axis), out=out, **extra)
    arrays = tuple(np.asarray(array) for array in arrays)
    shape = arrays[0].shape
    axes = tuple(range(len(shape))) if axis is None else axis
    axes = np.lib.array_utils.normalize_axis_tuple(axes, len(shape), "axis")
    kept = tuple(i for i in range(len(shape)) if i not in axes)
    outer = tuple(shape[i] for i in kept)
    inner = tuple(shape[i] for i in axes)

    def flat(array: Any) -> Any:
        size = int(np.prod(inner, dtype=int))
        return array.transpose(kept + axes).reshape(*outer, size)

    if to_row:
        result = call(*(flat(array) for array in arrays), axis=-1, out=None)
        result = result.reshape(outer + inner).transpose(np.argsort(kept + axes))
        result = result if shape else result[()]
    else:
        result = call(*(flat(array) for array in arrays), axis=-1, out=None, keepdims=False)
        if keepdims:
            several = isinstance(result, tuple)
            each = tuple(np.expand_dims(r, axes) for r in (result if several else (result,)))
            result = each if several else each[0]
    if out is None:
        return result
    np.copyto(out, result, casting="same_kind")
    return out
