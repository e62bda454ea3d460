"""Simulate studies whose truth is known, and count how often the statistics are right.

    python benchmarks/simulated_studies.py docs/statistics.md

writes the tables of that page anew, in a few minutes on one core. tests/test_study_simulated.py
runs the same simulations with fewer repetitions, and holds this file's vectorised t tests, Holm's
adjustment and stopping rule against those of `ogive.study`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtr, stdtrit

from ogive.study.sequential import CONFIRMING
from ogive.study.statistics import power, rank_correlation, superiority

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Random = np.random.Generator

ACTIVATIONS, LEVEL = 7, 0.05
MARKS = "<!-- {}: written by benchmarks/simulated_studies.py -->", "<!-- end of {} -->"


# ---- The statistics, over many studies at once


def paired(values: Array, reference: Array) -> tuple[Array, Array, Array]:
    """Means, half widths of the 95 % intervals, and p-values, along the last axis."""
    difference = values - reference
    n = difference.shape[-1]
    mean = difference.mean(-1)
    error = difference.std(-1, ddof=1) / math.sqrt(n)
    rounding = 8 * np.finfo(np.float64).eps * np.maximum(abs(values), abs(reference)).max(-1)
    equal = np.ptp(difference, axis=-1) <= rounding
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stdtr(n - 1, -abs(mean) / error)
    p = np.where(equal, np.where(abs(mean) > rounding, 2.0 ** (1 - n), 1.0), p)
    return mean, np.where(equal, np.nan, stdtrit(n - 1, 0.975) * error), p


def holm(p: Array) -> Array:
    """Adjusted p-values along the last axis."""
    m = p.shape[-1]
    order = np.argsort(p, axis=-1)
    stepped = np.take_along_axis(p, order, -1) * (m - np.arange(m))
    adjusted = np.maximum.accumulate(np.minimum(1.0, stepped), axis=-1)
    result = np.empty_like(p)
    np.put_along_axis(result, order, adjusted, -1)
    return result


def against_first(accuracy: Array) -> tuple[Array, Array, Array]:
    """Every activation against the first one: (studies, activations, seeds) in."""
    return paired(accuracy[:, 1:], accuracy[:, :1])


# ---- What errors look like: (studies, activations, seeds) in percentage points, nothing differing

Shape = Callable[[Random, int, int, int], Array]


def normal(random: Random, studies: int, activations: int, seeds: int) -> Array:
    return random.normal(90, 0.4, (studies, activations, seeds))


def shared_seeds(random: Random, studies: int, activations: int, seeds: int) -> Array:
    """Half of the variance is the seed's own, whatever the activation."""
    common = random.normal(0, 0.4, (studies, 1, seeds))
    return normal(random, studies, activations, seeds) + common


def skewed(random: Random, studies: int, activations: int, seeds: int) -> Array:
    return 90 - random.exponential(0.4, (studies, activations, seeds))


def failures(random: Random, studies: int, activations: int, seeds: int) -> Array:
    """One run in twenty ends far below the others."""
    failed = random.random((studies, activations, seeds)) < 0.05
    return normal(random, studies, activations, seeds) - 20 * failed


def unequal_spreads(random: Random, studies: int, activations: int, seeds: int) -> Array:
    spreads = np.geomspace(0.2, 3.2, activations)[:, None]
    return random.normal(90, 1, (studies, activations, seeds)) * spreads + 90 * (1 - spreads)


def unequal_shapes(random: Random, studies: int, activations: int, seeds: int) -> Array:
    """The reference normal, the others skewed, with the same mean."""
    accuracy = 0.4 + skewed(random, studies, activations, seeds)
    accuracy[:, :1] = normal(random, studies, 1, seeds)
    return accuracy


def rows_right(random: Random, rows: int, studies: int, activations: int, seeds: int) -> Array:
    """Answers to one test part of so many rows, each as hard as it is, shared by all runs."""
    chance = random.beta(2.0, 0.2, (studies, 1, 1, rows)).astype(np.float32)
    shape = (studies, activations, seeds, rows)
    right = random.random(shape, dtype=np.float32) < chance
    return 100 * right.mean(-1, dtype=np.float64)


def small_test_part(random: Random, studies: int, activations: int, seeds: int) -> Array:
    return rows_right(random, 360, studies, activations, seeds)


def tiny_test_part(random: Random, studies: int, activations: int, seeds: int) -> Array:
    return rows_right(random, 30, studies, activations, seeds)


SHAPES: dict[str, Shape] = {
    "normal": normal,
    "normal, half of the variance shared by the seeds": shared_seeds,
    "skewed (exponential)": skewed,
    "normal, one run in twenty fails": failures,
    "normal, spreads from 0.2 to 3.2": unequal_spreads,
    "answers to 360 rows": small_test_part,
    "answers to 30 rows: mostly ties": tiny_test_part,
    "reference normal, the others skewed": unequal_shapes,
}


def in_parts(repetitions: int, part: Callable[[int], Array], most: int = 1000) -> Array:
    """Studies in parts that fit into memory."""
    sizes = [most] * (repetitions // most) + [repetitions % most] * (repetitions % most > 0)
    return np.concatenate([part(size) for size in sizes])


def simulate(name: str, repetitions: int, seeds: int, activations: int = ACTIVATIONS) -> Array:
    random = np.random.default_rng([seeds, activations, *name.encode()])
    return in_parts(repetitions, lambda size: SHAPES[name](random, size, activations, seeds))


# ---- What is counted


def false_claims(accuracy: Array) -> float:
    """Share of studies in which some activation is said to differ from the first."""
    return float((holm(against_first(accuracy)[2]) < LEVEL).any(-1).mean())


def false_claims_unadjusted(accuracy: Array) -> float:
    return float((against_first(accuracy)[2] < LEVEL).any(-1).mean())


def falsely_apart(accuracy: Array) -> float:
    """Share of studies in which some pair of equals is put into different groups."""
    i, j = np.triu_indices(accuracy.shape[1], 1)
    return float((holm(paired(accuracy[:, i], accuracy[:, j])[2]) < LEVEL).any(-1).mean())


def coverage(accuracy: Array) -> float:
    """Share of intervals that hold the true difference, 0; without those of equal differences."""
    mean, half, _ = against_first(accuracy)
    known = ~np.isnan(half)
    return float((abs(mean) <= half)[known].mean())


def claims(repetitions: int, difference: float, seeds: int, comparisons: int) -> float:
    """Share of studies that call one true difference, in units of its spread."""
    random = np.random.default_rng([seeds, comparisons, round(1000 * difference)])
    _, _, p = paired(random.normal(difference, 1, (repetitions, seeds)), np.zeros(1))
    return float((p * comparisons < LEVEL).mean())


FAILURE, DEPTH = 0.05, 20.0
"""How often the one activation fails, and how many points below its others such a run ends."""


def one_fails(repetitions: int, seeds: int, mean: float) -> tuple[float, float, float, float]:
    """What is met where one activation fails now and then and the others never do.

    Parameters
    ----------
    mean : float
        Its true mean over all runs, failed ones included, less that of the others.

    Returns
    -------
    tuple of float
        Share of the studies in which none of its runs failed; share of the intervals of its
        difference that hold `mean`, in these studies and in the others; share of all studies in
        which it is said to differ from the first.
    """
    random = np.random.default_rng([seeds, round(10 * abs(mean)), *b"one fails"])
    accuracy = normal(random, repetitions, ACTIVATIONS, seeds)
    failed = random.random((repetitions, seeds)) < FAILURE
    accuracy[:, 1] += mean + DEPTH * FAILURE - DEPTH * failed
    means, halves, p = against_first(accuracy)
    held = abs(means[:, 0] - mean) <= halves[:, 0]
    none = ~failed.any(-1)
    said = holm(p)[:, 0] < LEVEL
    return (
        float(none.mean()),
        float(held[none].mean()),
        float(held[~none].mean()),
        float(said.mean()),
    )


def superiority_covers(repetitions: int, theta: float, seeds: int, shared: float) -> float:
    """Share of its intervals that hold the truth, for normal errors."""
    random = np.random.default_rng([seeds, round(1000 * theta), round(10 * shared)])
    common = random.normal(0, math.sqrt(shared), (repetitions, 1, seeds))
    both = common + random.normal(0, math.sqrt(1 - shared), (repetitions, 2, seeds))
    both[:, 0] += math.sqrt(2) * float(ndtri(theta))
    known: dict[float, bool] = {}
    right = 0
    for a, b in both:
        wins = float((a[:, None] > b).sum())
        if wins not in known:
            found = superiority(a.tolist(), b.tolist())
            assert found.lower is not None
            assert found.upper is not None
            known[wins] = found.lower <= theta <= found.upper
        right += known[wins]
    return right / repetitions


def rank_correlation_covers(repetitions: int, gap: float, seeds: int) -> tuple[float, float, float]:
    """Coverage, mean estimate and truth: ten activations `gap` spreads apart, two swaps between."""
    random = np.random.default_rng([seeds, round(100 * gap)])
    first = gap * np.arange(10.0)
    second = first[[1, 0, 2, 3, 4, 6, 5, 7, 8, 9]]
    truth = 1 - 2 * 2 / 45
    held, estimates = 0, []
    for _ in range(repetitions):
        sides = [
            {str(i): dict(enumerate(row)) for i, row in enumerate(mean[:, None] + noise)}
            for mean, noise in zip((first, second), random.normal(size=(2, 10, seeds)), strict=True)
        ]
        found = rank_correlation(sides[0], sides[1])
        assert found.tau is not None
        assert found.lower is not None
        assert found.upper is not None
        estimates.append(found.tau)
        # The truth is a multiple of 1/45 and sums of such are rounded.
        held += found.lower - 1e-9 <= truth <= found.upper + 1e-9
    return held / repetitions, float(np.mean(estimates)), truth


def stopped(accuracy: Array, least: int, width: float, confirming: int = CONFIRMING) -> Array:
    """The number of seeds with which each study ends; its most are those there."""
    studies, _, most = accuracy.shape
    narrow = np.zeros((studies, most + 1), np.bool_)
    for n in range(least, most + 1):
        half = against_first(accuracy[..., :n])[1]
        narrow[:, n] = np.nan_to_num(2 * half).max(-1) <= width
    first = np.where(narrow.any(1), narrow.argmax(1), most)
    ends = narrow & (np.arange(most + 1) >= first[:, None] + confirming)
    ends[:, most] = True
    return ends.argmax(1)


def sequentially(
    repetitions: int, activations: int, least: int, expected: int, confirming: int = CONFIRMING
) -> tuple[float, float, float]:
    """Coverage, share of studies with a false claim, and mean number of seeds.

    `expected` is the number of seeds that a spread known beforehand would ask for.
    """
    random = np.random.default_rng([activations, least, expected])
    most = 4 * expected + 20
    width = 2 * 1.96 * 0.4 * math.sqrt(2 / expected)

    def part(size: int) -> Array:
        accuracy = normal(random, size, activations, most)
        seeds = stopped(accuracy, least, width, confirming)
        rows = []
        for n in np.unique(seeds):
            mean, half, p = against_first(accuracy[seeds == n, :, :n])
            held = (abs(mean) <= half).mean(-1)
            rows.append(np.stack([held, (holm(p) < LEVEL).any(-1), np.full(len(p), n)]))
        return np.concatenate(rows, axis=1).T

    held, claimed, seeds = in_parts(repetitions, part).mean(0)
    return float(held), float(claimed), float(seeds)


def tuned(
    repetitions: int,
    seeds: int,
    *,
    curvature: float,
    tuning_seeds: int = 1,
    on_test: bool = False,
    trials: int = 9,
) -> float:
    """Share of studies with a false claim when each activation's recipe is chosen among `trials`.

    All activations have the same true accuracy under the same recipe, which falls by `curvature`
    spreads from each recipe to the next worse one. With `on_test`, as it ought not to be: the
    others, and not the reference, are given the luckiest of the runs that they are judged by.
    """
    random = np.random.default_rng([seeds, round(100 * curvature), tuning_seeds, on_test, trials])
    truth = -curvature * np.arange(float(trials))

    def part(size: int) -> Array:
        if on_test:
            tried = random.normal(0, 1, (size, ACTIVATIONS, trials, seeds)) + truth[:, None]
            best = tried.mean(-1).argmax(-1)
            accuracy = np.take_along_axis(tried, best[..., None, None], 2)[:, :, 0]
            accuracy[:, 0] = tried[:, 0, 0]
        else:
            spread = 1 / math.sqrt(tuning_seeds)
            validation = random.normal(0, spread, (size, ACTIVATIONS, trials)) + truth
            chosen = truth[validation.argmax(-1)]
            accuracy = chosen[..., None] + random.normal(0, 1, (size, ACTIVATIONS, seeds))
        return (holm(against_first(accuracy)[2]) < LEVEL).any(-1).astype(np.float64)

    return float(in_parts(repetitions, part).mean())


def another_test_part(repetitions: int, rows: int, seeds: int, own: float) -> float:
    """Share of studies with a false claim about the population the test part was drawn from.

    Every activation is right equally often in the population, but each finds other rows hard: a
    share `own` of the rows is as hard for it alone as chance has it.
    """
    random = np.random.default_rng([rows, seeds, round(100 * own)])

    def part(size: int) -> Array:
        common = random.beta(2.0, 0.2, (size, 1, 1, rows))
        private = random.beta(2.0, 0.2, (size, ACTIVATIONS, 1, rows))
        chance = np.where(random.random(private.shape) < own, private, common).astype(np.float32)
        right = random.random((size, ACTIVATIONS, seeds, rows), dtype=np.float32) < chance
        accuracy = 100 * right.mean(-1, dtype=np.float64)
        return (holm(against_first(accuracy)[2]) < LEVEL).any(-1).astype(np.float64)

    return float(in_parts(repetitions, part, 100).mean())


# ---- The tables


def percent(value: float, digits: int = 1) -> str:
    return f"{100 * value:.{digits}f}"


def table(heading: list[str], rows: list[list[str]]) -> str:
    lines = [heading, ["---", *["---:"] * (len(heading) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def errors(repetitions: int) -> str:
    rows = []
    for name in SHAPES:
        cells = [name]
        for seeds in (5, 10):
            accuracy = simulate(name, repetitions, seeds)
            cells += [
                percent(count(accuracy))
                for count in (false_claims_unadjusted, false_claims, falsely_apart, coverage)
            ]
        rows.append(cells)
    measures = ("unadjusted", "Holm", "groups", "coverage")
    return table(["errors", *[f"{m}, {n}" for n in (5, 10) for m in measures]], rows)


ONE_FAILS = {"equal means": 0.0, "equal where none fails": -DEPTH * FAILURE}


def failing(repetitions: int) -> str:
    rows = []
    for name, mean in ONE_FAILS.items():
        for seeds in (5, 10, 20):
            none, without, with_one, said = one_fails(repetitions, seeds, mean)
            coverage = none * without + (1 - none) * with_one
            shares = (none, coverage, without, with_one, said)
            rows.append([name, str(seeds), *map(percent, shares)])
    heads = ["studies without a failed run", "coverage", "coverage, of these", "of the others"]
    return table(["the one that fails", "seeds", *heads, "said to differ"], rows)


POWERS = ((5, 1, 1.0), (5, 1, 2.0), (5, 6, 2.0), (5, 17, 3.0), (10, 6, 1.0), (10, 17, 1.5))


def powers(repetitions: int) -> str:
    rows = [
        [
            str(seeds),
            str(comparisons),
            f"{difference:g}",
            percent(power(difference, 1, seeds, comparisons=comparisons)),
            percent(claims(repetitions, difference, seeds, comparisons)),
        ]
        for seeds, comparisons, difference in POWERS
    ]
    return table(["seeds", "comparisons", "true difference / spread", "power said", "met"], rows)


def superiorities(repetitions: int) -> str:
    rows = [
        [f"{seeds}", *[
            percent(superiority_covers(repetitions, theta, seeds, shared))
            for shared in (0.0, 0.5)
            for theta in (0.5, 0.75, 0.95)
        ]]
        for seeds in (3, 5, 10, 20)
    ]  # fmt: skip
    heads = [f"{theta:g}{also}" for also in ("", ", shared") for theta in (0.5, 0.75, 0.95)]
    return table(["seeds", *heads], rows)


SEQUENTIAL = tuple((a, n0, n) for a in (2, 7) for n0 in (3, 5, 10) for n in (6, 12, 25))


def sequential(repetitions: int) -> str:
    rows = []
    for activations, least, expected in SEQUENTIAL:
        cells = [str(activations), str(least), str(expected)]
        for confirming in (0, CONFIRMING):
            held, claimed, seeds = sequentially(
                repetitions, activations, least, expected, confirming
            )
            cells += [percent(held), percent(claimed), f"{seeds:.1f}"]
        rows.append(cells)
    measures = ("coverage", "false claims", "seeds")
    return table(
        ["activations", "at first", "needed", *[f"{m}, plain" for m in measures], *measures], rows
    )


def rankings(repetitions: int) -> str:
    rows = []
    for gap in (0.3, 1.0, 3.0):
        for seeds in (5, 10):
            held, estimate, truth = rank_correlation_covers(repetitions, gap, seeds)
            rows.append(
                [f"{gap:g}", str(seeds), f"{truth:.2f}", f"{estimate:.2f}", percent(held, 0)]
            )
    return table(["neighbours apart / spread", "seeds", "true τ", "mean τ met", "coverage"], rows)


def choices(repetitions: int) -> str:
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("all nine recipes equally good", {"curvature": 0.0}),
        ("each next recipe worse by half a spread", {"curvature": 0.5}),
        ("the same, tuned with five seeds each", {"curvature": 0.5, "tuning_seeds": 5}),
        ("each next recipe worse by one spread", {"curvature": 1.0}),
        ("the same, tuned with five seeds each", {"curvature": 1.0, "tuning_seeds": 5}),
        ("each next recipe worse by four spreads", {"curvature": 4.0}),
        ("nine equal recipes, chosen on the test part", {"curvature": 0.0, "on_test": True}),
    )
    rows = [
        [name, *[percent(tuned(repetitions, seeds, **options)) for seeds in (5, 10)]]
        for name, options in kinds
    ]
    return table(["recipes", "5 seeds", "10 seeds"], rows)


def test_parts(repetitions: int) -> str:
    rows = [
        [str(rows), *[
            percent(another_test_part(repetitions, rows, seeds, own))
            for own in (0.0, 0.2, 1.0)
            for seeds in (5, 10)
        ]]
        for rows in (360, 2000)
    ]  # fmt: skip
    heads = [f"{100 * own:g} %, {seeds} seeds" for own in (0.0, 0.2, 1.0) for seeds in (5, 10)]
    return table(["rows", *heads], rows)


TABLES: dict[str, tuple[Callable[[int], str], int]] = {
    "errors": (errors, 20_000),
    "failures": (failing, 20_000),
    "powers": (powers, 100_000),
    "superiority": (superiorities, 10_000),
    "ranks": (rankings, 1_000),
    "sequential": (sequential, 10_000),
    "tuned": (choices, 20_000),
    "test parts": (test_parts, 1_000),
}


def placed(text: str, name: str, made: str) -> str:
    """The page with one table anew."""
    begin, end = (mark.format(name) for mark in MARKS)
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"there is no place for the table of {name}")
    return f"{before}{begin}\n\n{made}\n\n{end}{after}"


def main(arguments: list[str]) -> Any:
    if len(arguments) != 1:
        return "simulated_studies.py: give it the page to write its tables into"
    page = Path(arguments[0])
    text = page.read_text(encoding="utf-8")
    for name, (make, repetitions) in TABLES.items():
        text = placed(text, name, make(repetitions))
        print(f"{name}: done", flush=True)
    page.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
