"""``ogive data``: the data sets of a study, what is here, and how to get what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ogive.cli.console import console
from ogive.cli.group import mistake

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from ogive.study.data.kind import DataKind
    from ogive.study.options import Option

ROOMY = 110
"""Columns that all there is to say takes."""


@click.command("data")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print what is known as JSON.")
def command(name: str | None, as_json: bool) -> None:
    """List the data sets of `ogive study`, or say more of one: nothing is loaded for it."""
    from ogive.study import checked
    from ogive.study.data.known import DATASETS

    if name is not None:
        try:
            # A word with options or a path is about the set that it begins with.
            checked.one_of("data", name.partition(":")[0], tuple(DATASETS))
        except ValueError as error:
            raise mistake(error) from None
    kinds = list(DATASETS.values()) if name is None else [DATASETS[name.partition(":")[0]]]
    if as_json:
        import json

        found = [_as_json(kind) for kind in kinds]
        said = found if name is None else found[0]
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
    elif name is None:
        _print_table(console(), kinds)
    else:
        _print_one(console(), kinds[0])


def _here(kind: DataKind) -> str:
    """Say whether a set can be used as it is."""
    if kind.path == "needed":
        return "by a path"
    return "no" if kind.missing() else "yes"


def _size(kind: DataKind) -> str:
    shape = f"({kind.shape})" if "×" in kind.shape else kind.shape
    return f"{kind.rows} × {shape}" if kind.rows else "as yours"


def _print_table(out: Console, kinds: list[DataKind]) -> None:
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    roomy = out.width >= ROOMY
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("data", no_wrap=True)
    table.add_column("what it is")
    table.add_column("rows × inputs", no_wrap=roomy)
    table.add_column("classes", justify="right")
    table.add_column("here", no_wrap=True)
    if roomy:
        table.add_column("licence")
    for kind in kinds:
        here = _here(kind)
        row = {
            "data": Text(kind.name, style="bold"),
            "what it is": Text(kind.summary),
            "rows × inputs": Text(_size(kind)),
            "classes": Text(kind.classes or "–"),
            "here": Text(here, style="" if here == "yes" else "dim"),
            "licence": Text(kind.licence),
        }
        table.add_row(*(row[str(column.header)] for column in table.columns))
    if not out.is_terminal:
        # Whoever pipes the table reads it by lines: one a set.
        out.width = Measurement.get(out, out.options.update(max_width=10_000), table).maximum
    out.print(table)
    absent = [kind for kind in kinds if _here(kind) != "yes"]
    if absent:
        out.print()
        out.print("How to get what is not here:")
        for kind in absent:
            out.print(Text(f"  {kind.name}: {kind.how}"), soft_wrap=True)


def _print_one(out: Console, kind: DataKind) -> None:
    from rich.table import Table
    from rich.text import Text

    out.print(Text(kind.name, style="bold"))
    out.print(Text(kind.about))
    out.print()
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, said in _facts(kind):
        table.add_row(label, said)
    out.print(table)


def _facts(kind: DataKind) -> list[tuple[str, Text]]:
    from rich.text import Text

    missing = kind.missing() if kind.path != "needed" else kind.missing("a path")
    rows = [
        ("inputs", kind.inputs or "as the data say"),
        ("rows × inputs", _size(kind)),
        ("classes", kind.classes or "as the data say"),
        *((f"option {option.name}", _option(option)) for option in kind.options),
    ]
    best = kind.best_of({option.name: option.default for option in kind.options})
    if best is not None:
        rows.append(("best accuracy", f"{100 * best:.2f} % on average, with the options as here"))
    rows += [
        ("here", _here(kind) + (f", without {', '.join(missing)}" if missing else "")),
        ("to get it", kind.how or "nothing is needed"),
        ("licence", kind.licence),
        ("source", kind.source),
        ("in a study", f"ogive study --data {_word(kind)}"),
    ]
    return [(label, Text(said)) for label, said in rows]


def _option(option: Option) -> str:
    choices = f": {', '.join(option.choices)}" if option.choices else ""
    return f"{option.summary}{choices}; default {option.write(option.default)}"


def _word(kind: DataKind) -> str:
    """Return an example of how a declaration names it."""
    parts = [kind.name]
    if kind.options:
        first = kind.options[0]
        parts.append(f"{first.name}={first.write(first.default)}")
    if kind.path == "needed":
        parts.append("PATH")
    return ":".join(parts)


def _as_json(kind: DataKind) -> dict[str, Any]:
    return {
        "name": kind.name,
        "about": kind.about,
        "inputs": kind.inputs,
        "rows": kind.rows,
        "shape": kind.shape,
        "classes": kind.classes,
        "options": [
            {
                "name": option.name,
                "default": option.default,
                "summary": option.summary,
                "choices": list(option.choices),
            }
            for option in kind.options
        ],
        "path": kind.path,
        "best": kind.best_of({option.name: option.default for option in kind.options}),
        "here": _here(kind) == "yes",
        "missing": list(kind.missing()),
        "get": kind.how,
        "licence": kind.licence,
        "source": kind.source,
    }
