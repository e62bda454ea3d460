"""Cross-entropy of a linear layer's logits, of which only some rows are there at a time.

For each chunk of examples: its logits by a matrix product, their losses and gradient in one pass
that overwrites the logits, and from those what the chunk adds to the gradients of examples,
matrix and bias. Nothing of the size of all logits is ever there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ogive.torch.losses import portable, rows
from ogive.torch.memory import HALF_DTYPES, is_native, view

# A matrix of another dtype than that of the logits is converted so many bytes at a time.
_CONVERTED_BYTES = 1 << 23


@dataclass(frozen=True, slots=True)
class Setting:
    """What the loss is.

    Parameters
    ----------
    shape : tuple of int
        (C, d1, ...): what the logits of an example are.
    ignore_index, label_smoothing, reduction
        As for `ogive.torch.losses.linear_cross_entropy`.
    chunk : int
        How many examples at a time.
    """

    shape: tuple[int, ...]
    ignore_index: int
    label_smoothing: float
    reduction: str
    chunk: int


def dtype_of_logits(input: Tensor, matrix: Tensor) -> torch.dtype:
    """Return the dtype that is computed and accumulated in: float32 for half types."""
    dtype = torch.promote_types(input.dtype, matrix.dtype)
    return torch.float32 if dtype in HALF_DTYPES else dtype


class RowLosses:
    """The losses of chunks of logits, which their gradient overwrites.

    Parameters
    ----------
    target : torch.Tensor
        Classes (int64) of shape (N, d1, ...), or probabilities of shape (N, C, d1, ...).
    weight : torch.Tensor or None
        Of every class.
    setting : Setting
        What the loss is.
    dtype : torch.dtype
        Of the logits.
    native_kernels : bool
        Whether they are computed by the native kernels, or in torch's operations.
    """

    def __init__(
        self,
        target: Tensor,
        weight: Tensor | None,
        setting: Setting,
        dtype: torch.dtype,
        native_kernels: bool,
    ) -> None:
        self._setting = setting
        self._native = native_kernels
        self._weight = None if weight is None else weight.to(dtype)
        self._target: Any = target
        self._weights: Any = None
        self._of_each: Any = None
        divisor: Any = float(target.shape[0] * prod(setting.shape[1:]))
        if native_kernels and weight is not None:
            self._weights = view(weight.double())
        if not target.is_floating_point():
            if native_kernels:
                self._target, self._of_each, divisor = rows.weighed(
                    view(target), setting.shape[0], setting.ignore_index, self._weights
                )
            else:
                own = portable.class_weights(target, self._weight, setting.ignore_index, dtype)[1]
                divisor = own.sum()
        self.divisor = divisor if setting.reduction == "mean" else 1.0
        self.dtype = torch.float64 if native_kernels else dtype

    def __call__(self, part: slice, logits: Tensor, grad: bool, scale: Tensor | None) -> Tensor:
        """Return the losses of some examples; with `grad` the logits become their gradient.

        It is that of the reduced loss, or, where there is a `scale`, of every loss times its own.
        """
        logits = logits.view(len(logits), *self._setting.shape)
        call = self._natively if self._native else self._portably
        return call(part, logits, grad, scale)

    def _natively(self, part: slice, logits: Tensor, grad: bool, scale: Tensor | None) -> Tensor:
        by_class = np.moveaxis(logits.numpy(), 1, -1)
        target, of_each = self._target, self._of_each
        if isinstance(target, Tensor):
            target = np.moveaxis(target[part].to(logits.dtype).numpy(), 1, -1)
        else:
            target = target[part]
            of_each = None if of_each is None else of_each[part]
        factor: Any = 1.0 / self.divisor if self.divisor else 0.0
        if scale is not None:
            factor = scale[part].double().numpy()
        smoothing = self._setting.label_smoothing
        into = by_class if grad else None
        losses = rows.row_losses(by_class, target, of_each, self._weights, smoothing, factor, into)
        return torch.from_numpy(np.asarray(losses))

    def _portably(self, part: slice, logits: Tensor, grad: bool, scale: Tensor | None) -> Tensor:
        target, setting = self._target[part], self._setting
        smoothing = setting.label_smoothing
        with torch.set_grad_enabled(grad):
            x = logits.detach().requires_grad_(grad)
            if target.is_floating_point():
                losses = portable.of_probabilities(x, target, self._weight, smoothing, 1)
            else:
                losses, _ = portable.of_classes(
                    x, target, self._weight, setting.ignore_index, smoothing, 1
                )
        if grad:
            factor = torch.ones_like(losses) / self.divisor if scale is None else scale[part]
            # Without an example that counts the mean is NaN, and its gradient 0.
            factor = torch.where(torch.isfinite(factor), factor, 0.0).to(losses.dtype)
            logits.copy_(torch.autograd.grad(losses, x, factor)[0])
        return losses.detach()


def _blocks(matrix: Tensor, dtype: torch.dtype) -> Iterator[tuple[slice, Tensor]]:
    """Yield the rows of a matrix in a dtype: all at once if it has it."""
    if matrix.dtype is dtype:
        yield slice(None), matrix
        return
    rows = max(1, _CONVERTED_BYTES // (dtype.itemsize * max(matrix.shape[1], 1)))
    for begin in range(0, matrix.shape[0], rows):
        part = slice(begin, begin + rows)
        yield part, matrix[part].to(dtype)


def passed(
    input: Tensor,
    matrix: Tensor,
    bias: Tensor | None,
    target: Tensor,
    weight: Tensor | None,
    setting: Setting,
    needs: tuple[bool, ...] = (False, False, False),
    scale: Tensor | None = None,
) -> tuple[Tensor, list[Tensor | None]]:
    """Go through all chunks.

    Parameters
    ----------
    input : torch.Tensor
        Examples, of shape (N, features).
    matrix, bias : torch.Tensor
        Of shape (C d1 ..., features) and (C d1 ...,); the bias may be None.
    target, weight, setting
        As for `RowLosses`.
    needs : tuple of bool
        Whether the gradients of input, matrix and bias are wanted.
    scale : torch.Tensor, optional
        What the gradient of every loss is multiplied with; if none is given, the gradients are
        those of the reduced loss.

    Returns
    -------
    tuple of (torch.Tensor, list of (torch.Tensor or None))
        The loss, float64 or of the dtype of the logits; and the three gradients, None where not
        wanted.
    """
    dtype = dtype_of_logits(input, matrix)
    row_losses = RowLosses(target, weight, setting, dtype, is_native(input))
    examples, width = input.shape[0], matrix.shape[0]
    losses = input.new_empty((examples, *setting.shape[1:]), dtype=row_losses.dtype)
    onto_input = torch.empty_like(input) if needs[0] else None
    onto_matrix = torch.zeros_like(matrix, dtype=dtype) if needs[1] else None
    onto_bias = matrix.new_zeros(width, dtype=dtype) if needs[2] else None
    memory = input.new_empty((min(setting.chunk, examples), width), dtype=dtype)
    for begin in range(0, examples, setting.chunk):
        part = slice(begin, min(begin + setting.chunk, examples))
        x = input[part].to(dtype)
        logits = memory[: x.shape[0]]
        for some, block in _blocks(matrix, dtype):
            torch.mm(x, block.t(), out=logits[:, some])
        if bias is not None:
            logits += bias
        losses[part] = row_losses(part, logits, any(needs), scale)
        if onto_input is not None:
            onto_x = torch.zeros_like(x)
            for some, block in _blocks(matrix, dtype):
                onto_x.addmm_(logits[:, some], block)
            onto_input[part] = onto_x
        if onto_matrix is not None:
            onto_matrix.addmm_(logits.t(), x)
        if onto_bias is not None:
            onto_bias += logits.sum(0)
    del memory
    if setting.reduction == "none":
        loss = losses
    else:
        # The mean of none is 0 / 0.
        loss = losses.sum() / torch.as_tensor(row_losses.divisor, dtype=losses.dtype)
    kinds = (input, matrix, matrix if bias is None else bias)
    return loss, [
        None if gradient is None else gradient.to(like.dtype)
        for gradient, like in zip((onto_input, onto_matrix, onto_bias), kinds, strict=True)
    ]
