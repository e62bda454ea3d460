"""Accuracy under noise is held against that without, on the same rows."""

import json

import numpy as np
import pytest
from synthetic_study import synthetic_runs

from ogive.study import Dataset, Grid, Part, Recipe, RunSpec, Study
from ogive.study import training as training_module
from ogive.study.evaluation import judge
from ogive.study.outcomes.rows import NOISY
from ogive.study.report.context import Context
from ogive.study.report.robustness import robustness
from ogive.study.report.section import Figures, Table
from ogive.study.results import assemble
from ogive.study.results.outcomes import mistakes_of, outcomes
from ogive.study.training import train

STUDY = Study(activations=("relu", "gelu"), grids=(Grid(seeds=5),), recipe=Recipe(epochs=3))


def dataset(rows=2600, classes=4):
    """Return data whose first test rows are harder than the rest."""
    random = np.random.default_rng(0)
    parts = []
    for size in (600, 200, rows):
        targets = np.arange(size) % classes
        spread = np.where(np.arange(size) < NOISY // 2, 1.5, 0.3)[:, None]
        inputs = np.eye(classes)[targets] + spread * random.normal(size=(size, classes))
        parts.append(Part(inputs.astype(np.float32), targets.astype(np.int64)))
    return Dataset("vectors", *parts, classes)


def trained(monkeypatch, data):
    """Return a stored run, the network that it ended with, and its test part."""
    kept = []
    measure = training_module.outcomes

    def keeping(network, sites, test):
        kept.append((network, test))
        return measure(network, sites, test)

    monkeypatch.setattr(training_module, "outcomes", keeping)
    recipe = Recipe(epochs=5, learning_rate=0.02)
    spec = RunSpec(data=data, model="mlp:16x1", recipe=recipe)
    run = json.loads(json.dumps(train(spec, data), allow_nan=False))
    return run, *kept[0]


def test_accuracy_without_noise_is_that_of_the_network_on_the_rows_that_get_the_noise(monkeypatch):
    run, network, test = trained(monkeypatch, dataset())
    found = outcomes([run], mistakes_of([run]), classes=4).robustness
    expected = judge(network, test.head(NOISY)).accuracy
    assert found.without.mean == pytest.approx(expected)
    assert (found.rows, found.of) == (NOISY, 2600)
    # The rest of the test part is easier, so that all of it would be another level.
    assert run["test"]["accuracy"] > expected + 0.02


def test_rows_without_an_answer_are_worth_a_blind_guess(monkeypatch):
    data = dataset()
    # A value that the sum of a layer overflows with: these rows have no finite answer.
    data.test.inputs[100:400] = 3e38
    run, network, test = trained(monkeypatch, data)
    assert run["outcome"] == "finished"
    assert run["calibration"]["unanswered"] > 0
    found = outcomes([run], mistakes_of([run]), classes=4).robustness
    assert found.without.mean == pytest.approx(judge(network, test.head(NOISY)).accuracy)


def test_of_a_smaller_test_part_all_rows_count(monkeypatch):
    run, *_ = trained(monkeypatch, dataset(rows=700))
    found = outcomes([run], mistakes_of([run]), classes=4).robustness
    assert found.without.mean == pytest.approx(run["test"]["accuracy"])
    assert (found.rows, found.of) == (700, 700)


def test_without_mistakes_there_is_no_level_without_noise():
    run = synthetic_runs(STUDY)[0]
    del run["mistakes"]
    assert outcomes([run], mistakes_of([run]), classes=10).robustness.without.mean is None


@pytest.mark.parametrize("rows", [449, 10_000])
def test_the_report_says_on_how_many_rows_it_is(rows):
    runs = synthetic_runs(STUDY)
    for run in runs:
        run["data"]["rows"]["test"] = rows
    results = assemble(STUDY, runs)
    section = robustness(Context(results))
    which = "the first 2,000 of the 10,000 rows" if rows > NOISY else "all 449 rows"
    (figures,) = [block for block in section.blocks if isinstance(block, Figures)]
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert which in figures.reading
    assert which in table.reading
    for (_, texts), cell in zip(table.rows, results.main.cells, strict=True):
        assert texts[1] == f"{100 * cell.outcomes.robustness.without.mean:.2f}"
    # All the mistakes are among the first 449 rows: of more rows more are right.
    relu = results.main.cell("relu")
    wrong = (1 - relu.accuracy.mean) * 449
    assert relu.outcomes.robustness.without.mean == pytest.approx(1 - wrong / min(rows, NOISY))
