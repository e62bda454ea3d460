"""Statistics of a study, against SciPy, by hand, and on simulated studies with a known truth."""

import math

import numpy as np
import pytest
from scipy import stats

from ogive.study.statistics import holm, paired_difference, summarize

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
