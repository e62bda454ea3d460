"""What an activation is, where it is not what it is called: for the reason that is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ogive.catalog import CATALOG, Function
from ogive.study.installed.trial import close_to, truth

__all__ = ["resemblance"]

Array = NDArray[Any]

_SLIPS = (0.0, 0.01, 0.05, 0.1, 0.125, 0.2, 0.25, 0.3, 1 / 3, 0.5, 1.0, 1.702, 2.0, 3.0, 5.0, 10.0)
"""What a parameter is set to by mistake, beside the lengths of the input's dimensions."""


def resemblance(
    points: Array, values: Array, record: Function | None, lengths: Sequence[int]
) -> str:
    """Say which function has these values, as the end of a sentence; '' if none is known.

    Parameters
    ----------
    points, values : ndarray
        Arguments, and what was returned for them.
    record : Function or None
        What it was meant to be: tried with other parameters as well.
    lengths : sequence of int
        Numbers that a network may have passed as a parameter.

    Returns
    -------
    str

    Examples
    --------
    >>> x = np.linspace(-3, 3, 13)
    >>> resemblance(x, np.where(x > 0, x, 64 * x), CATALOG["leaky_relu"], (64,))
    ' (it behaves like leaky_relu with negative_slope = 64)'
    """
    x, y = points.astype(np.float64), values.astype(np.float64)
    if _equal(lambda x: x, x, y):
        return " (it behaves like the identity)"
    if np.all(y == y[0]):
        return " (it is constant)"
    for other, parameters in _candidates(record, lengths):
        if _equal(truth(other, parameters)[0], x, y):
            set_to = ", ".join(f"{name} = {value:g}" for name, value in parameters.items())
            return f" (it behaves like {other.name}{f' with {set_to}' if set_to else ''})"
    return ""


def _candidates(
    record: Function | None, lengths: Sequence[int]
) -> Iterator[tuple[Function, dict[str, float]]]:
    for other in CATALOG.values():
        if np.isinf(other.domain).all():
            yield other, {}
    one = [other for other in CATALOG.values() if len(other.parameters) == 1 and other != record]
    for other in one if record is None else [record, *one]:
        for parameter in other.parameters:
            for value in (*_SLIPS, *map(float, lengths)):
                if parameter.allows(value):
                    yield other, {parameter.name: value}


def _equal(function: Any, x: Array, y: Array) -> bool:
    # A person's slip may lie beyond what float32 holds, and a candidate beyond float64.
    with np.errstate(all="ignore"):
        right, tolerance = close_to(function, x)
        return bool((np.abs(y - right) <= tolerance).all())
