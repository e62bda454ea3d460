"""Which differences of the survey's published table can be told from noise?

    python benchmarks/survey/audit.py docs/studies

writes survey_audit.md and its pictures there. Every number of the page is computed here from the
CSV files beside this script.
"""

from __future__ import annotations

import itertools
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from figures import RUNS, Cell, Column, columns
from scipy.special import chdtrc
from welch import Welch, welch

from ogive.study.statistics import holm
from ogive.study.statistics.groups import maximal_groups

REFERENCE, LEVEL = "ReLU", 0.05
#: Standard deviations with n instead of n − 1 in the denominator, made right.
POPULATION = math.sqrt(RUNS / (RUNS - 1))

#: Networks in which two names stand for one function; see the page.
SAME = {
    ("PDELU", "ReLU"): ("MobileNet", "VGG16", "GoogLeNet", "ResNet50", "SENet18", "DenseNet121"),
    ("CELU", "ELU"): ("MobileNet", "GoogLeNet", "ResNet50", "DenseNet121"),
}


@dataclass(frozen=True)
class Audited:
    """What can be said of one column."""

    column: Column
    against: dict[str, Welch]
    adjusted: dict[str, float]
    order: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]

    @property
    def best(self) -> str:
        return self.order[0]

    @property
    def ahead(self) -> list[str]:
        """Activations whose mean is above the reference's."""
        return [name for name, test in self.against.items() if test.difference > 0]

    @property
    def better(self) -> list[str]:
        return [name for name in self.ahead if self.adjusted[name] < LEVEL]

    @property
    def worse(self) -> list[str]:
        return [
            name
            for name, test in self.against.items()
            if test.difference < 0 and self.adjusted[name] < LEVEL
        ]

    @property
    def with_best(self) -> list[str]:
        """Activations that cannot be told from the best one, of all pairs, itself included."""
        return [n for n in self.order if any({n, self.best} <= {*g} for g in self.groups)]

    @property
    def lead(self) -> float:
        """The best mean minus the second."""
        first, second = (self.column.cells[name].mean for name in self.order[:2])
        return first - second

    def typical(self, what: str) -> float:
        """Median over the comparisons with the reference, at Holm's first step."""
        tests = self.against.values()
        return median(getattr(test, what)(len(self.against)) for test in tests)


def audited(column: Column, spread: float = 1.0) -> Audited:
    """Compare everything with the reference, and every two."""
    cells = column.cells
    against = {
        name: welch(cell, cells[REFERENCE], spread=spread)
        for name, cell in cells.items()
        if name != REFERENCE
    }
    order = tuple(sorted(cells, key=lambda name: -cells[name].mean))
    pairs = list(itertools.combinations(order, 2))
    p_pairs = adjusted([welch(cells[a], cells[b], spread=spread).p for a, b in pairs])
    apart = {pair for pair, p in zip(pairs, p_pairs, strict=True) if p < LEVEL}
    p_values = adjusted([test.p for test in against.values()])
    return Audited(
        column,
        against,
        dict(zip(against, p_values, strict=True)),
        order,
        maximal_groups(order, apart),
    )


def adjusted(p_values: list[float]) -> list[float]:
    """Holm's adjustment of p-values that are all known."""
    return [p for p in holm(p_values) if p is not None]


def whole_table(found: list[Audited]) -> dict[tuple[str, str], tuple[float, float]]:
    """Every comparison with the reference: difference, and p adjusted over the whole table."""
    rows = [(str(a.column), name, test) for a in found for name, test in a.against.items()]
    p_values = adjusted([test.p for _, _, test in rows])
    return {
        (column, name): (test.difference, p)
        for (column, name, test), p in zip(rows, p_values, strict=True)
    }


def of_the_same(found: list[Audited], pair: tuple[str, str]) -> list[tuple[Column, Welch]]:
    """Two names of one function, compared where they are one."""
    first, second = pair
    return [
        (a.column, welch(a.column.cells[first], a.column.cells[second]))
        for a in found
        if a.column.network in SAME[pair]
    ]


def fisher(p_values: list[float]) -> float:
    """Fisher's combined p-value: small where the differences are larger than chance has them."""
    return float(chdtrc(2 * len(p_values), -2 * sum(math.log(p) for p in p_values)))


def runs_needed(sd: float, difference: float, comparisons: int, power: float = 0.8) -> int:
    """How many runs of each find a difference, with Welch's test of equal spreads."""
    runs = 2
    while True:
        test = welch(Cell(difference, sd), Cell(0, sd), runs)
        if test.detectable(comparisons, power=power) <= difference:
            return runs
        runs += 1


@dataclass(frozen=True)
class BestEpoch:
    """What it does to report the best of the last epochs, in units of their fluctuation.

    `raised`: how far the best is above the last on average. `narrowed`: the standard deviation of
    the best, where that of the last is 1.
    """

    correlation: float
    raised: float
    narrowed: float


def best_epoch(correlation: float, epochs: int = 20, repetitions: int = 100_000) -> BestEpoch:
    """Simulate a plateau: fluctuations of unit spread, each correlated with the last.

    The survey's last 20 of 100 epochs have a tenth of the learning rate; those before them are
    left out, which makes the answer too small rather than too large.
    """
    random = np.random.default_rng(epochs)
    noise = random.normal(size=(repetitions, epochs))
    for epoch in range(1, epochs):
        fresh = math.sqrt(1 - correlation**2) * noise[:, epoch]
        noise[:, epoch] = correlation * noise[:, epoch - 1] + fresh
    best = noise.max(1)
    return BestEpoch(correlation, float((best - noise[:, -1]).mean()), float(best.std()))


def main(arguments: list[str]) -> str | int:
    if len(arguments) != 1:
        return "audit.py: give it the folder to write into"
    folder = Path(arguments[0])
    # The page and the pictures are of no use to whoever only asks for numbers.
    from page import page
    from pictures import pictures

    found = [audited(column) for column in columns()]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "survey_audit.md").write_text(page(found), encoding="utf-8")
    for name, drawn in pictures(found).items():
        (folder / name).write_text(drawn, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
