"""``ogive report``: the report again, from the finished runs that are there."""

from __future__ import annotations

from pathlib import Path

import click

from ogive.cli import declaration
from ogive.cli.group import mistake, require
from ogive.cli.output import writable_file
from ogive.cli.written import EXPORT_HELP, write_report


@click.command("report")
@click.argument(
    "folder",
    metavar="[DIR]",
    type=click.Path(path_type=Path, readable=False),
    default="ogive-study",
)
@click.option(
    "--out",
    "file",
    type=click.Path(path_type=Path, readable=False),
    help="Where to.  [default: DIR/report.html]",
)
@click.option("--export", is_flag=True, help=EXPORT_HELP)
def command(folder: Path, file: Path | None, export: bool) -> None:
    """Make the report of the study in DIR again, from the runs that are there.

    DIR is the folder that `ogive study` wrote (ogive-study by default). Nothing is trained; the
    report says what is missing.
    """
    if not folder.is_dir():
        raise mistake(f"there is no folder {folder}: `ogive study` makes one")
    target = folder / declaration.REPORT if file is None else file
    writable_file(target)
    asked = declaration.load(folder)
    store_file = folder / declaration.STORE
    if not store_file.is_file():
        raise mistake(f"{folder} holds no finished runs: there is no {declaration.STORE} in it")
    require("scipy", "matplotlib", "jinja2", extra="study")

    from ogive.cli.warnings import warnings_in_one_line
    from ogive.study import Store, StoreError
    from ogive.study.results import assemble

    try:
        with warnings_in_one_line(), Store(store_file) as store:
            results = assemble(asked, store.runs())
    except StoreError as error:
        raise mistake(error) from None
    if results.missing:
        missing = len(results.missing)
        if missing == results.total:
            raise mistake(
                f"{store_file} holds none of the {missing} runs that "
                f"{folder / declaration.DECLARATION} asks for: nothing was written"
            )
        verb = "is" if missing == 1 else "are"
        click.echo(f"{missing} of {results.total} runs {verb} missing", err=True)
    write_report(results, target, folder if export else None)
