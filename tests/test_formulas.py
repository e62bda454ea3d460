"""The portable formulas in NumPy and torch: both tails, eager, traced and differentiated."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import truth
from points import points, specials
from truth import Exact

from ogive import formulas
from ogive.catalog import CATALOG

inf = np.inf

# Some rounded operations each; near the zero crossing of a derivative relative to its terms.
# The normal density of x costs x² / 2 roundings in its exponent.
TOLERANCE = {"float64": 2e-15, "float32": 1e-6}
TAIL_FACTOR = {"gelu": 200.0, "softplus": 50.0}


def _formula(kind: str, name: str) -> Any:
    return getattr(formulas, name if kind == "value" else f"grad_{name}")


def _defaults(name: str) -> tuple[float, ...]:
    return tuple(CATALOG[name].defaults().values())


each_kind = pytest.mark.parametrize("kind", ["value", "grad"])
each_name = pytest.mark.parametrize("name", CATALOG)


def _check(name: str, kind: str, dtype: str, x: np.ndarray, got: np.ndarray) -> None:
    exact_value = getattr(truth, kind)
    exact = [exact_value(name, t, *np.array(_defaults(name), dtype=dtype)) for t in x]
    expected = np.array([float(e) for e in exact])
    tolerance = TOLERANCE[dtype] * TAIL_FACTOR.get(name, 4.0)
    # Where a derivative crosses zero, relative to its terms, which are below 1 there.
    absolute = TOLERANCE[dtype] if kind == "grad" and name in ("silu", "gelu") else 0.0
    smallest = 4 * float(np.finfo(dtype).smallest_normal)
    left = x < -1.5
    allowed = tolerance * np.abs(expected) + np.where(left, 0.0, absolute) + smallest
    with np.errstate(invalid="ignore"):
        near = np.abs(got.astype(np.float64) - expected) <= allowed
    with np.errstate(over="ignore"):
        rounded = expected.astype(dtype)
    wrong = ~near & (got != rounded) & ~(np.isnan(got) & np.isnan(expected))
    assert not wrong.any(), [(x[i], got[i], expected[i]) for i in np.flatnonzero(wrong)[:5]]


def _some(name: str, dtype: str) -> np.ndarray:
    """A part of the points of the accuracy tests, where nothing overflows in between."""
    x = points(name, dtype).x[::9]
    return x[np.abs(x) < 1e30]


@each_name
@each_kind
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numpy(name: str, kind: str, dtype: str) -> None:
    x = _some(name, dtype)
    with np.errstate(all="ignore"):
        got = _formula(kind, name)(x, *_defaults(name))
    assert got.dtype == dtype
    _check(name, kind, dtype, x, got)


@each_name
@each_kind
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torch(name: str, kind: str, dtype: str) -> None:
    x = _some(name, dtype)
    got = _formula(kind, name)(torch.from_numpy(x), *_defaults(name))
    assert str(got.dtype) == f"torch.{dtype}"
    _check(name, kind, dtype, x, got.numpy())


@each_name
@each_kind
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtype_is_kept(name: str, kind: str, dtype: str) -> None:
    x = np.array([0.25, 0.5, 0.75], dtype=dtype)
    assert _formula(kind, name)(x, *_defaults(name)).dtype == dtype
    assert _formula(kind, name)(torch.from_numpy(x), *_defaults(name)).numpy().dtype == dtype


@each_name
@pytest.mark.parametrize("xp", [np, torch], ids=["numpy", "torch"])
def test_limits_and_zeros(name: str, xp: Any) -> None:
    x = [-inf, inf, 0.0, -0.0, np.nan]
    array = np.array(x) if xp is np else torch.tensor(x, dtype=torch.float64)
    with np.errstate(all="ignore"):
        value = np.asarray(_formula("value", name)(array, *_defaults(name)))
        grad = np.asarray(_formula("grad", name)(array, *_defaults(name)))
    assert np.isnan(value[4])
    assert np.isnan(grad[4])
    if name == "logit":
        assert np.isnan(value[:2]).all()
        assert np.isnan(grad[:2]).all()
        assert value[2:4].tolist() == [-inf, -inf]
        assert grad[2:4].tolist() == [inf, inf]
        return
    limits = np.array(CATALOG[name].limits)
    assert value[:2].tolist() == limits.tolist()
    assert np.signbit(value[:2]).tolist() == np.signbit(limits).tolist()
    far = [float(truth.grad(name, t, *_defaults(name))) for t in (-1e4, 1e4)]
    assert grad[:2].tolist() == far
    if float(truth.value(name, 0.0, *_defaults(name))) == 0:
        assert value[2:4].tolist() == [0.0, 0.0]
        assert np.signbit(value[2:4]).tolist() == [False, True]


def test_slope_zero_has_a_limit() -> None:
    with np.errstate(all="ignore"):
        got = formulas.leaky_relu(np.array([-inf, -2.0, 3.0]), 0.0)
    assert got.tolist() == [0.0, 0.0, 3.0]


@pytest.mark.parametrize("name", [name for name in CATALOG if CATALOG[name].parameters])
def test_parameters_broadcast(name: str) -> None:
    x, parameter = np.array([[-1.5], [0.75]]), np.array([0.25, 1.0, 2.0])
    for kind in ("value", "grad"):
        exact = [[float(getattr(truth, kind)(name, t[0], p)) for p in parameter] for t in x]
        got = _formula(kind, name)(x, parameter)
        np.testing.assert_allclose(got, exact, rtol=1e-14)
        tensors = torch.from_numpy(x), torch.from_numpy(parameter)
        np.testing.assert_allclose(_formula(kind, name)(*tensors).numpy(), exact, rtol=1e-14)


@each_name
def test_automatic_differentiation_agrees_without_nan(name: str) -> None:
    special = specials("float64")
    ordinary = np.linspace(-40, 40, 161) + 0.013
    x = np.concatenate([special[np.abs(special) <= 2], ordinary, [-1000.0, 1000.0]])
    if name == "logit":
        x = np.linspace(0.01, 0.99, 60)
    # At a kink autograd has its own convention.
    x = x[x != 0]
    tensor = torch.tensor(x, requires_grad=True)
    _formula("value", name)(tensor, *_defaults(name)).sum().backward()
    assert tensor.grad is not None
    expected = _formula("grad", name)(torch.tensor(x), *_defaults(name)).numpy()
    np.testing.assert_allclose(tensor.grad.numpy(), expected, rtol=1e-9, atol=1e-14)


@each_name
def test_formulas_trace_without_a_graph_break(name: str) -> None:
    x = torch.linspace(0.05, 0.95, 7, dtype=torch.float64)

    def both(t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return (
            _formula("value", name)(t, *_defaults(name), xp=torch),
            _formula("grad", name)(t, *_defaults(name), xp=torch),
        )

    torch.compiler.reset()
    traced = torch.compile(both, backend="eager", fullgraph=True)
    for got, expected in zip(traced(x), both(x), strict=True):
        assert torch.equal(got, expected)


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
        assert formulas._erfc(2, ModuleType(f"{root}.numpy")) == "erfc of 2"


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
