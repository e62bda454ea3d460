"""What Ogive set out to reach, held against what was measured: met, or missed by how much."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ogive.bench.peers import PEERS
from ogive.bench.results import Measurement

__all__ = ["TARGETS", "Outcome", "Target", "evaluate"]

LEVEL = ("sigmoid", "tanh", "silu", "gelu")
THREEFOLD = ("softplus", "log_sigmoid", "mish", "logit")
DTYPES = ("float32", "float64")

Key = tuple[str, str, str, int, int, int | None]
Opponent = Callable[[Measurement], str | None]


@dataclass(frozen=True)
class Target:
    """One thing to reach.

    Attributes
    ----------
    says : str
        In words.
    least : float
        The least that the ratio of the opponent's time to Ogive's may be.
    wanted : tuple of (function, kind, dtype, count, threads, length)
        The rows that must be there; a function of '*' stands for every one of the catalogue. The
        length is that of the rows of a matrix, or None.
    opponent : callable
        Who Ogive is compared with in a row; None where nobody can be.
    """

    says: str
    least: float
    wanted: tuple[Key, ...]
    opponent: Opponent


@dataclass(frozen=True)
class Outcome:
    """What became of a target.

    Attributes
    ----------
    target : Target
    met, missed : tuple of (Measurement, str, float)
        Row, opponent and ratio, the worst first.
    unopposed : tuple of Measurement
        Rows without anybody to compare with.
    absent : tuple of str
        What was not measured.
    """

    target: Target
    met: tuple[tuple[Measurement, str, float], ...]
    missed: tuple[tuple[Measurement, str, float], ...]
    unopposed: tuple[Measurement, ...]
    absent: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """'met', 'missed', or 'not measured' where any row is lacking and none has missed."""
        if self.missed:
            return "missed"
        return "met" if self.met and not self.absent else "not measured"


def _fastest(row: Measurement) -> str | None:
    return row.fastest(PEERS)


def _fastest_accurate(row: Measurement) -> str | None:
    return row.fastest(PEERS, accurate=True)


def _torch(row: Measurement) -> str | None:
    return row.fastest(("torch",))


def _torch_if_accurate(row: Measurement) -> str | None:
    """Torch's backward; the fastest accurate peer where torch's has lost its digits."""
    return row.fastest(("torch",), accurate=True) or _fastest_accurate(row)


def _yardstick(name: str) -> Opponent:
    return lambda row: None if row.ratio(name) is None else name


def _rows(
    functions: Iterable[str],
    kinds: Iterable[str],
    count: int,
    threads: Iterable[int],
    length: int | None = None,
) -> tuple[Key, ...]:
    return tuple(
        (function, kind, dtype, count, number, length)
        for function in functions
        for kind in kinds
        for dtype in DTYPES
        for number in threads
    )


_DERIVED = ("grad", "backward")

TARGETS: tuple[Target, ...] = (
    Target(
        "1e8, one thread and two: every value at 85 % of the speed of a copy or more",
        0.85,
        _rows("*", ("value",), 10**8, (1, 2)),
        _yardstick("copy"),
    ),
    Target(
        "1e8, one thread and two: sigmoid within 1.15 times Ogive's relu",
        1 / 1.15,
        _rows(("sigmoid",), ("value",), 10**8, (1, 2)),
        _yardstick("ogive relu"),
    ),
    Target(
        "1e8, one thread and two: sigmoid 1.5 times as fast as torch's",
        1.5,
        _rows(("sigmoid",), ("value",), 10**8, (1, 2)),
        _torch,
    ),
    Target(
        "1e5, one thread: sigmoid, tanh, silu and gelu level with the fastest peer",
        1.0,
        _rows(LEVEL, ("value",), 10**5, (1,)),
        _fastest,
    ),
    Target(
        "1e5, one thread: softplus, log_sigmoid, mish and logit three times as fast as the"
        " fastest accurate peer",
        3.0,
        _rows(THREEFOLD, ("value",), 10**5, (1,)),
        _fastest_accurate,
    ),
    Target(
        "1e5, one thread: derivative and backward of sigmoid, tanh, silu and gelu level with"
        " torch's backward",
        1.0,
        _rows(LEVEL, _DERIVED, 10**5, (1,)),
        _torch,
    ),
    Target(
        "1e5, one thread: derivative and backward of softplus, log_sigmoid, mish and logit three"
        " times as fast as torch's backward, or, where that is not accurate, as the fastest"
        " accurate peer",
        3.0,
        _rows(THREEFOLD, _DERIVED, 10**5, (1,)),
        _torch_if_accurate,
    ),
    Target(
        "1e3, one thread: no value slower than a call of np.tanh and a tenth",
        1 / 1.1,
        _rows("*", ("value",), 10**3, (1,)),
        _yardstick("np.tanh"),
    ),
    Target(
        "softmax of 1e5 rows of 1000 and 1e3 rows of 32,000, one thread and two: 1.3 times as fast"
        " as torch's",
        1.3,
        _rows(("softmax",), ("value",), 10**8, (1, 2), 1000)
        + _rows(("softmax",), ("value",), 32 * 10**6, (1, 2), 32_000),
        _torch,
    ),
    Target(
        "softmax of 1e7 rows of 3 and 1e6 rows of 10, one thread and two: four times as fast as"
        " torch's",
        4.0,
        _rows(("softmax",), ("value",), 3 * 10**7, (1, 2), 3)
        + _rows(("softmax",), ("value",), 10**7, (1, 2), 10),
        _torch,
    ),
    Target(
        "value and gradient of binary cross-entropy of 1e5 (one thread) and 1e8 (one and two): six"
        " times as fast as torch's forward and backward",
        6.0,
        _rows(("binary_cross_entropy_with_logits",), ("with_grad",), 10**5, (1,))
        + _rows(("binary_cross_entropy_with_logits",), ("with_grad",), 10**8, (1, 2)),
        _torch,
    ),
    Target(
        "value and gradient of cross-entropy of 4096 rows of 32,000, one thread and two: eight"
        " times as fast as torch's forward and backward",
        8.0,
        _rows(("cross_entropy",), ("with_grad",), 4096 * 32_000, (1, 2), 32_000),
        _torch,
    ),
)
"""In the order in which they are reported.  Ratios are of best times."""


def evaluate(
    rows: Sequence[Measurement], functions: Sequence[str], targets: Sequence[Target] = TARGETS
) -> list[Outcome]:
    """Hold measurements against the targets.

    Parameters
    ----------
    rows : sequence of Measurement
    functions : sequence of str
        What '*' in a target stands for: the functions of the catalogue.
    targets : sequence of Target, optional

    Returns
    -------
    list of Outcome
        One for each target, in order.
    """
    known = {(r.function, r.kind, r.dtype, r.count, r.threads, r.length): r for r in rows}
    return [_outcome(target, known, functions) for target in targets]


def _outcome(
    target: Target,
    known: dict[Key, Measurement],
    functions: Sequence[str],
) -> Outcome:
    met: list[tuple[Measurement, str, float]] = []
    missed: list[tuple[Measurement, str, float]] = []
    unopposed: list[Measurement] = []
    absent: list[str] = []
    for function, kind, dtype, count, threads, length in target.wanted:
        for name in functions if function == "*" else (function,):
            row = known.get((name, kind, dtype, count, threads, length))
            if row is None:
                rows = "" if length is None else f" in rows of {length}"
                absent.append(f"{kind} of {name}, {dtype}, {count:.0e}{rows}, {threads}")
                continue
            opponent = target.opponent(row)
            ratio = None if opponent is None else row.ratio(opponent)
            if opponent is None or ratio is None:
                unopposed.append(row)
            else:
                (met if ratio >= target.least else missed).append((row, opponent, ratio))
    return Outcome(
        target,
        tuple(sorted(met, key=lambda entry: entry[2])),
        tuple(sorted(missed, key=lambda entry: entry[2])),
        tuple(unopposed),
        tuple(absent),
    )
