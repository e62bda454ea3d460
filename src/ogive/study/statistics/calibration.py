"""Whether a network is right as often as it says: reliability and expected calibration error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ogive.study.statistics.proportion import wilson

__all__ = ["Calibration", "Reliability", "calibration", "pooled"]


@dataclass(frozen=True)
class Reliability:
    """One point of the reliability curve.

    Parameters
    ----------
    count : int
        Rows whose largest probability falls into the bin.
    confidence : float
        Mean of that probability over them.
    accuracy : float
        Share of them that is right.
    lower, upper : float
        Wilson's 95 % interval of the accuracy.
    """

    count: int
    confidence: float
    accuracy: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Calibration:
    """How well probabilities say how often a network is right.

    Parameters
    ----------
    error : float or None
        Expected calibration error: the mean over the rows of |accuracy − confidence| of their
        bins. None without a row.
    by_chance : float or None
        What `error` would be expected to be with these bins if every probability were exact.
    overconfidence : float or None
        Mean confidence minus accuracy, over all rows; below 0 where a network is too modest.
    points : tuple of Reliability
        Bins that hold rows, from the least confidence.
    unanswered : int
        Rows without a finite probability, which count in no bin.
    """

    error: float | None
    by_chance: float | None
    overconfidence: float | None
    points: tuple[Reliability, ...]
    unanswered: int


def calibration(record: Mapping[str, Any]) -> Calibration:
    r"""Return calibration error and reliability curve from the bins of a run's record.

    The expected calibration error is :math:`\sum_b \frac{n_b}N |a_b - c_b|`, with the accuracy
    :math:`a_b` and the mean confidence :math:`c_b` of the :math:`n_b` rows in bin b. Chance alone
    keeps a_b from being exactly c_b, so the error is biased upwards, the more so the fewer rows a
    bin has; `by_chance` is what remains of it for a perfectly calibrated network,
    :math:`\sum_b E|X_b - n_b c_b| / N` with binomial :math:`X_b`. Errors below about that say
    nothing, and differences between activations are to be judged by the spread over the seeds.

    Parameters
    ----------
    record : mapping
        ``count``, ``confidence`` (sums), ``right`` and ``unanswered``, as a run's record has them
        under ``calibration``; or several of them made one by `pooled`.

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        If the lists differ in length or contradict each other.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger (2017), "On calibration of modern neural
    networks", ICML. The mean deviation of the binomial is De Moivre's: P. Diaconis and S. Zabell
    (1991), "Closed form summation for classical distributions", Statistical Science 6, 284-302.

    Examples
    --------
    >>> found = calibration(
    ...     {"count": [0, 10, 90], "confidence": [0.0, 6.0, 88.2], "right": [0, 5, 81],
    ...      "unanswered": 0}
    ... )
    >>> round(found.error, 3), round(found.by_chance, 3), round(found.overconfidence, 3)
    (0.082, 0.023, 0.082)
    """
    counts, sums, rights = (record[name] for name in ("count", "confidence", "right"))
    if not len(counts) == len(sums) == len(rights):
        raise ValueError(
            f"bins need equal lengths, not {len(counts)}, {len(sums)} and {len(rights)}"
        )
    points = []
    for count, confidence, right in zip(counts, sums, rights, strict=True):
        # Sums of float32 probabilities that are all 1 may end a little above the count.
        if not 0 <= right <= count or not 0 <= confidence <= count * (1 + 1e-6):
            raise ValueError(
                f"{right} right of {count} with a confidence of {confidence} is no bin"
            )
        if count:
            mean = min(1.0, confidence / count)
            points.append(Reliability(count, mean, right / count, *wilson(right, count)))
    total = sum(point.count for point in points)
    unanswered = int(record["unanswered"])
    if not total:
        return Calibration(None, None, None, (), unanswered)
    return Calibration(
        math.fsum(p.count * abs(p.accuracy - p.confidence) for p in points) / total,
        math.fsum(_mean_deviation(p.count, p.confidence) for p in points) / total,
        math.fsum(p.count * (p.confidence - p.accuracy) for p in points) / total,
        tuple(points),
        unanswered,
    )


def pooled(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the bins of several runs as one record, for the curve of an activation over its seeds.

    The runs answer the same rows, so that their counts are not independent: the intervals of a
    pooled curve are narrower than they ought to be.

    Parameters
    ----------
    records : sequence of mapping
        As `calibration` takes them, all with the same bins.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If there is none, or the numbers of bins differ.

    Examples
    --------
    >>> one = {"count": [1, 2], "confidence": [0.4, 1.8], "right": [0, 2], "unanswered": 0}
    >>> pooled([one, one])["count"]
    [2, 4]
    """
    if len({len(record["count"]) for record in records}) != 1:
        raise ValueError("records to pool must be there, and have the same number of bins")
    made: dict[str, Any] = {
        name: [sum(values) for values in zip(*(record[name] for record in records), strict=True)]
        for name in ("count", "confidence", "right")
    }
    return {**made, "unanswered": sum(record["unanswered"] for record in records)}


def _mean_deviation(n: int, p: float) -> float:
    """Return E|X − np| of a binomial X: 2 (1 − p) k P(X = k) at k = ⌊np⌋ + 1."""
    if p in (0.0, 1.0):
        return 0.0
    k = min(math.floor(n * p) + 1, n)
    log_chance = (
        math.lgamma(n + 1)
        - math.lgamma(k + 1)
        - math.lgamma(n - k + 1)
        + k * math.log(p)
        + (n - k) * math.log1p(-p)
    )
    return 2 * (1 - p) * k * math.exp(log_chance)
