"""What keeps an error of the check-up from becoming one of the training."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ogive.health.history import History

__all__ = ["Guard"]

_DEBUG = "OGIVE_CHECK_DEBUG"
"""Set, an error of the check-up itself is raised instead of noted."""


class Guard:
    """Makes functions that never raise.

    Parameters
    ----------
    history : History
        Where it is noted what could not be looked at.

    Examples
    --------
    >>> from ogive.health.guard import Guard
    >>> from ogive.health.history import History
    >>> history = History()
    >>> Guard(history)(lambda number: 1 / number)(0)
    >>> history.notes
    ['A part could not be looked at (<lambda>: ZeroDivisionError: division by zero).']
    """

    def __init__(self, history: History) -> None:
        self._history = history

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that calls another one, and gives None where that raises."""

        def call(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except Exception as error:
                if os.environ.get(_DEBUG):
                    raise
                name = getattr(function, "__name__", "a look")
                first = (str(error).splitlines() or [""])[0]
                self._history.note(
                    f"A part could not be looked at ({name}: {type(error).__name__}: {first})."
                )
                return None

        return call
