"""The fork server and the workers that it forks, seen from their parent.

The server is a fresh interpreter, started by `subprocess` and not by `multiprocessing`: that gives
it its own environment, in which the number of threads is set before any library loads, and it does
not run the caller's main module again, so that a study can be run from a notebook, or from a script
that has no main guard.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import tempfile
from multiprocessing.connection import Connection
from multiprocessing.reduction import send_handle
from typing import IO

from ogive.study.data import Data, Dataset
from ogive.study.engines.base import ONE_THREAD, Answer, Task, search_path

__all__ = ["ForkServer", "Worker"]


class ForkServer:
    """The process that all workers come from: it loads once what each of them needs."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self.complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in stop()
        environment = dict(os.environ, **ONE_THREAD, PYTHONPATH=search_path())
        with theirs:
            self.process = subprocess.Popen(
                # -P: no module in the current folder may stand in for one of the library's.
                [
                    *(sys.executable, "-P", "-m", "ogive.study.forkserver"),
                    *(str(theirs.fileno()), str(os.getpid())),
                ],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.complaints,
            )
        self.connection = Connection(ours.detach())
        self._numbers = itertools.count()

    def fork(self, module: str) -> Worker:
        """Ask for one worker more, which has loaded `module`; do not wait for it."""
        ours, theirs = socket.socketpair()
        worker = Worker(self, next(self._numbers), Connection(ours.detach()))
        # A server that has died is noticed where answers are waited for.
        with theirs, contextlib.suppress(OSError):
            self.connection.send((worker.number, module))
            for descriptor in (theirs.fileno(), worker.complaints.fileno()):
                send_handle(self.connection, descriptor, self.process.pid)
        return worker

    def ended(self) -> bool:
        """Say whether the server has come to its end."""
        try:
            # An answer may be left from a question that was interrupted.
            while self.connection.poll():
                self.connection.recv()
        except (EOFError, OSError):
            return True
        return False

    def cause_of_death(self, worker: Worker) -> str:
        """Say in one line how a worker ended."""
        try:
            self.connection.send((worker.number, ""))
            status = self.connection.recv()
        except (EOFError, OSError):
            return self.own_cause_of_death()
        return _ending("its worker", status, worker.complaints)

    def own_cause_of_death(self) -> str:
        """Say in one line how the server ended."""
        status = self.process.wait()
        return _ending("the process that its worker came from", status, self.complaints)

    def stop(self) -> None:
        """End the server and all its workers; nothing of them is left when this returns."""
        self.connection.close()
        # A server that is loading still ends by this; one that has workers ends them first.
        self.process.terminate()
        self.process.wait()
        self.complaints.close()


class Worker:
    """One worker process."""

    def __init__(self, server: ForkServer, number: int, connection: Connection) -> None:
        self.server = server
        self.number = number
        self.connection = connection
        self.complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        self.task: Task | None = None
        self.holds: Data | None = None
        self.died = False

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
            self.died = True
            return Answer(task, "died", self.server.cause_of_death(self))
        return Answer(task, kind, content)

    def close(self) -> None:
        """Close the connection, upon which the process ends if it has not."""
        self.connection.close()
        self.complaints.close()


def _ending(who: str, status: int, complaints: IO[bytes]) -> str:
    """Say in one line how a process ended that left these complaints."""
    if status < 0:
        name = signal.Signals(-status).name
        memory = " (out of memory?)" if -status == signal.SIGKILL else ""
        return f"{who} was killed by {name}{memory}"
    complaints.seek(0)
    lines = complaints.read().decode(errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return f"{who} ended with status {status}" + (f": {said[-1]}" if said else "")
