"""Which calls of a network's activations are told of, where a place is called again and again."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

__all__ = ["CALLS", "told"]

CALLS = 8
"""Calls of one place that are told of at most: a recurrent network calls each at every step."""


def told(places: Sequence[Hashable]) -> list[int]:
    """Return which calls are told of: all of a place, or `CALLS` from its first to its last.

    Parameters
    ----------
    places : sequence
        For each call, in the order of the calls, the place that was called.

    Returns
    -------
    list of int
        Positions in `places`, ascending; those of one place as evenly spaced as can be.

    Examples
    --------
    >>> told(["first", "second"])
    [0, 1]
    >>> told(["cell"] * 29)
    [0, 4, 8, 12, 16, 20, 24, 28]
    """
    calls: dict[Hashable, list[int]] = {}
    for position, place in enumerate(places):
        calls.setdefault(place, []).append(position)
    kept: list[int] = []
    for own in calls.values():
        last = len(own) - 1
        chosen = (round(step * last / (CALLS - 1)) for step in range(CALLS))
        kept += own if len(own) <= CALLS else [own[index] for index in chosen]
    return sorted(kept)
