"""Gains, and how a layer carries signal and gradient: against mpmath, torch and their own laws."""

from __future__ import annotations

import doctest
import inspect
import math
from itertools import pairwise
from math import inf
from typing import Any

import pytest
import torch
import truth
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from ogive.catalog import CATALOG, get
from ogive.catalog import gain as catalog_gain
from ogive.catalog.gain import moments, normal_expectation
from ogive.torch import init, nn
from ogive.torch.init.nonlinearity import TORCH_NAMES

ON_THE_LINE = [name for name, record in CATALOG.items() if record.domain == (-inf, inf)]
DEFAULT_AND_ANOTHER = [
    (name, values)
    for name in ON_THE_LINE
    for values in (
        list(zip(*(usual[:2] for usual, _ in truth.PARAMETERS[name]), strict=True))
        if truth.PARAMETERS.get(name)
        else [()]
    )
]
# With a bend that is narrow, a parameter on the other side of 0, next to a pole, far out.
UNUSUAL = [
    ("swish", (50.0,)),
    ("swish", (-3.0,)),
    ("softplus", (1000.0,)),
    ("celu", (0.01,)),
    ("elu", (-2.0,)),
    ("srs", (1.0, 2.6)),
    ("squareplus", (1e-6,)),
    ("leaky_relu", (1.5,)),
    ("hard_tanh", (2.0, 3.0)),
    ("threshold", (9.0, 1.0)),
]


def by_mpmath(name: str, which: str, values: tuple[float, ...]) -> tuple[mpf, mpf]:
    """E[g(z)²] of the function or its derivative, and the derivative of that by the variance."""
    function = {"value": truth.VALUE, "grad": truth.GRAD}[which][name]
    exact = [mpf(value) for value in values]
    cuts = {0.0, *truth.KINKS.get(name, ()), *values, *(-value for value in values)}
    if name == "pdelu":
        cuts.add(-1.0 / (1.0 - values[1]))
    ends = {side * end for side in (-1, 1) for end in (1e-3, 0.05, 1, 2, 4, 8, 14)}
    points = sorted(ends | {cut for cut in cuts if abs(cut) < 14})
    # mpmath stops at an absolute error, and the moments of a far threshold are 1e-19.
    with mp.workdps(40):
        # By the derivative of the density: ∂/∂q of exp(-x² / 2 q) / sqrt(2 π q) at q = 1.
        squares = {}

        def square(z: mpf) -> mpf:
            if z not in squares:
                squares[z] = function(z, *exact) ** 2 * mp.npdf(z)
            return squares[z]

        def by_variance(z: mpf) -> mpf:
            return square(z) * (z * z - 1) / 2

        moment = mp.quad(square, points, method="gauss-legendre", maxdegree=5)
        growth = mp.quad(by_variance, points, method="gauss-legendre", maxdegree=5)
        return moment, growth


@pytest.mark.parametrize(("name", "values"), [*DEFAULT_AND_ANOTHER, *UNUSUAL], ids=str)
def test_gains_are_those_of_mpmath(name: str, values: tuple[float, ...]) -> None:
    parameters = dict(zip(CATALOG[name].defaults(), values, strict=True))
    second, growth = by_mpmath(name, "value", values)
    derivative, _ = by_mpmath(name, "grad", values)
    signal = init.calculate_gain(name, **parameters)
    assert signal == pytest.approx(float(1 / mp.sqrt(second)), rel=2e-14)
    gradient = init.calculate_gain(name, mode="gradient", **parameters)
    assert gradient == pytest.approx(float(1 / mp.sqrt(derivative)), rel=2e-13)
    field = init.mean_field(name, **parameters)
    assert field.gain == signal
    assert field.variance == pytest.approx(1.0, rel=1e-13)
    assert field.variance_slope == pytest.approx(float(growth / second), rel=1e-12)
    assert field.gradient == pytest.approx(float(derivative / second), rel=1e-12)


@pytest.mark.parametrize("name", ["tanh", "silu", "hardshrink", "relu_squared", "softplus"])
def test_the_slope_is_the_derivative_of_the_map(name: str) -> None:
    # hardshrink jumps, which E[x f f'] would miss.
    step = 1e-4
    up, down = (
        init.mean_field(name, gain=1.5, variance=0.7 + side * step).variance for side in (1, -1)
    )
    slope = init.mean_field(name, gain=1.5, variance=0.7).variance_slope
    assert slope == pytest.approx((up - down) / (2 * step), rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(gain=st.floats(0.01, 100), variance=st.floats(0.01, 100))
def test_laws_of_scale(gain: float, variance: float) -> None:
    one, other = (init.mean_field("tanh", gain=g, variance=variance) for g in (1.0, gain))
    for part in ("variance", "variance_slope", "gradient"):
        assert getattr(other, part) == pytest.approx(gain**2 * getattr(one, part), rel=1e-13)
    # Of two straight lines through 0: f(sqrt(q) z)² = q f(z)².
    lines = init.mean_field("leaky_relu", 0.3, gain=gain, variance=variance)
    expected = gain**2 * (1 + 0.3**2) / 2
    assert lines.variance == pytest.approx(expected * variance, rel=1e-13)
    assert lines.variance_slope == pytest.approx(expected, rel=1e-12)
    assert lines.gradient == pytest.approx(expected, rel=1e-13)


def test_a_small_signal_meets_the_slope_at_0() -> None:
    tiny = init.mean_field("tanh", gain=1.25, variance=1e-12)
    assert tiny.variance == pytest.approx(1.25**2 * 1e-12, rel=1e-10)
    assert tiny.gradient == pytest.approx(1.25**2, rel=1e-10)


def test_stability() -> None:
    for name in ("relu", "relu6", "leaky_relu", "prelu", "rrelu", "abrelu"):
        assert init.mean_field(name).stability == "neutral"
    for name in ON_THE_LINE:
        if "No gain makes that stable" in CATALOG[name].initializer_reason:
            assert init.mean_field(name).stability == "unstable", name
        if init.mean_field(name).stability == "unstable":
            # V(q) / q rises: so is every other fixed point, whatever the gain.
            maps = {2.0**k: init.mean_field(name, gain=1.0, variance=2.0**k) for k in range(-9, 10)}
            ratios = [at.variance / variance for variance, at in maps.items()]
            assert all(low < high for low, high in pairwise(ratios)), name
    assert init.mean_field("linear").stability == "neutral"
    assert init.mean_field("tanh", gain=5 / 3, variance=1.2).stability == "stable"


# torch's names and numbers


def test_where_torchs_gain_is_right_it_is_torchs_to_the_last_bit() -> None:
    for name in ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "relu"):
        assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
        assert init.calculate_gain(name, 0.5) == torch.nn.init.calculate_gain(name, 0.5)
    for slope in (None, 0, 0.01, 0.2, 1, math.sqrt(5), -3.7):
        expected = torch.nn.init.calculate_gain("leaky_relu", slope)
        assert init.calculate_gain("leaky_relu", slope) == expected
        assert init.calculate_gain("leaky_relu", slope, mode="gradient") == expected


def test_where_torchs_gain_is_a_convention() -> None:
    for name, theirs in (("tanh", 5 / 3), ("sigmoid", 1), ("selu", 3 / 4)):
        assert torch.nn.init.calculate_gain(name) == theirs
        assert init.calculate_gain(name, 3.0) != pytest.approx(theirs, rel=0.01)
    # Klambauer et al. (2017) made it so.
    assert init.calculate_gain("selu") == pytest.approx(1.0, rel=1e-15)


def test_the_catalogues_gain() -> None:
    for name, record in CATALOG.items():
        assert init.calculate_gain(name, mode="catalogue") == record.gain
    assert init.calculate_gain("celu", 2.0, mode="catalogue") == get("celu").gain_for(alpha=2.0)


def test_every_way_to_name_a_nonlinearity() -> None:
    for name, record in TORCH_NAMES.items():
        for which in (name, record, *record.aliases):
            expected = init.calculate_gain(record.name, mode="catalogue")
            assert init.calculate_gain(which, mode="catalogue") == expected
    assert init.calculate_gain("hardtanh") == init.calculate_gain("hard_tanh")
    assert init.calculate_gain("gelu") == get("gelu").gain
    for module in (nn.ELU(0.5), torch.nn.ELU(0.5)):
        assert init.calculate_gain(module) == init.calculate_gain("elu", 0.5)
    assert init.calculate_gain("elu", alpha=0.5) == init.calculate_gain("elu", 0.5)
    assert init.calculate_gain(torch.nn.Identity()) == 1.0


# Bad input


def test_functions_without_a_gain() -> None:
    for name in ("logit", "odds", "log1mexp"):
        with pytest.raises(ValueError, match=f"{name} is defined from 0 to .* only"):
            init.calculate_gain(name)
    with pytest.raises(ValueError, match=r"srs has a pole, and so no gain"):
        init.calculate_gain("srs", alpha=1.0, beta=3.0)
    with pytest.raises(ValueError, match=r"threshold has no gain at .*: E\[f'\(z\)²\] is 0"):
        init.calculate_gain("threshold", threshold=45.0, value=1.0, mode="gradient")


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="no function is called 'rleu'; did you mean relu"):
        init.calculate_gain("rleu")
    with pytest.raises(TypeError, match="the name of a function is a string, not int"):
        init.calculate_gain(3)
    with pytest.raises(ValueError, match="no record of Softmax"):
        init.calculate_gain(torch.nn.Softmax(1))
    with pytest.raises(ValueError, match="mode is one of signal, gradient, catalogue, not 'both'"):
        init.calculate_gain("relu", mode="both")
    with pytest.raises(TypeError, match="leaky_relu: negative_slope is a number, not bool True"):
        init.calculate_gain("leaky_relu", True)
    with pytest.raises(TypeError, match="elu: alpha is a number, not str 'a'"):
        init.calculate_gain("elu", "a")
    with pytest.raises(ValueError, match=r"softplus: beta must be .* greater than 0, not -1"):
        init.calculate_gain("softplus", -1.0)
    with pytest.raises(TypeError, match="relu has no parameter 'alpha'; it has: none"):
        init.calculate_gain("relu", alpha=1.0)
    with pytest.raises(TypeError, match="linear has no parameters; given: alpha"):
        init.calculate_gain("linear", alpha=1.0)
    for name in ("gelu", "hard_tanh"):
        with pytest.raises(ValueError, match=f"param is for a function of one .*, not for {name}"):
            init.calculate_gain(name, 0.5)
    with pytest.raises(ValueError, match="given in no other way"):
        init.calculate_gain("elu", 0.5, alpha=0.5)
    with pytest.raises(ValueError, match="ELU holds its own parameters; given: alpha"):
        init.calculate_gain(nn.ELU(), alpha=2.0)
    for argument in ("gain", "variance"):
        with pytest.raises(ValueError, match=f"{argument} is a finite number above 0, not -1"):
            init.mean_field("relu", **{argument: -1.0})
        with pytest.raises(TypeError, match=f"{argument} is a number, not str"):
            init.mean_field("relu", **{argument: "1"})
    with pytest.raises(ValueError, match="the variance of the argument is a number above 0"):
        moments(get("relu"), 0.0)
    with pytest.raises(ValueError, match="softplus: beta must be"):
        moments(get("softplus"), beta=-1.0)
    with pytest.raises(ValueError, match="relu_squared has no finite moments"):
        moments(get("relu_squared"), 1e300)


def test_normal_expectation() -> None:
    for power, expected in ((0, 1.0), (2, 1.0), (4, 3.0), (10, 945.0)):
        got = normal_expectation(lambda z, power=power: z**power)
        assert got == pytest.approx(expected, rel=1e-14)
    above_half = normal_expectation(lambda z: 1.0 * (z > 0.5), 0.5)
    assert above_half == pytest.approx(float(1 - mp.ncdf(0.5)), rel=1e-14)


# Documentation


@pytest.mark.parametrize(
    "thing",
    [
        thing
        for module in (init, catalog_gain)
        for thing in vars(module).values()
        if callable(thing) and thing.__module__.startswith(("ogive.torch.init", "ogive.catalog.g"))
    ],
    ids=lambda thing: thing.__qualname__,
)
def test_docstrings(thing: Any) -> None:
    if thing.__name__.startswith("_"):
        return
    text = inspect.getdoc(thing)
    example = doctest.DocTestParser().get_doctest(text, {}, thing.__name__, None, None)
    said: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(example, out=said.append)
    assert result.attempted, f"{thing.__name__} has no example"
    assert not result.failed, "".join(said)
    if inspect.isfunction(thing) and not thing.__name__.startswith("normal_"):
        for section in ("Parameters", "Returns", "Raises", "Examples"):
            assert f"\n{section}\n{'-' * len(section)}\n" in text
