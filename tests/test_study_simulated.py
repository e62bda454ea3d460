"""The statistics on simulated studies whose truth is known: the rates are what they claim to be.

The simulations are those of benchmarks/simulated_studies.py, with fewer repetitions; the numbers
of docs/statistics.md are held against them.
"""

from __future__ import annotations

import importlib.util
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from synthetic_study import synthetic_runs

from ogive.study import Grid, Study
from ogive.study.activation import Activation
from ogive.study.results import assemble
from ogive.study.sequential import enough
from ogive.study.statistics import group, holm, paired_difference, power, superiority

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")


def _benchmark():
    name = "simulated_studies"
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


simulated = _benchmark()


def recorded(name):
    """The rows of a table of docs/statistics.md, by their first cells that are no measurement."""
    begin, end = (re.escape(mark.format(name)) for mark in simulated.MARKS)
    lines = re.search(f"{begin}(.*?){end}", PAGE, re.DOTALL)[1].strip().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return cells[2:]


def agree(documented, met, repetitions, documented_repetitions):
    """Whether two percentages are of one probability: within five standard errors."""
    share = np.clip((documented + met) / 200, 0.002, 0.998)
    variance = share * (1 - share) * (1 / repetitions + 1 / documented_repetitions)
    return abs(documented - met) <= 100 * 5 * math.sqrt(variance) + 0.05


def at_most(share, level, repetitions):
    """Whether a share is no evidence, at one in ten thousand, of a rate above `level`."""
    return round(share * repetitions) <= stats.binom.ppf(1 - 1e-4, repetitions, level)


# ---- The vectorised statistics are those of the package


@pytest.mark.parametrize("name", list(simulated.SHAPES))
def test_vectorised_tests_are_those_of_the_package(name):
    accuracy = simulated.simulate(name, 25, 5)
    accuracy[0] = 90  # equal differences, of 0 and of others
    accuracy[1] = 90 + np.arange(7)[:, None]
    means, halves, p_values = simulated.against_first(accuracy)
    adjusted = simulated.holm(p_values)
    for study, mean, half, p, p_holm in zip(
        accuracy, means, halves, p_values, adjusted, strict=True
    ):
        found = [paired_difference(row.tolist(), study[0].tolist()) for row in study[1:]]
        assert mean == pytest.approx([each.mean for each in found], abs=1e-12)
        assert p == pytest.approx([each.p for each in found], rel=1e-6)
        assert p_holm == pytest.approx(holm([each.p for each in found]), rel=1e-6)
        for width, each in zip(2 * half, found, strict=True):
            if each.lower is None:
                assert np.isnan(width)
            else:
                assert each.upper - each.lower == pytest.approx(width, rel=1e-6)


def test_vectorised_groups_are_those_of_the_package():
    accuracy = simulated.simulate("normal", 60, 4)
    accuracy[::2, 3] += 3
    for study in accuracy:
        samples = {str(i): dict(enumerate(row.tolist())) for i, row in enumerate(study)}
        apart = simulated.falsely_apart(study[None]) == 1
        assert (len(group(samples).groups) > 1) == apart


def test_vectorised_stopping_is_that_of_the_package():
    accuracy = simulated.simulate("normal", 80, 40, activations=3)
    ends = simulated.stopped(accuracy, 4, 0.6)
    assert len(set(ends.tolist())) > 5
    for study, met in zip(accuracy, ends, strict=True):
        widths = []
        for n in range(4, 41):
            _, half, _ = simulated.against_first(study[None, :, :n])
            widths.append(2 * float(half.max()))
        assert enough(widths, least=4, most=40, width=0.6) == met
        # What comes later has no part in it.
        known = widths[: met - 4 + 1]
        assert enough(known, least=4, most=40, width=0.6) == met
        assert enough(known[:-1], least=4, most=40, width=0.6) is None


# ---- Rates


@pytest.mark.parametrize("seeds", [5, 10])
@pytest.mark.parametrize("name", list(simulated.SHAPES))
def test_false_claims_are_at_most_what_is_claimed(name, seeds):
    repetitions = 2000
    accuracy = simulated.simulate(name, repetitions, seeds)
    claims, apart = simulated.false_claims(accuracy), simulated.falsely_apart(accuracy)
    assert at_most(claims, 0.05, repetitions), claims
    assert at_most(apart, 0.05, repetitions), apart
    # Without the adjustment, something is claimed far more often: the simulation can see it.
    assert simulated.false_claims_unadjusted(accuracy) > 0.07
    assert simulated.coverage(accuracy) > 0.94
    row = next(row for row in recorded("errors") if row[0] == name)
    cells = [float(cell) for cell in row[1:]][4 * (seeds == 10) :][:4]
    for documented, met in zip(cells[1:3], (claims, apart), strict=True):
        assert agree(documented, 100 * met, repetitions, 20_000)


@pytest.mark.parametrize(("place", "seeds"), list(enumerate((5, 10, 20) * 2)))
def test_what_fails_alone_and_seldom_is_not_covered_and_the_page_says_so(place, seeds):
    repetitions = 4000
    name, mean = list(simulated.ONE_FAILS.items())[place // 3]
    none, without, with_one, said = simulated.one_fails(repetitions, seeds, mean)
    assert agree(100 * none, 100 * 0.95**seeds, repetitions, math.inf)
    assert without < 0.2
    assert with_one > 0.99
    # What is claimed of equal means is the difference of the runs that succeed.
    assert 0.25 < said <= none * (1 - without) + 0.01 if mean == 0 else said < 0.05
    row = recorded("failures")[place]
    assert row[:2] == [name, str(seeds)]
    met = (none, none * without + (1 - none) * with_one, without, with_one, said)
    for documented, share, of_all in zip(row[2:], met, (1, 1, none, 1 - none, 1), strict=True):
        assert agree(float(documented), 100 * share, of_all * repetitions, of_all * 20_000)


def test_what_no_failed_run_excludes_is_said_on_the_page():
    shares = [round(100 * (1 - 0.05 ** (1 / seeds))) for seeds in (5, 10, 20)]
    text = " ".join(PAGE.split())
    said = re.search(r"above (\d+) % with 5 seeds, (\d+) % with 10 and (\d+) % with 20", text)
    assert [int(share) for share in said.groups()] == shares


def test_the_bound_would_notice_a_rate_above_it():
    assert not at_most(0.08, 0.05, 2000)
    assert at_most(0.05, 0.05, 2000)


def test_claims_where_some_differ_are_right_and_only_those():
    random = np.random.default_rng(5)
    accuracy = simulated.normal(random, 2000, 7, 5)
    accuracy[:, 2] -= 10
    accuracy[:, 5] += 10
    claimed = simulated.holm(simulated.against_first(accuracy)[2]) < simulated.LEVEL
    assert claimed[:, [1, 4]].mean() > 0.999
    false = claimed[:, [0, 2, 3, 5]].any(-1).mean()
    assert at_most(false, 0.05, 2000)
    assert false > 0.01  # Holm gives the rest what the two no longer need.


def test_power_is_as_predicted():
    for row, (seeds, comparisons, difference) in zip(
        recorded("powers"), simulated.POWERS, strict=True
    ):
        said = 100 * power(difference, 1, seeds, comparisons=comparisons)
        met = 100 * simulated.claims(5000, difference, seeds, comparisons)
        assert row[:3] == [str(seeds), str(comparisons), f"{difference:g}"]
        assert float(row[3]) == pytest.approx(said, abs=0.051)
        assert agree(said, met, 5000, math.inf)
        assert agree(float(row[4]), said, 100_000, math.inf)


@pytest.mark.parametrize(
    ("seeds", "theta", "shared"), [(5, 0.5, 0.0), (5, 0.95, 0.0), (10, 0.75, 0.5)]
)
def test_intervals_of_superiority_cover(seeds, theta, shared):
    met = simulated.superiority_covers(2000, theta, seeds, shared)
    assert met > 0.93
    row = next(row for row in recorded("superiority") if row[0] == str(seeds))
    column = 1 + 3 * (shared > 0) + (0.5, 0.75, 0.95).index(theta)
    assert agree(float(row[column]), 100 * met, 2000, 10_000)


def test_intervals_of_brunner_and_munzel_do_not():
    random = np.random.default_rng(3)
    theta, seeds, covered, ours = 0.92, 5, 0, 0
    for _ in range(1000):
        a = random.normal(math.sqrt(2) * stats.norm.ppf(theta), 1, seeds)
        b = random.normal(size=seeds)
        won = (a[:, None] > b).astype(float)
        parts = np.array([won.mean(1).var(ddof=1), won.mean(0).var(ddof=1)])
        if parts.any():
            freedom = parts.sum() ** 2 / ((parts**2).sum() / (seeds - 1))
            half = stats.t.ppf(0.975, freedom) * math.sqrt(parts.sum() / seeds)
            covered += abs(won.mean() - theta) <= half
        interval = superiority(a.tolist(), b.tolist())
        ours += interval.lower <= theta <= interval.upper
    assert covered < 700  # docs/statistics.md: 65 %
    assert ours > 920


def test_rank_correlations_are_covered_and_fall_short_as_documented():
    for gap, seeds, least in ((0.3, 5, 0.7), (1.0, 10, 0.9)):
        held, estimate, truth = simulated.rank_correlation_covers(150, gap, seeds)
        assert held > least
        row = next(row for row in recorded("ranks") if row[:2] == [f"{gap:g}", str(seeds)])
        assert agree(float(row[4]), 100 * held, 150, 1000)
        assert float(row[3]) == pytest.approx(estimate, abs=0.05)
        assert float(row[2]) == pytest.approx(truth, abs=0.006)


@pytest.mark.parametrize(("activations", "least", "expected"), [(2, 3, 12), (2, 5, 12), (7, 5, 6)])
def test_seeds_added_by_the_width_keep_the_coverage(activations, least, expected):
    repetitions = 3000
    held, claimed, seeds = simulated.sequentially(repetitions, activations, least, expected)
    assert held > 0.93 - 3 * math.sqrt(0.93 * 0.07 / repetitions)
    assert at_most(claimed, 0.067 if activations == 2 else 0.05, repetitions)
    plain, _, fewer = simulated.sequentially(repetitions, activations, least, expected, 0)
    assert fewer < seeds < fewer + 5
    if activations == 2:
        assert plain < held
    row = next(
        row
        for row in recorded("sequential")
        if row[:3] == [str(activations), str(least), str(expected)]
    )
    assert float(row[8]) == pytest.approx(seeds, abs=0.5)
    # Each study gives as many intervals as it has comparisons, which go together.
    assert agree(float(row[6]), 100 * held, repetitions, 10_000)


def test_the_least_coverage_of_added_seeds_is_the_documented_one():
    rows = recorded("sequential")
    assert len(rows) == len(simulated.SEQUENTIAL)
    least, plain = (min(float(row[column]) for row in rows) for column in (6, 3))
    most = max(float(row[7]) for row in rows)
    assert least >= 93
    said = re.search(
        r"covers ([\d.]+) % at worst and Ogive's ([\d.]+) %.*? in up to ([\d.]+) %",
        " ".join(PAGE.split()),
    )
    assert [float(number) for number in said.groups()] == [plain, least, most]


def test_a_recipe_chosen_on_validation_does_not_leak_into_the_test():
    met = {
        name: simulated.tuned(4000, 5, **options)
        for name, options in {
            "equal": {"curvature": 0.0},
            "luck": {"curvature": 0.5},
            "more tuning": {"curvature": 0.5, "tuning_seeds": 5},
            "on test": {"curvature": 0.0, "on_test": True},
        }.items()
    }
    assert at_most(met["equal"], 0.05, 4000)
    assert met["on test"] > 0.075
    # Which recipe was met is real, and of no activation: said on the page, and seen here.
    assert met["luck"] > 0.15
    assert met["more tuning"] < met["luck"] / 2


def test_a_difference_is_one_on_this_test_part():
    alike = simulated.another_test_part(300, 360, 5, 0.0)
    assert at_most(alike, 0.05, 300)
    assert simulated.another_test_part(300, 360, 5, 1.0) > 0.15


# ---- Through the results of a study


def test_results_of_simulated_studies_are_those_of_the_statistics():
    study = Study(grids=(Grid(models=("mlp:8x2",), seeds=5),), cost=False)
    runs = synthetic_runs(study)
    seeds, labels = range(5), [activation.label for activation in study.activations]
    reference = labels.index("relu")
    accuracies = simulated.simulate("normal", 40, 5) / 100
    accuracies[::4, (reference + 1) % 7] -= 0.08  # a true difference in each fourth study
    claims = []
    for number, accuracy in enumerate(accuracies):
        for run in runs:
            label = Activation.from_dict(run["spec"]["activation"]).label
            run["test"]["accuracy"] = float(accuracy[labels.index(label), run["spec"]["seed"]])
        result = assemble(study, runs).main
        others = [cell for cell in result.cells if cell.label != "relu"]
        rows = [accuracy[labels.index(cell.label)].tolist() for cell in others]
        base = accuracy[reference].tolist()
        expected = holm([paired_difference(row, base).p for row in rows])
        assert [cell.p_holm for cell in others] == pytest.approx(expected, rel=1e-9)
        assert [cell.superiority for cell in others] == [superiority(row, base) for row in rows]
        samples = {
            label: dict(zip(seeds, row.tolist(), strict=True))
            for label, row in zip(labels, accuracy, strict=True)
        }
        assert result.groups == group(samples)
        found = {cell.label for cell in result.cells if result.differs(cell)}
        if number % 4 == 0:
            assert labels[(reference + 1) % 7] in found
        else:
            claims.append(bool(found))
    assert at_most(sum(claims) / len(claims), 0.05, len(claims))


def test_the_page_has_every_table():
    for name in simulated.TABLES:
        assert recorded(name)
    with pytest.raises(ValueError, match="no place"):
        simulated.placed(PAGE, "nothing", "")
    assert simulated.placed(PAGE, "errors", "| x |").count("| x |") == 1
