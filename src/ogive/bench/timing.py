"""Timing contenders in turns, so that whatever else the machine does falls on all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ogive import config
from ogive.bench import peers

__all__ = ["Measurement", "measure", "run_bench"]

# A call is repeated within one reading until the reading lasts about this long: the clock and the
# loop around it then weigh less than a hundredth.
SECONDS_PER_READING = 2e-3
FEWEST_READINGS = 5


@dataclass(frozen=True)
class Measurement:
    """What one round of competition gave.

    Attributes
    ----------
    function, kind, dtype : str
    count : int
        Number of elements.
    threads : int
        Number of threads that every library was given.
    readings : int
        How often each contender was timed.
    best, median : mapping of str to float
        Nanoseconds an element, by library; ``copy`` is NumPy's copy of the same array.
    """

    function: str
    kind: str
    dtype: str
    count: int
    threads: int
    readings: int
    best: Mapping[str, float]
    median: Mapping[str, float]

    def ratio(self, peer: str, statistic: str = "best") -> float | None:
        """Return how many times longer the peer took than Ogive; None if it did not compete."""
        times = self.best if statistic == "best" else self.median
        return times[peer] / times["ogive"] if peer in times else None


def measure(
    calls: Mapping[str, Callable[[], object]], seconds: float
) -> tuple[dict[str, list[float]], int]:
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
    int
        The number of readings.
    """
    repeats = {}
    for name, call in calls.items():
        call()  # the first call pays for page faults and caches
        start = time.perf_counter()
        call()
        once = max(time.perf_counter() - start, 1e-9)
        repeats[name] = max(1, round(SECONDS_PER_READING / once))
    times: dict[str, list[float]] = {name: [] for name in calls}
    readings = 0
    end = time.perf_counter() + seconds
    while readings < FEWEST_READINGS or time.perf_counter() < end:
        for name, call in calls.items():
            turns = range(repeats[name])
            start = time.perf_counter()
            for _ in turns:
                call()
            times[name].append((time.perf_counter() - start) / repeats[name])
        readings += 1
    return times, readings


def run_bench(
    functions: Sequence[str],
    kinds: Sequence[str],
    counts: Sequence[int],
    dtypes: Sequence[str],
    threads: int,
    seconds: float,
) -> Iterator[Measurement]:
    """Measure Ogive and its peers; every result is handed out as soon as it is there.

    Parameters
    ----------
    functions : sequence of str
        Names as `peers.names` gives them.
    kinds : sequence of {'value', 'grad', 'backward'}
    counts : sequence of int
        Numbers of elements.
    dtypes : sequence of {'float32', 'float64'}
    threads : int
        Given to Ogive and to PyTorch; NumPy and SciPy always use one.
    seconds : float
        For each combination.

    Yields
    ------
    Measurement
    """
    before = config.get_num_threads()
    config.set_num_threads(threads)
    try:
        _set_torch_threads(threads)
        for kind in kinds:
            for name in functions:
                if name not in peers.names(kind):
                    continue
                for dtype in dtypes:
                    for count in counts:
                        calls = peers.contenders(name, kind, count, dtype)
                        times, readings = measure(calls, seconds)
                        per_element = {
                            library: [1e9 * reading / count for reading in values]
                            for library, values in times.items()
                        }
                        yield Measurement(
                            function=name,
                            kind=kind,
                            dtype=dtype,
                            count=count,
                            threads=threads,
                            readings=readings,
                            best={k: min(v) for k, v in per_element.items()},
                            median={k: median(v) for k, v in per_element.items()},
                        )
    finally:
        config.set_num_threads(before)


def _set_torch_threads(threads: int) -> None:
    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(threads)
