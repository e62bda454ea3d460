"""Losses from logits for PyTorch, under the names of `torch.nn.functional` and `torch.nn`.

Value and gradient are computed in one native pass over the logits, the gradient is kept for the
backward pass and the logits are not. `linear_cross_entropy` never forms all logits of a layer.
"""

from __future__ import annotations

from ogive.torch.losses.binary import (
    binary_cross_entropy_with_logits,
    multilabel_soft_margin_loss,
)
from ogive.torch.losses.categorical import cross_entropy
from ogive.torch.losses.focal import sigmoid_focal_loss
from ogive.torch.losses.linear import linear_cross_entropy
from ogive.torch.losses.modules import (
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    LinearCrossEntropyLoss,
    MultiLabelSoftMarginLoss,
    SigmoidFocalLoss,
)

__all__ = [
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "LinearCrossEntropyLoss",
    "MultiLabelSoftMarginLoss",
    "SigmoidFocalLoss",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "linear_cross_entropy",
    "multilabel_soft_margin_loss",
    "sigmoid_focal_loss",
]
