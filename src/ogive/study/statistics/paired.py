"""Mean and spread of a sample, and paired differences over the same seeds.

Student's t distribution is taken from `scipy.special`, which `scipy.stats` itself calls and which
loads in a fraction of its time; the tests hold the results against `scipy.stats`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Difference", "Summary", "paired_difference", "summarize"]


@dataclass(frozen=True)
class Summary:
    """Mean and spread of one sample.

    Parameters
    ----------
    n : int
        Sample size.
    mean : float or None
        Arithmetic mean; None without a value.
    sd : float or None
        Standard deviation with n − 1 in the denominator; None below two values.
    """

    n: int
    mean: float | None
    sd: float | None


@dataclass(frozen=True)
class Difference:
    """A paired difference, in the unit of what was compared.

    Parameters
    ----------
    n : int
        Number of pairs.
    mean : float
        Mean of the differences.
    lower, upper : float or None
        Ends of the 95 % interval; None with one pair, or when all differences are equal.
    p : float or None
        Two-sided p-value of 'the mean difference is 0'; None with one pair.
    """

    n: int
    mean: float
    lower: float | None
    upper: float | None
    p: float | None


def summarize(values: Sequence[float]) -> Summary:
    """Return size, mean and standard deviation of `values`.

    Parameters
    ----------
    values : sequence of float

    Returns
    -------
    Summary
        The sum is rounded once, so that the order of the values does not matter.

    Examples
    --------
    >>> summarize([1.0, 3.0])
    Summary(n=2, mean=2.0, sd=1.4142135623730951)
    """
    n = len(values)
    if n == 0:
        return Summary(0, None, None)
    mean = math.fsum(values) / n
    if n == 1:
        return Summary(1, mean, None)
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    return Summary(n, mean, sd)


def paired_difference(
    values: Sequence[float], reference: Sequence[float], *, level: float = 0.95
) -> Difference:
    r"""Return the mean of ``values - reference`` with its t interval and two-sided p-value.

    With differences :math:`d_i`, their mean :math:`\bar d` and standard deviation :math:`s`,
    :math:`t = \bar d \sqrt n / s` has n − 1 degrees of freedom.

    Parameters
    ----------
    values, reference : sequences of float, of one length
        Pairs: position i of both comes from the same seed.
    level : float
        Level of the interval, between 0 and 1.

    Returns
    -------
    Difference
        One pair gives neither interval nor p. When all differences are equal (to rounding), the
        t statistic is undefined: there is no interval, and p is that of the exact sign-flip test,
        :math:`2^{1-n}`, or 1 when the common difference is 0. SciPy would say p = 0 there, which
        claims certainty from a handful of counts that happen to agree.

    Raises
    ------
    ValueError
        If the lengths differ, there is no pair, a value is not finite, or `level` is out of range.

    Examples
    --------
    >>> difference = paired_difference([0.97, 0.98, 0.97], [0.96, 0.96, 0.96])
    >>> round(difference.mean, 4), round(difference.p, 4)
    (0.0133, 0.0572)
    """
    if len(values) != len(reference):
        raise ValueError(f"pairs need equal lengths, not {len(values)} and {len(reference)}")
    if not values:
        raise ValueError("there must be at least one pair, not none")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level!r}")
    both = [*values, *reference]
    for value in both:
        if not math.isfinite(value):
            raise ValueError(f"every value must be finite, not {value!r}")
    differences = [a - b for a, b in zip(values, reference, strict=True)]
    n = len(differences)
    summary = summarize(differences)
    assert summary.mean is not None
    if n == 1:
        return Difference(1, summary.mean, None, None, None)
    # 0.97 − 0.96 and 0.98 − 0.97 differ in the last bit: equal differences must not pass for a
    # tiny spread and with it for an enormous t.
    rounding = 8 * np.finfo(np.float64).eps * max(map(abs, both))
    if max(differences) - min(differences) <= rounding:
        common = abs(summary.mean) > rounding
        return Difference(n, summary.mean, None, None, 2.0 ** (1 - n) if common else 1.0)
    from scipy.special import stdtr, stdtrit

    assert summary.sd is not None
    error = summary.sd / math.sqrt(n)
    p = 2 * float(stdtr(n - 1, -abs(summary.mean) / error))
    half = float(stdtrit(n - 1, (1 + level) / 2)) * error
    return Difference(n, summary.mean, summary.mean - half, summary.mean + half, p)
