"""What a benchmark gives: one measurement a row, with the machine and the versions it ran with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import inf, isinf
from typing import Any

__all__ = ["COPIES", "Bench", "Measurement", "short"]

COPIES = ("copy numpy", "copy torch")


def short(number: int) -> str:
    """Write a number of elements as a power of ten where it is one.

    Examples
    --------
    >>> short(100000), short(4096)
    ('1e5', '4096')
    """
    power = f"{number:.0e}".replace("e+0", "e")
    return power if float(power) == number and number >= 1000 else str(number)


@dataclass(frozen=True)
class Measurement:
    """What one round of competition gave.

    Attributes
    ----------
    function, kind, dtype : str
    count : int
        Number of elements.
    threads : int
        Number of threads that every library was given.
    best, median : mapping of str to float
        Nanoseconds an element, by contender: 'ogive', the peers, and the yardsticks.
    readings : mapping of str to int
        How often each contender was timed.
    error : mapping of str to float
        The largest error of each contender in ulp, by `ogive.bench.accuracy`.
    accurate : tuple of str
        The peers whose error is small enough to call them accurate.
    saved : mapping of str to str
        What a peer was given for nothing.
    length : int or None
        The length of the rows, where they were asked for.
    peak : mapping of str to float
        The largest amount of memory, in bytes an element, that a call had beside its operands, by
        contender; for losses of large arrays.
    """

    function: str
    kind: str
    dtype: str
    count: int
    threads: int
    best: Mapping[str, float]
    median: Mapping[str, float]
    readings: Mapping[str, int] = field(default_factory=dict)
    error: Mapping[str, float] = field(default_factory=dict)
    accurate: tuple[str, ...] = ()
    saved: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    peak: Mapping[str, float] = field(default_factory=dict)

    @property
    def size(self) -> str:
        """The number of elements, as '1e5'; of rows and their length, as '1e5 x 1000'.

        Examples
        --------
        >>> Measurement("softmax", "value", "float32", 4096 * 32000, 1, {}, {}, length=32000).size
        '4096 x 32000'
        """
        if self.length is None:
            return short(self.count)
        return f"{short(self.count // self.length)} x {self.length}"

    def ratio(self, contender: str, statistic: str = "best") -> float | None:
        """Return how many times longer a contender took than Ogive; None if it did not compete.

        'copy' stands for the fastest of the copies.

        Examples
        --------
        >>> row = Measurement("tanh", "value", "float32", 9, 1, {"ogive": 2.0, "numpy": 3.0}, {})
        >>> row.ratio("numpy")
        1.5
        """
        times = self.best if statistic == "best" else self.median
        wanted = COPIES if contender == "copy" else (contender,)
        took = [times[name] for name in wanted if name in times]
        return min(took) / times["ogive"] if took else None

    def fastest(self, among: Sequence[str], *, accurate: bool = False) -> str | None:
        """Return the peer with the best time, or the accurate one with it; None if there is none.

        Parameters
        ----------
        among : sequence of str
            The peers to choose from.
        accurate : bool, optional
            Whether only accurate ones count.
        """
        able = [name for name in among if name in self.best]
        if accurate:
            able = [name for name in able if name in self.accurate]
        return min(able, key=lambda name: self.best[name], default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON has them: it has no infinite error, and says null."""
        error = {name: None if isinf(ulp) else ulp for name, ulp in self.error.items()}
        return {**asdict(self), "error": error}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Measurement:
        """Return the measurement that `to_dict` wrote."""
        error = {name: inf if ulp is None else ulp for name, ulp in values["error"].items()}
        return cls(**{**values, "error": error, "accurate": tuple(values["accurate"])})


@dataclass(frozen=True)
class Bench:
    """A whole benchmark.

    Attributes
    ----------
    machine, versions : mapping of str to str
        As `ogive.bench.machine` gives them.
    rows : sequence of Measurement
    """

    machine: Mapping[str, str]
    versions: Mapping[str, str]
    rows: Sequence[Measurement]

    def to_json(self) -> str:
        """Return it as JSON."""
        rows = [row.to_dict() for row in self.rows]
        values = {"machine": dict(self.machine), "versions": dict(self.versions), "rows": rows}
        return json.dumps(values, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Bench:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            If it is something else.
        """
        try:
            values = json.loads(text)
            return cls(
                values["machine"],
                values["versions"],
                [Measurement.from_dict(row) for row in values["rows"]],
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"these are not the figures of ogive bench: {error!r}") from None

    def joined(self, other: Bench) -> Bench:
        """Return both as one.

        Raises
        ------
        ValueError
            If they come from different machines or versions: their rows cannot be compared.
        """
        if (self.machine, self.versions) != (other.machine, other.versions):
            raise ValueError("the figures come from different machines or versions")
        return Bench(self.machine, self.versions, [*self.rows, *other.rows])
