"""What `ogive study` and `ogive report` write: the page and, if asked, files for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ogive.cli.group import mistake
from ogive.cli.output import write_whole

if TYPE_CHECKING:
    from ogive.study.results import Results

EXPORTED = "results"
EXPORT_HELP = f"Also write CSV, JSON, a LaTeX table and the figures into DIR/{EXPORTED}."


def write_report(results: Results, file: Path, folder: Path | None) -> None:
    """Write the report, and say where it is.

    Parameters
    ----------
    results : ogive.study.results.Results
        What the study found.
    file : Path
        Of the page.
    folder : Path or None
        Of the study, if its results are to be exported.

    Raises
    ------
    click.ClickException
        If something cannot be written.
    """
    from ogive.study.exports import export
    from ogive.study.report import build_report

    write_whole(file, build_report(results))
    if folder is not None:
        try:
            written = export(results, folder / EXPORTED)
        except OSError as error:
            raise mistake(f"cannot write {folder / EXPORTED}: {error.strerror}") from None
        click.echo(f"export: {folder / EXPORTED}, {len(written)} files")
    click.echo(f"report: {file}")
