"""PyTorch: its functions, and their backwards, with an output made beforehand where they take one.

The backwards are those that autograd calls.  What the forward has saved for them is computed
beforehand and not timed: they get it for nothing (`SAVED`), Ogive's start from the argument.
A derivative by itself is torch's backward of a gradient of ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ogive.bench.work import LOSSES, Array, Call, Work

__all__ = ["SAVED", "contender", "copy", "set_threads"]

aten = torch.ops.aten
# Most of these take an output, which their signatures do not mention.
F: Any = torch.nn.functional

SAVED: Mapping[str, str] = {
    "sigmoid": "the sigmoid",
    "tanh": "the hyperbolic tangent",
    "log_sigmoid": "exp(-|x|)",
    "softmax": "the softmax",
    "log_softmax": "the log_softmax",
    "logsumexp": "the logsumexp",
}
"""What torch's backwards are given beside the argument, or instead of it."""

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
Parameters = Mapping[str, float]


def set_threads(threads: int) -> None:
    """Let torch use a number of threads."""
    torch.set_num_threads(threads)


def copy(x: Array, out: Array) -> Call:
    """Return torch's copy of one array to another."""
    return partial(torch.from_numpy(out).copy_, torch.from_numpy(x))


def _slope(p: Parameters) -> float:
    """Return the slope of rrelu in evaluation."""
    return (p["lower"] + p["upper"]) / 2


def _softsign(t: Tensor, out: Tensor) -> Tensor:
    torch.abs(t, out=out)
    return torch.div(t, out.add_(1), out=out)


def _tanhshrink(t: Tensor, out: Tensor) -> Tensor:
    torch.tanh(t, out=out)
    return torch.sub(t, out, out=out)


def _relu_squared(t: Tensor, out: Tensor) -> Tensor:
    return torch.clamp_min(t, 0, out=out).square_()


def _lisht(t: Tensor, out: Tensor) -> Tensor:
    return torch.tanh(t, out=out).mul_(t)


_VALUE: Mapping[str, Callable[[Tensor, Tensor, Parameters], Call]] = {
    "sigmoid": lambda t, out, p: partial(torch.sigmoid, t, out=out),
    "logit": lambda t, out, p: partial(torch.logit, t, out=out),
    "log_sigmoid": lambda t, out, p: partial(F.logsigmoid, t, out=out),
    "softplus": lambda t, out, p: partial(F.softplus, t, out=out),
    "tanh": lambda t, out, p: partial(torch.tanh, t, out=out),
    "hard_sigmoid": lambda t, out, p: partial(aten.hardsigmoid.out, t, out=out),
    "hard_tanh": lambda t, out, p: partial(torch.clamp, t, p["min"], p["max"], out=out),
    "softsign": lambda t, out, p: partial(_softsign, t, out),
    "relu": lambda t, out, p: partial(torch.clamp_min, t, 0, out=out),
    "relu6": lambda t, out, p: partial(torch.clamp, t, 0, 6, out=out),
    "leaky_relu": lambda t, out, p: partial(aten.leaky_relu.out, t, p["negative_slope"], out=out),
    # torch's prelu and rrelu take no output; with one slope leaky_relu does their work.
    "prelu": lambda t, out, p: partial(aten.leaky_relu.out, t, p["weight"], out=out),
    "rrelu": lambda t, out, p: partial(aten.leaky_relu.out, t, _slope(p), out=out),
    "threshold": lambda t, out, p: partial(
        aten.threshold.out, t, p["threshold"], p["value"], out=out
    ),
    "elu": lambda t, out, p: partial(aten.elu.out, t, p["alpha"], out=out),
    "celu": lambda t, out, p: partial(aten.elu.out, t, p["alpha"], 1.0, 1.0 / p["alpha"], out=out),
    "selu": lambda t, out, p: partial(aten.elu.out, t, SELU_ALPHA, SELU_SCALE, out=out),
    "relu_squared": lambda t, out, p: partial(_relu_squared, t, out),
    "hard_swish": lambda t, out, p: partial(aten.hardswish.out, t, out=out),
    "softshrink": lambda t, out, p: partial(F.softshrink, t, p["lambd"], out=out),
    "hardshrink": lambda t, out, p: partial(F.hardshrink, t, p["lambd"], out=out),
    "tanhshrink": lambda t, out, p: partial(_tanhshrink, t, out),
    "silu": lambda t, out, p: partial(aten.silu.out, t, out=out),
    "swish": lambda t, out, p: partial(aten.silu.out, t, out=out),
    "gelu": lambda t, out, p: partial(F.gelu, t, out=out),
    "gelu_tanh": lambda t, out, p: partial(F.gelu, t, approximate="tanh", out=out),
    "mish": lambda t, out, p: partial(aten.mish.out, t, out=out),
    "lisht": lambda t, out, p: partial(_lisht, t, out),
    "abrelu": lambda t, out, p: partial(torch.clamp_min, t, 0, out=out),
    "softmax": lambda t, out, p: partial(torch.softmax, t, -1, out=out),
    "log_softmax": lambda t, out, p: partial(torch.log_softmax, t, -1, out=out),
    "logsumexp": lambda t, out, p: partial(
        torch.logsumexp, t, -1, out=torch.empty(t.shape[:-1], dtype=t.dtype)
    ),
}


def _leaky(g: Tensor, t: Tensor, out: Tensor, slope: float) -> Call:
    return partial(aten.leaky_relu_backward.grad_input, g, t, slope, False, grad_input=out)


def _elu(
    g: Tensor, t: Tensor, out: Tensor, alpha: float, scale: float = 1, inner: float = 1
) -> Call:
    return partial(aten.elu_backward.grad_input, g, alpha, scale, inner, False, t, grad_input=out)


_BACKWARD: Mapping[str, Callable[[Tensor, Tensor, Tensor, Parameters], Call]] = {
    "sigmoid": lambda g, t, out, p: partial(
        aten.sigmoid_backward.grad_input, g, torch.sigmoid(t), grad_input=out
    ),
    "logit": lambda g, t, out, p: partial(aten.logit_backward.grad_input, g, t, grad_input=out),
    "log_sigmoid": lambda g, t, out, p: partial(
        aten.log_sigmoid_backward.grad_input,
        g,
        t,
        aten.log_sigmoid_forward(t)[1],
        grad_input=out,
    ),
    "softplus": lambda g, t, out, p: partial(
        aten.softplus_backward.grad_input, g, t, p["beta"], 20.0, grad_input=out
    ),
    "tanh": lambda g, t, out, p: partial(
        aten.tanh_backward.grad_input, g, torch.tanh(t), grad_input=out
    ),
    "hard_sigmoid": lambda g, t, out, p: partial(
        aten.hardsigmoid_backward.grad_input, g, t, grad_input=out
    ),
    "hard_tanh": lambda g, t, out, p: partial(
        aten.hardtanh_backward.grad_input, g, t, p["min"], p["max"], grad_input=out
    ),
    "relu": lambda g, t, out, p: partial(
        aten.threshold_backward.grad_input, g, t, 0, grad_input=out
    ),
    "relu6": lambda g, t, out, p: partial(
        aten.hardtanh_backward.grad_input, g, t, 0, 6, grad_input=out
    ),
    "leaky_relu": lambda g, t, out, p: _leaky(g, t, out, p["negative_slope"]),
    "prelu": lambda g, t, out, p: _leaky(g, t, out, p["weight"]),
    "rrelu": lambda g, t, out, p: _leaky(g, t, out, _slope(p)),
    "threshold": lambda g, t, out, p: partial(
        aten.threshold_backward.grad_input, g, t, p["threshold"], grad_input=out
    ),
    "elu": lambda g, t, out, p: _elu(g, t, out, p["alpha"]),
    "celu": lambda g, t, out, p: _elu(g, t, out, p["alpha"], inner=1 / p["alpha"]),
    "selu": lambda g, t, out, p: _elu(g, t, out, SELU_ALPHA, SELU_SCALE),
    "hard_swish": lambda g, t, out, p: partial(aten.hardswish_backward.out, g, t, out=out),
    "softshrink": lambda g, t, out, p: partial(
        aten.softshrink_backward.grad_input, g, t, p["lambd"], grad_input=out
    ),
    "hardshrink": lambda g, t, out, p: partial(
        aten.hardshrink_backward.grad_input, g, t, p["lambd"], grad_input=out
    ),
    "silu": lambda g, t, out, p: partial(aten.silu_backward.grad_input, g, t, grad_input=out),
    "swish": lambda g, t, out, p: partial(aten.silu_backward.grad_input, g, t, grad_input=out),
    "gelu": lambda g, t, out, p: partial(aten.gelu_backward.grad_input, g, t, grad_input=out),
    "gelu_tanh": lambda g, t, out, p: partial(
        aten.gelu_backward.grad_input, g, t, approximate="tanh", grad_input=out
    ),
    # The only one without an output to be given.
    "mish": lambda g, t, out, p: partial(aten.mish_backward, g, t),
    "abrelu": lambda g, t, out, p: partial(
        aten.threshold_backward.grad_input, g, t, 0, grad_input=out
    ),
    "softmax": lambda g, t, out, p: _softmax_backward(g, t, out),
    "log_softmax": lambda g, t, out, p: _log_softmax_backward(g, t, out),
    "logsumexp": lambda g, t, out, p: _logsumexp_backward(g, t, out),
}


def _softmax_backward(g: Tensor, t: Tensor, out: Tensor) -> Call:
    y = torch.softmax(t, -1)
    return partial(aten._softmax_backward_data.out, g, y, -1, t.dtype, grad_input=out)


def _log_softmax_backward(g: Tensor, t: Tensor, out: Tensor) -> Call:
    y = torch.log_softmax(t, -1)
    return partial(aten._log_softmax_backward_data.out, g, y, -1, t.dtype, out=out)


def _logsumexp_backward(g: Tensor, t: Tensor, out: Tensor) -> Call:
    # What its autograd computes.
    y, of_rows = torch.logsumexp(t, -1, keepdim=True), g[:, None]
    return lambda: torch.sub(t, y, out=out).exp_().mul_(of_rows)


def _loss(work: Work) -> Call:
    """Return a loss as it is trained with: forward, and backward to a new gradient."""
    loss = getattr(F, work.name)
    t = torch.from_numpy(work.x)
    of_rows = work.name == "cross_entropy"
    target = torch.from_numpy(work.arrays.classes if of_rows else work.arrays.targets)
    if work.kind == "value":
        return partial(torch.no_grad()(loss), t, target)
    leaf = t.requires_grad_()

    def call() -> tuple[Tensor, Tensor | None]:
        leaf.grad = None
        result = loss(leaf, target)
        result.backward()
        return result.detach(), leaf.grad

    return call


def contender(work: Work) -> Call | None:
    """Return the call that does the work with torch, or None where it has no such function."""
    if work.name in LOSSES:
        return _loss(work)
    t, out = torch.from_numpy(work.x), torch.from_numpy(work.out)
    if work.kind == "value":
        value = _VALUE.get(work.name)
        return None if value is None else value(t, out, work.parameters)
    backward = _BACKWARD.get(work.name)
    if backward is None:
        return None
    g = torch.from_numpy(work.g if work.kind == "backward" else work.arrays.ones)
    return backward(g, t, out, work.parameters)
