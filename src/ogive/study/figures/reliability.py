"""Reliability: how often a network is right where it says how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ogive.page.picture import Picture, picture
from ogive.page.style import GRID, MUTED, LineStyle, panel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ogive.study.statistics import Reliability

__all__ = ["reliability"]


def reliability(points: Sequence[Reliability], style: LineStyle, name: str, title: str) -> Picture:
    """Draw the reliability curve of one activation over all its seeds.

    Parameters
    ----------
    points : sequence of Reliability
        One or more, from the least confidence.
    style : LineStyle
    name : str
        Of the picture.
    title : str
        Of the panel.

    Returns
    -------
    Picture
        An area of a point is in proportion to the rows in its bin.
    """
    with panel(190, 190, (46, 16, 26, 28)) as axes:
        axes.grid(visible=False)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, dashes=(4, 3), zorder=1)
        x = [point.confidence for point in points]
        y = [point.accuracy for point in points]
        most = max(point.count for point in points)
        for point in points:
            ends = [point.lower, point.upper]
            axes.plot([point.confidence] * 2, ends, color=style.hex, linewidth=1.1, alpha=0.55)
        axes.plot(x, y, color=style.hex, linewidth=1.4, zorder=2)
        axes.scatter(
            x,
            y,
            s=[9 + 55 * point.count / most for point in points],
            color=style.hex,
            linewidths=0,
            zorder=3,
            clip_on=False,
        )
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_xticks([0, 0.5, 1], ["0", "50", "100"])
        axes.set_yticks([0, 0.5, 1], ["0", "50", "100 %"])
        axes.spines[["left", "bottom"]].set_color(GRID)
        axes.set_title(title, pad=8, fontsize=11)
        said = "; ".join(
            f"sure to {100 * p.confidence:.0f} %, right in {100 * p.accuracy:.0f} %" for p in points
        )
        return picture(axes, name, f"Reliability of {title}: {said}.")
