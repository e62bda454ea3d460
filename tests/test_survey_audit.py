"""The audit of a published table: its statistics, and that its page is what the figures give."""

from __future__ import annotations

import itertools
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from ogive.study.statistics import holm

ROOT = Path(__file__).parents[1]
SURVEY = ROOT / "benchmarks" / "survey"
PAGE = ROOT / "docs" / "studies" / "survey_audit.md"
MODULES = ("audit", "figures", "page", "pictures", "welch")


@pytest.fixture(scope="module")
def survey():
    """The audit's modules, whose names are short, and the audited columns."""
    before = list(sys.path)
    sys.path.insert(0, str(SURVEY))
    try:
        import audit
        import figures
        import page
        import welch

        yield audit, figures, page, welch
    finally:
        sys.path[:] = before
        for name in MODULES:
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def found(survey):
    audit, figures, _, _ = survey
    return [audit.audited(column) for column in figures.columns()]


def test_the_figures_are_all_there(survey):
    _, figures, _, _ = survey
    columns = figures.columns()
    assert len(columns) == 12
    assert {len(column.cells) for column in columns} == {18}
    assert all(0 < c.sd < 10 < c.mean < 100 for column in columns for c in column.cells.values())
    times = figures.times()
    assert set(times) == {column.network for column in columns}
    assert times["MobileNet"]["ReLU"] == 31 * 60 + 22


def test_welch_agrees_with_scipy(survey, found):
    for audited in found:
        cells = audited.column.cells
        for name, ours in audited.against.items():
            one, other = cells[name], cells["ReLU"]
            theirs = stats.ttest_ind_from_stats(
                one.mean, one.sd, 5, other.mean, other.sd, 5, equal_var=False
            )
            assert ours.p == pytest.approx(theirs.pvalue, rel=1e-6)
    # Its interval and degrees of freedom from five values that have these means and spreads.
    shape = np.array([-1.0, -0.5, 0.0, 0.5, 1.0]) / np.std([-1.0, -0.5, 0.0, 0.5, 1.0], ddof=1)
    cells = found[0].column.cells
    values = [cells[name].mean + cells[name].sd * shape for name in ("ELU", "ReLU")]
    theirs = stats.ttest_ind(*values, equal_var=False)
    ours = found[0].against["ELU"]
    assert ours.freedom == pytest.approx(theirs.df, rel=1e-9)
    interval = theirs.confidence_interval()
    assert ours.interval() == pytest.approx((interval.low, interval.high), rel=1e-6)


def test_what_is_detectable_is_detected(survey):
    _, figures, _, welch = survey
    random = np.random.default_rng(4)
    # Below 0.8 as Welch estimates the degrees of freedom, which are taken here as they were met.
    for comparisons, low in ((1, 0.77), (17, 0.7)):
        test = welch.welch(figures.Cell(0.0, 1.5), figures.Cell(0.0, 1.5))
        difference = test.detectable(comparisons)
        for true, least, most in ((difference, low, 0.81), (0.0, 0.0, 0.052 / comparisons)):
            runs = random.normal([[[true]], [[0.0]]], 1.5, (2, 40_000, 5))
            p = stats.ttest_ind(*runs, axis=1, equal_var=False).pvalue
            assert least <= np.mean(p < 0.05 / comparisons) <= most


def test_runs_needed_are_the_fewest(survey):
    audit, figures, _, welch = survey
    runs = audit.runs_needed(0.5, 0.5, 17)

    def detectable(n):
        return welch.welch(figures.Cell(0.0, 0.5), figures.Cell(0.0, 0.5), n).detectable(17)

    assert detectable(runs) <= 0.5 < detectable(runs - 1)


def test_what_the_evidence_says_of_the_table(found):
    without = [audited for audited in found if not audited.better]
    assert len(without) == 10
    assert {audited.column.network for audited in found if audited.better} == {"MobileNet"}
    for audited in found:
        assert audited.better == [
            name
            for name, p in zip(
                audited.against,
                holm([test.p for test in audited.against.values()]),
                strict=True,
            )
            if p < 0.05 and audited.against[name].difference > 0
        ]


def test_groups_follow_from_the_pairs(found):
    for audited in found:
        cells = audited.column.cells
        pairs = list(itertools.combinations(cells, 2))
        p = holm(
            [
                stats.ttest_ind_from_stats(
                    cells[a].mean, cells[a].sd, 5, cells[b].mean, cells[b].sd, 5, equal_var=False
                ).pvalue
                for a, b in pairs
            ]
        )
        together = {frozenset(pair) for pair, q in zip(pairs, p, strict=True) if q >= 0.05}
        met = {
            frozenset(pair) for group in audited.groups for pair in itertools.combinations(group, 2)
        }
        assert met == together
        assert audited.with_best[0] == audited.best


def test_one_function_under_two_names_differs_by_its_seeds_alone(survey, found):
    audit, _, _, _ = survey
    tests = [test for pair in audit.SAME for _, test in audit.of_the_same(found, pair)]
    assert len(tests) == 20
    assert min(test.p for test in tests) > 0.05
    p_values = [test.p for test in tests]
    assert audit.fisher(p_values) == pytest.approx(stats.combine_pvalues(p_values).pvalue)


def test_the_best_of_independent_epochs_is_the_largest_of_so_many_normal_values(survey):
    audit, _, _, _ = survey
    best = audit.best_epoch(0.0)
    order = np.linspace(-8, 8, 200_001)
    density = 20 * stats.norm.pdf(order) * stats.norm.cdf(order) ** 19
    mean = np.trapezoid(order * density, order)
    spread = math.sqrt(np.trapezoid((order - mean) ** 2 * density, order))
    assert best.raised == pytest.approx(mean, abs=0.02)
    assert best.narrowed == pytest.approx(spread, abs=0.01)
    assert audit.best_epoch(0.8).raised < best.raised


def test_the_page_is_what_the_figures_give(survey, found):
    _, _, page, _ = survey
    assert PAGE.read_text(encoding="utf-8") == page.page(found), "run `make survey-audit`"


def test_the_pictures_are_there_and_show_every_column(found):
    text = PAGE.read_text(encoding="utf-8")
    names = re.findall(r"\]\((\w+\.svg)\)", text)
    assert len(names) == 2
    for name in names:
        drawn = (PAGE.parent / name).read_text(encoding="utf-8")
        for audited in found:
            if name == "survey_audit_differences.svg":
                assert str(audited.column) in drawn
        assert drawn.startswith("<?xml")
        assert "<dc:date>" not in drawn


def test_the_audit_runs_from_its_figures(survey, tmp_path):
    pytest.importorskip("matplotlib")
    audit, _, _, _ = survey
    assert audit.main([str(tmp_path / "new")]) == 0
    assert (tmp_path / "new" / PAGE.name).read_text("utf-8") == PAGE.read_text("utf-8")
    again = {file.name: file.read_bytes() for file in (tmp_path / "new").iterdir()}
    assert audit.main([str(tmp_path / "new")]) == 0
    assert again == {file.name: file.read_bytes() for file in (tmp_path / "new").iterdir()}
    assert isinstance(audit.main([]), str)
