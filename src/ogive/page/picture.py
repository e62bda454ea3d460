"""One drawn figure, in the forms that it leaves in: within a page, or as a file of its own."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ogive.page.style import PALETTE, PAPER, root, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Picture", "picture"]

#: The stack of fonts outside a page, which brings its own.
_FONTS = "'DejaVu Sans', Verdana, sans-serif"


@dataclass(frozen=True)
class Picture:
    """One figure.

    Attributes
    ----------
    name : str
        Unique in its report: lower-case letters, digits and hyphens.
    description : str
        What it shows, for readers who cannot see it.
    inline : str
        An ``<svg>`` element in the colours and the font of the page around it.
    figure : matplotlib.figure.Figure
        What it was drawn from.
    """

    name: str
    description: str
    inline: str = field(repr=False)
    figure: Figure = field(repr=False, compare=False)

    def svg(self) -> bytes:
        """Return an SVG file in the colours of the light scheme."""
        text = self.inline
        for role, (light, _) in PALETTE.items():
            text = text.replace(f"var(--{role})", light)
        text = text.replace("var(--sans)", _FONTS)
        width, height = (f"{72 * inches:g}" for inches in self.figure.get_size_inches())
        opening = re.sub(r'^<svg class="plot"', f'<svg width="{width}" height="{height}"', text)
        namespaces = 'xmlns="http://www.w3.org/2000/svg"'
        return opening.replace("<svg", f"<svg {namespaces}", 1).encode() + b"\n"

    def png(self, scale: float = 2.0) -> bytes:
        """Return a PNG file on the paper of the light scheme, `scale` dots to a CSS pixel."""
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        with mpl.rc_context({"path.simplify": True}):
            buffer = io.BytesIO()
            FigureCanvasAgg(self.figure).print_figure(
                buffer,
                format="png",
                dpi=72 * scale,
                facecolor=PAPER,
                metadata={"Software": None},
            )
        return buffer.getvalue()


def picture(axes: Axes, name: str, description: str) -> Picture:
    """Return what was drawn on `axes` as a `Picture`; see `ogive.page.style.svg`."""
    return Picture(name, description, svg(axes, name, description), root(axes))
