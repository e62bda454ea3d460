"""Timing contenders in turns, so that whatever else the machine does falls on all alike."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from ogive import config
from ogive.bench import accuracy, memory, peers
from ogive.bench.results import Measurement
from ogive.bench.work import KINDS, LOSSES, Arrays, Call, names

__all__ = ["Request", "measure", "run_rows"]

# A call is repeated within one reading until the reading lasts about this long: the clock and the
# loop around it then weigh less than a hundredth.
SECONDS_PER_READING = 2e-3
FEWEST_READINGS = 5
# A contender that alone has used up the time of the row rests after this many.
FEWEST_OF_THE_SLOW = 3
# Smaller arrays come from memory that the process has already: the C library keeps up to 32 MiB.
_LARGE_ENOUGH_FOR_MEMORY = 1 << 24


@dataclass(frozen=True)
class Request:
    """What is to be measured.

    Attributes
    ----------
    functions : tuple of str
        Names as `ogive.bench.work.names` gives them.
    kinds : tuple of str
        Those of `ogive.bench.work.KINDS`.
    sizes : tuple of (int, int or None)
        Numbers of elements; and the length of the rows in which they are measured, if any.
    dtypes : tuple of {'float32', 'float64'}
    peers : tuple of str
        Who may compete.
    seconds : float
        For each row.
    threads : int
        For every library.
    """

    functions: tuple[str, ...]
    kinds: tuple[str, ...]
    sizes: tuple[tuple[int, int | None], ...]
    dtypes: tuple[str, ...]
    peers: tuple[str, ...]
    seconds: float
    threads: int

    def rows(self, length: int | None) -> list[tuple[str, str]]:
        """Return function and kind of everything that there is to measure at a size and dtype."""
        return [
            (name, kind)
            for kind in KINDS
            if kind in self.kinds
            for name in self.functions
            if name in names(kind, length)
        ]

    def __len__(self) -> int:
        """Count the measurements."""
        return sum(len(self.rows(length)) for _, length in self.sizes) * len(self.dtypes)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Request:
        """Return the request of which `dataclasses.asdict` has gone through JSON."""
        tuples: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**{**tuples, "sizes": tuple(map(tuple, values["sizes"]))})


def measure(calls: Mapping[str, Call], seconds: float) -> dict[str, list[float]]:
    """Time every call in turns.

    Parameters
    ----------
    calls : mapping of str to callable
    seconds : float
        How long to go on, all contenders together.

    Returns
    -------
    dict of str to list of float
        Seconds a call, one entry a reading.
    """
    repeats = {}
    times: dict[str, list[float]] = {}
    for name, call in calls.items():
        call()  # the first call pays for page faults, caches and compilers
        start = time.perf_counter()
        call()
        once = max(time.perf_counter() - start, 1e-9)
        repeats[name] = max(1, round(SECONDS_PER_READING / once))
        times[name] = [once] if once >= SECONDS_PER_READING else []
    end = time.perf_counter() + seconds

    def wants_a_turn(name: str) -> bool:
        had = times[name]
        fewest = FEWEST_OF_THE_SLOW if sum(had) > seconds else FEWEST_READINGS
        return len(had) < fewest or (time.perf_counter() < end and fewest == FEWEST_READINGS)

    while turns := [name for name in calls if wants_a_turn(name)]:
        for name in turns:
            call, again = calls[name], range(repeats[name])
            start = time.perf_counter()
            for _ in again:
                call()
            times[name].append((time.perf_counter() - start) / repeats[name])
    return times


def run_rows(request: Request) -> Iterator[Measurement]:
    """Measure Ogive and its peers in this process; every row is handed out as soon as it is there.

    Parameters
    ----------
    request : Request

    Yields
    ------
    Measurement
    """
    before = config.get_num_threads()
    errors: dict[tuple[str, str, str], dict[str, float]] = {}
    try:
        peers.set_threads(request.threads, request.peers)
        for dtype in request.dtypes:
            for count, length in request.sizes:
                arrays = Arrays(count, dtype, length)
                for name, kind in request.rows(length):
                    key = (name, kind, dtype)
                    if key not in errors:
                        errors[key] = accuracy.largest_errors(name, kind, dtype, request.peers)
                    yield _row(name, kind, arrays, request, errors[key])
    finally:
        config.set_num_threads(before)


def _row(
    name: str, kind: str, arrays: Arrays, request: Request, error: Mapping[str, float]
) -> Measurement:
    calls = peers.contenders(name, kind, arrays, request.peers)
    times = {
        contender: [1e9 * reading / arrays.count for reading in readings]
        for contender, readings in measure(calls, request.seconds).items()
    }
    given = {peer: peers.saved(peer, name, kind) for peer in request.peers if peer in calls}
    return Measurement(
        function=name,
        kind=kind,
        dtype=arrays.dtype,
        count=arrays.count,
        length=arrays.length,
        threads=request.threads,
        best={contender: min(readings) for contender, readings in times.items()},
        median={contender: median(readings) for contender, readings in times.items()},
        readings={contender: len(readings) for contender, readings in times.items()},
        error=dict(error),
        accurate=tuple(
            peer for peer in request.peers if error.get(peer, 1e9) <= accuracy.ACCURATE_ULP
        ),
        saved={peer: what for peer, what in given.items() if what is not None},
        peak=_peaks(name, calls, arrays.count),
    )


def _peaks(name: str, calls: Mapping[str, Call], count: int) -> dict[str, float]:
    """Measure what memory a loss takes, where the machine tells."""
    if name not in LOSSES or count < _LARGE_ENOUGH_FOR_MEMORY:
        return {}
    found = {contender: memory.peak(call) for contender, call in calls.items()}
    return {contender: peak / count for contender, peak in found.items() if peak is not None}
