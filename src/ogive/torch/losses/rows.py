"""The native losses of rows of logits on the memory of tensors: value and gradient in one pass.

bfloat16, which NumPy does not know, is computed in a float32 copy that becomes the gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ogive import _core
from ogive.losses import operands
from ogive.torch.losses.native import number
from ogive.torch.memory import HALF_DTYPES, view


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    label_smoothing: float,
    dim: int,
    reduction: str,
    with_grad: bool,
) -> tuple[Tensor, Tensor | None, float] | None:
    """Compute a cross-entropy, of classes (int64) or probabilities.

    Parameters
    ----------
    input : torch.Tensor
        Logits with the classes along `dim`.
    target, weight, ignore_index, label_smoothing, reduction
        As for `ogive.torch.losses.cross_entropy`; their shapes and dtypes have been checked.
    dim : int
        The dimension of the classes.
    with_grad : bool
        Whether the gradient is wanted.

    Returns
    -------
    tuple of (torch.Tensor, torch.Tensor or None, float), or None
        Loss, gradient, and what the gradient was multiplied with; None where a tensor has no
        memory.

    Raises
    ------
    IndexError
        If a class is not there.
    """
    dtype = input.dtype
    x = view(input)
    if x is None and dtype in HALF_DTYPES:
        x = view(input.float())
    t = view(_wide(target))
    if x is None or t is None:
        return None
    weights = None
    if weight is not None:
        weights = view(weight.double())
        if weights is None:
            return None
    rows = classes_last(x, dim)
    chosen = of_each = None
    if target.is_floating_point():
        divisor = float(rows.size // rows.shape[-1]) if rows.shape[-1] else 0.0
        t = classes_last(t, dim)
    else:
        chosen, of_each, divisor = weighed(t, rows.shape[-1], ignore_index, weights)
    if reduction != "mean":
        divisor = 1.0
    factor = 1.0 / divisor if divisor else 0.0
    gradient = into = None
    if with_grad:
        gradient, into = _gradient_for(input, x)
    losses = row_losses(
        rows,
        t if chosen is None else chosen,
        of_each,
        weights,
        label_smoothing,
        factor,
        None if into is None else classes_last(into, dim),
    )
    if reduction == "none":
        loss = torch.from_numpy(np.asarray(losses, x.dtype)).to(dtype)
    else:
        loss = number(np.add.reduce(losses, None), divisor, x.dtype)
        if dtype in HALF_DTYPES:
            loss = loss.to(dtype)
    if gradient is not None and gradient.dtype is not dtype:
        gradient = gradient.to(dtype)
    return loss, gradient, factor


def classes_last(x: Any, dim: int) -> Any:
    """Return a view whose last axis is that of the classes."""
    return x if dim == x.ndim - 1 else np.moveaxis(x, dim, -1)


def _wide(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype is torch.bfloat16 else tensor


def _gradient_for(input: Tensor, x: Any) -> tuple[Tensor, Any]:
    """Return a tensor for the gradient and its memory: that of `x` if it is a copy of ours."""
    if x.dtype == np.float32 and input.dtype is not torch.float32:
        return torch.from_numpy(x), x
    gradient = torch.empty_like(input, requires_grad=False)
    return gradient, gradient.numpy()


def weighed(target: Any, classes: int, ignore_index: int, weights: Any) -> tuple[Any, Any, float]:
    """Return checked classes (-1 where ignored), the weight of each (None: 1), and their sum.

    Raises
    ------
    IndexError
        If a class is not there: the first, with its position.
    """
    if not target.size:
        return target, None if weights is None else np.empty(target.shape), 0.0
    # Negative numbers are enormous without their sign: one look at each class.
    largest = np.maximum.reduce(target.view(np.uint64), None)
    if largest < classes and not 0 <= ignore_index < classes:
        if weights is None:
            return target, None, float(target.size)
        of_each = weights[target]
        return target, of_each, float(of_each.sum())
    counts = target != ignore_index
    wrong = counts & ((target < 0) | (target >= classes))
    if wrong.any():
        first = np.unravel_index(int(np.argmax(wrong)), target.shape)
        place = f"[{', '.join(str(int(i)) for i in first)}]" if target.ndim else ""
        raise IndexError(
            f"target{place} is {int(target[first])}: out of bounds, a class is 0 to {classes - 1}, "
            f"or ignore_index, {ignore_index}"
        )
    chosen = np.where(counts, target, -1)
    if weights is None:
        return chosen, None, float(np.count_nonzero(counts))
    of_each = np.where(counts, weights[chosen], 0.0)
    return chosen, of_each, float(of_each.sum())


def row_losses(
    rows: Any,
    target: Any,
    of_each: Any,
    weights: Any,
    label_smoothing: float,
    factor: Any,
    gradient: Any,
) -> Any:
    """Return the float64 losses of rows, their weights in them; write the gradient if wanted.

    Parameters
    ----------
    rows : ndarray
        Logits, of shape (..., classes).
    target : ndarray
        Classes as `weighed` returns them, or probabilities of the shape of the rows.
    of_each, weights : ndarray or None
        Of every row, as `weighed` returns them, and of every class.
    label_smoothing, factor : float
        What the gradient is multiplied with is the factor.
    gradient : ndarray or None
        Of the shape of the rows; it may be the rows.
    """
    own = None
    if target.dtype == np.int64:
        name, arguments, own = operands.of_classes(
            rows, target, of_each, weights, label_smoothing, factor
        )
    else:
        name, arguments = operands.of_probabilities(rows, target, weights, label_smoothing, factor)
    if gradient is None:
        losses = getattr(_core, name)(*arguments)
    else:
        losses, _ = getattr(_core, f"{name}_with_grad")(*arguments, out=(None, gradient))
    return losses if own is None else losses * own
