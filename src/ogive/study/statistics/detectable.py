"""How small a difference a study could have seen."""

from __future__ import annotations

import math

__all__ = ["detectable_difference", "power", "smallest_called"]


def smallest_called(sd: float, n: int, *, comparisons: int = 1, level: float = 0.05) -> float:
    r"""Return the smallest mean difference that would have been called real.

    A mean of n paired differences passes the first step of Holm's procedure when it exceeds
    :math:`t_{n-1}(1 - \alpha / 2m) \, s / \sqrt n`. Of studies of a true difference of this size,
    half call it, or a few more: 58 % at five seeds and six comparisons.

    Parameters
    ----------
    sd : float
        Standard deviation of the paired differences.
    n : int
        Number of pairs, 2 or more.
    comparisons : int
        Size m of the family that Holm's adjustment covers.
    level : float
        Level of the family, between 0 and 1.

    Returns
    -------
    float
        In the unit of `sd`.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> round(smallest_called(0.01, 5, comparisons=6), 4)
    0.0217
    """
    return _critical(sd, n, comparisons, level) * sd / math.sqrt(n)


def detectable_difference(
    sd: float, n: int, *, comparisons: int = 1, level: float = 0.05, power: float = 0.8
) -> float:
    r"""Return the true difference that is called real with a probability of `power`.

    The t statistic of a true difference :math:`\delta` has Student's noncentral distribution with
    noncentrality :math:`\delta \sqrt n / \sigma`; the answer is the :math:`\delta` at which it
    exceeds the limit of Holm's first step with the probability asked for. (That it falls below the
    lower limit is left out: at a power of one half that is less than a hundred-thousandth.) The
    spread is taken as known. Five differences know it only to within a factor of 0.6 to 2.9, and
    the answer with it.

    Parameters
    ----------
    sd, n, comparisons, level
        As for `smallest_called`.
    power : float
        Between `level` and 1.

    Returns
    -------
    float
        In the unit of `sd`.

    Raises
    ------
    ValueError
        If a number is out of its range.

    See Also
    --------
    power : the other way round.

    Examples
    --------
    >>> round(detectable_difference(0.01, 5, comparisons=6), 4)
    0.0276
    """
    if not level < power < 1:
        raise ValueError(f"power must lie between the level, {level:g}, and 1, not {power!r}")
    from scipy.special import nctdtrinc

    limit = _critical(sd, n, comparisons, level)
    return float(nctdtrinc(n - 1, 1 - power, limit)) * sd / math.sqrt(n)


def power(
    difference: float, sd: float, n: int, *, comparisons: int = 1, level: float = 0.05
) -> float:
    """Return the probability with which a true difference is called real.

    Parameters
    ----------
    difference : float
        The true difference, in the unit of `sd`.
    sd, n, comparisons, level
        As for `smallest_called`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> round(power(0.02, 0.01, 5), 3), round(power(0, 0.01, 5), 3)
    (0.909, 0.05)
    """
    if not math.isfinite(difference):
        raise ValueError(f"difference must be finite, not {difference!r}")
    limit = _critical(sd, n, comparisons, level)
    if sd == 0:
        return 1.0 if difference else 0.0
    from scipy.special import nctdtr

    noncentrality = abs(difference) * math.sqrt(n) / sd
    above = 1 - float(nctdtr(n - 1, noncentrality, limit))
    below = float(nctdtr(n - 1, noncentrality, -limit))
    # SciPy says NaN of some tails that are too small for its series.
    return above if math.isnan(below) else above + below


def _critical(sd: float, n: int, comparisons: int, level: float) -> float:
    """Return the limit of |t| in Holm's first step, after a look at the arguments."""
    if not 0 <= sd < math.inf:
        raise ValueError(f"sd must be 0 or more, and finite, not {sd!r}")
    if n < 2:
        raise ValueError(f"n must be at least 2 pairs, not {n!r}")
    if comparisons < 1:
        raise ValueError(f"comparisons must be at least 1, not {comparisons!r}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level!r}")
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, 1 - level / 2 / comparisons))
