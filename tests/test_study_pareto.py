"""Accuracy against cost: what is clearly beaten, and what is only dearer."""

import pytest
from synthetic_study import synthetic_costs, synthetic_runs

from ogive.study import Grid, Recipe, Study
from ogive.study.activation import Activation
from ogive.study.report.context import Context
from ogive.study.report.pareto import ROUNDS, pareto, pareto_points
from ogive.study.report.section import Sentences
from ogive.study.results import assemble

STUDY = Study(
    activations=("relu", "leaky_relu", "gelu"),
    grids=(Grid(models=("mlp:64x2",), seeds=5),),
    recipe=Recipe(epochs=2),
)


def with_steps(steps, rounds):
    """Return results whose steps of training take these multiples, with as many readings."""
    (record,) = synthetic_costs(STUDY)
    for label, (best, median) in steps.items():
        record["network"][label]["step"] = {"best": best, "median": median}
    record["rounds"] = {"made": 40, "disturbed": 0}
    if rounds is not None:
        record["rounds"]["network"] = rounds
    runs = synthetic_runs(STUDY)
    for run in runs:
        # Each is better than the one before, by less than a tenth of the spread over the seeds.
        place = STUDY.activations.index(Activation.from_dict(run["spec"]["activation"]))
        spread = (0.0, 0.004, -0.004, 0.002, -0.002)[(run["spec"]["seed"] + 2 * place) % 5]
        run["test"]["accuracy"] = 0.97 + 0.0002 * place + spread
    return assemble(STUDY, [*runs, record])


def places(results):
    found = pareto_points(Context(results), results.main, results.costs[0])
    return {name: point.place for name, point in found.items()}


ONE_READING = {"relu": (1.0, 1.0), "leaky_relu": (0.9995, 0.9995), "gelu": (0.999, 0.999)}
MANY_READINGS = {"relu": (1.0, 1.01), "leaky_relu": (0.98, 0.99), "gelu": (0.9, 0.91)}


@pytest.mark.parametrize("rounds", [None, 1, ROUNDS - 1])
def test_fewer_than_three_rounds_tell_nothing_of_what_is_cheaper(rounds):
    results = with_steps(ONE_READING, rounds)
    assert set(results.main.groups.letters.values()) == {"a"}
    assert places(results) == {"relu": "open", "leaky_relu": "open", "gelu": "front"}


@pytest.mark.parametrize("rounds", [None, ROUNDS])
def test_what_is_clearly_dearer_and_not_told_apart_is_not_beaten(rounds):
    results = with_steps(MANY_READINGS, rounds)
    assert places(results) == {"relu": "dearer", "leaky_relu": "dearer", "gelu": "front"}
    section = pareto(Context(results))
    (said,) = [s for b in section.blocks if isinstance(b, Sentences) for s in b.sentences]
    assert "beaten" not in said
    assert "relu and leaky_relu cost clearly more than something that they cannot be told" in said


def test_what_is_clearly_less_accurate_and_costs_no_less_is_beaten():
    (record,) = synthetic_costs(STUDY)
    for label, median in (("relu", 1.0), ("leaky_relu", 1.2), ("gelu", 1.3)):
        record["network"][label]["step"] = {"best": 0.99 * median, "median": median}
    runs = synthetic_runs(STUDY)
    for run in runs:
        if run["spec"]["activation"]["record"] == "leaky_relu":
            run["test"]["accuracy"] -= 0.3
    results = assemble(STUDY, [*runs, record])
    assert places(results)["leaky_relu"] == "dominated"
    (said,) = pareto(Context(results)).blocks[0].sentences
    assert "clearly beaten is leaky_relu" in said
