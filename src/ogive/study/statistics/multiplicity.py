"""Holm's adjustment: many comparisons, one chance of a false claim."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["holm"]


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    r"""Return Holm's step-down adjusted p-values, in the order given.

    Sorted ascending, :math:`\tilde p_{(i)} = \max_{j \le i} \min(1, (m - j + 1)\, p_{(j)})`.
    The chance of one false claim or more among the family is then at most the level at which the
    adjusted values are read, whatever the dependence between the tests.

    Parameters
    ----------
    p_values : sequence of float or None
        The family. None, a comparison that could not be made, stays None and counts towards no m.

    Returns
    -------
    list of float or None

    Raises
    ------
    ValueError
        If a p-value is not between 0 and 1.

    References
    ----------
    S. Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian
    Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    for p in p_values:
        if p is not None and not 0 <= p <= 1:
            raise ValueError(f"a p-value must lie between 0 and 1, not {p!r}")
    known = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, i) in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - rank) * p))
        adjusted[i] = largest
    return adjusted
