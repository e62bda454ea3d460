"""The costs that a report shows: of this code, this recipe and, where there is a choice, here."""

from dataclasses import replace

from synthetic_study import synthetic_cost, synthetic_costs, synthetic_runs

from ogive.study import Grid, Recipe, Study
from ogive.study.activation import Activation
from ogive.study.cost import cost_specs
from ogive.study.cost.measured import measured
from ogive.study.machine import Machine
from ogive.study.report.context import Context
from ogive.study.report.cost import cost as cost_page
from ogive.study.report.section import Prose
from ogive.study.results import assemble
from ogive.study.results.costs import costs_of

SMALL = (Grid(models=("mlp:64x2",), seeds=5),)
STUDY = Study(activations=("relu", "leaky_relu", "gelu"), grids=SMALL, recipe=Recipe(epochs=2))


def note(results):
    section = cost_page(Context(results))
    return [block.text for block in section.blocks if isinstance(block, Prose)][-1]


# ---- which record


def test_costs_of_code_that_has_changed_are_not_shown():
    old, new = (Activation(None, (), "mine.py:Wave", letter * 64) for letter in "ab")
    before, after = (Study(activations=("relu", code), grids=SMALL) for code in (old, new))
    assert [list(c.rows) for c in costs_of(after, synthetic_costs(before))] == [["relu"]]
    assert [list(c.rows) for c in costs_of(before, synthetic_costs(before))] == [
        ["relu", "mine.py:Wave"]
    ]
    alone = Study(activations=(new,), grids=SMALL)
    assert costs_of(alone, synthetic_costs(Study(activations=(old,), grids=SMALL))) == ()


def test_of_records_that_cover_the_same_this_machine_s_is_shown():
    (here,) = cost_specs(STUDY)
    this = here.machine
    near = replace(this, ogive="0.0.1")
    far = Machine("another processor", this.torch, this.ogive)
    for number in range(30):
        # A name of its own changes the key, and with it which of the keys comes first.
        others = [replace(near, torch=str(number)), replace(far, cpu=f"another {number}")]
        records = [synthetic_cost(replace(here, machine=each)) for each in others]
        (shown,) = costs_of(STUDY, [*records, synthetic_cost(here)])
        assert shown.machine == this
        (shown,) = costs_of(STUDY, records)
        assert shown.machine == others[0]
        (shown,) = costs_of(STUDY, [*records, synthetic_cost(here)], others[1])
        assert shown.machine == others[1]


def test_a_record_that_covers_more_goes_before_this_machine_s():
    fewer = replace(STUDY, activations=STUDY.activations[:2])
    elsewhere = replace(cost_specs(STUDY)[0], machine=Machine("another", "1", "2"))
    (shown,) = costs_of(STUDY, [*synthetic_costs(fewer), synthetic_cost(elsewhere)])
    assert (shown.machine.cpu, len(shown.rows)) == ("another", 3)


def test_momentum_is_a_part_of_what_is_measured():
    recipes = [Recipe(optimizer="sgd", learning_rate=0.1, momentum=m) for m in (0.0, 0.9)]
    grids = tuple(Grid(models=("mlp:64x2",), seeds=2, recipe=recipe) for recipe in recipes)
    study = Study(activations=("relu", "gelu"), grids=grids)
    found = costs_of(study, synthetic_costs(study))
    assert [each.momentum for each in found] == [0.0, 0.9]
    fits = [[each.fits(setting) for setting in study.settings()] for each in found]
    assert fits == [[True, False], [False, True]]
    results = assemble(study, synthetic_runs(study, cost=True))
    headings = [getattr(b, "heading", "") for b in cost_page(Context(results)).blocks]
    assert sum("sgd with momentum 0.9" in each for each in headings) == 1


# ---- which machine


def test_the_report_names_the_machine_of_the_costs():
    (here,) = cost_specs(STUDY)
    elsewhere = replace(here, machine=Machine("Another <processor>", "9.8.7", "6.5.4"))
    results = assemble(STUDY, [*synthetic_runs(STUDY), synthetic_cost(elsewhere)])
    assert "Another <processor>, torch 9.8.7, Ogive 6.5.4" in note(results)
    this = here.machine
    assert f"{this.cpu}, torch {this.torch}, Ogive {this.ogive}" in note(
        assemble(STUDY, synthetic_runs(STUDY, cost=True))
    )


def test_of_several_machines_the_report_says_which_measured_what():
    study = replace(STUDY, grids=(Grid(models=("mlp:64x2", "mlp:64x3"), seeds=2),))
    first, second = cost_specs(study)
    records = [
        synthetic_cost(replace(spec, machine=Machine(name, "1", "2")))
        for spec, name in ((first, "Abacus"), (second, "Brain"))
    ]
    said = note(assemble(study, [*synthetic_runs(study), *records]))
    assert "Abacus, torch 1, Ogive 2 (mlp:64x2); Brain, torch 1, Ogive 2 (mlp:64x3)" in said


def test_a_record_says_how_few_readings_a_call_has():
    (spec,) = cost_specs(replace(STUDY, activations=STUDY.activations[:1]))
    record = measured(spec, spec.data.load(), effort=0.01)
    assert 3 <= record["rounds"]["network"] <= record["rounds"]["made"]
