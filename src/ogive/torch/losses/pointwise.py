"""The native losses of single logits on the memory of tensors: value and gradient in one pass.

bfloat16, which NumPy does not know, is computed in float32.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from ogive import _core
from ogive.losses import operands
from ogive.torch.losses.native import number
from ogive.torch.memory import HALF_DTYPES, view

Extent = Literal["all", "row", "each"]
"""Of how many logits the losses are the sum: of all, of a row, of one."""


@cache
def _one(dtype: Any) -> Any:
    one = np.ones((), dtype)
    one.flags.writeable = False
    return one


def _arrays_of(*tensors: Tensor) -> list[Any] | None:
    """Return the tensors' memory; None if one of them has none (see `ogive.torch.memory.view`)."""
    arrays = []
    for tensor in tensors:
        array = view(tensor)
        if array is None:
            return None
        arrays.append(array)
    return arrays


def pointwise(
    name: str,
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    pos_weight: Tensor | None,
    parameters: tuple[float, float],
    extent: Extent,
    divisor: float,
    with_grad: bool,
) -> tuple[Tensor, Tensor | None] | None:
    """Compute a loss of single logits.

    Parameters
    ----------
    name : {"binary_cross_entropy", "sigmoid_focal"}
        Of the native loss.
    input, target : torch.Tensor
        Of one shape and dtype.
    weight, pos_weight : torch.Tensor or None
        Broadcast to that shape.
    parameters : tuple of (float, float)
        alpha and gamma.
    extent : {"all", "row", "each"}
        What is summed; a row lies along the last axis.
    divisor : float
        Of losses and gradient.
    with_grad : bool
        Whether the gradient is wanted.

    Returns
    -------
    tuple of (torch.Tensor, torch.Tensor or None), or None
        Losses and gradient of the dtype of the input; None where a tensor has no memory.
    """
    dtype = input.dtype
    gradient = None
    if dtype in HALF_DTYPES and view(input) is None:
        wide = input.detach().float()
        found = pointwise(
            name, wide, target.float(), weight, pos_weight, parameters, extent, divisor, with_grad
        )
        if found is None:
            return None
        loss, gradient = found
        return loss.to(dtype), None if gradient is None else gradient.to(dtype)
    weights = [None if w is None else w.to(dtype) for w in (weight, pos_weight)]
    arrays = _arrays_of(input, target, *(w for w in weights if w is not None))
    if arrays is None:
        return None
    x, t, *given = arrays
    one = _one(x.dtype)
    w, p = (one if weight is None else given.pop(0) for weight in weights)
    factor = 1.0 / divisor if divisor else 0.0
    order = None
    if extent == "row":
        rows = [np.broadcast_to(a, x.shape) for a in (x, t, w, p)]
    else:
        if not x.flags.c_contiguous:
            # As the logits lie in memory, so that those that are dense are one row.
            order = sorted(range(x.ndim), key=lambda axis: -x.strides[axis])
            x, t = x.transpose(order), t.transpose(order)
            w, p = (
                a if a is one else np.broadcast_to(a, input.shape).transpose(order) for a in (w, p)
            )
        rows = operands.of_logits(x, t, w, p)

    def fresh() -> tuple[Tensor, Any]:
        result = torch.empty_like(input, requires_grad=False)
        array = result.numpy()
        if order is not None:
            array = array.transpose(order)
            if not array.flags.c_contiguous:
                result = torch.empty(array.shape, dtype=dtype)
                array = result.numpy()
                result = result.permute([order.index(axis) for axis in range(x.ndim)])
        return result, array if extent == "row" else array.reshape(rows[0].shape)

    outputs: list[Any] = [None]
    losses = None
    if extent == "each":
        losses, outputs[0] = fresh()
    if with_grad:
        gradient, into = fresh()
        outputs.append(into)
    kind = f"{'each' if extent == 'each' else 'sum'}{'_with_grad' if with_grad else ''}"
    found = getattr(_core, f"{name}_{kind}")(*rows, factor, *parameters, out=tuple(outputs))
    if losses is None:
        sums = found[0] if with_grad else found
        if extent == "row":
            losses = torch.from_numpy(np.asarray(sums * factor, x.dtype))
        else:
            losses = number(np.add.reduce(sums, None), divisor, x.dtype)
    return losses, gradient
