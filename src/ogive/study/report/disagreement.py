"""Disagreement: how differently two networks answer that differ in their seed alone."""

from __future__ import annotations

from ogive.study.figures.dots import Dot
from ogive.study.report.context import Context
from ogive.study.report.section import Block, Figures, Prose, Section
from ogive.study.report.spread import dot_panels
from ogive.study.report.unanswered import unanswered
from ogive.study.results import CellResult

__all__ = ["disagreement"]


def disagreement(context: Context) -> Section | None:
    """Return the page on disagreement; None where no cell has two seeds with their mistakes."""
    shares = dot_panels(
        context,
        _share,
        name="disagreement",
        title="Test rows answered differently",
        axis="%",
        scale=100,
    )
    if not shares:
        return None
    ratios = dot_panels(
        context,
        _relative,
        name="disagreement-ratio",
        title="Over that of independent mistakes",
        axis="ratio",
        line=1.0,
    )
    pictures = [picture for pair in zip(shares, ratios, strict=False) for picture in pair]
    blocks: list[Block] = [
        Figures(
            pictures if len(ratios) == len(shares) else [*shares, *ratios],
            "disagreement",
            "Left: the share of the test rows to which two networks of the same activation give "
            "different answers, over all pairs of seeds. Right: that share over what it would be "
            "if their mistakes had nothing to do with each other (the line at 1). A worse network "
            "disagrees more whatever its activation, so that it is the right side which compares.",
        )
    ]
    if without := unanswered(context):
        blocks.append(
            Prose(f"Runs that do not answer every row are left out: {without}.", note=True)
        )
    return Section("disagreement", "How much two seeds disagree", "Disagreement", blocks)


def _share(cell: CellResult) -> Dot | None:
    found = cell.outcomes.disagreement
    return None if found is None else Dot(found.share, said=f"{100 * found.share:.2f} %")


def _relative(cell: CellResult) -> Dot | None:
    found = cell.outcomes.disagreement
    if found is None or found.relative is None:
        return None
    return Dot(found.relative, said=f"{found.relative:.2f}")
