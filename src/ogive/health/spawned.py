"""Training functions that a script starts in processes of its own, by torch.multiprocessing.spawn.

Each process is watched; what the first one has seen, with that of the others, comes back in a file.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ogive.health.history import History

__all__ = ["Watched", "watching_spawn"]


class Watched:
    """A function that is called under a check-up, in a process of its own.

    Parameters
    ----------
    function : callable
        With the number of the process as its first argument.
    folder : str
        Where the history is left.
    first, every : int
        As for `ogive.health.Checkup`.
    """

    def __init__(self, function: Callable[..., Any], folder: str, first: int, every: int) -> None:
        self.function, self.folder = function, folder
        self.first, self.every = first, every

    def __call__(self, *arguments: Any) -> Any:
        """Call the function, and leave what was seen in the folder."""
        from ogive.health.checkup import Checkup

        checkup = Checkup(first=self.first, every=self.every)
        checkup.start()
        try:
            return self.function(*arguments)
        finally:
            checkup.stop()
            if checkup.speaks and checkup.history.sampled:
                file = Path(self.folder) / f"{os.getpid()}.pickle"
                file.write_bytes(pickle.dumps(checkup.history))


def watching_spawn(
    folder: str, first: int, every: int
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what makes of torch's `spawn` one whose processes are watched.

    Parameters
    ----------
    folder : str
    first, every : int

    Returns
    -------
    callable
    """

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        def spawn(fn: Callable[..., Any], *args: Any, **options: Any) -> Any:
            return original(Watched(fn, folder, first, every), *args, **options)

        spawn.__doc__ = original.__doc__
        return spawn

    return wrap


def left_in(folder: str) -> History | None:
    """Return the history with most steps that processes left in a folder.

    Parameters
    ----------
    folder : str

    Returns
    -------
    History or None
    """
    found = [pickle.loads(file.read_bytes()) for file in sorted(Path(folder).glob("*.pickle"))]
    return max(found, key=lambda history: history.steps, default=None)
