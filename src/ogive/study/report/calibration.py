"""Calibration: whether a network is right as often as it says."""

from __future__ import annotations

import statistics

from ogive.study.figures.dots import Dot
from ogive.study.figures.reliability import reliability
from ogive.study.report.context import Context
from ogive.study.report.section import Block, Figures, Prose, Section
from ogive.study.report.spread import dot_panels
from ogive.study.report.unanswered import unanswered
from ogive.study.results import CellResult

__all__ = ["calibration"]


def calibration(context: Context) -> Section | None:
    """Return the page on calibration; None where it was not recorded."""
    errors = dot_panels(
        context,
        _error,
        name="calibration-error",
        title="Expected calibration error",
        axis="percentage points",
        scale=100,
    )
    if not errors:
        return None
    chance = [
        c.by_chance
        for cell in context.results.main.cells
        if (c := cell.outcomes.calibrated) is not None and c.by_chance is not None
    ]
    floor = ""
    if chance:
        floor = (
            " Chance keeps it from 0: a network that is exactly as often right as it says would "
            f"show about {100 * statistics.median(chance):.1f} on so many rows, with any seed."
        )
    blocks: list[Block] = [
        Figures(
            errors,
            "calibration",
            "Mean distance between how sure a network is and how often it is right, over its test "
            "answers: the mean over the seeds, with one standard deviation either side." + floor,
        )
    ]
    main = context.results.main
    curves = [
        reliability(
            found.curve, context.styles[cell.name], f"reliability-{main.number}-{place}", cell.name
        )
        for place, cell in enumerate(main.cells, 1)
        if (found := cell.outcomes.calibrated) is not None and found.curve
    ]
    if curves:
        where = f" ({main.title})" if main.title else ""
        blocks.append(
            Figures(
                curves,
                "reliability",
                f"How often answers are right (upwards, %) where the network is so sure (to the "
                f"right, %), all seeds together{where}; larger points stand for more answers, bars "
                "are 95 % intervals on the rows of one seed: the seeds answer the same rows, and "
                "more of them do not make these rows more. Below the dashed line a network is too "
                "sure of itself, above it too modest.",
                "five",
                heading="Reliability",
            )
        )
    if without := unanswered(context):
        said = f"Rows without a finite answer are in no bin. There are some with {without}."
        blocks.append(Prose(said, note=True))
    return Section("calibration", "Whether they know how sure to be", "Calibration", blocks)


def _error(cell: CellResult) -> Dot | None:
    found = cell.outcomes.calibrated
    if found is None or found.error.mean is None:
        return None
    mean, sd = found.error.mean, found.error.sd
    low, high = (None, None) if sd is None else (max(0.0, mean - sd), mean + sd)
    less = "" if found.error.n == cell.n else f" ({found.error.n} of {cell.n})"
    return Dot(mean, low, high, f"{100 * mean:.2f}{less}")
