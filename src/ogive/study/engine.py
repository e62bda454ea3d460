"""Carries a study out: the runs that the store lacks, by the workers of an engine.

Who writes the store is the parent, at once when a result arrives. A worker killed at any moment
can then never be in the middle of a write, there is one writer however many workers there are,
and the same loop serves workers on other machines, which cannot share an SQLite file. What a kill
costs is what had not been stored: the runs in flight.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ogive.extras import require
from ogive.study.data import Data
from ogive.study.declaration import Study
from ogive.study.engines.base import Answer, RefusedError, Task, Workers
from ogive.study.engines.local import LocalWorkers
from ogive.study.plan import plan
from ogive.study.spec import RunSpec
from ogive.study.store import Run, Store

__all__ = [
    "Asked",
    "Counts",
    "Execution",
    "Failure",
    "Progress",
    "Spec",
    "StudyInterrupted",
    "StudyRefusedError",
    "run_specs",
    "run_study",
]

TRAINER = "ogive.study.training:train"
"""The function that a worker calls: a name, so that only the workers load what it needs."""

INSPECTOR = "ogive.study.installed:inspect"
"""What looks, before anything is trained, whether what is installed is what it is called."""

MEASURER = "ogive.study.cost:measure"
"""What measures a cost: alone, when nothing else runs."""

ATTEMPTS = 2
"""How many workers a task may cost before it is given up: the first, and a fresh one."""


class Spec(Protocol):
    """What defines one record of the store: a `RunSpec`, or that of a cost."""

    @property
    def key(self) -> str:
        """Name of the record."""

    @property
    def data(self) -> Data:
        """The data set that the work is done on."""

    @property
    def work(self) -> float:
        """How long it takes, relative to others of its study."""


Asked = Callable[[Mapping[str, Run]], tuple[list[RunSpec], int]]
"""From the stored runs to all runs that are asked for by now, and how many will be later."""


@dataclass(frozen=True)
class Counts:
    """How far a study is. A measurement of cost counts like a run.

    Parameters
    ----------
    total : int
        Runs that the study asks for, by what is known.
    reused : int
        Of these, runs that the store held at the start.
    finished : int
        Runs made and stored since.
    failed : int
        Runs given up.
    running : int
        Runs in flight.
    work, work_done : float
        Relative cost of all runs to be made, and of those that have ended: what a progress bar
        should show, since a ten-layer network takes several times as long as one of two.
    later : int
        Of the total, runs that follow from trials and are not known yet. Some of them may turn out
        to be among the others, so that the total is a bound.
    """

    total: int
    reused: int
    finished: int
    failed: int
    running: int
    work: float
    work_done: float
    later: int = 0

    @property
    def stored(self) -> int:
        """Runs of the study that the store holds by now."""
        return self.reused + self.finished


@dataclass(frozen=True)
class Failure:
    """A run that was given up, and why."""

    spec: Spec
    reason: str
    """One line."""
    detail: str = ""
    """The traceback, where there is one."""


@dataclass(frozen=True)
class Execution:
    """What `run_study` did.

    Attributes
    ----------
    counts : Counts
        At the end.
    failures : tuple of Failure
        Runs that were given up.
    """

    counts: Counts
    failures: tuple[Failure, ...]


class Progress:
    """Is told how a study goes; override what is of interest."""

    def begin(self, counts: Counts) -> None:
        """Hear how much there is to do; called once, before the first run."""

    def started(self, spec: Spec, counts: Counts) -> None:
        """Hear that a worker has `spec`; again when it is tried a second time."""

    def finished(self, spec: Spec, run: Run, counts: Counts) -> None:
        """Hear that `run` is in the store."""

    def failed(self, failure: Failure, counts: Counts) -> None:
        """Hear that a run was given up."""


class StudyInterrupted(KeyboardInterrupt):
    """Ctrl-C during a study: workers are stopped and what had finished is stored.

    Parameters
    ----------
    counts : Counts
        When it was interrupted.
    """

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        super().__init__(
            f"interrupted: {counts.stored} of {counts.total} runs are stored; "
            "the same command makes the rest"
        )


class StudyRefusedError(RefusedError):
    """What was installed is not what it is called: nothing was trained."""


def run_study(
    study: Study,
    store: Store,
    *,
    workers: int = 2,
    engine: Workers | None = None,
    progress: Progress | None = None,
) -> Execution:
    """Make every run of `study` that `store` does not hold, and store each as it finishes.

    Parameters
    ----------
    study : Study
        What to run.
    store : Store
        Where the runs are kept.
    workers : int
        Workers, each of one thread.
    engine : Workers, optional
        Where they work; by default processes of this machine. Costs are measured on this machine
        in any case, one after the other, when all runs are made.
    progress : Progress, optional
        Is told of each run.

    Returns
    -------
    Execution
        Counts, and the runs that were given up: one that raised (at once, it would raise again) or
        whose worker died twice.

    Raises
    ------
    ValueError
        If `workers` is not a whole number of at least 1, or data cannot be read.
    ModuleNotFoundError
        If torch, or what the data need, is missing while there is something to run.
    EngineError
        If the engine cannot be had.
    StudyRefusedError
        If what is installed in a network is not what it is called; nothing was trained.
    StoreError
        If a run cannot be stored; workers are stopped first.
    StudyInterrupted
        On Ctrl-C.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from ogive.study import Grid, Recipe
    >>> tiny = Study(activations=("relu",), grids=(Grid(models=("mlp:8x1",), seeds=1),),
    ...              recipe=Recipe(epochs=1), cost=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Store(pathlib.Path(folder) / "runs.sqlite") as store:
    ...         run_study(tiny, store, workers=1).counts.finished
    1
    """

    def asked(stored: Mapping[str, Run]) -> tuple[list[RunSpec], int]:
        planned = plan(study, stored)
        return planned.specs(), planned.later

    alone: Sequence[Spec] = ()
    if study.cost:
        from ogive.study.cost import cost_specs

        alone = cost_specs(study)
    return run_specs(
        asked,
        store,
        workers=workers,
        engine=engine,
        progress=progress,
        inspector=INSPECTOR,
        alone=alone,
    )


def run_specs(
    asked: Asked | Sequence[RunSpec],
    store: Store,
    *,
    workers: int = 2,
    engine: Workers | None = None,
    progress: Progress | None = None,
    trainer: str = TRAINER,
    inspector: str = "",
    alone: Sequence[Spec] = (),
    measurer: str = MEASURER,
) -> Execution:
    """Make the runs that are asked for and that `store` does not hold; see `run_study`.

    Parameters
    ----------
    asked : callable or sequence of RunSpec
        The runs, or what says from the stored ones which are asked for by now.
    store, workers, engine, progress
        As in `run_study`.
    trainer : str
        The function, as ``module:name``, that takes a spec and its data and returns the run.
    inspector : str
        One that is called first, once for each network and activation; what it refuses stops
        everything. Empty for none.
    alone : sequence of Spec
        What is done on this machine at the end, with nothing else in flight.
    measurer : str
        The function that does it.

    Returns
    -------
    Execution

    Raises
    ------
    ValueError
        If `workers` is not a whole number of at least 1, or data cannot be read.
    ModuleNotFoundError
        If torch, or what the data need, is missing while there is something to do.
    EngineError
        If the engine cannot be had.
    StudyRefusedError
        If `inspector` refuses a network, or fails; nothing was trained.
    StoreError
        If a run cannot be stored; workers are stopped first.
    StudyInterrupted
        On Ctrl-C.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ValueError(f"workers must be a whole number of at least 1, not {workers!r}")
    driver = _Driver(asked, alone, store, progress or Progress())
    return driver.run(workers, engine or LocalWorkers(), trainer, inspector, measurer)


class _Driver:
    """The loops that keep the workers busy, and their counts."""

    def __init__(
        self,
        asked: Asked | Sequence[RunSpec],
        alone: Sequence[Spec],
        store: Store,
        progress: Progress,
    ) -> None:
        self.asked = asked if callable(asked) else _listed(asked)
        self.store = store
        self.progress = progress
        self.stored = store.held()
        self.known: set[str] = set()
        self.waiting: deque[RunSpec] = deque()
        self.alone: deque[Spec] = deque()
        self.running: dict[str, Spec] = {}
        self.arrived: deque[Answer] = deque()
        self.attempts: dict[str, int] = {}
        self.failures: list[Failure] = []
        self.later = self.reused = self.finished = 0
        self.work = self.work_done = 0.0
        self.look()
        self._queue(alone, self.alone)

    def look(self) -> None:
        """Queue what is asked for by now and was not before."""
        specs, self.later = self.asked(self.stored)
        self._queue(specs, self.waiting)

    def _queue(self, specs: Iterable[Any], waiting: deque[Any]) -> None:
        for spec in specs:
            if spec.key in self.known:
                continue
            self.known.add(spec.key)
            if spec.key in self.stored:
                self.reused += 1
            else:
                self.work += spec.work
                waiting.append(spec)

    def counts(self) -> Counts:
        return Counts(
            total=len(self.known) + self.later,
            reused=self.reused,
            finished=self.finished,
            failed=len(self.failures),
            running=len(self.running),
            work=self.work,
            work_done=self.work_done,
            later=self.later,
        )

    def run(
        self, workers: int, engine: Workers, trainer: str, inspector: str, measurer: str
    ) -> Execution:
        self.progress.begin(self.counts())
        if self.waiting or self.alone:
            require("training", "torch", extra="study")
        # Where the runs were made is free now. Another engine's workers are on other machines, and
        # what is measured there would tell of theirs.
        here = engine if isinstance(engine, LocalWorkers) else LocalWorkers()
        try:
            if self.waiting:
                self._train(engine, workers, trainer, inspector)
            if self.alone:
                if here is not engine:
                    engine.stop()
                self._measure(here, measurer)
        except KeyboardInterrupt:
            # What has arrived already is stored, without waiting for more.
            ready = engine.ready() + (here.ready() if here is not engine else [])
            for answer in [*self.arrived, *ready]:
                if answer.kind == "finished" and answer.task.argument.key in self.running:
                    self._hear(answer, self.waiting)
            raise StudyInterrupted(self.counts()) from None
        finally:
            engine.stop()
            here.stop()
        return Execution(self.counts(), tuple(self.failures))

    def _train(self, engine: Workers, workers: int, trainer: str, inspector: str) -> None:
        """Make the runs, as many at a time as there are workers."""
        module = trainer.partition(":")[0]
        # The workers load what they need while the parent loads the data.
        started = min(workers, len(self.waiting))
        engine.start(started, module)
        if inspector:
            self._inspect(engine, inspector)
        while self.waiting or self.running:
            # A round may ask for more at a time than the one before it.
            lacking = min(workers, len(self.waiting) + len(self.running)) - started
            if lacking > 0:
                engine.start(lacking, module)
                started += lacking
            while self.waiting and engine.free():
                self._begin(engine, trainer, self.waiting.popleft())
            self._hear_all(engine, self.waiting)
            if not self.waiting:
                self.look()

    def _inspect(self, engine: Workers, inspector: str) -> None:
        """Look at every network that will be trained, with every activation, before any is."""
        every = {(spec.data, spec.model, spec.activation): spec for spec in self.waiting}
        waiting = deque(
            Task(inspector, spec, spec.data, f"{spec.activation.label} in {spec.model}")
            for spec in every.values()
        )
        attempts: dict[Task, int] = dict.fromkeys(waiting, 0)
        in_flight = 0
        while waiting or in_flight:
            while waiting and engine.free():
                task = waiting.popleft()
                attempts[task] += 1
                engine.give(task, task.data.load())
                in_flight += 1
            for answer in engine.wait():
                in_flight -= 1
                if answer.kind == "died" and attempts[answer.task] < ATTEMPTS:
                    waiting.append(answer.task)
                elif answer.kind != "finished":
                    # The reason may begin with the activation, which the name begins with, too.
                    label = answer.task.argument.activation.label
                    reason = _reason(answer).removeprefix(f"{label} ")
                    raise StudyRefusedError(f"{answer.task.name}: {reason}")

    def _measure(self, engine: Workers, measurer: str) -> None:
        """Do what must be alone, one thing at a time."""
        if not engine.free():
            engine.start(1, measurer.partition(":")[0])
        while self.alone:
            self._begin(engine, measurer, self.alone.popleft())
            self._hear_all(engine, self.alone)

    def _begin(self, engine: Workers, function: str, spec: Spec) -> None:
        self.attempts[spec.key] = self.attempts.get(spec.key, 0) + 1
        self.running[spec.key] = spec
        engine.give(Task(function, spec, spec.data, str(spec)), spec.data.load())
        self.progress.started(spec, self.counts())

    def _hear_all(self, engine: Workers, waiting: deque[Any]) -> None:
        # An answer that has been taken stays here until it is stored, whatever interrupts.
        self.arrived.extend(engine.wait())
        while self.arrived:
            self._hear(self.arrived[0], waiting)
            self.arrived.popleft()

    def _hear(self, answer: Answer, waiting: deque[Any]) -> None:
        spec = self.running[answer.task.argument.key]
        if answer.kind == "finished":
            self._keep(spec, answer.content)
            return
        del self.running[spec.key]
        if answer.kind == "died" and self.attempts[spec.key] < ATTEMPTS:
            waiting.appendleft(spec)
        else:
            detail = str(answer.content).strip() if answer.kind == "failed" else ""
            self.failures.append(Failure(spec, _reason(answer), detail))
            self.work_done += spec.work
            self.progress.failed(self.failures[-1], self.counts())

    def _keep(self, spec: Spec, run: Run) -> None:
        try:
            written = self.store.put(run)
        except KeyboardInterrupt:
            # Whether it was committed or rolled back: a second `put` leaves it stored once.
            self.store.put(run)
            self._kept(spec, run)
            raise
        # Another process may have been quicker: what follows from the runs follows from its.
        kept = run if written else self.store.get(spec.key) or run
        self._kept(spec, kept)
        self.progress.finished(spec, kept, self.counts())

    def _kept(self, spec: Spec, run: Run) -> None:
        # Until it is stored it counts as running, so that an interruption hears of it again.
        del self.running[spec.key]
        self.finished += 1
        self.work_done += spec.work
        self.stored.add(run)


def _listed(specs: Sequence[RunSpec]) -> Asked:
    everything = list(specs)
    return lambda stored: (everything, 0)


def _reason(answer: Answer) -> str:
    """Say in one line why a task was given up."""
    said = str(answer.content).strip().split("\n")[-1]
    return f"{said}, and so was the one before it" if answer.kind == "died" else said
