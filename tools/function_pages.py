"""Write docs/functions: a page and a picture for every function of the catalogue, and an index.

Run it from the root of the repository, with the package installed:

    python tools/function_pages.py docs/functions

Everything on a page is read from the record or computed by the function itself, so that there is
nothing to keep up by hand; a test holds the pages in the repository against what this writes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from curve_svg import picture

from ogive.catalog import CATALOG, DTYPES, FAMILIES, KINDS, Function
from ogive.cli import facts
from ogive.cli.console import number

INDEX = "README.md"
KIND_TITLES = {"value": "value", "grad": "derivative", "backward": "backward"}
MARK = "<!-- Written by tools/function_pages.py from the catalogue: `make docs` writes it anew. -->"


def pages() -> dict[str, str]:
    """Return the text of every file, by its name in the folder."""
    files = {INDEX: index()}
    for record in CATALOG.values():
        files[f"{record.name}.md"] = page(record)
        files[f"{record.name}.svg"] = picture(record)
    return files


def write(folder: Path) -> None:
    """Write every file, and remove pages of functions that are no longer there."""
    folder.mkdir(parents=True, exist_ok=True)
    files = pages()
    for old in folder.iterdir():
        if old.suffix in (".md", ".svg") and old.name not in files:
            old.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def index() -> str:
    """Return the first page: the functions by family, with small pictures."""
    parts = [
        MARK,
        "# The functions",
        f"{len(CATALOG)} functions, each with its derivative, in {', '.join(DTYPES)}. Every page is"
        " written from the function's record in `ogive.catalog`, which `ogive show NAME` prints"
        " too.",
    ]
    for family in FAMILIES:
        heading, sentence = _family(family.__doc__ or "")
        parts += [f"## {heading}", sentence]
        rows = [
            (
                f"[`{record.name}`]({record.name}.md)",
                f'<a href="{record.name}.md"><img src="{record.name}.svg" width="260"'
                f' alt="{record.name} and its derivative"></a>',
                f"`{_in_cell(record.formula)}`",
                _in_cell(record.summary),
            )
            for record in family.FUNCTIONS
        ]
        parts.append(_table(("function", "curve and derivative", "formula", "in a sentence"), rows))
    return "\n\n".join(parts) + "\n"


def page(record: Function) -> str:
    """Return the page of a function."""
    parts = [MARK, f"# `{record.name}`", record.summary]
    if record.aliases:
        parts.append(f"Also known as {', '.join(f'`{alias}`' for alias in record.aliases)}.")
    parts += [
        f"![{record.name} on the left, its derivative on the right]({record.name}.svg)",
        "## Formula",
        _code(_formulas(record), "text"),
    ]
    if record.parameters:
        parts += ["## Parameters", *_parameters(record)]
    parts += [
        "## What is known",
        "At default parameters." if record.parameters else "",
        _table(("", ""), [(label, _in_cell(text)) for label, text in facts.behaviour(record)]),
        "## Initialisation",
        f"`{record.initializer}` with gain {number(record.gain)} for the weights before it."
        f" {record.initializer_reason}",
    ]
    if record.elsewhere:
        rows = [(library, _elsewhere(name)) for library, name in record.elsewhere.items()]
        parts += [
            "## Elsewhere",
            "In brackets what differs there from Ogive, or how it is asked for.",
            _table(("library", "name"), rows),
        ]
    parts += [
        "## Error",
        "The largest error in units in the last place (ulp) of the exact result, over the whole"
        " range, both tails and subnormal results included. 0.5 ulp is correct rounding.",
        _table(
            ("", *DTYPES),
            [
                (KIND_TITLES[kind], *(facts.error(record.error_bound[kind, d]) for d in DTYPES))
                for kind in KINDS
            ],
        ),
        "## Example",
        _code(_session(record), "python"),
        "## Source",
        record.source,
        f"[All functions]({INDEX})",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _formulas(record: Function) -> list[str]:
    lines = [("f(x)", record.formula), ("f′(x)", record.derivative_formula)]
    lines += [(f"∂f/∂{p.name}", p.derivative_formula) for p in record.parameters if p.learned]
    width = max(len(left) for left, _ in lines)
    return [f"{left:{width}} = {right}" for left, right in lines]


def _parameters(record: Function) -> list[str]:
    rows = [
        (
            f"`{p.name}`",
            number(p.default),
            p.condition,
            _in_cell(p.summary),
            "yes" if p.learned else "no",
        )
        for p in record.parameters
    ]
    parts = [_table(("name", "default", "allowed", "what it does", "derivative"), rows)]
    learned = [p for p in record.parameters if p.learned]
    if learned:
        grad, backward = facts.derivative_calls(record, learned[0])
        parts.append(
            "The last column tells whether the derivative with respect to the parameter is there"
            f" too: `{grad}`, and times a gradient `{backward}`, one number an element."
        )
    return parts


def _elsewhere(name: str) -> str:
    """Set the name in code and the remark in brackets in plain text.

    Brackets that belong to the call, such as those of `numpy.logaddexp(0, x)`, stay with it.
    """
    code, separator, remark = name.partition(" (")
    return f"`{_in_cell(code)}`" + (f" ({_in_cell(remark)}" if separator else "")


def _session(record: Function) -> list[str]:
    lines = [">>> import ogive"]
    for call, result in facts.examples(record):
        lines += [f">>> {call}", result]
    return lines


def _family(docstring: str) -> tuple[str, str]:
    """Take heading and sentence from the first line of a family's file."""
    heading, _, sentence = docstring.splitlines()[0].removeprefix("Records of ").partition(": ")
    return heading[0].upper() + heading[1:], sentence[0].upper() + sentence[1:]


def _in_cell(text: str) -> str:
    """Escape bars: one would end the cell, even in code."""
    return text.replace("|", "\\|")


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    ruled = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in ruled)


def _code(lines: Iterable[str], language: str) -> str:
    return "\n".join([f"```{language}", *lines, "```"])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write(Path(sys.argv[1]))
