"""How often each cell of a study is trained: a fixed number of seeds, or until enough is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ogive.study import checked

__all__ = ["MOST_SEEDS", "Seeds"]

MOST_SEEDS = 10_000
"""Seeds of a cell at most, those of tuning too. Trials have numbers of their own beyond these
(`ogive.study.tuning.FIRST_SEED`), and a slip of the keyboard is told at once."""

_SEEDS = re.compile(r"(\d+)(?:\.\.(\d+)@(\d*\.?\d+))?")


@dataclass(frozen=True, kw_only=True)
class Seeds:
    """How often each cell is trained: a fixed number, or until differences are known well enough.

    Parameters
    ----------
    least : int
        Seeds that every cell gets: 0, 1, ..., least − 1; at most `MOST_SEEDS`.
    most : int
        Where adding ends; `least` by default.
    width : float
        Seeds are added until no 95 % interval of a difference from the reference is wider than
        this: as a share of the test rows (0.01: one percentage point), or in nats for a language
        model, whose losses are compared. 0 for a fixed number.

    Raises
    ------
    ValueError
        If a value is out of its range, or `most` and `width` contradict each other.

    Examples
    --------
    >>> Seeds(least=5, most=20, width=0.005).fixed
    False
    """

    least: int = 5
    most: int = 0
    width: float = 0.0

    def __post_init__(self) -> None:
        checked.whole("seeds", self.least, 1, MOST_SEEDS)
        checked.whole("the largest number of seeds", self.most, 0, MOST_SEEDS)
        object.__setattr__(self, "width", checked.number("the width", self.width, least=0))
        most = self.most or self.least
        object.__setattr__(self, "most", most)
        if most < self.least:
            raise ValueError(f"the largest number of seeds, {most}, is below {self.least}")
        if (most > self.least) != (self.width > 0):
            raise ValueError(
                "to add seeds takes both a largest number of them above the first and a width"
            )
        if self.width and self.least < 3:
            raise ValueError("to add seeds takes at least 3 at first: two tell nothing of a spread")

    @property
    def fixed(self) -> bool:
        """Whether the number is known beforehand."""
        return self.width == 0

    def joined(self, other: Seeds) -> Seeds:
        """Return seeds that are enough for both: where one adds some, from the larger number on.

        Parameters
        ----------
        other : Seeds

        Returns
        -------
        Seeds

        Examples
        --------
        >>> Seeds(least=20).joined(Seeds(least=5, most=30, width=0.01))
        Seeds(least=20, most=30, width=0.01)
        """
        least, most = max(self.least, other.least), max(self.most, other.most)
        widths = [seeds.width for seeds in (self, other) if seeds.most > least and seeds.width]
        return Seeds(least=least, most=most if widths else least, width=min(widths, default=0.0))

    @classmethod
    def read(cls, given: object) -> Seeds:
        """Return seeds from a whole number, a mapping with the fields' names, or a text.

        Parameters
        ----------
        given : Seeds, int, mapping or str
            A number is that of the first seeds, to which none is added. A text is such a number,
            or ``5..30@0.01``: least, most and width.

        Returns
        -------
        Seeds

        Raises
        ------
        ValueError
            If it is none of them, or a value is out of its range.

        Examples
        --------
        >>> Seeds.read({"least": 5, "most": 30, "width": 0.01})
        Seeds(least=5, most=30, width=0.01)
        >>> Seeds.read("5..30@0.01") == Seeds.read({"least": 5, "most": 30, "width": 0.01})
        True
        """
        if isinstance(given, Seeds):
            return given
        if isinstance(given, str):
            found = _SEEDS.fullmatch(given.strip())
            if found is None:
                raise ValueError(
                    f"{given!r} is neither a whole number such as 5 nor like 5..20@0.01"
                )
            least, most, width = found.groups()
            return cls(least=int(least), most=int(most or 0), width=float(width or 0))
        if isinstance(given, Mapping):
            for name in given:
                checked.one_of("a field of seeds", name, ("least", "most", "width"))
            return cls(**given)
        return cls(least=checked.whole("seeds", given, 1, MOST_SEEDS))
