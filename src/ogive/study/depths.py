"""What a study found about depth, in words: where training stops working."""

from __future__ import annotations

from ogive.page.wording import counted_layers, listing, rough
from ogive.study.results import Results
from ogive.study.results.depth import DepthSeries
from ogive.study.results.naming import sentence_case

__all__ = ["asks_for_depth", "depth_headline", "depth_sentences", "series_title"]

_SEVERAL = 3
"""Depths from which on a study asks how deep its networks still train."""


def asks_for_depth(results: Results) -> bool:
    """Tell whether depth is what the compared settings differ in."""
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
        parts.append(f"{series_title(results, series).lower()}, {where}")
    return f"Number of layers at which training stops working: {'; '.join(parts)}."


def depth_sentences(results: Results) -> list[str]:
    """Return at which depth training stops and how much of the gradient arrives there.

    Parameters
    ----------
    results : Results

    Returns
    -------
    list of str
        One sentence a series.
    """
    sentences = []
    for series in results.depths:
        depths = series.depths
        stops = {name: series.stops(name) for name in series.lines}
        failing = [
            f"{name} from {counted_layers(stop)} on{_because(series, name, stop)}"
            for name, stop in stops.items()
            if stop is not None
        ]
        start = series_title(results, series)
        span = f"{depths[0]} to {depths[-1]} layers"
        if not failing:
            sentences.append(f"{start}: every activation still trains at {depths[-1]} layers.")
            continue
        rest = "; the others train at every depth" if len(failing) < len(stops) else ""
        sentences.append(f"{start}, {span}: training stops working with {listing(failing)}{rest}.")
    return sentences


def _because(series: DepthSeries, name: str, stop: int) -> str:
    point = next(p for p in series.lines[name] if p.depth == stop)
    if not point.reach:
        return ""
    times = "times " if point.reach > 1.5 else "of "
    return f" ({rough(point.reach)} {times}the gradient arrives)"


def series_title(results: Results, series: DepthSeries) -> str:
    """Return what tells a series of depths from the others of a study."""
    every = results.depths
    widths = dict(series.family.options)["widths"]
    assert isinstance(widths, tuple)
    title = f"{series.initialization} initialisation"
    if len({other.family for other in every}) > 1:
        title += f", width {widths[0]}"
    if len({other.protocol for other in every}) > 1:
        title += f", {series.protocol}"
    return sentence_case(title)
