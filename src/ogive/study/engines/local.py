"""Worker processes on this machine.

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
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from typing import IO

from ogive.study.data import Data, Dataset
from ogive.study.engines.base import ONE_THREAD, Answer, Task, search_path

__all__ = ["LocalWorkers"]


class LocalWorkers:
    """Processes of this machine, one task each at a time.

    Examples
    --------
    >>> from ogive.study.data import Data
    >>> workers = LocalWorkers()
    >>> workers.start(1, "builtins")
    >>> workers.give(Task("builtins:len", "abc", Data("digits"), "a length"), None)
    >>> workers.wait()[0].kind  # len() takes one argument, and gets the data, too
    'failed'
    >>> workers.stop()
    """

    def __init__(self) -> None:
        self._workers: list[_Worker] = []
        self._module = ""

    def start(self, number: int, module: str) -> None:
        """Start so many processes more."""
        self._module = module
        # One by one, so that an interruption finds every process that was started in the list.
        for _ in range(number):
            self._workers.append(_Worker(module))

    def free(self) -> int:
        """Return how many processes have nothing to do."""
        return sum(worker.task is None for worker in self._workers)

    def give(self, task: Task, dataset: Dataset) -> None:
        """Hand a task to one of them."""
        next(worker for worker in self._workers if worker.task is None).give(task, dataset)

    def wait(self) -> list[Answer]:
        """Wait for an answer or a death."""
        return self._heard(wait([w.connection for w in self._workers if w.task is not None]))

    def ready(self) -> list[Answer]:
        """Return what has arrived already."""
        return self._heard(wait([w.connection for w in self._workers if w.task is not None], 0))

    def _heard(self, connections: Sequence[object]) -> list[Answer]:
        answers = []
        for worker in [w for w in self._workers if w.connection in connections]:
            answer = worker.answer()
            answers.append(answer)
            if answer.kind == "died":
                self._workers.remove(worker)
                worker.stop()
                self._workers.append(_Worker(self._module))
        return answers

    def stop(self) -> None:
        """End all processes; nothing of them is left when this returns."""
        while self._workers:
            self._workers[-1].stop()
            self._workers.pop()


class _Worker:
    """One worker process, seen from the parent."""

    def __init__(self, module: str) -> None:
        ours, theirs = socket.socketpair()
        self.complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in stop()
        environment = dict(os.environ, **ONE_THREAD, PYTHONPATH=search_path())
        with theirs:
            self.process = subprocess.Popen(
                # -P: no module in the current folder may stand in for one of the library's.
                [
                    *(sys.executable, "-P", "-m", "ogive.study.worker"),
                    *(str(theirs.fileno()), str(os.getpid()), module),
                ],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.complaints,
            )
        self.connection = Connection(ours.detach())
        self.task: Task | None = None
        self.holds: Data | None = None

    def give(self, task: Task, dataset: Dataset) -> None:
        """Hand over a task, and its data unless the last task had the same."""
        self.task = task
        first = task.data != self.holds
        self.holds = task.data
        # A worker that has died meanwhile is noticed where its answer is waited for.
        with contextlib.suppress(OSError):
            self.connection.send((task.function, task.argument, dataset if first else None))

    def answer(self) -> Answer:
        """Take what the process has sent, or its death."""
        task = self.task
        assert task is not None
        self.task = None
        try:
            kind, content = self.connection.recv()
        except (EOFError, OSError):
            return Answer(task, "died", self.cause_of_death())
        return Answer(task, kind, content)

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
