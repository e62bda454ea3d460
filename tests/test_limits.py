"""The ends of the line, the zeros, NaN and the subnormal numbers; and no warning anywhere."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from points import all_of, points, specials
from subjects import DTYPES, SUBJECTS, Subject, bits

import ogive
from ogive.catalog import CATALOG

inf = np.inf

# The derivative at -inf and at +inf; the sign of a zero is left open.
DERIVATIVE_LIMITS = {
    "sigmoid": (0.0, 0.0),
    "log_sigmoid": (1.0, 0.0),
    "tanh": (0.0, 0.0),
    "softplus": (0.0, 1.0),
    "relu": (0.0, 1.0),
    "leaky_relu": (0.01, 1.0),
    "elu": (0.0, 1.0),
    "silu": (0.0, 1.0),
    "gelu": (0.0, 1.0),
}

# The derivative at 0; at the kinks by convention, as torch has it.
DERIVATIVE_AT_ZERO = {
    "sigmoid": 0.25,
    "log_sigmoid": 0.5,
    "tanh": 1.0,
    "softplus": 0.5,
    "relu": 0.0,
    "leaky_relu": 0.01,
    "elu": 1.0,
    "silu": 0.5,
    "gelu": 0.5,
}

# What is odd about the origin there: f(0.0) = 0.0 and f(-0.0) = -0.0.
ZERO_AT_ZERO = ("tanh", "relu", "leaky_relu", "elu", "silu", "gelu")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", sorted(set(CATALOG) - {"logit"}))
def test_values_at_infinity_are_the_limits(name: str, dtype: str) -> None:
    limits = np.array(CATALOG[name].limits, dtype=dtype)
    got = getattr(ogive, name)(np.array([-inf, inf], dtype=dtype))
    assert bits(got).tolist() == bits(limits).tolist(), got


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", DERIVATIVE_LIMITS)
def test_derivatives_at_infinity_are_the_limits(name: str, dtype: str) -> None:
    got = getattr(ogive.grad, name)(np.array([-inf, inf], dtype=dtype))
    assert got.tolist() == np.array(DERIVATIVE_LIMITS[name], dtype=dtype).tolist()
    product = getattr(ogive.backward, name)(np.array(2.0, dtype), np.array([-inf, inf], dtype))
    assert product.tolist() == (2 * np.array(DERIVATIVE_LIMITS[name], dtype=dtype)).tolist()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", DERIVATIVE_AT_ZERO)
def test_derivative_at_zero(name: str, dtype: str) -> None:
    zeros = np.array([0.0, -0.0], dtype=dtype)
    expected = np.array([DERIVATIVE_AT_ZERO[name]] * 2, dtype=dtype)
    assert getattr(ogive.grad, name)(zeros).tolist() == expected.tolist()
    product = getattr(ogive.backward, name)(np.array(2.0, dtype), zeros)
    assert product.tolist() == (2 * expected).tolist()


def test_limits_with_other_parameters() -> None:
    assert ogive.elu(-inf, alpha=2.5) == -2.5
    assert ogive.leaky_relu(-inf, negative_slope=-2.0) == inf
    # The limit of 0 times x, not the NaN of 0 times -inf.
    assert ogive.leaky_relu(-inf, negative_slope=0.0) == 0.0
    assert ogive.softplus(inf, beta=0.25) == inf
    assert ogive.softplus(-inf, beta=0.25) == 0.0
    assert ogive.grad.elu(0.0, alpha=2.5) == 2.5
    assert ogive.grad.leaky_relu(0.0, negative_slope=0.3) == 0.3
    assert ogive.grad.leaky_relu(-inf, negative_slope=0.3) == 0.3


@pytest.mark.parametrize("dtype", DTYPES)
def test_logit_at_the_ends_of_its_domain(dtype: str) -> None:
    x = np.array([0.0, -0.0, 1.0], dtype=dtype)
    assert ogive.logit(x).tolist() == [-inf, -inf, inf]
    assert ogive.grad.logit(x).tolist() == [inf, inf, inf]
    outside = np.array([-inf, -1.0, -np.finfo(dtype).smallest_subnormal, 2.0, inf], dtype=dtype)
    above = np.nextafter(np.array(1, dtype), np.array(2, dtype))
    outside = np.append(outside, above)
    for function in (ogive.logit, ogive.grad.logit):
        assert np.isnan(function(outside)).all()
    assert np.isnan(ogive.backward.logit(np.array(2, dtype), outside)).all()
    zero = ogive.logit(np.array(0.5, dtype=dtype))
    assert zero == 0
    assert not np.signbit(zero)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ZERO_AT_ZERO)
def test_signed_zero_is_kept(name: str, dtype: str) -> None:
    zeros = np.array([0.0, -0.0] * 40, dtype=dtype)
    assert bits(getattr(ogive, name)(zeros)).tolist() == bits(zeros).tolist()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_nan_gives_nan(subject: Subject, dtype: str) -> None:
    x = np.full(67, 0.25, dtype=dtype)
    x[[0, 31, 66]] = np.nan
    assert np.flatnonzero(np.isnan(subject(x))).tolist() == [0, 31, 66]


@pytest.mark.parametrize("name", CATALOG)
def test_nan_in_the_gradient_gives_nan(name: str) -> None:
    # Where the function is not off: a derivative of 0 passes nothing back, whatever comes.
    x = next(x for x in (0.25, 1.5) if getattr(ogive.grad, name)(x) != 0)
    assert np.isnan(getattr(ogive.backward, name)(np.nan, x))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["tanh", "relu", "elu"])
def test_a_subnormal_argument_is_returned(name: str, dtype: str) -> None:
    smallest = np.finfo(dtype).smallest_subnormal
    x = np.concatenate([np.arange(-99, 0), np.arange(1, 100)]).astype(dtype) * smallest
    expected = np.maximum(x, 0) if name == "relu" else x
    assert getattr(ogive, name)(x).tolist() == expected.tolist()


def _arguments(name: str, dtype: str) -> np.ndarray:
    ends = np.array([np.nan, -inf, inf, 0.0, -0.0, 0.5, 1.0], dtype=dtype)
    if dtype == "float16":
        return np.concatenate([all_of(dtype), ends])
    return np.concatenate([points(name, dtype).x, specials(dtype), ends])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_no_floating_point_warning(subject: Subject, dtype: str) -> None:
    x = _arguments(subject.name, dtype)
    with np.errstate(all="ignore"):
        overflows = np.isinf(subject(x)) & np.isfinite(x)
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        # 3 times a derivative may truly overflow; everything else has its limit.
        subject(x[~overflows] if subject.kind == "backward" else x)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_no_floating_point_warning_from_rows(name: str) -> None:
    ends = [0.0, -0.0, 1e-310, -1e308, 1e308, inf, -inf, np.nan]
    rows = np.array([[a, b, c] for a in ends for b in ends for c in ends])
    with np.errstate(all="raise"):
        getattr(ogive, name)(rows)
