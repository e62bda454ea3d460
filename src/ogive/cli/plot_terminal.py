"""Value and derivative of a function in characters: eight dots a character, in braille."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from ogive.study.figures.shapes import evaluate, interval

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.text import Text

    from ogive.catalog import Function

_VALUE, _DERIVATIVE = "bold dark_orange", "deep_sky_blue3"
#: The bit of each dot of a braille character: rows from the top, columns from the left.
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_LABELS = 5  # width of the labels of the y axis


def picture(record: Function, columns: int, lines: int) -> Text:
    """Return a plot of a function and its derivative.

    The value is a full line and the derivative a dotted one, so that they differ without colour.

    Parameters
    ----------
    record : ogive.catalog.Function
    columns, lines : int
        Size of the whole picture in characters, at least 20 by 6.

    Returns
    -------
    rich.text.Text
    """
    from rich.text import Text

    wide, high = columns - _LABELS - 1, lines - 2
    low, right = interval(record)
    # Four points a dot column keep steep stretches unbroken; none lies at an end or at 0, where
    # logit is infinite and the derivative of relu jumps.
    x = low + (np.arange(8 * wide) + 0.5) / (8 * wide) * (right - low)
    value, derivative = evaluate(record, x)
    bottom, top = _limits(value, derivative)
    full = _dots(value, bottom, top, wide, high, every=1)
    dotted = _dots(derivative, bottom, top, wide, high, every=3)
    zero = _row(0.0, bottom, top, high)
    ticks = {_row(tick, bottom, top, high): tick for tick in _ticks(bottom, top)}
    text = Text()
    for row in range(high):
        label = f"{ticks[row]:g}".replace("-", "−") if row in ticks else ""
        text.append(f"{label:>{_LABELS}} ", style="dim")
        cells = [_cell(int(full[row, c]), int(dotted[row, c]), row == zero) for c in range(wide)]
        # One colour code for each stretch of one colour, not for each character.
        for style, stretch in groupby(cells, key=itemgetter(1)):
            text.append("".join(letter for letter, _ in stretch), style=style)
        text.append("\n")
    ends = [f"{end:g}".replace("-", "−") for end in (low, (low + right) / 2, right)]
    text.append(" " * (_LABELS + 1), style="dim")
    text.append(f"{ends[0]}{ends[1]:^{wide - len(ends[0]) - len(ends[2])}}{ends[2]}\n", style="dim")
    text.append(" " * (_LABELS + 1))
    text.append("━━", style=_VALUE)
    text.append(f" {record.name}    ")
    text.append("┄┄", style=_DERIVATIVE)
    text.append(" derivative")
    return text


def _cell(full: int, dotted: int, on_axis: bool) -> tuple[str, str]:
    """Return one character and its style."""
    if full or dotted:
        return chr(0x2800 + (full | dotted)), _VALUE if full else _DERIVATIVE
    return ("─", "dim") if on_axis else (" ", "")


def _limits(value: NDArray[np.float64], derivative: NDArray[np.float64]) -> tuple[float, float]:
    """Return the y range: all of it, but no further than 6 from 0."""
    both = np.clip(np.concatenate([value, derivative]), -6, 6)
    low, high = min(0.0, float(both.min())), max(0.0, float(both.max()))
    return low - 0.03 * (high - low), high + 0.03 * (high - low)


def _row(y: float, bottom: float, top: float, high: int) -> int:
    return min(high - 1, max(0, int((top - y) / (top - bottom) * high)))


def _ticks(bottom: float, top: float) -> list[float]:
    """Return three to six round numbers in the range."""
    step = next(s for s in (0.25, 0.5, 1.0, 2.0, 5.0) if (top - bottom) / s <= 6)
    return [k * step for k in range(int(np.ceil(bottom / step)), int(np.floor(top / step)) + 1)]


def _dots(
    y: NDArray[np.float64], bottom: float, top: float, wide: int, high: int, *, every: int
) -> NDArray[np.int64]:
    """Return the braille bits of a curve: int64 of shape (high, wide).

    One dot column in `every` is drawn; its dots span the values that the curve takes there.
    """
    bits = np.zeros((high, wide), np.int64)
    rows = np.floor((top - y) / (top - bottom) * 4 * high)
    for dot, stretch in enumerate(rows.reshape(2 * wide, -1)):
        inside = stretch[(stretch >= 0) & (stretch < 4 * high)]
        if dot % every or not inside.size:
            continue
        for row in range(int(inside.min()), int(inside.max()) + 1):
            bits[row // 4, dot // 2] |= _BITS[row % 4][dot % 2]
    return bits
