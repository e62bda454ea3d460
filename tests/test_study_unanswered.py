"""Runs without answers: told on the pages that leave them out, and counted as nothing else."""

from synthetic_study import synthetic_runs

from ogive.study import Grid, Recipe, RunSpec, Study
from ogive.study.report.calibration import calibration as calibration_page
from ogive.study.report.context import Context
from ogive.study.report.disagreement import disagreement as disagreement_page
from ogive.study.report.section import Prose
from ogive.study.results import assemble
from ogive.study.results.outcomes import mistakes_of, outcomes
from ogive.study.training import train

STUDY = Study(activations=("relu", "gelu"), grids=(Grid(seeds=5),), recipe=Recipe(epochs=3))


def test_runs_without_answers_are_told_and_not_counted():
    lost = {STUDY.spec(STUDY.settings()[0], STUDY.activation("gelu"), s).key for s in (1, 3)}
    context = Context(results := assemble(STUDY, synthetic_runs(STUDY, lost)))
    relu, gelu = results.main.cells
    assert (relu.outcomes.unanswered, gelu.outcomes.unanswered) == (0, 2)
    assert (relu.outcomes.calibrated.error.n, gelu.outcomes.calibrated.error.n) == (5, 3)
    assert (relu.outcomes.disagreement.pairs, gelu.outcomes.disagreement.pairs) == (10, 3)
    for page in (calibration_page, disagreement_page):
        (note,) = [block.text for block in page(context).blocks if isinstance(block, Prose)]
        assert "gelu (2 of 5 runs)" in note
        assert "relu" not in note
    assert "(3 of 5)" in calibration_page(context).blocks[0].pictures[0].description
    whole = Context(assemble(STUDY, synthetic_runs(STUDY)))
    for page in (calibration_page, disagreement_page):
        assert not [block for block in page(whole).blocks if isinstance(block, Prose)]


def test_networks_that_answer_nothing_do_not_agree():
    runs = [
        train(RunSpec(model="mlp:8x1", seed=seed, recipe=Recipe(epochs=1, learning_rate=1e25)))
        for seed in (0, 1)
    ]
    found = outcomes(runs, mistakes_of(runs), classes=10)
    assert found.disagreement is None
    assert found.unanswered == 2
    assert found.calibrated.error.n == 0
    assert found.calibrated.curve == ()
