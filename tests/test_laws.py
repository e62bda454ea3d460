"""Identities between the functions, on arguments that hypothesis looks for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ogive
from ogive.catalog import CATALOG

settings.register_profile("laws", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("laws")

anything = st.floats(allow_nan=False, allow_infinity=False)
moderate = st.floats(-700, 700)
singles = st.floats(allow_nan=False, width=32).map(np.float32)
EPS = float(np.finfo(np.float64).eps)
SMALLEST = float(np.finfo(np.float64).smallest_subnormal)


def ulps(a: float, b: float) -> float:
    """The distance of two floats in spacings of the larger."""
    return 0.0 if a == b else float(abs(a - b) / np.spacing(max(abs(a), abs(b))))


@given(anything)
def test_sigmoid_of_the_opposite_is_the_complement(x: float) -> None:
    assert abs(ogive.sigmoid(x) + ogive.sigmoid(-x) - 1.0) <= 2 * EPS


@given(st.floats(-30, 30))
def test_logit_undoes_sigmoid(x: float) -> None:
    p = ogive.sigmoid(x)
    # An ulp of p moves logit by at most eps / (1 - p).
    tolerance = 4 * EPS / (1 - p) + 4 * EPS * abs(x) if p < 1 else np.inf
    assert abs(ogive.logit(p) - x) <= tolerance


@given(st.floats(1e-300, 1.0, exclude_max=True))
def test_sigmoid_undoes_logit(p: float) -> None:
    assert ulps(ogive.sigmoid(ogive.logit(p)), p) <= 4 + 2 * abs(np.log(p))


@given(anything)
def test_derivative_of_softplus_is_sigmoid(x: float) -> None:
    assert ulps(ogive.grad.softplus(x), ogive.sigmoid(x)) <= 2


@given(anything)
def test_log_sigmoid_is_softplus_reflected(x: float) -> None:
    assert ulps(ogive.log_sigmoid(x), -ogive.softplus(-x)) <= 2


@given(moderate)
def test_log_sigmoid_is_the_logarithm(x: float) -> None:
    assert ogive.log_sigmoid(x) == pytest.approx(np.log(ogive.sigmoid(x)), rel=1e-12, abs=1e-15)


@given(moderate)
def test_tanh_is_a_stretched_sigmoid(x: float) -> None:
    assert abs(ogive.tanh(x) - (2 * ogive.sigmoid(2 * x) - 1)) <= 4 * EPS


@given(moderate)
def test_silu_is_the_argument_times_its_sigmoid(x: float) -> None:
    assert ogive.silu(x) == pytest.approx(x * ogive.sigmoid(x), rel=1e-14, abs=1e-300)


@given(anything)
def test_gelu_and_silu_differ_from_their_mirror_by_the_argument(x: float) -> None:
    for function in (ogive.silu, ogive.gelu):
        assert abs(function(x) - function(-x) - x) <= 4 * EPS * abs(x) + SMALLEST


@given(anything, st.floats(0.125, 8.0))
def test_softplus_scales(x: float, beta: float) -> None:
    scaled = beta * x
    if np.isfinite(scaled) and scaled / beta == x:
        assert ogive.softplus(x, beta) == pytest.approx(ogive.softplus(scaled) / beta, rel=1e-12)


@given(anything)
def test_slopes_zero_and_one(x: float) -> None:
    assert ogive.leaky_relu(x, negative_slope=0.0) == ogive.relu(x)
    assert ogive.leaky_relu(x, negative_slope=1.0) == x


@pytest.mark.parametrize("name", [name for name, record in CATALOG.items() if record.odd])
@given(x=anything)
def test_odd_functions_are_odd_to_the_bit(name: str, x: float) -> None:
    function = getattr(ogive, name)
    assert function(-x) == -function(x)


@pytest.mark.parametrize("name", [name for name, record in CATALOG.items() if record.monotonic])
@given(pair=st.tuples(anything, anything), close=st.booleans())
def test_monotonic_functions_rise(name: str, pair: tuple[float, float], close: bool) -> None:
    low, high = CATALOG[name].domain
    if high == 1:
        pair = tuple(abs(v) / (1 + abs(v)) if abs(v) < 1e300 else 1.0 for v in pair)
    elif low == 0:
        pair = tuple(abs(v) for v in pair)
    a, b = min(pair), max(pair)
    if close and b < high and b < 1e300:
        a, b = b, math.nextafter(b, math.inf)
    function = getattr(ogive, name)
    # To within the error bound of both.
    assert function(a) <= function(b) or ulps(function(a), function(b)) <= 2


@pytest.mark.parametrize("name", CATALOG)
@given(x=singles, g=st.floats(-1e3, 1e3, width=32).map(np.float32))
def test_backward_is_the_product(name: str, x: np.float32, g: np.float32) -> None:
    with np.errstate(all="ignore"):
        derivative = getattr(ogive.grad, name)(x)
        expected = g * derivative
        got = getattr(ogive.backward, name)(g, x)
    if np.isfinite(expected) and min(abs(derivative), abs(expected)) > 1e-37:
        assert abs(float(got) - float(expected)) <= 4 * float(np.spacing(abs(expected)))


@pytest.mark.parametrize("name", CATALOG)
@given(x=st.floats(-(2.0**99), 2.0**99, width=32).map(np.float32))
def test_single_precision_is_double_precision_rounded(name: str, x: np.float32) -> None:
    with np.errstate(all="ignore"):
        for function in (getattr(ogive, name), getattr(ogive.grad, name)):
            # The defaults, as single precision has them.
            wide = [float(np.float32(v)) for v in CATALOG[name].defaults().values()]
            exact = function(float(x), *wide)
            got = function(x)
            if np.isnan(exact):
                assert np.isnan(got)
            elif abs(exact) < 3e38:
                assert abs(float(got) - exact) <= 2 * float(np.spacing(np.float32(abs(exact))))
