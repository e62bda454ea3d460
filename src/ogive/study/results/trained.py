"""Whether a training got anywhere: where a run counts as one that works."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["ABOVE_GUESSING", "WORKS", "least_accuracy", "trained"]

WORKS = 0.5
"""Share of the way from a blind guess to the best accuracy of all runs compared that a run must
have gone to count as one that works."""

ABOVE_GUESSING = 0.1
"""Share of the way from a blind guess to no mistake that it must have gone in any case: the best
of runs that all learned nothing is no measure of success."""


def least_accuracy(accuracies: Iterable[float], classes: int) -> float:
    """Return the test accuracy from which on a run counts as one that works.

    Parameters
    ----------
    accuracies : iterable of float
        Of all runs compared.
    classes : int
        One in so many is guessed right. Where one class is much the largest, a network that names
        it always is right more often than that, and may pass for one that works.

    Returns
    -------
    float

    Examples
    --------
    >>> round(least_accuracy([0.1, 0.5, 0.9], 10), 3), round(least_accuracy([0.1, 0.11], 10), 3)
    (0.5, 0.19)
    """
    guess = 1 / classes
    best = max(accuracies, default=guess)
    return guess + max(WORKS * (best - guess), ABOVE_GUESSING * (1 - guess))


def trained(run: Mapping[str, Any], least: float) -> bool:
    """Tell whether a stored run ended with a finite loss and at least this test accuracy.

    Parameters
    ----------
    run : mapping
        As it is stored, with a test part.
    least : float
        In [0, 1]; see `least_accuracy`.

    Returns
    -------
    bool

    Examples
    --------
    >>> trained({"outcome": "finished", "test": {"accuracy": 0.4}}, 0.5)
    False
    """
    accuracy: float = run["test"]["accuracy"]
    return run["outcome"] != "diverged" and accuracy >= least
