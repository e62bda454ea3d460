"""What a report says in words: who differs, who cannot be told apart, what was seen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from synthetic_study import synthetic_runs

from ogive.page import wording
from ogive.study import Grid, Recipe, Study, findings
from ogive.study.results import LOSS, Results, SettingResult, assemble
from ogive.study.statistics import Difference

ONE = Study(grids=(Grid(seeds=5),), recipe=Recipe(epochs=3))
TWO = replace(ONE, grids=(Grid(seeds=5, protocols=("drop-in", "tuned")),))
BASE = {study.grids: assemble(study, synthetic_runs(study)) for study in (ONE, TWO)}


def changed(result: SettingResult, changes: dict[str, tuple[float, float | None]]) -> SettingResult:
    """Return a setting with given differences (in points) and adjusted p."""
    cells = []
    for cell in result.cells:
        mean, p = changes.get(cell.label, (0.1, 0.8))
        if cell.label == result.reference:
            cells.append(cell)
            continue
        size = mean / 100
        difference = Difference(5, size, size - 0.001, size + 0.001, p)
        cells.append(replace(cell, difference=difference, p_holm=p))
    return replace(result, cells=tuple(cells))


def compared(*settings: dict[str, tuple[float, float | None]]) -> Results:
    """Return results with given differences in each setting."""
    base = BASE[(ONE if len(settings) == 1 else TWO).grids]
    pairs = zip(base.settings, settings, strict=True)
    return replace(base, settings=tuple(changed(result, given) for result, given in pairs))


def test_headline_names_who_differs_and_only_those() -> None:
    assert findings.headline(compared({})) == (
        "None of the other six activations can be told apart from relu."
    )
    assert findings.headline(compared({"sigmoid": (-2.0, 0.001)})) == (
        "sigmoid does worse than relu; the other five cannot be told apart from relu."
    )
    both = {"sigmoid": (-2.0, 0.001), "tanh": (-3.0, 0.01), "gelu": (1.0, 0.04)}
    assert findings.headline(compared({**both, "elu": (-9.0, 0.06)})) == (
        "tanh and sigmoid do worse than relu; gelu does better than relu; "
        "the other three cannot be told apart from relu."
    )


def test_the_direction_is_that_of_the_measure() -> None:
    results = replace(compared({"sigmoid": (2.0, 0.001)}), measure=LOSS)
    assert findings.headline(results).startswith("sigmoid does worse than relu")


def test_settings_that_agree_share_a_headline() -> None:
    worse = {"sigmoid": (-2.0, 0.001)}
    assert findings.headline(compared(worse, {"sigmoid": (-1.0, 0.01)})) == (
        "In both settings: sigmoid does worse than relu; the other five cannot be told apart from "
        "relu."
    )
    assert findings.headline(compared(worse, {})) == (
        "sigmoid does worse than relu; the other five cannot be told apart from relu (drop-in)."
    )
    assert (
        "Tuned: None of the other six activations can be told apart from relu."
        in findings.answer(compared(worse, {}))
    )


def test_differences_are_never_claimed_without_a_p_value() -> None:
    unknown = compared(dict.fromkeys((a.label for a in ONE.activations), (-5.0, None)))
    assert findings.headline(unknown).startswith("Nothing can be said yet")
    assert not any(unknown.main.differs(cell) for cell in unknown.main.cells)


def test_every_difference_has_its_numbers() -> None:
    (sentence, *_) = findings.answer(compared({"sigmoid": (-2.0, 0.001)}))
    assert "2.00 percentage points below relu" in sentence
    assert "95 % interval −2.10 to −1.90" in sentence
    assert "Holm-adjusted p =\N{NO-BREAK SPACE}0.001" in sentence


def test_of_many_differences_the_largest_have_a_sentence_and_none_is_lost() -> None:
    every = {a.label: (-1.0 - i, 0.001) for i, a in enumerate(ONE.activations)}
    results = compared(every)
    sentences = findings.answer(results)
    for cell in results.main.cells:
        if cell.label != "relu":
            assert any(cell.name in sentence for sentence in sentences[:5])
    assert "six do worse than relu, gelu most of all." in findings.headline(results)


def test_nobody_wins_who_cannot_be_told_from_the_next() -> None:
    main = BASE[ONE.grids].main
    groups = main.groups
    assert groups is not None
    alike = replace(groups, pairs=tuple(replace(pair, p_holm=1.0) for pair in groups.pairs))
    same = replace(BASE[ONE.grids], settings=(replace(main, groups=alike),))
    assert any("there is no winner" in sentence for sentence in findings.answer(same))
    best = groups.order[0]
    apart = replace(
        groups,
        pairs=tuple(
            replace(pair, p_holm=0.001, difference=Difference(5, sign * 0.01, 0.0, 0.02, 0.001))
            for pair in groups.pairs
            for sign in [1 if pair.first == best else -1]
        ),
    )
    alone = replace(BASE[ONE.grids], settings=(replace(main, groups=apart),))
    assert any("differs from every other" in sentence for sentence in findings.answer(alone))


def test_what_could_have_been_seen_is_said_with_the_numbers_of_the_study() -> None:
    visible = BASE[ONE.grids].main.visible
    assert visible is not None
    (sentence,) = [s for s in findings.answer(BASE[ONE.grids]) if "told from chance" in s]
    assert "With 5 seeds and 6 comparisons" in sentence
    for size in (visible.typical, visible.least, visible.most, visible.surely):
        assert f"{100 * size:.2f}" in sentence


def test_no_interval_no_visible_difference() -> None:
    study = replace(ONE, grids=(Grid(seeds=1),))
    results = assemble(study, synthetic_runs(study))
    assert results.main.visible is None
    assert not any("told from chance" in sentence for sentence in findings.answer(results))


@pytest.mark.parametrize(
    ("study", "start"),
    [
        (ONE, "No run has finished yet."),
        (replace(ONE, activations=("relu",)), "No run has finished yet."),
    ],
)
def test_an_empty_study_claims_nothing(study: Study, start: str) -> None:
    assert findings.headline(assemble(study, [])) == start
    assert findings.answer(assemble(study, [])) == []


def test_one_activation_has_nothing_to_compare_with() -> None:
    study = replace(ONE, activations=("relu",))
    said = findings.headline(assemble(study, synthetic_runs(study)))
    assert said == "Only relu was trained: there is nothing to compare it with."


def test_who_diverged_without_a_loss_is_named_and_not_compared() -> None:
    study = Study(
        data="text",
        activations=("relu", "gelu", "silu"),
        grids=(Grid(models=("charlm",), seeds=3),),
        recipe=Recipe(epochs=2),
    )
    setting = study.settings()[0]
    lost = study.spec(setting, study.activation("gelu"), 1).key
    results = assemble(study, synthetic_runs(study, {lost}))
    assert findings.headline(results).endswith("; gelu diverged and is not compared.")
    assert any("gelu (1 of 3)" in sentence for sentence in findings.answer(results))
    every = {study.spec(setting, study.activation("relu"), seed).key for seed in range(3)}
    assert findings.headline(assemble(study, synthetic_runs(study, every))).startswith(
        "Nothing can be compared"
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (wording.p_value(0.0004), "< 0.001"),
        (wording.p_value(0.0496), "0.0496"),
        (wording.p_value(0.0512), "0.051"),
        (wording.p_value(1.0), "1.000"),
        (wording.duration(123.4), "123 s"),
        (wording.duration(0.000123), "0.123 ms"),
        (wording.power_of_ten(0.0), "0"),
        (wording.power_of_ten(9.99e-8), "10⁻⁷"),
        (wording.rough(0.0999), "0.10"),
        (wording.listing([]), ""),
        (wording.listing(["a", "b"]), "a and b"),
        (wording.counted(0, "run"), "0 runs"),
        (wording.percentage(None), "–"),
    ],
)
def test_wording(written: str, expected: str) -> None:
    assert written == expected
