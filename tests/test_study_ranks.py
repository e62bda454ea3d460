"""Whether settings agree: no claim from shared runs, from the luckiest pair or from too few."""

from dataclasses import replace

import numpy as np
import pytest
from synthetic_study import synthetic_run, synthetic_runs

from ogive.study import Grid, Recipe, Study, Tuning
from ogive.study.plan import plan
from ogive.study.report.context import Context
from ogive.study.report.ranks import ranks
from ogive.study.report.section import Sentences, Table
from ogive.study.results import ACCURACY, assemble
from ogive.study.results.ranks import agreements, least_adjusted

SEVEN = Study(grids=(Grid(models=("mlp:64x2", "mlp:64x3"), seeds=1),), recipe=Recipe(epochs=2))


def ranked(orders):
    """Return settings whose activations have the given means, one run each, and no run in common.

    Parameters
    ----------
    orders : sequence of sequence of float
        Means by activation, a setting each.
    """
    base = assemble(SEVEN, synthetic_runs(SEVEN)).settings[0]
    setting = replace(base.setting, seeds=replace(base.setting.seeds, least=2, most=2))
    return [
        replace(
            base,
            setting=setting,
            number=number,
            cells=tuple(
                replace(cell, values=((0, float(mean)),), mean=float(mean), runs=())
                for cell, mean in zip(base.cells, means, strict=False)
            ),
        )
        for number, means in enumerate(orders, 1)
    ]


def said(results):
    section = ranks(Context(results))
    return [s for b in section.blocks if isinstance(b, Sentences) for s in b.sentences]


def with_agreements(orders):
    found = agreements(ranked(orders), ACCURACY)
    results = assemble(SEVEN, synthetic_runs(SEVEN))
    return replace(results, agreements=found)


def tuned_study(kept):
    """Return results whose tuning keeps the declared recipe of every activation, or of none."""
    study = Study(
        grids=(Grid(models=("mlp:64x2",), protocols=("drop-in", "tuned"), seeds=5),),
        tuning=Tuning(rates=(0.3, 1, 3), gains=(1,), seeds=1),
        recipe=Recipe(epochs=2),
        cost=False,
    )
    declared = study.recipe.learning_rate
    random = np.random.default_rng(3)
    stored = {}
    while missing := [s for s in plan(study, stored).specs() if s.key not in stored]:
        for spec in missing:
            run = synthetic_run(spec)
            if spec.part == "validation":
                same = spec.recipe.learning_rate == pytest.approx(declared)
                run["validation"]["accuracy"] = 0.9 if same == kept else 0.5
            else:
                run["test"]["accuracy"] = 0.95 + 0.003 * random.normal()
            stored[spec.key] = run
    return assemble(study, stored.values())


def test_settings_that_share_runs_are_not_held_against_each_other():
    results = tuned_study(kept=True)
    (found,) = results.agreements
    assert found.shared
    assert found.correlation is found.p_holm is None
    (sentence,) = said(results)
    assert sentence.startswith("Drop-in and tuned share runs")
    (table,) = [b for b in ranks(Context(results)).blocks if isinstance(b, Table)]
    assert "shared runs" in [text for _, texts in table.rows for text in texts]
    assert "beyond chance" not in sentence


def test_settings_without_a_run_in_common_are():
    (found,) = tuned_study(kept=False).agreements
    assert not found.shared
    assert found.correlation.n == 7
    assert found.p_holm == found.correlation.p


def test_the_luckiest_of_many_pairs_is_no_agreement():
    random = np.random.default_rng(0)
    claimed = plain = 0
    studies = 100
    for _ in range(studies):
        found = agreements(ranked(random.normal(size=(12, 7))), ACCURACY)
        assert len(found) == 66
        plain += any(each.correlation.p < 0.05 and each.correlation.tau > 0 for each in found)
        claimed += any(each.beyond_chance for each in found)
    # Twelve settings that have nothing to do with each other: a standard error of 2.2 points.
    assert plain / studies > 0.5
    assert claimed / studies <= 0.05 + 2 * 0.022


def test_true_agreement_is_still_found():
    random = np.random.default_rng(1)
    orders = [np.arange(7) + random.normal(0, 0.1, 7) for _ in range(4)]
    results = with_agreements(orders)
    assert all(each.beyond_chance for each in results.agreements)
    assert [each.correlation.p for each in results.agreements] == pytest.approx([2 / 5040] * 6)
    assert max(each.p_holm for each in results.agreements) == pytest.approx(6 * 2 / 5040)


@pytest.mark.parametrize(
    ("activations", "settings", "enough"),
    [(4, 2, False), (5, 2, True), (5, 3, False), (6, 3, True)],
)
def test_of_too_few_activations_no_agreement_is_told(activations, settings, enough):
    results = with_agreements([range(activations)] * settings)
    assert (least_adjusted(results.agreements) < 0.05) == enough
    assert all(each.beyond_chance == enough for each in results.agreements)
    sentences = said(replace(results, settings=results.settings[:1] * settings))
    assert any("beyond chance" in each for each in sentences) == enough
    assert any("even the same order can be chance" in each for each in sentences) != enough


def test_fewer_than_four_have_no_order_to_speak_of():
    assert agreements(ranked([range(3)] * 2), ACCURACY) == ()
