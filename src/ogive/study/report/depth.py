"""Depth: where training stops working, and how much of the gradient arrives there."""

from __future__ import annotations

from ogive.page.wording import percentage
from ogive.study.depths import depth_sentences, series_title
from ogive.study.figures.depth import accuracy_by_depth, reach_by_depth
from ogive.study.report.context import Context
from ogive.study.report.section import Block, Column, Figures, Section, Sentences, Table
from ogive.study.results.depth import DepthPoint, DepthSeries

__all__ = ["depth"]

_LOWEST = 1e-14
"""The least share of a gradient that is drawn."""


def depth(context: Context) -> Section | None:
    """Return accuracy and gradient against depth; None where a study has one depth only."""
    series = context.results.depths
    if not series:
        return None
    limits = _limits(series)
    reference = context.results.reference
    accuracy, reach = [], []
    for place, each in enumerate(series, 1):
        title = series_title(context.results, each)
        name = f"depth-{place}"
        accuracy.append(accuracy_by_depth(each, context.styles, reference, name, title))
        if limits is not None:
            reach.append(reach_by_depth(each, context.styles, reference, name, title, limits))
    blocks: list[Block] = [
        Sentences(depth_sentences(context.results)),
        Figures(
            accuracy,
            "depth",
            "Mean test accuracy against the number of hidden layers, with one standard deviation "
            "either side where there are seeds enough. The dashed line is half way between a blind "
            "guess and the best accuracy of all runs, and at least a tenth of the way to no "
            "mistake: a run below it counts as not working, and training as working where most "
            "runs do.",
        ),
    ]
    if reach:
        blocks.append(
            Figures(
                reach,
                "depth",
                "The gradient that reaches the first layer over that of the last, before the first "
                "step, of seed 0. At the dashed line nothing is lost or gained: a network that "
                "does not train although its gradient arrives fails for another reason.",
            )
        )
    blocks += _tables(context)
    return Section("depth", "How deep it still trains", "Depth", blocks)


def _limits(series: tuple[DepthSeries, ...]) -> tuple[float, float] | None:
    """Return the common range of the gradient's shares, with 1 in it."""
    shares = [
        point.reach
        for each in series
        for points in each.lines.values()
        for point in points
        if point.reach
    ]
    if not shares:
        return None
    return max(_LOWEST, min(1.0, *shares)) / 2, min(1e6, max(1.0, *shares)) * 2


def _tables(context: Context) -> list[Block]:
    """Return test accuracies: an activation a row, a depth a column, a table for each series."""
    blocks: list[Block] = []
    for each in context.results.depths:
        columns = [Column("Activation", number=False)]
        columns += [Column(f"{depth} layers", "%") for depth in each.depths]
        rows = []
        for cell in context.results.main.cells:
            points = {p.depth: p for p in each.lines.get(cell.name, ())}
            found = [_accuracy(each, points.get(depth)) for depth in each.depths]
            rows.append(("", [context.named(cell), *found]))
        heading = f"Test accuracy: {series_title(context.results, each)}"
        blocks.append(
            Table(
                columns,
                rows,
                heading=heading,
                reading="Mean over the runs; in brackets how many of them work, where some do and "
                "some do not.",
            )
        )
    return blocks


def _accuracy(series: DepthSeries, point: DepthPoint | None) -> str:
    if point is None:
        return "–"
    working = series.working(point)
    mixed = 0 < working < point.cell.n
    return f"{percentage(point.accuracy)}{f' ({working} of {point.cell.n})' if mixed else ''}"
