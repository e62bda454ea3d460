"""The losses in NumPy, as their formulas are written, into buffers made beforehand."""

from __future__ import annotations

from typing import Any

import numpy as np

from ogive.bench.work import Array, Call, Work

__all__ = ["contender"]


def contender(work: Work) -> Call:
    """Return the call that does the work with NumPy."""
    if work.name == "cross_entropy":
        return _cross_entropy(work)
    return _binary_cross_entropy(work)


def _binary_cross_entropy(work: Work) -> Call:
    x, t, out = work.x, work.arrays.targets, work.out
    first, second = work.arrays.scratch(0), work.arrays.scratch(1)

    def value() -> Any:
        """Return the mean of max(x, 0) - x t + log1p(exp(-|x|))."""
        np.abs(x, out=first)
        np.negative(first, out=first)
        np.log1p(np.exp(first, out=first), out=first)
        np.add(first, np.maximum(x, 0, out=second), out=first)
        np.subtract(first, np.multiply(x, t, out=second), out=first)
        return first.mean()

    def with_grad() -> tuple[Any, Array]:
        """Return the same, and (sigmoid(x) - t) / n."""
        loss = value()
        np.exp(np.negative(x, out=out), out=out)
        np.reciprocal(np.add(out, 1, out=out), out=out)
        np.subtract(out, t, out=out)
        return loss, np.divide(out, x.size, out=out)

    return value if work.kind == "value" else with_grad


def _cross_entropy(work: Work) -> Call:
    x, classes, out = work.x, work.arrays.classes, work.out
    rows, total = np.arange(len(x)), np.empty((len(x), 1), x.dtype)

    def value() -> Any:
        np.subtract(x, x.max(1, keepdims=True), out=out)
        right = out[rows, classes]
        np.exp(out, out=out).sum(1, keepdims=True, out=total)
        return (np.log(total[:, 0]) - right).mean()

    def with_grad() -> tuple[Any, Array]:
        loss = value()
        np.divide(out, total, out=out)
        out[rows, classes] -= 1
        return loss, np.divide(out, len(x), out=out)

    return value if work.kind == "value" else with_grad
