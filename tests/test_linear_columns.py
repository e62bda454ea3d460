"""Coordinate descent on sparse columns: the minimum of its quadratic model, and fits by it."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from ogive import _core
from ogive.linear_model import LogisticRegression, columns
from ogive.linear_model.columns import ByColumns, Columns
from ogive.linear_model.quadratic import lasso, subgradient


def draw(seed: int, n: int, p: int) -> tuple[Any, Any, Any, Any]:
    """A sparse matrix, curvatures, a gradient with that of the bias, and where to begin."""
    rng = np.random.default_rng(seed)
    matrix = sparse.random_array((n, p), density=0.3, format="csc", rng=rng)
    at = rng.standard_normal(p) * (rng.random(p) < 0.5)
    return matrix, rng.uniform(0.0, 0.3, n), rng.standard_normal(p + 1), at


def descend(matrix: Any, d: Any, g: Any, at: Any, l1: Any, ridge: float, bias: bool) -> Any:
    own = np.asarray(matrix.multiply(matrix).T @ d).ravel() + ridge
    return _core.coordinate_descent(
        matrix.data, matrix.indptr, matrix.indices, d, g[:-1], at, own, l1,
        np.array([g[-1], ridge, 1e-12, bias, 1e5]),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.floats(0.01, 2.0), st.booleans())
def test_the_minimum_is_that_of_the_matrix(seed: int, p: int, l1: float, bias: bool) -> None:
    matrix, d, g, at = draw(seed, 30, p)
    ridge, heavy = 0.05, np.full(p, l1)
    found, (shift, worst, _) = descend(matrix, d, g, at, heavy, ridge, bias)
    assert worst <= 1e-12
    whole = np.column_stack([matrix.toarray(), np.ones(30)])
    hessian = whole.T @ (d[:, None] * whole) + np.diag([*[ridge] * p, 0.0])
    if not bias:
        hessian[-1], hessian[:, -1] = 0.0, 0.0
        hessian[-1, -1], g[-1] = 1.0, 0.0
    wanted = lasso(hessian, g, np.append(at, 0.0), np.append(heavy, 0.0), 1e-11)
    np.testing.assert_allclose(found, wanted[:-1], atol=1e-7)
    np.testing.assert_allclose(shift, wanted[-1], atol=1e-7)
    step = np.append(found - at, shift)
    here = subgradient((g + hessian @ step)[:-1], found, heavy)
    assert here.max() < 1e-9


def test_operands_of_any_layout() -> None:
    matrix, d, g, at = draw(0, 40, 9)
    l1 = np.full(9, 0.1)
    wanted, told = descend(matrix, d, g, at, l1, 0.1, True)
    apart: Any = [np.repeat(each, 3)[::3] for each in (matrix.data, matrix.indices, d, g, at, l1)]
    same = matrix.copy()
    same.data, same.indices = apart[0], apart[1]
    own = np.asarray(matrix.multiply(matrix).T @ d).ravel() + 0.1
    found, also = _core.coordinate_descent(
        apart[0], matrix.indptr, apart[1], apart[2], apart[3][:-1], apart[4], own, apart[5],
        np.array([g[-1], 0.1, 1e-12, 1.0, 1e5]),
    )  # fmt: skip
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(also, told)


def test_single_precision_is_exact() -> None:
    matrix, d, g, at = draw(1, 40, 9)
    short = matrix.astype(np.float32)
    l1 = np.full(9, 0.1)
    found, _ = descend(short, d, g, at, l1, 0.1, True)
    wanted, _ = descend(short.astype(np.float64), d, g, at, l1, 0.1, True)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_columns_without_entries_and_few_sweeps() -> None:
    matrix = sparse.csc_array(np.array([[0.0, 1.0], [0.0, 2.0]]))
    d, settings_ = np.ones(2), np.array([0.0, 0.0, 1e-12, 0.0, 3.0])
    found, (_, _, sweeps) = _core.coordinate_descent(
        matrix.data, matrix.indptr, matrix.indices, d, np.array([0.0, -6.0]), np.zeros(2),
        np.array([0.0, 5.0]), np.full(2, 1.0), settings_,
    )  # fmt: skip
    np.testing.assert_array_equal(found, [0.0, 1.0])
    assert sweeps <= 3.0


def test_what_a_step_gains() -> None:
    matrix, d, g, _ = draw(2, 40, 9)
    model = Columns(ByColumns(matrix), d, 0.2, fit_intercept=True)
    step = np.random.default_rng(3).standard_normal((1, 10))
    whole = np.column_stack([matrix.toarray(), np.ones(40)])
    hessian = whole.T @ (d[:, None] * whole) + np.diag([*[0.2] * 9, 0.0])
    wanted = -g @ step[0] - 0.5 * step[0] @ hessian @ step[0]
    np.testing.assert_allclose(model.gain(g[None], step), wanted, rtol=1e-12)
    assert not model.full
    model.learn(step, step)
    assert model.full


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["binary", "multilabel"])
@pytest.mark.parametrize("ratio", [1.0, 0.6])
def test_many_sparse_features(
    kind: str, dtype: Any, ratio: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The optimum is that of the dense matrix, which another way leads to."""
    rng = np.random.default_rng(0)
    x = sparse.random_array((400, 1500), density=0.02, format="csr", rng=rng).astype(dtype)
    weights = rng.standard_normal((1500, 2)) * (rng.random((1500, 2)) < 0.1)
    y = (x @ weights + rng.logistic(size=(400, 2)) * 0.2 > 0).astype(int)
    y = y if kind == "multilabel" else y[:, 0]
    weight = rng.integers(1, 3, 400)
    used, target = [], Columns.target

    def spy(self: Columns, *arguments: Any) -> Any:
        used.append(arguments)
        return target(self, *arguments)

    monkeypatch.setattr(Columns, "target", spy)
    monkeypatch.setattr("ogive.linear_model.elastic._THIN", 100)
    model = LogisticRegression(alpha=5e-4, l1_ratio=ratio, tol=1e-9)
    found = model.fit(x, y, weight).coef_
    assert used
    assert model.solver_report_.reason == "converged"
    used.clear()
    dense = LogisticRegression(alpha=5e-4, l1_ratio=ratio, tol=1e-9).fit(x.toarray(), y, weight)
    assert not used
    np.testing.assert_allclose(found, dense.coef_, atol=1e-5)


def test_examples_run() -> None:
    result = doctest.testmod(columns)
    assert result.attempted
    assert not result.failed
