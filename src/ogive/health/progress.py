"""Whether the loss falls: what tells a peculiarity from a fault."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import inf, isfinite, log, nan

import numpy as np

from ogive.health.history import History

__all__ = ["Progress", "progress_of"]

_FALL = 0.1
_FAR = 0.25
_FIRST = 5
_LAST = 0.1


@dataclass(frozen=True)
class Progress:
    """How the loss went.

    Attributes
    ----------
    first, last : float
        Medians over the first five steps, and over the last tenth of all, at least five.
    noise : float
        The median deviation from the median, about the last tenth.
    steps : int
        With a finite loss.
    chance : float
        The loss of who knows nothing of the input, ln K for the cross-entropy of K classes;
        infinite where it is not known.

    Examples
    --------
    >>> from ogive.health.progress import Progress
    >>> Progress(2.3, 0.4, 0.05, 100).falls, Progress(2.3, 2.31, 0.05, 100).falls
    (True, False)
    """

    first: float
    last: float
    noise: float
    steps: int
    chance: float = inf

    @property
    def falls(self) -> bool:
        """Whether the loss has fallen by a tenth, by more than its noise, and below chance."""
        fall = self.first - self.last
        far = isfinite(fall) and fall > max(_FALL * abs(self.first), 2.0 * self.noise)
        return far and self.last < self.chance

    @property
    def falls_far(self) -> bool:
        """Whether a quarter of the loss is left, or less."""
        return self.falls and self.last <= _FAR * self.first

    @property
    def words(self) -> str:
        """How it went, for a finding."""
        if not isfinite(self.first):
            return "no loss was seen"
        return f"loss {self.first:.4g} at the beginning, {self.last:.4g} at the end"


def progress_of(history: History) -> Progress:
    """Return how the loss went.

    Parameters
    ----------
    history : History
        With the losses of all backward passes; those of one step count with their mean.

    Returns
    -------
    Progress
    """
    by_step: dict[int, list[float]] = defaultdict(list)
    for step, value in history.losses:
        if isfinite(value):
            by_step[step].append(value)
    values = np.array([np.mean(by_step[step]) for step in sorted(by_step)])
    if not len(values):
        return Progress(nan, nan, nan, 0)
    ends = max(_FIRST, round(_LAST * len(values)))
    first, last = float(np.median(values[:_FIRST])), float(np.median(values[-ends:]))
    noise = float(np.median(np.abs(values[-ends:] - last)))
    return Progress(first, last, noise, len(values), _chance(history))


def _chance(history: History) -> float:
    """Return ln K, where the only loss is the cross-entropy of K classes."""
    if len(history.heads) != 1:
        return inf
    (head,) = history.heads.values()
    if head.loss != "cross_entropy" or head.classes is None or head.classes < 2:
        return inf
    return log(head.classes)
