"""One look for every figure: colours, dashes, markers, sizes and the way out to SVG.

The palette is that of Okabe and Ito (2008, "Color Universal Design"), which stays apart for
colour-blind readers; each activation also has its own dash pattern and marker, so that colour
is never the only cue. Figures are drawn with the light-scheme colours and leave this module
with every colour replaced by a CSS variable, so that the page decides what "ink" is: the same
SVG is right in a light and in a dark scheme, and on paper.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ogive.catalog import CATALOG

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Roles that are no data: name of the CSS variable -> colour in the light scheme.
INK = "#1b1b1a"
MUTED = "#5f5e5b"
GRID = "#dddcd7"
PAPER = "#fefefd"

#: Name of the CSS variable -> (light scheme, dark scheme). The dark ones are the same hues,
#: raised in lightness until each has a contrast of at least 4.5 to 1 with the dark paper.
PALETTE: dict[str, tuple[str, str]] = {
    "ink": (INK, "#ecebe7"),
    "muted": (MUTED, "#a9a8a3"),
    "grid": (GRID, "#3b3b39"),
    "paper": (PAPER, "#171716"),
    "vermillion": ("#d55e00", "#f07a2b"),
    "orange": ("#c98500", "#f0b432"),
    "sky": ("#3fa2dd", "#8fd0f7"),
    "green": ("#009e73", "#25bd92"),
    "purple": ("#c26496", "#e39ac3"),
    "blue": ("#0072b2", "#4d9fe0"),
    "olive": ("#8a7d00", "#d8ca3a"),
    "brown": ("#8c5a3c", "#c99878"),
    "grey": ("#777672", "#8f8e8a"),
}


@dataclass(frozen=True)
class LineStyle:
    """How one activation is drawn, everywhere.

    Attributes
    ----------
    colour : str
        A key of `PALETTE`.
    dash : tuple of float
        On and off lengths in line widths; empty for a solid line.
    marker : str
        A matplotlib marker.
    """

    colour: str
    dash: tuple[float, ...]
    marker: str

    @property
    def hex(self) -> str:
        """Colour in the light scheme; `svg` turns it into its CSS variable."""
        return PALETTE[self.colour][0]

    @property
    def linestyle(self) -> Any:
        """The dash pattern in matplotlib's form."""
        return (0, self.dash) if self.dash else "-"


_KNOWN: dict[str, LineStyle] = {
    "relu": LineStyle("ink", (), "o"),
    "sigmoid": LineStyle("vermillion", (), "s"),
    "tanh": LineStyle("orange", (5, 1.6), "D"),
    "leaky_relu": LineStyle("sky", (1.4, 1.2), "v"),
    "elu": LineStyle("green", (5, 1.4, 1.2, 1.4), "^"),
    "silu": LineStyle("purple", (7, 2), "P"),
    "gelu": LineStyle("blue", (3, 1.2), "X"),
    "softplus": LineStyle("olive", (), "<"),
    "log_sigmoid": LineStyle("brown", (4, 1.5), ">"),
    "logit": LineStyle("grey", (2, 1), "*"),
}
_SPARE_COLOURS = ("olive", "brown", "grey", "green", "purple", "blue", "orange", "sky")
# Of lengths without a common divisor, so that 35 names pass before two look alike.
_SPARE_DASHES: tuple[tuple[float, ...], ...] = (
    (3, 1, 1, 1),
    (1, 1),
    (6, 1.5),
    (2, 2),
    (8, 2, 2, 2),
)
_SPARE_MARKERS = ("<", ">", "h", "p", "*", "d", "H")


def line_styles(names: Sequence[str]) -> dict[str, LineStyle]:
    """Return the style of each activation.

    A name of the catalogue keeps its style in every report; any other takes the next spare one,
    in the order given.

    Parameters
    ----------
    names : sequence of str
        Activations, in the order of the study.

    Returns
    -------
    dict of str to LineStyle

    Examples
    --------
    >>> line_styles(["relu", "mine"])["relu"].colour
    'ink'
    """
    catalogued = [name for name in CATALOG if name not in _KNOWN]
    others = [name for name in names if name not in CATALOG]
    spare = {name: i for i, name in enumerate([*catalogued, *others])}
    return {name: _KNOWN[name] if name in _KNOWN else _spare_style(spare[name]) for name in names}


def _spare_style(i: int) -> LineStyle:
    return LineStyle(
        _SPARE_COLOURS[i % len(_SPARE_COLOURS)],
        _SPARE_DASHES[i % len(_SPARE_DASHES)],
        _SPARE_MARKERS[i % len(_SPARE_MARKERS)],
    )


# Any: matplotlib types its settings as one long literal, which no dict of ours can match.
_SETTINGS: Any = {
    "svg.fonttype": "none",  # text stays text: searchable, selectable, in the page's own font
    "font.family": "DejaVu Sans",  # ships with matplotlib, so positions never depend on the machine
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.labelsize": 11,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "lines.linewidth": 2,
    "lines.solid_capstyle": "round",
    "text.color": INK,
    "text.parse_math": False,  # a name may hold any mark
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "path.simplify": True,
}


@contextmanager
def panel(
    width: float, height: float, margins: tuple[float, float, float, float]
) -> Iterator[Axes]:
    """Open one panel of a figure in the house style; draw on it inside the ``with`` block.

    Fixed margins instead of a fitted layout: panels that stand side by side then align, and the
    picture does not depend on which fonts a machine has.

    Parameters
    ----------
    width, height : float
        In CSS pixels.
    margins : tuple of float
        Left, right, bottom, top, in CSS pixels.

    Yields
    ------
    matplotlib.axes.Axes
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    left, right, bottom, top = margins
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        FigureCanvasSVG(figure)
        yield figure.add_axes(
            (
                left / width,
                bottom / height,
                (width - left - right) / width,
                (height - bottom - top) / height,
            )
        )


def svg(axes: Axes, name: str, description: str) -> str:
    """Return a panel as an inline SVG element that follows the page's colour scheme.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        As `panel` gave it.
    name : str
        Unique on the page: the salt and prefix of every identifier, so that figures that stand
        in one document do not take each other's clip paths. Letters, digits and hyphens.
    description : str
        What the picture shows, for readers who cannot see it.

    Returns
    -------
    str
        An ``<svg>`` element; equal figures give equal text.

    Raises
    ------
    ValueError
        If `name` has other characters.
    """
    import matplotlib as mpl

    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise ValueError(f"name must be lower-case letters, digits and hyphens, not {name!r}")
    buffer = io.StringIO()
    with mpl.rc_context({**_SETTINGS, "svg.hashsalt": name}):
        root(axes).savefig(
            buffer,
            format="svg",
            dpi=72,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    return _inline(buffer.getvalue(), name, description)


def root(axes: Axes) -> Figure:
    """Return the figure that a panel fills."""
    from matplotlib.figure import Figure

    assert isinstance(axes.figure, Figure)
    return axes.figure


def _inline(text: str, name: str, description: str) -> str:
    """Make a stand-alone SVG file a citizen of the page: identifiers, colours, font, title."""
    from html import escape

    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = text.replace("url(#", f"url(#{name}-")
    text = re.sub(r'(?:xlink:)?href="#', f'href="#{name}-', text)
    text = re.sub(r' xmlns(:xlink)?="[^"]*"', "", text)
    for role, (light, _) in PALETTE.items():
        text = text.replace(light, f"var(--{role})")
    # 'font: 11px DejaVu Sans' -> the page's sans-serif stack; weights and sizes stay.
    text = re.sub(
        r"(font(?:-family)?: [^;\"]*?)(?:'DejaVu Sans'|DejaVu Sans)[^;\"]*", r"\1var(--sans)", text
    )
    opening = re.compile(r'<svg[^>]*viewBox="(?P<box>[^"]*)"[^>]*>')
    label = escape(description, quote=True)
    return opening.sub(
        lambda match: (
            f'<svg class="plot" role="img" aria-label="{label}" viewBox="{match["box"]}">'
        ),
        text,
        count=1,
    ).strip()


def swatch(style: LineStyle) -> str:
    """Return a small inline SVG of a line with its marker: the key to the figures.

    Parameters
    ----------
    style : LineStyle

    Returns
    -------
    str
        An SVG element of 30 by 12 pixels.
    """
    from matplotlib.markers import MarkerStyle

    marker = MarkerStyle(style.marker)
    shape = marker.get_path().transformed(marker.get_transform())
    outline = np.asarray(shape.to_polygons()[0], np.float64)
    points = " ".join(f"{15 + 8.5 * x:.1f},{6 - 8.5 * y:.1f}" for x, y in outline)
    dash = " ".join(f"{2 * length:g}" for length in style.dash)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    colour = f"var(--{style.colour})"
    return (
        '<svg class="swatch" viewBox="0 0 30 12" aria-hidden="true">'
        f'<line x1="1" y1="6" x2="29" y2="6" stroke="{colour}" stroke-width="2"{dashed}/>'
        f'<polygon points="{points}" fill="{colour}"/></svg>'
    )
