"""The smooth and the adaptive functions where a parameter changes what the limits are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ogive import _core
from ogive.catalog import CATALOG

inf, nan = np.inf, np.nan
ENDS = (-inf, inf)

# pau with some of its coefficients: the others are 0.
COEFFICIENTS = ("a0", "a1", "a2", "a3", "a4", "a5", "b1", "b2", "b3", "b4")


def _pau(**coefficients: float) -> tuple[float, ...]:
    return tuple(coefficients.get(name, 0.0) for name in COEFFICIENTS)


# A ufunc, its parameters, and what it tends to at -inf and at +inf.
LIMITS: list[tuple[str, tuple[float, ...], tuple[float, float]]] = [
    ("swish", (1.0,), (-0.0, inf)),
    ("swish", (-1.0,), (-inf, 0.0)),
    ("swish", (0.0,), (-inf, inf)),
    ("grad_swish", (2.0,), (0.0, 1.0)),
    ("grad_swish", (0.0,), (0.5, 0.5)),
    ("grad_swish_beta", (1.0,), (0.0, 0.0)),
    ("grad_swish_beta", (0.0,), (inf, inf)),
    ("grad_gelu_tanh", (), (0.0, 1.0)),
    ("grad_quick_gelu", (), (0.0, 1.0)),
    ("grad_mish", (), (0.0, 1.0)),
    ("lisht", (), (inf, inf)),
    ("grad_lisht", (), (-1.0, 1.0)),
    ("srs", (2.0, 0.5), (-0.0, 2.0)),
    ("grad_srs", (2.0, 0.5), (0.0, 0.0)),
    ("grad_srs_alpha", (2.0, 0.5), (0.0, 1.0)),
    ("grad_srs_beta", (2.0, 0.5), (0.0, 0.0)),
    ("pdelu", (2.0, 0.5), (-2.0, inf)),
    ("pdelu", (2.0, 1.0), (-2.0, inf)),
    ("grad_pdelu", (2.0, 1.0), (0.0, 1.0)),
    ("grad_pdelu_alpha", (2.0, 1.0), (-1.0, 0.0)),
    ("grad_pdelu_t", (2.0, 1.0), (0.0, 0.0)),
    ("abrelu", (3.0,), (0.0, inf)),
    ("grad_abrelu", (3.0,), (0.0, 1.0)),
    ("pau", _pau(a5=1.0, b4=2.0), (-inf, inf)),
    ("pau", _pau(a5=-1.0, b3=2.0), (inf, -inf)),
    ("pau", _pau(a4=1.0, b4=-2.0), (0.5, 0.5)),
    ("pau", _pau(a3=1.0, b3=2.0), (-0.5, 0.5)),
    ("pau", _pau(a3=1.0, b4=2.0), (-0.0, 0.0)),
    ("pau", _pau(a1=3.0), (-inf, inf)),
    ("grad_pau", _pau(a5=1.0, b4=2.0), (0.5, 0.5)),
    ("grad_pau", _pau(a4=1.0, b4=2.0), (0.0, 0.0)),
    ("grad_pau_a4", _pau(a5=1.0, b4=2.0), (0.5, 0.5)),
    ("grad_pau_a5", _pau(a5=1.0, b4=2.0), (-inf, inf)),
    ("grad_pau_a0", _pau(a5=1.0, b4=2.0), (0.0, 0.0)),
    ("grad_pau_b3", _pau(a5=1.0, b4=2.0), (-0.25, -0.25)),
    ("grad_pau_b4", _pau(a4=1.0, b4=2.0), (-0.25, -0.25)),
    ("grad_pau_b4", _pau(a5=1.0, b4=2.0), (inf, -inf)),
    ("xielu", (0.5, 0.5, 0.0), (inf, inf)),
    ("xielu", (0.0, 0.5, 0.5), (-0.5, inf)),
    ("xielu", (0.0, 0.5, 1.0), (-inf, inf)),
    ("xielu", (-1.0, -0.5, 0.5), (-inf, -inf)),
    ("grad_xielu", (0.5, 0.5, 2.0), (1.5, inf)),
    ("grad_xielu", (0.0, 0.5, 0.5), (0.0, 0.5)),
    ("grad_xielu_alpha_p", (0.5, 0.5, 0.5), (0.0, inf)),
    ("grad_xielu_alpha_n", (0.5, 0.5, 0.5), (inf, 0.0)),
    ("grad_xielu_beta", (0.5, 0.5, 0.5), (-inf, inf)),
]


def _at(name: str, x: Any, parameters: tuple[float, ...], dtype: str) -> np.ndarray:
    return getattr(_core, name)(np.array(x, dtype), *(np.array(p, dtype) for p in parameters))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize(("name", "parameters", "limits"), LIMITS)
def test_limits(
    name: str, parameters: tuple[float, ...], limits: tuple[float, float], dtype: str
) -> None:
    got = _at(name, [*ENDS, nan], parameters, dtype)
    assert got[:2].tolist() == list(limits)
    assert np.isnan(got[2])
    if name in CATALOG:
        assert np.signbit(got[:2]).tolist() == np.signbit(limits).tolist()
    if np.isfinite(limits).all():
        # Far out the function is close to them.
        largest = min(float(np.finfo(dtype).max), 1e60)
        far = _at(name, [-largest, largest], parameters, dtype)
        np.testing.assert_allclose(far, limits, rtol=0.01, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("swish", (1.0,)),
        ("swish", (0.0,)),
        ("gelu_tanh", ()),
        ("quick_gelu", ()),
        ("mish", ()),
        ("srs", (5.0, 3.0)),
        ("pdelu", (1.0, 0.9)),
        ("pdelu", (1.0, 1.0)),
        ("abrelu", (0.0,)),
        ("pau", _pau(a1=1.0, b2=3.0)),
        ("xielu", (0.8, 0.8, 0.5)),
    ],
)
def test_sign_of_a_zero_is_kept(name: str, parameters: tuple[float, ...], dtype: str) -> None:
    got = _at(name, [0.0, -0.0], parameters, dtype)
    assert got.tolist() == [0.0, 0.0]
    assert np.signbit(got).tolist() == [False, True]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_pdelu_at_the_ends_of_its_deformation(dtype: str) -> None:
    x = np.linspace(-12, 3, 61).astype(dtype)
    for kind in ("", "grad_"):
        elu = getattr(_core, f"{kind}elu")(x, np.array(2.0, dtype))
        deformed = _at(f"{kind}pdelu", x, (2.0, 1.0), dtype)
        np.testing.assert_allclose(deformed, elu, rtol=2 * np.finfo(dtype).eps)
    # A straight line down to -1 for t = 0.
    line = np.where(x > 0, x, 2 * np.maximum(x, np.array(-1.0, dtype)))
    assert _at("pdelu", x, (2.0, 0.0), dtype).tolist() == line.tolist()


def test_left_derivatives_where_the_denominator_has_a_kink() -> None:
    # 1 + |x|: from the left the slope of x / (1 + |x|) is 1, and that of 1 / (1 + |x|) is 1.
    assert _at("grad_pau", 0.0, _pau(a0=1.0, b1=1.0), "float64") == 1.0
    assert _at("grad_pau", 0.0, _pau(a0=1.0, b1=-1.0), "float64") == 1.0
    # Q = x - x^2 is 0 at 1 and rises from the left: |Q|' = -1 there.
    assert _at("grad_pau", 1.0, _pau(a0=1.0, b1=1.0, b2=-1.0), "float64") == 1.0
    # By a coefficient of Q, where that is 0: from below, |b| falls.
    assert _at("grad_pau_b1", 2.0, _pau(a0=1.0), "float64") == 2.0
    assert _at("grad_pau_b1", -2.0, _pau(a0=1.0), "float64") == 2.0
