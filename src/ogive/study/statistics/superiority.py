"""How likely one activation is the better of two that are trained once each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Superiority", "superiority"]


@dataclass(frozen=True)
class Superiority:
    """Probability that one training beats another.

    Parameters
    ----------
    probability : float
        Share of all pairs of a training of the one and a training of the other in which the one
        is better; a tie counts half.
    lower, upper : float or None
        Ends of its interval; None where one side has a single training.
    """

    probability: float
    lower: float | None
    upper: float | None


def superiority(
    values: Sequence[float], reference: Sequence[float], *, level: float = 0.95
) -> Superiority:
    r"""Return how likely a training of the one is better than a training of the other.

    The estimate is :math:`\hat\theta = P(A > B) + \tfrac12 P(A = B)` over all pairs of one value of
    each: the Mann-Whitney statistic divided by the number of pairs, and the area under an ROC
    curve. Pairs of different seeds are among them, for whoever trains once meets one draw with the
    one activation and has not the same draw with the other; the paired difference answers the
    other question, which of the two is better on average.

    The interval is Newcombe's (2006, method 5): all :math:`\theta` with
    :math:`|\hat\theta - \theta| \le z \sqrt{V(\theta)}`, where

    .. math:: V(\theta) = \frac{\theta(1 - \theta)}{mn} \left(1 + \left(\frac{m + n}2 - 1\right)
        \left(\frac{1 - \theta}{2 - \theta} + \frac\theta{1 + \theta}\right)\right)

    is the variance for exponential distributions of Hanley and McNeil (1982). As with Wilson's
    interval of a proportion, the variance is that at the end of the interval and not at the
    estimate, so that five values that all lie above five others give an interval of a sensible
    width, where the intervals of DeLong or of Brunner and Munzel shrink to a point. Values that
    share their seeds are correlated if at all positively, which makes it too wide rather than too
    narrow.

    Parameters
    ----------
    values, reference : sequences of float
        One value a training; the higher is the better. The lengths may differ.
    level : float
        Level of the interval, between 0 and 1.

    Returns
    -------
    Superiority

    Raises
    ------
    ValueError
        If a sequence is empty, a value is not finite, or `level` is out of range.

    References
    ----------
    R. G. Newcombe (2006), "Confidence intervals for an effect size measure based on the
    Mann-Whitney statistic. Part 2: asymptotic methods and evaluation", Statistics in Medicine 25,
    559-573. J. A. Hanley and B. J. McNeil (1982), "The meaning and use of the area under a receiver
    operating characteristic (ROC) curve", Radiology 143, 29-36.

    Examples
    --------
    >>> better = superiority([0.97, 0.98, 0.96], [0.95, 0.96, 0.95])
    >>> round(better.probability, 3), round(better.lower, 2), round(better.upper, 2)
    (0.944, 0.45, 1.0)
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level!r}")
    if not values or not reference:
        raise ValueError("there must be at least one value on each side")
    a, b = np.asarray(values, np.float64), np.asarray(reference, np.float64)
    for value in (*values, *reference):
        if not math.isfinite(value):
            raise ValueError(f"every value must be finite, not {value!r}")
    won = np.sign(a[:, None] - b[None, :])
    # Of whole and half numbers, so that the sum is exact.
    probability = float((won + 1).sum() / 2 / won.size)
    if min(len(a), len(b)) < 2:
        return Superiority(probability, None, None)
    from scipy.special import ndtri

    z = float(ndtri((1 + level) / 2))
    return Superiority(
        probability,
        1 - _upper(1 - probability, len(a), len(b), z),
        _upper(probability, len(a), len(b), z),
    )


def _upper(estimate: float, m: int, n: int, z: float) -> float:
    """Return the largest θ whose distance from the estimate is within z standard errors."""
    low, high = estimate, 1.0
    # 1 is never inside but for the estimate 1, and where the bracket ends does not matter there.
    while (middle := (low + high) / 2) not in (low, high):
        spread = (1 - middle) / (2 - middle) + middle / (1 + middle)
        variance = middle * (1 - middle) * (1 + ((m + n) / 2 - 1) * spread) / (m * n)
        if middle - estimate <= z * math.sqrt(variance):
            low = middle
        else:
            high = middle
    return high if estimate == 1 else low
