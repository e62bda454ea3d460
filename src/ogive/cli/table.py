"""The results of a study as a table for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ogive.page import wording
from ogive.study import findings

if TYPE_CHECKING:
    from rich.table import Table

    from ogive.study.results import ActivationResult, Results


def results_table(results: Results) -> Table:
    """Return the table: accuracy, paired difference with its interval, p after Holm, time.

    Parameters
    ----------
    results : ogive.study.results.Results

    Returns
    -------
    rich.table.Table
    """
    from rich.table import Table
    from rich.text import Text

    study = results.study
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("activation")
    for heading in ("accuracy %", f"− {study.reference}", "95 % interval", "p (Holm)", "runs"):
        table.add_column(heading, justify="right")
    table.add_column("an epoch", justify="right", style="dim")
    for result in results.activations:
        name = Text(result.activation, style="bold" if findings.differs(result) else "")
        table.add_row(name, *_cells(result, study.reference, study.seeds))
    return table


def _cells(result: ActivationResult, reference: str, seeds: int) -> list[str]:
    sd = "" if result.sd is None else f" ± {100 * result.sd:.2f}"
    runs = f"{result.n} of {seeds}"
    if result.diverged:
        runs += f", {result.diverged} diverged"
    difference = result.difference
    interval = "–"
    if difference is not None and difference.lower is not None:
        interval = f"{wording.points(difference.lower)} to {wording.points(difference.upper)}"
    return [
        wording.percentage(result.mean) + sd,
        "reference"
        if result.activation == reference
        else wording.points(None if difference is None else difference.mean),
        "" if result.activation == reference else interval,
        "" if result.activation == reference else wording.p_value(result.p_holm),
        runs,
        wording.duration(result.seconds_per_epoch),
    ]
