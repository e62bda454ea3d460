"""The minimiser of penalised losses: the optimum, on easy data and on hard."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, optimize, sparse, special

from ogive.linear_model.curvature import JointCurvature, factorised
from ogive.linear_model.in_memory import DenseRows, SparseRows
from ogive.linear_model.minimise import Minimum, minimise
from ogive.linear_model.objective import PenalisedLoss
from ogive.linear_model.rows import Observed, Rows


def objective(rows: Rows, alpha: Any, classes: int, intercept: bool = True) -> PenalisedLoss:
    seen: Observed = rows.observed  # type: ignore[attr-defined]
    total = np.broadcast_to(seen.weight, (rows.shape[0], seen.weight.shape[1])).sum(0)
    if seen.of_labels:
        base = (seen.target * seen.weight).sum(0)[:, None]
        total = np.broadcast_to(total, len(base))
        base = base / total[:, None]
    else:
        hot = np.eye(classes)[seen.target]
        base = (seen.weight.T @ hot) / total[:, None]
    penalty = np.broadcast_to(np.asarray(alpha, float), len(base))
    return PenalisedLoss(rows, penalty, total, base, intercept)


def fit(rows: Rows, alpha: Any, classes: int = 1, tol: float = 1e-9, **options: Any) -> Minimum:
    target = objective(rows, alpha, classes, **options)
    return minimise(target, target.start(), tol, 500)


def observed(target: Any, weight: Any = None) -> Observed:
    weight = np.ones((len(target), 1)) if weight is None else weight
    return Observed(target, weight, np.zeros((1, 1)))


def labels(x: Any, seed: int = 0, problems: int = 1) -> Any:
    rng = np.random.default_rng(seed)
    scale = np.where(x.std(0) > 0, x.std(0), 1.0)
    scores = (x - x.mean(0)) / scale @ rng.standard_normal((x.shape[1], problems))
    return rng.random(scores.shape) < special.expit(scores)


def newton(x: Any, y: Any, alpha: float) -> Any:
    """The optimum by Newton's method in standardised features, for one label."""
    mean, scale = x.mean(0), x.std(0)
    z = np.column_stack([(x - mean) / scale, np.ones(len(x))])
    penalty = np.append(alpha / scale**2, 0.0)
    w = np.zeros(z.shape[1])
    for _ in range(100):
        p = special.expit(z @ w)
        gradient = z.T @ (p - y) / len(y) + penalty * w
        hessian = (z.T * (p * (1 - p))) @ z / len(y) + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        value = lambda w: np.mean(np.logaddexp(0, z @ w) - y * (z @ w)) + penalty @ w**2 / 2  # noqa: E731
        length = 1.0
        while value(w - length * step) > value(w) and length > 1e-9:
            length /= 2
        w = w - length * step
        if np.abs(gradient).max() < 1e-13:
            break
    weights = w[:-1] / scale
    return np.append(weights, w[-1] - weights @ mean)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("alpha", [0.0, 1e-4, 0.1, 10.0])
def test_the_optimum_of_one_label(alpha: float, dtype: type) -> None:
    rng = np.random.default_rng(1)
    x = (rng.standard_normal((400, 6)) @ rng.standard_normal((6, 6)) + 3.0).astype(dtype)
    y = labels(x.astype(float))
    found = fit(DenseRows(x, observed(y)), alpha)
    assert found.reason == "converged"
    np.testing.assert_allclose(
        found.parameters[0, 0], newton(x.astype(float), y[:, 0], alpha), rtol=1e-5, atol=1e-7
    )


def hard_sets() -> dict[str, tuple[Any, Any]]:
    rng = np.random.default_rng(3)
    n = 3000
    plain = rng.standard_normal((n, 5))
    scaled = plain * 10.0 ** np.array([-6, -3, 0, 3, 6])
    heavy = np.exp(1.5 * rng.standard_normal((n, 4))) * [0.01, 1.0, 100.0, 1000.0]
    hot = np.eye(8)[rng.integers(0, 8, n)]
    collinear = np.column_stack([plain, plain @ rng.standard_normal((5, 2))])
    far = plain + 1e3
    return {
        "scaled": (scaled, 0.0),
        "heavy": (np.column_stack([hot[:, 1:], heavy]), 1e-6),
        "collinear": (collinear, 1e-8),
        "far": (far, 0.0),
        "constant": (np.column_stack([plain, np.full(n, 7.0)]), 1e-6),
    }


@pytest.mark.parametrize("name", hard_sets())
def test_the_optimum_of_hard_sets(name: str) -> None:
    x, alpha = hard_sets()[name]
    y = labels(x)
    found = fit(DenseRows(x, observed(y)), alpha, tol=1e-8)
    assert found.reason == "converged", found
    assert found.passes < 100
    if name not in ("collinear", "constant"):
        best = newton(x, y[:, 0], alpha)
        scores = x @ found.parameters[0, 0, :-1] + found.parameters[0, 0, -1]
        np.testing.assert_allclose(scores, x @ best[:-1] + best[-1], rtol=1e-3, atol=1e-3)


def test_what_rounding_does_not_allow_is_said() -> None:
    """Next to 1e6, biases are rounded to 1e-10, which shows in derivatives by weights as 1e-5."""
    x = np.random.default_rng(3).standard_normal((2000, 3))
    y = labels(x)
    found = fit(DenseRows(x + 1e6, observed(y)), 0.0, tol=1e-9)
    assert found.reason == "precision"
    assert found.passes < 200
    best = newton(x, y[:, 0], 0.0)
    np.testing.assert_allclose(found.parameters[0, 0, :-1], best[:-1], rtol=1e-3, atol=1e-3)


def test_rare_labels() -> None:
    x = np.random.default_rng(5).standard_normal((5000, 4))
    y = (np.random.default_rng(6).random(5000) < special.expit(x @ np.ones(4) - 5.0))[:, None]
    assert y.mean() < 0.04
    found = fit(DenseRows(x, observed(y)), 0.0)
    assert found.reason == "converged"
    np.testing.assert_allclose(found.parameters[0, 0], newton(x, y[:, 0], 0.0), rtol=1e-6)


@pytest.mark.parametrize("intercept", [True, False])
def test_classes_beside_scipys_minimiser(intercept: bool) -> None:
    rng = np.random.default_rng(2)
    x, classes, alpha = rng.standard_normal((300, 4)) + 1.0, 3, 0.01
    y = rng.integers(0, classes, 300)
    rows = DenseRows(x, observed(y))
    found = fit(rows, alpha, classes, intercept=intercept, tol=1e-10)
    target = objective(rows, alpha, classes, intercept)

    def value(flat: Any) -> tuple[float, Any]:
        values, gradients = target.evaluate(flat.reshape(1, classes, 5), np.arange(1))
        return values[0], gradients.ravel()

    other = optimize.minimize(
        value, np.zeros(15), jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 500}
    )
    assert found.reason == "converged"
    assert found.values[0] == pytest.approx(other.fun, abs=1e-14)
    np.testing.assert_allclose(
        found.parameters[0, :, :-1].ravel(), other.x.reshape(3, 5)[:, :-1].ravel(), atol=1e-6
    )
    # The losses do not change with the sum over the classes: its derivative is alpha times itself.
    assert np.abs(found.parameters[0, :, :-1].sum(0)).max() <= classes * 1e-10 / alpha
    assert intercept or not found.parameters[..., -1].any()


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("alpha", [0.0, 1e-4])
def test_the_joint_hessian_of_classes(alpha: float, intercept: bool) -> None:
    """One step with it, from next to the optimum, squares the distance."""
    rng = np.random.default_rng(12)
    x = rng.standard_normal((400, 5)) * [1.0, 1e3, 1e-3, 1.0, 1.0] + 2.0
    y = rng.integers(0, 4, 400)
    target = objective(DenseRows(x, observed(y)), alpha, 4, intercept)
    best = minimise(target, target.start(), 1e-12, 500).parameters
    everything = np.arange(1)
    near = best * (1.0 + 1e-6 * rng.standard_normal(best.shape))
    _, gradient = target.evaluate(near, everything)
    joint = target.curvature(near, everything)
    assert isinstance(joint, JointCurvature)
    scores = [
        np.einsum("np,kp->nk", x, at[0, :, :-1]) + at[0, :, -1]
        for at in (near - joint.solve(gradient), near, best)
    ]
    scores = [part - part.mean(1, keepdims=True) for part in scores]
    assert np.abs(scores[0] - scores[2]).max() < 1e-3 * np.abs(scores[1] - scores[2]).max()


def test_a_direction_that_leads_nowhere_is_tried_with_the_hessian() -> None:
    """The weights of the classes are so unequal that what is known at the start says little."""
    rng = np.random.default_rng(13)
    x, y = rng.standard_normal((150, 4)), rng.integers(0, 3, 150)
    weight = np.array([1.0, 1e-7, 1.0])[y][:, None]
    found = fit(DenseRows(x, observed(y, weight)), 1e-2, 3, tol=1e-9)
    assert found.reason == "converged"


def test_a_matrix_that_is_no_number_ends() -> None:
    matrix = np.eye(3)
    matrix[1, 0] = matrix[0, 1] = np.nan
    with pytest.raises(linalg.LinAlgError):
        factorised(matrix)


def test_labels_are_problems_of_their_own() -> None:
    x = np.random.default_rng(4).standard_normal((500, 7))
    y = labels(x, problems=5)
    alpha = np.array([1e-3, 0.1, 0.0, 1.0, 1e-2])
    together = fit(DenseRows(x, observed(y)), alpha)
    for q in range(5):
        alone = fit(DenseRows(x, observed(y[:, [q]])), alpha[q])
        np.testing.assert_allclose(together.parameters[q], alone.parameters[0], atol=1e-7)
    assert together.passes < 40


def test_weights_are_repetitions() -> None:
    rng = np.random.default_rng(7)
    x, times = rng.standard_normal((200, 3)), rng.integers(0, 4, 200)
    y = labels(x)
    weighted = fit(DenseRows(x, observed(y, times[:, None].astype(float))), 0.01)
    repeated = fit(DenseRows(x.repeat(times, 0), observed(y.repeat(times, 0))), 0.01)
    np.testing.assert_allclose(weighted.parameters, repeated.parameters, atol=1e-8)


def test_sparse_and_dense_are_one() -> None:
    rng = np.random.default_rng(8)
    x = rng.standard_normal((300, 20)) * (rng.random((300, 20)) < 0.2)
    y = labels(x, problems=2)
    dense = fit(DenseRows(x, observed(y)), 1e-3)
    thin = fit(SparseRows(sparse.csr_array(x), observed(y)), 1e-3)
    np.testing.assert_allclose(dense.parameters, thin.parameters, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(-5, 5), st.floats(-100, 100))
def test_scaling_and_shifting_a_feature_changes_no_score(
    seed: int, power: int, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((150, 3))
    y = rng.random((150, 1)) < special.expit(x @ np.ones(3))[:, None]
    moved = x.copy()
    moved[:, 1] = moved[:, 1] * 10.0**power + shift
    one, other = (fit(DenseRows(part, observed(y)), 0.0, tol=1e-9) for part in (x, moved))
    scores = [
        part @ found.parameters[0, 0, :-1] + found.parameters[0, 0, -1]
        for part, found in ((x, one), (moved, other))
    ]
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-3, atol=1e-3)


def test_an_interruption_leaves_the_last_iterate() -> None:
    x = np.random.default_rng(9).standard_normal((300, 5))
    rows = DenseRows(x, observed(labels(x)))
    target = objective(rows, 1e-3, 1)

    def watch(iteration: int, parameters: Any) -> None:
        if iteration == 2:
            raise KeyboardInterrupt

    found = minimise(target, target.start(), 1e-12, 100, watch)
    assert found.reason == "interrupted"
    assert np.isfinite(found.values).all()
    assert found.parameters[..., :-1].any()


def test_too_few_iterations_are_said() -> None:
    x = np.random.default_rng(9).standard_normal((300, 5))
    target = objective(DenseRows(x, observed(labels(x))), 1e-3, 1)
    found = minimise(target, target.start(), 1e-12, 1)
    assert found.reason == "iterations"
    assert found.sizes[0] > 1e-12
