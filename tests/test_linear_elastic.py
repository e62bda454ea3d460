"""L1 and elastic net: the optimum, its zeros, and what must not change it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, special
from sklearn.linear_model import LogisticRegression

from ogive.linear_model import elastic
from ogive.linear_model.elastic import minimise_elastic
from ogive.linear_model.in_memory import Blocks, DenseRows, SparseRows
from ogive.linear_model.minimise import Minimum, minimise
from ogive.linear_model.objective import PenalisedLoss
from ogive.linear_model.quadratic import accelerated, lasso, subgradient
from ogive.linear_model.rows import Observed, Rows


def observed(target: Any, weight: Any = None) -> Observed:
    weight = np.ones((len(target), 1)) if weight is None else weight
    return Observed(target, weight, np.zeros((1, 1)))


def loss(rows: Rows, seen: Observed, l2: Any, classes: int, intercept: bool) -> PenalisedLoss:
    total = np.broadcast_to(seen.weight, (rows.shape[0], seen.weight.shape[1])).sum(0)
    if seen.of_labels:
        base = (seen.target * seen.weight).sum(0)[:, None]
        total = np.broadcast_to(total, len(base))
        base = base / total[:, None]
    else:
        base = (seen.weight.T @ np.eye(classes)[seen.target]) / total[:, None]
    return PenalisedLoss(
        rows, np.broadcast_to(np.asarray(l2, float), len(base)), total, base, intercept
    )


def fit(
    x: Any,
    seen: Observed,
    l1: Any,
    l2: Any = 0.0,
    classes: int = 1,
    tol: float = 1e-9,
    intercept: bool = True,
) -> Minimum:
    rows = SparseRows(x, seen) if sparse.issparse(x) else DenseRows(x, seen)
    target = loss(rows, seen, l2, classes, intercept)
    weights = np.broadcast_to(np.asarray(l1, float), len(target.penalty))
    return minimise_elastic(target, weights, target.start(), tol, 500)


def labels(x: Any, seed: int = 0, problems: int = 1) -> Any:
    """Labels to which a third of the features matter."""
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal((x.shape[1], problems)) * (rng.random((x.shape[1], 1)) < 0.4)
    scale = np.where(x.std(0) > 0, x.std(0), 1.0)
    return rng.random((len(x), problems)) < special.expit((x - x.mean(0)) / scale @ weights)


def stationary(x: Any, y: Any, found: Any, l1: float, l2: float) -> float:
    """The largest entry of the smallest subgradient, for one label or for classes."""
    weights, biases = found[:, :-1], found[:, -1]
    scores = x @ weights.T + biases
    if y.ndim == 2:
        rest = special.expit(scores) - y
    else:
        rest = special.softmax(scores, axis=1) - np.eye(len(weights))[y]
    gradient = rest.T @ x / len(y) + l2 * weights
    at_zero = np.maximum(np.abs(gradient) - l1, 0.0)
    size = np.where(weights == 0.0, at_zero, np.abs(gradient + l1 * np.sign(weights)))
    return float(max(size.max(), np.abs(rest.mean(0)).max()))


def plain(seed: int = 1, rows: int = 300, features: int = 12) -> Any:
    rng = np.random.default_rng(seed)
    mixed = rng.standard_normal((features, features)) + 2.0 * np.eye(features)
    return rng.standard_normal((rows, features)) @ mixed


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("ratio", [1.0, 0.5])
@pytest.mark.parametrize("alpha", [1e-3, 0.03, 0.1])
def test_one_label_beside_scikit_learn(alpha: float, ratio: float, dtype: type) -> None:
    x = (plain() / 4.0).astype(dtype)
    y = labels(x)
    found = fit(x, observed(y), alpha * ratio, alpha * (1.0 - ratio))
    assert found.reason == "converged"
    other = LogisticRegression(
        l1_ratio=ratio, C=1.0 / (alpha * len(x)), solver="saga", tol=1e-12, max_iter=100_000
    ).fit(x.astype(float), y[:, 0])
    np.testing.assert_allclose(found.parameters[0, 0, :-1], other.coef_[0], atol=1e-6)
    np.testing.assert_array_equal(found.parameters[0, 0, :-1] == 0, np.abs(other.coef_[0]) < 1e-9)
    assert found.parameters[0, 0, -1] == pytest.approx(other.intercept_[0], abs=1e-6)
    exact = stationary(x.astype(float), y, found.parameters[0], alpha * ratio, alpha * (1 - ratio))
    assert exact <= 1e-9 + (1e-7 if dtype == np.float32 else 0.0)
    assert found.sizes[0] <= 1e-9


def test_no_intercept_beside_liblinear() -> None:
    x = plain(2) + 0.5
    y = labels(x)
    found = fit(x, observed(y), 0.05, intercept=False)
    other = LogisticRegression(
        l1_ratio=1,
        C=1.0 / (0.05 * len(x)),
        solver="liblinear",
        fit_intercept=False,
        tol=1e-12,
        max_iter=10_000,
    ).fit(x, y[:, 0])
    assert found.parameters[0, 0, -1] == 0.0
    np.testing.assert_allclose(found.parameters[0, 0, :-1], other.coef_[0], atol=1e-7)


@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_classes_beside_scikit_learn(ratio: float) -> None:
    x, alpha, classes = plain(3, 300, 6) / 3.0, 0.02, 3
    rng = np.random.default_rng(0)
    y = (x[:, :3] + rng.gumbel(size=(len(x), 3))).argmax(1)
    found = fit(x, observed(y), alpha * ratio, alpha * (1.0 - ratio), classes)
    assert found.reason == "converged"
    own = found.parameters[0]
    assert stationary(x, y, own, alpha * ratio, alpha * (1.0 - ratio)) <= 1.1e-9
    other = LogisticRegression(
        l1_ratio=ratio, C=1.0 / (alpha * len(x)), solver="saga", tol=1e-12, max_iter=100_000
    ).fit(x, y)
    np.testing.assert_allclose(own[:, :-1], other.coef_, atol=1e-6)
    assert (own[:, :-1] == 0.0).any()
    assert abs(own[:, -1].sum()) < 1e-12


def test_labels_are_problems_of_their_own() -> None:
    x = plain(4, 400, 8)
    y = labels(x, problems=4)
    l1, l2 = np.array([1e-3, 0.05, 0.2, 10.0]), np.array([0.0, 0.01, 0.0, 0.0])
    together = fit(x, observed(y), l1, l2)
    assert (together.sizes <= 1e-9).all()
    for q in range(4):
        alone = fit(x, observed(y[:, [q]]), l1[q], l2[q])
        np.testing.assert_allclose(together.parameters[q], alone.parameters[0], atol=1e-7)


def test_more_than_the_largest_derivative_leaves_no_weight() -> None:
    x = plain(5)
    y = labels(x)
    top = np.abs(x.T @ (y - y.mean()) / len(x)).max()
    none, some = (fit(x, observed(y), factor * top) for factor in (1.0001, 0.99))
    assert not none.parameters[..., :-1].any()
    assert none.parameters[0, 0, -1] == pytest.approx(special.logit(y.mean()))
    assert np.count_nonzero(some.parameters[..., :-1]) == 1


def test_without_l1_the_optimum_is_that_of_the_other_minimiser() -> None:
    x = plain(6)
    seen = observed(labels(x, problems=2))
    target = loss(DenseRows(x, seen), seen, 0.01, 1, True)
    one = minimise_elastic(target, np.zeros(2), target.start(), 1e-10, 200)
    other = minimise(target, target.start(), 1e-10, 200)
    assert one.reason == "converged"
    np.testing.assert_allclose(one.parameters, other.parameters, atol=1e-8)
    np.testing.assert_allclose(one.values, other.values, rtol=1e-14)


def test_sparse_dense_and_blocks_are_one() -> None:
    rng = np.random.default_rng(8)
    x = rng.standard_normal((300, 20)) * (rng.random((300, 20)) < 0.2)
    seen = observed(labels(x, problems=2))
    dense = fit(x, seen, 3e-3, 1e-3)
    for kind in (sparse.csr_array, sparse.csc_array):
        thin = fit(kind(x), seen, 3e-3, 1e-3)
        np.testing.assert_allclose(dense.parameters, thin.parameters, atol=1e-7)
    parts = [slice(0, 100), slice(100, 300)]
    rows = Blocks([DenseRows(x[part], seen.of_rows(part)) for part in parts])
    target = loss(rows, seen, 1e-3, 1, True)
    found = minimise_elastic(target, np.full(2, 3e-3), target.start(), 1e-9, 200)
    np.testing.assert_allclose(dense.parameters, found.parameters, atol=1e-7)


@pytest.mark.parametrize("kind", ["sparse", "dense", "classes"])
def test_many_features_are_worked_on_in_parts(kind: str) -> None:
    rng = np.random.default_rng(9)
    x = rng.standard_normal((400, 3000)) * (rng.random((400, 3000)) < 0.05)
    scores = x[:, :20] @ rng.standard_normal(20) * 3.0
    if kind == "classes":
        y: Any = np.digitize(scores, [-1.0, 1.0])
    else:
        y = (rng.random(400) < special.expit(scores))[:, None]
    seen, classes = observed(y), 3 if kind == "classes" else 1
    l1 = 0.006
    found = fit(sparse.csr_array(x) if kind == "sparse" else x, seen, l1, classes=classes, tol=1e-8)
    assert found.reason == "converged"
    assert stationary(x, y, found.parameters[0], l1, 0.0) <= 1.001e-8
    used = np.count_nonzero(found.parameters[..., :-1])
    assert 5 < used < 500
    assert found.passes < 15
    # The same where all features are worked on at once.
    target = loss(DenseRows(x, seen), seen, 0.0, classes, True)
    direct = Minimum(target.start(), np.zeros(1), np.ones(1), np.zeros(1, np.int64))
    elastic._descend(target, np.array([l1]), direct, 1e-8, 300, None)
    assert found.values[0] == pytest.approx(direct.values[0], abs=1e-9)


def test_columns_of_all_scales() -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((2000, 5)) * 10.0 ** np.array([-6, -3, 0, 3, 6]) + 1.0
    y = labels(x)
    for l1 in (1e-9, 1e-6, 1e-3):
        found = fit(x, observed(y), l1, tol=1e-9)
        assert found.passes < 60
        size = stationary(x, y, found.parameters[0], l1, 0.0)
        if found.reason == "converged":
            assert size <= 1.1e-9
        else:
            # Scores next to 1e6 times a weight are rounded, which the derivatives show.
            assert found.reason == "precision"
            assert size <= 1e-6


def test_collinear_columns() -> None:
    x = plain(10, 500, 6)
    x = np.column_stack([x, x[:, :3] @ np.ones((3, 2)), np.full(500, 7.0), x[:, 0]])
    y = labels(x)
    found = fit(x, observed(y), 1e-3)
    assert found.reason == "converged"
    assert stationary(x, y, found.parameters[0], 1e-3, 0.0) <= 1.1e-9
    assert found.parameters[0, 0, 8] == 0.0


def test_weights_are_repetitions() -> None:
    rng = np.random.default_rng(7)
    x, times = plain(7, 200, 5), rng.integers(0, 4, 200)
    y = labels(x)
    weighted = fit(x, observed(y, times[:, None].astype(float)), 0.03)
    repeated = fit(x.repeat(times, 0), observed(y.repeat(times, 0)), 0.03)
    np.testing.assert_allclose(weighted.parameters, repeated.parameters, atol=1e-7)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.001, 0.2), st.floats(0.0, 0.1))
def test_permuting_features_permutes_weights(seed: int, l1: float, l2: float) -> None:
    x = plain(seed, 120, 6)
    y = labels(x, seed)
    if y.all() or not y.any():
        y[0] = ~y[0]
    order = np.random.default_rng(seed).permutation(6)
    one, other = fit(x, observed(y), l1, l2), fit(x[:, order], observed(y), l1, l2)
    assert stationary(x, y, one.parameters[0], l1, l2) <= 1.1e-9
    np.testing.assert_allclose(
        one.parameters[..., order], other.parameters[..., :-1], rtol=1e-5, atol=1e-6
    )


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30), st.floats(0.0, 1.0), st.booleans())
def test_the_quadratic_problem(seed: int, size: int, part: float, thin: bool) -> None:
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((size // 2 + 1 if thin else 2 * size, size))
    matrix = root.T @ root + 1e-6 * np.eye(size)
    gradient = root.T @ rng.standard_normal(len(root))
    start = rng.standard_normal(size) * (rng.random(size) < 0.5)
    weights = np.full(size, part * np.abs(gradient).max())
    weights[0] = 0.0
    scale = np.sqrt(np.diag(matrix))
    begin = (subgradient(gradient, start, weights) / scale).max()
    at = lasso(matrix, gradient, start, weights, 1e-6 * begin)
    ends = (subgradient(gradient + matrix @ (at - start), at, weights) / scale).max()
    assert ends <= 1.1e-6 * begin + 1e-12


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30), st.floats(0.01, 1.0))
def test_the_quadratic_problem_by_products(seed: int, size: int, part: float) -> None:
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((4 * size, size)) * 10.0 ** rng.integers(-3, 3, size)
    matrix, start = root.T @ root, rng.standard_normal(size)
    gradient = root.T @ rng.standard_normal(len(root))
    weights = np.full(size, part * np.abs(gradient).max())
    weights[0] = 0.0
    own = np.diag(matrix)
    begin = (subgradient(gradient, start, weights) / np.sqrt(own)).max()
    exact = lasso(matrix, gradient, start, weights, 1e-9 * begin)
    about = accelerated(matrix.__matmul__, own, gradient, start, weights, 1e-7 * begin)
    np.testing.assert_allclose(
        about * np.sqrt(own), exact * np.sqrt(own), atol=1e-5 * (1.0 + begin)
    )


def test_more_features_than_have_a_matrix() -> None:
    """Rows that cannot be had with some of the features, and most of these have a weight."""
    rng = np.random.default_rng(13)
    x = sparse.random_array((3000, 5000), density=0.004, rng=rng, format="csr")
    y = (rng.random(3000) < special.expit(x @ rng.standard_normal(5000)))[:, None]
    seen = observed(y)
    target = loss(SparseRows(x, seen), seen, 1e-6, 1, True)
    for l1 in (1e-7, 3e-4):
        found = Minimum(target.start(), np.zeros(1), np.ones(1), np.zeros(1, np.int64))
        elastic._descend(target, np.array([l1]), found, 1e-6, 300, None)
        assert found.reason == "converged"
        assert stationary(x, y, found.parameters[0], l1, 1e-6) <= 1.001e-6


@pytest.mark.parametrize("features", [5, 1200])
def test_an_interruption_leaves_the_last_iterate(features: int) -> None:
    x = plain(11, 300, 5)
    x = np.column_stack([x, np.zeros((300, features - 5))])
    seen = observed(labels(x))
    target = loss(DenseRows(x, seen), seen, 0.0, 1, True)

    def watch(iteration: int, parameters: Any) -> None:
        if iteration >= 2:
            raise KeyboardInterrupt

    found = minimise_elastic(target, np.array([1e-4]), target.start(), 1e-12, 100, watch)
    assert found.reason == "interrupted"
    assert np.isfinite(found.values).all()
    assert found.parameters[..., :-1].any()


@pytest.mark.parametrize("features", [5, 1200])
def test_too_few_iterations_are_said(features: int) -> None:
    x = plain(11, 300, 5)
    x = np.column_stack([x, np.zeros((300, features - 5))])
    seen = observed(labels(x))
    target = loss(DenseRows(x, seen), seen, 0.0, 1, True)
    found = minimise_elastic(target, np.array([1e-4]), target.start(), 1e-12, 1)
    assert found.reason == "iterations"
    assert found.sizes[0] > 1e-12


@pytest.mark.parametrize("l1", [[-1.0], [np.nan], [np.inf], [1.0, 1.0], 1.0])
def test_a_wrong_penalty_is_refused(l1: Any) -> None:
    x = plain(12, 50, 3)
    seen = observed(labels(x))
    target = loss(DenseRows(x, seen), seen, 0.0, 1, True)
    with pytest.raises(ValueError, match="l1 must have one entry"):
        minimise_elastic(target, np.asarray(l1), target.start(), 1e-6, 10)
