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
        """Return the value that counts as arrived if it is more than a blind guess reaches.

        Parameters
        ----------
        measure : Measure
            What the values are of.

        Returns
        -------
        float or None
            None without a mean.

        Examples
        --------
        >>> from ogive.study.results import ACCURACY
        >>> round(Ending((0.9, 0.92), 270, 10).aim(ACCURACY), 4)
        0.8645
        """
        if self.mean is None:
            return None
        return self.mean * SHARE if measure.higher_is_better else self.mean / SHARE

    def guess(self, measure: Measure) -> float:
        """Return what a blind guess reaches.

        Parameters
        ----------
        measure : Measure
            What the values are of.

        Returns
        -------
        float
            An accuracy, or a loss in nats.

        Examples
        --------
        >>> from ogive.study.results import ACCURACY
        >>> Ending((), 270, 10).guess(ACCURACY)
        0.1
        """
        return 1 / self.classes if measure.higher_is_better else math.log(self.classes)


@dataclass(frozen=True)
class Target:
    """A value on the validation part, after an epoch, that counts as arrived.

    Attributes
    ----------
    value : float
        An accuracy in [0, 1], or a loss in nats.
    higher_is_better : bool
        Whether what is higher has arrived too, or what is lower.
    """

    value: float
    higher_is_better: bool

    def met(self, value: float | None) -> bool:
        """Tell whether a value has arrived.

        Parameters
        ----------
        value : float or None
            None where it is not finite: that has not arrived.

        Returns
        -------
        bool

        Examples
        --------
        >>> Target(0.5, higher_is_better=False).met(0.4)
        True
        """
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

    Parameters
    ----------
    reference : Ending
        Of the activation that the others are compared with.
    measure : Measure
        What is compared.

    Returns
    -------
    Target or None

    Examples
    --------
    >>> from ogive.study.results import ACCURACY
    >>> round(target(Ending((0.9, 0.92), 270, 10), ACCURACY).value, 4)
    0.8645
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

    Parameters
    ----------
    target : Target
        Of the setting.
    runs : sequence of dict
        Stored runs of one cell.
    measure : Measure
        What the target is of.

    Returns
    -------
    Time or None
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
