"""Accuracy against cost."""

from __future__ import annotations

import math

from ogive.page.wording import listing
from ogive.study.figures.pareto import FEW, ParetoPoint, pareto_plot
from ogive.study.report.context import Context
from ogive.study.report.section import Drawing, Figures, Section, Sentences
from ogive.study.results import CellResult, SettingResult
from ogive.study.results.costs import Cost
from ogive.study.results.naming import sentence_case
from ogive.study.statistics import pareto as places

__all__ = ["pareto", "pareto_points"]

ROUNDS = 3
"""Rounds below which the best and the median say nothing of how readings vary."""


def pareto(context: Context) -> Section | None:
    """Return accuracy against the cost of a training step; None without a cost."""
    results = context.results
    pictures: list[Drawing] = []
    sentences = []
    for result in context.pictured:
        cost = next((each for each in results.costs if each.fits(result.setting)), None)
        points = {} if cost is None else pareto_points(context, result, cost)
        if len(points) < 2:
            continue
        pictures.append(
            pareto_plot(
                points,
                context.styles,
                name=f"pareto-{result.number}",
                title=context.title(result),
                cost=f"step of training, times {results.reference}'s",
                quantity=f"{results.measure.name}, {results.measure.unit}",
                higher_is_better=results.measure.higher_is_better,
            )
        )
        where = f"{context.title(result)}: " if len(context.pictured) > 1 else ""
        sentences.append(sentence_case(f"{where}{_said(points)}"))
    if not pictures:
        return None
    # Many names need the whole width of the page.
    columns = "one" if len(results.names) > FEW else "two"
    reading = (
        "Upwards is better, left is cheaper. The line joins what nothing beats in both; bars are "
        "95 % intervals of the mean. Hollow points are clearly beaten: something that costs no "
        "more is better after Holm's adjustment over all pairs. Clearly cheaper is what has its "
        f"median below the other's best round, of {ROUNDS} rounds or more. Costs depend on the "
        "machine, which the page on cost names."
    )
    return Section(
        "pareto",
        "Accuracy against cost",
        "Accuracy and cost",
        [Sentences(sentences), Figures(pictures, "pareto", reading, columns, machine=True)],
        machine=True,
    )


def _said(points: dict[str, ParetoPoint]) -> str:
    """Return what the places say, in a sentence."""
    at: dict[str, list[str]] = {}
    for name, point in points.items():
        at.setdefault(point.place, []).append(name)
    said = f"nothing is both better and cheaper than {listing(at['front'])}, by the means"
    if beaten := at.get("dominated"):
        said += f"; clearly beaten {'is' if len(beaten) == 1 else 'are'} {listing(beaten)}"
    if dearer := at.get("dearer"):
        one = len(dearer) == 1
        said += (
            f"; {listing(dearer)} cost{'s' if one else ''} clearly more than something that "
            f"{'it' if one else 'they'} cannot be told apart from"
        )
    return f"{said}."


def pareto_points(context: Context, result: SettingResult, cost: Cost) -> dict[str, ParetoPoint]:
    """Return the points of one setting, by short name.

    Parameters
    ----------
    context : Context
    result : SettingResult
    cost : Cost
        Of its network.

    Returns
    -------
    dict of str to ParetoPoint
        Of the activations that have both a mean and a cost; empty without the reference's.
    """
    measure = context.results.measure
    base = cost.rows.get(result.reference)
    if base is None:
        return {}
    cells = [c for c in result.cells if c.mean is not None and c.label in cost.rows]
    gains = {c.label: measure.gain(c.mean) for c in cells if c.mean is not None}
    steps = {c.label: cost.rows[c.label].step for c in cells}
    told = cost.rounds >= ROUNDS
    cheaper = {
        (one, other)
        for one in steps
        for other in steps
        if told and steps[one].median < steps[other].best
    }
    found = places(
        gains,
        {label: step.median / base.step.median for label, step in steps.items()},
        better=frozenset() if result.groups is None else result.groups.better(),
        cheaper=cheaper,
    )
    return {
        c.name: ParetoPoint(
            steps[c.label].median / base.step.median,
            measure.scale * c.mean,
            *_interval(c, measure.scale),
            found[c.label],
        )
        for c in cells
        if c.mean is not None
    }


def _interval(cell: CellResult, scale: float) -> tuple[float | None, float | None]:
    """Return the 95 % interval of a mean."""
    if cell.mean is None or cell.sd is None:
        return None, None
    from scipy.special import stdtrit

    n = len(cell.values)
    half = float(stdtrit(n - 1, 0.975)) * cell.sd / math.sqrt(n)
    return scale * (cell.mean - half), scale * (cell.mean + half)
