"""``ogive functions``: the catalogue as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ogive.cli import facts
from ogive.cli.console import console, ends, number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from ogive.catalog import Function


@click.command("functions")
@click.option("--json", "as_json", is_flag=True, help="Print the records as JSON.")
def command(as_json: bool) -> None:
    """List every function with its formula and what is known of it."""
    from ogive.catalog import CATALOG

    if as_json:
        import json

        from ogive.cli import record

        records = [record.as_json(function) for function in CATALOG.values()]
        click.echo(json.dumps(records, indent=2, ensure_ascii=False))
        return

    print_table(console(), CATALOG.values())


def print_table(out: Console, functions: Iterable[Function]) -> None:
    """Print the table, in a terminal with the columns that it has room for.

    Parameters
    ----------
    out : rich.console.Console
    functions : iterable of ogive.catalog.Function
    """
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    # A terminal of 80 columns has no room for all; `ogive show` has them.
    roomy = out.width >= 110
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("function", no_wrap=True)
    table.add_column("formula")
    if roomy:
        table.add_column("parameters")
    table.add_column("range")
    table.add_column("max slope", justify="right")
    table.add_column("flat at")
    if roomy:
        table.add_column("initialisation")
    for function in functions:
        row = {
            "function": Text(function.name, style="bold"),
            "formula": Text(function.formula),
            "parameters": Text(_parameters(function) or "–"),
            "range": Text(f"{number(function.range[0])} … {number(function.range[1])}"),
            "max slope": Text(number(function.max_derivative)),
            "flat at": Text(ends(function.saturates) or "–"),
            "initialisation": Text(facts.initialisation(function)),
        }
        table.add_row(*(row[str(column.header)] for column in table.columns))
    if not out.is_terminal:
        # Whoever pipes the table reads it by lines: one a function, however long its formula.
        out.width = Measurement.get(out, out.options.update(max_width=10_000), table).maximum
    out.print(table)


def _parameters(function: Function) -> str:
    """Write the parameters with their defaults; of many, the first and the last."""
    words = [f"{name}={number(value)}" for name, value in function.defaults().items()]
    return ", ".join(words if len(words) <= 3 else [words[0], "…", words[-1]])
