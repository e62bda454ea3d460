"""Whether the settings of a study order its activations alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from ogive.study.results.measure import Measure
from ogive.study.results.setting import SettingResult
from ogive.study.statistics import RankCorrelation, rank_correlation

__all__ = ["Agreement", "agreements"]

FEWEST = 4
"""Activations below which an order says next to nothing: three agree by chance once in six."""


@dataclass(frozen=True)
class Agreement:
    """Two settings, by their place in the study, and how far their orders agree."""

    first: int
    second: int
    correlation: RankCorrelation


def agreements(settings: Sequence[SettingResult], measure: Measure) -> tuple[Agreement, ...]:
    """Return the rank correlation of every two settings that compare their activations."""
    values = {
        result.number: {
            cell.label: {seed: measure.gain(value) for seed, value in cell.values}
            for cell in result.cells
            if cell.mean is not None
        }
        for result in settings
        if result.compares
    }
    found = []
    for first, second in combinations(values, 2):
        if len(values[first].keys() & values[second].keys()) >= FEWEST:
            correlation = rank_correlation(values[first], values[second])
            found.append(Agreement(first, second, correlation))
    return tuple(found)
