"""The answer: what differs, what cannot be told apart, and what could have been seen."""

from __future__ import annotations

from ogive.page.wording import listing
from ogive.study import findings
from ogive.study.report.context import Context
from ogive.study.report.section import Block, Column, Prose, Section, Sentences, Table
from ogive.study.results import CellResult, SettingResult
from ogive.study.results.protocols import protocol_pairs

__all__ = ["answer"]


def answer(context: Context) -> Section:
    """Return the first page: sentences, and the settings side by side."""
    results = context.results
    sentences = findings.answer(results) or [findings.headline(results)]
    blocks: list[Block] = [Sentences(sentences)]
    if len(results.compared) > 1:
        blocks.append(_side_by_side(context))
    for untuned, tuned in protocol_pairs(results.compared):
        blocks += _tuning(context, untuned, tuned)
    return Section("answer", "The answer", "Answer", blocks)


def _side_by_side(context: Context) -> Table:
    """Return the differences from the reference, a setting a column."""
    results, measure = context.results, context.results.measure
    compared = results.compared
    rows = []
    for cell in results.main.cells:
        texts = [_short(result, result.cell(cell.label), context) for result in compared]
        rows.append(("", [context.named(cell), *texts]))
    unfinished = [result.title for result in compared if result.unfinished]
    missing = f" Runs are missing in {'; '.join(unfinished)}." if unfinished else ""
    return Table(
        [Column("Activation", number=False), *(Column(r.title, measure.short) for r in compared)],
        rows,
        heading=f"Difference in {measure.name} from {results.reference}, setting by setting",
        reading="Bold: differs from the reference after Holm's adjustment over the comparisons of "
        "its column; any other difference cannot be told from none. A dash: nothing to compare."
        f"{missing}",
    )


def _short(result: SettingResult, cell: CellResult, context: Context) -> object:
    from markupsafe import Markup

    measure = context.results.measure
    if cell.label == result.reference:
        return Markup('<span class="sd">{}</span>').format(measure.level(cell.mean))
    if cell.difference is None:
        return "–"
    text = measure.difference(cell.difference.mean)
    return Markup("<strong>{}</strong>").format(text) if result.differs(cell) else text


def _tuning(context: Context, untuned: SettingResult | None, tuned: SettingResult) -> list[Block]:
    measure, tuning = context.results.measure, context.results.study.tuning
    if not any(cell.choice for cell in tuned.cells):
        return [Prose(f"{_where(tuned)}: the trials are not finished yet.", note=True)]
    rows = []
    for cell in tuned.cells:
        before = None if untuned is None else untuned.cell(cell.label)
        change = None
        if before is not None and before.mean is not None and cell.mean is not None:
            change = cell.mean - before.mean
        choice = cell.choice
        rows.append(
            (
                "",
                [
                    context.named(cell),
                    "–" if before is None else measure.level(before.mean),
                    measure.level(cell.mean),
                    measure.difference(change),
                    "–" if choice is None else f"{choice.learning_rate:g}",
                    "–" if choice is None else f"{choice.gain:g}",
                    "" if choice is None or not choice.at_edge else "at an edge",
                ],
            )
        )
    edges = [cell.name for cell in tuned.cells if cell.choice and cell.choice.at_edge]
    reading = (
        f"The same budget for every activation: {tuning.trials} trainings each, judged on the "
        "validation part alone, with seeds that the comparison does not use."
    )
    if edges:
        whom = "every activation" if len(edges) == len(tuned.cells) > 1 else listing(edges)
        reading += (
            f" For {whom} the choice lies at an edge of what was tried, so that a better "
            "one may lie beyond."
        )
    return [
        Table(
            [
                Column("Activation", number=False),
                Column("Drop-in", measure.unit),
                Column("Tuned", measure.unit),
                Column("Change", measure.short),
                Column("Learning rate", "chosen"),
                Column("Gain", "chosen"),
                Column("Of the grid", number=False),
            ],
            rows,
            heading=f"One recipe for all, and tuned for each{_of(tuned)}",
            reading=reading,
        )
    ]


def _where(result: SettingResult) -> str:
    return f"{result.setting.model}, {result.setting.initialization} initialisation, tuned"


def _of(result: SettingResult) -> str:
    return f": {result.setting.model}, {result.setting.initialization} initialisation"
