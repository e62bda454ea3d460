"""numba: rows and losses as the loops that people write, compiled, their rows in parallel.

With `fastmath`, as is usual for speed: sums are then vectorised, and infinities not thought of.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numba
import numpy as np
from numba import prange

from ogive.bench.work import Array, Call, Work

__all__ = ["contender", "set_threads"]

Compiled = Callable[..., Any]
_compiled: Callable[[Compiled], Compiled] = numba.njit(parallel=True, fastmath=True)


def set_threads(threads: int) -> None:
    """Let numba use a number of threads, of the cores there are at most."""
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))


@_compiled
def _softmax(x: Array, out: Array) -> None:
    for i in prange(x.shape[0]):
        largest = x[i].max()
        total = x.dtype.type(0)
        for j in range(x.shape[1]):
            out[i, j] = math.exp(x[i, j] - largest)
            total += out[i, j]
        for j in range(x.shape[1]):
            out[i, j] /= total


@_compiled
def _log_softmax(x: Array, out: Array) -> None:
    for i in prange(x.shape[0]):
        largest = x[i].max()
        total = x.dtype.type(0)
        for j in range(x.shape[1]):
            total += math.exp(x[i, j] - largest)
        shift = largest + math.log(total)
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] - shift


@_compiled
def _logsumexp(x: Array, out: Array) -> None:
    for i in prange(x.shape[0]):
        largest = x[i].max()
        total = x.dtype.type(0)
        for j in range(x.shape[1]):
            total += math.exp(x[i, j] - largest)
        out[i] = largest + math.log(total)


@_compiled
def _binary_value(x: Array, t: Array) -> Any:
    total = 0.0
    for i in prange(x.size):
        total += max(x[i], 0) - x[i] * t[i] + math.log1p(math.exp(-abs(x[i])))
    return total / x.size


@_compiled
def _binary_with_grad(x: Array, t: Array, out: Array) -> Any:
    total = 0.0
    for i in prange(x.size):
        e = math.exp(-abs(x[i]))
        total += max(x[i], 0) - x[i] * t[i] + math.log1p(e)
        out[i] = ((1 if x[i] >= 0 else e) / (1 + e) - t[i]) / x.size
    return total / x.size


@_compiled
def _cross_entropy_value(x: Array, classes: Array) -> Any:
    total = 0.0
    for i in prange(x.shape[0]):
        largest = x[i].max()
        others = x.dtype.type(0)
        for j in range(x.shape[1]):
            others += math.exp(x[i, j] - largest)
        total += largest + math.log(others) - x[i, classes[i]]
    return total / x.shape[0]


@_compiled
def _cross_entropy_with_grad(x: Array, classes: Array, out: Array) -> Any:
    total = 0.0
    for i in prange(x.shape[0]):
        largest = x[i].max()
        others = x.dtype.type(0)
        for j in range(x.shape[1]):
            out[i, j] = math.exp(x[i, j] - largest)
            others += out[i, j]
        total += largest + math.log(others) - x[i, classes[i]]
        for j in range(x.shape[1]):
            out[i, j] /= others * x.shape[0]
        out[i, classes[i]] -= 1 / x.shape[0]
    return total / x.shape[0]


_ROWS: Mapping[str, Compiled] = {
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "logsumexp": _logsumexp,
}
_LOSSES: Mapping[str, tuple[Compiled, Compiled]] = {
    "binary_cross_entropy_with_logits": (_binary_value, _binary_with_grad),
    "cross_entropy": (_cross_entropy_value, _cross_entropy_with_grad),
}


def contender(work: Work) -> Call | None:
    """Return the call that does the work with numba, or None where no loop is written for it."""
    if work.name in _LOSSES:
        value, with_grad = _LOSSES[work.name]
        of_rows = work.name == "cross_entropy"
        target = work.arrays.classes if of_rows else work.arrays.targets
        if work.kind == "value":
            return partial(value, work.x, target)
        out = work.out
        return lambda: (with_grad(work.x, target, out), out)
    if work.name not in _ROWS or work.kind != "value":
        return None
    out = np.empty(work.x.shape[:-1], work.x.dtype) if work.name == "logsumexp" else work.out
    compute = _ROWS[work.name]

    def call() -> Array:
        compute(work.x, out)
        return out

    return call
