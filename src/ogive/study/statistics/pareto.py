"""Accuracy against cost: what nothing else beats in both."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Literal

__all__ = ["pareto"]

Place = Literal["front", "open", "dearer", "dominated"]


def pareto(
    accuracy: Mapping[str, float],
    cost: Mapping[str, float],
    *,
    better: Collection[tuple[str, str]] = (),
    cheaper: Collection[tuple[str, str]] = (),
) -> dict[str, Place]:
    """Return where each activation stands between accuracy and cost.

    One dominates another when it is at least as accurate and at most as costly, and more accurate
    or cheaper. That goes by the estimates, of which noise is a part, so there are four places:

    * ``"front"``: nothing dominates it, by the estimates.
    * ``"dominated"``: something dominates it by the estimates and is clearly more accurate.
    * ``"dearer"``: not that, but something dominates it by the estimates and is clearly cheaper.
      The lead in accuracy may be noise: that it costs more is all that can be told.
    * ``"open"``: something dominates it by the estimates, and neither is clear; more seeds may put
      it on the front.

    Parameters
    ----------
    accuracy, cost : mapping of str to float
        Estimates by label. What lacks one of them has no place.
    better : collection of (str, str)
        Pairs of which the first is more accurate beyond doubt: `Groups.better`.
    cheaper : collection of (str, str)
        Pairs of which the first is cheaper beyond doubt, such as those whose intervals of the cost
        do not overlap.

    Returns
    -------
    dict of str to str
        Places, in the order of `accuracy`. Somebody is always on the front.

    Raises
    ------
    ValueError
        If a number is not finite.

    Examples
    --------
    >>> pareto(
    ...     {"relu": 0.970, "gelu": 0.975, "mish": 0.974, "silu": 0.973, "sigmoid": 0.70},
    ...     {"relu": 1.0, "gelu": 1.4, "mish": 2.5, "silu": 1.41, "sigmoid": 1.2},
    ...     better={("relu", "sigmoid"), ("gelu", "sigmoid"), ("mish", "sigmoid")},
    ...     cheaper={("relu", "mish"), ("gelu", "mish"), ("silu", "mish"), ("sigmoid", "mish")},
    ... )
    {'relu': 'front', 'gelu': 'front', 'mish': 'dearer', 'silu': 'open', 'sigmoid': 'dominated'}
    """
    labels = [label for label in accuracy if label in cost]
    for label in labels:
        for value in (accuracy[label], cost[label]):
            if not math.isfinite(value):
                raise ValueError(f"every number must be finite, not {value!r} of {label}")
    places: dict[str, Place] = {}
    for label in labels:
        ahead = [
            other
            for other in labels
            if accuracy[other] >= accuracy[label]
            and cost[other] <= cost[label]
            and (accuracy[other], cost[other]) != (accuracy[label], cost[label])
        ]
        if any((other, label) in better for other in ahead):
            places[label] = "dominated"
        elif any((other, label) in cheaper for other in ahead):
            places[label] = "dearer"
        else:
            places[label] = "open" if ahead else "front"
    return places
