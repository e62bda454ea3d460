"""Accuracy against cost: one point an activation, with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ogive.page.picture import Picture, picture
from ogive.page.style import GRID, MUTED, PAPER, LineStyle, panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FEW", "ParetoPoint", "pareto_plot", "place_labels"]

FEW = 10
"""Points up to which half the width of a page is enough."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class ParetoPoint:
    """One activation.

    Attributes
    ----------
    cost, value : float
        Its cost as a multiple of the reference's, and the compared quantity, as written.
    low, high : float or None
        Ends of the interval of `value`.
    place : {"front", "open", "dearer", "dominated"}
        See `ogive.study.statistics.pareto`.
    """

    cost: float
    value: float
    low: float | None
    high: float | None
    place: str


def pareto_plot(
    points: Mapping[str, ParetoPoint],
    styles: Mapping[str, LineStyle],
    *,
    name: str,
    title: str,
    cost: str,
    quantity: str,
    higher_is_better: bool,
) -> Picture:
    """Draw accuracy against cost; the front is joined by a line, the dominated are hollow.

    Parameters
    ----------
    points : mapping of str to ParetoPoint
        By name.
    styles : mapping of str to LineStyle
    name, title : str
        Of the picture and above it.
    cost, quantity : str
        What stands at the axes.
    higher_is_better : bool
        Direction of the quantity; the better end is always above.

    Returns
    -------
    Picture
    """
    with panel(*((536, 360) if len(points) <= FEW else (960, 560)), (58, 60, 48, 34)) as axes:
        axes.grid(visible=True, axis="both")
        front = sorted((p.cost, p.value) for p in points.values() if p.place == "front")
        axes.plot(*zip(*front, strict=True), color=MUTED, linewidth=1, drawstyle="steps-post")
        for key, point in points.items():
            style = styles[key]
            if point.low is not None and point.high is not None:
                axes.plot([point.cost] * 2, [point.low, point.high], color=style.hex, lw=1.4)
            axes.plot(
                [point.cost],
                [point.value],
                marker=style.marker,
                color=style.hex,
                markersize=8,
                markeredgewidth=1.5 if point.place == "dominated" else 0,
                markerfacecolor=PAPER if point.place == "dominated" else style.hex,
                zorder=4,
            )
        costs = [point.cost for point in points.values()]
        room = 0.08 * (max(costs) - min(costs)) or 0.1
        axes.set_xlim(min(costs) - room, max(costs) + 2 * room)
        if not higher_is_better:
            axes.invert_yaxis()
        axes.set_xlabel(cost)
        axes.set_ylabel(quantity)
        axes.set_title(title, pad=12)
        axes.spines[["left", "bottom"]].set_color(GRID)
        _labels(axes, points)
        said = "; ".join(f"{k} {p.cost:.3g} times, {p.value:.4g}" for k, p in points.items())
        return picture(axes, name, f"{quantity} against cost: {said}.")


def _labels(axes: Axes, points: Mapping[str, ParetoPoint]) -> None:
    """Write each name beside its point, where it covers neither a point nor another name."""
    places = [axes.transData.transform((p.cost, p.value)) for p in points.values()]
    spots = [(float(x), float(y)) for x, y in places]
    box = axes.get_window_extent()
    bars = []
    for point in points.values():
        if point.low is not None and point.high is not None:
            ends = [axes.transData.transform((point.cost, end)) for end in (point.low, point.high)]
            low, high = sorted(float(end[1]) for end in ends)
            bars.append((float(ends[0][0]) - 2, low, float(ends[0][0]) + 2, high))
    room = (box.x0, box.y0, box.x1 + 60, box.y1)
    found = place_labels(spots, list(points), room, bars)
    for key, spot, label in zip(points, spots, found, strict=True):
        left, bottom, right, top = label
        middle = ((left + right) / 2, (bottom + top) / 2)
        apart = abs(middle[0] - spot[0]) > (right - left) / 2 + 14 or abs(middle[1] - spot[1]) > 20
        # A name that had to move away is tied to its point by a thin line.
        axes.annotate(
            key,
            xy=(points[key].cost, points[key].value),
            xytext=(middle[0] - spot[0], middle[1] - spot[1]),
            textcoords="offset points",
            ha="center",
            va="center_baseline",
            annotation_clip=False,
            zorder=5,
            arrowprops={"arrowstyle": "-", "color": MUTED, "lw": 0.6, "shrinkB": 4}
            if apart
            else None,
        )


def place_labels(
    spots: Sequence[tuple[float, float]],
    names: Sequence[str],
    room: Box,
    taken: Sequence[Box] = (),
) -> list[Box]:
    """Return a box for each name: the nearest place beside its spot that is free.

    Parameters
    ----------
    spots : sequence of (float, float)
        The points, in pixels.
    names : sequence of str
        Their names.
    room : tuple of float
        Left, bottom, right and top of where names may stand.
    taken : sequence of tuple of float
        Boxes that names keep off as well, as long as there is another place.

    Returns
    -------
    list of tuple of float
        Left, bottom, right and top of each name. Where nothing is free, names cover each other.

    Examples
    --------
    >>> place_labels([(50.0, 50.0)], ["relu"], (0, 0, 200, 100))
    [(57.0, 53.0, 84.6, 67.0)]
    """
    covered: list[Box] = [(x - 5, y - 5, x + 5, y + 5) for x, y in spots]
    found = []
    for (x, y), name in zip(spots, names, strict=True):
        width, half = 6.9 * len(name), 7.0
        tried = [
            (left, y + dy - half, left + width, y + dy + half)
            for distance in (10, 0, 23, 36, 49, 62, 75, 88, 101)
            for dy in dict.fromkeys((distance, -distance))
            for left in (x + 7 + distance // 20, x - 7 - distance // 20 - width)
        ]
        free = [b for b in tried if _inside(b, room) and not any(_touch(b, t) for t in covered)]
        clear = (b for b in free if not any(_touch(b, t) for t in taken))
        chosen = next(clear, free[0] if free else tried[0])
        covered.append(chosen)
        found.append(chosen)
    return found


def _inside(box: Box, room: Box) -> bool:
    return room[0] <= box[0] and room[1] <= box[1] and box[2] <= room[2] and box[3] <= room[3]


def _touch(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
