"""Test accuracy against the noise that is added to the inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ogive.page.picture import Picture
from ogive.page.style import LineStyle
from ogive.page.wording import percentage
from ogive.study.figures.lines import Axis, Line, line_panel

if TYPE_CHECKING:
    from ogive.study.results.setting import SettingResult
    from ogive.study.statistics import Summary

__all__ = ["accuracy_under_noise"]


def accuracy_under_noise(
    result: SettingResult, title: str, styles: Mapping[str, LineStyle]
) -> Picture | None:
    """Draw the mean test accuracy by the standard deviation of the noise, 0 first.

    Parameters
    ----------
    result : SettingResult
    title : str
        Of the panel.
    styles : mapping of str to LineStyle

    Returns
    -------
    Picture or None
        None where it was not measured.
    """
    lines: dict[str, Line] = {}
    ends: dict[str, Summary] = {}
    levels: tuple[float, ...] = ()
    for cell in result.cells:
        found = cell.outcomes.robustness
        if found is None:
            continue
        levels = (0.0, *found.noise)
        summaries = (found.without, *found.accuracy)
        mean = [math.nan if s.mean is None else s.mean for s in summaries]
        sd = [s.sd or 0.0 for s in summaries]
        lines[cell.name] = Line(
            levels,
            mean,
            [a - b for a, b in zip(mean, sd, strict=True)],
            [a + b for a, b in zip(mean, sd, strict=True)],
        )
        ends[cell.name] = summaries[-1]
    if not any(line.present for line in lines.values()):
        return None
    said = ", ".join(f"{name} {percentage(summary.mean)} %" for name, summary in ends.items())
    return line_panel(
        lines,
        styles,
        Axis(
            "standard deviation of the noise",
            (0, levels[-1] * 1.02),
            [(level, f"{level:g}") for level in levels],
            y="share",
        ),
        name=f"robustness-{result.number}",
        title=title,
        description=f"Test accuracy under noise. With a deviation of {levels[-1]:g}: {said}.",
        bold=(result.cell(result.reference).name,),
        markers=True,
        size=(536, 340),
    )
