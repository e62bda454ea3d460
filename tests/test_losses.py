"""The losses against mpmath, against PyTorch in float64, and against their own differences."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

import ogive
from ogive import losses

DTYPES = ("float32", "float64")
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


def _ulps(got: Any, exact: Any, dtype: str) -> float:
    """The error in units in the last place of the exact result, in its own precision."""
    with mpmath.workdps(60):
        exact = mpmath.mpf(exact)
        unit = mpmath.mpf(float(np.spacing(np.abs(np.dtype(dtype).type(float(exact))))))
        return float(abs(mpmath.mpf(float(got)) - exact) / unit)


# ---- binary ----------------------------------------------------------------------------------


def _exact_binary(x: float, t: float, p: float = 1.0) -> tuple[Any, Any]:
    x, t, p = mpmath.mpf(x), mpmath.mpf(t), mpmath.mpf(p)

    def softplus(z: Any) -> Any:
        return mpmath.log1p(mpmath.exp(z))

    def sigmoid(z: Any) -> Any:
        return 1 / (1 + mpmath.exp(-z))

    loss = (1 - t) * softplus(x) + p * t * softplus(-x)
    return loss, (1 - t) * sigmoid(x) - p * t * sigmoid(-x)


@each_dtype
def test_binary_cross_entropy_in_both_tails(dtype: str) -> None:
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(0, 10, 300), rng.uniform(-85, 85, 200), [0.0, -0.0, 20, -20]])
    x = x.astype(dtype)
    for t in (0.0, 1.0):
        loss, gradient = losses.binary_cross_entropy_with_logits(
            x, np.full_like(x, t), reduction="none", with_grad=True
        )
        assert loss.dtype == gradient.dtype == dtype
        with mpmath.workdps(60):
            for i, value in enumerate(x):
                exact, slope = _exact_binary(float(value), t)
                assert _ulps(loss[i], exact, dtype) <= 2
                assert _ulps(gradient[i], slope, dtype) <= 2


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("soft", [0.0, 0.001, 0.5])
def test_binary_cross_entropy_of_a_logit_depends_on_no_other(dtype: str, soft: float) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(0, 20, 3001).astype(dtype)
    t = (rng.random(3001) < 0.5).astype(dtype)
    t[rng.random(3001) < soft] = 0.25
    x[[100, 999, 2000]] = [np.inf, -np.inf, np.nan]
    for keywords in ({}, {"weight": np.array(3, dtype)}, {"pos_weight": np.array(0.5, dtype)}):
        loss, gradient = losses.binary_cross_entropy_with_logits(
            x, t, reduction="none", with_grad=True, **keywords
        )
        each = [
            losses.binary_cross_entropy_with_logits(
                x[i : i + 1], t[i : i + 1], reduction="none", with_grad=True, **keywords
            )
            for i in range(x.size)
        ]
        np.testing.assert_array_equal(loss, np.concatenate([one for one, _ in each]))
        np.testing.assert_array_equal(gradient, np.concatenate([slope for _, slope in each]))
        ordinary = np.isfinite(x)
        total = losses.binary_cross_entropy_with_logits(
            x[ordinary], t[ordinary], reduction="sum", **keywords
        )
        rest = 64 * float(np.finfo(dtype).eps)
        assert total == pytest.approx(loss[ordinary].astype(float).sum(), rel=rest)


def test_the_gradient_that_others_lose() -> None:
    x, t = np.array([20.0], np.float32), np.array([1.0], np.float32)
    loss, gradient = losses.binary_cross_entropy_with_logits(x, t, with_grad=True)
    assert gradient[0] == np.float32(-2.0611537e-09)
    assert loss == pytest.approx(2.061153620314381e-09, rel=1e-12)
    z = np.array([[20.0, 0.0]], np.float32)
    loss, gradient = losses.cross_entropy(z, [0], with_grad=True)
    assert loss == pytest.approx(2.0611536181902037e-09, rel=1e-7)
    np.testing.assert_array_equal(gradient, np.array([[-2.0611537e-09, 2.0611537e-09]], "f"))


CASES: list[dict[str, Any]] = [
    {},
    {"weight": np.array([0.5, 2.0, 0.0])},
    {"pos_weight": np.array([3.0, 0.25, 1.0])},
    {"weight": np.arange(12.0).reshape(4, 3), "pos_weight": np.array(2.0)},
]


@each_dtype
@pytest.mark.parametrize("keywords", CASES, ids=lambda k: "+".join(k) or "plain")
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_binary_cross_entropy_is_that_of_pytorch(
    dtype: str, keywords: dict[str, Any], reduction: str
) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(0, 3, (4, 3)).astype(dtype)
    t = rng.uniform(0, 1, (4, 3)).astype(dtype)
    for layout in (np.array, np.asfortranarray, lambda a: np.repeat(a, 2, 0)[::2]):
        got = losses.binary_cross_entropy_with_logits(
            layout(x), layout(t), reduction=reduction, with_grad=True, **keywords
        )
        z = torch.tensor(x.astype("d"), requires_grad=True)
        theirs = {k: torch.tensor(v) for k, v in keywords.items()}
        loss = F.binary_cross_entropy_with_logits(
            z, torch.tensor(t.astype("d")), reduction=reduction, **theirs
        )
        loss.sum().backward()
        eps = float(np.finfo(dtype).eps)
        # torch's own terms are rounded, and its sum.
        np.testing.assert_allclose(got[0], loss.detach().numpy(), rtol=8 * eps, atol=32 * eps)
        np.testing.assert_allclose(got[1], z.grad.numpy(), rtol=8 * eps, atol=32 * eps)
        alone = losses.binary_cross_entropy_with_logits(
            layout(x), layout(t), reduction=reduction, **keywords
        )
        np.testing.assert_array_equal(alone, got[0])


def test_weights_of_long_rows_are_not_written_out() -> None:
    rng = np.random.default_rng(3)
    x, t = rng.normal(0, 3, (5, 700)), rng.integers(0, 2, (5, 700)).astype(float)
    w = rng.uniform(0, 2, 700)
    loss, gradient = losses.binary_cross_entropy_with_logits(
        x, t, w, "sum", pos_weight=w, with_grad=True
    )
    one, each = losses.binary_cross_entropy_with_logits(
        x, t, np.tile(w, (5, 1)), "none", pos_weight=w, with_grad=True
    )
    assert loss == pytest.approx(one.sum(), rel=1e-14)
    np.testing.assert_array_equal(gradient, each)


@each_dtype
@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("alpha", [-1.0, 0.25, 1.0])
def test_focal_loss(dtype: str, alpha: float, gamma: float) -> None:
    rng = np.random.default_rng(4)
    x = np.concatenate([rng.normal(0, 5, 40), [20.0, -20.0, 0.0]]).astype(dtype)
    bound = 8.0
    for t in (0.0, 1.0):
        loss, gradient = losses.sigmoid_focal_loss(
            x, np.full_like(x, t), alpha, gamma, with_grad=True
        )
        weight = 1.0 if alpha < 0 else alpha * t + (1 - alpha) * (1 - t)
        with mpmath.workdps(60):
            for i, value in enumerate(x):

                def exact(z: Any, t: float = t, weight: float = weight) -> Any:
                    wrong = z if t == 0 else -z
                    q = 1 / (1 + mpmath.exp(-wrong))
                    return weight * q ** mpmath.mpf(gamma) * mpmath.log1p(mpmath.exp(wrong))

                z = mpmath.mpf(float(value))
                if not weight:
                    assert loss[i] == gradient[i] == 0
                    continue
                assert _ulps(loss[i], exact(z), dtype) <= bound
                assert _ulps(gradient[i], mpmath.diff(exact, z), dtype) <= bound


def test_focal_loss_of_gamma_0_is_cross_entropy() -> None:
    rng = np.random.default_rng(5)
    x, t = rng.normal(0, 5, 100), rng.uniform(0, 1, 100)
    got = losses.sigmoid_focal_loss(x, t, -1, 0.0, "mean", with_grad=True)
    expected = losses.binary_cross_entropy_with_logits(x, t, with_grad=True)
    np.testing.assert_allclose(got[0], expected[0], rtol=1e-15)
    np.testing.assert_allclose(got[1], expected[1], rtol=1e-14, atol=1e-18)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("weight", [None, np.array([0.5, 2.0, 1.0])])
def test_multilabel_is_that_of_pytorch(reduction: str, weight: Any) -> None:
    rng = np.random.default_rng(6)
    x, t = rng.normal(0, 3, (6, 3)), rng.integers(0, 2, (6, 3)).astype(float)
    got = losses.multilabel_soft_margin_loss(x, t, weight, reduction, with_grad=True)
    z = torch.tensor(x, requires_grad=True)
    theirs = None if weight is None else torch.tensor(weight)
    loss = F.multilabel_soft_margin_loss(z, torch.tensor(t), theirs, reduction=reduction)
    loss.sum().backward()
    np.testing.assert_allclose(got[0], loss.detach().numpy(), rtol=1e-14)
    np.testing.assert_allclose(got[1], z.grad.numpy(), rtol=1e-14, atol=1e-17)


# ---- cross-entropy ---------------------------------------------------------------------------


def _exact_classes(row: np.ndarray, t: int) -> tuple[Any, list[Any]]:
    x = [mpmath.mpf(float(v)) for v in row]
    powers = [mpmath.exp(v - x[t]) for v in x]
    total = mpmath.fsum(powers)
    others = mpmath.fsum(p for i, p in enumerate(powers) if i != t)
    gradient = [p / total for p in powers]
    gradient[t] = -others / total
    return mpmath.log1p(others), gradient


@each_dtype
@pytest.mark.parametrize("classes", [1, 2, 3, 10, 64, 65, 130, 193, 300])
def test_every_gradient_of_classes_is_within_two_ulp(dtype: str, classes: int) -> None:
    rng = np.random.default_rng(classes)
    x = np.concatenate([rng.normal(0, scale, (6, classes)) for scale in (0.1, 3.0, 30.0)])
    x[0, 0] += 25
    x = x.astype(dtype)
    t = rng.integers(0, classes, len(x))
    t[0] = 0
    t[1::3] = x[1::3].argmax(1)
    loss, gradient = losses.cross_entropy(x, t, reduction="none", with_grad=True)
    with mpmath.workdps(60):
        for i, row in enumerate(x):
            exact, slopes = _exact_classes(row, int(t[i]))
            assert _ulps(loss[i], exact, dtype) <= 2
            for j, slope in enumerate(slopes):
                assert _ulps(gradient[i, j], slope, dtype) <= 2, (row, t[i], j)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("weight", [None, np.array([0.5, 2.0, 0.0, 1.0])])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("kind", ["classes", "probabilities"])
@pytest.mark.parametrize("shape", [(4,), (7, 4), (3, 4, 2, 5)])
def test_cross_entropy_is_that_of_pytorch(
    reduction: str, weight: Any, smoothing: float, kind: str, shape: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(0, 3, shape)
    axis = 1 if len(shape) > 1 else 0
    if kind == "classes":
        t = np.asarray(rng.integers(0, 4, shape[:axis] + shape[axis + 1 :]))
        if t.size > 2:
            t.reshape(-1)[1] = -100
    else:
        t = ogive.softmax(rng.normal(0, 1, shape), axis)
    for dtype, tolerance in (("float64", 1e-13), ("float32", 1e-5)):
        got = losses.cross_entropy(
            x.astype(dtype), t, weight, -100, reduction, smoothing, with_grad=True
        )
        z = torch.tensor(x.astype(dtype).astype("d"), requires_grad=True)
        theirs = None if weight is None else torch.tensor(weight)
        loss = F.cross_entropy(
            z, torch.tensor(t), theirs, reduction=reduction, label_smoothing=smoothing
        )
        loss.sum().backward()
        np.testing.assert_allclose(got[0], loss.detach().numpy(), rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(got[1], z.grad.numpy(), rtol=tolerance, atol=tolerance)
        alone = losses.cross_entropy(x.astype(dtype), t, weight, -100, reduction, smoothing)
        np.testing.assert_array_equal(alone, got[0])
        # In place, and into another array of another layout.
        into = x.astype(dtype)
        result = losses.cross_entropy(
            into, t, weight, -100, reduction, smoothing, with_grad=True, out=into
        )
        assert result[1] is into
        np.testing.assert_array_equal(into, got[1])
        backwards = np.empty((*shape, 2), dtype)[..., 1]
        losses.cross_entropy(
            x.astype(dtype), t, weight, -100, reduction, smoothing, with_grad=True, out=backwards
        )
        np.testing.assert_array_equal(backwards, got[1])


def test_a_row_longer_than_what_is_kept() -> None:
    rng = np.random.default_rng(8)
    x = rng.normal(0, 3, (2, 100_000))
    for dtype in DTYPES:
        loss, gradient = losses.cross_entropy(x.astype(dtype), [5, 7], with_grad=True)
        p = ogive.softmax(x.astype(dtype).astype("d"))
        p[[0, 1], [5, 7]] -= 1
        np.testing.assert_allclose(gradient, p / 2, rtol=4 * np.finfo(dtype).eps)
        expected = -ogive.log_softmax(x.astype(dtype).astype("d"))[[0, 1], [5, 7]].mean()
        assert loss == pytest.approx(expected, rel=1e-12 if dtype == "float64" else 1e-7)


@each_dtype
def test_infinite_logits(dtype: str) -> None:
    x = np.array([[np.inf, 0.0], [-np.inf, 1.0], [-np.inf, -np.inf], [np.nan, 0.0]], dtype)
    loss, gradient = losses.cross_entropy(x, [0, 0, 0, 0], reduction="none", with_grad=True)
    np.testing.assert_array_equal(loss, [0, np.inf, np.nan, np.nan])
    np.testing.assert_array_equal(np.abs(gradient[:2]), [[0, 0], [1, 1]])
    assert np.isnan(gradient[2:]).all()
    values = np.array([np.inf, -np.inf, np.nan], dtype)
    loss, gradient = losses.binary_cross_entropy_with_logits(
        values, np.ones(3, dtype), reduction="none", with_grad=True
    )
    np.testing.assert_array_equal(loss, [0, np.inf, np.nan])
    np.testing.assert_array_equal(gradient, [0, -1, np.nan])


# ---- of log-probabilities --------------------------------------------------------------------


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("weight", [None, np.array([0.5, 2.0, 0.1, 1.0])])
@pytest.mark.parametrize("shape", [(4,), (7, 4), (3, 4, 2)])
def test_nll_is_that_of_pytorch(reduction: str, weight: Any, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(9)
    axis = 1 if len(shape) > 1 else 0
    x = ogive.log_softmax(rng.normal(0, 1, shape), axis)
    t = np.asarray(rng.integers(0, 4, shape[:axis] + shape[axis + 1 :]))
    if t.size > 2:
        t.reshape(-1)[1] = -100
    got = losses.nll_loss(x, t, weight, reduction=reduction, with_grad=True)
    z = torch.tensor(x, requires_grad=True)
    theirs = None if weight is None else torch.tensor(weight)
    loss = F.nll_loss(z, torch.tensor(t), theirs, reduction=reduction)
    loss.sum().backward()
    np.testing.assert_allclose(got[0], loss.detach().numpy(), rtol=1e-14)
    np.testing.assert_allclose(got[1], z.grad.numpy(), rtol=1e-14)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum", "batchmean"])
@pytest.mark.parametrize("log_target", [False, True])
@pytest.mark.filterwarnings("ignore:reduction:UserWarning")
def test_kl_div_is_that_of_pytorch(reduction: str, log_target: bool) -> None:
    rng = np.random.default_rng(10)
    x = ogive.log_softmax(rng.normal(0, 1, (5, 4)))
    t = ogive.softmax(rng.normal(0, 1, (5, 4)))
    t[0] = [0, 1, 0, 0]
    if log_target:
        t[0] = 0.25
        t = np.log(t)
    got = losses.kl_div(x, t, reduction, log_target, with_grad=True)
    z = torch.tensor(x, requires_grad=True)
    loss = F.kl_div(z, torch.tensor(t), reduction=reduction, log_target=log_target)
    loss.sum().backward()
    np.testing.assert_allclose(got[0], loss.detach().numpy(), rtol=1e-13)
    np.testing.assert_allclose(got[1], z.grad.numpy(), rtol=1e-13)


# ---- laws ------------------------------------------------------------------------------------

finite = st.floats(-30, 30)


@settings(max_examples=100, deadline=None)
@given(st.lists(finite, min_size=2, max_size=40), st.integers(0, 39))
def test_gradients_of_cross_entropy_sum_to_zero(row: list[float], t: int) -> None:
    x = np.array([row])
    _, gradient = losses.cross_entropy(x, [t % len(row)], with_grad=True)
    assert abs(gradient.sum()) <= 4e-16 * np.abs(gradient).sum()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-8, 8), min_size=2, max_size=8), st.integers(0, 7), st.floats(0, 0.9))
def test_gradients_are_differences(row: list[float], t: int, smoothing: float) -> None:
    x, h = np.array([row]), 1e-5
    target = [t % len(row)]

    def loss(x: Any) -> Any:
        return losses.cross_entropy(x, target, label_smoothing=smoothing)

    _, gradient = losses.cross_entropy(x, target, label_smoothing=smoothing, with_grad=True)
    steps = np.eye(len(row)) * h
    slopes = [(loss(x + step) - loss(x - step)) / (2 * h) for step in steps]
    np.testing.assert_allclose(gradient[0], slopes, atol=1e-8)
    label = np.array([float(target[0] % 2)] * len(row))
    _, gradient = losses.binary_cross_entropy_with_logits(
        x[0], label, reduction="none", with_grad=True
    )
    up, down = (
        losses.binary_cross_entropy_with_logits(x[0] + step, label, reduction="none")
        for step in (h, -h)
    )
    np.testing.assert_allclose(gradient, (up - down) / (2 * h), atol=1e-8)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_sum_is_exact_and_the_same_for_any_number_of_threads(dtype: str) -> None:
    rng = np.random.default_rng(11)
    x = rng.normal(0, 3, 3_000_001).astype(dtype)
    t = (rng.uniform(0, 1, x.size) < 0.5).astype(dtype)
    before = ogive.get_num_threads()
    try:
        found = []
        for threads in (1, 2, 3):
            ogive.set_num_threads(threads)
            found.append(
                losses.binary_cross_entropy_with_logits(x, t, reduction="sum", with_grad=True)
            )
    finally:
        ogive.set_num_threads(before)
    assert len({float(loss) for loss, _ in found}) == 1
    assert all(np.array_equal(gradient, found[0][1]) for _, gradient in found)
    wide = x.astype(np.longdouble)
    terms = np.log1p(np.exp(-np.abs(wide))) + np.maximum(wide, 0) - wide * t
    bound = 1e-15 if dtype == "float64" else 1e-12
    assert abs(float(found[0][0] - terms.sum())) <= bound * float(terms.sum())


# ---- mistakes --------------------------------------------------------------------------------

X = np.zeros((3, 4))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda **k: losses.cross_entropy(X, [0, 9, 1], **k), r"target\[1\] is 9: .* 0 to 3"),
        (lambda **k: losses.cross_entropy(X, [0, -1, 1], **k), r"target\[1\] is -1"),
        (lambda **k: losses.cross_entropy(X, [0, 1], **k), r"target has the shape \(2,\)"),
        (lambda **k: losses.cross_entropy(X, X * np.nan, **k), r"target\[0, 0\] is nan"),
        (lambda **k: losses.cross_entropy(X, [0, 1, 2], [1, 1, 1, -2], **k), r"weight\[3\] is -2"),
        (lambda **k: losses.cross_entropy(X, [0, 1, 2], [1, 1], **k), r"weight has the shape"),
        (lambda **k: losses.cross_entropy(X, [0, 1, 2], label_smoothing=2, **k), r"\[0, 1\]"),
        (lambda **k: losses.cross_entropy(X, [0, 1, 2], reduction="avg", **k), r"'avg'"),
        (
            lambda **k: losses.binary_cross_entropy_with_logits(X, X + np.eye(3, 4) * np.nan, **k),
            r"target\[0, 0\] is nan: must be a finite number",
        ),
        (
            lambda **k: losses.binary_cross_entropy_with_logits(
                X, np.where(X == 0, np.inf, 0), **k
            ),
            r"target\[0, 0\] is inf",
        ),
        (
            lambda **k: losses.binary_cross_entropy_with_logits(X, X[:2], **k),
            r"target has the shape \(2, 4\), not \(3, 4\)",
        ),
        (
            lambda **k: losses.binary_cross_entropy_with_logits(X, X, [1, -1, 1, 1], **k),
            r"weight\[1\] is -1",
        ),
        (
            lambda **k: losses.binary_cross_entropy_with_logits(X, X, pos_weight=[1, 2], **k),
            r"pos_weight has the shape \(2,\)",
        ),
        (lambda **k: losses.sigmoid_focal_loss(X, X, gamma=-1, **k), r"gamma"),
        (lambda **k: losses.sigmoid_focal_loss(X, X, alpha=2, **k), r"alpha"),
        (lambda **k: losses.nll_loss(X, [0, 1, 4], **k), r"target\[2\] is 4"),
        (lambda **k: losses.kl_div(X, X - 1, **k), r"target\[0, 0\] is -1"),
    ],
)
def test_mistakes_are_named_before_anything_is_written(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
    out = np.full((3, 4), 7.0)
    with pytest.raises(ValueError, match=message):
        call(with_grad=True, out=out)
    assert (out == 7).all()


def test_what_out_may_be() -> None:
    with pytest.raises(ValueError, match="with_grad"):
        losses.cross_entropy(X, [0, 1, 2], out=np.zeros((3, 4)))
    with pytest.raises(ValueError, match="shape"):
        losses.cross_entropy(X, [0, 1, 2], with_grad=True, out=np.zeros((4, 3)))
    with pytest.raises(TypeError, match="float32"):
        losses.binary_cross_entropy_with_logits(X, X, with_grad=True, out=np.zeros((3, 4), "f"))
    with pytest.raises(TypeError, match="list"):
        losses.kl_div(X, X, with_grad=True, out=[])
    out = np.zeros((3, 4))
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        losses.nll_loss(X, [0, 1, 2], with_grad=True, out=out)


def test_nothing_to_average() -> None:
    assert np.isnan(losses.cross_entropy(X, [-100, -100, -100]))
    loss, gradient = losses.cross_entropy(X, [-100, -100, -100], reduction="sum", with_grad=True)
    assert loss == 0
    assert not gradient.any()
    assert np.isnan(losses.binary_cross_entropy_with_logits(np.zeros(0), np.zeros(0)))
