"""What a study found about depth, in words: where training stops working."""

from __future__ import annotations

from collections.abc import Sequence

from ogive.page.wording import count, counted_layers, listing, percentage, rough
from ogive.study.results import Results
from ogive.study.results.depth import DepthPoint, DepthSeries
from ogive.study.results.naming import sentence_case

__all__ = ["asks_for_depth", "depth_headline", "depth_sentences", "series_title"]

_SEVERAL = 3
"""Depths from which on a study asks how deep its networks still train."""

_ARRIVES = 10
"""A gradient that is less than so many times smaller or larger at the first layer arrives there:
it is no reason why training should not work."""


_MANY = 4
"""Cells beyond which not each is named that lacks runs."""


def asks_for_depth(results: Results) -> bool:
    """Tell whether depth is what the compared settings differ in.

    Parameters
    ----------
    results : Results

    Returns
    -------
    bool
        True takes a series of three depths or more.
    """
    many = any(len(series.depths) >= _SEVERAL for series in results.depths)
    return many and all(result.setting.model.depth is not None for result in results.compared)


def depth_headline(results: Results) -> str:
    """Return in one sentence where training stops working, for each initialisation.

    Parameters
    ----------
    results : Results
        Of a study that `asks_for_depth`.

    Returns
    -------
    str
    """
    parts = []
    for series in results.depths:
        stops = [(stop, name) for name in series.lines if (stop := series.stops(name)) is not None]
        said = listing([f"{stop} with {name}" for stop, name in sorted(stops)])
        where = f"from {said}" if stops else f"nowhere up to {series.depths[-1]}"
        if not series.trains:
            where = "no network trains at any depth"
        elif dips := [name for name in series.lines if series.dips(name)]:
            where += f" (and in between with {listing(dips)})"
        so_far = ", unfinished" if series.unfinished else ""
        parts.append(f"{series_title(results, series).lower()}, {where}{so_far}")
    return f"Number of layers at which training stops working in most runs: {'; '.join(parts)}."


def depth_sentences(results: Results) -> list[str]:
    """Return at which depth training stops and how much of the gradient arrives there.

    Parameters
    ----------
    results : Results

    Returns
    -------
    list of str
        One sentence a series, and another where runs are missing.
    """
    sentences = []
    for series in results.depths:
        title, depths = series_title(results, series), series.depths
        sentences.append(f"{title}, {depths[0]} to {depths[-1]} layers: {_found(series)}.")
        if series.unfinished:
            lacking = [f"of {name} at {counted_layers(depth)}" for name, depth in series.unfinished]
            where = sorted({depth for _, depth in series.unfinished})
            said = listing(lacking) if len(lacking) <= _MANY else f"at {_layers(where)}"
            sentences.append(f"{title}: runs are missing {said}.")
    return sentences


def _found(series: DepthSeries) -> str:
    if not series.trains:
        points = [point for points in series.lines.values() for point in points]
        best = max((run["test"]["accuracy"] for p in points for run in p.cell.runs), default=None)
        return (
            "no network trains at any depth (the best test accuracy of a run is "
            f"{percentage(best)} %; to count as working takes {percentage(series.least)} %)"
        )
    stops = {name: stop for name in series.lines if (stop := series.stops(name)) is not None}
    dips = {name: found for name in series.lines if (found := series.dips(name))}
    failing = [
        f"{name} from {counted_layers(stop)} on{_noted(series, _point(series, name, stop))}"
        for name, stop in stops.items()
    ]
    between = [f"{name} at {_layers(depths)}" for name, depths in dips.items()]
    said = []
    if failing:
        said.append(f"training stops working with {listing(failing)}")
    if between:
        it = "it" if said else "training"
        said.append(f"{it} fails with {listing(between)} and works again in deeper networks")
    rest = [name for name in series.lines if name not in stops and name not in dips]
    if rest:
        who = "the others train" if said else "every activation trains"
        missing = any(name in rest for name, _ in series.unfinished)
        said.append(f"{who} at every depth{' that has runs' if missing else ''}")
    return "; ".join(said)


def _layers(depths: Sequence[int]) -> str:
    return f"{listing([count(depth) for depth in depths])} layer{'' if depths[-1] == 1 else 's'}"


def _point(series: DepthSeries, name: str, depth: int) -> DepthPoint:
    return next(point for point in series.lines[name] if point.depth == depth)


def _noted(series: DepthSeries, point: DepthPoint) -> str:
    """Return how many runs work there all the same, and how much of the gradient arrives."""
    working = series.working(point)
    notes = [f"{working} of {point.cell.n} runs work there"] if working else []
    reach = point.reach
    if reach == 0:
        notes.append("none of the gradient arrives")
    elif reach is not None and not 1 / _ARRIVES < reach < _ARRIVES:
        notes.append(f"{rough(reach)} {'times' if reach > 1 else 'of'} the gradient arrives")
    return f" ({'; '.join(notes)})" if notes else ""


def series_title(results: Results, series: DepthSeries) -> str:
    """Return what tells a series of depths from the others of a study.

    Parameters
    ----------
    results : Results
    series : DepthSeries
        One of `Results.depths`.

    Returns
    -------
    str
        The initialisation, with the width and the protocol where there are several.
    """
    every = results.depths
    widths = dict(series.family.options)["widths"]
    assert isinstance(widths, tuple)
    title = f"{series.initialization} initialisation"
    if len({other.family for other in every}) > 1:
        title += f", width {widths[0]}"
    if len({other.protocol for other in every}) > 1:
        title += f", {series.protocol}"
    return sentence_case(title)
