"""The native pass over the rows of a regression: losses and gradients, whatever the layout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from mpmath import exp, log1p, mp, mpf
from scipy import sparse, special

from ogive.linear_model.in_memory import Blocks, DenseRows, SparseRows
from ogive.linear_model.rows import Observed, Parameters, Rows


def problem(kind: str, n: int, p: int, problems: int, seed: int = 0) -> tuple[Any, Observed, Any]:
    """Rows, what was observed of them, and parameters."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, p))
    classes = 1 if kind == "labels" else 4
    parameters = Parameters(
        rng.standard_normal((problems, classes, p)), rng.standard_normal((problems, classes))
    )
    target = rng.random((n, problems)) < 0.4 if kind == "labels" else rng.integers(0, classes, n)
    weight = rng.random((n, problems)) * rng.integers(0, 3, (n, problems))
    offset = rng.standard_normal((n, problems if kind == "labels" else classes))
    return x, Observed(target, weight, offset), parameters


def expected(x: Any, observed: Observed, parameters: Parameters) -> tuple[Any, Any, Any]:
    """The same sums with NumPy."""
    scores = np.einsum("np,qkp->nqk", x, parameters.weights) + parameters.biases
    weight = observed.weight[:, :, None]
    if observed.of_labels:
        scores += observed.offset[:, :, None]
        target = observed.target[:, :, None]
        losses = np.logaddexp(0, scores) - target * scores
        slopes = special.expit(scores) - target
    else:
        scores += observed.offset[:, None, :]
        hot = np.eye(scores.shape[2])[observed.target][:, None, :]
        losses = -(special.log_softmax(scores, 2) * hot).sum(2, keepdims=True)
        slopes = special.softmax(scores, 2) - hot
    slopes = slopes * weight
    return (losses * weight).sum((0, 2)), np.einsum("nqk,np->qkp", slopes, x), slopes.sum(0)


def check(rows: Rows, wanted: tuple[Any, Any, Any], parameters: Parameters) -> None:
    found = rows.evaluate(parameters)
    scale = np.abs(wanted[1]).max(initial=1.0)
    np.testing.assert_allclose(found.losses, wanted[0], rtol=1e-13)
    np.testing.assert_allclose(found.gradient.weights, wanted[1], atol=1e-13 * scale, rtol=1e-12)
    np.testing.assert_allclose(found.gradient.biases, wanted[2], atol=1e-12, rtol=1e-12)


LAYOUTS = {
    "rows": lambda x: x,
    "columns": np.asfortranarray,
    "strided": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "backwards": lambda x: x[::-1].copy()[::-1],
    "part": lambda x: np.pad(x, ((0, 0), (1, 2)))[:, 1:-2],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["labels", "classes"])
@pytest.mark.parametrize("problems", [1, 2, 7])
def test_dense_rows(kind: str, dtype: type, layout: str, problems: int) -> None:
    x, observed, parameters = problem(kind, 301, 13, problems)
    x = x.astype(dtype)
    wanted = expected(x.astype(np.float64), observed, parameters)
    check(DenseRows(LAYOUTS[layout](x), observed), wanted, parameters)


@pytest.mark.parametrize("kind", ["labels", "classes"])
@pytest.mark.parametrize("p", [0, 1, 2, 7, 8, 9, 31, 64, 100, 333])
def test_every_number_of_features(kind: str, p: int) -> None:
    x, observed, parameters = problem(kind, 70, p, 3, p)
    check(DenseRows(x, observed), expected(x, observed, parameters), parameters)


@pytest.mark.parametrize("n", [0, 1, 3, 15, 16, 17, 255, 256, 257, 1500])
def test_every_number_of_rows(n: int) -> None:
    for kind in ("labels", "classes"):
        x, observed, parameters = problem(kind, n, 5, 2, n)
        check(DenseRows(x, observed), expected(x, observed, parameters), parameters)


@pytest.mark.parametrize("kind", ["labels", "classes"])
@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix])
def test_sparse_rows(kind: str, form: Any) -> None:
    x, observed, parameters = problem(kind, 120, 30, 2)
    x[np.random.default_rng(1).random(x.shape) < 0.8] = 0.0
    check(SparseRows(form(x), observed), expected(x, observed, parameters), parameters)


@pytest.mark.parametrize("kind", ["labels", "classes"])
def test_blocks_add_up(kind: str) -> None:
    x, observed, parameters = problem(kind, 100, 6, 2)
    parts = [slice(0, 33), slice(33, 34), slice(34, 100)]
    blocks = Blocks([DenseRows(x[part], observed.of_rows(part)) for part in parts])
    check(blocks, expected(x, observed, parameters), parameters)
    chosen = np.array([1])
    some = Parameters(parameters.weights[chosen], parameters.biases[chosen])
    wanted = expected(x, observed, parameters)
    check(blocks.of_problems(chosen), tuple(part[chosen] for part in wanted), some)


@pytest.mark.parametrize("score", [0.0, 1e-3, 5.0, 36.0, 40.0, 500.0, 699.0, 720.0, 1e5])
@pytest.mark.parametrize("right", [True, False])
def test_tails(score: float, right: bool) -> None:
    """The loss of a score far out, and its slope, to the last digits."""
    side = -1 if right else 1
    with mp.workdps(400):
        loss = log1p(exp(mpf(side * score))) if score < 800 else mpf(max(side * score, 0.0))
        slope = 1 / (1 + exp(mpf(-side * score))) if score < 800 else mpf(0 if right else 1)
        wanted = float(loss), float(slope)
    observed = Observed(np.array([[right]]), np.ones((1, 1)), np.array([[score]]))
    nothing = Parameters(np.zeros((1, 1, 1)), np.zeros((1, 1)))
    found = DenseRows(np.ones((1, 1)), observed).evaluate(nothing)
    assert found.losses[0] == pytest.approx(wanted[0], rel=4e-16, abs=1e-300)
    assert abs(found.gradient.biases[0, 0]) == pytest.approx(wanted[1], rel=1e-15, abs=1e-300)


@pytest.mark.parametrize("kind", ["labels", "classes"])
def test_threads_change_the_last_digits_only(kind: str) -> None:
    import ogive

    x, observed, parameters = problem(kind, 40_000, 60, 2)
    before = ogive.get_num_threads()
    try:
        found = []
        for threads in (1, 2, 3):
            ogive.set_num_threads(threads)
            found.append(DenseRows(x, observed).evaluate(parameters).gradient.weights)
    finally:
        ogive.set_num_threads(before)
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=1e-11, atol=1e-9)


@pytest.mark.parametrize("kind", ["labels", "classes"])
def test_scatter_is_the_hessian(kind: str) -> None:
    """A diagonal block of the Hessian is the scatter about 0; by differences of the gradient."""
    x, observed, parameters = problem(kind, 200, 4, 2)
    rows = DenseRows(x, observed)
    scatter = rows.scatter(np.zeros(4), parameters, 1, False)
    thin = rows.scatter(np.zeros(4), parameters, 1, True)
    sparse_rows = SparseRows(sparse.csr_array(x), observed)
    alike = sparse_rows.scatter(np.zeros(4), parameters, 1, False)
    np.testing.assert_allclose(alike.second, scatter.second, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(thin.second, np.einsum("vpp->vp", scatter.second), rtol=1e-12)
    step, classes = 1e-6, parameters.weights.shape[1]
    for v in range(len(scatter.total)):
        q, k = divmod(v, classes)
        for j in range(4):
            by_step = []
            for sign in (1.0, -1.0):
                weights = parameters.weights.copy()
                weights[q, k, j] += sign * step
                gradient = rows.evaluate(Parameters(weights, parameters.biases)).gradient
                by_step.append((gradient.weights[q, k], gradient.biases[q, k]))
            found = (by_step[0][0] - by_step[1][0]) / (2 * step)
            np.testing.assert_allclose(scatter.second[v, j], found, rtol=1e-5, atol=1e-5)
            found = (by_step[0][1] - by_step[1][1]) / (2 * step)
            np.testing.assert_allclose(scatter.first[v, j], found, rtol=1e-5, atol=1e-5)
