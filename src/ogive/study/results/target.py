"""How long it takes to a target that is the same for every activation of a setting."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ogive.study.results.curve import Curve
from ogive.study.results.measure import Measure

__all__ = ["SHARE", "Target", "Time", "target", "time_to"]

SHARE = 0.95
"""Of the reference's final validation accuracy; of losses, the reference's divided by this."""


@dataclass(frozen=True)
class Target:
    """A value on the validation part, after an epoch, that counts as arrived."""

    value: float
    higher_is_better: bool

    def met(self, value: float | None) -> bool:
        """Tell whether a value has arrived."""
        if value is None:
            return False
        return value >= self.value if self.higher_is_better else value <= self.value


@dataclass(frozen=True)
class Time:
    """How long the runs of one cell took.

    Attributes
    ----------
    reached, n : int
        Runs that arrived at any time, of all.
    epochs : float or None
        Median over the runs; None where fewer than half of them arrived.
    least, most : int or None
        Among the runs that arrived.
    seconds : float or None
        The same median in seconds of training, without the looks at the validation part.
    """

    reached: int
    n: int
    epochs: float | None
    least: int | None
    most: int | None
    seconds: float | None


def target(reference: Curve, measure: Measure) -> Target | None:
    """Return the target of a setting from the reference's curve on the validation part."""
    last = reference.last
    if last is None:
        return None
    better = measure.higher_is_better
    return Target(last * SHARE if better else last / SHARE, better)


def time_to(target: Target, runs: Sequence[dict[str, Any]], measure: Measure) -> Time | None:
    """Return how long `runs` took to `target`; None without a run.

    A run that never arrives is later than every one that does, so that the median exists as soon
    as more than half of the runs arrive.
    """
    if not runs:
        return None
    arrivals: list[tuple[int, float]] = []
    for run in runs:
        values = run["curves"][f"validation_{measure.key}"]
        epoch = next((i for i, value in enumerate(values, 1) if target.met(value)), None)
        if epoch is not None:
            arrivals.append((epoch, epoch * run["timing"]["seconds_per_epoch"]))
    missing = len(runs) - len(arrivals)
    return Time(
        reached=len(arrivals),
        n=len(runs),
        epochs=_median([float(epoch) for epoch, _ in arrivals], missing),
        least=min((epoch for epoch, _ in arrivals), default=None),
        most=max((epoch for epoch, _ in arrivals), default=None),
        seconds=_median([seconds for _, seconds in arrivals], missing),
    )


def _median(values: Sequence[float], missing: int) -> float | None:
    middle = statistics.median([*values, *[float("inf")] * missing])
    return None if middle == float("inf") else middle
