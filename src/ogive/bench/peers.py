"""How each peer does what an Ogive function does: the best way that its users have.

A contender writes into an output made beforehand wherever its library can, and into the same one as
the others: which physical pages an array happens to get decides how well it fits the caches, and
that luck should be everybody's.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import ogive
from ogive.catalog import CATALOG

__all__ = ["KINDS", "PEERS", "ROWS", "contenders", "names"]

Array = NDArray[Any]
Call = Callable[[], object]

KINDS = ("value", "grad", "backward")
PEERS = ("numpy", "scipy", "torch")
ROWS = ("softmax", "log_softmax", "logsumexp")
ROW_LENGTH = 256


def names(kind: str) -> tuple[str, ...]:
    """Return what can be measured of a kind: rows have values only."""
    return (*CATALOG, *ROWS) if kind == "value" else tuple(CATALOG)


def contenders(name: str, kind: str, count: int, dtype: str) -> dict[str, Call]:
    """Return the calls that compete at one function, by library; ``copy`` is the yardstick.

    Parameters
    ----------
    name : str
        A function of the catalogue, or one of `ROWS`.
    kind : {'value', 'grad', 'backward'}
    count : int
        Number of elements; rows have 256 entries each.
    dtype : {'float32', 'float64'}

    Returns
    -------
    dict of str to callable
        Each call does the whole work once.  A library that is not installed, or has no such
        function, is left out.
    """
    rng = np.random.default_rng(0)
    x: Array = (2 * rng.standard_normal(count)).astype(dtype)
    if name == "logit":
        x = (1 / (1 + np.exp(-x))).astype(dtype)
    if name in ROWS:
        x = x[: max(count // ROW_LENGTH, 1) * ROW_LENGTH]
        x = x.reshape(-1, min(ROW_LENGTH, x.size))
    g: Array = rng.standard_normal(x.shape).astype(dtype)
    out = np.empty_like(x)
    calls: dict[str, Call] = {"ogive": _ogive(name, kind, g, x, out)}
    makers: Mapping[str, Callable[[str, str, Array, Array, Array], Call | None]] = {
        "numpy": _numpy,
        "scipy": _scipy,
        "torch": _torch,
    }
    for peer in PEERS:
        if importlib.util.find_spec(peer) is not None:
            call = makers[peer](name, kind, g, x, out)
            if call is not None:
                calls[peer] = call
    calls["copy"] = lambda: np.copyto(out, x)
    return calls


def _ogive(name: str, kind: str, g: Array, x: Array, out: Array) -> Call:
    if name in ROWS:
        row = getattr(ogive, name)
        into = np.empty(x.shape[:-1], x.dtype) if name == "logsumexp" else out
        return lambda: row(x, out=into)
    if kind == "value":
        value = getattr(ogive, name)
        return lambda: value(x, out=out)
    if kind == "grad":
        grad = getattr(ogive.grad, name)
        return lambda: grad(x, out=out)
    backward = getattr(ogive.backward, name)
    return lambda: backward(g, x, out=out)


def _numpy(name: str, kind: str, g: Array, x: Array, out: Array) -> Call | None:
    """Plain formulas, as one finds them in people's code; NumPy's own function where it has one."""
    if kind != "value":
        return None
    work = np.empty_like(x)
    one = x.dtype.type(1)

    def one_plus_exp_of_minus() -> Array:
        np.negative(x, out=work)
        np.exp(work, out=work)
        np.add(work, one, out=work)
        return work

    formulas: dict[str, Call] = {
        "sigmoid": lambda: np.reciprocal(one_plus_exp_of_minus(), out=out),
        "silu": lambda: np.divide(x, one_plus_exp_of_minus(), out=out),
        "tanh": lambda: np.tanh(x, out=out),
        "logit": lambda: np.log(np.divide(x, np.subtract(one, x, out=work), out=work), out=out),
        "softplus": lambda: np.logaddexp(0, x, out=out),
        "log_sigmoid": lambda: np.negative(
            np.logaddexp(0, np.negative(x, out=work), out=out), out=out
        ),
        "relu": lambda: np.maximum(x, 0, out=out),
        "leaky_relu": lambda: np.maximum(np.multiply(x, x.dtype.type(0.01), out=work), x, out=out),
        "elu": lambda: np.where(x > 0, x, np.expm1(np.minimum(x, 0, out=work), out=work)),
    }
    return formulas.get(name)


def _scipy(name: str, kind: str, g: Array, x: Array, out: Array) -> Call | None:
    if kind != "value":
        return None
    from scipy import special

    functions: dict[str, Call] = {
        "sigmoid": lambda: special.expit(x, out=out),
        "logit": lambda: special.logit(x, out=out),
        "log_sigmoid": lambda: special.log_expit(x, out=out),
        "gelu": lambda: np.multiply(x, special.ndtr(x, out=out), out=out),
        "softmax": lambda: special.softmax(x, axis=-1),
        "log_softmax": lambda: special.log_softmax(x, axis=-1),
        "logsumexp": lambda: special.logsumexp(x, axis=-1),
    }
    return functions.get(name)


def _torch(name: str, kind: str, g: Array, x: Array, out: Array) -> Call | None:
    import torch

    aten = torch.ops.aten
    t, grad, into = torch.from_numpy(x), torch.from_numpy(g), torch.from_numpy(out)
    if kind == "value":
        rows = torch.empty(t.shape[:-1], dtype=t.dtype)
        values: dict[str, Call] = {
            "sigmoid": lambda: torch.sigmoid(t, out=into),
            "logit": lambda: torch.logit(t, out=into),
            "log_sigmoid": lambda: torch.nn.functional.logsigmoid(t),
            "tanh": lambda: torch.tanh(t, out=into),
            "softplus": lambda: aten.softplus.out(t, out=into),
            "relu": lambda: torch.clamp_min(t, 0, out=into),
            "leaky_relu": lambda: aten.leaky_relu.out(t, out=into),
            "elu": lambda: aten.elu.out(t, out=into),
            "silu": lambda: aten.silu.out(t, out=into),
            "gelu": lambda: aten.gelu.out(t, out=into),
            "softmax": lambda: torch.softmax(t, -1, out=into),
            "log_softmax": lambda: torch.log_softmax(t, -1, out=into),
            "logsumexp": lambda: torch.logsumexp(t, -1, out=rows),
        }
        return values.get(name)
    if kind == "grad":
        return None  # torch has no derivative by itself
    # torch's backward takes the forward's result where that is all it needs.
    y = torch.sigmoid(t) if name == "sigmoid" else torch.tanh(t) if name == "tanh" else t
    _, buffer = aten.log_sigmoid_forward(t)
    backwards: dict[str, Call] = {
        "sigmoid": lambda: aten.sigmoid_backward.grad_input(grad, y, grad_input=into),
        "logit": lambda: aten.logit_backward.grad_input(grad, t, grad_input=into),
        "log_sigmoid": lambda: aten.log_sigmoid_backward.grad_input(
            grad, t, buffer, grad_input=into
        ),
        "tanh": lambda: aten.tanh_backward.grad_input(grad, y, grad_input=into),
        "softplus": lambda: aten.softplus_backward.grad_input(grad, t, 1.0, 20.0, grad_input=into),
        "relu": lambda: aten.threshold_backward.grad_input(grad, t, 0, grad_input=into),
        "leaky_relu": lambda: aten.leaky_relu_backward.grad_input(
            grad, t, 0.01, False, grad_input=into
        ),
        "elu": lambda: aten.elu_backward.grad_input(grad, 1.0, 1.0, 1.0, False, t, grad_input=into),
        "silu": lambda: aten.silu_backward.grad_input(grad, t, grad_input=into),
        "gelu": lambda: aten.gelu_backward.grad_input(grad, t, grad_input=into),
    }
    return backwards.get(name)
