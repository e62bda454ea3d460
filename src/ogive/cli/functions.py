"""``ogive functions``: the catalogue as a table."""

from __future__ import annotations

import click

from ogive.cli.console import console, ends, number


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

    from rich.table import Table
    from rich.text import Text

    out = console()
    # A terminal of 80 columns has no room for the last column, which `ogive show` has too.
    roomy = out.width >= 110
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("function", "formula", "range", "max slope", "flat at"):
        table.add_column(heading, justify="right" if heading == "max slope" else "left")
    if roomy:
        table.add_column("initialisation")
    for function in CATALOG.values():
        cells = [
            Text(function.name, style="bold"),
            Text(function.formula),
            Text(f"{number(function.range[0])} … {number(function.range[1])}"),
            Text(number(function.max_derivative)),
            Text(ends(function.saturates) or "–"),
            Text(f"{function.initializer}, gain {number(function.gain)}"),
        ]
        table.add_row(*(cells if roomy else cells[:-1]))
    out.print(table)
