"""The catalogue's facts, each held against the exact functions."""

from __future__ import annotations

import dataclasses
from functools import partial
from itertools import pairwise
from math import inf, isinf
from typing import Any

import numpy as np
import pytest
import truth
from mpmath import mp, mpf
from scipy import special

import ogive
from ogive.catalog import CATALOG, DTYPES, KINDS, Function, get

each_record = pytest.mark.parametrize("record", CATALOG.values(), ids=list(CATALOG))


def _defaults(record: Function) -> tuple[float, ...]:
    return tuple(record.defaults().values())


def _grid(record: Function) -> list[float]:
    """Arguments over the domain: dense near the middle, and out to where every tail has gone."""
    if record.domain == (0.0, 1.0):
        return [*np.linspace(0.0, 1.0, 203)[1:-1]]
    return [*np.linspace(-60, 60, 203), *np.linspace(-3.013, 3.007, 203), -900.0, 900.0]


def _values(record: Function) -> list[Any]:
    return [truth.value(record.name, x, *_defaults(record)) for x in sorted(_grid(record))]


def _grads(record: Function) -> list[Any]:
    return [truth.grad(record.name, x, *_defaults(record)) for x in sorted(_grid(record))]


def test_names_and_order() -> None:
    assert all(name == record.name for name, record in CATALOG.items())
    families = [
        list(names)
        for names in (
            ("sigmoid", "logit", "log_sigmoid", "tanh", "softplus"),
            ("relu", "leaky_relu", "elu"),
            ("silu", "gelu"),
        )
    ]
    assert list(CATALOG) == [name for family in families for name in family]


def test_names_and_aliases_are_unique() -> None:
    names = [*CATALOG, *(alias for record in CATALOG.values() for alias in record.aliases)]
    assert len(names) == len(set(names))


@each_record
def test_get_by_name_and_alias(record: Function) -> None:
    assert get(record.name) is record
    for alias in record.aliases:
        assert get(alias) is record


def test_get_says_what_is_close() -> None:
    with pytest.raises(ValueError, match="'sigmod'; did you mean sigmoid"):
        get("sigmod")
    with pytest.raises(ValueError, match="'Swish'; did you mean swish"):
        get("Swish")
    with pytest.raises(ValueError, match="'zzz'; known: sigmoid, logit"):
        get("zzz")
    with pytest.raises(TypeError, match="not int 3"):
        get(3)


def test_records_cannot_be_changed() -> None:
    record = get("sigmoid")
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.gain = 1.0
    with pytest.raises(TypeError, match="does not support item assignment"):
        record.error_bound["value", "float32"] = 9.0
    with pytest.raises(TypeError, match="does not support item assignment"):
        CATALOG["other"] = record


@each_record
def test_texts_are_there(record: Function) -> None:
    for text in (record.formula, record.derivative_formula, record.source):
        assert text.strip()
    assert record.summary.endswith(".")
    assert record.initializer_reason.endswith(".")
    assert {"torch", "jax", "keras"} - set(record.elsewhere) <= {"keras"}


@each_record
def test_error_bounds_are_complete(record: Function) -> None:
    assert set(record.error_bound) == {(kind, dtype) for kind in KINDS for dtype in DTYPES}
    assert all(0 <= bound <= 2 for bound in record.error_bound.values())
    assert all(record.error_bound[kind, "float16"] <= 0.5 for kind in KINDS)


@each_record
def test_range_is_what_the_values_fill(record: Function) -> None:
    low, high = record.range
    values = _values(record)
    # An open end, such as sigmoid's 1, is reached by 60 digits far out.
    assert all(low <= value <= high for value in map(float, values))
    if not isinf(low):
        assert float(min(values)) == pytest.approx(low, abs=1e-4)
    if not isinf(high):
        assert float(max(values)) == pytest.approx(high, abs=1e-4)


@each_record
def test_limits(record: Function) -> None:
    for end, limit in zip((-inf, inf), record.limits, strict=True):
        inside = record.domain[0] <= end <= record.domain[1]
        assert (limit is not None) == inside
        if limit is None:
            continue
        far = truth.value(record.name, np.copysign(1e5, end), *_defaults(record))
        if isinf(limit):
            assert abs(far) >= 100
            assert np.sign(float(far)) == np.sign(limit)
        else:
            assert float(far) == pytest.approx(limit, abs=1e-12)
            # The sign of a limit of 0 is the side from which it is approached.
            assert limit or np.signbit(limit) == (far < 0)


@each_record
def test_saturation_is_a_vanishing_derivative(record: Function) -> None:
    ends = {"-inf": -900.0, "+inf": 900.0}
    vanishing = tuple(
        end
        for end, x in ends.items()
        if record.domain != (0.0, 1.0)
        and abs(truth.grad(record.name, x, *_defaults(record))) < mpf("1e-100")
    )
    assert record.saturates == vanishing


@each_record
def test_largest_derivative(record: Function) -> None:
    if record.name == "logit":
        assert isinf(record.max_derivative)
        assert truth.grad("logit", 2.0**-60) > 2**59
        return
    sampled = float(max(abs(derivative) for derivative in _grads(record)))
    assert sampled <= record.max_derivative * (1 + 1e-15)
    assert sampled == pytest.approx(record.max_derivative, rel=2e-4)


@pytest.mark.parametrize("name", ["silu", "gelu"])
def test_turning_points_to_the_last_digit(name: str) -> None:
    record = get(name)
    with mp.workdps(30):
        slope = partial(truth.grad, name)
        lowest = mp.findroot(slope, -1)
        assert float(truth.value(name, lowest)) == record.range[0]
        start = {"silu": 2.4, "gelu": 1.4}[name]
        steepest = mp.findroot(
            lambda x: mp.diff(lambda t: truth.grad(name, t), x), start, tol=1e-18
        )
        assert float(truth.grad(name, steepest)) == record.max_derivative


@each_record
def test_monotonic_odd_and_zero_centred(record: Function) -> None:
    values = _values(record)
    rises = all(a <= b for a, b in pairwise(values))
    assert record.monotonic == rises
    parameters = _defaults(record)
    reflect = 1.0 if record.domain == (0.0, 1.0) else 0.0
    points = [0.125, 0.25] if reflect else [0.125, 2.0, 7.0]
    about_the_centre = all(
        abs(
            truth.value(record.name, reflect - x, *parameters)
            + truth.value(record.name, x, *parameters)
        )
        < 1e-14
        for x in points
    )
    assert record.zero_centred == about_the_centre
    assert record.odd == (about_the_centre and not reflect)


@each_record
def test_smooth(record: Function) -> None:
    at = 0.5 if record.domain == (0.0, 1.0) else 0.0
    step = 1e-9
    parameters = _defaults(record)
    left, right = (
        truth.grad(record.name, at + side * k * step, *parameters)
        - truth.grad(record.name, at + side * (k + 1) * step, *parameters)
        for side, k in ((-1, 1), (1, 1))
    )
    # The slope of the derivative agrees on both sides of the one place where there may be a kink.
    jump = abs(
        truth.grad(record.name, at + step, *parameters)
        - truth.grad(record.name, at - step, *parameters)
    )
    curvature_jump = abs(left + right) / step
    assert record.smooth == bool(jump < 1e-6 and curvature_jump < 1e-6)


@each_record
def test_self_gated(record: Function) -> None:
    gates = {
        "silu": special.expit,
        "gelu": special.ndtr,
        "relu": lambda x: np.heaviside(x, 0.0),
    }
    assert record.self_gated == (record.name in gates)
    if record.self_gated:
        x = np.linspace(-5, 5, 41)
        exact = [float(truth.value(record.name, t)) for t in x]
        np.testing.assert_allclose(x * gates[record.name](x), exact, rtol=1e-12, atol=1e-15)


# ---- initialisation -----------------------------------------------------------------------------


def _second_moment(name: str, *parameters: float) -> Any:
    """E[f(z)²] for a standard normal z."""
    with mp.workdps(25):
        return mp.quad(
            lambda z: truth.value(name, z, *parameters) ** 2 * mp.npdf(z),
            [-16, -8, -4, -2, 0, 2, 4, 8, 16],
        )


@pytest.mark.parametrize(
    "record",
    [record for record in CATALOG.values() if record.initializer == "kaiming_normal"],
    ids=lambda record: record.name,
)
def test_kaiming_gain_keeps_the_second_moment(record: Function) -> None:
    moment = _second_moment(record.name, *_defaults(record))
    assert record.gain == pytest.approx(float(1 / mp.sqrt(moment)), rel=1e-14)
    for value in (0.3, 2.0) if record.gain_at else ():
        (parameter,) = record.parameters
        moment = _second_moment(record.name, value)
        gain = record.gain_for(**{parameter.name: value})
        assert gain == pytest.approx(float(1 / mp.sqrt(moment)), rel=1e-14)


def test_xavier_gains() -> None:
    assert get("sigmoid").gain == float(1 / truth.grad("sigmoid", 0.0))
    assert get("tanh").gain == 5 / 3
    # The figure in its reason: the gain that holds the second moment at 1 exactly.
    assert float(1 / mp.sqrt(_second_moment("tanh"))) == pytest.approx(1.593, abs=5e-4)
    assert "1.593" in get("tanh").initializer_reason


@each_record
def test_gain_at_the_defaults(record: Function) -> None:
    assert record.initializer in ("xavier_uniform", "kaiming_normal")
    assert record.gain_for() == record.gain
    assert record.gain_for(**record.defaults()) == record.gain
    with pytest.raises(TypeError, match=f"{record.name} has no parameter 'nonsense'"):
        record.gain_for(nonsense=1.0)


# ---- parameters and names elsewhere -------------------------------------------------------------


@each_record
def test_parameters(record: Function) -> None:
    for parameter in record.parameters:
        assert parameter.allows(parameter.default)
        assert not any(parameter.allows(value) for value in (inf, -inf, np.nan))
        assert parameter.allows(parameter.lower) == (
            parameter.lower_included and parameter.lower > -inf
        )
        assert parameter.condition.startswith("a finite number")


def test_condition_in_words() -> None:
    parameter = get("softplus").parameters[0]
    assert parameter.condition == "a finite number greater than 0"
    closed = dataclasses.replace(parameter, lower_included=True, upper=8.0)
    assert closed.condition == "a finite number at least 0 and at most 8"
    assert closed.allows(0.0)
    assert not closed.allows(8.5)
    assert get("elu").parameters[0].condition == "a finite number"


def test_defaults_that_differ_elsewhere() -> None:
    assert "negative_slope=0.2" in get("leaky_relu").elsewhere["keras"]
    assert "tanh" in get("gelu").elsewhere["jax"]
    assert "beta x > 20" in get("softplus").elsewhere["torch"]


@each_record
def test_names_in_numpy_and_scipy_exist_and_agree(record: Function) -> None:
    x = np.array([0.25, 0.5, 0.75])
    for library, module in (("numpy", np), ("scipy", special)):
        if library not in record.elsewhere:
            continue
        name = record.elsewhere[library].partition("(")[0].rsplit(".", 1)[1]
        peer = getattr(module, name)
        got = peer(0, x) if "(0, x)" in record.elsewhere[library] else peer(x)
        np.testing.assert_allclose(got, getattr(ogive, record.name)(x), rtol=1e-14, atol=1e-16)
