"""Pictures of a fit: what is drawn, and what is refused."""

from __future__ import annotations

import doctest
import subprocess
import sys
from importlib import import_module
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from ogive.linear_model import LogisticRegression, LogisticRegressionCV
from ogive.linear_model.plot import (
    coefficient_path,
    decision_curve,
    net_benefit,
    reliability,
    reliability_diagram,
)

RNG = np.random.default_rng(0)
SAID = RNG.random(500)
HAPPENED = RNG.random(500) < SAID


@pytest.fixture
def axes() -> Any:
    return Figure().subplots()


@pytest.fixture(scope="module")
def model() -> LogisticRegressionCV:
    return LogisticRegressionCV(Cs=[10.0, 0.01, 0.1], cv=3).fit(*load_iris(return_X_y=True))


def line(axes: Any, label: str) -> Any:
    (found,) = [one for one in axes.get_lines() if one.get_label() == label]
    return found


def test_bins_have_equal_counts() -> None:
    found = reliability(HAPPENED, SAID, bins=7)
    assert found.count.sum() == 500
    assert np.ptp(found.count) <= 1
    chunks = np.array_split(np.argsort(SAID), np.cumsum(found.count)[:-1])
    np.testing.assert_allclose(found.predicted, [SAID[rows].mean() for rows in chunks])
    np.testing.assert_allclose(found.observed, [HAPPENED[rows].mean() for rows in chunks])


def test_intervals_are_wilsons() -> None:
    found = reliability(HAPPENED, SAID, confidence=0.9)
    for i, count in enumerate(found.count):
        happened = round(found.observed[i] * count)
        expected = stats.binomtest(happened, count).proportion_ci(0.9, method="wilson")
        assert (found.low[i], found.high[i]) == pytest.approx(tuple(expected), abs=1e-12)


def test_equal_probabilities_stay_together() -> None:
    found = reliability([0, 1, 1, 1, 0, 0], [0.3] * 5 + [0.9], bins=3)
    np.testing.assert_array_equal(found.count, [5, 1])
    np.testing.assert_allclose(found.observed, [0.6, 0.0])
    assert found.low[1] == 0.0


def test_a_reliability_diagram(axes: Any) -> None:
    found = reliability(HAPPENED, SAID)
    assert reliability_diagram(HAPPENED, SAID, label="one", ax=axes) is axes
    diagonal = axes.get_lines()[0]
    np.testing.assert_array_equal(diagonal.get_xydata(), [[0.0, 0.0], [1.0, 1.0]])
    points, _, bars = axes.containers[0]
    np.testing.assert_allclose(points.get_xdata(), found.predicted)
    np.testing.assert_allclose(points.get_ydata(), found.observed)
    ends = np.array(bars[0].get_segments())[:, :, 1]
    np.testing.assert_allclose(ends, np.stack([found.low, found.high], 1))
    assert axes.get_ylabel() == "observed share"
    lines = len(axes.get_lines())
    reliability_diagram(HAPPENED, SAID**2, label="two", ax=axes)
    other = axes.containers[1][0]
    assert other.get_color() != points.get_color()
    assert len(axes.get_lines()) < 2 * lines, "there is one diagonal"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one", "two"]


def test_net_benefit_by_hand() -> None:
    t = np.array([0.0, 0.3, SAID[3], 0.99])
    expected = [
        np.mean(HAPPENED & (x <= SAID)) - np.mean(~HAPPENED & (x <= SAID)) * x / (1 - x) for x in t
    ]
    np.testing.assert_allclose(net_benefit(HAPPENED, SAID, t), expected, atol=1e-15)


def test_a_decision_curve(axes: Any) -> None:
    assert decision_curve(HAPPENED, SAID, label="one", ax=axes) is axes
    t = line(axes, "one").get_xdata()
    assert (t[0], t[-1]) == (0.01, 0.99)
    np.testing.assert_allclose(line(axes, "one").get_ydata(), net_benefit(HAPPENED, SAID, t))
    share = HAPPENED.mean()
    np.testing.assert_allclose(
        line(axes, "treat all").get_ydata(), share - (1 - share) * t / (1 - t), atol=1e-12
    )
    assert not line(axes, "treat none").get_ydata().any()
    decision_curve(HAPPENED, SAID**2, thresholds=[0.5, 0.2], label="two", ax=axes)
    np.testing.assert_array_equal(line(axes, "two").get_xdata(), [0.2, 0.5])
    assert line(axes, "two").get_color() != line(axes, "one").get_color()
    assert line(axes, "treat all") is not None
    assert axes.get_ylim()[1] >= share


def test_nobody_is_of_the_class(axes: Any) -> None:
    decision_curve(np.zeros(4, bool), [0.1, 0.2, 0.3, 0.4], ax=axes)
    assert line(axes, "model").get_ydata().max() == 0.0


@pytest.mark.parametrize("draw", [reliability_diagram, decision_curve])
def test_one_class_against_the_others(draw: Any, axes: Any) -> None:
    x, y = load_iris(return_X_y=True)
    said = LogisticRegression().fit(x, y).predict_proba(x)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    draw(names, said[:, 1], pos_label="versicolor", ax=axes)
    other = draw(y == 1, np.stack([1 - said[:, 1], said[:, 1]], 1), ax=Figure().subplots())
    for one, same in zip(axes.get_lines(), other.get_lines(), strict=True):
        np.testing.assert_allclose(one.get_xydata(), same.get_xydata(), atol=1e-12)
    with pytest.raises(ValueError, match="3 classes: choose one with pos_label"):
        draw(names, said[:, 1], ax=axes)
    with pytest.raises(ValueError, match="pos_label='rose' is not in y_true"):
        draw(names, said[:, 1], pos_label="rose", ax=axes)
    with pytest.raises(ValueError, match="choose the column of pos_label"):
        draw(names, said, pos_label="versicolor", ax=axes)


@pytest.mark.parametrize("draw", [reliability_diagram, decision_curve])
def test_bad_input(draw: Any, axes: Any) -> None:
    with pytest.raises(ValueError, match="between 0 and 1: they go from"):
        draw([0, 1], [0.5, 1.5], ax=axes)
    with pytest.raises(ValueError, match="NaN"):
        draw([0, 1], [0.5, np.nan], ax=axes)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        draw([0, 1, 1], [0.5, 0.1], ax=axes)
    with pytest.raises(ValueError, match="has only 'no'"):
        draw(["no", "no"], [0.5, 0.1], ax=axes)
    with pytest.raises(TypeError, match="matplotlib's axes, not str"):
        draw([0, 1], [0.5, 0.1], ax="axes")
    assert not axes.get_lines()


def test_bad_bins_and_thresholds() -> None:
    with pytest.raises(ValueError, match="bins must be at least 1, not 0"):
        reliability([0, 1], [0.5, 0.1], bins=0)
    with pytest.raises(ValueError, match="confidence must be between 0 and 1"):
        reliability([0, 1], [0.5, 0.1], confidence=95)
    for wrong in ([], [1.0], [-0.1], [[0.5]]):
        with pytest.raises(ValueError, match="thresholds must be"):
            net_benefit([0, 1], [0.5, 0.1], wrong)


def test_a_coefficient_path(model: Any, axes: Any) -> None:
    assert coefficient_path(model, pos_label=2, ax=axes) is axes
    *drawn, chosen = axes.get_lines()
    assert len(drawn) == 4
    expected = model.coefs_paths_.mean(0)[[1, 2, 0], 2]
    for i, one in enumerate(drawn):
        np.testing.assert_array_equal(one.get_xdata(), [0.01, 0.1, 10.0])
        np.testing.assert_allclose(one.get_ydata(), expected[:, i])
        assert one.get_label() == f"feature {i}"
    assert chosen.get_xdata() == [model.C_, model.C_]
    assert len({one.get_color() for one in drawn}) == 4
    assert axes.get_xscale() == "log"


def test_paths_of_one_fold_and_of_two_classes(model: Any, axes: Any) -> None:
    coefficient_path(model, pos_label=0, fold=1, ax=axes)
    np.testing.assert_allclose(
        axes.get_lines()[3].get_ydata(), model.coefs_paths_[1, [1, 2, 0], 0, 3]
    )
    x, y = load_iris(as_frame=True, return_X_y=True)
    two = LogisticRegressionCV(Cs=2, cv=3, fit_intercept=False).fit(x[:100], y[:100])
    names = [one.get_label() for one in coefficient_path(two, ax=Figure().subplots()).get_lines()]
    assert names[:4] == list(x.columns)
    many = LogisticRegressionCV(Cs=2, cv=3).fit(RNG.random((40, 40)), np.arange(40) % 2)
    ax = coefficient_path(many, ax=Figure().subplots())
    assert ax.get_legend() is None
    looks = {(one.get_color(), str(one.get_linestyle())) for one in ax.get_lines()[:8]}
    assert len(looks) == 8


def test_bad_paths(model: Any) -> None:
    with pytest.raises(NotFittedError):
        coefficient_path(LogisticRegressionCV())
    x, y = load_iris(return_X_y=True)
    with pytest.raises(TypeError, match="LogisticRegression has no path"):
        coefficient_path(LogisticRegression().fit(x, y))
    with pytest.raises(ValueError, match=r"choose one of \[0, 1, 2\]"):
        coefficient_path(model)
    with pytest.raises(ValueError, match="pos_label=7 has no coefficients"):
        coefficient_path(model, pos_label=7)
    with pytest.raises(ValueError, match="fold=3 is not there: there are 3"):
        coefficient_path(model, pos_label=1, fold=3)


def test_without_axes_there_is_a_new_figure_and_nothing_is_shown() -> None:
    from matplotlib import pyplot

    mpl.use("Agg")
    one, other = (decision_curve(HAPPENED, SAID) for _ in range(2))
    assert one.figure is not other.figure
    for ax in (one, other):
        pyplot.close(ax.figure)


def test_matplotlib_is_imported_by_the_first_picture() -> None:
    code = "import sys, ogive.linear_model.plot; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["calibration", "decision", "outcomes", "path", "style"])
def test_the_examples_run(name: str) -> None:
    from matplotlib import pyplot

    result = doctest.testmod(import_module(f"ogive.linear_model.plot.{name}"))
    pyplot.close("all")
    assert result.attempted > 0
    assert result.failed == 0
