"""Axis labels as plain text, so that they follow the page's font and scheme."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ogive.page.wording import power_of_ten

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: Above so many decades, the numbers within each that have a tick.
_FACTORS: tuple[tuple[float, tuple[float, ...]], ...] = (
    (3, (1,)),
    (1.7, (1, 3)),
    (0.8, (1, 2, 5)),
    (0.4, (1, 1.5, 2, 3, 4, 6, 8)),
    (-math.inf, (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9)),
)


def decades(axes: Axes) -> None:
    """Put the ticks of a logarithmic y axis at round numbers, about five of them."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = axes.get_ylim()
    span = math.log10(high) - math.log10(low)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    factors = next(factors for least, factors in _FACTORS if span > least)
    step = max(1, math.ceil(span / 6))
    ticks = [
        factor * 10.0**exponent
        for exponent in range(first, last + 1)
        if exponent % step == 0
        for factor in factors
        if low <= factor * 10.0**exponent <= high
    ]
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(value)))


def percent(axes: Axes) -> None:
    """Write a y axis of shares in per cent."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g} %"))
