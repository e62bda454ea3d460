"""Against the number of layers: the accuracy, and the gradient that reaches the first of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from ogive.page.picture import Picture
from ogive.page.style import LineStyle
from ogive.page.wording import percentage, rough
from ogive.study.figures.lines import Axis, Line, line_panel

if TYPE_CHECKING:
    from ogive.study.results.depth import DepthPoint, DepthSeries

__all__ = ["accuracy_by_depth", "reach_by_depth"]


def accuracy_by_depth(
    series: DepthSeries, styles: Mapping[str, LineStyle], reference: str, name: str, title: str
) -> Picture:
    """Draw the test accuracy against depth, with one standard deviation either side.

    The dashed line is where training counts as working.

    Parameters
    ----------
    series : DepthSeries
    styles : mapping of str to LineStyle
        By short name.
    reference : str
        Short name of the activation whose line is bold.
    name, title : str
        As for `line_panel`; what is drawn is added to the name.

    Returns
    -------
    Picture
    """
    lines = {}
    for key, points in series.lines.items():
        shown = [p for p in points if p.accuracy is not None]
        x = [p.depth for p in shown]
        y = [p.accuracy or 0.0 for p in shown]
        sd = [p.cell.accuracy.sd or 0.0 for p in shown]
        band = any(sd)
        lines[key] = Line(
            x,
            y,
            [a - b for a, b in zip(y, sd, strict=True)] if band else (),
            [a + b for a, b in zip(y, sd, strict=True)] if band else (),
        )
    said = _at_the_end(series, lambda p: f"{percentage(p.accuracy)} %")
    return _panel(
        lines,
        styles,
        series,
        reference,
        name=f"{name}-accuracy",
        title=title,
        subtitle="test accuracy",
        description=f"Test accuracy by depth. At the deepest: {said}.",
        kind="share",
        limits=(0, 1.0),
        level=series.least,
    )


def reach_by_depth(
    series: DepthSeries,
    styles: Mapping[str, LineStyle],
    reference: str,
    name: str,
    title: str,
    limits: tuple[float, float],
) -> Picture:
    """Draw the share of the gradient that reaches the first layer before training, by depth.

    Parameters
    ----------
    series : DepthSeries
    styles : mapping of str to LineStyle
        By short name.
    reference : str
        Short name of the activation whose line is bold.
    name, title : str
        As for `line_panel`; what is drawn is added to the name.
    limits : tuple of float
        Ends of the logarithmic axis, onto which what lies beyond is moved.

    Returns
    -------
    Picture
        Without points where nothing of the gradient arrives.
    """
    lines = {
        key: Line(
            [p.depth for p in points],
            [math.nan if not p.reach else min(max(p.reach, limits[0]), limits[1]) for p in points],
        )
        for key, points in series.lines.items()
    }
    said = _at_the_end(series, lambda p: "nothing" if not p.reach else rough(p.reach))
    return _panel(
        lines,
        styles,
        series,
        reference,
        name=f"{name}-reach",
        title=title,
        subtitle="gradient at the first layer over the last, before training",
        description=f"Share of the gradient that reaches the first layer. At the deepest: {said}.",
        kind="log",
        limits=limits,
        level=1.0,
    )


def _at_the_end(series: DepthSeries, say: Callable[[DepthPoint], str]) -> str:
    return ", ".join(f"{name} {say(points[-1])}" for name, points in series.lines.items())


def _panel(
    lines: Mapping[str, Line],
    styles: Mapping[str, LineStyle],
    series: DepthSeries,
    reference: str,
    *,
    name: str,
    title: str,
    subtitle: str,
    description: str,
    kind: Literal["log", "share"],
    limits: tuple[float, float],
    level: float,
) -> Picture:
    depths: Sequence[int] = series.depths
    room = (depths[-1] - depths[0]) * 0.02
    return line_panel(
        lines,
        styles,
        Axis(
            "hidden layers",
            (depths[0] - room, depths[-1] + room),
            [(depth, str(depth)) for depth in _apart(depths)],
            y=kind,
            limits=limits,
        ),
        name=name,
        title=title,
        subtitle=subtitle,
        description=description,
        bold=(reference,),
        markers=True,
        size=(536, 330),
        level=level,
    )


def _apart(depths: Sequence[int]) -> list[int]:
    """Return the depths whose labels do not touch, the deepest among them."""
    least = (depths[-1] - depths[0]) / 14
    kept = [depths[-1]]
    for depth in reversed(depths[:-1]):
        if kept[-1] - depth >= least:
            kept.append(depth)
    return kept[::-1]
