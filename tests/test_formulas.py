"""The portable formulas in NumPy and torch: both tails, eager, traced and differentiated."""

from __future__ import annotations

import sys
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import truth
from mpmath import mp, mpf
from points import points, specials
from torch.nn import functional
from truth import Exact

from ogive import formulas
from ogive.catalog import CATALOG
from ogive.formulas import namespace

inf = np.inf

# Some rounded operations each: how far a result may be from the exact one, in eps of its size.
ROUNDINGS = 8

# Where roundings count for more, a result is as near to an exact one of other operands: what moving
# an operand by so many eps changes is allowed as well. In the tail of an exponential that is as
# much as its argument is large, next to a zero what the slope makes of it.
MOVED = 2
_ARGUMENT, _EACH, _DENOMINATOR = slice(1), slice(None), slice(7, None)
OPERANDS_MOVED = {
    # The argument of an exponential is rounded, or the base of a power.
    **dict.fromkeys(("softplus", "celu", "swish", "gelu", "gelu_tanh", "quick_gelu"), _ARGUMENT),
    "pdelu": _ARGUMENT,
    # Two terms cancel next to a zero.
    "xielu": _ARGUMENT,
    # So do those of the denominator, next to its pole where beta is near alpha e.
    "srs": _EACH,
    # And those within the bars of the denominator, whose sign may come out either way at a root.
    "pau": _DENOMINATOR,
}
# Two terms cancel next to the zero of the derivative; the argument of the exponential is exact.
MOVED_AT_ZEROS = ("silu", "mish")

# Polynomials by Horner's rule, each rounded by itself: the size is that of their terms.
SIZE_OF_TERMS = ("pau",)

# Each formula: a function and "value", "grad" or the parameter of its derivative.
CASES = [
    (name, which)
    for name, record in CATALOG.items()
    for which in ("value", "grad", *(p.name for p in record.parameters if p.learned))
]
LEARNED = [(name, which) for name, which in CASES if which not in ("value", "grad")]


def _formula(name: str, which: str) -> Any:
    names = {"value": name, "grad": f"grad_{name}"}
    return getattr(formulas, names.get(which, f"grad_{name}_{which}"))


def _exact(name: str, which: str, *operands: Any) -> Any:
    if which in ("value", "grad"):
        return getattr(truth, which)(name, *operands)
    return truth.parameter_grad(name, which, *operands)


def _defaults(name: str) -> tuple[float, ...]:
    return tuple(CATALOG[name].defaults().values())


each_case = pytest.mark.parametrize(("name", "which"), CASES)
each_name = pytest.mark.parametrize("name", CATALOG)


def _moved(name: str, which: str, operands: tuple[Any, ...]) -> slice:
    """Which operands may be others than they are."""
    zeros = truth.ZERO_CROSSINGS.get(name, ()) if which == "grad" else ()
    if name in MOVED_AT_ZEROS and any(abs(operands[0] - zero) < 0.5 for zero in zeros):
        return _ARGUMENT
    return OPERANDS_MOVED.get(name, slice(0))


def _allowed(name: str, which: str, eps: float, operands: tuple[Any, ...]) -> float:
    """How far a result may be from the exact one."""
    exact = _exact(name, which, *operands)
    by_terms = name in SIZE_OF_TERMS and (name, which) in truth.TERMS
    size = truth.terms(name, which, *operands) if by_terms else abs(exact)
    total = ROUNDINGS * eps * size
    for i in range(len(operands))[_moved(name, which, operands)]:
        others = []
        for step in (MOVED * eps, -MOVED * eps):
            with mp.workdps(truth.DIGITS):
                other = mpf(float(operands[i])) * (1 + mpf(step))
            others.append(_exact(name, which, *operands[:i], other, *operands[i + 1 :]))
        total += max(abs(other - exact) for other in others)
    return float(total)


@cache
def _expected(name: str, which: str, dtype: str) -> np.ndarray:
    rows = zip(*_some(name, dtype), strict=True)
    return np.array([float(_exact(name, which, *operands)) for operands in rows])


def _check(name: str, which: str, dtype: str, got: np.ndarray) -> None:
    operands = _some(name, dtype)
    expected = _expected(name, which, dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.abs(got.astype(np.float64) - expected)
        right = (got == expected.astype(dtype)) | (np.isnan(got) & np.isnan(expected))
    # Where a result nearly underflows, something on the way to it may.
    right |= error <= 4 * float(np.finfo(dtype).smallest_normal)
    eps = float(np.finfo(dtype).eps)
    # What is allowed at least, without a search for the reason.
    right |= error <= ROUNDINGS * eps * np.abs(expected)
    told = []
    for i in np.flatnonzero(~right):
        here = tuple(operand[i] for operand in operands)
        if not error[i] <= _allowed(name, which, eps, here):
            told.append((here, got[i], expected[i]))
    assert not told, told[:5]


def _some(name: str, dtype: str) -> tuple[np.ndarray, ...]:
    """A part of the points of the accuracy tests, where nothing overflows in between."""
    here = points(name, dtype)
    chosen = np.flatnonzero(np.abs(here.x) < 1e30)[::7]
    return tuple(operand[chosen] for operand in (here.x, *here.parameters))


@each_case
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numpy(name: str, which: str, dtype: str) -> None:
    operands = _some(name, dtype)
    with np.errstate(all="ignore"):
        got = _formula(name, which)(*operands)
    assert got.dtype == dtype
    _check(name, which, dtype, got)


@each_case
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torch(name: str, which: str, dtype: str) -> None:
    operands = _some(name, dtype)
    got = _formula(name, which)(*(torch.from_numpy(operand) for operand in operands))
    assert str(got.dtype) == f"torch.{dtype}"
    _check(name, which, dtype, got.numpy())


@each_case
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtype_is_kept(name: str, which: str, dtype: str) -> None:
    x = np.array([0.25, 0.5, 0.75], dtype=dtype)
    assert _formula(name, which)(x, *_defaults(name)).dtype == dtype
    assert _formula(name, which)(torch.from_numpy(x), *_defaults(name)).numpy().dtype == dtype


def _limit(number: Any) -> float:
    """What a number far out, where it is no ordinary one, is on its way to."""
    far = float(number)
    return 0.0 if abs(far) < 1e-200 else np.copysign(inf, far) if abs(far) > 1e200 else far


@each_case
@pytest.mark.parametrize("xp", [np, torch], ids=["numpy", "torch"])
def test_limits_and_zeros(name: str, which: str, xp: Any) -> None:
    record = CATALOG[name]
    x = [-inf, inf, 0.0, -0.0, np.nan]
    array = np.array(x) if xp is np else torch.tensor(x, dtype=torch.float64)
    with np.errstate(all="ignore"):
        got = np.asarray(_formula(name, which)(array, *_defaults(name)))
    assert np.isnan(got[4])
    for i, end in ((0, -inf), (1, inf)):
        if not record.domain[0] <= end <= record.domain[1]:
            assert np.isnan(got[i])
        elif which == "value":
            limit = record.limits[i]
            assert got[i] == limit
            assert np.signbit(got[i]) == np.signbit(limit)
        else:
            limit = _limit(_exact(name, which, np.copysign(1e300, end), *_defaults(name)))
            assert got[i] == pytest.approx(limit, rel=4e-16, abs=0)
    at_zero = float(_exact(name, which, 0.0, *_defaults(name)))
    assert got[2:4].tolist() == pytest.approx([at_zero, at_zero], rel=1e-15)
    # A function that passes through the origin keeps the sign of a zero.
    if record.domain[0] < 0 and which == "value" and at_zero == 0.0:
        below = float(truth.value(name, -1e-9, *_defaults(name)))
        if below < 0 or record.odd:
            assert np.signbit(got[2:4]).tolist() == [False, True]


# Coefficients of a numerator of pau that passes through the origin.
THROUGH_ORIGIN = (0.0, 0.5, 1.0, 2.0, 0.75, 0.125)


@pytest.mark.parametrize("a0", [0.0, -0.0])
@pytest.mark.parametrize("a1", [0.5, -0.5])
def test_pau_through_the_origin_keeps_the_sign_of_a_zero(a0: float, a1: float) -> None:
    coefficients = (a0, a1, *THROUGH_ORIGIN[2:], 0.0, 4.0, 0.0, 0.25)
    got = formulas.pau(np.array([0.0, -0.0]), *coefficients)
    assert got.tolist() == [0.0, 0.0]
    assert np.signbit(got).tolist() == [a1 < 0, a1 > 0]


@pytest.mark.parametrize(
    ("x", "b"),
    [
        (-4.0, (0.0, 0.0, 4.0, 1.0)),
        (-2.0, (1.0, 0.5, 0.0, 0.0)),
        (2.0, (1.0, -0.5, 0.0, 0.0)),
        (-0.5, (1.0, 2.0, 0.0, 0.0)),
        (0.0, (1.0, 2.0, 0.0, 0.5)),
        (0.5, (-1.0, 2.0, 0.0, 0.0)),
    ],
)
def test_pau_has_the_left_derivative_at_a_root_of_the_denominator(
    x: float, b: tuple[float, ...]
) -> None:
    operands = (x, *THROUGH_ORIGIN, *b)
    for which in ("grad", "b1", "b2", "b3", "b4"):
        got = _formula("pau", which)(np.array(operands[0]), *operands[1:])
        assert got == pytest.approx(float(_exact("pau", which, *operands)), rel=1e-14, abs=0)


@pytest.mark.parametrize(
    ("x", "b"),
    [
        (-2.0, (4.0, 4.0, 1.0, 0.0)),
        (2.0, (-4.0, 4.0, -1.0, 0.0)),
        (0.0, (0.0, 2.0, 0.0, 0.5)),
        (0.0, (0.0, -2.0, 1.0, 0.5)),
    ],
)
def test_pau_has_a_second_derivative_at_a_double_root(x: float, b: tuple[float, ...]) -> None:
    coefficients = (*THROUGH_ORIGIN, *b)
    tensor = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    formulas.grad_pau(tensor, *coefficients).backward()
    step = mpf(2) ** -100
    with mp.workdps(truth.DIGITS + 40):
        ends = [truth.grad("pau", x + end, *coefficients) for end in (step, -step)]
        exact = float((ends[0] - ends[1]) / (2 * step))
    assert float(tensor.grad) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_srs_derivative_keeps_its_relative_accuracy_at_its_zero(dtype: str) -> None:
    beta = 3.0
    eps = np.finfo(dtype).eps
    x = (-beta * (1 + eps * np.array([-50.0, -2.0, -1.0, 1.0, 2.0, 50.0]))).astype(dtype)
    got = formulas.grad_srs(x, 5.0, beta)
    exact = [float(truth.grad("srs", t, 5.0, beta)) for t in x]
    np.testing.assert_allclose(got, exact, rtol=ROUNDINGS * eps)


def test_slope_zero_has_a_limit() -> None:
    with np.errstate(all="ignore"):
        got = formulas.leaky_relu(np.array([-inf, -2.0, 3.0]), 0.0)
    assert got.tolist() == [0.0, 0.0, 3.0]


def test_squareplus_without_a_bend_is_relu() -> None:
    x = np.array([-2.0, 0.0, 3.0])
    assert formulas.squareplus(x, 0.0).tolist() == [0.0, 0.0, 3.0]
    assert formulas.grad_squareplus(x, 0.0).tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(("name", "which"), [case for case in CASES if CATALOG[case[0]].parameters])
def test_parameters_broadcast(name: str, which: str) -> None:
    x = np.array([[-1.5], [0.75]])
    columns = [np.array(usual[:3]) for usual, _ in truth.PARAMETERS[name]]
    rows = list(zip(*columns, strict=True))
    exact = [[float(_exact(name, which, t[0], *row)) for row in rows] for t in x]
    for operands in ((x, *columns), tuple(torch.from_numpy(o) for o in (x, *columns))):
        # One that does not depend on the parameter has the shape of x.
        got = np.broadcast_to(np.asarray(_formula(name, which)(*operands)), (2, 3))
        np.testing.assert_allclose(got, exact, rtol=1e-14)


def _smooth_points(name: str) -> np.ndarray:
    """Arguments of a function away from its kinks, where autograd has its own convention."""
    if CATALOG[name].domain == (0.0, 1.0):
        return np.linspace(0.01, 0.99, 60)
    special = specials("float64")
    ordinary = np.linspace(-40, 40, 161) + 0.013
    x = np.concatenate([special[np.abs(special) <= 2], ordinary, [-1000.0, 1000.0]])
    x = x[(x != 0) & ~np.isin(x, truth.KINKS.get(name, ()))]
    return x[x > 1e-300] if CATALOG[name].domain[0] == 0 else x


@each_name
def test_automatic_differentiation_agrees_without_nan(name: str) -> None:
    x = _smooth_points(name)
    tensor = torch.tensor(x, requires_grad=True)
    _formula(name, "value")(tensor, *_defaults(name)).sum().backward()
    assert tensor.grad is not None
    expected = _formula(name, "grad")(torch.tensor(x), *_defaults(name)).numpy()
    np.testing.assert_allclose(tensor.grad.numpy(), expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(("name", "parameter"), LEARNED)
def test_automatic_differentiation_by_a_parameter(name: str, parameter: str) -> None:
    x = torch.tensor(_smooth_points(name))
    operands = {
        p: torch.full_like(x, value, requires_grad=p == parameter)
        for p, value in CATALOG[name].defaults().items()
    }
    _formula(name, "value")(x, *operands.values()).sum().backward()
    got = operands[parameter].grad
    assert got is not None
    expected = _formula(name, parameter)(x, *_defaults(name)).numpy()
    np.testing.assert_allclose(got.numpy(), expected, rtol=1e-9, atol=1e-13)


@each_name
def test_second_derivative_by_automatic_differentiation(name: str) -> None:
    record = CATALOG[name]
    if record.domain[0] == 0:
        x = np.linspace(0.1, 0.9, 17)
    else:
        x = np.append(np.linspace(-9, 9, 61) + 0.0123, [0.0] if record.smooth else [])
    tensor = torch.tensor(x, requires_grad=True)
    slope = _formula(name, "grad")(tensor, *_defaults(name))
    if not slope.requires_grad:
        # Made of constants: the slope of a slope that is piecewise flat.
        slope = slope + 0.0 * tensor
    slope.sum().backward()
    assert tensor.grad is not None
    step = 1e-20
    exact = []
    for t in x:
        with mp.workdps(truth.DIGITS):
            above, below = (truth.grad(name, mpf(t) + s, *_defaults(name)) for s in (step, -step))
            exact.append(float((above - below) / (2 * mpf(step))))
    np.testing.assert_allclose(tensor.grad.numpy(), exact, rtol=1e-9, atol=1e-13)


@each_name
def test_formulas_trace_without_a_graph_break(name: str) -> None:
    x = torch.linspace(0.05, 0.95, 7, dtype=torch.float64)
    kinds = [which for owner, which in CASES if owner == name]

    def each(t: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(_formula(name, which)(t, *_defaults(name), xp=torch) for which in kinds)

    torch.compiler.reset()
    traced = torch.compile(each, backend="eager", fullgraph=True)
    for got, expected in zip(traced(x), each(x), strict=True):
        assert torch.equal(got, expected)


# torch's own functions, for their values and their conventions at the kinks.
TORCH: dict[str, Any] = {
    "sigmoid": torch.sigmoid,
    "log_sigmoid": functional.logsigmoid,
    "tanh": torch.tanh,
    "softsign": functional.softsign,
    "softplus": functional.softplus,
    "hard_sigmoid": functional.hardsigmoid,
    "hard_tanh": functional.hardtanh,
    "relu": torch.relu,
    "relu6": functional.relu6,
    "leaky_relu": functional.leaky_relu,
    "prelu": lambda x: functional.prelu(x, torch.tensor([0.25], dtype=x.dtype)),
    "rrelu": functional.rrelu,
    "threshold": lambda x: functional.threshold(x, 1.0, 0.0),
    "elu": functional.elu,
    "celu": functional.celu,
    "selu": torch.selu,
    "relu_squared": lambda x: torch.relu(x) ** 2,
    "hard_swish": functional.hardswish,
    "softshrink": functional.softshrink,
    "hardshrink": functional.hardshrink,
    "tanhshrink": functional.tanhshrink,
}


@pytest.mark.parametrize("name", TORCH)
def test_as_torch_has_it_at_the_kinks_too(name: str) -> None:
    kinks = np.array([0.0, *truth.KINKS.get(name, ())])
    x = np.concatenate([kinks, kinks + 1e-6, kinks - 1e-6, np.linspace(-8, 8, 33)])
    tensor = torch.tensor(x, requires_grad=True)
    value = TORCH[name](tensor)
    value.sum().backward()
    assert tensor.grad is not None
    for which, peer in (("value", value.detach()), ("grad", tensor.grad)):
        got = _formula(name, which)(x, *_defaults(name))
        # torch has the 1/6 of hardsigmoid's derivative in single precision whatever the dtype.
        tolerance = 4e-8 if (name, which) == ("hard_sigmoid", "grad") else 1e-12
        np.testing.assert_allclose(got, peer.numpy(), rtol=tolerance, atol=1e-15)


# ---- which namespace ----------------------------------------------------------------------------


def test_namespace_of() -> None:
    assert formulas.namespace_of(np.ones(2)) is np
    assert formulas.namespace_of(1.0) is np
    assert formulas.namespace_of(torch.ones(2)) is torch
    assert formulas.namespace_of(torch.nn.Parameter(torch.ones(2))) is torch


def test_namespace_of_jax_and_of_the_array_api(monkeypatch: pytest.MonkeyPatch) -> None:
    jax = ModuleType("jax")
    jax.numpy = ModuleType("jax.numpy")
    monkeypatch.setitem(sys.modules, "jax", jax)
    array = type("ArrayImpl", (), {"__module__": "jaxlib._jax"})()
    assert formulas.namespace_of(array) is jax.numpy
    space = SimpleNamespace()
    other = type("Other", (), {"__array_namespace__": lambda self: space})()
    assert formulas.namespace_of(other) is space


def test_erfc_of_other_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    for root, module in (("jax", "jax.scipy.special"), ("cupy", "cupyx.scipy.special")):
        library = ModuleType(module)
        library.erfc = lambda x: f"erfc of {x}"
        for part in ("", ".scipy", ".scipy.special"):
            parent = ModuleType(module.partition(".")[0] + part)
            monkeypatch.setitem(sys.modules, parent.__name__, parent)
        monkeypatch.setitem(sys.modules, module, library)
        assert namespace.erfc(2, ModuleType(f"{root}.numpy")) == "erfc of 2"


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_gelu_without_scipy(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.array([-5.0, -0.5, 0.0, 2.0], dtype=dtype)
    expected = formulas.gelu(x)
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    got = formulas.gelu(x)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, expected, rtol=8 * np.finfo(dtype).eps)
    assert isinstance(float(formulas.gelu(1.0)), float)


def test_exactly_rounded_reference_is_not_the_formulas() -> None:
    # The truth must stay independent of what it judges.
    assert "formulas" not in vars(truth)
    assert Exact.of([truth.value("sigmoid", 0.0)]).high.tolist() == [0.5]
