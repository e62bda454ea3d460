"""One number an activation, side by side: a point, its spread, and the number in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ogive.page.picture import Picture, picture
from ogive.page.style import GRID, INK, MUTED, PAPER, LineStyle, panel
from ogive.study.figures.lines import subtitled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Dot", "dot_panel"]

_ROW = 23.0


@dataclass(frozen=True)
class Dot:
    """One row.

    Attributes
    ----------
    value : float or None
        Where its point stands; None for no point.
    low, high : float or None
        Ends of the line through it.
    said : str
        The number in words, at the right.
    hollow : bool
        Whether the point is drawn hollow.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    said: str = ""
    hollow: bool = False


def dot_panel(
    dots: Mapping[str, Dot],
    styles: Mapping[str, LineStyle],
    *,
    name: str,
    title: str,
    subtitle: str = "",
    axis: str,
    description: str,
    line: float | None = None,
    scale: float = 1.0,
    zero: bool = False,
    width: float = 400,
) -> Picture:
    """Draw one row an activation, from the first down.

    Parameters
    ----------
    dots : mapping of str to Dot
        By name.
    styles : mapping of str to LineStyle
    name, title, subtitle, description
        As for `ogive.study.figures.lines.line_panel`.
    axis : str
        What the numbers are.
    line : float or None
        Where a vertical line stands: the reference.
    scale : float
        Factor from the numbers to those at the ticks.
    zero : bool
        Whether the axis begins at 0.
    width : float
        In pixels.

    Returns
    -------
    Picture
    """
    top, bottom = (44 if subtitle else 34), 44
    left = 14 + 6.9 * max(len(key) for key in dots)
    right = 14 + 6.6 * max(len(dot.said) for dot in dots.values())
    height = top + bottom + _ROW * len(dots)
    with panel(width, height, (left, right, bottom, top)) as axes:
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x")
        _limits(axes, dots, line, zero=zero)
        if line is not None:
            axes.axvline(line, color=MUTED, linewidth=1)
        for row, (key, dot) in enumerate(dots.items()):
            style = styles[key]
            if dot.low is not None and dot.high is not None:
                axes.plot([dot.low, dot.high], [row, row], color=style.hex, lw=2, clip_on=False)
            if dot.value is not None:
                axes.plot(
                    [dot.value],
                    [row],
                    marker=style.marker,
                    color=style.hex,
                    markersize=7,
                    markeredgewidth=1.4 if dot.hollow else 0,
                    markerfacecolor=PAPER if dot.hollow else style.hex,
                    clip_on=False,
                    zorder=4,
                )
            axes.annotate(
                dot.said,
                xy=(1, row),
                xycoords=("axes fraction", "data"),
                xytext=(10, 0),
                textcoords="offset points",
                va="center_baseline",
                color=MUTED,
                annotation_clip=False,
            )
        axes.set_ylim(len(dots) - 0.5, -0.5)
        axes.set_yticks(range(len(dots)), list(dots))
        axes.tick_params(axis="y", colors=INK, pad=8)
        axes.spines["left"].set_visible(False)
        axes.spines["bottom"].set_color(GRID)
        axes.set_xlabel(axis)
        _ticks(axes, scale)
        # From the edge of the picture: beside the axes there is too little room for a setting.
        subtitled(axes, title, subtitle, left)
        return picture(axes, name, description)


def _limits(axes: Axes, dots: Mapping[str, Dot], line: float | None, *, zero: bool) -> None:
    ends = [
        value
        for dot in dots.values()
        for value in (dot.value, dot.low, dot.high)
        if value is not None
    ]
    ends += [line] if line is not None else []
    ends += [0.0] if zero else []
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    room = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
    axes.set_xlim(low if zero and low == 0 else low - room, high + room)


def _ticks(axes: Axes, scale: float) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _number(value * scale)))


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")
