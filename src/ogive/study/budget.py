"""What the tuned protocol may try for each activation, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ogive.study import checked
from ogive.study.seeds import MOST_SEEDS

__all__ = ["Tuning"]


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """The budget of the tuned protocol, the same for every activation.

    Parameters
    ----------
    rates : tuple of float
        Factors on the recipe's learning rate that are tried.
    gains : tuple of float
        Factors on the initial weights that are tried.
    seeds : int
        How often each pair is tried, with seeds that the comparison does not use. With a single
        one the luck of a trial passes for a property of the activation: docs/statistics.md.

    Raises
    ------
    ValueError
        If a value is out of its range.

    Examples
    --------
    >>> Tuning(rates=(0.5, 1, 2), gains=(1,)).trials
    9
    """

    rates: tuple[float, ...] = (0.3, 1.0, 3.0)
    gains: tuple[float, ...] = (0.7, 1.0, 1.4)
    seeds: int = 3

    def __post_init__(self) -> None:
        for name in ("rates", "gains"):
            values = tuple(
                checked.number(f"each of the tuned {name}", value, above=0)
                for value in checked.several(f"the tuned {name}", getattr(self, name))
            )
            checked.each_once(f"the tuned {name}", [f"{value:g}" for value in values])
            object.__setattr__(self, name, values)
        checked.whole("the seeds of tuning", self.seeds, 1, MOST_SEEDS)

    @property
    def trials(self) -> int:
        """Trainings for each cell."""
        return len(self.rates) * len(self.gains) * self.seeds

    @classmethod
    def read(cls, given: object) -> Tuning:
        """Return a budget from itself or a mapping with the fields' names.

        Parameters
        ----------
        given : Tuning or mapping
            What is not given is as by default.

        Returns
        -------
        Tuning

        Raises
        ------
        ValueError
            If it is none of them, or a value is out of its range.

        Examples
        --------
        >>> Tuning.read({"rates": (0.5, 1.0), "gains": (1.0,), "seeds": 2}).trials
        4
        """
        if isinstance(given, Tuning):
            return given
        if not isinstance(given, Mapping):
            raise ValueError(f"tuning must be a table of rates, gains and seeds, not {given!r}")
        for name in given:
            checked.one_of("a field of tuning", name, ("rates", "gains", "seeds"))
        return cls(**given)
