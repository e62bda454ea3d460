"""The losses in torch's own operations: for every device, dtype, transform and compiler.

Both tails are right, because they are written with softplus and log_softmax, whose values and
derivatives are. The half types are computed in float32 and rounded once, at the end.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ogive.torch import functional
from ogive.torch.memory import HALF_DTYPES


def widened(input: Tensor) -> Tensor:
    """Return float16 and bfloat16 as float32, others as they are."""
    return input.float() if input.dtype in HALF_DTYPES else input


def _product(weight: Tensor, loss: Tensor) -> Tensor:
    # What does not count may be infinite.
    return torch.where((weight == 0) & (loss == torch.inf), 0.0, weight * loss)


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """Return the mean of losses, their sum, or themselves."""
    if reduction == "mean":
        return losses.mean()
    return losses.sum() if reduction == "sum" else losses


def binary_cross_entropy(input: Tensor, target: Tensor, pos_weight: Tensor | None) -> Tensor:
    """Return every loss: (1 - t) softplus(x) + p t softplus(-x)."""
    positive = target if pos_weight is None else pos_weight * target
    return _product(1.0 - target, functional.softplus(input)) + _product(
        positive, functional.softplus(-input)
    )


def sigmoid_focal(input: Tensor, target: Tensor, alpha: float, gamma: float) -> Tensor:
    """Return every loss: alpha_t q^gamma ce, with the probability q of a mistake."""
    loss = binary_cross_entropy(input, target, None)
    if gamma:
        q = (1.0 - target) * functional.sigmoid(input) + target * functional.sigmoid(-input)
        # The power of 0 has an infinite derivative for gamma < 1: there the loss is 0.
        right = q == 0
        loss = torch.where(right, 0.0, torch.where(right, 1.0, q) ** gamma * loss)
    if alpha >= 0:
        loss = loss * (alpha * target + (1.0 - alpha) * (1.0 - target))
    return loss


def along_classes(weight: Tensor, input: Tensor, dim: int) -> Tensor:
    """Return weights of the classes in the shape that broadcasts to the logits."""
    shape = [1] * input.dim()
    shape[dim] = -1
    return weight.to(input.dtype).view(shape)


def class_weights(
    target: Tensor, weight: Tensor | None, ignore_index: int, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """Return classes, with 0 for those ignored, and the weight of each, 0 for those ignored."""
    counts = target != ignore_index
    chosen = torch.where(counts, target, 0)
    own = counts.to(dtype)
    return chosen, own if weight is None else own * weight.to(dtype)[chosen]


def of_classes(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    label_smoothing: float,
    dim: int,
) -> tuple[Tensor, Tensor]:
    """Return every cross-entropy, and the weight of each."""
    log_p = functional.log_softmax(input, dim)
    chosen, own = class_weights(target, weight, ignore_index, input.dtype)
    losses = _product(own, -log_p.gather(dim, chosen.unsqueeze(dim)).squeeze(dim))
    if label_smoothing:
        every = log_p if weight is None else log_p * along_classes(weight, input, dim)
        even = torch.where(target != ignore_index, -every.sum(dim), 0.0)
        losses = (1.0 - label_smoothing) * losses + label_smoothing / input.shape[dim] * even
    return losses, own


def dense_target(
    target: Tensor,
    like: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    label_smoothing: float,
    dim: int,
) -> Tensor:
    """Return what counts for every class, of the shape of the logits: smoothed and weighted."""
    classes = like.shape[dim]
    if target.is_floating_point():
        dense = target.to(like.dtype)
        if label_smoothing:
            dense = dense * (1.0 - label_smoothing) + label_smoothing / classes
    else:
        chosen, own = class_weights(target, None, ignore_index, like.dtype)
        own = own.unsqueeze(dim)
        dense = (own * (label_smoothing / classes)).expand(like.shape)
        dense = dense.scatter_add(dim, chosen.unsqueeze(dim), own * (1.0 - label_smoothing))
    return dense if weight is None else dense * along_classes(weight, like, dim)


def of_probabilities(
    input: Tensor, target: Tensor, weight: Tensor | None, label_smoothing: float, dim: int
) -> Tensor:
    """Return every cross-entropy of probabilities."""
    dense = dense_target(target, input, weight, -1, label_smoothing, dim)
    return _product(dense, -functional.log_softmax(input, dim)).sum(dim)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
    dim: int,
) -> Tensor:
    """Return the reduced cross-entropy, of classes or of probabilities."""
    x = widened(input)
    if target.is_floating_point():
        losses = of_probabilities(x, target, weight, label_smoothing, dim)
        loss = reduced(losses, reduction)
    else:
        losses, own = of_classes(x, target, weight, ignore_index, label_smoothing, dim)
        loss = losses.sum() / own.sum() if reduction == "mean" else reduced(losses, reduction)
    return loss.to(input.dtype)
