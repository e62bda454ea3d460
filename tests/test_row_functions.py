"""Masks, weights, several axes, sparsemax and the gradients of the functions of rows."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
import torch
import truth
from hypothesis import given, settings
from hypothesis import strategies as st
from subjects import DTYPES
from truth import Exact, ulp_errors

import ogive

inf, nan = np.inf, np.nan
NAMES = ("softmax", "softmin", "log_softmax", "logsumexp", "sparsemax")
MASKED = ("softmax", "softmin", "log_softmax", "logsumexp")
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


def _rows(dtype: str) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 3, (4, 7, 5)).astype(dtype)


# ---- where the rows lie ----------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("axis", [None, (0,), (1, 2), (2, 0), (0, 1, 2), (-1, -3)])
def test_several_axes_are_one_row(name: str, axis: Any) -> None:
    x, function = _rows("float64"), getattr(ogive, name)
    axes = (0, 1, 2) if axis is None else tuple(a % 3 for a in axis)
    kept = tuple(i for i in range(3) if i not in axes)
    flat = x.transpose(kept + axes).reshape(*(x.shape[i] for i in kept), -1)
    expected = function(flat)
    if name != "logsumexp":
        order = np.argsort(kept + axes)
        shape = [x.shape[i] for i in kept + axes]
        expected = expected.reshape(shape).transpose(order)
    got = function(x, axis=axis)
    np.testing.assert_array_equal(got, expected)
    out = np.empty_like(got)
    assert function(x, axis=axis, out=out) is out
    np.testing.assert_array_equal(out, got)
    if name == "logsumexp":
        kept_shape = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
        assert function(x, axis=axis, keepdims=True).shape == kept_shape


# ---- masks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MASKED)
@each_dtype
@pytest.mark.parametrize("n", [3, 40, 100])
def test_a_mask_leaves_entries_out(name: str, dtype: str, n: int) -> None:
    rng = np.random.default_rng(n)
    x = rng.normal(0, 3, (6, n)).astype(dtype)
    mask = rng.uniform(0, 1, (6, n)) < 0.6
    mask[:, 0] = True
    # What is masked may be anything.
    x[~mask] = rng.choice([nan, inf, -inf, 3.0], (~mask).sum())
    function = getattr(ogive, name)
    got = function(x, where=mask)
    for row, entries, allowed in zip(got, x, mask, strict=True):
        expected = function(entries[allowed])
        if name == "logsumexp":
            np.testing.assert_allclose(row, expected, rtol=4 * np.finfo(dtype).eps)
            continue
        rtol = 4 * np.finfo(dtype).eps
        np.testing.assert_allclose(row[allowed], expected, rtol=rtol)
        assert (row[~allowed] == (-inf if name == "log_softmax" else 0)).all()
    # Along another axis, and by a mask that broadcasts.
    turned = function(x.T, axis=0, where=mask.T)
    np.testing.assert_array_equal(turned.T if name != "logsumexp" else turned, got)
    one = function(x[:2], where=mask[0])
    np.testing.assert_array_equal(one[0], got[0])


@each_dtype
def test_rows_without_entries(dtype: str) -> None:
    x = np.array([[1, 2], [-inf, -inf]], dtype)
    none = np.zeros((2, 2), bool)
    for name, zero in (("softmax", 0.0), ("softmin", 0.0), ("log_softmax", -inf)):
        function = getattr(ogive, name)
        assert np.isnan(function(x, where=none)).all()
        assert (function(x, where=none, empty="zero") == zero).all()
    assert np.isnan(ogive.softmax(x)[1]).all()
    assert (ogive.softmax(x, empty="zero")[1] == 0).all()
    assert (ogive.sparsemax(x, empty="zero")[1] == 0).all()
    np.testing.assert_array_equal(ogive.softmax(x, empty="zero")[0], ogive.softmax(x)[0])
    assert (ogive.logsumexp(x, where=none) == -inf).all()
    for name in ("softmax", "log_softmax", "sparsemax"):
        gradient = getattr(ogive.backward, name)(np.ones_like(x), x)[1]
        assert np.isnan(gradient).all() == (name != "log_softmax") or np.isnan(gradient).all()
        assert not getattr(ogive.backward, name)(np.zeros_like(x), x, empty="zero")[1].any()


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"empty": "none"}, ValueError, "'nan' or 'zero', not 'none'"),
        ({"where": [1, 0]}, TypeError, "booleans, not of int64"),
        ({"where": [True] * 3}, ValueError, r"shape \(3,\), which does not broadcast"),
        ({"axis": (0, 0)}, ValueError, "repeated"),
        ({"axis": (3,)}, np.exceptions.AxisError, "axis 3"),
    ],
)
def test_mistakes(keywords: dict[str, Any], error: type, message: str) -> None:
    for function in (ogive.softmax, ogive.softmin, ogive.log_softmax):
        with pytest.raises(error, match=message):
            function(np.zeros((2, 2)), **keywords)


# ---- logsumexp with weights ------------------------------------------------------------------


@each_dtype
def test_weighted_logsumexp(dtype: str) -> None:
    rng = np.random.default_rng(1)
    for n in (1, 2, 5, 40):
        for _ in range(10):
            x = rng.normal(0, 3, n).astype(dtype)
            b = rng.normal(0, 2, n).astype(dtype)
            value, sign = ogive.logsumexp(x, b=b, return_sign=True)
            with mpmath.workdps(60):
                pairs = zip(x, b, strict=True)
                terms = [mpmath.mpf(float(w)) * mpmath.exp(float(v)) for v, w in pairs]
                total, size = mpmath.fsum(terms), mpmath.fsum(abs(t) for t in terms)
                exact = mpmath.log(abs(total))
                assert sign == mpmath.sign(total)
                eps = float(np.finfo(dtype).eps)
                bound = eps * abs(exact) + 1e-14 * size / abs(total) + eps * float(max(x)) / 64
                assert abs(value - exact) <= bound
            alone = ogive.logsumexp(x, b=b)
            assert (np.isnan(alone) and sign < 0) or alone == value
    assert ogive.logsumexp([1.0, inf], b=[1.0, 0.0]) == 1.0
    assert ogive.logsumexp([1.0, nan], b=[1.0, 0.0]) == 1.0
    assert np.isnan(ogive.logsumexp([inf, inf], b=[1.0, -1.0]))
    assert ogive.logsumexp([inf, 0.0], b=[-1.0, 1.0], return_sign=True) == (inf, -1.0)
    x = rng.normal(0, 1, (3, 4))
    mask = np.array([True, False, True, True])
    np.testing.assert_allclose(
        ogive.logsumexp(x, b=2.0, where=mask), ogive.logsumexp(x[:, mask]) + np.log(2)
    )
    out = np.empty(3)
    assert ogive.logsumexp(x, b=2.0, out=out) is out


# ---- sparsemax -------------------------------------------------------------------------------


def _exact_sparsemax(row: np.ndarray) -> list[Any]:
    x = sorted((mpmath.mpf(float(v)) for v in row), reverse=True)
    total, tau = mpmath.mpf(0), None
    for k, value in enumerate(x, 1):
        total += value
        if 1 + k * value > total:
            tau = (total - 1) / k
    return [max(mpmath.mpf(0), mpmath.mpf(float(v)) - tau) for v in row]


@each_dtype
def test_sparsemax_is_the_nearest_distribution(dtype: str) -> None:
    rng = np.random.default_rng(2)
    rows = [rng.normal(0, scale, n) for n in (1, 2, 3, 10, 100) for scale in (0.01, 0.5, 2, 30)]
    rows += [np.full(7, 2.0), np.array([1e4, 0.0, 1e4]), np.array([0.0, -1.0, 1.0])]
    for row in rows:
        x = row.astype(dtype)
        got = ogive.sparsemax(x)
        with mpmath.workdps(60):
            exact = _exact_sparsemax(x)
            errors = ulp_errors(got, Exact.of(exact), dtype)
            small = np.array([float(e) for e in exact]) < 1e-6
            assert (errors[~small] <= 2).all(), (errors, x)
            assert abs(sum(float(v) for v in got) - 1) <= 64 * float(np.finfo(dtype).eps)
        assert ((got > 0) == np.array([e > 0 for e in exact])).all()
    np.testing.assert_array_equal(ogive.sparsemax([inf, 0.0, -inf]), [1, 0, 0])
    assert np.isnan(ogive.sparsemax([inf, inf])).all()
    assert np.isnan(ogive.sparsemax([nan, 0.0])).all()


# ---- gradients -------------------------------------------------------------------------------


def _exact_gradient(name: str, g: np.ndarray, x: np.ndarray) -> tuple[list[Any], list[Any]]:
    """The gradient, and the size of its terms."""
    sign = -1 if name == "softmin" else 1
    g_, x_ = ([mpmath.mpf(float(v)) for v in values] for values in (g, x))
    top = max(sign * v for v in x_)
    powers = [mpmath.exp(sign * v - top) for v in x_]
    p = [v / mpmath.fsum(powers) for v in powers]
    if name == "log_softmax":
        total, size = mpmath.fsum(g_), mpmath.fsum(abs(v) for v in g_)
        return (
            [a - q * total for a, q in zip(g_, p, strict=True)],
            [abs(a) + q * size for a, q in zip(g_, p, strict=True)],
        )
    if name == "logsumexp":
        return [g_[0] * q for q in p], [abs(g_[0]) * q for q in p]
    mean = mpmath.fsum(a * q for a, q in zip(g_, p, strict=True))
    size = mpmath.fsum(abs(a) * q for a, q in zip(g_, p, strict=True))
    return (
        [sign * q * (a - mean) for a, q in zip(g_, p, strict=True)],
        [q * (abs(a) + size) for a, q in zip(g_, p, strict=True)],
    )


@pytest.mark.parametrize("name", ["softmax", "softmin", "log_softmax", "logsumexp"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_are_within_two_ulp_of_their_terms(name: str, dtype: str) -> None:
    rng = np.random.default_rng(3)
    for n in (1, 2, 3, 17, 65, 130):
        for scale in (0.1, 3.0, 20.0):
            x, g = (rng.normal(0, s, n).astype(dtype) for s in (scale, 1.0))
            if name == "logsumexp":
                g = g[:1]
                got = ogive.backward.logsumexp(g[0], x)
            else:
                got = getattr(ogive.backward, name)(g, x)
            assert got.dtype == dtype
            with mpmath.workdps(60):
                exact, sizes = _exact_gradient(name, g, x)
                for value, right, size in zip(got, exact, sizes, strict=True):
                    unit = float(np.spacing(np.dtype(dtype).type(float(size))))
                    assert abs(float(value) - right) <= 2 * unit


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("axis", [-1, 0, 1, (0, 2)])
def test_gradients_are_those_of_differences(name: str, axis: Any) -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(0, 1, (3, 4, 2))
    function, backward = getattr(ogive, name), getattr(ogive.backward, name)
    y = function(x, axis=axis)
    g = rng.normal(0, 1, y.shape)
    got = backward(g, x, axis=axis)
    out = np.empty_like(x)
    assert backward(g, x, axis=axis, out=out) is out
    np.testing.assert_array_equal(out, got)
    h = 1e-6
    for index in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[index] = h
        slope = ((function(x + step, axis=axis) - function(x - step, axis=axis)) * g).sum() / (
            2 * h
        )
        assert got[index] == pytest.approx(slope, abs=1e-7)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-20, 20), st.floats(-5, 5)), min_size=2, max_size=30),
    st.sampled_from(["softmax", "softmin", "sparsemax"]),
)
def test_gradients_of_distributions_sum_to_zero(
    pairs: list[tuple[float, float]], name: str
) -> None:
    x, g = (np.array(values) for values in zip(*pairs, strict=True))
    gradient = getattr(ogive.backward, name)(g, x)
    assert abs(gradient.sum()) <= 1e-14 * (np.abs(gradient).sum() + 1)


def test_gradients_under_a_mask() -> None:
    rng = np.random.default_rng(5)
    x, g = rng.normal(0, 1, (3, 5)), rng.normal(0, 1, (3, 5))
    mask = np.array([True, False, True, True, False])
    x[:, ~mask] = nan
    for name in ("softmax", "log_softmax", "softmin"):
        got = getattr(ogive.backward, name)(g, x, where=mask)
        expected = getattr(ogive.backward, name)(g[:, mask], x[:, mask])
        np.testing.assert_allclose(got[:, mask], expected, rtol=1e-14)
        assert not got[:, ~mask].any()


def test_pytorch_agrees() -> None:
    rng = np.random.default_rng(6)
    x, g = rng.normal(0, 2, (6, 9)), rng.normal(0, 1, (6, 9))
    z = torch.tensor(x, requires_grad=True)
    for name, theirs in (
        ("softmax", torch.softmax),
        ("log_softmax", torch.log_softmax),
        ("softmin", torch.nn.functional.softmin),
    ):
        (expected,) = torch.autograd.grad(theirs(z, 1), z, torch.tensor(g))
        np.testing.assert_allclose(getattr(ogive.backward, name)(g, x), expected, atol=1e-15)


def test_the_truth_of_these_tests() -> None:
    x = np.array([0.5, -1.0, 2.0])
    exact, _ = _exact_gradient("log_softmax", np.array([1.0, 0.0, 0.0]), x)
    p = truth.softmax(x)
    assert float(abs(exact[1] + p[1])) < 1e-15
