"""The activation map as a picture: colour for the network's output, lines of equal output."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ogive.study.activation_map import ActivationMap

#: From blue through near-white to orange: the middle is the mean, told apart by any reader.
_COLOURS = ("#0b3c6f", "#2f7fc1", "#a9cfe8", "#f5f3ee", "#f7c68a", "#dd7a1c", "#7f3206")
_SPREADS = 2.2


def map_png(picture: ActivationMap, pixels: int = 320) -> str:
    """Draw an activation map as a PNG in a ``data:`` address.

    The colours span 2.2 standard deviations either side of the map's own mean, so that the shape
    of a nearly constant network is seen too; how large the spread is must be said beside it.

    Parameters
    ----------
    picture : ActivationMap
    pixels : int
        Width and height of the PNG.

    Returns
    -------
    str
        The address, for an ``img`` element. Equal maps give equal text.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    values = picture.standardised()
    with mpl.rc_context():
        mpl.rcdefaults()
        figure = Figure(figsize=(pixels / 100, pixels / 100), dpi=100)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.imshow(
            values,
            origin="lower",
            extent=(-1, 1, -1, 1),
            cmap=LinearSegmentedColormap.from_list("ogive", _COLOURS),
            vmin=-_SPREADS,
            vmax=_SPREADS,
            interpolation="bilinear",
            aspect="auto",
        )
        if np.ptp(values) > 0:
            grid = np.linspace(-1, 1, values.shape[0])
            thin = [level for level in np.arange(-2, 2.5, 0.5) if level != 0]
            axes.contour(
                grid,
                grid,
                values,
                thin,
                colors="#1b1b1a",
                linewidths=0.5,
                alpha=0.45,
                linestyles="solid",
            )
            axes.contour(grid, grid, values, [0], colors="#1b1b1a", linewidths=1.4)
        axes.set_xlim(-1, 1)
        axes.set_ylim(-1, 1)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=100, metadata={"Software": None})
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
