"""How long it takes to a target that is the same for every activation of a setting."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ogive.study.results.measure import Measure
from ogive.study.results.trained import least_accuracy
from ogive.study.statistics import wilson

__all__ = ["SHARE", "Ending", "Target", "Time", "target", "time_to"]

SHARE = 0.95
"""Of the reference's final validation accuracy; of losses, the reference's divided by this."""


@dataclass(frozen=True)
class Ending:
    """What the runs of one cell end with on the validation part.

    Attributes
    ----------
    values : tuple of float or None
        The compared quantity of each run; None for a loss that is not finite.
    rows, classes : int
        Of the validation part.
    """

    values: tuple[float | None, ...]
    rows: int
    classes: int

    @property
    def mean(self) -> float | None:
        """Mean over the runs; None without one, or where one has no value."""
        known = [value for value in self.values if value is not None]
        return statistics.fmean(known) if known and len(known) == len(self.values) else None

    def aim(self, measure: Measure) -> float | None:
        """Return the value that counts as arrived if it is more than a blind guess reaches."""
        if self.mean is None:
            return None
        return self.mean * SHARE if measure.higher_is_better else self.mean / SHARE

    def guess(self, measure: Measure) -> float:
        """Return what a blind guess reaches.

        Examples
        --------
        >>> from ogive.study.results import ACCURACY
        >>> Ending((), 270, 10).guess(ACCURACY)
        0.1
        """
        return 1 / self.classes if measure.higher_is_better else math.log(self.classes)


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
        Median over the runs; None unless more than half of them arrived.
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


def target(reference: Ending, measure: Measure) -> Target | None:
    """Return the target of a setting from what the reference's runs end with.

    Where the reference has learned next to nothing, so has whoever arrives, and there is none. An
    accuracy has to be one at which a run counts as working, whatever the others reach
    (`least_accuracy`), and Wilson's interval of it on that many rows above a blind guess; a loss
    has to be below that of a blind guess.

    Examples
    --------
    >>> from ogive.study.results import ACCURACY
    >>> target(Ending((0.9, 0.92), 270, 10), ACCURACY)
    Target(value=0.8645, higher_is_better=True)
    >>> target(Ending((0.1, 0.11), 270, 10), ACCURACY) is None
    True
    """
    aim, guess = reference.aim(measure), reference.guess(measure)
    if aim is None:
        return None
    if measure.higher_is_better:
        lower, _ = wilson(round(aim * reference.rows), reference.rows)
        clear = lower > guess and aim >= least_accuracy((), reference.classes)
    else:
        clear = aim < guess
    return Target(aim, measure.higher_is_better) if clear else None


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
