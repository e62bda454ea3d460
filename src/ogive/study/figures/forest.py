"""The differences from the reference with their intervals: the table's picture as a figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ogive.page.picture import Picture
from ogive.page.style import LineStyle
from ogive.study.figures.dots import Dot, dot_panel

if TYPE_CHECKING:
    from ogive.study.results.measure import Measure
    from ogive.study.results.setting import SettingResult

__all__ = ["forest_plot"]


def forest_plot(
    result: SettingResult, measure: Measure, styles: Mapping[str, LineStyle]
) -> Picture | None:
    """Draw the paired differences from the reference with their 95 % intervals.

    Parameters
    ----------
    result : SettingResult
    measure : Measure
        What is compared.
    styles : mapping of str to LineStyle

    Returns
    -------
    Picture or None
        None without a difference. What does not differ after Holm's adjustment is hollow.
    """
    reference = result.cell(result.reference).name
    dots = {
        cell.name: Dot(
            cell.difference.mean,
            cell.difference.lower,
            cell.difference.upper,
            measure.difference(cell.difference.mean),
            hollow=not result.differs(cell),
        )
        for cell in result.cells
        if cell.difference is not None
    }
    if not dots:
        return None
    said = ", ".join(f"{name} {dot.said}" for name, dot in dots.items())
    return dot_panel(
        dots,
        styles,
        name=f"forest-{result.number}",
        title=f"Difference in {measure.name} from {reference}",
        subtitle=result.title,
        axis=f"{measure.step}, with 95 % intervals",
        description=f"Differences in {measure.name} from {reference}: {said}.",
        line=0.0,
        scale=measure.scale,
        width=536,
    )
