"""JAX: its functions and their vector-Jacobian products, compiled; NumPy's lines where it has none.

JAX cannot write into an array of others.  For large ones the last result is donated, so that the
new one takes its place: the closest thing to an output made beforehand, and several times faster
than fresh pages.  For small ones donation costs more than it saves.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import nn
from jax.scipy.special import logit

from ogive.bench.textbook import TEXTBOOK, inlined
from ogive.bench.work import LOSSES, Call, Work

__all__ = ["contender"]

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)
# Small calls then run in the caller's thread, which takes a quarter of the time.
jax.config.update("jax_cpu_enable_async_dispatch", False)

_DONATED_BYTES = 1 << 18

Function = Callable[[Any], Any]


def _binary_cross_entropy(x: Any, targets: Any) -> Any:
    """Compute the mean as Optax does, which has the losses that JAX has not."""
    return -jnp.mean(targets * nn.log_sigmoid(x) + (1 - targets) * nn.log_sigmoid(-x))


def _cross_entropy(x: Any, classes: Any) -> Any:
    """Compute the mean as Optax does."""
    chosen = jnp.take_along_axis(x, classes[:, None], axis=-1)[:, 0]
    return jnp.mean(nn.logsumexp(x, axis=-1) - chosen)


_VALUE: Mapping[str, Callable[..., Any]] = {
    "sigmoid": nn.sigmoid,
    "logit": logit,
    "log_sigmoid": nn.log_sigmoid,
    "softplus": lambda x, beta: nn.softplus(x),
    "tanh": jnp.tanh,
    "hard_sigmoid": nn.hard_sigmoid,
    "hard_tanh": lambda x, min, max: nn.hard_tanh(x),
    "softsign": nn.soft_sign,
    "squareplus": nn.squareplus,
    "relu": nn.relu,
    "relu6": nn.relu6,
    "leaky_relu": nn.leaky_relu,
    "elu": nn.elu,
    "celu": nn.celu,
    "selu": nn.selu,
    "hard_swish": nn.hard_swish,
    "silu": nn.silu,
    "swish": lambda x, beta: nn.silu(x),
    "gelu": partial(nn.gelu, approximate=False),
    "gelu_tanh": partial(nn.gelu, approximate=True),
    "mish": nn.mish,
    "softmax": nn.softmax,
    "log_softmax": nn.log_softmax,
    "logsumexp": partial(nn.logsumexp, axis=-1),
    "binary_cross_entropy_with_logits": _binary_cross_entropy,
    "cross_entropy": _cross_entropy,
    # Since JAX 0.5.
    **({"log1mexp": nn.log1mexp} if hasattr(nn, "log1mexp") else {}),
}
_NAMESPACE = {
    name: getattr(jnp, name)
    for name in (
        "abs", "exp", "expm1", "log", "log1p", "maximum", "minimum", "sqrt", "tanh", "where",
    )
}  # fmt: skip


def _value(work: Work) -> Function | None:
    """Return the function that JAX offers, else the textbook's line traced with jax.numpy."""
    parameters = work.parameters
    own = _VALUE.get(work.name)
    if own is not None:
        return partial(own, **parameters)
    if work.name not in TEXTBOOK:
        return None
    expression = ast.fix_missing_locations(ast.Expression(inlined(TEXTBOOK[work.name].value)))
    code = compile(expression, work.name, "eval")
    return lambda x: eval(code, {**_NAMESPACE, **parameters, "x": x})


def _on_device(work: Work, what: str) -> Any:
    """Return JAX's own copy of an array, made once."""
    own = {work.domain: "x", "gradient": "g"}
    array = getattr(work, own[what]) if what in own else getattr(work.arrays, what)
    key = ("jax", what, array.shape)
    if key not in work.arrays.kept:
        work.arrays.kept[key] = jnp.asarray(array)
    return work.arrays.kept[key]


def contender(work: Work) -> Call | None:
    """Return the call that does the work with JAX, or None where there is no such function."""
    value = _value(work)
    if value is None:
        return None

    def backward(g: Any, x: Any) -> Any:
        return jax.vjp(value, x)[1](g)[0]

    computes: dict[str, Callable[..., Any]] = {
        "value": value,
        "with_grad": jax.value_and_grad(value),
        "grad": lambda x: backward(jnp.ones_like(x), x),
        "backward": backward,
    }
    compute = computes[work.kind]
    operands = [_on_device(work, work.domain)]
    if work.name in LOSSES:
        operands.append(_on_device(work, "classes" if work.name == "cross_entropy" else "targets"))
    if work.kind == "backward":
        operands = [_on_device(work, "gradient"), *operands]
    smaller = work.kind == "value" and work.name in ("logsumexp", *LOSSES)
    if smaller or work.x.nbytes < _DONATED_BYTES:
        compiled = jax.jit(compute)
        return lambda: jax.block_until_ready(compiled(*operands))

    into = jax.jit(lambda last, *operands: compute(*operands), donate_argnums=0, keep_unused=True)
    # One buffer serves all rows of a size in turn; what a row leaves there, the next overwrites.
    kept = work.arrays.kept
    kept.setdefault(("jax", "out"), None)
    if kept["jax", "out"] is None or kept["jax", "out"].shape != operands[0].shape:
        kept["jax", "out"] = jnp.zeros_like(operands[0])

    def call() -> Any:
        result = jax.block_until_ready(into(kept["jax", "out"], *operands))
        kept["jax", "out"] = result[1] if work.kind == "with_grad" else result
        return result

    return call
