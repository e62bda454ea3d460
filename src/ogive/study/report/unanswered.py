"""Which runs have rows without an answer, for the pages that leave these out."""

from __future__ import annotations

from ogive.page.wording import counted, listing
from ogive.study.report.context import Context

__all__ = ["unanswered"]


def unanswered(context: Context) -> str:
    """Return how many runs of the drawn settings lack finite answers; empty where none does.

    Parameters
    ----------
    context : Context

    Returns
    -------
    str
        As in "silu (1 of 4 runs)"; with the setting where several are drawn.
    """
    several = len(context.pictured) > 1
    said = [
        f"{cell.name} ({cell.outcomes.unanswered} of {counted(cell.n, 'run')}"
        f"{f'; {result.title}' if several else ''})"
        for result in context.pictured
        for cell in result.cells
        if cell.outcomes.unanswered
    ]
    return listing(said)
