"""What a report says in words: who differs, who cannot be told apart, what was seen."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console
from synthetic_study import synthetic_runs

from ogive.cli.table import results_table
from ogive.page import wording
from ogive.study import Grid, Recipe, RunSpec, Study, Tuning, findings
from ogive.study.report import build_report
from ogive.study.report.answer import answer as report_answer
from ogive.study.report.context import Context
from ogive.study.report.section import Table
from ogive.study.results import LOSS, Results, SettingResult, assemble
from ogive.study.results.setting import Visible
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
        "Tuned: none of the other six activations can be told apart from relu."
        in findings.answer(compared(worse, {}))
    )


def test_what_follows_a_colon_begins_small_and_what_the_headline_says_is_not_said_again() -> None:
    none = "none of the other six activations can be told apart from relu."
    assert findings.headline(compared({}, {})) == f"In both settings: {none}"
    assert not any(none in sentence for sentence in findings.answer(compared({}, {})))
    # Of three settings one lacks runs: the headline does not speak for it.
    results = found_with(alike, lambda spec: (width(spec), spec.seed) == (10, 3))
    said = [s for s in findings.answer(results) if s.startswith(("mlp:9x1: ", "mlp:10x1: "))]
    assert said == [
        "mlp:10x1: neither of the other two activations can be told apart from relu.",
    ]


def none(x: object) -> object:
    """Stand for a person's own, whose name begins a sentence as it is written."""
    raise AssertionError("the report ran a person's own code")


def test_a_name_at_the_start_of_a_sentence_stays_as_it_is_written() -> None:
    study = Study(activations=("relu", none), grids=(Grid(seeds=3),), cost=False)
    results = assemble(study, synthetic_runs(study))
    assert findings.headline(results).startswith("none ")
    assert findings.headline(assemble(study, [])) == "No run has finished yet."


@pytest.mark.parametrize("kept", [True, False])
def test_a_tuned_setting_that_repeats_the_other_is_remarked(kept: bool) -> None:
    tuning = Tuning(rates=(1.0 if kept else 3.0,), gains=(1.0,), seeds=1)
    study = Study(
        activations=("relu", "gelu"),
        grids=(Grid(models=("mlp:8x1",), protocols=("drop-in", "tuned"), seeds=3),),
        tuning=tuning,
        cost=False,
    )
    sentences = findings.answer(assemble(study, synthetic_runs(study)))
    remark = (
        "Tuned: tuning kept the declared recipe for every activation; its runs, and so its tables "
        "and figures, are those of drop-in."
    )
    assert (remark in sentences) == kept
    assert any("In the other setting" in sentence for sentence in sentences) != kept


def test_of_many_tuned_settings_that_repeat_others_their_number_is_said() -> None:
    models = tuple(f"mlp:{width}x1" for width in range(8, 13))
    study = Study(
        activations=("relu", "gelu"),
        grids=(Grid(models=models, protocols=("drop-in", "tuned"), seeds=2),),
        tuning=Tuning(rates=(1.0,), gains=(1.0,), seeds=1),
        cost=False,
    )
    (said,) = [s for s in findings.answer(assemble(study, synthetic_runs(study))) if "kept" in s]
    assert said.startswith("In five tuned settings tuning kept the declared recipe")


LATER = Study(
    activations=("relu", "tanh"),
    grids=(Grid(models=("mlp:8x1",), seeds=1), Grid(models=("mlp:8x2",), seeds=3)),
    recipe=Recipe(epochs=2),
    cost=False,
)


def test_where_the_first_setting_has_one_seed_the_others_are_spoken_of() -> None:
    results = assemble(LATER, synthetic_runs(LATER))
    assert [result.title for result in results.settings] == ["mlp:8x1", "mlp:8x2"]
    assert results.main is results.settings[1]
    assert results.compared == (results.main,)
    assert findings.headline(results) == findings.verdict(results.main, results.measure)
    assert "Nothing can be said" not in findings.headline(results)
    sentences = findings.answer(results)
    of_main = [s for s in sentences if "by this study" in s or "told from chance" in s]
    assert len(of_main) == 2
    assert all(sentence.startswith("mlp:8x2: ") for sentence in of_main)
    assert not any("other setting" in sentence for sentence in sentences)
    html = build_report(results)
    assert "Two activations in mlp:8x2, trained on digits" in html
    assert "One seed allows no comparison: mlp:8x1." in html
    shown = io.StringIO()
    Console(file=shown, width=120).print(results_table(results))
    assert shown.getvalue().splitlines()[0].strip() == "mlp:8x2"


def test_of_several_settings_without_a_comparison_the_first_is_spoken_of() -> None:
    study = replace(LATER, grids=(Grid(models=("mlp:8x1", "mlp:8x2"), seeds=1),))
    results = assemble(study, synthetic_runs(study))
    assert results.compared == (results.main,) == results.settings[:1]
    assert "One seed allows no comparison" not in build_report(results)


THREE = Study(
    activations=("relu", "gelu", "silu"),
    grids=(Grid(models=("mlp:8x1", "mlp:9x1", "mlp:10x1"), seeds=4),),
    cost=False,
)
ALIKE = (0.90, 0.91, 0.92, 0.91, 0.90, 0.92)


def found_with(
    accuracy: Callable[[RunSpec], float],
    lost: Callable[[RunSpec], bool] = lambda spec: False,
    study: Study = THREE,
) -> Results:
    """Return the results of a study with given accuracies, without the runs that are lost."""
    kept = []
    for run in synthetic_runs(study):
        spec = RunSpec.from_dict(run["spec"])
        run["test"]["accuracy"] = accuracy(spec)
        if not lost(spec):
            kept.append(run)
    return assemble(study, kept)


def alike(spec: RunSpec) -> float:
    """Return an accuracy of which nothing can be told."""
    return ALIKE[(spec.seed + 2 * THREE.activations.index(spec.activation)) % 6]


def width(spec: RunSpec) -> int:
    """Return what tells the networks of the study apart."""
    widths = spec.model.option("widths")
    assert isinstance(widths, tuple)
    return int(widths[0])


def test_a_headline_speaks_for_no_setting_that_lacks_runs() -> None:
    same = "neither of the other two activations can be told apart from relu"
    whole = findings.headline(found_with(alike))
    assert whole.lower() == f"in all three settings: {same}."
    one = findings.headline(found_with(alike, lambda spec: width(spec) == 9))
    assert one.lower() == f"in two of three settings: {same}. runs are missing in mlp:9x1."
    # One run is enough: what it would change is not known.
    last = found_with(
        alike,
        lambda spec: (width(spec), spec.activation.label, spec.seed) == (10, "silu", 3),
    )
    assert findings.headline(last).lower() == (
        f"in two of three settings: {same}. runs are missing in mlp:10x1."
    )
    both = findings.headline(found_with(alike, lambda spec: width(spec) != 8))
    assert both.lower() == f"{same} (mlp:8x1). runs are missing in mlp:9x1; mlp:10x1."
    main = findings.headline(found_with(alike, lambda spec: width(spec) == 8))
    assert main == "No run has finished yet (mlp:8x1). Runs are missing in mlp:8x1."


def test_a_headline_speaks_for_no_setting_that_compares_others() -> None:
    study = Study(
        data="text",
        activations=("relu", "gelu", "silu"),
        grids=(Grid(models=("charlm:16:depth=1", "charlm:16:depth=2"), seeds=3),),
        recipe=Recipe(epochs=2),
    )
    first, second = study.settings()
    lost = {study.spec(second, study.activation("gelu"), 1).key}
    results = assemble(study, synthetic_runs(study, lost))
    assert findings.headline(results).startswith(
        "Neither of the other two activations can be told apart from relu (charlm"
    )
    every = {study.spec(second, study.activation("relu"), seed).key for seed in range(3)}
    results = assemble(study, synthetic_runs(study, every))
    assert findings.headline(results).endswith(
        f"({first.model}). Nothing can be compared in {second.model}."
    )


def test_the_table_side_by_side_claims_nothing_of_what_is_not_there() -> None:
    results = found_with(alike, lambda spec: width(spec) == 9)
    section = report_answer(Context(results))
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert "any other difference cannot be told from none. A dash: nothing to compare." in (
        table.reading
    )
    assert table.reading.endswith(" Runs are missing in mlp:9x1.")
    assert [cells[2] for _, cells in table.rows][1:] == ["–", "–"]
    (whole,) = [
        block
        for block in report_answer(Context(found_with(alike))).blocks
        if isinstance(block, Table)
    ]
    assert "missing" not in whole.reading


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
    assert findings.headline(results) == "Six do worse than relu, gelu most of all."


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


def test_what_all_pairs_show_agrees_with_the_comparisons_with_the_reference() -> None:
    # GELU differs from ReLU among six comparisons, and from nobody among 21.
    results = compared({"gelu": (0.6, 0.03)})
    main = results.main
    groups = main.groups
    assert groups is not None
    order = ("gelu", *(label for label in groups.order if label != "gelu"))
    pairs = tuple(replace(pair, p_holm=0.2) for pair in groups.pairs)
    main = replace(main, groups=replace(groups, order=order, pairs=pairs))
    (said,) = [s for s in findings.answer(replace(results, settings=(main,))) if "winner" in s]
    assert (
        "With all 21 pairs compared, which asks for more than those with relu alone, no activation "
        "can be told apart from it" in said
    )
    # Where both families say the same, there is nothing to explain.
    plain = replace(compared({}), settings=(replace(compared({}).main, groups=main.groups),))
    (said,) = [sentence for sentence in findings.answer(plain) if "winner" in sentence]
    assert "With all 21 pairs compared, no activation can be told apart from it" in said


def test_no_mean_is_called_the_highest_over_other_seeds_than_the_rest() -> None:
    study = replace(THREE, grids=(Grid(models=("mlp:8x1",), seeds=10),))
    gains = {"relu": 0.0, "gelu": 0.02, "silu": -0.02}

    def accuracy(spec: RunSpec) -> float:
        return (0.9 if spec.seed < 3 else 0.8) + gains[spec.activation.label]

    def late(spec: RunSpec) -> bool:
        return spec.activation.label == "relu" and spec.seed >= 3

    results = found_with(accuracy, late, study)
    relu, gelu, _ = results.main.cells
    assert relu.mean is not None
    assert gelu.mean is not None
    assert relu.mean > gelu.mean
    (said,) = [sentence for sentence in findings.answer(results) if "pairs" in sentence]
    assert said.startswith("Over the seeds that activations have in common, gelu comes out highest")
    (whole,) = [s for s in findings.answer(found_with(accuracy, study=study)) if "pairs" in s]
    assert whole.startswith("The highest mean is that of gelu")


def test_seeds_of_who_is_not_compared_are_of_no_account() -> None:
    study = Study(
        data="text",
        activations=("relu", "gelu", "silu", "tanh"),
        grids=(Grid(models=("charlm",), seeds=3),),
        recipe=Recipe(epochs=2),
    )
    lost = study.spec(study.settings()[0], study.activation("gelu"), 1).key
    results = assemble(study, synthetic_runs(study, {lost}))
    (said,) = [sentence for sentence in findings.answer(results) if "pairs" in sentence]
    assert said.startswith("The lowest mean is that of ")
    assert "With all 3 pairs compared" in said


def test_what_is_said_of_one_setting_names_it() -> None:
    results = found_with(lambda spec: 0.9 + (alike(spec) - 0.9) * (width(spec) - 7))
    others = results.compared[1:]
    sentences = findings.answer(results)
    (said,) = [sentence for sentence in sentences if "told from chance" in sentence]
    assert said.startswith("mlp:8x1: With 4 seeds")
    assert said.endswith("Smaller ones stay invisible there.")
    typical = sorted(100 * r.visible.typical for r in others if r.visible is not None)
    (elsewhere,) = [sentence for sentence in sentences if "it was typically" in sentence]
    assert elsewhere == (
        f"In two other settings it was typically {typical[0]:.2f} to {typical[1]:.2f} percentage "
        "points."
    )
    of_main = [s for s in sentences if "told apart from relu by this study" in s or "pairs" in s]
    assert len(of_main) == 2
    assert all(sentence.startswith("mlp:8x1: ") for sentence in of_main)
    alone = findings.answer(BASE[ONE.grids])
    assert not any(sentence.startswith("mlp") for sentence in alone)


def test_runs_that_fail_beside_others_that_do_not_are_a_warning() -> None:
    def accuracy(spec: RunSpec) -> float:
        failed = (spec.activation.label, width(spec), spec.seed) == ("gelu", 9, 1)
        hopeless = (spec.activation.label, width(spec)) == ("silu", 10)
        return 0.11 if failed or hopeless else alike(spec)

    results = found_with(accuracy)
    assert results.settings[1].failed == {"relu": 0, "gelu": 1, "silu": 0}
    assert results.settings[2].failed == {"relu": 0, "gelu": 0, "silu": 4}
    (said,) = [s for s in findings.answer(results) if s.startswith("Some runs failed")]
    assert "did not: gelu (1 of 4) in mlp:9x1. A run fails" in said
    assert said.endswith("no interval of a mean or p-value here covers it.")
    note = "do not cover how often that happens"
    assert note in build_report(results)
    assert not any(s.startswith("Some runs failed") for s in findings.answer(found_with(alike)))
    assert note not in build_report(found_with(alike))
    # Divergence is a failure, whatever accuracy is left of it.
    spec = THREE.spec(THREE.settings()[0], THREE.activation("gelu"), 2)
    runs = synthetic_runs(THREE, {spec.key})
    for run in runs:
        run["test"]["accuracy"] = 0.9
    assert assemble(THREE, runs).main.failed == {"relu": 0, "gelu": 1, "silu": 0}


def test_what_could_have_been_seen_is_said_with_the_numbers_of_the_study() -> None:
    visible = BASE[ONE.grids].main.visible
    assert visible is not None
    (sentence,) = [s for s in findings.answer(BASE[ONE.grids]) if "told from chance" in s]
    assert "With 5 seeds and 6 comparisons" in sentence
    for size in (visible.typical, visible.least, visible.most, visible.surely):
        assert f"{100 * size:.2f}" in sentence


def seen(*visible: tuple[float, float, float, float] | None) -> list[str]:
    """Return what is said of the differences that each of several settings could have shown."""
    base = BASE[(ONE if len(visible) == 1 else TWO).grids]
    settings = tuple(
        replace(result, visible=None if numbers is None else Visible(*numbers))
        for result, numbers in zip(base.settings, visible, strict=True)
    )
    results = replace(base, settings=settings)
    return [s for s in findings.answer(results) if "chance" in s or "typically" in s]


def test_no_difference_is_said_to_be_larger_than_any_can_be() -> None:
    blind = "it would have had to be more than the 100 percentage points that are possible"
    (said,) = seen((1.25, 1.1, 1.3, 1.6))
    assert said == (
        "With 5 seeds and 6 comparisons, this study could not have told any difference from "
        f"chance: {blind}."
    )
    (said,) = seen((1.25, 0.8, 1.3, 1.6))
    assert said == (
        "With 5 seeds and 6 comparisons, with most activations this study could not have told any "
        f"difference from chance: {blind}. With the one that varied least 80.00 percentage points "
        "would have been enough."
    )
    (said,) = seen((0.8, 0.6, 1.3, 1.02))
    assert "80.00 percentage points (60.00 to more than the 100 percentage points that are" in said
    assert said.endswith(
        "Even the largest that is possible would be missed by one study of this size in five."
    )
    (said,) = seen((0.8, 0.8, 0.8, 0.9))
    assert "typically 80.00 percentage points. A true difference of 90.00 would be" in said
    # A loss has no such limit.
    base = BASE[ONE.grids]
    main = replace(base.main, visible=Visible(1.25, 1.1, 1.3, 1.6))
    sentences = findings.answer(replace(base, settings=(main,), measure=LOSS))
    assert any("typically 1.2500 nats (1.1000 to 1.3000" in sentence for sentence in sentences)


def test_what_could_be_seen_elsewhere_is_said_in_full_where_nothing_of_it_was_said_before() -> None:
    usual = (0.02, 0.01, 0.03, 0.04)
    assert seen(usual, usual)[1] == "In the other setting it was typically 2.00 percentage points."
    for nothing in (None, (1.25, 1.1, 1.3, 1.6)):
        assert seen(nothing, usual)[-1] == (
            "In the other setting the smallest difference that could have been told from chance "
            "was typically 2.00 percentage points."
        )
    assert seen(usual, (1.25, 1.1, 1.3, 1.6))[1:] == [
        "In the other setting a difference would typically have had to be more than the 100 "
        "percentage points that are possible."
    ]


def test_one_comparison_has_no_range() -> None:
    study = replace(ONE, activations=("relu", "gelu"))
    (said,) = [
        sentence
        for sentence in findings.answer(assemble(study, synthetic_runs(study)))
        if "told from chance" in sentence
    ]
    assert "depending on the activation" not in said


def test_intervals_beyond_what_is_possible_are_explained() -> None:
    study = replace(ONE, activations=("relu", "gelu"), grids=(Grid(seeds=2),), cost=False)
    runs = synthetic_runs(study)
    explained = []
    for gap in (0.01, 0.2):
        for run in runs:
            spec = RunSpec.from_dict(run["spec"])
            more = spec.seed if spec.activation.label == "gelu" else 0
            run["test"]["accuracy"] = 0.7 + gap * more
        results = assemble(study, runs)
        note = findings.beyond_possible(results)
        shown = io.StringIO()
        Console(file=shown, width=300).print(results_table(results))
        assert note in build_report(results).replace("&#39;", "'")
        assert note in shown.getvalue()
        explained.append(note)
    assert explained[0] == ""
    assert explained[1].startswith("No difference is larger than 100 percentage points")


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
