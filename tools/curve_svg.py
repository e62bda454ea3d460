"""The picture of a function for its page: value on the left, derivative on the right.

Written as text, not by a plotting library, so that it is the same bytes with every version of
every library. Colours are of middle lightness and the background is transparent: the picture
is legible on white and on black paper, whichever the reader's page has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from math import floor, inf, log10

import numpy as np
from numpy.typing import NDArray

import ogive
from ogive.catalog import Function, Parameter
from ogive.cli.console import number

Array = NDArray[np.float64]

#: Colour and dash pattern of the default curve and of those beside it.
STYLES = (("#d55e00", ""), ("#2b83c4", "7 3"), ("#1a9070", "2 2.5"), ("#b4609a", "9 3 2 3"))
TEXT = "#7b7a77"
FAINT = "#8c8b87"

#: More parameters than this are not varied one by one: such a function is a table of coefficients.
MOST_VARIED = 3

#: Values at which a parameter is drawn beside its default, where half and double would not show.
USUAL = {("leaky_relu", "negative_slope"): (0.1, 0.3)}

WIDTH, PANEL, HEIGHT = 640, 320, 200  # of the picture, of a panel, of a row of panels
LEFT, RIGHT, TOP, BOTTOM = 34, 10, 24, 20  # margins of a panel
KEY = 20  # height of the key to the curves, in rows that need one
STEPS = 800  # intervals of the grid: a third of a pixel each, and round numbers are on it
UNITS = 100  # to a pixel: coordinates are whole hundredths


@dataclass(frozen=True)
class Curve:
    """A function with its parameters fixed, as one line of the picture."""

    label: str
    parameters: dict[str, float]
    colour: str
    dash: str


def picture(record: Function) -> str:
    """Return the picture of a function and its derivative as an SVG document.

    One row of panels for each parameter, which takes its usual values there; one row alone for a
    function without parameters, or with more than `MOST_VARIED`.
    """
    rows = list(_rows(record))
    key = KEY if len(rows[0]) > 1 else 0
    height = (HEIGHT + key) * len(rows)
    low, high = interval(record)
    told = f"{record.name} (left) and its derivative (right) from {low:g} to {high:g}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}" role="img" font-family="system-ui, sans-serif"'
        f' font-size="11" fill="{TEXT}">',
        f"<title>{escape(told)}</title>",
    ]
    for i, curves in enumerate(rows):
        top = (HEIGHT + key) * i
        parts += _headings(record, curves, top)
        value, derivative = (getattr(module, record.name) for module in (ogive, ogive.grad))
        parts += _panel(record, curves, value, 0, top + key)
        parts += _panel(record, curves, derivative, PANEL, top + key)
    return "\n".join([*parts, "</svg>", ""])


def interval(record: Function) -> tuple[float, float]:
    """Return the stretch of the x axis that is drawn: the domain, or -5 to 5 within it.

    To 8 where a bounded function is still far from its limit at 5, as relu6 is.
    """
    low, high = max(record.domain[0], -5.0), min(record.domain[1], 5.0)
    bottom, top = record.range
    limit = record.limits[1]
    if limit is not None and abs(limit) < inf and top - bottom < inf:
        there = float(getattr(ogive, record.name)(high))
        if abs(there - limit) > 0.1 * (top - bottom):
            high = 8.0
    return low, high


def usual_values(record: Function, parameter: Parameter) -> list[float]:
    """Return the values at which a parameter is drawn, its default first.

    Half and double of the default; -1 and 1 for a default of 0; both ends and the middle where
    it is bounded on both sides. Only those that it may take.
    """
    lower, upper, default = parameter.lower, parameter.upper, parameter.default
    if (record.name, parameter.name) in USUAL:
        beside = USUAL[record.name, parameter.name]
    elif -inf < lower and upper < inf:
        beside = (lower, (lower + upper) / 2, upper)
    else:
        beside = (default / 2, default * 2) if default else (-1.0, 1.0)
    return [default, *(v for v in beside if parameter.allows(v) and v != default)]


def _rows(record: Function) -> Iterator[list[Curve]]:
    varied = record.parameters if len(record.parameters) <= MOST_VARIED else ()
    if not varied:
        yield [Curve("", {}, *STYLES[0])]
    for parameter in varied:
        yield [
            Curve(f"{parameter.name} = {number(value)}", {parameter.name: value}, *style)
            for value, style in zip(usual_values(record, parameter), STYLES, strict=False)
        ]


def _headings(record: Function, curves: list[Curve], top: int) -> list[str]:
    """Name the panels and, where there are several, the curves."""
    parts = [
        f'<text x="{x}" y="{top + 14}" font-weight="bold">{escape(text)}</text>'
        for x, text in ((LEFT, record.name), (PANEL + LEFT, "derivative"))
    ]
    x = LEFT
    for curve in curves if len(curves) > 1 else ():
        label = curve.label + (" (default)" if curve is curves[0] else "")
        parts.append(_stroke(f"M{x} {top + 29}h26", curve, 2.2))
        parts.append(f'<text x="{x + 32}" y="{top + 33}">{escape(label)}</text>')
        x += 6 * len(label) + 56
    return parts


def _stroke(path: str, curve: Curve, width: float) -> str:
    dash = f' stroke-dasharray="{curve.dash}"' if curve.dash else ""
    return (
        f'<path d="{path}" fill="none" stroke="{curve.colour}" stroke-width="{width:g}"'
        f' stroke-linejoin="round"{dash}/>'
    )


def _panel(
    record: Function, curves: list[Curve], function: Callable[..., Array], left: int, top: int
) -> list[str]:
    """Draw one panel: grid, zero lines, labels, and the curves with the default on top."""
    low, high = interval(record)
    x = low + np.arange(STEPS + 1) * ((high - low) / STEPS)
    fixed = [_fixed(function, curve.parameters) for curve in curves]
    bottom, ceiling = _limits([f(x) for f in fixed])
    wide, tall = PANEL - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    across, up = wide / (high - low), tall / (ceiling - bottom)
    parts = [f'<g transform="translate({left + LEFT} {top + TOP})">']
    for tick in _ticks(low, high):
        parts += _rule(f"M{_at((tick - low) * across)} 0v{tall}", tick)
        parts.append(
            f'<text x="{_at((tick - low) * across)}" y="{tall + 14}" text-anchor="middle">'
            f"{number(tick)}</text>"
        )
    for tick in _ticks(bottom, ceiling):
        y = _at((ceiling - tick) * up)
        parts += _rule(f"M0 {y}h{wide}", tick)
        parts.append(f'<text x="-5" y="{y}" dy="0.35em" text-anchor="end">{number(tick)}</text>')
    # An inner svg is a window: what leaves the range of the axes is cut off at its edge.
    # Beyond it nobody sees where a point is, and infinities need a place.
    parts.append(f'<svg width="{wide}" height="{tall}">')
    beyond = 2 * bottom - ceiling, 2 * ceiling - bottom
    for curve, f in reversed(list(zip(curves, fixed, strict=True))):
        path = "".join(
            _path((xs - low) * across, (ceiling - np.clip(ys, *beyond)) * up)
            for xs, ys in _pieces(f, x, least=1.0 / up)
        )
        parts.append(_stroke(path, curve, 2.4 if curve is curves[0] else 1.8))
    return [*parts, "</svg>", "</g>"]


def _fixed(
    function: Callable[..., Array], parameters: dict[str, float]
) -> Callable[[Array | float], Array]:
    return lambda x: np.asarray(function(x, **parameters), np.float64)


def _rule(path: str, tick: float) -> list[str]:
    """Draw a line of the grid; that of zero is the stronger one."""
    opacity, width = (0.3, 0.6) if tick else (0.9, 1)
    return [
        f'<path d="{path}" stroke="{FAINT}" stroke-width="{width}" stroke-opacity="{opacity}"/>'
    ]


def _limits(curves: list[Array]) -> tuple[float, float]:
    """Return the y range: 0 and all of the curves, but not far beyond where most of them is."""
    both = np.concatenate(curves)
    both = both[np.isfinite(both)]
    far = max(6.0, 4.0 * float(np.median(np.abs(both))))
    low, high = min(0.0, float(both.min())), max(0.0, float(both.max()))
    low, high = max(low, -far), min(high, far)
    margin = 0.05 * (high - low or 1.0)
    return low - margin, high + margin


def _ticks(low: float, high: float) -> list[float]:
    """Return three to six multiples of 1, 2 or 5 times a power of ten."""
    least = (high - low) / 5.5
    power = 10.0 ** floor(log10(least))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= least * (1 - 1e-9))
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return [k * step for k in range(first, last + 1)]


def _pieces(
    f: Callable[[Array | float], Array], x: Array, least: float
) -> Iterator[tuple[Array, Array]]:
    """Yield the curve in stretches without a jump; each ends where the jump is, to the last bit.

    A jump is a step of more than `least` that does not shrink as its interval is halved.
    """
    y = f(x)
    begin = 0
    first: tuple[float, float] | None = None
    for i in np.flatnonzero(np.abs(np.diff(y)) > least):
        jump = _jump(f, float(x[i]), float(x[i + 1]), least)
        if jump is None:
            continue
        left, right = jump
        yield _joined(first, x[begin : i + 1], y[begin : i + 1], left)
        begin, first = int(i) + 1, right
    yield _joined(first, x[begin:], y[begin:], None)


def _joined(
    first: tuple[float, float] | None, x: Array, y: Array, last: tuple[float, float] | None
) -> tuple[Array, Array]:
    ends = [[end] if end else [] for end in (first, last)]
    xs = [*(e[0] for e in ends[0]), *x, *(e[0] for e in ends[1])]
    ys = [*(e[1] for e in ends[0]), *y, *(e[1] for e in ends[1])]
    return np.array(xs), np.array(ys)


def _jump(
    f: Callable[[Array | float], Array], a: float, b: float, least: float
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return the points on both sides of a jump between a and b, or None if there is none."""
    ya, yb = float(f(a)), float(f(b))
    while abs(yb - ya) > least and a < (middle := (a + b) / 2) < b:
        y = float(f(middle))
        if abs(y - ya) > abs(yb - y):
            b, yb = middle, y
        else:
            a, ya = middle, y
    return ((a, ya), (b, yb)) if abs(yb - ya) > least else None


def _path(x: Array, y: Array) -> str:
    """Return a stretch as path data, in no more points than its shape needs."""
    points = [(_whole(a), _whole(b)) for a, b in zip(x, y, strict=True)]
    if len(points) < 2:
        return ""
    return "M" + "L".join(f"{a / UNITS:g} {b / UNITS:g}" for a, b in _simplified(points))


def _whole(pixels: float) -> int:
    """Round to whole hundredths of a pixel.

    A value that is exactly between two of them may be off in its last bit on another processor;
    the small shift decides all of these the same way.
    """
    return floor(pixels * UNITS + 0.5 + 1e-6)


def _at(pixels: float) -> str:
    return f"{_whole(pixels) / UNITS:g}"


def _simplified(points: list[tuple[int, int]], tolerance: int = 5) -> list[tuple[int, int]]:
    """Leave out points that are within the tolerance of the line through those that stay.

    Ramer (1972) and Douglas and Peucker (1973), in integers, so that every machine agrees.
    """
    keep = {0, len(points) - 1}
    open_stretches = [(0, len(points) - 1)]
    while open_stretches:
        first, last = open_stretches.pop()
        (x0, y0), (x1, y1) = points[first], points[last]
        wide, high = x1 - x0, y1 - y0
        distances = [abs(wide * (y - y0) - high * (x - x0)) for x, y in points[first + 1 : last]]
        if not distances or max(distances) ** 2 <= tolerance**2 * (wide**2 + high**2):
            continue
        middle = first + 1 + distances.index(max(distances))
        keep.add(middle)
        open_stretches += [(first, middle), (middle, last)]
    return [points[i] for i in sorted(keep)]
