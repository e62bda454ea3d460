"""Carries a study out: the runs that the store lacks, in local worker processes.

Who writes the store is the parent, at once when a result arrives. A worker killed at any moment
can then never be in the middle of a write, there is one writer however many workers there are,
and the same loop serves workers on other machines, which cannot share an SQLite file. What a kill
costs is what had not been stored: the runs in flight.

Workers are started as fresh interpreters (never forked: a fork would copy torch's threads in an
unknown state) by `subprocess` rather than `multiprocessing.Process`. That gives each its own
environment, in which the number of threads is set before any library loads, and it does not run
the caller's main module again, so that a study can be run from a notebook, or from a script that
has no main guard.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import IO, Any

from ogive.extras import require
from ogive.study.data import Dataset, load
from ogive.study.declaration import RunSpec, Study
from ogive.study.store import Run, Store

TRAINER = "ogive.study.training:train"
"""The function that a worker calls: a name, so that only the workers load what it needs."""

ATTEMPTS = 2
"""How many workers a run may cost before it is given up: the first, and a fresh one."""


@dataclass(frozen=True)
class Counts:
    """How far a study is.

    Parameters
    ----------
    total : int
        Runs that the study asks for.
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
    """

    total: int
    reused: int
    finished: int
    failed: int
    running: int
    work: float
    work_done: float

    @property
    def stored(self) -> int:
        """Runs of the study that the store holds by now."""
        return self.reused + self.finished


@dataclass(frozen=True)
class Failure:
    """A run that was given up, and why."""

    spec: RunSpec
    reason: str
    """One line."""
    detail: str = ""
    """The traceback, where there is one."""


@dataclass(frozen=True)
class Execution:
    """What `run_study` did."""

    counts: Counts
    failures: tuple[Failure, ...]


class Progress:
    """Is told how a study goes; override what is of interest."""

    def begin(self, counts: Counts) -> None:
        """Hear how much there is to do; called once, before the first run."""

    def started(self, spec: RunSpec, counts: Counts) -> None:
        """Hear that a worker has `spec`; again when it is tried a second time."""

    def finished(self, spec: RunSpec, run: Run, counts: Counts) -> None:
        """Hear that `run` is in the store."""

    def failed(self, failure: Failure, counts: Counts) -> None:
        """Hear that a run was given up."""


class StudyInterrupted(KeyboardInterrupt):
    """Ctrl-C during a study: workers are stopped and what had finished is stored."""

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        super().__init__(
            f"interrupted: {counts.stored} of {counts.total} runs are stored; "
            "the same command makes the rest"
        )


def run_study(
    study: Study, store: Store, *, workers: int = 2, progress: Progress | None = None
) -> Execution:
    """Make every run of `study` that `store` does not hold, and store each as it finishes.

    Parameters
    ----------
    study : Study
        What to run.
    store : Store
        Where the runs are kept.
    workers : int
        Worker processes, each of one thread.
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
        If `workers` is not a whole number of at least 1.
    ModuleNotFoundError
        If torch or scikit-learn is missing while there is something to run.
    StoreError
        If a run cannot be stored; workers are stopped first.
    StudyInterrupted
        On Ctrl-C.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from ogive.study import Protocol
    >>> tiny = Study(activations=("relu",), seeds=1, depths=(), hidden=(8,),
    ...              protocol=Protocol(epochs=1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Store(pathlib.Path(folder) / "runs.sqlite") as store:
    ...         run_study(tiny, store, workers=1).counts.finished
    1
    """
    return run_specs(study.runs(), store, workers=workers, progress=progress)


def run_specs(
    specs: Sequence[RunSpec],
    store: Store,
    *,
    workers: int = 2,
    progress: Progress | None = None,
    trainer: str = TRAINER,
) -> Execution:
    """Make those of `specs` that `store` does not hold; see `run_study`.

    `trainer` names the function, as ``module:name``, that takes a spec and its data and returns
    the finished run.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ValueError(f"workers must be a whole number of at least 1, not {workers!r}")
    held = store.keys()
    missing = [spec for spec in specs if spec.key not in held]
    if missing:
        require("training", "torch", extra="study")
    pool = _Pool(specs, missing, store, progress or Progress(), trainer)
    return pool.run(min(workers, len(missing)))


class _Worker:
    """One worker process, seen from the parent."""

    def __init__(self, trainer: str) -> None:
        ours, theirs = socket.socketpair()
        self.complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in stop()
        environment = dict(
            os.environ,
            # One thread a run: two on a busy machine make timings random, and sums vary with them.
            OMP_NUM_THREADS="1",
            MKL_NUM_THREADS="1",
            OPENBLAS_NUM_THREADS="1",
            OGIVE_NUM_THREADS="1",
            # The worker finds what its parent finds, wherever that was started from.
            PYTHONPATH=os.pathsep.join(path or os.getcwd() for path in sys.path),
        )
        with theirs:
            self.process = subprocess.Popen(
                # -P: no module in the current folder may stand in for one of the library's.
                [
                    *(sys.executable, "-P", "-m", "ogive.study.worker"),
                    *(str(theirs.fileno()), str(os.getpid()), trainer),
                ],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.complaints,
            )
        self.connection = Connection(ours.detach())
        self.spec: RunSpec | None = None
        self.holds: set[str] = set()

    def give(self, spec: RunSpec, dataset: Dataset) -> None:
        """Hand over a run, and its data the first time."""
        self.spec = spec
        first = spec.data not in self.holds
        self.holds.add(spec.data)
        # A worker that has died meanwhile is noticed where its answer is waited for.
        with contextlib.suppress(OSError):
            self.connection.send((spec, dataset if first else None))

    def stop(self) -> None:
        """End the process; nothing of it is left when this returns."""
        self.connection.close()
        self.process.kill()
        self.process.wait()
        self.complaints.close()

    def cause_of_death(self) -> str:
        """Say in one line how the process ended."""
        status = self.process.wait()
        if status < 0:
            name = signal.Signals(-status).name
            memory = " (out of memory?)" if -status == signal.SIGKILL else ""
            return f"its worker was killed by {name}{memory}"
        self.complaints.seek(0)
        lines = self.complaints.read().decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return f"its worker ended with status {status}" + (f": {said[-1]}" if said else "")


@dataclass
class _Pool:
    """The loop that keeps the workers busy, and its counts."""

    specs: Sequence[RunSpec]
    missing: Sequence[RunSpec]
    store: Store
    progress: Progress
    trainer: str
    workers: list[_Worker] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    finished: int = 0
    work_done: float = 0.0

    def __post_init__(self) -> None:
        self.waiting = deque(self.missing)
        self.attempts: dict[str, int] = {}
        self.datasets: dict[str, Dataset] = {}
        self.work = sum(spec.work for spec in self.missing)

    def counts(self) -> Counts:
        return Counts(
            total=len(self.specs),
            reused=len(self.specs) - len(self.missing),
            finished=self.finished,
            failed=len(self.failures),
            running=sum(worker.spec is not None for worker in self.workers),
            work=self.work,
            work_done=self.work_done,
        )

    def run(self, workers: int) -> Execution:
        self.progress.begin(self.counts())
        try:
            # The workers load torch while the parent loads the data.
            self.workers = []
            for _ in range(workers):
                self.workers.append(_Worker(self.trainer))
            for name in sorted({spec.data for spec in self.missing}):
                self.datasets[name] = load(name)
            for worker in list(self.workers):
                self.next_for(worker)
            while self.workers:
                ready = wait([worker.connection for worker in self.workers])
                for worker in [w for w in self.workers if w.connection in ready]:
                    self.hear(worker)
        except KeyboardInterrupt:
            self.collect()
            raise StudyInterrupted(self.counts()) from None
        finally:
            for worker in self.workers:
                worker.stop()
        return Execution(self.counts(), tuple(self.failures))

    def next_for(self, worker: _Worker) -> None:
        """Give `worker` the next run, or let it go when there is none."""
        if not self.waiting:
            self.workers.remove(worker)
            worker.stop()
            return
        spec = self.waiting.popleft()
        self.attempts[spec.key] = self.attempts.get(spec.key, 0) + 1
        worker.give(spec, self.datasets[spec.data])
        self.progress.started(spec, self.counts())

    def hear(self, worker: _Worker) -> None:
        """Take what `worker` has sent, or its death."""
        try:
            kind, content = worker.connection.recv()
        except (EOFError, OSError):
            self.bury(worker)
            return
        self.take(worker, kind, content)
        self.next_for(worker)

    def take(self, worker: _Worker, kind: str, content: Any) -> None:
        spec = worker.spec
        assert spec is not None
        worker.spec = None
        if kind == "failed":
            reason = content.strip().split("\n")[-1]
            self.give_up(Failure(spec, reason, content))
            return
        try:
            self.store.put(content)
        except KeyboardInterrupt:
            # Whether it was committed or rolled back: a second `put` leaves it stored once.
            self.store.put(content)
            self.finished += 1
            raise
        self.finished += 1
        self.work_done += spec.work
        self.progress.finished(spec, content, self.counts())

    def bury(self, worker: _Worker) -> None:
        """Put a fresh worker in the place of one that died, and its run first in the queue."""
        spec = worker.spec
        assert spec is not None
        reason = worker.cause_of_death()
        self.workers.remove(worker)
        worker.stop()
        if self.attempts[spec.key] < ATTEMPTS:
            self.waiting.appendleft(spec)
        else:
            self.give_up(Failure(spec, f"{reason}, and so was the one before it"))
        if self.waiting:
            fresh = _Worker(self.trainer)
            self.workers.append(fresh)
            self.next_for(fresh)

    def give_up(self, failure: Failure) -> None:
        self.failures.append(failure)
        self.work_done += failure.spec.work
        self.progress.failed(failure, self.counts())

    def collect(self) -> None:
        """Store what has arrived already, without waiting for more."""
        for worker in self.workers:
            with contextlib.suppress(EOFError, OSError):
                if worker.spec is not None and worker.connection.poll():
                    self.take(worker, *worker.connection.recv())
