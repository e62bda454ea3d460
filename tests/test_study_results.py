"""Results: functions of the declaration and the stored runs, whole or in part."""

import random

import pytest
from scipy import stats

from ogive.study import Protocol, Study
from ogive.study.results import assemble

STUDY = Study(
    activations=("relu", "tanh", "gelu"),
    seeds=3,
    hidden=(8, 8),
    depths=(2, 4),
    protocol=Protocol(epochs=2),
)
ACCURACY = {"relu": (0.90, 0.92, 0.91), "tanh": (0.89, 0.90, 0.91), "gelu": (0.95, 0.96, 0.97)}


def a_run(spec):
    rms = [0.1 * layer + spec.seed for layer in range(1, spec.depth + 1)]
    return {
        "key": spec.key,
        "spec": spec.to_dict(),
        "outcome": "finished",
        "test": {"accuracy": ACCURACY[spec.activation][spec.seed], "loss": 0.1},
        "curves": {
            "train_loss": [1.0 + spec.seed, 0.5],
            "validation_loss": [1.5, 0.75],
            "validation_accuracy": [0.8, 0.9],
        },
        "signal": {
            when: {"activation_rms": rms, "gradient_rms": rms[::-1]} for when in ("start", "end")
        },
        "timing": {"seconds_per_epoch": 0.01 * (1 + spec.seed), "seconds_total": 1.0},
        "environment": {"cpu": "a processor"},
    }


RUNS = [a_run(spec) for spec in STUDY.runs()]


def test_the_order_of_the_runs_is_of_no_account():
    shuffled = random.Random(1).sample(RUNS, len(RUNS))
    assert assemble(STUDY, shuffled) == assemble(STUDY, RUNS)


def test_runs_of_other_studies_are_ignored():
    import dataclasses

    others = dataclasses.replace(STUDY, protocol=Protocol(epochs=3)).runs()
    assert assemble(STUDY, RUNS + [a_run(spec) for spec in others]) == assemble(STUDY, RUNS)


def test_table_against_scipy():
    results = assemble(STUDY, RUNS)
    assert [row.activation for row in results.activations] == ["relu", "tanh", "gelu"]
    assert results.comparisons == 2
    assert results.missing == ()
    relu, tanh, gelu = results.activations
    assert relu.mean == pytest.approx(0.91)
    assert relu.sd == pytest.approx(0.01)
    assert relu.difference is relu.p_holm is None
    tests = [stats.ttest_rel(ACCURACY[name], ACCURACY["relu"]) for name in ("tanh", "gelu")]
    for row, test in zip((tanh, gelu), tests, strict=True):
        interval = test.confidence_interval(0.95)
        assert row.difference.p == pytest.approx(test.pvalue)
        assert (row.difference.lower, row.difference.upper) == pytest.approx(
            (interval.low, interval.high)
        )
    # GELU's p is the smaller one of two.
    assert gelu.p_holm == pytest.approx(2 * tests[1].pvalue)
    assert tanh.p_holm == pytest.approx(max(tests[0].pvalue, 2 * tests[1].pvalue))
    assert gelu.accuracies == ((0, 0.95), (1, 0.96), (2, 0.97))


def test_curves_and_time():
    relu = assemble(STUDY, RUNS).activation("relu")
    assert relu.train_loss.mean == (2.0, 0.5)
    assert relu.train_loss.sd == (1.0, 0.0)
    assert relu.validation_accuracy.mean == pytest.approx((0.8, 0.9))
    assert relu.seconds_per_epoch == pytest.approx(0.02)


def test_depth_grid():
    results = assemble(STUDY, RUNS)
    assert len(results.depth) == 3 * 2 * 2
    cell = results.depth[-1]
    assert (cell.activation, cell.depth, cell.initialization) == ("gelu", 4, "matched")
    assert cell.start.gradient_rms == pytest.approx((0.4, 0.3, 0.2, 0.1))
    assert cell.train_loss == (1.0, 0.5)


def test_a_study_that_is_not_complete():
    # ReLU lacks seed 1: pairs are formed over the seeds that both have.
    gap = next(s for s in STUDY.main_runs() if (s.activation, s.seed) == ("relu", 1))
    results = assemble(STUDY, [run for run in RUNS if run["key"] != gap.key])
    assert results.missing == (gap,)
    tanh = results.activation("tanh")
    assert (tanh.n, tanh.difference.n) == (3, 2)
    assert tanh.difference.mean == pytest.approx((0.89 - 0.90 + 0.91 - 0.91) / 2)


def test_an_empty_study():
    results = assemble(STUDY, [])
    assert len(results.missing) == len(RUNS)
    assert results.depth == results.environments == ()
    row = results.activation("tanh")
    assert (row.n, row.mean, row.sd, row.difference, row.p_holm) == (0, None, None, None, None)
    assert row.seconds_per_epoch is None
    assert row.train_loss.mean == (None, None)


def test_one_seed_has_a_difference_without_an_interval():
    study = Study(
        activations=STUDY.activations,
        seeds=1,
        hidden=(8, 8),
        depths=(),
        protocol=STUDY.protocol,
    )
    tanh = assemble(study, RUNS).activation("tanh")
    assert tanh.difference.mean == pytest.approx(-0.01)
    assert tanh.difference.p is tanh.p_holm is tanh.sd is None


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="'elu'"):
        assemble(STUDY, RUNS).activation("elu")
