"""Time to a target: none that a blind guess reaches, and diverged runs counted as they ended."""

import dataclasses

import pytest
from synthetic_study import synthetic_runs

from ogive.study import Grid, Recipe, Study
from ogive.study.outcomes.mistakes import NO_ANSWER, decode
from ogive.study.report.context import Context
from ogive.study.report.learning import learning
from ogive.study.report.section import Figures, Prose
from ogive.study.results import ACCURACY, LOSS, assemble
from ogive.study.results.curve import curve
from ogive.study.results.target import SHARE, Ending, target, time_to
from ogive.study.training import train

STUDY = Study(activations=("relu", "gelu"), grids=(Grid(seeds=5),), recipe=Recipe(epochs=4))


def notes(results):
    section = learning(Context(results))
    return [block.text for block in section.blocks if isinstance(block, Prose)]


def readings(results):
    section = learning(Context(results))
    return " ".join(b.reading for b in section.blocks if isinstance(b, Figures))


def ending_with(runs, **values):
    """Return the runs with these values at the end of their validation, in curves and summary."""
    changed = []
    for run in runs:
        curves = dict(run["curves"])
        for name, value in values.items():
            curves[f"validation_{name}"] = [*curves[f"validation_{name}"][:-1], value]
        changed.append({**run, "curves": curves, "validation": {**run["validation"], **values}})
    return changed


@pytest.mark.parametrize(
    ("classes", "rows", "mean", "exists"),
    [
        (10, 269, 0.10, False),
        (10, 269, 0.1004, False),  # met in the first epoch by whatever answers one class
        (10, 269, 0.13, False),
        (10, 269, 0.21, True),
        (10, 20_000, 0.13, False),  # one class may well be so frequent
        (10, 20_000, 0.21, True),
        (2, 269, 0.52, False),  # 95 % of it are below a blind guess
        (2, 20_000, 0.57, False),
        (2, 50, 0.65, False),  # too few rows
        (2, 269, 0.90, True),
    ],
)
def test_a_target_is_clearly_above_a_blind_guess(classes, rows, mean, exists):
    found = target(Ending((mean, mean), rows, classes), ACCURACY)
    assert (found is not None) == exists
    if found is not None:
        assert found.value == pytest.approx(SHARE * mean)
        assert found.value > 1 / classes


@pytest.mark.parametrize(("loss", "exists"), [(2.29, False), (2.2, False), (2.1, True)])
def test_a_target_of_losses_is_below_a_blind_guess(loss, exists):
    # ln 10 is 2.303; 2.2 / 0.95 is above it.
    assert (target(Ending((loss,), 100, 10), LOSS) is not None) == exists


def test_there_is_no_target_without_an_end():
    assert target(Ending((), 0, 2), ACCURACY) is None
    assert target(Ending((1.0, None), 100, 10), LOSS) is None


def test_the_report_says_why_there_is_none():
    runs = synthetic_runs(STUDY)
    assert assemble(STUDY, runs).main.target is not None
    assert notes(assemble(STUDY, runs)) == []
    results = assemble(STUDY, ending_with(runs, accuracy=0.1004))
    assert results.main.target is None
    assert all(cell.time is None for cell in results.main.cells)
    (said,) = notes(results)
    assert "95 % of relu's final validation accuracy are 9.54 %" in said
    assert "not clearly more than a blind guess (10.00 %)" in said


def test_the_report_says_why_losses_have_none():
    study = Study(
        data="text",
        activations=("relu", "gelu"),
        grids=(Grid(models=("charlm",), seeds=3),),
        recipe=Recipe(epochs=3),
    )
    assert notes(assemble(study, synthetic_runs(study))) == []
    (said,) = notes(assemble(study, ending_with(synthetic_runs(study), loss=2.2)))
    assert "2.3158 nats, not less than that of a blind guess (2.3026)" in said
    lost = study.spec(study.settings()[0], study.activation("relu"), 1).key
    (said,) = notes(assemble(study, synthetic_runs(study, {lost})))
    assert "relu has a run without a finite loss" in said


def test_accuracy_stays_what_a_diverged_run_ended_with():
    good, bad = [0.3, 0.8, 0.9, 0.95], [0.3, 0.1]
    runs = [{"curves": {"validation_accuracy": each}} for each in (good, good, good, bad, bad)]
    found = curve(runs, "validation_accuracy", 4)
    assert found.mean == pytest.approx((0.30, 0.52, 0.58, 0.61))
    assert found.n == (5, 5, 5, 5)


def test_a_diverged_loss_is_in_no_mean():
    losses = ([2.0, 1.0, 0.5], [3.0, None])
    runs = [{"curves": {"train_loss": each}} for each in losses]
    found = curve(runs, "train_loss", 3)
    assert (found.mean, found.n) == ((2.5, 1.0, 0.5), (2, 1, 1))


def test_the_target_counts_diverged_runs_of_the_reference():
    lost = {STUDY.spec(STUDY.settings()[0], STUDY.activation("relu"), s).key for s in (1, 2)}
    results = assemble(STUDY, synthetic_runs(STUDY, lost))
    relu = results.main.cell("relu")
    ends = [run["validation"]["accuracy"] for run in relu.runs]
    assert ends[1] == ends[2] == 0.1
    assert results.main.target.value == pytest.approx(SHARE * sum(ends) / 5)
    assert relu.validation_accuracy.mean[-1] == pytest.approx(sum(ends) / 5)
    assert relu.validation_loss.n[-1] == 3
    said = readings(results)
    assert "Runs diverged with relu (2 of 5): from there on they have no loss" in said
    assert "diverged" not in readings(assemble(STUDY, synthetic_runs(STUDY)))


def test_of_exactly_half_that_arrive_there_is_no_median():
    goal = target(Ending((0.9,), 269, 10), ACCURACY)
    timing = {"seconds_per_epoch": 1.0}
    early = {"curves": {"validation_accuracy": [0.1, 0.95]}, "timing": timing}
    late = {"curves": {"validation_accuracy": [0.1, 0.1]}, "timing": timing}
    half = time_to(goal, [early, late], ACCURACY)
    assert (half.reached, half.n, half.epochs, half.seconds) == (1, 2, None, None)
    assert time_to(goal, [early, early, late], ACCURACY).epochs == 2


@pytest.mark.parametrize("rate", [2e-3, 1e25], ids=["finished", "diverged"])
def test_made_up_runs_end_as_trained_ones_do(rate):
    """What the tests of reports are made of has the form of a real run, diverged or not."""
    study = dataclasses.replace(STUDY, recipe=Recipe(epochs=4, learning_rate=rate))
    spec = study.spec(study.settings()[0], study.activation("relu"), 0)
    real = train(spec)
    lost = {spec.key} if real["outcome"] == "diverged" else set()
    made = next(run for run in synthetic_runs(study, lost) if run["key"] == spec.key)
    assert made["outcome"] == real["outcome"] == ("diverged" if rate > 1 else "finished")
    for run in (made, real):
        curves = run["curves"]
        assert (len(curves["train_loss"]) < 4) == bool(lost)
        assert curves["validation_accuracy"][-1] == run["validation"]["accuracy"]
        assert curves["validation_loss"][-1] == run["validation"]["loss"]
        assert (run["test"]["loss"] is None) == (run["validation"]["loss"] is None) == bool(lost)
        rows = run["data"]["rows"]["test"]
        assert run["calibration"]["unanswered"] == (rows if lost else 0)
        if lost:
            assert run["validation"]["accuracy"] == pytest.approx(0.1)
            assert run["test"]["accuracy"] == pytest.approx(0.1)
            assert run["robustness"]["accuracy"] == pytest.approx([0.1] * 4)
            assert sum(run["calibration"]["count"]) == 0
            assert set(decode(run["mistakes"]).values()) == {NO_ANSWER}
