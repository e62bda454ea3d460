"""``ogive show NAME``: all that is known of one function, and its picture."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ogive.cli import facts
from ogive.cli.console import console, number
from ogive.cli.group import mistake, require
from ogive.cli.output import writable_file

if TYPE_CHECKING:
    from ogive.catalog import Function

_FORMATS = (".png", ".svg", ".pdf")


@click.command("show")
@click.argument("name")
@click.option(
    "--plot",
    "file",
    type=click.Path(path_type=Path, readable=False),
    help="Draw into FILE (png, svg or pdf).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON.")
def command(name: str, file: Path | None, as_json: bool) -> None:
    """Show formula, derivative, facts, names elsewhere, error bounds and a plot of NAME."""
    from ogive import catalog

    try:
        record = catalog.get(name)
    except ValueError as error:
        raise mistake(error) from None
    if file is not None:
        if file.suffix.lower() not in _FORMATS:
            raise mistake(f"--plot writes {', '.join(_FORMATS)}, not {file.name!r}")
        writable_file(file)
        require("matplotlib", extra="study")
    if as_json:
        import json

        from ogive.cli import record as records

        click.echo(json.dumps(records.as_json(record), indent=2, ensure_ascii=False))
    else:
        _print_facts(record)
    if file is not None:
        from ogive.cli.plot_file import draw

        try:
            draw(record, file)
        except OSError as error:
            raise mistake(f"cannot write {file}: {error.strerror}") from None
        if not as_json:
            click.echo(f"plot: {file}")
    elif not as_json:
        _print_plot(record)


def _print_facts(record: Function) -> None:
    from rich.table import Table
    from rich.text import Text

    out = console()
    heading = Text(record.name, style="bold")
    if record.aliases:
        heading.append(f"  also {', '.join(record.aliases)}", style="dim")
    out.print(heading)
    out.print(Text(record.summary))
    out.print()
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in _facts(record):
        table.add_row(label, Text(text))
    out.print(table)


def _facts(record: Function) -> list[tuple[str, str]]:
    from ogive.catalog import DTYPES, KINDS

    rows = [("formula", record.formula), ("derivative", record.derivative_formula)]
    for p in record.parameters:
        told = f"{p.summary}; default {number(p.default)}, {p.condition}"
        rows.append((f"parameter {p.name}", told))
        if p.learned:
            call, _ = facts.derivative_calls(record, p)
            rows.append((f"d / d {p.name}", f"{p.derivative_formula}: {call}"))
    rows += facts.behaviour(record)
    rows += [
        ("initialisation", facts.initialisation(record)),
        ("because", record.initializer_reason),
    ]
    rows += [(f"in {library}", name) for library, name in record.elsewhere.items()]
    for kind in KINDS:
        bounds = [f"{dtype} {facts.error(record.error_bound[kind, dtype])}" for dtype in DTYPES]
        rows.append((f"error of {kind}", ", ".join(bounds)))
    call, result = next(facts.examples(record))
    rows.append(("example", f"{call} is {result}"))
    rows.append(("source", record.source))
    return rows


def _print_plot(record: Function) -> None:
    """Plot value and derivative in characters; a terminal too small for that gets none."""
    columns, lines = shutil.get_terminal_size((80, 24)) if sys.stdout.isatty() else (80, 24)
    if columns < 40 or lines < 14:
        return
    from ogive.cli.plot_terminal import picture

    out = console()
    out.print()
    out.print(picture(record, min(columns - 1, 84), min(lines - 4, 20)), no_wrap=True)
