"""What a network makes of a plane of inputs: colour for its output, lines of equal output."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: From blue through near-white to orange: the middle is the mean, told apart by any reader.
_COLOURS = ("#0b3c6f", "#2f7fc1", "#a9cfe8", "#f5f3ee", "#f7c68a", "#dd7a1c", "#7f3206")
_SPREADS = 2.2


@dataclass(frozen=True)
class Landscape:
    """The output of a network over a square.

    Attributes
    ----------
    output : ndarray of float64, shape (points, points)
        First axis the second coordinate, from low to high; second axis the first one.
    """

    output: NDArray[np.float64]

    @property
    def mean(self) -> float:
        """Mean output over the square."""
        return float(self.output.mean())

    @property
    def spread(self) -> float:
        """Standard deviation of the output over the square: near 0, the inputs have collapsed."""
        return float(self.output.std())

    def standardised(self) -> NDArray[np.float64]:
        """Return the output less its mean, over its spread; zeros where it is constant."""
        deviation = self.output - self.mean
        # A spread of rounding errors is no picture: it would be stretched into noise.
        if self.spread <= 1e-12 * max(1.0, abs(self.mean)):
            return np.zeros_like(deviation)
        return deviation / self.spread


def map_png(picture: Landscape, pixels: int = 320) -> str:
    """Draw a landscape as a PNG in a ``data:`` address.

    The colours span 2.2 standard deviations either side of the map's own mean, so that the shape
    of a nearly constant network is seen too; how large the spread is must be said beside it.

    Parameters
    ----------
    picture : Landscape
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
