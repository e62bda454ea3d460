"""The results of a study as tables for the terminal, one a setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ogive.page import wording

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from ogive.study.results import CellResult, Measure, Results, SettingResult

__all__ = ["results_table"]


def results_table(results: Results) -> RenderableType:
    """Return the tables: the compared quantity, paired difference with interval, p, groups, time.

    Parameters
    ----------
    results : ogive.study.results.Results

    Returns
    -------
    rich.console.RenderableType
        A table of each setting that compares, below its title where the study has several.
    """
    from rich.console import Group
    from rich.text import Text

    from ogive.study import findings

    parts: list[RenderableType] = []
    for result in results.compared:
        title = [Text(result.title, style="bold")] if result.title else []
        parts += [*title, _table(results, result), ""]
    if note := findings.beyond_possible(results):
        return Group(*parts, Text(note, style="dim"))
    return Group(*parts[:-1])


def _table(results: Results, result: SettingResult) -> Table:
    from rich.table import Table
    from rich.text import Text

    measure = results.measure
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("activation")
    level = f"{measure.key} {measure.unit}"
    for heading in (level, f"− {results.reference}", "95 % interval", "p (Holm)"):
        table.add_column(heading, justify="right")
    table.add_column("group")
    table.add_column("runs", justify="right")
    table.add_column("an epoch", justify="right", style="dim")
    for cell in result.cells:
        name = Text(cell.label, style="bold" if result.differs(cell) else "")
        table.add_row(name, *_cells(result, cell, measure))
    return table


def _cells(result: SettingResult, cell: CellResult, measure: Measure) -> list[str]:
    sd = "" if cell.sd is None else f" ± {measure.size(cell.sd)}"
    runs = f"{cell.n} of {cell.asked}" if cell.asked else "none yet"
    if cell.diverged:
        runs += f", {cell.diverged} diverged"
    reference = cell.label == result.reference
    difference = cell.difference
    interval = "–"
    if difference is not None and difference.lower is not None:
        ends = (difference.lower, difference.upper)
        interval = " to ".join(measure.difference(end) for end in ends)
    shown = measure.difference(None if difference is None else difference.mean)
    return [
        measure.level(cell.mean) + sd,
        "reference" if reference else shown,
        "" if reference else interval,
        "" if reference else wording.p_value(cell.p_holm),
        "" if result.groups is None else result.groups.letters.get(cell.label, ""),
        runs,
        wording.duration(cell.seconds_per_epoch),
    ]
