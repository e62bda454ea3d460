"""Sparsity: how many outputs are zero, or next to nothing."""

from __future__ import annotations

from typing import Literal

from ogive.study.figures.dots import Dot
from ogive.study.report.context import Context
from ogive.study.report.section import Figures, Section
from ogive.study.report.spread import dot_panels
from ogive.study.results import CellResult

__all__ = ["sparsity"]


def sparsity(context: Context) -> Section | None:
    """Return the page on sparsity; None where it was not measured."""
    zero = dot_panels(
        context,
        lambda cell: _dot(cell, "zero"),
        name="zero",
        title="Outputs that are exactly 0",
        axis="%",
        scale=100,
    )
    if not zero:
        return None
    small = dot_panels(
        context,
        lambda cell: _dot(cell, "small"),
        name="small",
        title="Outputs below 1 % of their RMS",
        axis="%",
        scale=100,
    )
    pictures = [picture for pair in zip(zero, small, strict=True) for picture in pair]
    return Section(
        "sparsity",
        "How sparse the activations are",
        "Sparsity",
        [
            Figures(
                pictures,
                "sparsity",
                "Mean over the activations of the trained network and over the seeds; the line "
                "reaches from the activation with the least to the one with the most. Only exact "
                "zeros can be skipped; small values can be rounded away.",
            )
        ],
    )


def _dot(cell: CellResult, share: Literal["zero", "small"]) -> Dot | None:
    found = cell.outcomes.sparsity
    if found is None:
        return None
    values = [v for v in (found.zero if share == "zero" else found.small) if v is not None]
    if not values:
        return None
    mean = sum(values) / len(values)
    return Dot(mean, min(values), max(values), f"{100 * mean:.1f} %")
