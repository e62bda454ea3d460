"""What was measured of the trained networks of one cell, over its seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from ogive.study.outcomes.mistakes import NO_ANSWER, decode
from ogive.study.outcomes.rows import NOISY
from ogive.study.results.signal import Signals, signals
from ogive.study.statistics import (
    Disagreement,
    Reliability,
    Summary,
    calibration,
    disagreement,
    pooled,
    summarize,
)
from ogive.study.store import Run

__all__ = [
    "Calibrated",
    "CheckUp",
    "Outcomes",
    "Robustness",
    "Sparsity",
    "mistakes_of",
    "outcomes",
]


@dataclass(frozen=True)
class Robustness:
    """Test accuracy under noise added to the standardised inputs.

    Attributes
    ----------
    rows, of : int
        On how many rows of the test part it was measured, the first ones, and how many it has.
    without : Summary
        Over the seeds, without noise on the same rows; it follows from the mistakes that a run
        keeps.
    noise : tuple of float
        Standard deviations.
    accuracy : tuple of Summary
        Over the seeds, at each.
    """

    rows: int
    of: int
    without: Summary
    noise: tuple[float, ...]
    accuracy: tuple[Summary, ...]


@dataclass(frozen=True)
class Sparsity:
    """Shares of an activation's outputs, call by call, first to last; mean over the seeds.

    Attributes
    ----------
    zero : tuple of float or None
        That are exactly 0.
    small : tuple of float or None
        That are below 1 % of their RMS.
    """

    zero: tuple[float | None, ...]
    small: tuple[float | None, ...]


@dataclass(frozen=True)
class CheckUp:
    """What the check-up found in the run of seed 0.

    Attributes
    ----------
    findings : tuple of (str, str)
        Severity and title of each, the worst first as the check-up has them.
    saturation, dead : tuple of float or None
        Shares at each activation, first to last.
    """

    findings: tuple[tuple[str, str], ...]
    saturation: tuple[float | None, ...]
    dead: tuple[float | None, ...]


@dataclass(frozen=True)
class Calibrated:
    """How well the probabilities of one cell say how often it is right.

    Attributes
    ----------
    error : Summary
        Expected calibration error over the seeds that have an answer.
    by_chance : float or None
        Mean over the same seeds of what each would be expected to show if its probabilities were
        exact.
    curve : tuple of Reliability
        Of the bins of all seeds taken together. The seeds answer the same rows, so that more of
        them do not narrow the intervals: an end is the mean of the seeds' own ends, each weighted
        by its rows in the bin.
    """

    error: Summary
    by_chance: float | None
    curve: tuple[Reliability, ...]


@dataclass(frozen=True)
class Outcomes:
    """What the test part and the networks say beside accuracy and loss; None where not recorded.

    Attributes
    ----------
    unanswered : int
        Runs that have no finite answer to some row of the test part, because they diverged.
    """

    signals: Signals | None = None
    calibrated: Calibrated | None = None
    disagreement: Disagreement | None = None
    robustness: Robustness | None = None
    sparsity: Sparsity | None = None
    checkup: CheckUp | None = None
    unanswered: int = 0


Mistakes = Mapping[int, int]


def mistakes_of(runs: Iterable[Run]) -> dict[str, Mistakes]:
    """Return the wrong predictions of the runs that kept them, by key.

    Parameters
    ----------
    runs : iterable of dict
        Stored runs.

    Returns
    -------
    dict of str to dict of int to int
        For each key the class that a row is taken for, by row; see `decode`.

    Raises
    ------
    ValueError
        If what a run kept cannot be read.
    """
    return {run["key"]: decode(run["mistakes"]) for run in runs if run.get("mistakes") is not None}


def outcomes(
    runs: Sequence[Run], mistakes: Mapping[str, Mistakes] = MappingProxyType({}), classes: int = 2
) -> Outcomes:
    """Return the outcomes of the stored runs of one cell, by ascending seed.

    Parameters
    ----------
    runs : sequence of dict
        Stored runs that were judged on the test part.
    mistakes : mapping of str to mapping of int to int
        Their wrong predictions, by key.
    classes : int
        Number of classes of the data.

    Returns
    -------
    Outcomes
    """
    first = next((run for run in runs if run["spec"]["seed"] == 0), None)
    bins = [run["calibration"] for run in runs if run.get("calibration")]
    return Outcomes(
        signals=None if first is None else signals(first),
        calibrated=_calibrated(bins),
        disagreement=_disagreement(runs, mistakes, classes),
        robustness=_robustness(runs, mistakes, classes),
        sparsity=_sparsity([run["sparsity"] for run in runs if run.get("sparsity")]),
        checkup=_checkup(first["health"]) if first is not None and first.get("health") else None,
        unanswered=sum(each["unanswered"] > 0 for each in bins),
    )


def _calibrated(kept: Sequence[dict[str, Any]]) -> Calibrated | None:
    if not kept:
        return None
    seeds = [calibration(each) for each in kept]
    return Calibrated(
        error=summarize([seed.error for seed in seeds if seed.error is not None]),
        by_chance=summarize([s.by_chance for s in seeds if s.by_chance is not None]).mean,
        curve=_curve(kept, [seed.points for seed in seeds]),
    )


def _curve(
    kept: Sequence[dict[str, Any]], seeds: Sequence[Sequence[Reliability]]
) -> tuple[Reliability, ...]:
    """Return the curve of all seeds, with intervals as wide as those of one seed."""
    of_bin: dict[int, list[Reliability]] = {}
    for bins, points in zip(kept, seeds, strict=True):
        filled = [place for place, count in enumerate(bins["count"]) if count]
        for place, point in zip(filled, points, strict=True):
            of_bin.setdefault(place, []).append(point)
    return tuple(
        replace(
            point,
            lower=math.fsum(p.count * p.lower for p in of_bin[place]) / point.count,
            upper=math.fsum(p.count * p.upper for p in of_bin[place]) / point.count,
        )
        for place, point in zip(sorted(of_bin), calibration(pooled(kept)).points, strict=True)
    )


def _disagreement(
    runs: Sequence[Run], mistakes: Mapping[str, Mistakes], classes: int
) -> Disagreement | None:
    kept = [run for run in runs if run["key"] in mistakes and run.get("calibration")]
    if not kept:
        return None
    bins = kept[0]["calibration"]
    return disagreement(
        [mistakes[run["key"]] for run in kept],
        rows=sum(bins["count"]) + bins["unanswered"],
        classes=classes,
    )


def _robustness(
    runs: Sequence[Run], mistakes: Mapping[str, Mistakes], classes: int
) -> Robustness | None:
    measured = [run for run in runs if run.get("robustness")]
    if not measured:
        return None
    kept = [run["robustness"] for run in measured]
    of = int(measured[0]["data"]["rows"]["test"])
    rows = min(NOISY, of)
    without = [
        _accuracy_of_first(rows, mistakes[run["key"]], classes)
        for run in measured
        if run["key"] in mistakes
    ]
    columns = zip(*(each["accuracy"] for each in kept), strict=True)
    return Robustness(
        rows=rows,
        of=of,
        without=summarize(without),
        noise=tuple(float(value) for value in kept[0]["noise"]),
        accuracy=tuple(summarize([v for v in c if v is not None]) for c in columns),
    )


def _accuracy_of_first(rows: int, mistakes: Mistakes, classes: int) -> float:
    """Return the accuracy on the first rows; one without an answer is worth a blind guess."""
    answers = [answer for row, answer in mistakes.items() if row < rows]
    return (rows - len(answers) + answers.count(NO_ANSWER) / classes) / rows


def _sparsity(kept: Sequence[dict[str, Any]]) -> Sparsity | None:
    if not kept:
        return None
    return Sparsity(
        *(
            tuple(
                summarize([value for value in column if value is not None]).mean
                for column in zip(*(each[share] for each in kept), strict=True)
            )
            for share in ("zero", "small")
        )
    )


def _checkup(kept: dict[str, Any]) -> CheckUp:
    return CheckUp(
        findings=tuple((f["severity"], f["title"]) for f in kept["findings"]),
        saturation=tuple(kept["saturation"]),
        dead=tuple(kept["dead"]),
    )
