"""How the learning rate goes over a run."""

from __future__ import annotations

import math

__all__ = ["rate_at"]

WARM_UP = 0.1
LATE = 0.8


def rate_at(schedule: str, done: float) -> float:
    """Return the factor on the learning rate when a share `done` of the steps has been made.

    Parameters
    ----------
    schedule : str
        Of `ogive.study.recipe.SCHEDULES`; its words are those of `Recipe`.
    done : float
        From 0, at the first step, to below 1.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If there is no such schedule.

    Examples
    --------
    >>> [rate_at("step", done) for done in (0.0, 0.79, 0.8)]
    [1.0, 1.0, 0.1]
    >>> round(rate_at("one-cycle", 0.05), 12), rate_at("one-cycle", 0.1)
    (0.5, 1.0)
    """
    match schedule:
        case "constant":
            return 1.0
        case "step":
            return 1.0 if done < LATE else 0.1
        case "cosine":
            return (1 + math.cos(math.pi * done)) / 2
        case "one-cycle":
            if done < WARM_UP:
                return done / WARM_UP
            return (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP))) / 2
    raise ValueError(f"there is no schedule {schedule!r}")
