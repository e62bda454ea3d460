"""Whether two settings order the activations alike: Kendall's rank correlation."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Kendall", "RankCorrelation", "kendall", "rank_correlation"]

RESAMPLES = 2000
PERMUTATIONS = 9_999
ENUMERATED = 8

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Kendall:
    """Kendall's rank correlation.

    Parameters
    ----------
    tau : float or None
        τ_b, from −1 (the reverse order) to 1 (the same); None where one side is all ties.
    p : float or None
        Two-sided p-value of 'the two orders have nothing to do with each other'.
    """

    tau: float | None
    p: float | None


@dataclass(frozen=True)
class RankCorrelation:
    """How far two settings agree on the order of the activations.

    Parameters
    ----------
    n : int
        Activations that both have.
    tau, p : float or None
        As in `Kendall`, of the means over the seeds.
    lower, upper : float or None
        Ends of the bootstrap interval over the seeds; None where they have fewer than two.
    """

    n: int
    tau: float | None
    p: float | None
    lower: float | None
    upper: float | None


def kendall(x: Sequence[float], y: Sequence[float]) -> Kendall:
    r"""Return Kendall's τ_b of two sequences, and its p-value.

    With C concordant and D discordant pairs, :math:`\tau_b = (C - D) / \sqrt{(N - T_x)(N - T_y)}`,
    where N is the number of pairs and T counts those that are tied. p is the share of all
    permutations whose :math:`|C - D|` is as large: exactly where there are no ties (by counting
    the permutations with so many inversions) or up to 8 values (one by one); else from 9,999
    random permutations, always the same.

    Parameters
    ----------
    x, y : sequences of float, of one length
        Position i of both belongs to the same thing.

    Returns
    -------
    Kendall
        Of fewer than two values, or if one side is all ties, neither τ nor p.

    Raises
    ------
    ValueError
        If the lengths differ or a value is not finite.

    References
    ----------
    M. G. Kendall (1945), "The treatment of ties in ranking problems", Biometrika 33, 239-251.

    Examples
    --------
    >>> kendall([1, 2, 3, 4], [1, 3, 2, 4])
    Kendall(tau=0.6666666666666666, p=0.3333333333333333)
    """
    if len(x) != len(y):
        raise ValueError(f"ranks need equal lengths, not {len(x)} and {len(y)}")
    for value in (*x, *y):
        if not math.isfinite(value):
            raise ValueError(f"every value must be finite, not {value!r}")
    first, second = _signs(np.asarray(x, np.float64)), _signs(np.asarray(y, np.float64))
    tau = _tau(first, second)
    if tau is None:
        return Kendall(None, None)
    score = round(abs(float(first @ second)))
    if first.all() and second.all():
        p = _without_ties(len(x), score)
    elif len(x) <= ENUMERATED:
        p = _permuted(x, y, score, np.array([*itertools.permutations(range(len(x)))]))
    else:
        random = np.random.default_rng(len(x))
        draws = random.permuted(np.tile(np.arange(len(x)), (PERMUTATIONS, 1)), axis=1)
        # What was met is one of the permutations.
        p = (PERMUTATIONS * _permuted(x, y, score, draws) + 1) / (PERMUTATIONS + 1)
    return Kendall(tau, p)


def rank_correlation(
    first: Mapping[str, Mapping[int, float]],
    second: Mapping[str, Mapping[int, float]],
    *,
    level: float = 0.95,
) -> RankCorrelation:
    r"""Return how far two settings agree on the order of the activations they share.

    The correlation is that of the means over the seeds. Noise of the means blurs the order of
    neighbours, so that τ falls short of what very many seeds would give. The interval makes up for
    most of that: it is the basic bootstrap, :math:`[2\hat\tau - \tau^*_{1 - \alpha/2}, 2\hat\tau -
    \tau^*_{\alpha/2}]`, which takes the bootstrap's own shortfall for that of the estimate. The
    seeds of each setting are drawn with replacement, the same for all its activations, which keeps
    what they have in common, and independently for the two settings; deviations from the mean are
    stretched by :math:`\sqrt{n / (n - 1)}`, as those of a drawn mean are too small by that; 2,000
    times, always the same draws. Where neighbours lie closer than the spread over the seeds, the
    interval covers less than it says: docs/statistics.md has measured how much.

    Parameters
    ----------
    first, second : mapping of str to mapping of int to float
        For each label, the value by seed. Seeds that not all activations of a setting have are
        left out of the interval; with fewer than two in common there is none.
    level : float
        Level of the interval, between 0 and 1.

    Returns
    -------
    RankCorrelation

    Raises
    ------
    ValueError
        If a value is not finite or `level` is out of range.

    References
    ----------
    A. C. Davison and D. V. Hinkley (1997), "Bootstrap methods and their application", section 5.2.

    Examples
    --------
    >>> shallow = {"relu": {0: 0.97, 1: 0.98}, "tanh": {0: 0.96, 1: 0.95}}
    >>> deep = {"relu": {0: 0.95, 1: 0.96}, "tanh": {0: 0.61, 1: 0.62}}
    >>> rank_correlation(shallow, deep).tau
    1.0
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level!r}")
    labels = [label for label, values in first.items() if values and second.get(label)]
    sides = (first, second)
    means = [[math.fsum(s[k].values()) / len(s[k]) for k in labels] for s in sides]
    found = kendall(*means)
    lower = upper = None
    tables = [_table(side, labels) for side in sides]
    if found.tau is not None and all(table.shape[1] > 1 for table in tables):
        random = np.random.default_rng(len(labels))
        resampled = [_signs(_resampled(table, random)) for table in tables]
        score = (resampled[0] * resampled[1]).sum(1)
        pairs = np.sqrt(np.prod([np.count_nonzero(signs, axis=1) for signs in resampled], axis=0))
        taus = score[pairs > 0] / pairs[pairs > 0]
        if taus.size:
            tail = (1 - level) / 2
            low, high = (float(end) for end in np.quantile(taus, [tail, 1 - tail]))
            lower = max(-1.0, min(found.tau, 2 * found.tau - high))
            upper = min(1.0, max(found.tau, 2 * found.tau - low))
    return RankCorrelation(len(labels), found.tau, found.p, lower, upper)


def _table(side: Mapping[str, Mapping[int, float]], labels: Sequence[str]) -> Array:
    """Return the values of the seeds that all have, an activation a row."""
    if not labels:
        return np.empty((0, 0))
    common = sorted(set.intersection(*(set(side[label]) for label in labels)))
    return np.array([[side[label][seed] for seed in common] for label in labels])


def _resampled(table: Array, random: np.random.Generator) -> Array:
    """Return means over seeds drawn with replacement, a draw a row."""
    seeds = table.shape[1]
    drawn = random.integers(seeds, size=(RESAMPLES, seeds))
    mean = table.mean(axis=1)
    means: Array = mean + math.sqrt(seeds / (seeds - 1)) * (table.T[drawn].mean(axis=1) - mean)
    return means


def _signs(values: Array) -> Array:
    """Return the sign of every difference of two entries, pair by pair along the last axis."""
    i, j = np.triu_indices(values.shape[-1], 1)
    return np.sign(values[..., j] - values[..., i])


def _tau(first: Array, second: Array) -> float | None:
    # Of the product and not each root, so that equal orders give exactly 1.
    pairs = math.sqrt(np.count_nonzero(first) * np.count_nonzero(second))
    return float(first @ second) / pairs if pairs else None


def _permuted(x: Sequence[float], y: Sequence[float], score: int, orders: Array) -> float:
    """Return the share of these permutations whose score is at least as far from 0."""
    met = _signs(np.asarray(y, np.float64)[orders]) @ _signs(np.asarray(x, np.float64))
    return float(np.mean(np.abs(met) >= score - 0.5))


def _without_ties(n: int, score: int) -> float:
    """Return the share of all orders of n with |C − D| of at least `score`."""
    # How many orders have so many inversions: the k-th entry can be put before 0 to k − 1 others.
    inversions = [1]
    for k in range(2, n + 1):
        sums = list(itertools.accumulate([*inversions, *[0] * (k - 1)]))
        inversions = [s - (sums[i - k] if i >= k else 0) for i, s in enumerate(sums)]
    pairs = n * (n - 1) // 2
    as_far = sum(count for d, count in enumerate(inversions) if abs(pairs - 2 * d) >= score)
    return as_far / math.factorial(n)
