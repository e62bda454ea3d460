"""Results: functions of the declaration and the stored runs, whole or in part."""

import dataclasses
import itertools
import math
import random
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from synthetic_study import synthetic_runs

from ogive.study import Grid, Recipe, Seeds, Study, depth_grid
from ogive.study.activation import Activation
from ogive.study.outcomes.mistakes import encode
from ogive.study.plan import plan
from ogive.study.quantity import compared_by
from ogive.study.results import ACCURACY, LOSS, assemble
from ogive.study.results.naming import activation_names, sentence_case, setting_titles
from ogive.study.results.target import Target, time_to
from ogive.study.sequential import seeds_now

STUDY = Study(
    activations=("relu", "tanh", "gelu"),
    grids=(Grid(models=("mlp:8x2",), seeds=3), depth_grid((2, 4), width=8)),
    recipe=Recipe(epochs=2),
)
ROWS = {"train": 1078, "validation": 270, "test": 450}
ACCURACIES = {"relu": (0.90, 0.92, 0.91), "tanh": (0.89, 0.90, 0.91), "gelu": (0.95, 0.96, 0.97)}


def a_run(spec):
    depth = spec.model.depth
    rms = [0.1 * layer + spec.seed for layer in range(1, depth + 1)]
    accuracy = ACCURACIES[spec.activation.label][spec.seed]
    return {
        "key": spec.key,
        "spec": spec.to_dict(),
        "data": {"kind": "images", "inputs": [1, 8, 8], "classes": 10, "rows": ROWS},
        "outcome": "finished",
        "validation": {"accuracy": 0.9, "loss": 0.75},
        "test": {"accuracy": accuracy, "loss": 1 - accuracy},
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


def runs_of(study):
    return [a_run(spec) for spec in plan(study, {}).specs()]


RUNS = runs_of(STUDY)


def test_the_order_of_the_runs_is_of_no_account():
    shuffled = random.Random(1).sample(RUNS, len(RUNS))
    assert assemble(STUDY, shuffled) == assemble(STUDY, RUNS)


def test_runs_of_other_studies_are_ignored():
    others = runs_of(dataclasses.replace(STUDY, recipe=Recipe(epochs=3)))
    assert assemble(STUDY, RUNS + others) == assemble(STUDY, RUNS)


def test_table_against_scipy():
    results = assemble(STUDY, RUNS)
    main = results.main
    assert [cell.label for cell in main.cells] == ["relu", "tanh", "gelu"]
    assert main.comparisons == 2
    assert results.missing == ()
    assert results.total == len(RUNS)
    relu, tanh, gelu = main.cells
    assert relu.mean == pytest.approx(0.91)
    assert relu.sd == pytest.approx(0.01)
    assert relu.difference is relu.p_holm is relu.superiority is None
    tests = [stats.ttest_rel(ACCURACIES[name], ACCURACIES["relu"]) for name in ("tanh", "gelu")]
    for cell, test in zip((tanh, gelu), tests, strict=True):
        interval = test.confidence_interval(0.95)
        assert cell.difference.p == pytest.approx(test.pvalue)
        assert (cell.difference.lower, cell.difference.upper) == pytest.approx(
            (interval.low, interval.high)
        )
        won = stats.mannwhitneyu(ACCURACIES[cell.label], ACCURACIES["relu"]).statistic / 9
        assert cell.superiority.probability == pytest.approx(won)
    # GELU's p is the smaller one of two.
    assert gelu.p_holm == pytest.approx(2 * tests[1].pvalue)
    assert tanh.p_holm == pytest.approx(max(tests[0].pvalue, 2 * tests[1].pvalue))
    assert gelu.values == ((0, 0.95), (1, 0.96), (2, 0.97))
    assert main.groups.order == ("gelu", "relu", "tanh")


def test_the_smallest_visible_difference_follows_from_the_spread_of_the_pairs():
    main = assemble(STUDY, RUNS).main
    limit = stats.t.ppf(1 - 0.05 / 2 / 2, 2)
    spreads = [
        stats.tstd([a - b for a, b in zip(ACCURACIES[n], ACCURACIES["relu"], strict=True)])
        for n in ("tanh", "gelu")
    ]
    sizes = sorted(limit * sd / math.sqrt(3) for sd in spreads)
    assert (main.visible.least, main.visible.most) == pytest.approx((sizes[0], sizes[1]))
    assert main.visible.typical == pytest.approx(sum(sizes) / 2)
    assert main.visible.surely > main.visible.typical


def test_curves_and_time():
    relu = assemble(STUDY, RUNS).main.cell("relu")
    assert relu.train_loss.mean == (2.0, 0.5)
    assert relu.train_loss.sd == (1.0, 0.0)
    assert relu.validation_accuracy.mean == pytest.approx((0.8, 0.9))
    assert relu.seconds_per_epoch == pytest.approx(0.02)
    # 95 % of 0.9 is reached in the second epoch by all three.
    assert assemble(STUDY, RUNS).main.target.value == pytest.approx(0.855)
    assert (relu.time.epochs, relu.time.least, relu.time.most) == (2, 2, 2)
    assert relu.time.seconds == pytest.approx(2 * 0.02)


def test_a_target_that_half_of_the_runs_miss_has_no_median():
    goal = Target(0.85, higher_is_better=True)
    late = {**RUNS[0], "curves": {"validation_accuracy": [0.1, 0.2]}}
    early = {**RUNS[0], "curves": {"validation_accuracy": [0.9, 0.2]}}
    assert time_to(goal, [early, early, late], ACCURACY).epochs == 1
    missed = time_to(goal, [early, late, late], ACCURACY)
    assert (missed.epochs, missed.seconds, missed.reached, missed.n) == (None, None, 1, 3)
    assert time_to(goal, [], ACCURACY) is None
    falling = {**RUNS[0], "curves": {"validation_loss": [None, 0.5, 0.7]}}
    assert time_to(Target(0.6, higher_is_better=False), [falling], LOSS).epochs == 2


def test_settings_of_one_seed_serve_pictures_only():
    results = assemble(STUDY, RUNS)
    assert [r.compares for r in results.settings] == [True, False, False, False]
    assert results.compared == (results.main,)
    deep = results.settings[3]
    assert (deep.setting.model.depth, deep.setting.initialization) == (4, "matched")
    assert deep.groups is deep.visible is None
    assert deep.comparisons == 0
    assert deep.cell("gelu").outcomes.signals.start.gradient_rms == pytest.approx(
        (0.4, 0.3, 0.2, 0.1)
    )
    assert deep.cell("gelu").outcomes.signals.start.reach == pytest.approx(4)


def test_a_study_that_is_not_complete():
    # ReLU lacks seed 1: pairs are formed over the seeds that both have.
    specs = plan(STUDY, {}).specs()
    gap = next(s for s in specs if (s.activation.label, s.seed) == ("relu", 1))
    results = assemble(STUDY, [run for run in RUNS if run["key"] != gap.key])
    assert results.missing == (gap,)
    tanh = results.main.cell("tanh")
    assert (tanh.n, tanh.asked, tanh.difference.n) == (3, 3, 2)
    assert tanh.difference.mean == pytest.approx((0.89 - 0.90 + 0.91 - 0.91) / 2)


def test_an_empty_study():
    results = assemble(STUDY, [])
    assert len(results.missing) == len(RUNS)
    assert results.depths == results.environments == results.costs == ()
    cell = results.main.cell("tanh")
    assert (cell.n, cell.mean, cell.sd, cell.difference, cell.p_holm) == (0, None, None, None, None)
    assert cell.seconds_per_epoch is cell.time is None
    assert cell.train_loss.mean == (None, None)


def test_one_seed_has_a_difference_without_an_interval():
    study = dataclasses.replace(STUDY, grids=(Grid(models=("mlp:8x2",), seeds=1),))
    results = assemble(study, RUNS)
    tanh = results.main.cell("tanh")
    assert tanh.difference.mean == pytest.approx(-0.01)
    assert tanh.difference.p is tanh.p_holm is tanh.sd is None
    assert results.compared == (results.main,)


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="'elu'"):
        assemble(STUDY, RUNS).main.cell("elu")


def test_tuned_settings_wait_for_their_trials_and_then_say_what_was_chosen():
    study = Study(
        activations=("relu", "tanh"),
        grids=(Grid(seeds=2, protocols=("drop-in", "tuned")),),
        recipe=Recipe(epochs=3),
    )
    waiting = assemble(study, [])
    assert waiting.later == 4
    assert all(cell.choice is None for cell in waiting.settings[1].cells)
    results = assemble(study, synthetic_runs(study))
    assert results.later == 0
    assert not results.missing
    for cell in results.settings[1].cells:
        assert cell.choice is not None
        assert cell.tried == study.tuning.trials
        rates = {run["spec"]["recipe"]["learning_rate"] for run in cell.runs}
        assert rates == {cell.choice.learning_rate}
    assert len(results.trials) == 2 * study.tuning.trials
    assert not {"test"} & set().union(*results.trials)


def test_added_seeds_are_those_of_the_plan():
    study = Study(
        activations=("relu", "tanh"),
        grids=(Grid(seeds=Seeds(least=3, most=6, width=1e-6)),),
        recipe=Recipe(epochs=3),
    )
    results = assemble(study, synthetic_runs(study))
    assert [cell.asked for cell in results.main.cells] == [6, 6]


def test_what_is_compared_is_known_before_the_first_run_and_decides_on_further_seeds():
    study = Study(
        data="text",
        activations=("relu", "gelu"),
        grids=(Grid(models=("charlm",), seeds=Seeds(least=3, most=9, width=0.02)),),
        recipe=Recipe(epochs=2),
    )
    assert compared_by(study.data) == assemble(study, []).measure.key == "loss"
    assert compared_by(STUDY.data) == assemble(STUDY, []).measure.key == "accuracy"
    setting = study.settings()[0]

    def seeds(noisy):
        """The seeds that are asked for where one quantity varies and the other does not."""
        stored = {}
        for seed, activation in itertools.product(range(9), study.activations):
            spec = study.spec(setting, activation, seed)
            values = {"accuracy": 0.5, "loss": 1.5}
            values[noisy] += 0.1 * (seed % 3) * (activation.label == "gelu")
            stored[spec.key] = {"test": values}
        return seeds_now(study, setting, partial(study.spec, setting), stored)

    assert (seeds("accuracy"), seeds("loss")) == (6, 9)


def test_losses_are_better_when_lower():
    text = [("data", "text"), ("grids", (Grid(models=("charlm",), seeds=4),))]
    study = Study(activations=("relu", "gelu"), recipe=Recipe(epochs=2), **dict(text))
    runs = synthetic_runs(study)
    for run in runs:
        shift = 0.1 if run["spec"]["activation"]["record"] == "gelu" else 0.0
        run["test"]["loss"] = 1.5 + shift + 0.01 * run["spec"]["seed"] * (1 + shift)
    results = assemble(study, runs)
    gelu = results.main.cell("gelu")
    assert results.measure is LOSS
    assert gelu.difference.mean > 0
    assert gelu.superiority.probability == 0
    assert results.main.groups.order == ("relu", "gelu")
    assert gelu.outcomes.robustness is gelu.outcomes.disagreement is None


def test_a_diverged_loss_is_not_compared():
    study = Study(
        data="text",
        activations=("relu", "gelu", "silu"),
        grids=(Grid(models=("charlm",), seeds=3),),
        recipe=Recipe(epochs=2),
    )
    lost = study.spec(study.settings()[0], study.activation("gelu"), 1).key
    results = assemble(study, synthetic_runs(study, {lost}))
    gelu, silu = results.main.cells[1:]
    assert (gelu.n, gelu.diverged, gelu.mean, gelu.difference) == (3, 1, None, None)
    assert silu.difference is not None
    assert results.main.comparisons == 1
    assert "gelu" not in results.main.groups.order


def test_a_diverged_accuracy_counts_as_it_ended():
    study = Study(activations=("relu", "gelu"), grids=(Grid(seeds=3),), recipe=Recipe(epochs=3))
    lost = study.spec(study.settings()[0], study.activation("gelu"), 1).key
    gelu = assemble(study, synthetic_runs(study, {lost})).main.cell("gelu")
    assert (gelu.diverged, gelu.difference.n, gelu.accuracy.n, gelu.loss.n) == (1, 3, 3, 2)
    assert gelu.train_loss.n[-1] == 2


def test_disagreement_counts_the_rows_that_two_seeds_answer_differently():
    mistakes = [{0: 1, 3: 2}, {0: 1, 3: 4}, {5: 0}]
    bins = {"count": [10], "confidence": [9.0], "right": [8], "unanswered": 0}

    def run(spec):
        wrong = mistakes[spec.seed]
        return {**a_run(spec), "mistakes": encode(wrong), "calibration": bins}

    study = dataclasses.replace(STUDY, grids=STUDY.grids[:1])
    results = assemble(study, [run(spec) for spec in plan(study, {}).specs()])
    found = results.main.cell("relu").outcomes.disagreement
    # Rows that differ: one of the first pair, three of each of the others; of ten.
    assert found.share == pytest.approx((1 + 3 + 3) / 3 / 10)
    assert results.main.cell("relu").outcomes.calibrated.error.mean == pytest.approx(0.1)


def test_costs_are_those_of_the_study_and_cover_the_most():
    study = Study(activations=("relu", "gelu"), grids=(Grid(seeds=2),), recipe=Recipe(epochs=2))
    fewer = dataclasses.replace(study, activations=("relu",), reference="relu")
    other = dataclasses.replace(study, recipe=Recipe(epochs=2, batch_size=7))
    runs = [run for s in (fewer, other, study) for run in synthetic_runs(s, cost=True)]
    results = assemble(study, runs)
    assert [str(cost.model) for cost in results.costs] == ["mlp:128x2"]
    (cost,) = results.costs
    assert set(cost.rows) == {"relu", "gelu"}
    assert cost.rows["relu"].step.best < cost.rows["relu"].step.median
    assert assemble(study, synthetic_runs(study)).costs == ()


def test_recipes_of_their_own_make_settings_of_their_own():
    small = Recipe(epochs=3, batch_size=16)
    study = Study(
        activations=("relu", "gelu"),
        grids=(Grid(seeds=2), Grid(seeds=2, recipe=small)),
        recipe=Recipe(epochs=2),
    )
    results = assemble(study, synthetic_runs(study, cost=True))
    first, second = results.settings
    assert "epochs 2" in first.title
    assert "epochs 3" in second.title
    assert len(second.cells[0].train_loss.mean) == 3
    assert [cost.batch_size for cost in results.costs] == [64, 16]
    assert [cost.fits(second.setting) for cost in results.costs] == [False, True]


def test_settings_that_compare_are_held_against_each_other():
    study = Study(
        activations=("relu", "tanh", "gelu", "sigmoid"),
        grids=(Grid(models=("mlp", "mlp:8x3"), seeds=3),),
        recipe=Recipe(epochs=2),
    )
    (agreement,) = assemble(study, synthetic_runs(study)).agreements
    assert (agreement.first, agreement.second, agreement.correlation.n) == (1, 2, 4)
    three = dataclasses.replace(study, activations=("relu", "tanh", "gelu"))
    assert assemble(three, synthetic_runs(three)).agreements == ()


def test_names_are_short_and_differ():
    words = ("relu", "elu:alpha=2", "swiglu")
    activations = [
        *(Activation.read(word) for word in words),
        Activation(None, (), "mine:Wave", "0" * 64),
        Activation("relu", (), "theirs:Wave", "1" * 64),
        Activation(None, (), "mine:Step", "0" * 64),
    ]
    names = activation_names(activations)
    assert list(names.values()) == [
        *("relu", "elu(2)", "swiglu", "mine:Wave", "relu=theirs:Wave", "Step"),
    ]


def test_titles_say_what_tells_settings_apart():
    (alone,) = Grid().settings(Recipe())
    assert setting_titles([alone]) == {alone: ""}
    grid = Grid(models=("mlp:8x1", "mlp:8x2"), initializations=("default", "matched"))
    titles = list(setting_titles(grid.settings(Recipe())).values())
    assert titles[0] == "mlp:8x1, default initialisation"
    assert len(set(titles)) == 4


@given(st.text(alphabet="abcx:128, ", min_size=1, max_size=20))
def test_sentence_case_changes_the_first_letter_at_most(title):
    found = sentence_case(title)
    assert found.lower() == title.lower()
    assert found[1:] == title[1:]


@settings(max_examples=30, deadline=None)
@given(st.floats(-0.5, 0.5), st.floats(0, 5))
def test_a_measure_writes_what_it_is_given(difference, loss):
    for measure in (ACCURACY, LOSS):
        text = measure.difference(difference)
        read = float(text.replace("−", "-"))
        assert read == pytest.approx(measure.scale * difference, abs=0.0051)
        assert (text[0] in "+−") == (read != 0)
        assert float(measure.size(difference)) == abs(read)
    assert ACCURACY.gain(difference) == -LOSS.gain(difference) == difference
    assert float(LOSS.level(loss)) == pytest.approx(loss, abs=5.1e-5)
