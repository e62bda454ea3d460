"""``ogive show NAME``: all that is known of one function, and its picture."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ogive.cli.console import console, ends, number
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
    low, high = (("" if v is None else number(v)) for v in record.limits)
    is_so = {
        "monotonic": record.monotonic,
        "odd": record.odd,
        "zero-centred": record.zero_centred,
        "self-gated": record.self_gated,
        "smooth": record.smooth,
    }
    facts = [("formula", record.formula), ("derivative", record.derivative_formula)]
    facts += [
        (f"parameter {p.name}", f"{p.summary}; default {number(p.default)}, {p.condition}")
        for p in record.parameters
    ]
    facts += [
        ("defined on", f"{number(record.domain[0])} … {number(record.domain[1])}"),
        ("values", f"{number(record.range[0])} … {number(record.range[1])}"),
    ]
    if low and high:
        facts.append(("limits", f"{low} at −∞, {high} at +∞"))
    flat = ends(record.saturates)
    facts += [
        ("saturates", f"at {flat} (the derivative tends to 0)" if flat else "nowhere"),
        ("largest slope", number(record.max_derivative)),
        ("is", ", ".join(word for word, true in is_so.items() if true) or "none of these"),
        ("is not", ", ".join(word for word, true in is_so.items() if not true) or "–"),
        ("initialisation", f"{record.initializer}, gain {number(record.gain)}"),
    ]
    facts += [(f"in {library}", name) for library, name in record.elsewhere.items()]
    kinds: dict[str, list[str]] = {}
    for (kind, dtype), bound in record.error_bound.items():
        kinds.setdefault(kind, []).append(f"{dtype} {number(bound)}")
    facts += [(f"error of {kind}", f"at most {', '.join(b)} ulp") for kind, b in kinds.items()]
    facts.append(("source", record.source))
    return facts


def _print_plot(record: Function) -> None:
    """Plot value and derivative in characters; a terminal too small for that gets none."""
    columns, lines = shutil.get_terminal_size((80, 24)) if sys.stdout.isatty() else (80, 24)
    if columns < 40 or lines < 14:
        return
    from ogive.cli.plot_terminal import picture

    out = console()
    out.print()
    out.print(picture(record, min(columns - 1, 84), min(lines - 4, 20)), no_wrap=True)
