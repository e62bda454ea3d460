"""Paths of several folds at once: each minimum is the fold's own, and passes are shared."""

from __future__ import annotations

import doctest
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from scipy import sparse, special
from sklearn.linear_model import LogisticRegression

from ogive.linear_model.in_memory import DenseRows, SparseRows
from ogive.linear_model.minimise import minimise
from ogive.linear_model.objective import PenalisedLoss
from ogive.linear_model.path import fit_path, of_folds, shares
from ogive.linear_model.rows import Observed

CS = np.logspace(-3, 3, 7)


def data(n: int = 400, p: int = 6, columns: int = 1, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, p)) @ rng.standard_normal((p, p)) + 1.0
    scores = (x - 1.0) @ rng.standard_normal((p, columns))
    return x, rng.random(scores.shape) < special.expit(scores)


def classes_of(x: Any, classes: int, seed: int = 1) -> Any:
    rng = np.random.default_rng(seed)
    scores = x @ rng.standard_normal((x.shape[1], classes)) + rng.gumbel(size=(len(x), classes))
    return scores.argmax(1)


def observed(target: Any, weight: Any = None) -> Observed:
    weight = np.ones((len(target), 1)) if weight is None else weight
    return Observed(target, weight, np.zeros((1, 1)))


def folds(n: int, count: int = 3) -> Any:
    return np.arange(n) % count != np.arange(count)[:, None]


def alphas(train: Any, weight: Any = None) -> Any:
    total = train @ (np.ones(train.shape[1]) if weight is None else weight)
    return 1.0 / (CS * total[:, None])


def peer(x: Any, y: Any, c: float, weight: Any = None, **options: Any) -> Any:
    """Coefficients and intercepts, side by side, of scikit-learn's most exact solver."""
    fit = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-12, max_iter=1000, **options)
    fit.fit(x, y, weight)
    return np.column_stack([fit.coef_, fit.intercept_])


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("dense", [True, False])
def test_labels_beside_scikit_learn(intercept: bool, dense: bool) -> None:
    x, y = data(columns=2)
    train = folds(len(x))
    rows_of: Any = partial(DenseRows, x) if dense else partial(SparseRows, sparse.csr_array(x))
    path = fit_path(rows_of, observed(y), train, alphas(train), fit_intercept=intercept, tol=1e-10)
    assert (path.reasons == "converged").all()
    assert path.parameters.shape == (3, len(CS), 2, 1, 7)
    for fold, own in enumerate(train):
        for step, c in enumerate(CS):
            for label in range(2):
                expected = peer(x[own], y[own, label], c, fit_intercept=intercept)
                np.testing.assert_allclose(
                    path.parameters[fold, step, label], expected, atol=1e-6, rtol=1e-6
                )


def test_classes_beside_scikit_learn() -> None:
    x, _ = data(p=4)
    y = classes_of(x, 3)
    weight = np.random.default_rng(3).uniform(0.5, 2.0, len(x))
    train = folds(len(x))
    path = fit_path(
        partial(DenseRows, x),
        observed(y, weight[:, None]),
        train,
        alphas(train, weight),
        classes=3,
        tol=1e-10,
    )
    assert path.parameters.shape == (3, len(CS), 1, 3, 5)
    for fold, own in enumerate(train):
        for step, c in enumerate(CS):
            expected = peer(x[own], y[own], c, weight[own])
            found = path.parameters[fold, step, 0]
            # scikit-learn's biases may all be shifted, which changes no probability.
            for side in (found, expected):
                side[:, -1] -= side[:, -1].mean()
            np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("classes", [1, 4])
def test_passes_are_shared(classes: int) -> None:
    """A path of five folds costs less than half of the passes of fits of their own."""
    x, y = data(2000, 10)
    target = classes_of(x, classes) if classes > 1 else y
    train = folds(len(x), 5)
    fit = partial(fit_path, partial(DenseRows, x), observed(target), classes=classes)
    together = fit(train, alphas(train))
    anew = [fit(train[:1], a[None, None]) for a in alphas(train)[0]]
    assert (together.reasons == "converged").all()
    assert together.passes < 2.5 * sum(one.passes for one in anew)
    for step, one in enumerate(anew):
        np.testing.assert_allclose(together.values[0, step], one.values[0, 0], atol=2e-7)


def test_one_problem_keeps_its_hessian_along_the_path() -> None:
    x, _ = data(600, 8)
    y = classes_of(3.0 * x, 3)
    train = np.ones((1, len(x)), bool)
    path = fit_path(partial(DenseRows, x), observed(y), train, alphas(train), classes=3, tol=1e-9)
    assert path.renewals > 0
    for step, c in enumerate(CS):
        expected = peer(x, y, c)
        np.testing.assert_allclose(path.parameters[0, step, 0, :, :-1], expected[:, :-1], atol=1e-4)


def test_the_order_of_the_penalties_does_not_matter_and_they_may_be_equal() -> None:
    x, y = data()
    train = folds(len(x))
    order = np.array([3, 0, 6, 6, 2])
    fit = partial(fit_path, partial(DenseRows, x), observed(y), train, tol=1e-10)
    one, other = fit(alphas(train)), fit(alphas(train)[:, order])
    np.testing.assert_allclose(one.parameters[:, order], other.parameters, atol=1e-7)
    assert (other.iterations[:, 2:4] == 0).any(1).all()


def test_a_gradient_is_as_small_as_asked_for() -> None:
    x, y = data()
    train = folds(len(x))
    path = fit_path(partial(DenseRows, x), observed(y), train, alphas(train), tol=1e-8)
    for fold, own in enumerate(train):
        for step, alpha in enumerate(alphas(train)[fold]):
            weights = path.parameters[fold, step, 0, 0]
            residual = special.expit(x[own] @ weights[:-1] + weights[-1]) - y[own, 0]
            gradient = x[own].T @ residual / own.sum() + alpha * weights[:-1]
            assert max(np.abs(gradient).max(), abs(residual.mean())) <= 1.0001e-8
            assert path.sizes[fold, step, 0] <= 1e-8


def test_a_penalty_is_changed_without_a_pass() -> None:
    """Value, gradient and the pairs after a change are those of the other objective."""
    x, y = data()
    seen = observed(y)
    total, base = shares(seen, 1)
    loss = PenalisedLoss(DenseRows(x, seen), np.array([0.1]), total, base, True)
    left = [1e-2, 1e-4]
    values = []

    def then(problems: Any, found: Any) -> Any:
        values.append((found.values[0], found.parameters[0].copy()))
        if not left:
            return np.array([np.nan])
        before, loss.penalty[:] = loss.penalty.copy(), left.pop(0)
        return loss.penalty - before

    minimum = minimise(loss, loss.start(), 1e-9, 100, then=then)
    assert minimum.reason == "converged"
    for alpha, (value, parameters) in zip([0.1, 1e-2, 1e-4], values, strict=True):
        other = PenalisedLoss(DenseRows(x, seen), np.array([alpha]), total, base, True)
        direct = other.evaluate(parameters[None], np.arange(1))
        assert value == pytest.approx(direct[0][0], abs=1e-13)
        assert np.abs(direct[1]).max() <= 1.0001e-9


def test_too_few_iterations_are_said_and_the_path_goes_on() -> None:
    x, y = data()
    train = folds(len(x))
    path = fit_path(partial(DenseRows, x), observed(y), train, alphas(train), tol=1e-10, max_iter=2)
    assert (path.reasons == "iterations").any()
    assert np.isfinite(path.parameters).all()
    assert (path.sizes[path.reasons == "iterations"] > 1e-10).all()
    assert path.iterations.max() <= 2


def test_the_rounding_of_one_label_does_not_stop_the_others() -> None:
    """Far from 0, the derivatives of one label are rounded to more than the tolerance."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((500, 3)) + 1e6
    y = rng.random((500, 1)) < special.expit((x - 1e6) @ np.ones(3))[:, None]
    train = folds(len(x), 2)
    path = fit_path(partial(DenseRows, x), observed(y), train, alphas(train)[:, ::3], tol=1e-9)
    assert set(path.reasons.ravel()) <= {"converged", "precision"}
    assert "precision" in path.reasons
    assert np.isfinite(path.parameters).all()


def test_an_interruption_goes_through() -> None:
    x, y = data()
    train = folds(len(x))

    class Interrupted(DenseRows):
        def evaluate(self, parameters: Any) -> Any:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_path(partial(Interrupted, x), observed(y), train, alphas(train))


def test_a_fold_without_a_class_is_refused_before_any_pass() -> None:
    n = 12
    y = np.zeros((n, 1), bool)
    y[::3] = True
    train = folds(n)

    def refuse(seen: Observed) -> Any:
        raise AssertionError("rows were looked at")

    with pytest.raises(ValueError, match="fold 0 lacks a class: stratify"):
        fit_path(refuse, observed(y), train, alphas(train))


def test_weights_of_folds_and_labels() -> None:
    target = np.array([[True, False], [False, True], [True, True]])
    weight = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    train = np.array([[True, True, False], [False, True, True]])
    seen = of_folds(Observed(target, weight, weight), train)
    np.testing.assert_array_equal(seen.weight, [[1, 2, 0, 0], [3, 4, 3, 4], [0, 0, 5, 6]])
    np.testing.assert_array_equal(seen.target, np.hstack([target, target]))
    np.testing.assert_array_equal(seen.offset, np.hstack([weight, weight]))
    total, base = shares(seen, 1)
    np.testing.assert_array_equal(total, [4, 6, 8, 10])
    np.testing.assert_allclose(base[:, 0], [1 / 4, 4 / 6, 5 / 8, 1.0])
    of_classes = of_folds(Observed(np.array([0, 1, 2]), weight[:, :1], np.zeros((1, 1))), train)
    np.testing.assert_array_equal(of_classes.weight, [[1, 0], [3, 3], [0, 5]])


def test_the_examples_run() -> None:
    result = doctest.testmod(import_module("ogive.linear_model.path"))
    assert result.attempted > 0
    assert result.failed == 0
