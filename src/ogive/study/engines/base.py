"""What an engine is: workers that are given tasks and answer them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ogive.study.data import Data, Dataset

__all__ = ["ONE_THREAD", "Answer", "EngineError", "RefusedError", "Task", "Workers", "search_path"]

ONE_THREAD = {
    # One thread a run: two on a busy machine make timings random, and sums vary with them.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OGIVE_NUM_THREADS": "1",
}
"""The environment of a worker, of whatever engine."""


def search_path() -> str:
    """Return where this process looks for modules, as PYTHONPATH has it.

    A worker finds what its parent finds, wherever that was started from.
    """
    return os.pathsep.join(path or os.getcwd() for path in sys.path)


class RefusedError(ValueError):
    """What a function raises that can say in one line why it does not do its task.

    In the inspection it stops the whole study.
    """


class EngineError(ValueError):
    """An engine that cannot be had; the message says why in one line."""


@dataclass(frozen=True)
class Task:
    """One piece of work for one worker.

    Parameters
    ----------
    function : str
        What does it, as ``module:function``; called with `argument` and the data set.
    argument : object
        A spec; it can be pickled.
    data : Data
        The data set that it is called with.
    name : str
        What to call it where something went wrong.
    """

    function: str
    argument: Any
    data: Data
    name: str


@dataclass(frozen=True)
class Answer:
    """What became of a task.

    Parameters
    ----------
    task : Task
        Which.
    kind : {"finished", "failed", "refused", "died"}
        It returned; it raised; it raised `RefusedError`; its worker is gone.
    content : object
        What it returned; the traceback; the reason, in one line, of the last two.
    """

    task: Task
    kind: Literal["finished", "failed", "refused", "died"]
    content: Any


class Workers(Protocol):
    """Workers of an engine. None outlives `stop`."""

    def start(self, number: int, module: str) -> None:
        """Begin to start so many workers more; they may be ready later, or be fewer.

        Each loads `module`, which the tasks will need, while the parent loads the data.

        Raises
        ------
        EngineError
            If the engine cannot be had.
        """

    def free(self) -> int:
        """Return how many tasks can be given now."""

    def give(self, task: Task, dataset: Dataset) -> None:
        """Hand a task to a free worker, and its data, which the engine may keep there."""

    def wait(self) -> list[Answer]:
        """Wait for at least one answer to a task that was given, or for a worker to be free."""

    def ready(self) -> list[Answer]:
        """Return the answers that are there, without waiting."""

    def stop(self) -> None:
        """End all workers, busy or not."""
