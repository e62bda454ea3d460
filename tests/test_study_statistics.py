"""Statistics of a study, against SciPy, by hand, and on simulated studies with a known truth."""

import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from ogive.study.statistics import (
    calibration,
    detectable_difference,
    disagreement,
    group,
    holm,
    kendall,
    letters,
    maximal_groups,
    paired_difference,
    pareto,
    pooled,
    power,
    rank_correlation,
    smallest_called,
    summarize,
    superiority,
    wilson,
)

RANDOM = np.random.default_rng(20260719)


@pytest.mark.parametrize("n", [2, 3, 5, 40])
def test_paired_difference_agrees_with_scipy(n):
    values = RANDOM.normal(0.97, 0.01, n).tolist()
    reference = RANDOM.normal(0.96, 0.01, n).tolist()
    ours = paired_difference(values, reference)
    theirs = stats.ttest_rel(values, reference)
    interval = theirs.confidence_interval(0.95)
    assert ours.n == n
    assert ours.mean == pytest.approx(np.mean(values) - np.mean(reference), rel=1e-10)
    assert ours.p == pytest.approx(theirs.pvalue, rel=1e-8)
    assert (ours.lower, ours.upper) == pytest.approx((interval.low, interval.high), rel=1e-8)


def test_level_of_the_interval():
    values, reference = [0.9, 0.8, 0.95], [0.7, 0.75, 0.8]
    interval = stats.ttest_rel(values, reference).confidence_interval(0.8)
    ours = paired_difference(values, reference, level=0.8)
    assert (ours.lower, ours.upper) == pytest.approx((interval.low, interval.high), rel=1e-8)


def test_a_tiny_p_value_keeps_its_digits():
    # 2 (1 - cdf) would be 0 here.
    values = [10.0 + 1e-9 * i for i in range(30)]
    reference = [0.0] * 30
    ours = paired_difference(values, reference).p
    assert ours == pytest.approx(stats.ttest_rel(values, reference).pvalue, rel=1e-6)
    assert 0 < ours < 1e-100


def test_one_pair_has_no_interval():
    difference = paired_difference([0.5], [0.25])
    assert (difference.n, difference.mean) == (1, 0.25)
    assert difference.lower is difference.upper is difference.p is None


def test_equal_differences_claim_no_certainty():
    same = paired_difference([0.9, 0.8, 0.7], [0.9, 0.8, 0.7])
    assert (same.mean, same.lower, same.upper, same.p) == (0.0, None, None, 1.0)
    # 0.98 - 0.97 and 0.97 - 0.96 differ in the last bit, so that a plain t would be enormous.
    shifted = paired_difference([0.98, 0.97, 0.96, 0.95, 0.94], [0.97, 0.96, 0.95, 0.94, 0.93])
    assert shifted.mean == pytest.approx(0.01)
    assert (shifted.lower, shifted.upper, shifted.p) == (None, None, 2 / 2**5)


def test_sign_flip_p_is_that_of_the_exact_test():
    exact = stats.permutation_test(
        ([1.0] * 4, [0.0] * 4), lambda a, b: np.mean(a - b), permutation_type="samples"
    )
    assert paired_difference([1.0] * 4, [0.0] * 4).p == exact.pvalue


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.1, 0.2], [0.1]), "2 and 1"),
        (([], []), "at least one"),
        (([math.nan], [0.1]), "nan"),
        (([0.1], [math.inf]), "inf"),
    ],
)
def test_wrong_pairs_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        paired_difference(*arguments)


def test_level_is_checked():
    with pytest.raises(ValueError, match="95"):
        paired_difference([0.1], [0.2], level=95)


def test_summary_agrees_with_numpy_and_has_no_spread_of_one():
    values = RANDOM.normal(size=9).tolist()
    summary = summarize(values)
    assert summary.mean == pytest.approx(np.mean(values))
    assert summary.sd == pytest.approx(np.std(values, ddof=1))
    assert (summarize([0.5]).mean, summarize([0.5]).sd) == (0.5, None)
    assert (summarize([]).n, summarize([]).mean, summarize([]).sd) == (0, None, None)


def test_summary_of_equal_values_has_spread_zero():
    assert summarize([0.1] * 7).sd == pytest.approx(0, abs=1e-16)


def test_holm_by_hand():
    # Sorted: .005 * 4 = .02; .01 * 3 = .03; .03 * 2 = .06; .04 * 1 = .04, raised to .06.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_stops_at_one_and_lets_nothing_pass_where_nothing_is_known():
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([None, 0.03, None, 0.02]) == [None, 0.04, None, 0.04]
    assert holm([]) == []
    assert holm([0.2]) == [0.2]


def test_holm_refuses_what_is_no_probability():
    with pytest.raises(ValueError, match=r"1\.5"):
        holm([0.5, 1.5])


def test_holm_rejects_what_the_step_down_procedure_rejects():
    for _ in range(200):
        p = RANDOM.beta(0.3, 2, size=6)
        order = np.argsort(p)
        rejected = np.zeros(6, bool)
        for step, i in enumerate(order):
            if p[i] > 0.05 / (6 - step):
                break
            rejected[i] = True
        assert [q <= 0.05 for q in holm(p.tolist())] == rejected.tolist()


def _claims(truth, studies, seeds=5):
    """Share of simulated studies in which a null, and a true difference, is claimed.

    Six activations against one reference: all pairs share the reference's noise and the seed's, as
    in a real study.
    """
    random = np.random.default_rng(7)
    false = right = 0
    for _ in range(studies):
        seed_effect = random.normal(0, 0.004, (1, seeds))
        accuracy = 0.97 + seed_effect + random.normal(0, 0.004, (7, seeds))
        accuracy[1:] += np.array(truth)[:, None]
        p = holm([paired_difference(row.tolist(), accuracy[0].tolist()).p for row in accuracy[1:]])
        claimed = [q <= 0.05 for q in p]
        false += any(c for c, t in zip(claimed, truth, strict=True) if t == 0)
        right += all(c for c, t in zip(claimed, truth, strict=True) if t != 0)
    return false / studies, right / studies


def test_family_wise_error_when_nothing_differs():
    # 5 % at most; the standard error of 1500 studies is 0.56 points. Shared noise makes Holm
    # conservative, and unadjusted p-values would claim something in about 20 %.
    false, _ = _claims([0.0] * 6, 1500)
    assert 0.015 < false < 0.05 + 3 * 0.0056


def test_family_wise_error_and_power_when_some_differ():
    false, right = _claims([0.0, 0.0, 0.0, -0.08, 0.0, -0.08], 800)
    assert false < 0.05 + 3 * 0.0077
    assert right > 0.99


@pytest.fixture
def random():
    return np.random.default_rng(20261122)


# ---- Superiority


def test_superiority_is_the_mann_whitney_statistic(random):
    for m, n in ((3, 3), (5, 8), (20, 20)):
        a, b = random.normal(size=m).round(1), random.normal(0.3, 1, n).round(1)
        expected = stats.mannwhitneyu(a, b).statistic / (m * n)
        assert superiority(a.tolist(), b.tolist()).probability == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.0])
def test_interval_of_superiority_nears_that_of_brunner_and_munzel(random, shift):
    a, b = random.exponential(1 + shift, 1000), random.exponential(1, 1000)
    won = (a[:, None] > b).astype(float)
    error = math.sqrt(won.mean(1).var(ddof=1) / 1000 + won.mean(0).var(ddof=1) / 1000)
    # The statistic of Brunner and Munzel's test is the distance from one half over this error.
    statistic = stats.brunnermunzel(a, b).statistic
    assert (0.5 - won.mean()) / error == pytest.approx(statistic, rel=1e-6)
    ours = superiority(a.tolist(), b.tolist())
    assert ours.upper - ours.lower == pytest.approx(2 * 1.96 * error, rel=0.05)
    assert (ours.upper + ours.lower) / 2 == pytest.approx(won.mean(), abs=0.005)


def test_interval_of_superiority_has_a_width_where_one_is_always_better():
    always = superiority([5.0, 6.0, 7.0, 8.0, 9.0], [0.0, 1.0, 2.0, 3.0, 4.0])
    assert (always.probability, always.upper) == (1.0, 1.0)
    # Between the exact binomial limits of 5 of 5 and of 25 of 25.
    assert 0.478 < always.lower < 0.863


values = st.lists(st.integers(0, 9).map(float), min_size=2, max_size=8)


@given(values, values, st.floats(0.5, 0.99))
def test_superiority_is_a_matter_of_order_and_turns_round(a, b, level):
    one, other = superiority(a, b, level=level), superiority(b, a, level=level)
    assert one.probability == pytest.approx(1 - other.probability, abs=1e-12)
    assert (one.lower, one.upper) == pytest.approx((1 - other.upper, 1 - other.lower), abs=1e-9)
    assert 0 <= one.lower <= one.probability <= one.upper <= 1
    stretched = superiority([math.exp(x) for x in a], [math.exp(x) for x in b], level=level)
    assert stretched == one
    wider = superiority(a, b, level=(1 + level) / 2)
    assert wider.lower <= one.lower <= one.upper <= wider.upper


def test_superiority_of_single_values_has_no_interval():
    single = superiority([1.0], [0.0, 2.0])
    assert (single.probability, single.lower, single.upper) == (0.5, None, None)


# ---- What could have been seen


@pytest.mark.parametrize("n", [3, 5, 10, 40])
@pytest.mark.parametrize("comparisons", [1, 6, 17])
def test_power_is_the_integral_over_the_spreads_that_may_be_met(n, comparisons):
    limit = stats.t.ppf(1 - 0.05 / comparisons / 2, n - 1)
    for difference in (0.0, 0.3, 1.0, 4.0):
        shift = difference * math.sqrt(n)

        def called(spread, shift=shift):
            sides = stats.norm.cdf([shift - limit * spread, -shift - limit * spread])
            return sides.sum() * stats.chi.pdf(spread, n - 1, scale=1 / math.sqrt(n - 1))

        expected = integrate.quad(called, 0, 10, points=[0.5, 1, 1.5], limit=200)[0]
        found = power(difference, 1.0, n, comparisons=comparisons)
        assert found == pytest.approx(expected, abs=1e-7)
        assert power(-difference, 1.0, n, comparisons=comparisons) == found
    least = smallest_called(2.0, n, comparisons=comparisons)
    assert least == pytest.approx(2 * limit / math.sqrt(n), rel=1e-9)


def test_power_agrees_with_statsmodels():
    from statsmodels.stats.power import TTestPower

    expected = TTestPower().power(1.2, 5, 0.05 / 6)
    assert power(0.6, 0.5, 5, comparisons=6) == pytest.approx(expected, rel=1e-9)
    size = TTestPower().solve_power(nobs=10, alpha=0.05, power=0.8)
    assert detectable_difference(1.0, 10) == pytest.approx(size, rel=1e-6)


@pytest.mark.parametrize("wanted", [0.5, 0.8, 0.99])
@pytest.mark.parametrize("n", [2, 3, 5, 10, 100])
@pytest.mark.parametrize("comparisons", [1, 17])
def test_what_is_detectable_is_detected_with_that_power(wanted, n, comparisons):
    difference = detectable_difference(0.3, n, comparisons=comparisons, power=wanted)
    found = power(difference, 0.3, n, comparisons=comparisons)
    # The tail on the other side is left out of the one and not of the other.
    assert found == pytest.approx(wanted, abs=2e-3 if n == 2 else 1e-4)


def test_a_difference_at_the_limit_is_just_called():
    differences = np.array([0.0, 1.0, -1.0, 0.5, -0.5])
    least = smallest_called(float(differences.std(ddof=1)), 5)
    for factor, called in ((1.001, True), (0.999, False)):
        moved = (differences - differences.mean() + factor * least).tolist()
        assert (paired_difference(moved, [0.0] * 5).p < 0.05) is called


def test_without_a_spread_every_difference_is_seen():
    assert smallest_called(0.0, 5) == detectable_difference(0.0, 5) == 0
    assert (power(0.1, 0.0, 5), power(0.0, 0.0, 5)) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sd": -1.0, "n": 5}, "sd"),
        ({"sd": math.nan, "n": 5}, "sd"),
        ({"sd": 1.0, "n": 1}, "2 pairs"),
        ({"sd": 1.0, "n": 5, "comparisons": 0}, "comparisons"),
        ({"sd": 1.0, "n": 5, "level": 5.0}, "level"),
    ],
)
def test_impossible_studies_are_refused(arguments, message):
    for function in (smallest_called, detectable_difference):
        with pytest.raises(ValueError, match=message):
            function(**arguments)
    with pytest.raises(ValueError, match=message):
        power(0.1, **arguments)


def test_power_asked_for_is_checked():
    with pytest.raises(ValueError, match=r"0\.03"):
        detectable_difference(1.0, 5, power=0.03)


# ---- Groups


@st.composite
def told_apart(draw):
    order = [f"f{i}" for i in range(draw(st.integers(1, 9)))]
    pairs = list(itertools.combinations(order, 2))
    return order, draw(st.sets(st.sampled_from(pairs))) if pairs else set()


@given(told_apart())
def test_groups_are_the_largest_sets_without_a_difference(case):
    order, apart = case
    groups = maximal_groups(order, apart)

    def alike(members):
        return not any(pair in apart for pair in itertools.combinations(members, 2))

    brute = [
        members
        for size in range(1, len(order) + 1)
        for members in itertools.combinations(order, size)
        if alike(members)
        and not any(
            alike(sorted({*members, other}, key=order.index)) for other in set(order) - {*members}
        )
    ]
    assert sorted(groups) == sorted(brute)
    assert list(groups) == sorted(groups, key=lambda g: [order.index(label) for label in g])
    marks = letters(groups)
    assert set(marks) == set(order)
    for first, second in itertools.combinations(order, 2):
        assert (set(marks[first]) & set(marks[second]) == set()) == ((first, second) in apart)
    assert maximal_groups(order, {pair[::-1] for pair in apart}) == groups


def test_groups_of_many_are_found_without_delay():
    # 3^6 = 729 groups: of every three that differ among themselves, one each.
    order = [f"f{i}" for i in range(18)]
    apart = {pair for i in range(0, 18, 3) for pair in itertools.combinations(order[i : i + 3], 2)}
    groups = maximal_groups(order, apart)
    assert len(groups) == len(set(groups)) == 3**6
    assert {len(members) for members in groups} == {6}
    marks = letters(groups)
    assert {len(own.split(",")) for own in marks.values()} == {3**5}


def test_letters_go_on_after_z():
    marks = letters([[f"f{i}"] for i in range(55)])
    assert [marks[f"f{i}"] for i in (0, 25, 26, 27, 52)] == ["a", "z", "aa", "ab", "ba"]


def test_groups_follow_from_the_pairs_that_differ(random):
    samples = {
        name: dict(enumerate((mean + random.normal(0, 0.003, 8)).tolist()))
        for name, mean in (("low", 0.5), ("high", 0.9), ("alike", 0.9), ("none", 0.0))
    }
    samples["none"] = {}
    found = group(samples)
    assert found.order[2:] == ("low", "none")
    assert set(found.groups[0]) == {"high", "alike", "none"}
    assert found.better() == {("high", "low"), ("alike", "low")}
    assert len(found.pairs) == 6
    # Adjusted over all pairs that could be compared, each over the seeds in common.
    compared = [pair for pair in found.pairs if pair.difference is not None]
    assert [p.p_holm for p in compared] == holm([p.difference.p for p in compared])
    del samples["high"][3]
    fewer = {(p.first, p.second): p.difference for p in group(samples).pairs}
    assert fewer["low", "high"].n == fewer["high", "alike"].n == 7
    assert fewer["low", "alike"].n == 8


def test_groups_of_equal_means_stand_in_the_order_given():
    same = {0: 0.5, 1: 0.5}
    assert group({"b": same, "a": same, "c": same}).order == ("b", "a", "c")
    assert group({}).groups == ()
    assert group({"a": same}).groups == (("a",),)


def test_who_has_more_seeds_is_not_ordered_by_their_ease():
    # Seeds from 3 on are hard, and only b has them.
    a = {0: 0.90, 1: 0.901, 2: 0.902}
    b = {0: 0.95, 1: 0.951, 2: 0.9521, **dict.fromkeys(range(3, 10), 0.8)}
    found = group({"a": a, "b": b})
    assert found.better() == {("b", "a")}
    assert found.order == ("b", "a")
    # c has one seed, a hard one that a lacks: it is joined to a by b alone.
    assert group({"a": a, "b": b, "c": {5: 0.82}}).order == ("c", "b", "a")
    # What no seed joins keeps its place by its mean.
    assert group({"a": {0: 0.5, 1: 0.6}, "b": {2: 0.7, 3: 0.8}}).order == ("b", "a")


def test_a_pair_that_differs_stands_in_its_order_whatever_the_others_say():
    # By way of c, over seeds that only one of them has, b would be far above a.
    a = {0: 0.610, 1: 0.621, 2: 0.632, **{seed: 0.1 + 0.4 * (seed > 5) for seed in range(3, 9)}}
    b = {0: 0.600, 1: 0.610, 2: 0.620, **{seed: 0.8 + 0.01 * seed for seed in range(9, 15)}}
    c = dict.fromkeys(range(15), 0.5)
    found = group({"a": a, "b": b, "c": c})
    assert found.better() == {("a", "b"), ("b", "c")}
    assert found.order == ("a", "b", "c")


def test_equal_means_are_equal_whatever_the_order_of_the_seeds():
    values = (0.9466666666666667, 0.9511111111111111, 0.9577777777777777)
    for scale in (1e-3, 1.0, 100.0):
        turned = {
            str(i): {seed: scale * values[(seed + i) % 3] for seed in range(3)} for i in range(3)
        }
        assert group(turned).order == ("0", "1", "2")


@given(
    st.lists(
        st.dictionaries(st.integers(0, 5), st.integers(0, 40).map(lambda k: k / 40)),
        min_size=2,
        max_size=5,
    )
)
def test_nobody_stands_behind_one_that_is_worse(drawn):
    samples = {str(i): values for i, values in enumerate(drawn)}
    found = group(samples, level=0.5)
    place = {label: i for i, label in enumerate(found.order)}
    assert sorted(place) == sorted(samples)
    better = found.better(0.5)
    # Pairs over different seeds may form a circle, of which no order is right.
    circle = any(set(three) <= better for three in _circles(found.order))
    assert circle or all(place[first] < place[second] for first, second in better)
    full = {label: {s: v.get(s, 0.5) for s in range(6)} for label, v in samples.items()}
    means = [math.fsum(full[label].values()) / 6 for label in group(full).order]
    assert all(b <= a + 1e-9 for a, b in itertools.pairwise(means))


def _circles(labels):
    for size in range(3, len(labels) + 1):
        for chain in itertools.permutations(labels, size):
            yield list(zip(chain, (*chain[1:], chain[0]), strict=True))


def test_pairs_of_unknown_labels_are_refused():
    with pytest.raises(ValueError, match="'x'"):
        maximal_groups(["a", "b"], {("a", "x")})
    with pytest.raises(ValueError, match="once"):
        maximal_groups(["a", "a"], set())


# ---- Ranks


@pytest.mark.parametrize("n", [2, 3, 5, 8, 12, 30])
def test_kendall_without_ties_agrees_with_scipy(random, n):
    for _ in range(5):
        x = random.permutation(n).astype(float).tolist()
        y = random.permutation(n).astype(float).tolist()
        ours, theirs = kendall(x, y), stats.kendalltau(x, y, method="exact")
        assert ours.tau == pytest.approx(theirs.statistic, abs=1e-12)
        assert ours.p == pytest.approx(min(1.0, theirs.pvalue), rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=5))
def test_kendall_with_ties_is_the_exact_permutation_test(pairs):
    x, y = ([float(value) for value in side] for side in zip(*pairs, strict=True))
    ours = kendall(x, y)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert (ours.tau, ours.p) == (None, None)
        return
    assert ours.tau == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)
    taus = [stats.kendalltau(x, other).statistic for other in itertools.permutations(y)]
    assert ours.p == pytest.approx(np.mean(np.abs(taus) >= abs(ours.tau) - 1e-9))


def test_kendall_with_ties_of_many_values_nears_the_limit_and_is_the_same_again(random):
    x = random.integers(0, 12, 25).astype(float)
    y = (x + random.integers(-9, 10, 25)).tolist()
    ours, theirs = kendall(x.tolist(), y), stats.kendalltau(x, y, method="asymptotic")
    assert ours.tau == pytest.approx(theirs.statistic, abs=1e-12)
    # 9,999 permutations know p to a standard error of at most 0.005.
    assert ours.p == pytest.approx(theirs.pvalue, abs=0.02)
    assert kendall(x.tolist(), y) == ours


def test_rank_correlation_of_what_is_shared():
    def side(means, seeds=6):
        return {
            name: {seed: mean + 1e-4 * ((7 * seed + i) % 5) for seed in range(seeds)}
            for i, (name, mean) in enumerate(means.items())
        }

    first = side({"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6, "only here": 0.5})
    same = rank_correlation(first, side({"d": 0.1, "c": 0.2, "b": 0.3, "a": 0.4, "there": 0.9}))
    assert (same.n, same.tau, same.lower, same.upper) == (4, 1.0, 1.0, 1.0)
    assert same.p == pytest.approx(2 / 24)
    turned = rank_correlation(first, side({"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4}))
    assert (turned.tau, turned.lower, turned.upper) == (-1.0, -1.0, -1.0)
    single = rank_correlation(first, side({"a": 0.1, "b": 0.2, "c": 0.3}, seeds=1))
    assert (single.n, single.tau, single.lower, single.upper) == (3, -1.0, None, None)
    nothing = rank_correlation(first, {"elsewhere": {0: 1.0}})
    assert (nothing.n, nothing.tau, nothing.p, nothing.lower) == (0, None, None, None)


def test_interval_of_a_rank_correlation_is_wide_where_the_order_is_noise(random):
    sides = [
        {str(i): dict(enumerate(random.normal(size=5).tolist())) for i in range(8)}
        for _ in range(2)
    ]
    noise = rank_correlation(*sides)
    assert noise.lower <= noise.tau <= noise.upper
    assert noise.upper - noise.lower > 0.4
    assert rank_correlation(*sides) == noise
    narrower = rank_correlation(*sides, level=0.5)
    assert narrower.upper - narrower.lower < noise.upper - noise.lower


# ---- Calibration


@pytest.mark.parametrize(("right", "count"), [(0, 7), (7, 7), (3, 7), (950, 1000), (1, 1)])
def test_wilson_agrees_with_scipy(right, count):
    theirs = stats.binomtest(right, count).proportion_ci(method="wilson")
    assert wilson(right, count) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def binned(probability, right):
    bins = np.minimum((probability * 15).astype(int), 14)
    return {
        "count": np.bincount(bins, minlength=15).tolist(),
        "confidence": np.bincount(bins, probability, minlength=15).tolist(),
        "right": np.bincount(bins, right, minlength=15).astype(int).tolist(),
        "unanswered": 0,
    }


def test_calibration_from_bins_is_that_from_the_rows(random):
    probability = random.beta(4, 1, 3000)
    right = random.random(3000) < probability**2
    found = calibration(binned(probability, right))
    bins = np.minimum((probability * 15).astype(int), 14)
    gaps = [abs(probability[bins == b].sum() - right[bins == b].sum()) for b in range(15)]
    assert found.error == pytest.approx(sum(gaps) / 3000, rel=1e-9)
    assert found.overconfidence == pytest.approx(probability.mean() - right.mean(), rel=1e-9)
    assert sum(point.count for point in found.points) == 3000
    for point in found.points:
        assert point.lower <= point.accuracy <= point.upper
    assert found.error > 3 * found.by_chance


def test_calibration_error_of_exact_probabilities_is_what_chance_makes_it(random):
    errors, chances = [], []
    for _ in range(300):
        probability = random.beta(4, 1, 200)
        found = calibration(binned(probability, random.random(200) < probability))
        errors.append(found.error)
        chances.append(found.by_chance)
    assert np.mean(errors) > 0.03  # although every probability is exact
    assert np.mean(chances) == pytest.approx(np.mean(errors), rel=0.06)


@pytest.mark.parametrize(("n", "p"), [(1, 0.5), (7, 0.3), (10, 0.1), (500, 0.998), (40, 1.0)])
def test_mean_deviation_of_a_binomial(n, p):
    k = np.arange(n + 1)
    expected = (abs(k - n * p) * stats.binom.pmf(k, n, p)).sum() / n
    record = {"count": [n], "confidence": [n * p], "right": [n], "unanswered": 3}
    assert calibration(record).by_chance == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_calibration_of_nothing_and_of_several():
    nothing = calibration({"count": [0], "confidence": [0.0], "right": [0], "unanswered": 9})
    assert (nothing.error, nothing.by_chance, nothing.points) == (None, None, ())
    assert nothing.unanswered == 9
    one = binned(np.array([0.9, 0.2, 0.99]), np.array([1, 0, 1]))
    both = calibration(pooled([one, one, one]))
    assert both.error == pytest.approx(calibration(one).error)
    assert both.by_chance < calibration(one).by_chance
    with pytest.raises(ValueError, match="same number"):
        pooled([])
    with pytest.raises(ValueError, match="3 right of 2"):
        calibration({"count": [2], "confidence": [1.0], "right": [3], "unanswered": 0})


# ---- Disagreement


def test_disagreement_is_counted_row_by_row(random):
    truth = random.integers(0, 5, 400)
    predicted = [
        np.where(random.random(400) < 0.3, random.integers(0, 5, 400), truth) for _ in range(4)
    ]
    mistakes = [
        {int(row): int(own[row]) for row in np.flatnonzero(own != truth)} for own in predicted
    ]
    found = disagreement(mistakes, rows=400, classes=5)
    shares = [np.mean(a != b) for a, b in itertools.combinations(predicted, 2)]
    assert (found.pairs, found.share) == (6, pytest.approx(np.mean(shares)))
    # These mistakes are independent, and even over the wrong classes.
    assert found.relative == pytest.approx(1, abs=0.08)


def test_disagreement_at_its_ends():
    same = disagreement([{0: 1}, {0: 1}], rows=4, classes=3)
    assert (same.share, same.relative) == (0, 0)
    flawless = disagreement([{}, {}], rows=4, classes=3)
    assert (flawless.share, flawless.relative) == (0, None)
    assert disagreement([{0: 1}], rows=4, classes=3) is None
    # Two without an answer do not agree: they are left out.
    silent = dict.fromkeys(range(4), -1)
    assert disagreement([silent, silent], rows=4, classes=3) is None
    assert disagreement([silent, {0: 1}, {0: 1, 2: -1}], rows=4, classes=3) is None
    assert disagreement([{0: 1}, silent, {1: 1}], rows=4, classes=3) == disagreement(
        [{0: 1}, {1: 1}], rows=4, classes=3
    )
    # With two classes both can only be wrong alike.
    wrong = dict.fromkeys(range(4), 1)
    assert disagreement([wrong, wrong], rows=4, classes=2).if_independent == 0
    with pytest.raises(ValueError, match="row 4"):
        disagreement([{4: 1}, {}], rows=4, classes=3)


# ---- Accuracy against cost

numbers = st.integers(0, 5).map(float)


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.tuples(numbers, numbers), min_size=1),
    st.sets(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"))),
    st.sets(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"))),
)
def test_pareto_places(points, better, cheaper):
    accuracy = {label: pair[0] for label, pair in points.items()}
    cost = {label: pair[1] for label, pair in points.items()}
    places = pareto(accuracy, cost, better=better, cheaper=cheaper)
    assert list(places) == list(points)
    assert "front" in places.values()
    for label, place in places.items():
        ahead = [
            other
            for other in points
            if points[other] != points[label]
            and accuracy[other] >= accuracy[label]
            and cost[other] <= cost[label]
        ]
        assert (place == "front") == (not ahead)
        beaten = any((other, label) in better for other in ahead)
        dearer = any((other, label) in cheaper for other in ahead)
        assert (place == "dominated") == beaten
        assert (place == "dearer") == (dearer and not beaten)
    assert set(pareto(accuracy, cost).values()) <= {"front", "open"}


def test_to_be_cheaper_is_not_to_be_better(random):
    """One is truly the better by half a spread, and dearer: luck must not have it beaten."""
    places = []
    for _ in range(300):
        runs = {
            name: dict(enumerate(random.normal(mean, 0.003, 5).tolist()))
            for name, mean in (("cheap", 0.970), ("good", 0.9715))
        }
        means = {name: np.mean(list(values.values())) for name, values in runs.items()}
        places.append(
            pareto(
                means,
                {"cheap": 1.0, "good": 1.3},
                better=group(runs).better(),
                cheaper={("cheap", "good")},
            )["good"]
        )
    assert places.count("dominated") / len(places) < 0.02
    # By the means alone it is behind in every fifth study, and dearer is all that is said of it.
    assert 0.1 < places.count("dearer") / len(places) < 0.3


def test_pareto_leaves_out_what_has_no_cost_and_refuses_what_is_no_number():
    assert pareto({"a": 0.9, "b": 0.8}, {"a": 1.0}) == {"a": "front"}
    with pytest.raises(ValueError, match="nan of a"):
        pareto({"a": math.nan}, {"a": 1.0})


# ---- Bad input, and what is loaded


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: superiority([], [1.0]), "at least one"),
        (lambda: superiority([math.inf], [1.0]), "inf"),
        (lambda: superiority([1.0], [1.0], level=0), "level"),
        (lambda: kendall([1.0], [1.0, 2.0]), "1 and 2"),
        (lambda: kendall([1.0, math.nan], [1.0, 2.0]), "nan"),
        (lambda: rank_correlation({}, {}, level=2), "level"),
        (lambda: group({}, level=1), "level"),
        (lambda: wilson(0, 0), "count"),
        (lambda: wilson(3, 2), "right"),
        (lambda: wilson(1, 2, level=1.5), "level"),
        (lambda: disagreement([], rows=1, classes=1), "classes"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_statistics_load_neither_scipy_nor_torch_before_they_are_used():
    program = (
        "import sys, ogive.study.statistics as s; s.summarize([1.0]); s.group({});"
        "s.kendall([1.0, 2.0], [2.0, 1.0]);"
        "print(sorted({'scipy', 'torch', 'sklearn'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (ended.stdout.strip(), ended.stderr) == ("[]", "")
