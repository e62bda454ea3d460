"""Welch's t test from means and standard deviations, which is all that was published."""

from __future__ import annotations

import math
from dataclasses import dataclass

from figures import RUNS, Cell
from scipy.special import nctdtrinc, stdtr, stdtrit


@dataclass(frozen=True)
class Welch:
    """A difference of two means, in percentage points."""

    difference: float
    error: float
    freedom: float
    p: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        half = float(stdtrit(self.freedom, (1 + level) / 2)) * self.error
        return self.difference - half, self.difference + half

    def smallest_called(self, comparisons: int, level: float = 0.05) -> float:
        """The smallest difference that Holm's first step would have called real."""
        return self.error * self._limit(comparisons, level)

    def detectable(self, comparisons: int, level: float = 0.05, power: float = 0.8) -> float:
        """The true difference that would have been called with this power.

        With the degrees of freedom as they were met. Those of another study would be others, which
        costs power: 72 % are left of 80 % at five runs of equal spread in a family of 17.
        """
        limit = self._limit(comparisons, level)
        return self.error * float(nctdtrinc(self.freedom, 1 - power, limit))

    def _limit(self, comparisons: int, level: float) -> float:
        return float(stdtrit(self.freedom, 1 - level / 2 / comparisons))


def welch(one: Cell, other: Cell, runs: int = RUNS, spread: float = 1.0) -> Welch:
    """The first minus the second.

    `spread` multiplies the standard deviations: √(n / (n − 1)) where they were taken with n in the
    denominator.
    """
    a, b = ((spread * cell.sd) ** 2 / runs for cell in (one, other))
    freedom = (a + b) ** 2 * (runs - 1) / (a * a + b * b)
    error = math.sqrt(a + b)
    difference = one.mean - other.mean
    return Welch(difference, error, freedom, 2 * float(stdtr(freedom, -abs(difference) / error)))
