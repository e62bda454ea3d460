"""``ogive study merge``: the finished runs of several stores in one."""

from __future__ import annotations

from pathlib import Path

import click

from ogive.cli import declaration
from ogive.cli.group import mistake
from ogive.page.wording import counted


@click.command("merge")
@click.argument("target", type=click.Path(path_type=Path, readable=False))
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path, readable=False))
def command(target: Path, sources: tuple[Path, ...]) -> None:
    """Put the finished runs of SOURCES into TARGET.

    Each is the folder of a study, or a store (.sqlite). What TARGET holds already stays as it is,
    and SOURCES are not changed.
    """
    from ogive.cli.warnings import warnings_in_one_line
    from ogive.study import StoreError
    from ogive.study.merging import merge

    stores = [_store(path) for path in (target, *sources)]
    for path in stores[1:]:
        if not path.is_file():
            raise mistake(f"there is no store {path}")
    try:
        with warnings_in_one_line():
            merged = merge(stores[0], *stores[1:])
    except (StoreError, ValueError) as error:
        raise mistake(error) from None
    for counts in merged:
        differing = f", {counts.differing} with other numbers" if counts.differing else ""
        damaged = f"; {counts.damaged} damaged left out" if counts.damaged else ""
        click.echo(
            f"{counts.source}: {counted(counts.added, 'run')} added, {counts.known} known"
            f"{differing}{damaged}"
        )


def _store(path: Path) -> Path:
    return path / declaration.STORE if path.is_dir() else path
