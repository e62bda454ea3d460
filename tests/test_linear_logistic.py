"""The estimator: its optimum beside scikit-learn's, its attributes, what it tells."""

from __future__ import annotations

import doctest
import pickle
from importlib import import_module
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as Peer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import scale

from ogive.linear_model import LogisticRegression, SeparationWarning
from ogive.linear_model.in_memory import DenseRows


def binary() -> tuple[Any, Any]:
    x, y = load_breast_cancer(return_X_y=True)
    return scale(x), y


def iris() -> tuple[Any, Any]:
    return load_iris(return_X_y=True)


def digits() -> tuple[Any, Any]:
    x, y = load_digits(return_X_y=True)
    return x[:400], y[:400]


SETS = {"breast_cancer": binary, "iris": iris, "digits": digits}
WEIGHTED = np.random.default_rng(0).integers(0, 4, 2000).astype(float)

CASES = {
    "plain": ({}, None),
    "strong penalty": ({"C": 1e-3}, None),
    "weak penalty": ({"C": 3.0}, None),
    "no intercept": ({"fit_intercept": False, "C": 0.01}, None),
    "balanced": ({"class_weight": "balanced"}, None),
    "class weights": ({"class_weight": {0: 2.0, 1: 0.5}}, None),
    "sample weights": ({}, WEIGHTED),
    "both weights": ({"class_weight": "balanced"}, WEIGHTED),
}


def peer(**parameters: Any) -> Peer:
    return Peer(solver="newton-cholesky", tol=1e-12, max_iter=1000, **parameters)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", SETS)
def test_the_optimum_is_scikit_learns(name: str, case: str) -> None:
    x, y = SETS[name]()
    parameters, weight = CASES[case]
    weight = None if weight is None else weight[: len(y)]
    if isinstance(parameters.get("class_weight"), dict) and len(np.unique(y)) > 2:
        parameters = {"class_weight": {int(k): 0.5 + k for k in np.unique(y)}}
    own = LogisticRegression(tol=1e-10, **parameters).fit(x, y, weight)
    other = peer(**parameters).fit(x, y, weight)
    assert own.solver_report_.reason == "converged"
    assert own.coef_.shape == other.coef_.shape
    assert own.intercept_.shape == other.intercept_.shape
    np.testing.assert_allclose(own.coef_, other.coef_, atol=1e-6)
    # Newton's own optimum has the sum of the intercepts left as it comes out.
    shift = other.intercept_.mean() if len(other.intercept_) > 1 else 0.0
    np.testing.assert_allclose(own.intercept_, other.intercept_ - shift, atol=1e-5)
    np.testing.assert_array_equal(own.predict(x), other.predict(x))
    np.testing.assert_allclose(own.predict_proba(x), other.predict_proba(x), atol=1e-7)


def test_without_a_penalty() -> None:
    x, y = iris()
    noisy = np.where(np.random.default_rng(1).random(len(y)) < 0.2, (y + 1) % 3, y)
    own = LogisticRegression(C=np.inf, tol=1e-10).fit(x, noisy)
    other = peer(C=np.inf).fit(x, noisy)
    np.testing.assert_allclose(own.coef_, other.coef_ - other.coef_.mean(0), atol=1e-6)
    assert np.abs(own.coef_.sum(0)).max() < 1e-12
    assert abs(own.intercept_.sum()) < 1e-12
    two = noisy[noisy < 2]
    own = LogisticRegression(alpha=0.0, tol=1e-10).fit(x[noisy < 2], two)
    other = peer(C=np.inf).fit(x[noisy < 2], two)
    np.testing.assert_allclose(own.coef_, other.coef_, atol=1e-6)


def test_the_default_tolerance_is_kept() -> None:
    for build in SETS.values():
        report = LogisticRegression().fit(*build()).solver_report_
        assert report.reason == "converged"
        assert report.gradient <= 1e-6
        assert report.history[-1] == report.gradient
        assert report.passes >= report.iterations > 0


def test_alpha_stands_for_c() -> None:
    x, y = binary()
    weight = WEIGHTED[: len(y)]
    one = LogisticRegression(C=0.3, tol=1e-9).fit(x, y, weight)
    other = LogisticRegression(alpha=1 / (0.3 * weight.sum()), tol=1e-9).fit(x, y, weight)
    np.testing.assert_allclose(one.coef_, other.coef_, rtol=1e-12)


def labels() -> tuple[Any, Any]:
    x, y = binary()
    rng = np.random.default_rng(3)
    rare = rng.random(len(y)) < 0.05
    return x, np.column_stack([y, x[:, 0] + rng.standard_normal(len(y)) > 0.5, rare]).astype(int)


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 1.0, 1: 3.0}])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_labels_are_problems_of_their_own(kind: Any, class_weight: Any) -> None:
    x, y = labels()
    own = LogisticRegression(class_weight=class_weight, tol=1e-10).fit(x, kind(y))
    others = OneVsRestClassifier(peer(class_weight=class_weight)).fit(x, y).estimators_
    for label, other in enumerate(others):
        np.testing.assert_allclose(own.coef_[label], other.coef_[0], atol=1e-6)
        np.testing.assert_allclose(own.intercept_[label], other.intercept_[0], atol=1e-6)
        np.testing.assert_allclose(
            own.predict_proba(x)[:, label], other.predict_proba(x)[:, 1], atol=1e-7
        )
    assert own.n_iter_.shape == (3,)
    assert [each.tolist() for each in own.classes_] == [[0, 1]] * 3
    np.testing.assert_array_equal(own.predict(x), own.decision_function(x) > 0)
    np.testing.assert_array_equal(own.predict(x), own.predict_proba(x) > 0.5)
    assert own.score(x, y) == (own.predict(x) == y).all(1).mean()


def test_class_weights_of_every_label() -> None:
    x, y = labels()
    each = [{0: 1.0, 1: 2.0}, {1: 0.5}, None]
    own = LogisticRegression(class_weight=each, tol=1e-9).fit(x, y)
    for label, weights in enumerate(each):
        alone = LogisticRegression(class_weight=weights, tol=1e-9).fit(x, y[:, label])
        np.testing.assert_allclose(own.coef_[[label]], alone.coef_, atol=1e-6)


@pytest.mark.parametrize("side", [0, 1])
def test_a_label_that_never_varies(side: int) -> None:
    x, y = labels()
    y[:, 1] = side
    with pytest.warns(UserWarning, match="Label 1 is present in (no|all) rows"):
        own = LogisticRegression().fit(x, y)
    assert own.intercept_[1] == (np.inf if side else -np.inf)
    assert not own.coef_[1].any()
    assert own.n_iter_[1] == 0 < own.n_iter_[0]
    assert (own.predict_proba(x)[:, 1] == side).all()
    assert (own.predict(x)[:, 1] == side).all()
    assert not np.isnan(own.predict_log_proba(x)).any()
    two = LogisticRegression().fit(x, y[:, [0, 2]])
    np.testing.assert_array_equal(own.coef_[[0, 2]], two.coef_)
    # Without an intercept the penalty keeps it finite.
    finite = LogisticRegression(fit_intercept=False).fit(x + 1.0, y)
    assert np.isfinite(finite.coef_).all()
    assert finite.coef_[1].any()


def test_a_class_without_weight() -> None:
    x, y = iris()
    weight = np.where(y == 1, 0.0, 1.0)
    own = LogisticRegression(tol=1e-9).fit(x, y, weight)
    assert own.intercept_[1] == -np.inf
    assert not own.coef_[1].any()
    assert (own.predict_proba(x)[:, 1] == 0.0).all()
    np.testing.assert_allclose(own.predict_proba(x).sum(1), 1.0, rtol=1e-12)
    same = LogisticRegression(tol=1e-9, class_weight={0: 1, 1: 0, 2: 1}).fit(x, y)
    np.testing.assert_allclose(own.coef_, same.coef_, atol=1e-12)
    # What is left are two classes, each with half of the difference that a sigmoid takes.
    two = LogisticRegression(tol=1e-9, alpha=0.5 / weight.sum()).fit(x[y != 1], y[y != 1])
    np.testing.assert_allclose(2.0 * own.coef_[2:], two.coef_, atol=1e-6)
    np.testing.assert_allclose(2.0 * own.intercept_[2:], two.intercept_, atol=1e-5)


@pytest.mark.parametrize("build", [binary, iris, labels])
def test_offsets_are_added_to_the_scores(build: Any) -> None:
    x, y = build()
    outputs = {1: np.unique(y).size, 2: y.shape[-1]}[y.ndim]
    shape = (len(x),) if outputs == 2 else (len(x), outputs)
    offset = np.random.default_rng(4).standard_normal(shape)
    own = LogisticRegression(alpha=1e-3, tol=1e-10).fit(x, y, offset=offset)
    # A feature of the offset whose coefficient costs nothing: the optimum is level there.
    scores = own.decision_function(x, offset=offset)
    np.testing.assert_allclose(scores, own.decision_function(x) + offset, rtol=1e-12)
    hot = np.eye(outputs)[y] if build is iris else y.reshape(len(x), -1)
    chances = own.predict_proba(x, offset=offset)
    chances = chances[:, 1:] if build is binary else chances
    gradient = (chances - hot).T @ x / len(x) + 1e-3 * own.coef_
    assert np.abs(gradient).max() < 1e-9
    assert np.abs((chances - hot).mean(0)).max() < 1e-9
    assert not np.allclose(own.coef_, LogisticRegression(alpha=1e-3).fit(x, y).coef_, atol=1e-3)
    assert own.score(x, y, offset=offset) != own.score(x, y, offset=-3 * offset)


def test_a_common_offset_moves_the_intercept_alone() -> None:
    x, y = binary()
    plain = LogisticRegression(tol=1e-10).fit(x, y)
    moved = LogisticRegression(tol=1e-10).fit(x, y, offset=np.full(len(y), 2.0))
    np.testing.assert_allclose(plain.coef_, moved.coef_, atol=1e-6)
    np.testing.assert_allclose(plain.intercept_ - 2.0, moved.intercept_, atol=1e-6)


def test_both_tails_are_right() -> None:
    model = LogisticRegression(alpha=0.0)
    with pytest.warns(ConvergenceWarning):
        model.set_params(max_iter=0).fit([[0.0], [1.0]], [0, 1])
    model.coef_[:], model.intercept_[:] = 1.0, 0.0
    for z in (-800.0, -40.0, -1.0, 0.0, 3.0, 40.0, 800.0):
        with mpmath.workdps(400):
            chance = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
            expected = [float(1 - chance), float(chance)]
            logs = [float(mpmath.log(1 - chance)), float(mpmath.log(chance))]
        np.testing.assert_allclose(model.predict_proba([[z]])[0], expected, rtol=1e-15, atol=1e-320)
        np.testing.assert_allclose(model.predict_log_proba([[z]])[0], logs, rtol=1e-15)


def test_log_probabilities_are_logarithms() -> None:
    for x, y in (binary(), iris(), labels()):
        model = LogisticRegression().fit(x, y)
        np.testing.assert_allclose(
            np.exp(model.predict_log_proba(x)), model.predict_proba(x), rtol=1e-12
        )


@pytest.mark.parametrize("build", [binary, iris, labels])
def test_a_warm_start_takes_fewer_passes(build: Any) -> None:
    x, y = build()
    model = LogisticRegression(C=1.0, warm_start=True).fit(x, y)
    cold = model.solver_report_.passes
    model.set_params(C=1.05).fit(x, y)
    assert model.solver_report_.passes < cold
    at_the_optimum = model.fit(x, y).solver_report_.passes
    assert at_the_optimum <= 2
    again = LogisticRegression(C=1.05, tol=1e-9).fit(x, y)
    np.testing.assert_allclose(model.coef_, again.coef_, atol=1e-3)
    # Other shapes begin anew.
    model.fit(x[:, :2], y)
    assert model.coef_.shape[1] == 2


def test_a_warm_start_of_infinite_intercepts_and_sparse_coefficients() -> None:
    x, y = labels()
    constant = y.copy()
    constant[:, 0] = 1
    model = LogisticRegression(warm_start=True)
    with pytest.warns(UserWarning, match="Label 0"):
        model.fit(x, constant)
    model.sparsify().fit(x, y)
    np.testing.assert_allclose(model.coef_, LogisticRegression().fit(x, y).coef_, atol=1e-3)
    model.set_params(fit_intercept=False).fit(x, y)
    assert not model.intercept_.any()


def test_copies() -> None:
    x, y = labels()
    model = LogisticRegression(C=0.1, n_jobs=1).fit(x, y)
    assert clone(model).get_params() == model.get_params()
    assert not hasattr(clone(model), "coef_")
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(x), model.predict_proba(x))
    assert again.solver_report_ == model.solver_report_
    assert model.set_params(C=2.0).C == 2.0


def test_what_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    x, y = iris()
    model = LogisticRegression(verbose=1).fit(x, y)
    told = capsys.readouterr().out
    assert told.count("pass over 1 problem") == model.solver_report_.passes
    assert told.endswith(f"{model.solver_report_}\n")
    assert str(model.solver_report_).startswith("converged: ")
    LogisticRegression().fit(x, y)
    assert capsys.readouterr().out == ""


def test_too_few_iterations() -> None:
    with pytest.warns(ConvergenceWarning, match=r"after 2 iterations.*Increase max_iter"):
        model = LogisticRegression(max_iter=2).fit(*iris())
    assert model.n_iter_.tolist() == [2]
    assert model.solver_report_.reason == "iterations"


def test_where_rounding_ends_it() -> None:
    rng = np.random.default_rng(5)
    x = rng.standard_normal((300, 2))
    y = rng.random(300) < 0.5
    with pytest.warns(ConvergenceWarning, match=r"rounding errors.*StandardScaler"):
        LogisticRegression(C=np.inf, tol=1e-12).fit(x + 1e6, y)


def test_an_interruption_leaves_the_last_iterate(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = iris()
    calls, evaluate = [], DenseRows.evaluate

    def interrupted(self: DenseRows, parameters: Any) -> Any:
        calls.append(parameters)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return evaluate(self, parameters)

    monkeypatch.setattr(DenseRows, "evaluate", interrupted)
    model = LogisticRegression(warm_start=True)
    with pytest.warns(ConvergenceWarning, match="interrupted after"):
        model.fit(x, y)
    assert model.solver_report_.reason == "interrupted"
    assert model.coef_.any()
    assert model.score(x, y) > 0.5
    assert model.fit(x, y).solver_report_.reason == "converged"


@pytest.mark.parametrize(
    "module",
    [
        "design",
        "logistic",
        "predictions",
        "prepared",
        "report",
        "targets",
        "threads",
        "validation",
        "weighting",
    ],
)
def test_examples_run(module: str) -> None:
    found = import_module(f"ogive.linear_model.{module}")
    result = doctest.testmod(found)
    assert result.attempted > 0
    assert not result.failed


def test_separable_classes_are_said_and_firth_fits_them() -> None:
    x = np.random.default_rng(0).standard_normal((60, 3))
    y = (x @ [1.0, -2.0, 0.5] > 0.3).astype(int)
    model = LogisticRegression(C=np.inf, max_iter=50)
    with pytest.warns(SeparationWarning, match="complete separation"):
        model.fit(x, y)
    (found,) = model.separation_
    assert found is not None
    assert found.kind == "complete"
    corrected = LogisticRegression(C=np.inf, firth=True).fit(x, y)
    assert np.abs(corrected.coef_).max() < 20.0
    assert corrected.solver_report_.reason == "converged"
    # A penalty keeps the optimum finite, and nothing is looked for.
    assert not hasattr(model.set_params(C=1.0).fit(x, y), "separation_")


def test_nothing_separates_what_overlaps() -> None:
    x = np.random.default_rng(1).standard_normal((200, 2))
    y = np.random.default_rng(2).integers(0, 3, 200)
    assert LogisticRegression(C=np.inf).fit(x, y).separation_ == [None]


@pytest.mark.parametrize(
    ("settings", "y", "message"),
    [
        ({"firth": True}, [0, 1] * 10, "firth=True is for fits without a penalty"),
        ({"firth": True, "alpha": 0.1}, [0, 1] * 10, "got alpha=0.1"),
        ({"firth": True, "C": np.inf}, [0, 1, 2, 1] * 5, "y has more classes"),
        ({"firth": 2}, [0, 1] * 10, "The 'firth' parameter"),
    ],
)
def test_what_firth_is_not_for(settings: dict[str, Any], y: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LogisticRegression(**settings).fit(np.arange(20.0)[:, None], y)
