"""``ogive study``: train what is missing, then show the results."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ogive.cli import asked, declaration, merge
from ogive.cli.group import INTERRUPTED, mistake, require
from ogive.cli.output import make_folder, writable_file
from ogive.cli.parsing import names, wholes_or_none
from ogive.cli.written import EXPORT_HELP, write_report

if TYPE_CHECKING:
    from ogive.study import Counts, Execution, Failure, Store, Study
    from ogive.study.engine import Spec

_LIBRARIES = ("torch", "scipy", "matplotlib", "jinja2")
_POSITIVE = click.IntRange(min=1)


class _Unnamed(click.Context):
    """The context of a command that need not be named, and so is not in usage and messages."""

    @property
    def command_path(self) -> str:
        """Return the path of the group."""
        return self.parent.command_path if self.parent is not None else ""


class _Run(click.Command):
    context_class = _Unnamed


class _Study(click.Group):
    """A group whose first command need not be named: `ogive study fashion.toml` runs a study."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name of the command that is meant before its arguments."""
        if not args or args[0] not in self.commands:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("study", cls=_Study)
def command() -> None:
    """Train one network with each activation under the same conditions, and write a report."""


def _read(read: Callable[[str], Any]) -> Callable[..., Any]:
    """Return the callback of an option whose text `read` understands."""

    def callback(context: click.Context, option: click.Parameter, text: str | None) -> Any:
        if text is None:
            return None
        try:
            return read(text)
        except ValueError as error:
            raise click.BadParameter(str(error), context, option) from None

    return callback


def _depths(
    context: click.Context, option: click.Parameter, text: str | None
) -> tuple[int, ...] | None:
    return None if text is None else wholes_or_none(context, option, text)


@command.command("run", cls=_Run)
@click.argument("source", metavar="[DECLARATION]", required=False)
@click.option("--data", help="Data set: a name of `ogive data`, or your own.  [default: digits]")
@click.option(
    "--model", "models", callback=names, metavar="M,...",
    help="Networks: mlp:64x3, cnn, my_package:my_network ...  [default: mlp:128x2]",
)  # fmt: skip
@click.option(
    "--activations", callback=names, metavar="A,B,...",
    help="Activations: names of `ogive functions`, or my_package:MyActivation; with + before each "
    "they are added to the declaration's.  [default: seven common ones]",
)  # fmt: skip
@click.option("--reference", help="What the others are compared with.  [default: relu]")
@click.option(
    "--init", "initializations", callback=names, metavar="I,...",
    help="default (the network's own), matched (to the activation), lsuv.  [default: matched]",
)  # fmt: skip
@click.option(
    "--protocol", "protocols", callback=names, metavar="P,...",
    help="drop-in (one recipe for all), tuned (rate and gain for each).  [default: drop-in]",
)  # fmt: skip
@click.option(
    "--seeds", callback=_read(asked.seeds), metavar="N",
    help="Seeds for each; 5..20@0.01 adds seeds until intervals are that narrow.  [default: 5]",
)  # fmt: skip
@click.option(
    "--depths", callback=_depths, metavar="N,N,...",
    help="Perceptrons of so many layers beside, for the gradient by depth, or none.  "
    "[default: 2,10 where no network or data are named]",
)  # fmt: skip
@click.option("--epochs", type=_POSITIVE, help="Passes over the data.  [default: 25]")
@click.option(
    "--recipe", callback=_read(asked.fields), metavar="K=V,...",
    help="How it is trained: optimizer, learning_rate, schedule, batch_size, ...",
)  # fmt: skip
@click.option(
    "--tuning", callback=_read(asked.fields), metavar="K=V,...",
    help="The budget of tuning.  [default: rates=0.3/1/3,gains=0.7/1/1.4,seeds=3]",
)  # fmt: skip
@click.option("--cost/--no-cost", default=None, help="Measure costs after the training, or do not.")
@click.option("--name", help="What the study is called in its report.")
@click.option(
    "--workers", type=_POSITIVE, default=2, show_default=True, help="Runs at a time, a thread each."
)
@click.option(
    "--engine", type=click.Choice(["local", "ray", "slurm"]), default="local", show_default=True,
    help="Processes of this machine, a Ray cluster, or Slurm.",
)  # fmt: skip
@click.option("--address", help="Of a Ray cluster that is running.")
@click.option(
    "--out", "folder", type=click.Path(path_type=Path, readable=False), default="ogive-study",
    show_default=True, help="Folder for the finished runs and the report.",
)  # fmt: skip
@click.option("--export", is_flag=True, help=EXPORT_HELP)
@click.option("--fresh", is_flag=True, help="Set the finished runs in the folder aside first.")
def run(
    source: str | None,
    epochs: int | None,
    workers: int,
    engine: str,
    address: str | None,
    folder: Path,
    export: bool,
    fresh: bool,
    **options: Any,
) -> None:
    """Train one network with each activation under the same conditions, and write a report.

    DECLARATION is a TOML file, or the name of a study that ships with Ogive; options stand in
    place of what it says. Every finished run is kept at once: a study that is stopped goes on
    where it was when the same command is given again, and one that asks for more makes only what
    is new.
    """
    if epochs is not None:
        options["recipe"] = {**(options["recipe"] or {}), "epochs": epochs}
    study = asked.study_asked(source, options)
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
            _fill(store, study, source)
            execution = _run(study, store, workers, engine, address, folder)
            runs = store.runs()
    if not declaration.is_that_of(study, folder):
        click.echo(
            f"ogive: another command has written its own declaration into {folder} meanwhile, and "
            "`ogive report` will tell of that one; the runs of both are kept",
            err=True,
        )
    _finish(study, runs, report, folder if export else None)
    if execution.failures:
        _complain(execution.failures)
        click.get_current_context().exit(1)


command.add_command(merge.command)


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


def _fill(store: Store, study: Study, source: str | None) -> None:
    """Take the runs that ship, for a study that is asked for by the name of one that does.

    They are of another machine. Whoever declares a study without naming one gets the numbers of
    this machine alone.
    """
    from ogive.study import StoreError
    from ogive.study.shipped import SHIPPED, fill

    if source not in SHIPPED:
        return
    try:
        number = fill(store, study)
    except StoreError as error:
        raise mistake(error) from None
    if number:
        click.echo(f"{number} runs ship with Ogive", err=True)


def _run(
    study: Study, store: Store, workers: int, engine: str, address: str | None, folder: Path
) -> Execution:
    from ogive.cli.progress import Bar
    from ogive.study import StoreError, StudyInterrupted, StudyRefusedError, engines, run_study

    class Declaring(Bar):
        """Writes the declaration with the first run: a study that is refused leaves the old one."""

        declared = False

        def started(self, spec: Spec, counts: Counts) -> None:
            if not self.declared:
                declaration.save(study, folder)
                self.declared = True
            super().started(spec, counts)

    bar = Declaring()
    try:
        with contextlib.closing(bar):
            execution = run_study(
                study,
                store,
                workers=workers,
                engine=engines.by_name(engine, address=address),
                progress=bar,
            )
        if not bar.declared:
            declaration.save(study, folder)
        return execution
    except StudyInterrupted as interruption:
        counts = interruption.counts
        click.echo(
            f"ogive: interrupted; {counts.stored} of {counts.total} runs are kept in {folder}: "
            "give the same command again to go on"
            + (", without --fresh" if click.get_current_context().params["fresh"] else ""),
            err=True,
        )
        click.get_current_context().exit(INTERRUPTED)
    except (StoreError, StudyRefusedError, ModuleNotFoundError, ValueError) as error:
        raise mistake(error) from None


def _complain(failures: Sequence[Failure]) -> None:
    """Say each reason once, with the first run that had it: a broken set-up fails every run."""
    by_reason: dict[str, list[Failure]] = {}
    for failure in failures:
        by_reason.setdefault(failure.reason, []).append(failure)
    for reason, alike in by_reason.items():
        others = f" and {len(alike) - 1} more" if len(alike) > 1 else ""
        click.echo(f"ogive: failed: {alike[0].spec}{others}: {reason}", err=True)


def _finish(study: Study, runs: list[dict[str, object]], report: Path, export: Path | None) -> None:
    """Print the table, write the report and say where it is."""
    from ogive.cli.console import console
    from ogive.cli.table import results_table
    from ogive.study.findings import headline
    from ogive.study.results import assemble

    results = assemble(study, runs)
    out = console()
    out.print(results_table(results))
    out.print(headline(results), markup=False)
    write_report(results, report, export)
