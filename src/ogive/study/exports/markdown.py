"""The report as Markdown: the same pages, with their figures as files beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ogive.page.wording import counted
from ogive.study import findings
from ogive.study.report import command, sections
from ogive.study.report.comparison import Comparison
from ogive.study.report.method import Facts
from ogive.study.report.section import Block, Drawing, Figures, Prose, Section, Sentences, Table
from ogive.study.report.shapes import Cards
from ogive.study.results import Results

__all__ = ["as_markdown"]

_MARKS = {"<strong>": "**", "</strong>": "**", "<small>": " (", "</small>": ")"}
"""What stands for a tag of the page's own; text that looks like one has come escaped."""


def as_markdown(results: Results, figures: str, pages: Sequence[Section] | None = None) -> str:
    """Return the report of a study as Markdown.

    Parameters
    ----------
    results : Results
        Of whatever runs there are.
    figures : str
        The folder in which the figures lie as SVG files, as it stands in links.
    pages : sequence of Section, optional
        The pages, where the caller has them already.

    Returns
    -------
    str

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is missing: ``pip install "ogive[study]"``.
    """
    lines = [
        f"# {_text(results.study.name)}",
        "",
        f"**{_text(findings.headline(results))}**",
        "",
        f"Repeat it with `{command(results.study)}`.",
        "",
    ]
    if results.missing:
        lines += [f"*Incomplete: {counted(len(results.missing), 'run')} missing.*", ""]
    for page in sections(results) if pages is None else pages:
        lines += [f"## {_text(page.title)}", ""]
        for block in page.blocks:
            lines += _block(block, page, figures)
    return "\n".join(lines).rstrip() + "\n"


def _block(block: Block, page: Section, figures: str) -> list[str]:
    match block:
        case Prose():
            return [_text(block.text), ""]
        case Sentences():
            return [*(f"- {_text(sentence)}" for sentence in block.sentences), ""]
        case Figures():
            heading = [f"### {_text(block.heading)}", ""] if block.heading else []
            reading = [_text(block.reading), ""] if block.reading else []
            return [*heading, *_images(block.pictures, figures), *reading]
        case Table():
            heads = [f"{c.title} ({c.small})" if c.small else c.title for c in block.columns]
            numbers = [column.number for column in block.columns]
            heading = [f"### {_text(block.heading)}", ""] if block.heading else []
            reading = [_text(block.reading), ""] if block.reading else []
            rows = [cells for _, cells in block.rows]
            return [*heading, *_table(heads, numbers, rows), *reading]
        case Comparison():
            return _comparison(block)
        case Facts():
            return [*(f"- **{_text(term)}.** {_text(said)}" for term, said in block.facts), ""]
        case Cards():
            return _images(page.drawings, figures)
    raise TypeError(f"there is no Markdown for {type(block).__name__}")


def _comparison(block: Comparison) -> list[str]:
    measure = block.measure
    heads = [
        *("Activation", f"{measure.name.capitalize()} ({measure.unit}, mean ± sd)"),
        *(f"{block.other} (mean)", f"Difference ({measure.short}, 95 % interval)"),
        *("p (after Holm)", "Group", "Chance to be better (%)", "Runs"),
    ]
    rows = []
    for row in block.rows:
        difference = "reference" if row.reference else f"{row.difference} ({row.interval})"
        chance = row.superiority if row.chances == "–" else f"{row.superiority} ({row.chances})"
        runs = f"{row.runs}, {row.diverged} diverged" if row.diverged else row.runs
        name = f"**{_text(row.named)}**" if row.differs else _text(row.named)
        level = f"{row.level} ± {row.sd}"
        p = "" if row.reference else row.p
        rows.append([name, level, row.other, difference, p, row.group, chance, runs])
    heading = [f"### {_text(block.title)}", ""] if block.title else []
    return [*heading, *_table(heads, [False, *[True] * 4, False, True, True], rows)]


def _table(
    heads: Sequence[str], numbers: Sequence[bool], rows: Iterable[Sequence[Any]]
) -> list[str]:
    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cells)} |"

    return [
        line(heads),
        line("---:" if number else "---" for number in numbers),
        *(line(_text(cell).replace("|", "\\|") for cell in row) for row in rows),
        "",
    ]


def _images(pictures: Iterable[Drawing], figures: str) -> list[str]:
    links = [f"![{_text(p.description)}]({figures}/{p.name}.svg)" for p in pictures]
    return [*links, ""] if links else []


def _text(value: Any) -> str:
    """Return a text, or mark-up without its tags, on one line; what is small is in brackets."""
    from markupsafe import Markup

    if not isinstance(value, Markup):
        return " ".join(str(value).split())
    text = str(value)
    for tag, mark in _MARKS.items():
        text = text.replace(tag, mark)
    return " ".join(Markup(text).striptags().split())
