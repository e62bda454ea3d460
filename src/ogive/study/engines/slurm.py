"""Workers that are jobs of Slurm, submitted with submitit: one job a task.

Everything between parent and jobs goes through files, so the folder must be one that the nodes
share with the machine on which the study is started.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import shlex
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ogive.extras import require
from ogive.study import checked
from ogive.study.data import Data, Dataset
from ogive.study.engines.base import ONE_THREAD, Answer, EngineError, Task, search_path
from ogive.study.engines.slurm_queue import SlurmQueue
from ogive.study.worker import carry_out

__all__ = ["SlurmWorkers"]

END_SECONDS = 10.0
"""How long jobs of this machine may take to end: submitit asks them twice."""


class SlurmWorkers:
    """Jobs of Slurm, so many in flight as there are workers.

    Parameters
    ----------
    folder : str
        Where their files are while the study runs: shared by all nodes, and with room for the data
        set. By default the current one.
    minutes : int
        How long a job may take; a longer one is ended by Slurm, tried once more and given up.
    memory : float
        Of a job, in GB.
    partition, account, qos, constraint : str
        As for ``sbatch``; empty for the cluster's own defaults.
    cluster : {"slurm", "local"}
        "local" runs the jobs as processes of this machine: for a trial without Slurm.
    poll : float
        Seconds between two looks for answers; at every tenth Slurm is asked which jobs have ended.
    grace : float
        Seconds that an answer may take to appear on a slow file system when its job has ended.

    Raises
    ------
    ModuleNotFoundError
        If submitit is not installed.
    ValueError
        If a value is out of its range, or there is no such folder.
    """

    def __init__(
        self,
        folder: str = ".",
        minutes: int = 60,
        memory: float = 2.0,
        partition: str = "",
        account: str = "",
        qos: str = "",
        constraint: str = "",
        cluster: str = "slurm",
        poll: float = 1.0,
        grace: float = 15.0,
    ) -> None:
        require("the engine 'slurm'", "submitit", extra="slurm")
        self._parent = Path(folder).absolute()
        if not self._parent.is_dir():
            raise ValueError(f"there is no folder {folder} for the files of Slurm's jobs")
        self._cluster = checked.one_of("the cluster", cluster, ("slurm", "local"))
        self._minutes = checked.whole("the minutes of a job", minutes, 1)
        self._memory = checked.number("the memory of a job", memory, above=0)
        self._poll = checked.number("the seconds between two looks", poll, above=0)
        self._grace = checked.number("the seconds of grace", grace, least=0)
        self._asked = {
            "partition": partition,
            "account": account,
            "qos": qos,
            "constraint": constraint,
        }
        self._queue = None if cluster == "local" else SlurmQueue(10 * self._poll)
        self._number = 0
        self._executor: Any = None
        self._folder: Path | None = None
        self._jobs: list[_Job] = []
        self._data: dict[Data, Path] = {}

    def start(self, number: int, module: str) -> None:
        """Allow so many jobs more at a time; each loads what it needs itself.

        Raises
        ------
        EngineError
            If Slurm cannot be had here.
        """
        self._number += number
        if self._executor is not None:
            return
        import submitit

        logging.getLogger("submitit").setLevel(logging.CRITICAL)
        self._folder = Path(tempfile.mkdtemp(prefix="ogive-jobs-", dir=self._parent))
        try:
            self._executor = submitit.AutoExecutor(
                # %j: a folder a job, so that one that has been answered can be cleared away.
                folder=self._folder / "%j",
                cluster=self._cluster,
                **{f"{self._cluster}_max_num_timeout": 0},
            )
        except RuntimeError as error:
            said = " ".join(str(error).split())
            raise EngineError(f"Slurm cannot be had here: {said}") from None
        parameters: dict[str, Any] = {
            "name": "ogive",
            "timeout_min": self._minutes,
            "cpus_per_task": 1,
        }
        if self._cluster == "slurm":
            # In the script: a site may have told sbatch not to pass the environment on.
            parameters["slurm_setup"] = [
                f"export {name}={shlex.quote(value)}" for name, value in _environment().items()
            ]
            parameters["mem_gb"] = self._memory
            parameters |= {f"slurm_{name}": value for name, value in self._asked.items() if value}
        self._executor.update_parameters(**parameters)

    def free(self) -> int:
        """Return how many jobs more may be in flight."""
        return self._number - len(self._jobs)

    def give(self, task: Task, dataset: Dataset) -> None:
        """Submit a job.

        Raises
        ------
        EngineError
            If the job cannot be submitted.
        """
        import submitit

        assert self._folder is not None
        if task.data not in self._data:
            # An older data set stays: a job that waits in the queue may still need it.
            path = self._folder / f"data-{len(self._data)}.pickle"
            path.write_bytes(pickle.dumps(dataset, pickle.HIGHEST_PROTOCOL))
            self._data[task.data] = path
        errors = submitit.core.utils
        try:
            with _as_environment() if self._cluster == "local" else contextlib.nullcontext():
                job = self._executor.submit(
                    _in_job, task.function, task.argument, str(self._data[task.data])
                )
        except (errors.FailedJobError, errors.FailedSubmissionError, OSError) as error:
            said = " ".join(str(error).split())
            raise EngineError(f"a job cannot be submitted to Slurm: {said}") from None
        self._jobs.append(_Job(task, job, self._queue))

    def wait(self) -> list[Answer]:
        """Look until a job has ended."""
        while not (answers := self.ready()):
            time.sleep(self._poll)
        return answers

    def ready(self) -> list[Answer]:
        """Return the answers of the jobs that have ended."""
        answers = []
        for job in list(self._jobs):
            answer = job.answer(self._grace)
            if answer is not None:
                self._jobs.remove(job)
                answers.append(answer)
                job.clear()
        return answers

    def stop(self) -> None:
        """Cancel the jobs, and remove their files."""
        for job in self._jobs:
            job.cancel()
        # Slurm ends its jobs by itself; of this machine's processes none may be left.
        deadline = time.monotonic() + END_SECONDS
        while self._cluster == "local" and time.monotonic() < deadline:
            if all(job.job.done() for job in self._jobs):
                break
            time.sleep(0.05)
        self._jobs, self._data, self._executor, self._number = [], {}, None, 0
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


@dataclass(eq=False)
class _Job:
    """One task in flight."""

    task: Task
    job: Any
    queue: SlurmQueue | None
    """Whom to ask of its end; of a process of this machine submitit knows it."""
    submitted: float = field(default_factory=time.monotonic)
    ended: float | None = None
    """When it was first seen to have ended without an answer."""

    def answer(self, grace: float) -> Answer | None:
        """Return what it has answered, or its death; None while it waits or runs."""
        state = self.end()
        if state is None:
            self.ended = None  # Slurm may put a job back into its queue
            return None
        if not self.job.paths.result_pickle.exists():
            self.ended = self.ended or time.monotonic()
            if time.monotonic() - self.ended < grace:
                return None
            return Answer(self.task, "died", self.cause_of_death(state))
        try:
            outcome, content = pickle.loads(self.job.paths.result_pickle.read_bytes())
        except (EOFError, OSError, pickle.UnpicklingError):
            # It is being written: the next look finds it whole.
            return None
        if outcome != "success":
            return Answer(self.task, "failed", content)
        return Answer(self.task, *content)

    def end(self) -> str | None:
        """Return how it ended, None while it waits or runs."""
        if self.queue is None:
            return self.job.state.lower() if self.job.done() else None
        if self.job.paths.result_pickle.exists():
            return "completed"
        # submitit would ask sacct, which knows nothing on a cluster that keeps no accounts.
        return self.queue.ended(self.job.job_id, self.submitted)

    def cause_of_death(self, state: str) -> str:
        """Say in one line how the job ended."""
        said = [line.strip() for line in (self.job.stderr() or "").split("\n") if line.strip()]
        # srun's own line, that a task ended, comes after what the task said.
        said = [line for line in said if not line.startswith("srun: ")] or said
        last = f": {said[-1]}" if said else ""
        return f"its job {self.job.job_id} ended without an answer ({state}){last}"

    def cancel(self) -> None:
        """End the job."""
        with contextlib.suppress(Exception):  # it may have ended, and Slurm may have gone
            self.job.cancel(check=False)

    def clear(self) -> None:
        """Remove its files."""
        shutil.rmtree(self.job.paths.folder, ignore_errors=True)


def _environment() -> dict[str, str]:
    return {**ONE_THREAD, "PYTHONPATH": search_path()}


@contextlib.contextmanager
def _as_environment() -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(_environment())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _in_job(function: str, argument: Any, data: str) -> tuple[str, Any]:
    # Out of time: submitit would raise in the midst of the training, which would look like its
    # failure. The job ends instead, and is tried again like one whose machine failed.
    warning = os.environ.get("SUBMITIT_PREEMPT_SIGNAL", "USR2")
    for name in (warning, "TERM"):
        signal.signal(signal.Signals[f"SIG{name}"], signal.SIG_DFL)
    return carry_out(function, argument, pickle.loads(Path(data).read_bytes()))
