"""How much of a processor other processes used meanwhile, where the system tells (Linux)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["BUSY", "Others"]

BUSY = 0.1
"""Share of a core used by others, above which times are flagged."""

_STAT = Path("/proc/stat")
_IDLE = ("idle", "iowait", "guest", "guest_nice")
_COLUMNS = (
    *("user", "nice", "system", "idle", "iowait"),
    *("irq", "softirq", "steal", "guest", "guest_nice"),
)


def _stat() -> str:
    return _STAT.read_text(encoding="ascii")


def _own() -> float:
    times = os.times()
    return times.user + times.system


class Others:
    """Watches the use of the machine by other processes, from its making on.

    Parameters
    ----------
    stat : callable
        Returns what ``/proc/stat`` holds; an OSError or a text of another form means that the
        system does not tell.
    own : callable
        Returns the seconds that this process has spent on a processor.
    wall : callable
        Returns the time in seconds.
    ticks : int, optional
        Units of ``/proc/stat`` in a second.

    Examples
    --------
    >>> share = Others().share()
    >>> share is None or share >= 0
    True
    """

    def __init__(
        self,
        stat: Callable[[], str] = _stat,
        own: Callable[[], float] = _own,
        wall: Callable[[], float] = time.perf_counter,
        ticks: int | None = None,
    ) -> None:
        self._stat, self._own, self._wall = stat, own, wall
        self._ticks = ticks or os.sysconf("SC_CLK_TCK")
        self._began = self._now()

    def share(self) -> float | None:
        """Return the cores that others have used since the making, or None if it is not known.

        1.0 is one core all the time. What a hypervisor gave to other machines counts as well.
        """
        began, now = self._began, self._now()
        if began is None or now is None:
            return None
        used, own, passed = (after - before for before, after in zip(began, now, strict=True))
        # The system counts in ticks, the process more finely: a difference below 0 is rounding.
        return max(0.0, used - own) / passed if passed > 0 else 0.0

    def _now(self) -> tuple[float, float, float] | None:
        try:
            name, *values = self._stat().splitlines()[0].split()
            ticks = dict(zip(_COLUMNS, map(int, values), strict=False))
        except (OSError, ValueError, IndexError):
            return None
        if name != "cpu" or "softirq" not in ticks:
            return None
        # A guest's time is part of the user's.
        used = sum(value for column, value in ticks.items() if column not in _IDLE)
        return used / self._ticks, self._own(), self._wall()
