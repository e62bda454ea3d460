"""``ogive study``: train what is missing, then show the results."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ogive.cli import declaration
from ogive.cli.group import INTERRUPTED, mistake, require
from ogive.cli.output import make_folder, writable_file, write_whole
from ogive.cli.parsing import names, wholes, wholes_or_none
from ogive.study.declaration import Protocol

if TYPE_CHECKING:
    from ogive.study import Execution, Failure, Store, Study

_LIBRARIES = ("torch", "sklearn", "scipy", "matplotlib", "jinja2")
_POSITIVE = click.IntRange(min=1)


@click.command("study")
@click.option("--data", default="digits", show_default=True, help="Data set.")
@click.option(
    "--activations",
    callback=names,
    metavar="A,B,...",
    help="Activations, by their names in `ogive functions`.  [default: seven common ones]",
)
@click.option("--seeds", type=_POSITIVE, default=5, show_default=True, help="Seeds for each.")
@click.option(
    "--epochs", type=_POSITIVE, help=f"Passes over the data.  [default: {Protocol.epochs}]"
)
@click.option(
    "--hidden", callback=wholes, metavar="N,N,...", default="128,128", show_default=True,
    help="Units of each hidden layer.",
)  # fmt: skip
@click.option(
    "--depths", callback=wholes_or_none, metavar="N,N,...", default="2,10", show_default=True,
    help="Numbers of layers for the gradient by depth, or none.",
)  # fmt: skip
@click.option(
    "--init", "initialization", type=click.Choice(["matched", "default"]), default="matched",
    show_default=True, help="Matched to the activation, or torch's own default.",
)  # fmt: skip
@click.option(
    "--workers", type=_POSITIVE, default=2, show_default=True, help="Runs at a time, a thread each."
)
@click.option(
    "--out", "folder", type=click.Path(path_type=Path, readable=False), default="ogive-study",
    show_default=True, help="Folder for the finished runs and the report.",
)  # fmt: skip
@click.option("--fresh", is_flag=True, help="Set the finished runs in the folder aside first.")
def command(
    data: str,
    activations: tuple[str, ...] | None,
    seeds: int,
    epochs: int | None,
    hidden: tuple[int, ...],
    depths: tuple[int, ...],
    initialization: str,
    workers: int,
    folder: Path,
    fresh: bool,
) -> None:
    """Train one network with each activation under the same conditions, and write a report.

    Every finished run is kept at once: a study that is stopped goes on where it was when the same
    command is given again, and one that asks for more makes only what is new.
    """
    asked = _declare(data, activations, seeds, epochs, hidden, depths, initialization)
    make_folder(folder)
    report = folder / declaration.REPORT
    for file in (report, folder / declaration.DECLARATION):
        writable_file(file)
    require(*_LIBRARIES, extra="study")

    from ogive.cli.warnings import warnings_in_one_line

    with warnings_in_one_line():
        if fresh:
            _set_aside(folder)
        with _open(folder / declaration.STORE) as store:
            declaration.save(asked, folder)
            execution = _run(asked, store, workers, folder)
            runs = store.runs()
    _finish(asked, runs, report)
    if execution.failures:
        _complain(execution.failures)
        click.get_current_context().exit(1)


def _declare(
    data: str,
    activations: tuple[str, ...] | None,
    seeds: int,
    epochs: int | None,
    hidden: tuple[int, ...],
    depths: tuple[int, ...],
    initialization: str,
) -> Study:
    """Return the declaration that the options make, or say what is wrong with them."""
    from ogive import catalog
    from ogive.study import Protocol, Study

    try:
        asked = Study().activations if activations is None else activations
        known = [catalog.get(name).name for name in asked]
        return Study(
            data=data,
            activations=tuple(known),
            # What is compared needs something to be compared with; ReLU is what most people use.
            reference="relu" if "relu" in known else known[0],
            seeds=seeds,
            hidden=hidden,
            depths=depths,
            initialization=initialization,
            protocol=Protocol() if epochs is None else Protocol(epochs=epochs),
        )
    except ValueError as error:
        raise mistake(error) from None


def _open(path: Path) -> Store:
    from ogive.study import Store, StoreError

    try:
        return Store(path)
    except StoreError as error:
        raise mistake(error) from None


def _set_aside(folder: Path) -> None:
    """Move the store out of the way. A file that is no store is not touched."""
    path = folder / declaration.STORE
    if not path.exists():
        return
    _open(path).close()  # closing writes SQLite's journal back into the one file
    names = (f"study-set-aside-{number}.sqlite" for number in itertools.count(1))
    target = next(folder / name for name in names if not (folder / name).exists())
    try:
        path.replace(target)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise mistake(f"cannot set {path} aside: {error.strerror}") from None
    click.echo(f"the finished runs are now in {target}")


def _run(asked: Study, store: Store, workers: int, folder: Path) -> Execution:
    from ogive.cli.progress import Bar
    from ogive.study import StoreError, StudyInterrupted, run_study

    bar = Bar()
    try:
        with contextlib.closing(bar):
            return run_study(asked, store, workers=workers, progress=bar)
    except StudyInterrupted as interruption:
        counts = interruption.counts
        click.echo(
            f"ogive: interrupted; {counts.stored} of {counts.total} runs are kept in {folder}: "
            "give the same command again to go on"
            + (", without --fresh" if click.get_current_context().params["fresh"] else ""),
            err=True,
        )
        click.get_current_context().exit(INTERRUPTED)
    except StoreError as error:
        raise mistake(error) from None


def _complain(failures: Sequence[Failure]) -> None:
    """Say each reason once, with the first run that had it: a broken set-up fails every run."""
    by_reason: dict[str, list[Failure]] = {}
    for failure in failures:
        by_reason.setdefault(failure.reason, []).append(failure)
    for reason, alike in by_reason.items():
        others = f" and {len(alike) - 1} more" if len(alike) > 1 else ""
        click.echo(f"ogive: failed: {alike[0].spec}{others}: {reason}", err=True)


def _finish(asked: Study, runs: list[dict[str, object]], report: Path) -> None:
    """Print the table, write the report and say where it is."""
    from ogive.cli.console import console
    from ogive.cli.table import results_table
    from ogive.study.findings import headline
    from ogive.study.report import build_report
    from ogive.study.results import assemble

    results = assemble(asked, runs)
    out = console()
    out.print(results_table(results))
    out.print(headline(results), markup=False)
    write_whole(report, build_report(results))
    click.echo(f"report: {report}")
