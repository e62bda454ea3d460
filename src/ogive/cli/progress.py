"""How a study goes: a bar with the time left in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import click
from rich.markup import escape

from ogive.cli.console import console
from ogive.page.wording import counted
from ogive.study import Counts, Failure, Progress, RunSpec
from ogive.study.engine import Spec
from ogive.study.store import Run


class Bar(Progress):
    """A progress bar on standard error.

    It advances by the cost of a run rather than by their number: a ten-layer network takes
    several times as long as one of two layers, and the time left would jump. While trials of tuning
    are made, the number of runs is an upper bound: where tuning keeps the declared recipe, the runs
    that follow are there already.
    """

    def __init__(self) -> None:
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._console = console(stderr=True)
        self._live = self._console.is_terminal
        self._bar = RichProgress(
            TextColumn("{task.fields[runs]}"),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} % of the work"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            TextColumn("[dim]{task.fields[last]}", markup=True),
            console=self._console,
            transient=True,
            disable=not self._live,
            # Half a minute of history is too little when a single run takes several seconds.
            speed_estimate_period=120,
            expand=True,
        )
        self._task = self._bar.add_task("study", total=None, runs="", last="")
        self._told = 0.0
        self._work = 0.0

    def begin(self, counts: Counts) -> None:
        """Say what there is to do, and start the bar."""
        asked, missing = counts.total, counts.total - counts.reused
        if counts.reused:
            click.echo(f"{counts.reused} of {asked} runs are there already", err=True)
        if missing:
            if not self._live:
                most = "at most " if counts.later else ""
                click.echo(f"{most}{counted(missing, 'run')} to make", err=True)
            self._bar.update(self._task, total=counts.work, runs=_runs(counts))
            self._bar.start()
            self._work = counts.work

    def finished(self, spec: Spec, run: Run, counts: Counts) -> None:
        """Advance."""
        last = spec.activation.label if isinstance(spec, RunSpec) else str(spec)
        self._bar.update(
            self._task,
            total=counts.work,
            completed=counts.work_done,
            runs=_runs(counts),
            last=escape(last),
        )
        done = counts.work_done / counts.work
        if counts.work != self._work:
            # What follows from the trials is known now, and the share that is done is another.
            self._work, self._told = counts.work, 0.0
        if not self._live and (done >= self._told + 0.1 or done >= 1):
            self._told = done
            known = " known so far" if counts.later else ""
            click.echo(f"{_runs(counts)}, {100 * done:.0f} % of the work{known}", err=True)

    def failed(self, failure: Failure, counts: Counts) -> None:
        """Advance past a run that was given up; it is reported at the end."""
        self._bar.update(
            self._task,
            total=counts.work,
            completed=counts.work_done,
            runs=_runs(counts),
        )

    def close(self) -> None:
        """Take the bar off the screen."""
        self._bar.stop()


def _runs(counts: Counts) -> str:
    most = "at most " if counts.later else ""
    return f"{counts.stored} of {most}{counts.total} runs"
