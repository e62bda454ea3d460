"""Direct labels at the ends of lines, pushed apart until none covers another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ogive.page.style import root

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ogive.page.style import LineStyle


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move positions as little as possible so that neighbours are at least `gap` apart.

    Labels that would touch form a block, placed around the mean of where they wished to be; a
    block that then touches the next one swallows it (the pool-adjacent-violators algorithm).
    The order of the positions is kept, and the whole is kept between `low` and `high` where it
    fits.

    Parameters
    ----------
    positions : sequence of float
        Where each label wishes to be, in any order and in one unit with the rest.
    gap : float
        The least distance between two labels.
    low, high : float
        The room there is.

    Returns
    -------
    list of float
        One position for each input, in the order of the input.

    Examples
    --------
    >>> spread([0.0, 1.0, 9.0], gap=2.0, low=-5.0, high=20.0)
    [-0.5, 1.5, 9.0]
    """
    order = sorted(range(len(positions)), key=lambda index: (positions[index], index))
    half = gap / 2
    blocks: list[tuple[float, int]] = []  # (centre, number of labels)
    for index in order:
        centre, count = min(max(positions[index], low + half), high - half), 1
        while blocks and blocks[-1][0] + blocks[-1][1] * half > centre - count * half:
            before, many = blocks.pop()
            centre = (before * many + centre * count) / (many + count)
            count += many
            room = count * half
            centre = max(min(centre, high - room), low + room)
        blocks.append((centre, count))
    placed = [
        centre + (rank - (count - 1) / 2) * gap for centre, count in blocks for rank in range(count)
    ]
    result = [0.0] * len(positions)
    for index, value in zip(order, placed, strict=True):
        result[index] = value
    return result


def label_ends(
    axes: Axes,
    ends: Mapping[str, tuple[float, float]],
    styles: Mapping[str, LineStyle],
    gap: float = 15.0,
    reach: float = 16.0,
) -> None:
    """Write each line's name beside its right end, with its marker and a thin leader.

    The text is in ink and the marker in the line's colour: small coloured text would be too
    faint for the lighter hues. Call it last: it reads the limits of the axes.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        One panel of `ogive.page.style.panel`: at its 72 dots per inch a dot is a CSS pixel.
    ends : mapping of str to tuple of float
        Each line's last point, in data units; a name whose point is not finite is left out.
    styles : mapping of str to LineStyle
    gap : float
        Distance between two labels, in pixels.
    reach : float
        Distance from the axes to the markers, in pixels.
    """
    from matplotlib.lines import Line2D
    from matplotlib.transforms import Affine2D

    # In points rather than dots, so that the labels stay in place at every resolution.
    points_of_figure = Affine2D().scale(1 / 72) + root(axes).dpi_scale_trans
    box = axes.get_window_extent()
    names = [name for name, (_, value) in ends.items() if math.isfinite(value)]
    points = [axes.transData.transform(ends[name]) for name in names]
    wished = [min(max(float(point[1]), box.y0), box.y1) for point in points]
    placed = spread(wished, gap, box.y0 - gap / 2, box.y1 + gap)
    for name, point, start, y in zip(names, points, wished, placed, strict=True):
        style = styles[name]
        axes.add_artist(
            Line2D(
                [float(point[0]) + 3, box.x1 + reach - 5],
                [start, y],
                transform=points_of_figure,
                color=style.hex,
                linewidth=0.7,
                clip_on=False,
            )
        )
        axes.add_artist(
            Line2D(
                [box.x1 + reach],
                [y],
                transform=points_of_figure,
                color=style.hex,
                marker=style.marker,
                markersize=6,
                markeredgewidth=0,
                clip_on=False,
            )
        )
        axes.annotate(
            name,
            xy=(box.x1 + reach + 7, y - 0.5),
            xycoords="figure points",
            va="center_baseline",
            ha="left",
            annotation_clip=False,
        )
