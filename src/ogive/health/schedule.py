"""Which steps are looked at: the first ones, then few."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Schedule"]


@dataclass(frozen=True)
class Schedule:
    """The first steps, then one in so many.

    Parameters
    ----------
    first : int
        So many steps are looked at from the beginning on.
    every : int
        From then on each step whose number is a multiple of this.

    Raises
    ------
    TypeError
        If one of them is no whole number.
    ValueError
        If `first` is negative or `every` is not positive.

    Examples
    --------
    >>> from ogive.health.schedule import Schedule
    >>> [step for step in range(120) if step in Schedule(first=3, every=50)]
    [0, 1, 2, 50, 100]
    """

    first: int = 10
    every: int = 50

    def __post_init__(self) -> None:
        """Check both numbers."""
        for name in ("first", "every"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"{name} is a whole number, not {value!r}")
        if self.first < 0:
            raise ValueError(f"first must not be negative, not {self.first}")
        if self.every < 1:
            raise ValueError(f"every must be at least 1, not {self.every}")

    def __contains__(self, step: int) -> bool:
        """Whether a step is looked at."""
        return step < self.first or step % self.every == 0
