"""Wilson's interval of a proportion."""

from __future__ import annotations

import math

__all__ = ["wilson"]


def wilson(right: int, count: int, *, level: float = 0.95) -> tuple[float, float]:
    r"""Return Wilson's interval of the proportion `right` of `count`.

    All p with :math:`|\hat p - p| \le z \sqrt{p (1 - p) / n}`: as the spread is that at the end of
    the interval, it keeps a sensible width where none or all are right.

    Parameters
    ----------
    right, count : int
        How many of how many.
    level : float
        Level of the interval, between 0 and 1.

    Returns
    -------
    lower, upper : float

    Raises
    ------
    ValueError
        If `count` is not positive, `right` is not between 0 and it, or `level` is out of range.

    References
    ----------
    E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    >>> lower, upper = wilson(9, 10)
    >>> round(lower, 3), round(upper, 3)
    (0.596, 0.982)
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count!r}")
    if not 0 <= right <= count:
        raise ValueError(f"right must lie between 0 and {count}, not {right!r}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level!r}")
    from scipy.special import ndtri

    z = float(ndtri((1 + level) / 2))
    share, narrowing = right / count, 1 + z * z / count
    centre = (share + z * z / (2 * count)) / narrowing
    half = z * math.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2) / narrowing
    return (
        0.0 if right == 0 else max(0.0, centre - half),
        1.0 if right == count else min(1.0, centre + half),
    )
