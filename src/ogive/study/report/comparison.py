"""Accuracy and loss: one table a setting, with the differences drawn beside the numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ogive.page import wording
from ogive.page.style import LineStyle
from ogive.study.figures.forest import forest_plot
from ogive.study.findings import beyond_possible
from ogive.study.report.context import Context
from ogive.study.report.section import Prose, Section
from ogive.study.results import CellResult, SettingResult
from ogive.study.results.measure import Measure, bits

__all__ = ["Comparison", "Forest", "Row", "comparison"]

_NAMED = 4
"""Settings beyond which a number stands for them."""


@dataclass(frozen=True)
class Row:
    """One line of the table of results, as text and as positions in the small forest plot."""

    label: str
    named: Any
    style: LineStyle
    reference: bool
    level: str
    sd: str
    other: str
    difference: str
    interval: str
    p: str
    group: str
    superiority: str
    chances: str
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
    scale: float

    def at(self, difference: float) -> float:
        """Return where a difference stands, from 0 (left) to 100 (right), to two places."""
        return round(100 * (difference - self.low) / (self.high - self.low), 2)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Round differences with their places."""
        span = self.high - self.low
        steps = (step * 10.0**exponent for exponent in range(-6, 2) for step in (1, 2, 5))
        step = next((step for step in steps if span / step <= 5), 1.0)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [
            (self.at(k * step), wording.signed(self.scale * k * step))
            for k in range(first, last + 1)
        ]


@dataclass(frozen=True)
class Comparison:
    """The table of one setting."""

    number: int
    title: str
    reference: str
    measure: Measure
    rows: Sequence[Row]
    forest: Forest
    comparisons: int
    template: ClassVar[str] = "comparison.j2"

    @property
    def other(self) -> str:
        """What stands beside the compared quantity."""
        return "Test loss" if self.measure.key == "accuracy" else "Bits per character"


def comparison(context: Context) -> Section:
    """Return the tables of all settings that compare."""
    results = context.results
    drawn = (forest_plot(r, results.measure, context.styles) for r in results.compared)
    return Section(
        "results",
        f"{results.measure.name.capitalize()}, and how it differs from {results.reference}",
        "Accuracy and loss",
        [
            *(_table(context, result) for result in results.compared),
            Prose(_reading(context), note=True),
        ],
        [picture for picture in drawn if picture is not None],
    )


def _reading(context: Context) -> str:
    measure, reference = context.results.measure, context.results.reference
    failing = any(result.failing for result in context.results.compared)
    text = (
        "Differences are paired: seed by seed, with the same data order and the same initial draw. "
        f"A {'higher' if measure.higher_is_better else 'lower'} {measure.name} is better. The "
        "intervals are not adjusted, the p-values are. Activations that share a letter cannot be "
        "told apart, all pairs compared. The chance to be better is that of one training against "
        f"one of {reference}, with its 95 % interval. Other runs may have shared the machine when "
        "times were taken."
    )
    if failing:
        text += (
            " Where some runs of an activation failed and others did not, its interval and p-value "
            "do not cover how often that happens."
        )
    notes = (beyond_possible(context.results), _not_compared(context))
    return " ".join([text, *(note for note in notes if note)])


def _not_compared(context: Context) -> str:
    """Return which settings are of one seed, where others compare; empty where none is."""
    results = context.results
    alone = [result.title for result in results.settings if not result.compares]
    if not alone or not results.main.compares:
        return ""
    which = "; ".join(alone) if len(alone) <= _NAMED else f"{len(alone)} settings"
    return f"One seed allows no comparison: {which}."


def _table(context: Context, result: SettingResult) -> Comparison:
    measure = context.results.measure
    forest = _forest(result.cells, measure)
    return Comparison(
        number=result.number,
        title=context.title(result) if result.title else "",
        reference=context.results.reference,
        measure=measure,
        rows=[_row(context, result, cell, forest) for cell in result.cells],
        forest=forest,
        comparisons=result.comparisons,
    )


def _forest(cells: Sequence[CellResult], measure: Measure) -> Forest:
    """Return a scale that holds every interval, and 0, with a little room."""
    shown = [0.0]
    for cell in cells:
        if (difference := cell.difference) is not None:
            ends = (difference.mean, difference.lower, difference.upper)
            shown += [end for end in ends if end is not None]
    low, high = min(shown), max(shown)
    room = 0.06 * (high - low) or 0.01
    return Forest(low - room, high + room, measure.scale)


def _row(context: Context, result: SettingResult, cell: CellResult, forest: Forest) -> Row:
    measure = context.results.measure
    difference, chance = cell.difference, cell.superiority
    interval = chances = "–"
    low = high = None
    if difference is not None and difference.lower is not None and difference.upper is not None:
        ends = (difference.lower, difference.upper)
        interval = " to ".join(measure.difference(end) for end in ends)
        low, high = (forest.at(end) for end in ends)
    if chance is not None and chance.lower is not None and chance.upper is not None:
        chances = f"{100 * chance.lower:.0f} to {100 * chance.upper:.0f}"
    letters = {} if result.groups is None else result.groups.letters
    loss = cell.loss.mean
    return Row(
        label=cell.label,
        named=context.named(cell),
        style=context.styles[cell.name],
        reference=cell.label == result.reference,
        level=measure.level(cell.mean),
        sd=measure.size(cell.sd),
        other=bits(loss) if measure.key == "loss" else "–" if loss is None else f"{loss:.4f}",
        difference=measure.difference(None if difference is None else difference.mean),
        interval=interval,
        p=wording.p_value(cell.p_holm),
        group=letters.get(cell.label, "–"),
        superiority="–" if chance is None else f"{100 * chance.probability:.0f}",
        chances=chances,
        differs=result.differs(cell),
        seconds=wording.duration(cell.seconds_per_epoch),
        runs=f"{cell.n} of {cell.asked}" if cell.asked else "none yet",
        diverged=cell.diverged,
        centre=None if difference is None else forest.at(difference.mean),
        low=low,
        high=high,
    )
