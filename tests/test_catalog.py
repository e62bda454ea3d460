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
from ogive.catalog import CATALOG, DTYPES, FAMILIES, KINDS, Function, get

NOWHERE_ELSE = ("odds", "relu_squared", "srs", "pdelu", "abrelu")

each_record = pytest.mark.parametrize("record", CATALOG.values(), ids=list(CATALOG))


def _defaults(record: Function) -> tuple[float, ...]:
    return tuple(record.defaults().values())


def _grid(record: Function) -> list[float]:
    """Arguments over the domain: dense near the middle, and out to where every tail has gone."""
    if record.domain == (0.0, 1.0):
        return [1e-9, *np.linspace(0.0, 1.0, 203)[1:-1], 1 - 1e-9]
    ends = [900.0, 1e5, 1e30]
    kinks = [kink + side for kink in truth.KINKS.get(record.name, ()) for side in (-1e-9, 1e-9)]
    grid = [*np.linspace(-60, 60, 203), *np.linspace(-3.013, 3.007, 203), *ends, *kinks]
    return [x for x in [*grid, *(-end for end in ends)] if x >= record.domain[0]]


def _values(record: Function) -> list[Any]:
    return [truth.value(record.name, x, *_defaults(record)) for x in sorted(_grid(record))]


def _grads(record: Function) -> list[Any]:
    return [truth.grad(record.name, x, *_defaults(record)) for x in sorted(_grid(record))]


def test_names_and_order() -> None:
    assert all(name == record.name for name, record in CATALOG.items())
    families = [
        (
            *("sigmoid", "logit", "odds", "log_sigmoid", "log1mexp", "tanh", "softsign"),
            *("softplus", "squareplus", "hard_sigmoid", "hard_tanh"),
        ),
        (
            *("relu", "relu6", "leaky_relu", "prelu", "rrelu", "threshold"),
            *("relu_squared", "hard_swish"),
        ),
        ("elu", "celu", "selu"),
        ("softshrink", "hardshrink", "tanhshrink"),
        ("silu", "swish", "gelu", "gelu_tanh", "quick_gelu", "mish", "lisht"),
        ("srs", "pdelu", "abrelu", "pau", "xielu"),
    ]
    listed = [tuple(record.name for record in family.FUNCTIONS) for family in FAMILIES]
    assert listed == families
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
    with pytest.raises(ValueError, match="'zzz'; known: sigmoid, logit, odds"):
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
    # Who writes down no name elsewhere says by this list that there is none.
    assert bool(record.elsewhere) == (record.name not in NOWHERE_ELSE)


@each_record
def test_error_bounds_are_complete(record: Function) -> None:
    assert set(record.error_bound) == {(kind, dtype) for kind in KINDS for dtype in DTYPES}
    assert all(0 <= bound <= 2 for bound in record.error_bound.values())
    for dtype in ("float16", "bfloat16"):
        assert all(record.error_bound[kind, dtype] <= 0.5 for kind in KINDS)


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
        far = truth.value(record.name, np.copysign(1e30, end), *_defaults(record))
        if isinf(limit):
            assert abs(far) >= 100
            assert np.sign(float(far)) == np.sign(limit)
        else:
            assert float(far) == pytest.approx(limit, abs=1e-12)
            # The sign of a limit of 0 is the side from which it is approached.
            assert limit or np.signbit(limit) == (far < 0)


@each_record
def test_saturation_is_a_vanishing_derivative(record: Function) -> None:
    # So far out that 1 / x² has vanished too.
    ends = {"-inf": -1e60, "+inf": 1e60}
    vanishing = tuple(
        end
        for end, x in ends.items()
        if record.domain[0] <= x <= record.domain[1]
        and abs(truth.grad(record.name, x, *_defaults(record))) < mpf("1e-100")
    )
    assert record.saturates == vanishing


@each_record
def test_largest_derivative(record: Function) -> None:
    if isinf(record.max_derivative):
        ends = (2.0**-60, 1 - 2.0**-53, 2.0**60)
        slopes = [truth.grad(record.name, x, *_defaults(record)) for x in ends]
        assert any(slope > 2**50 for slope in slopes if not mp.isnan(slope))
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
    if isinf(record.domain[0]) != isinf(record.domain[1]):
        # Half a line has no centre.
        assert (record.odd, record.zero_centred) == (False, False)
        return
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


def _is_smooth_at(record: Function, at: float) -> bool:
    """Whether the derivative, and its slope, agree on both sides of a point."""
    step = mpf("1e-20")
    with mp.workdps(truth.DIGITS):
        left2, left1, right1, right2 = (
            truth.grad(record.name, mpf(at) + k * step, *_defaults(record)) for k in (-2, -1, 1, 2)
        )
        jump = abs(right1 - left1)
        curvature_jump = abs((left1 - left2) - (right2 - right1)) / step
    return bool(jump < 1e-15 and curvature_jump < 1e-15)


@each_record
def test_smooth(record: Function) -> None:
    low, high = record.domain
    places = [at for at in (0.0, 0.5, *truth.KINKS.get(record.name, ())) if low < at < high]
    assert record.smooth == all(_is_smooth_at(record, at) for at in places)


@each_record
def test_self_gated(record: Function) -> None:
    gates = {
        "silu": special.expit,
        "swish": special.expit,
        "gelu": special.ndtr,
        "gelu_tanh": lambda x: special.expit(2 * np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)),
        "quick_gelu": lambda x: special.expit(1.702 * x),
        "mish": lambda x: np.tanh(np.logaddexp(0, x)),
        "relu": lambda x: np.heaviside(x, 0.0),
        "hard_swish": lambda x: np.clip((x + 3) / 6, 0.0, 1.0),
    }
    assert record.self_gated == (record.name in gates)
    if record.self_gated:
        x = np.linspace(-5, 5, 41)
        exact = [float(truth.value(record.name, t, *_defaults(record))) for t in x]
        np.testing.assert_allclose(x * gates[record.name](x), exact, rtol=1e-12, atol=1e-15)


# ---- initialisation -----------------------------------------------------------------------------


def _second_moment(name: str, *parameters: float) -> Any:
    """E[f(z)²] for a standard normal z."""
    # Cut where the functions bend, at any of the parameters or of the kinks.
    cuts = {0.0, *truth.KINKS.get(name, ()), *parameters, *(-p for p in parameters)}
    ends = {side * end for side in (-1.0, 1.0) for end in (1.0, 2.0, 4.0, 8.0, 16.0)}
    with mp.workdps(25):
        return mp.quad(
            lambda z: truth.value(name, z, *parameters) ** 2 * mp.npdf(z),
            sorted(ends | {cut for cut in cuts if abs(cut) < 16}),
        )


# Those whose gain is another than the one that holds the second moment, each with its own reason:
# outputs, and sigmoids, which get a unit slope at 0.
OTHER_GAINS = {
    **dict.fromkeys(("logit", "odds", "log_sigmoid", "log1mexp"), 1.0),
    "sigmoid": 4.0,
    "hard_sigmoid": 6.0,
    "tanh": 5 / 3,
}


@pytest.mark.parametrize("name", [name for name in CATALOG if name not in OTHER_GAINS])
def test_gain_keeps_the_second_moment(name: str) -> None:
    record = get(name)
    moment = _second_moment(record.name, *_defaults(record))
    assert record.gain == pytest.approx(float(1 / mp.sqrt(moment)), rel=1e-14)
    table = truth.PARAMETERS.get(name, ())
    for values in zip(*(usual[1:3] for usual, _ in table), strict=True):
        if record.gain_at is None:
            break
        moment = _second_moment(name, *values)
        gain = record.gain_for(**dict(zip(record.defaults(), values, strict=True)))
        assert gain == pytest.approx(float(1 / mp.sqrt(moment)), rel=1e-13)


@pytest.mark.parametrize("name", OTHER_GAINS)
def test_gain_of_another_kind(name: str) -> None:
    record = get(name)
    assert record.initializer == "xavier_uniform"
    assert record.gain == OTHER_GAINS[name]
    if "unit slope" in record.initializer_reason:
        assert record.gain == pytest.approx(float(1 / truth.grad(name, 0.0)), rel=1e-15)


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        *(("tanh", "1.593"), ("hard_tanh", "1.392"), ("softplus", "1.042"), ("elu", "1.245")),
        *(("celu", "1.245"), ("threshold", "1.580"), ("hard_swish", "1.737")),
        *(("softshrink", "1.544"), ("hardshrink", "1.016"), ("tanhshrink", "2.338")),
    ],
)
def test_figures_in_the_reasons(name: str, figure: str) -> None:
    assert figure in get(name).initializer_reason
    exact = 1 / mp.sqrt(_second_moment(name, *_defaults(get(name))))
    assert float(figure) == pytest.approx(float(exact), abs=5e-4)


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


def test_learned_parameters() -> None:
    learned = {
        (record.name, parameter.name)
        for record in CATALOG.values()
        for parameter in record.parameters
        if parameter.learned
    }
    assert learned == set(truth.PARAMETER_GRAD)


@each_record
def test_parameters_of_the_tables(record: Function) -> None:
    table = truth.PARAMETERS.get(record.name, ())
    assert tuple(usual[0] for usual, _ in table) == _defaults(record)
    for parameter, (usual, ends) in zip(record.parameters, table, strict=True):
        assert all(parameter.allows(value) for value in (*usual, *ends))
    assert truth.DOMAIN.get(record.name, (-inf, inf)) == record.domain


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
        name, _, call = record.elsewhere[library].rpartition(".")[2].partition("(")
        # "clip(x, -1, 1)" shows its call, "tanh" is called with x alone.
        operands = (
            [x if operand == "x" else float(operand) for operand in call[:-1].split(", ")]
            if call
            else [x]
        )
        got = getattr(module, name)(*operands)
        np.testing.assert_allclose(got, getattr(ogive, record.name)(x), rtol=1e-14, atol=1e-16)
