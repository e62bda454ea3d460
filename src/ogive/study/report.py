"""The report: one HTML file that needs nothing else.

It is a function of the results alone, and so of the declaration and the stored runs: the same runs
give the same bytes. What tells of the machine (times, versions, processor) is marked as such.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ogive import catalog
from ogive.page import wording
from ogive.page.frame import environment, glyph
from ogive.page.landscape import map_png
from ogive.page.style import PALETTE, LineStyle, line_styles, swatch
from ogive.study import findings
from ogive.study.activation_map import activation_map
from ogive.study.declaration import INITIALIZATIONS, Protocol, Study
from ogive.study.figures import curves, gradient, shapes
from ogive.study.results import ActivationResult, Results

if TYPE_CHECKING:
    from ogive.catalog import Function

#: What a data set is, for a reader who has never heard of it.
_DATA = {
    "digits": "scikit-learn's digits: 1,797 images of handwritten digits, 8 × 8 pixels, ten "
    "classes. A quarter of each class is kept for the test and 15 % for validation; the split is "
    "the same in every run."
}


@dataclass(frozen=True)
class Row:
    """One line of the table of results, as text and as positions in the small forest plot."""

    name: str
    style: LineStyle
    swatch: str
    reference: bool
    accuracy: str
    sd: str
    difference: str
    interval: str
    p: str
    differs: bool
    seconds: str
    runs: str
    diverged: int
    centre: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Forest:
    """The common scale of the small forest plots: a share of the width for each difference."""

    low: float
    high: float

    def at(self, difference: float) -> float:
        """Return where a difference stands, from 0 (left) to 100 (right), to two places."""
        return round(100 * (difference - self.low) / (self.high - self.low), 2)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Round differences with their places."""
        span = self.high - self.low
        steps = (step * 10.0**exponent for exponent in range(-5, 1) for step in (1, 2, 5))
        step = next((step for step in steps if span / step <= 5), 1.0)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [(self.at(k * step), wording.signed(100 * k * step)) for k in range(first, last + 1)]


@dataclass(frozen=True)
class Fact:
    """What the catalogue knows of an activation, with its picture."""

    record: Function
    svg: str
    saturates: str
    steepest: str


@dataclass(frozen=True)
class MapPicture:
    """One activation map with the numbers that its colours leave out."""

    name: str
    address: str
    mean: str
    spread: str


def build_report(results: Results) -> str:
    """Return the report of a study as one self-contained HTML document.

    Parameters
    ----------
    results : Results
        Of whatever runs there are; the report says what is missing.

    Returns
    -------
    str
        HTML without a reference to anything outside itself.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib or Jinja2 is missing: ``pip install "ogive[study]"``.
    """
    templates = environment("ogive.study")
    from markupsafe import Markup

    templates.filters["words"] = wording.listing
    study = results.study
    styles = line_styles(study.activations)
    # Pictures are our own mark-up; every other text goes through the template's escaping.
    panels = [
        {**vars(panel), "svg": Markup(panel.svg)}
        for panel in gradient.gradient_panels(results.depth, styles)
    ]
    forest = _forest(results.activations)
    html: str = templates.get_template("report.html.j2").render(
        study=study,
        palette=PALETTE,
        data=_DATA.get(study.data, study.data),
        architecture=_architecture(study),
        command=command(study),
        total=len(study.runs()),
        missing=[str(spec) for spec in results.missing],
        headline=findings.headline(results),
        answer=findings.answer(results),
        forest=forest,
        rows=[_row(r, styles[r.activation], study, forest) for r in results.activations],
        curves=[Markup(svg) for svg in curves.learning_curves(results.activations, styles)],
        gradient_sentences=findings.gradient_sentences(results),
        panels=panels,
        depths=sorted({panel["depth"] for panel in panels}, reverse=True),
        deep=_deep_accuracies(results, styles),
        facts=[_fact(name, styles[name]) for name in study.activations],
        maps=[_map(name) for name in study.activations],
        environments=results.environments,
        glyph=Markup(glyph()),
        count=wording.count,
        counted=wording.counted,
        counted_layers=wording.counted_layers,
    )
    return html


def command(study: Study) -> str:
    """Return the command that repeats a study: what differs from the defaults, and no more.

    Parameters
    ----------
    study : Study

    Returns
    -------
    str

    Examples
    --------
    >>> command(Study(seeds=3, depths=()))
    'ogive study --seeds 3 --depths none'
    """
    usual = Study(protocol=Protocol())
    options: list[tuple[str, Any, Any]] = [
        ("--data", study.data, usual.data),
        ("--activations", ",".join(study.activations), ",".join(usual.activations)),
        ("--seeds", study.seeds, usual.seeds),
        ("--epochs", study.protocol.epochs, usual.protocol.epochs),
        ("--hidden", _commas(study.hidden), _commas(usual.hidden)),
        ("--depths", _commas(study.depths) or "none", _commas(usual.depths)),
        ("--init", study.initialization, usual.initialization),
    ]
    given = [f"{name} {value}" for name, value, default in options if value != default]
    return " ".join(["ogive study", *given])


def _commas(values: Sequence[int]) -> str:
    return ",".join(map(str, values))


def _architecture(study: Study) -> str:
    number = len(study.hidden)
    layers = f"{wording.count(number)} hidden layer{'' if number == 1 else 's'}"
    alike = len(set(study.hidden)) == 1
    widths = str(study.hidden[0]) if alike else wording.listing([str(w) for w in study.hidden])
    return f"a multi-layer perceptron with {layers} of {widths} units"


def _forest(results: Sequence[ActivationResult]) -> Forest:
    """Return a scale that holds every interval, and 0, with a little room."""
    shown = [0.0]
    for result in results:
        if (difference := result.difference) is not None:
            ends = (difference.mean, difference.lower, difference.upper)
            shown += [end for end in ends if end is not None]
    low, high = min(shown), max(shown)
    room = 0.06 * (high - low) or 0.01
    return Forest(low - room, high + room)


def _row(result: ActivationResult, style: LineStyle, study: Study, forest: Forest) -> Row:
    from markupsafe import Markup

    difference = result.difference
    interval = "–"
    low = high = None
    if difference is not None and difference.lower is not None and difference.upper is not None:
        interval = f"{wording.points(difference.lower)} to {wording.points(difference.upper)}"
        low, high = forest.at(difference.lower), forest.at(difference.upper)
    return Row(
        name=result.activation,
        style=style,
        swatch=Markup(swatch(style)),
        reference=result.activation == study.reference,
        accuracy=wording.percentage(result.mean),
        sd="–" if result.sd is None else f"{100 * result.sd:.2f}",
        difference=wording.points(None if difference is None else difference.mean),
        interval=interval,
        p=wording.p_value(result.p_holm),
        differs=findings.differs(result),
        seconds=wording.duration(result.seconds_per_epoch),
        runs=f"{result.n} of {study.seeds}",
        diverged=result.diverged,
        centre=None if difference is None else forest.at(difference.mean),
        low=low,
        high=high,
    )


def _deep_accuracies(results: Results, styles: dict[str, LineStyle]) -> dict[str, Any] | None:
    """Return what the deepest networks reached, by activation and initialisation."""
    from markupsafe import Markup

    if not results.depth:
        return None
    deepest = max(cell.depth for cell in results.depth)
    reached = {
        (cell.activation, cell.initialization): cell.accuracy
        for cell in results.depth
        if cell.depth == deepest
    }
    rows = [
        (
            name,
            Markup(swatch(style)),
            [wording.percentage(reached.get((name, i))) for i in INITIALIZATIONS],
        )
        for name, style in styles.items()
    ]
    return {"depth": deepest, "rows": rows, "initializations": INITIALIZATIONS}


# What depends on the function alone is drawn once in a process.
@cache
def _fact(name: str, style: LineStyle) -> Fact:
    from markupsafe import Markup

    record = catalog.get(name)
    ends = [end.replace("inf", "∞").replace("-", "−") for end in record.saturates]
    steepest = record.max_derivative
    return Fact(
        record=record,
        svg=Markup(shapes.shape(record, style)),
        saturates=f"flat towards {wording.listing(ends)}" if ends else "flat nowhere",
        steepest="∞" if math.isinf(steepest) else f"{steepest:.4g}",
    )


@cache
def _map(name: str) -> MapPicture:
    picture = activation_map(name)
    return MapPicture(
        name=picture.activation,
        address=map_png(picture),
        mean=f"{picture.mean:.2f}".replace("-", "−"),
        spread=f"{picture.spread:.2g}",
    )
