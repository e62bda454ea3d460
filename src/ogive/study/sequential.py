"""Sequential seeding: seeds are added until the differences are known well enough.

What stops it is the width of the intervals and never whether a difference is significant: adding
seeds until something differs would find a difference everywhere (A. Wald's sequential tests exist
for that reason). Y. S. Chow and H. Robbins (1965), "On the asymptotic theory of fixed-width
sequential confidence intervals for the mean", Annals of Mathematical Statistics 36, 457-462, show
that intervals stopped by their width keep their level in the limit. With few seeds they are too
narrow, for what stops early are the spreads that came out too small by luck: a nominal 95 % then
covers as little as 90 %. Three further seeds, which had no part in the decision, repair most of
that; docs/statistics.md has the coverage measured with them and without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ogive.study.activation import Activation
from ogive.study.declaration import Setting, Study
from ogive.study.quantity import compared_by
from ogive.study.spec import RunSpec
from ogive.study.statistics import paired_difference

__all__ = ["CONFIRMING", "enough", "seeds_now"]

CONFIRMING = 3
"""Seeds that are added once the intervals have been narrow enough for the first time."""


def enough(widths: Sequence[float], *, least: int, most: int, width: float) -> int | None:
    """Return with how many seeds adding them ends.

    That is the first number at which every interval is narrow enough, and has been so already
    `CONFIRMING` seeds before or earlier; or `most`.

    Parameters
    ----------
    widths : sequence of float
        Width of the widest interval with `least` seeds, with one more, and so on, as far as known.
    least, most, width
        As in `Seeds`.

    Returns
    -------
    int or None
        None while it takes more seeds than are known.

    Examples
    --------
    >>> enough([0.03, 0.01, 0.01, 0.01, 0.02, 0.01], least=5, most=20, width=0.015)
    10
    """
    first: int | None = None
    for number, widest in enumerate(widths, least):
        narrow = widest <= width
        if number >= most or (narrow and first is not None and number >= first + CONFIRMING):
            return min(number, most)
        if narrow and first is None:
            first = number
    return None


def seeds_now(
    study: Study,
    setting: Setting,
    spec: Callable[[Activation, int], RunSpec | None],
    stored: Mapping[str, dict[str, Any]],
) -> int:
    """Return how many seeds each activation of a setting has by now.

    Parameters
    ----------
    study : Study
        The declaration.
    setting : Setting
        Whose seeds.
    spec : callable
        From an activation and a seed to its run; None while that is not known.
    stored : mapping of str to dict
        Runs that are there, by key.

    Returns
    -------
    int
        The least number whose runs are not all there, or with which adding seeds ends (see
        `enough`); at most ``setting.seeds.most``.
    """
    seeds = setting.seeds
    if seeds.fixed:
        return seeds.least
    quantity = compared_by(study.data)
    values: dict[str, list[float | None]] = {a.label: [] for a in study.activations}
    widths: list[float] = []
    for number in range(seeds.most):
        if number >= seeds.least:
            widths.append(_widest(study.reference, values))
            ends = enough(widths, least=seeds.least, most=seeds.most, width=seeds.width)
            if ends is not None:
                return ends
        for activation in study.activations:
            wanted = spec(activation, number)
            if wanted is None or wanted.key not in stored:
                # One at a time after the first: the next may be the last that is needed.
                return max(seeds.least, number + 1)
            values[activation.label].append(stored[wanted.key]["test"][quantity])
    return seeds.most


def _widest(reference: str, values: Mapping[str, list[float | None]]) -> float:
    """Return the width of the widest interval; a run without a finite loss makes no pair."""
    widths = [0.0]
    for label, own in values.items():
        both = [
            (a, b)
            for a, b in zip(own, values[reference], strict=True)
            if a is not None and b is not None
        ]
        if label != reference and len(both) > 1:
            difference = paired_difference([a for a, _ in both], [b for _, b in both])
            if difference.lower is not None and difference.upper is not None:
                widths.append(difference.upper - difference.lower)
    return max(widths)
