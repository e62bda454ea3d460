"""Readings in turns: round after round, every call once in each.

Whatever else the machine does falls on all calls alike. A round in which the process had to wait
(its time by the clock is more than a tenth above that on the processor) says more of the machine
than of the calls, and is left out where enough others are left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

__all__ = ["Clock", "Timings", "in_turns"]

SECONDS_PER_READING = 2e-3
"""A call is repeated within one reading until that lasts about so long."""

LEAST_ROUNDS = 3
"""Where one round takes longer than there is time, it is the only one: long calls vary little."""

WAITED = 1.1
"""Time by the clock over time on the processor, above which a round is disturbed."""


@dataclass(frozen=True)
class Clock:
    """Two clocks, in seconds: that on the wall, and the process's own time on a processor."""

    wall: Callable[[], float] = time.perf_counter
    processor: Callable[[], float] = time.process_time


@dataclass(frozen=True)
class Timings:
    """Readings of several calls that were taken in turns.

    Attributes
    ----------
    seconds : dict of str to list of float
        Seconds a call, one entry for each round that counts, by the calls' names.
    rounds : int
        Rounds that were made.
    disturbed : int
        Of these, rounds in which the process had to wait.
    """

    seconds: dict[str, list[float]]
    rounds: int
    disturbed: int

    def of(self, name: str, scale: float = 1.0) -> dict[str, float]:
        """Return the best and the median reading of a call, each times `scale`.

        Parameters
        ----------
        name : str
            Of the call.
        scale : float
            Factor on both, as 1000 for milliseconds.

        Returns
        -------
        dict of str to float
            ``best`` and ``median`` over the rounds that count, in seconds times `scale`.

        Raises
        ------
        KeyError
            If there is no such call.

        Examples
        --------
        >>> Timings({"sum": [0.2, 0.1, 0.4]}, rounds=3, disturbed=0).of("sum", 1000)
        {'best': 100.0, 'median': 200.0}
        """
        found = self.seconds[name]
        return {"best": scale * min(found), "median": scale * median(found)}


def in_turns(
    calls: Mapping[str, Callable[[], Any]], seconds: float, clock: Clock | None = None
) -> Timings:
    """Time every call in turns.

    Parameters
    ----------
    calls : mapping of str to callable
        By name.
    seconds : float
        How long to go on, all calls together; three rounds are made in any case, or one where
        that takes longer.
    clock : Clock, optional
        What time is read from.

    Returns
    -------
    Timings
        If fewer rounds than these were undisturbed, all rounds count.

    Examples
    --------
    >>> timings = in_turns({"sum": lambda: sum(range(1000)), "pass": lambda: None}, 0.02)
    >>> timings.of("pass")["best"] < timings.of("sum")["best"]
    True
    """
    clock = clock or Clock()
    names = list(calls)
    once = {name: _once(calls[name], clock) for name in names}
    repeats = {name: max(1, round(SECONDS_PER_READING / each)) for name, each in once.items()}
    least = LEAST_ROUNDS if sum(once.values()) <= seconds else 1
    rounds: list[tuple[bool, dict[str, float]]] = []
    end = clock.wall() + seconds
    while len(rounds) < least or clock.wall() < end:
        # Each round begins with another call: what follows a pause is not always the same.
        first = len(rounds) % len(names)
        readings = {}
        wall = processor = 0.0
        for name in names[first:] + names[:first]:
            call, again = calls[name], range(repeats[name])
            began, worked = clock.wall(), clock.processor()
            for _ in again:
                call()
            passed = clock.wall() - began
            processor += clock.processor() - worked
            wall += passed
            readings[name] = passed / repeats[name]
        rounds.append((wall > WAITED * processor, readings))
    quiet = [readings for waited, readings in rounds if not waited]
    counted = quiet if len(quiet) >= least else [readings for _, readings in rounds]
    return Timings(
        {name: [readings[name] for readings in counted] for name in names},
        len(rounds),
        len(rounds) - len(quiet),
    )


def _once(call: Callable[[], Any], clock: Clock) -> float:
    """Return about how many seconds a call takes."""
    began = clock.wall()
    call()  # the first pays for page faults and caches
    once = clock.wall() - began
    if once < 10 * SECONDS_PER_READING:
        began = clock.wall()
        call()
        once = clock.wall() - began
    return max(once, 1e-9)
