"""Losses from logits, each with its gradient in the same pass, under PyTorch's names."""

from __future__ import annotations

from ogive.losses.binary import (
    binary_cross_entropy_with_logits,
    multilabel_soft_margin_loss,
    sigmoid_focal_loss,
)
from ogive.losses.categorical import cross_entropy, nll_loss
from ogive.losses.divergence import kl_div

__all__ = [
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "kl_div",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "sigmoid_focal_loss",
]
