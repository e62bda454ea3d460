"""Panels of one number an activation, for every setting that is drawn."""

from __future__ import annotations

from collections.abc import Callable

from ogive.study.figures.dots import Dot, dot_panel
from ogive.study.report.context import Context
from ogive.study.report.section import Drawing
from ogive.study.results import CellResult

__all__ = ["dot_panels"]


def dot_panels(
    context: Context,
    dot: Callable[[CellResult], Dot | None],
    *,
    name: str,
    title: str,
    axis: str,
    scale: float = 1.0,
    zero: bool = True,
    line: float | None = None,
) -> list[Drawing]:
    """Return one panel of dots a setting, without those in which no activation has one.

    Parameters
    ----------
    context : Context
    dot : callable
        From a cell to its dot; None where it has none.
    name, title, axis, scale, zero, line
        As for `ogive.study.figures.dots.dot_panel`; the setting's number and title are added.

    Returns
    -------
    list of Drawing
    """
    panels: list[Drawing] = []
    for result in context.pictured:
        dots = {cell.name: found for cell in result.cells if (found := dot(cell)) is not None}
        if not dots:
            continue
        said = ", ".join(f"{key} {found.said}" for key, found in dots.items())
        panels.append(
            dot_panel(
                dots,
                context.styles,
                name=f"{name}-{result.number}",
                title=title,
                subtitle=context.title(result),
                axis=axis,
                description=f"{title}, {context.title(result)}: {said}.",
                scale=scale,
                zero=zero,
                line=line,
            )
        )
    return panels
