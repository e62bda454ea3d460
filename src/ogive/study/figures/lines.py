"""Lines with their names at their ends: what most figures of a study are."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ogive.page.labels import label_ends
from ogive.page.picture import Picture, picture
from ogive.page.style import GRID, MUTED, LineStyle, panel
from ogive.page.ticks import decades, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Axis", "Line", "label_room", "line_panel", "subtitled"]

_GAP = 15.0
"""Between two names, in pixels."""


@dataclass(frozen=True)
class Line:
    """One line.

    Attributes
    ----------
    x, y : sequence of float
        Its points; y is NaN where there is none.
    low, high : sequence of float
        Edges of a band around it; empty for none.
    """

    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()

    @property
    def present(self) -> bool:
        """Whether any point can be drawn."""
        return any(math.isfinite(value) for value in self.y)

    def end(self, towards: float) -> tuple[float, float]:
        """Return the last point that can be drawn, on the side of `towards`.

        Parameters
        ----------
        towards : float
            In the unit of `x`.

        Returns
        -------
        x, y : float
            Of the point whose x is nearest to it.

        Raises
        ------
        ValueError
            If no point can be drawn.

        Examples
        --------
        >>> Line([1, 2, 3], [0.5, 0.7, math.nan]).end(3)
        (2, 0.7)
        """
        points = [(x, y) for x, y in zip(self.x, self.y, strict=True) if math.isfinite(y)]
        return min(points, key=lambda point: abs(point[0] - towards))


@dataclass(frozen=True)
class Axis:
    """The axes of a panel.

    Attributes
    ----------
    x : str
        What stands below.
    ends : tuple of float
        Left and right end of x; the left may be the larger one.
    ticks : sequence of (float, str)
        Of x.
    y : {"log", "share", "plain"}
        Logarithmic; in per cent; as it is.
    limits : tuple of float or None
        Of y; None for what the lines ask for.
    """

    x: str
    ends: tuple[float, float]
    ticks: Sequence[tuple[float, str]]
    y: Literal["log", "share", "plain"] = "plain"
    limits: tuple[float, float] | None = None


def label_room(names: Collection[str]) -> float:
    """Return the pixels that names take beside a panel, with their markers.

    Parameters
    ----------
    names : collection of str

    Returns
    -------
    float

    Examples
    --------
    >>> round(label_room(["relu", "sigmoid"]), 1)
    78.3
    """
    return 30 + 6.9 * max((len(name) for name in names), default=0)


def line_panel(
    lines: Mapping[str, Line],
    styles: Mapping[str, LineStyle],
    axis: Axis,
    *,
    name: str,
    title: str,
    subtitle: str = "",
    description: str,
    bold: Collection[str] = (),
    markers: bool = False,
    size: tuple[float, float] = (536, 300),
    level: float | None = None,
    room: float | None = None,
) -> Picture:
    """Draw lines, each with its name beside its end.

    Parameters
    ----------
    lines : mapping of str to Line
        By name; those without a point are left out.
    styles : mapping of str to LineStyle
    axis : Axis
    name : str
        Of the picture.
    title, subtitle : str
        Above it; the second in muted ink.
    description : str
        For readers who cannot see it.
    bold : collection of str
        Lines that stand out.
    markers : bool
        Whether every point has its marker.
    size : tuple of float
        Width and least height in pixels; it grows with the number of names.
    level : float or None
        Where a thin horizontal line stands.
    room : float or None
        Pixels for the names; None for what they take.

    Returns
    -------
    Picture
    """
    shown = {key: line for key, line in lines.items() if line.present}
    top, bottom = (44 if subtitle else 34), 44
    height = max(size[1], top + bottom + _GAP * (len(shown) - 1))
    right = label_room(shown) if room is None else room
    with panel(size[0], height, (50, right, bottom, top)) as axes:
        for key, line in shown.items():
            style = styles[key]
            alone = sum(map(math.isfinite, line.y)) == 1
            if len(line.low):
                axes.fill_between(line.x, line.low, line.high, color=style.hex, alpha=0.13, lw=0)
            axes.plot(
                line.x,
                line.y,
                color=style.hex,
                linestyle=style.linestyle,
                marker=style.marker if markers or alone else "",
                markersize=4.5,
                markeredgewidth=0,
                clip_on=not (markers or alone),
                linewidth=2.5 if key in bold else 1.6,
                zorder=3 if key in bold else 2.5,
            )
        _frame(axes, axis)
        if level is not None:
            axes.axhline(level, color=MUTED, linewidth=0.8, dashes=(4, 3), zorder=1)
        subtitled(axes, title, subtitle)
        label_ends(axes, {key: line.end(axis.ends[1]) for key, line in shown.items()}, styles, _GAP)
        return picture(axes, name, description)


def subtitled(axes: Axes, title: str, subtitle: str, left: float = 0.0) -> None:
    """Write a title above a panel, and what belongs to it below in muted ink.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Of the panel.
    title, subtitle : str
        The second may be empty, and then takes no room.
    left : float
        How far before the axes they begin, in pixels.
    """
    axes.set_title(title, pad=22 if subtitle else 12, x=-left / axes.get_window_extent().width)
    if subtitle:
        axes.annotate(
            subtitle,
            xy=(0, 1),
            xycoords="axes fraction",
            xytext=(-left, 9),
            textcoords="offset points",
            color=MUTED,
            annotation_clip=False,
        )


def _frame(axes: Axes, axis: Axis) -> None:
    if axis.y == "log":
        axes.set_yscale("log")
    if axis.limits is not None:
        axes.set_ylim(*axis.limits)
    if axis.y == "log":
        decades(axes)
    elif axis.y == "share":
        percent(axes)
    axes.set_xlim(*axis.ends)
    axes.set_xticks([place for place, _ in axis.ticks], [text for _, text in axis.ticks])
    axes.set_xlabel(axis.x)
    axes.spines["bottom"].set_color(GRID)
