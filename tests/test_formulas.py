"""The portable formulas in NumPy and torch: both tails, eager, traced and differentiated."""

from __future__ import annotations

import sys
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

# Some rounded operations each; near a zero relative to its terms. An exponent of a product costs
# as many roundings as it is large, that of the normal density x² / 2.
TOLERANCE = {"float64": 2e-15, "float32": 1e-6}
TAIL_FACTOR = {"gelu": 200.0, "softplus": 50.0, "celu": 50.0}

# Held to the relative error next to their zeros too.
RIGHT_AT_ZEROS = ("logit", "hard_swish")

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


def _check(
    name: str, which: str, dtype: str, operands: tuple[np.ndarray, ...], got: np.ndarray
) -> None:
    x = operands[0]
    expected = np.array([float(_exact(name, which, *t)) for t in zip(*operands, strict=True)])
    tolerance = TOLERANCE[dtype] * TAIL_FACTOR.get(name, 4.0)
    zeros = {"value": truth.VALUE_ZEROS, "grad": truth.ZERO_CROSSINGS}.get(which, {}).get(name, ())
    # Next to a zero, relative to terms which are below 1 there.
    close = np.zeros(x.shape, dtype=bool)
    for zero in zeros if name not in RIGHT_AT_ZEROS else ():
        close |= np.abs(x - zero) < 0.5
    smallest = 4 * float(np.finfo(dtype).smallest_normal)
    allowed = tolerance * np.abs(expected) + np.where(close, TOLERANCE[dtype], 0.0) + smallest
    with np.errstate(invalid="ignore"):
        near = np.abs(got.astype(np.float64) - expected) <= allowed
    with np.errstate(over="ignore"):
        rounded = expected.astype(dtype)
    wrong = ~near & (got != rounded) & ~(np.isnan(got) & np.isnan(expected))
    told = [([o[i] for o in operands], got[i], expected[i]) for i in np.flatnonzero(wrong)[:5]]
    assert not told, told


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
    _check(name, which, dtype, operands, got)


@each_case
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torch(name: str, which: str, dtype: str) -> None:
    operands = _some(name, dtype)
    got = _formula(name, which)(*(torch.from_numpy(operand) for operand in operands))
    assert str(got.dtype) == f"torch.{dtype}"
    _check(name, which, dtype, operands, got.numpy())


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
            assert got[i] == _limit(_exact(name, which, np.copysign(1e300, end), *_defaults(name)))
    at_zero = float(_exact(name, which, 0.0, *_defaults(name)))
    assert got[2:4].tolist() == pytest.approx([at_zero, at_zero], rel=1e-15)
    # A function that passes through the origin keeps the sign of a zero.
    if record.domain[0] < 0 and which == "value" and at_zero == 0.0:
        below = float(truth.value(name, -1e-9, *_defaults(name)))
        if below < 0 or record.odd:
            assert np.signbit(got[2:4]).tolist() == [False, True]


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
