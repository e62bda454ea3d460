"""Robustness: the accuracy when noise is added to the inputs."""

from __future__ import annotations

from ogive.page.wording import percentage
from ogive.study.figures.robustness import accuracy_under_noise
from ogive.study.report.context import Context
from ogive.study.report.section import Block, Column, Figures, Section, Table
from ogive.study.results import SettingResult

__all__ = ["robustness"]


def robustness(context: Context) -> Section | None:
    """Return the page on noise; None where it was not measured."""
    drawn = [
        (result, picture)
        for result in context.pictured
        if (picture := accuracy_under_noise(result, context.title(result), context.styles))
    ]
    if not drawn:
        return None
    blocks: list[Block] = [
        Figures(
            [picture for _, picture in drawn],
            "robustness",
            f"Accuracy on {_which(drawn[0][0])} with Gaussian noise of that standard deviation "
            "added to the standardised inputs, the same rows and noise for every network, and "
            "without noise at 0; mean over the seeds, and one standard deviation either side. "
            "Noise is unknown to the training.",
        )
    ]
    blocks += [_table(context, result) for result, _ in drawn[:1]]
    return Section("robustness", "How they stand noise", "Noise", blocks)


def _table(context: Context, result: SettingResult) -> Table:
    found = [c.outcomes.robustness for c in result.cells if c.outcomes.robustness is not None]
    noise = found[0].noise
    rows = []
    for cell in result.cells:
        if cell.outcomes.robustness is not None:
            summaries = (cell.outcomes.robustness.without, *cell.outcomes.robustness.accuracy)
            rows.append(("", [context.named(cell), *(percentage(s.mean) for s in summaries)]))
    columns = [Column("Activation", number=False), Column("No noise")]
    columns += [Column(f"{level:g}") for level in noise]
    title = f": {result.title}" if result.title else ""
    return Table(
        columns,
        rows,
        heading=f"Test accuracy under noise, %{title}",
        reading=f"Measured on {_which(result)}.",
    )


def _which(result: SettingResult) -> str:
    """Return which rows of the test part it was measured on."""
    found = next(r for cell in result.cells if (r := cell.outcomes.robustness) is not None)
    if found.rows == found.of:
        return f"all {found.of:,} rows of the test part"
    return f"the first {found.rows:,} of the {found.of:,} rows of the test part"
