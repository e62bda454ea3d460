"""Whether the settings of a study order its activations alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from ogive.study.results.measure import Measure
from ogive.study.results.setting import LEVEL, SettingResult
from ogive.study.statistics import RankCorrelation, holm, rank_correlation

__all__ = ["Agreement", "agreements", "least_adjusted"]

FEWEST = 4
"""Activations below which an order says next to nothing: three agree by chance once in six."""


@dataclass(frozen=True)
class Agreement:
    """Two settings, by their place in the study, and how far their orders agree.

    Attributes
    ----------
    first, second : int
        The settings.
    shared : bool
        Whether they have runs in common, as a tuned setting has where the declared recipe was
        chosen. The same luck is then in both orders, so that no correlation is taken.
    correlation : RankCorrelation or None
        None where runs are shared.
    p_holm : float or None
        Its p-value, adjusted over all pairs of settings of the study.
    """

    first: int
    second: int
    shared: bool
    correlation: RankCorrelation | None
    p_holm: float | None

    @property
    def beyond_chance(self) -> bool:
        """Whether the two orders have to do with each other, at 5 % over all pairs."""
        return self.p_holm is not None and self.p_holm < LEVEL


def agreements(settings: Sequence[SettingResult], measure: Measure) -> tuple[Agreement, ...]:
    """Return the rank correlation of every two settings that compare their activations.

    Parameters
    ----------
    settings : sequence of SettingResult
        Of a study.
    measure : Measure
        What is compared.

    Returns
    -------
    tuple of Agreement
        In the order of the settings. Pairs that share fewer than `FEWEST` activations with a mean
        are left out.
    """
    compared = [result for result in settings if result.compares]
    values = {
        result.number: {
            cell.label: {seed: measure.gain(value) for seed, value in cell.values}
            for cell in result.cells
            if cell.mean is not None
        }
        for result in compared
    }
    runs = {r.number: {run["key"] for cell in r.cells for run in cell.runs} for r in compared}
    pairs = [
        (first, second)
        for first, second in combinations(values, 2)
        if len(values[first].keys() & values[second].keys()) >= FEWEST
    ]
    found = [
        rank_correlation(values[first], values[second])
        if runs[first].isdisjoint(runs[second])
        else None
        for first, second in pairs
    ]
    adjusted = holm([None if each is None else each.p for each in found])
    return tuple(
        Agreement(first, second, each is None, each, p)
        for (first, second), each, p in zip(pairs, found, adjusted, strict=True)
    )


def least_adjusted(found: Sequence[Agreement]) -> float:
    """Return the smallest p that Holm's adjustment leaves of any pair, were its orders the same.

    Parameters
    ----------
    found : sequence of Agreement
        All pairs of settings of a study.

    Returns
    -------
    float
        In [0, 1]; 0 where no pair has a correlation.

    Examples
    --------
    >>> four = RankCorrelation(4, 1.0, 1 / 12, None, None)
    >>> round(least_adjusted([Agreement(1, 2, False, four, 1 / 12)]), 3)
    0.083
    """
    known = [each.correlation.n for each in found if each.correlation is not None]
    return min(1.0, 2 * len(known) / math.factorial(max(known, default=0)))
