"""Where training stops as networks grow deeper: which runs work, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_study import synthetic_runs

from ogive.study import Grid, RunSpec, Study, depth_grid, findings
from ogive.study.depths import depth_headline, depth_sentences
from ogive.study.report import build_report
from ogive.study.results import Results, assemble
from ogive.study.results.depth import DepthSeries
from ogive.study.results.trained import least_accuracy, trained

STUDY = Study(
    activations=("relu", "tanh"),
    grids=(Grid(models=("mlp:8x2", "mlp:8x10", "mlp:8x30"), seeds=5),),
    cost=False,
)
WORKING = (0.9, 0.91, 0.9, 0.89, 0.9)
STUCK = (0.1, 0.1, 0.11, 0.1, 0.1)


def results(
    accuracy: Callable[[RunSpec], float],
    study: Study = STUDY,
    *,
    reach: float | None = None,
    lost: Callable[[RunSpec], bool] = lambda spec: False,
) -> Results:
    """Return the results of runs with given accuracies, gradients that arrive, and runs lost."""
    kept = []
    for run in synthetic_runs(study):
        spec = RunSpec.from_dict(run["spec"])
        run["test"] = {"accuracy": accuracy(spec), "loss": 0.1}
        if reach is not None:
            run["signal"]["start"]["gradient_rms"] = [reach, *[1.0] * ((spec.model.depth or 1) - 1)]
        if not lost(spec):
            kept.append(run)
    return assemble(study, kept)


def given_by(
    levels: Mapping[tuple[str, int], tuple[float, ...]],
) -> Callable[[RunSpec], float]:
    """Return the accuracies of an activation at a depth, by seed; all others work."""
    return lambda spec: levels.get((spec.activation.label, spec.model.depth or 0), WORKING)[
        spec.seed
    ]


def only(found: Results) -> DepthSeries:
    (series,) = found.depths
    return series


@given(st.lists(st.floats(0, 1), max_size=9), st.integers(2, 200))
def test_what_works_lies_between_a_guess_and_the_best(found: list[float], classes: int) -> None:
    least = least_accuracy(found, classes)
    guess = 1 / classes
    assert least > guess
    best = max(found, default=0.0)
    if best >= guess + 0.2 * (1 - guess):
        assert least == pytest.approx((guess + best) / 2)
        assert trained({"outcome": "finished", "test": {"accuracy": best}}, least)
    # Nobody passes for one that works because the others are as bad.
    assert not trained({"outcome": "finished", "test": {"accuracy": guess}}, least)
    assert not trained({"outcome": "diverged", "test": {"accuracy": 1.0}}, least)


def test_the_series_of_a_study_and_the_best_of_their_runs() -> None:
    study = Study(activations=("relu", "tanh"), grids=(Grid(seeds=2), depth_grid((2, 4), width=8)))
    found = results(lambda spec: 0.9 + 0.01 * (spec.model.depth == 4), study)
    assert {(s.initialization, s.depths) for s in found.depths} == {
        ("matched", (2, 4)),
        ("default", (2, 4)),
    }
    for series in found.depths:
        assert series.least == pytest.approx(0.1 + 0.5 * (0.91 - 0.1))
        assert series.stops("relu") is None


def test_training_works_where_most_runs_do() -> None:
    most, some = (0.9, 0.1, 0.9, 0.1, 0.9), (0.84, 0.3, 0.1, 0.68, 0.1)
    series = only(results(given_by({("relu", 30): some, ("tanh", 30): most})))
    # The mean of the five, 0.40, hides that two of them train.
    assert (series.stops("relu"), series.stops("tanh")) == (30, None)
    assert [series.working(series.lines[name][-1]) for name in ("relu", "tanh")] == [2, 3]
    # Half of the runs are not most of them.
    four = Study(activations=("relu",), grids=(Grid(models=("mlp:8x2", "mlp:8x30"), seeds=4),))
    half = results(given_by({("relu", 30): (0.9, 0.1, 0.9, 0.1)}), four)
    assert only(half).stops("relu") == 30


def test_how_many_runs_work_is_said_where_some_do() -> None:
    some = (0.84, 0.3, 0.1, 0.68, 0.1)
    found = results(given_by({("relu", 30): some, ("tanh", 30): STUCK}), reach=0.99)
    assert depth_sentences(found) == [
        "Matched initialisation, 2 to 30 layers: training stops working with relu from 30 layers "
        "on (2 of 5 runs work there) and tanh from 30 layers on."
    ]
    assert "40.40 (2 of 5)" in build_report(found)
    assert depth_headline(found) == (
        "Number of layers at which training stops working in most runs: matched initialisation, "
        "from 30 with relu and 30 with tanh."
    )


@pytest.mark.parametrize(
    ("reach", "said"),
    [
        (0.0, " (none of the gradient arrives)"),
        (1e-8, " (10⁻⁸ of the gradient arrives)"),
        (0.05, " (0.050 of the gradient arrives)"),
        (0.99, ""),
        (5.0, ""),
        (16.0, " (16 times the gradient arrives)"),
    ],
)
def test_the_gradient_is_a_reason_where_it_does_not_arrive(reach: float, said: str) -> None:
    found = results(given_by({("tanh", 30): STUCK}), reach=reach)
    assert depth_sentences(found) == [
        "Matched initialisation, 2 to 30 layers: training stops working with tanh from 30 layers "
        f"on{said}; the others train at every depth."
    ]


def test_where_nothing_trains_nothing_is_said_to() -> None:
    found = results(lambda spec: STUCK[spec.seed])
    series = only(found)
    assert not series.trains
    (sentence,) = depth_sentences(found)
    assert "no network trains at any depth" in sentence
    assert "11.00 %" in sentence
    assert depth_headline(found).endswith("matched initialisation, no network trains at any depth.")
    assert not any(result.failing for result in found.settings)


def test_what_fails_in_between_is_said() -> None:
    found = results(given_by({("tanh", 10): STUCK}))
    assert only(found).stops("tanh") is None
    assert only(found).dips("tanh") == (10,)
    assert only(found).dips("relu") == ()
    assert depth_sentences(found) == [
        "Matched initialisation, 2 to 30 layers: training fails with tanh at ten layers and works "
        "again in deeper networks; the others train at every depth."
    ]
    assert depth_headline(found).endswith("nowhere up to 30 (and in between with tanh).")


def test_where_training_stops_is_the_first_depth_from_which_nothing_works() -> None:
    levels = {2: 0.9, 4: 0.2, 8: 0.85, 16: 0.3}
    study = Study(activations=("relu", "tanh"), grids=(depth_grid((2, 4, 8, 16)),))
    found = results(
        lambda spec: levels[spec.model.depth or 0] if spec.activation.label == "tanh" else 0.9,
        study,
    )
    for series in found.depths:
        assert (series.stops("tanh"), series.stops("relu")) == (16, None)
        assert series.dips("tanh") == (4,)


def test_depths_without_a_run_are_named_and_not_taken_for_trained() -> None:
    def deepest(spec: RunSpec) -> bool:
        return (spec.activation.label, spec.model.depth) == ("tanh", 30)

    found = results(lambda spec: WORKING[spec.seed], lost=deepest)
    assert only(found).unfinished == (("tanh", 30),)
    assert depth_sentences(found) == [
        "Matched initialisation, 2 to 30 layers: every activation trains at every depth that has "
        "runs.",
        "Matched initialisation: runs are missing of tanh at 30 layers.",
    ]
    assert depth_headline(found).endswith("nowhere up to 30, unfinished.")
    one = results(
        lambda spec: WORKING[spec.seed], lost=lambda spec: deepest(spec) and spec.seed == 3
    )
    assert only(one).unfinished == (("tanh", 30),)
    whole = results(lambda spec: WORKING[spec.seed])
    assert depth_sentences(whole) == [
        "Matched initialisation, 2 to 30 layers: every activation trains at every depth."
    ]
    assert only(whole).unfinished == ()


def test_many_cells_without_runs_are_named_by_their_depths() -> None:
    names = ("relu", "tanh", "gelu", "silu", "elu")
    study = Study(activations=names, grids=STUDY.grids)
    found = results(lambda spec: 0.9, study, lost=lambda spec: spec.model.depth == 30)
    assert depth_sentences(found)[1] == "Matched initialisation: runs are missing at 30 layers."


def test_a_study_of_depths_is_answered_by_where_training_stops() -> None:
    models = ("mlp:8x2", "mlp:8x4", "mlp:8x8")
    initializations = ("default", "matched")
    study = Study(
        activations=("relu", "tanh"),
        grids=(Grid(models=models, initializations=initializations, seeds=2),),
    )

    def accuracy(spec: RunSpec) -> float:
        fails = spec.activation.label == "tanh" and spec.initialization == "default"
        return 0.1 if fails and (spec.model.depth or 0) > 2 else 0.9

    found = results(accuracy, study)
    assert findings.headline(found) == (
        "Number of layers at which training stops working in most runs: default initialisation, "
        "from 4 with tanh; matched initialisation, nowhere up to 8."
    )
    assert findings.answer(found)[1] == (
        "Matched initialisation, 2 to 8 layers: every activation trains at every depth."
    )
    # Two depths show how far a gradient reaches, and are no study of depth.
    two = Study(activations=("relu", "tanh"), grids=(Grid(models=models[:2], seeds=2),))
    assert "told apart" in findings.headline(results(accuracy, two))
