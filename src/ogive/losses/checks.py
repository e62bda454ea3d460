"""What a loss refuses, before anything is written: it names the first wrong value and its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ogive import _core

REDUCTIONS = ("none", "mean", "sum")

# Entries looked at together: their booleans stay in the cache.
_BLOCK = 1 << 18


def reduction_of(reduction: str, allowed: tuple[str, ...] = REDUCTIONS) -> str:
    """Return the word if it is one of the allowed."""
    if reduction not in allowed:
        choices = ", ".join(repr(word) for word in allowed)
        raise ValueError(f"reduction must be one of {choices}, not {reduction!r}")
    return reduction


def refuse(
    name: str, values: Any, wrong: Callable[[Any], Any], condition: str, *, skip: Any = None
) -> None:
    """Raise ValueError naming the first value for which `wrong` holds and its position.

    Parameters
    ----------
    name : str
        What the values are called.
    values : ndarray
        Of any shape.
    wrong : callable
        Maps an array to booleans.
    condition : str
        What would be right.
    skip : ndarray of bool, optional
        Of the shape of the values: those that do not count.
    """
    flat = values.reshape(-1)
    for start in range(0, flat.size, _BLOCK):
        found = wrong(flat[start : start + _BLOCK])
        if skip is not None:
            found = found & ~skip.reshape(-1)[start : start + _BLOCK]
        if found.any():
            raise _wrong(name, values, start + int(np.argmax(found)), condition)


def refuse_unless_finite(name: str, values: Any) -> None:
    """Raise ValueError naming the first value that is infinite or NaN and its position."""
    first = int(_core.first_not_finite(values.reshape(-1)))
    if first >= 0:
        raise _wrong(name, values, first, "must be a finite number")


def _wrong(name: str, values: Any, first: int, condition: str) -> ValueError:
    """Return the error that names a value by its position in the flat array."""
    place = ", ".join(str(int(i)) for i in np.unravel_index(first, values.shape))
    place = f"[{place}]" if values.ndim else ""
    return ValueError(f"{name}{place} is {values.reshape(-1)[first]}: {condition}")


def same_shape(name: str, shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    """Raise ValueError if the shapes differ."""
    if shape != expected:
        raise ValueError(f"{name} has the shape {shape}, not {expected} as the input")


def weights(name: str, weight: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Return weights as an array, without a negative or a NaN, that broadcasts to a shape."""
    weight = np.asarray(weight)
    try:
        np.broadcast_to(weight, shape)
    except ValueError:
        raise ValueError(
            f"{name} has the shape {weight.shape}, which does not broadcast to {shape}"
        ) from None
    refuse(name, weight, lambda w: ~(w >= 0), "must not be negative")
    return weight.astype(dtype, copy=False)


def gradient_array(out: Any, x: Any, with_grad: bool) -> None:
    """Raise if `out` is given and the gradient of x cannot be written to it, or is not wanted."""
    if out is None:
        return
    if not with_grad:
        raise ValueError("out= takes the gradient: with_grad=True must be given with it")
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be a numpy.ndarray, not {type(out).__name__}")
    if out.shape != x.shape:
        raise ValueError(f"out has the shape {out.shape}, not {x.shape} as the input")
    if out.dtype != x.dtype:
        raise TypeError(f"out is of {out.dtype}, not of {x.dtype} as the input")
    if not out.flags.writeable:
        raise ValueError("out is read-only")
