"""Worker processes on this machine.

All of them are forked from one process, which has loaded torch once for them all: two to three
seconds of processor time that each would take otherwise.
"""

from __future__ import annotations

from multiprocessing.connection import wait

from ogive.study.data import Dataset
from ogive.study.engines.base import Answer, Task
from ogive.study.engines.processes import ForkServer, Worker

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
        self._server: ForkServer | None = None
        self._workers: list[Worker] = []
        self._module = ""

    def start(self, number: int, module: str) -> None:
        """Start so many processes more."""
        self._module = module
        if self._server is None:
            self._server = ForkServer()
        self._workers += [self._server.fork(module) for _ in range(number)]

    def free(self) -> int:
        """Return how many processes have nothing to do."""
        return sum(worker.task is None for worker in self._workers)

    def give(self, task: Task, dataset: Dataset) -> None:
        """Hand a task to one of them."""
        next(worker for worker in self._workers if worker.task is None).give(task, dataset)

    def wait(self) -> list[Answer]:
        """Wait for an answer or a death."""
        return self._heard(None)

    def ready(self) -> list[Answer]:
        """Return what has arrived already."""
        return self._heard(0)

    def _heard(self, timeout: float | None) -> list[Answer]:
        if self._server is None:
            return []
        busy = [worker for worker in self._workers if worker.task is not None]
        connections = [self._server.connection, *(worker.connection for worker in busy)]
        heard = wait(connections, timeout)
        answers = [worker.answer() for worker in busy if worker.connection in heard]
        if self._server.ended():
            # Its workers end with it, those too that had nothing to do.
            cause = self._server.own_cause_of_death()
            answers += [Answer(w.task, "died", cause) for w in self._workers if w.task is not None]
            number = len(self._workers)
            self.stop()
            self.start(number, self._module)
        else:
            for worker in [worker for worker in busy if worker.died]:
                worker.close()
                self._workers.remove(worker)
                self.start(1, self._module)
        return answers

    def stop(self) -> None:
        """End all processes; nothing of them is left when this returns."""
        while self._workers:
            self._workers[-1].close()
            self._workers.pop()
        if self._server is not None:
            self._server.stop()
            self._server = None
