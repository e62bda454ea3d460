"""The losses as modules, under the names, arguments, buffers and `state_dict` keys of `torch.nn`.

Each derives from torch's own, where torch has it, so that constructor, attributes, pickles and
`isinstance` checks are torch's, and only the computation is replaced.
"""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.nn.modules.loss import _Loss, _WeightedLoss

from ogive.torch.losses import arguments
from ogive.torch.losses.binary import (
    binary_cross_entropy_with_logits,
    multilabel_soft_margin_loss,
)
from ogive.torch.losses.categorical import cross_entropy
from ogive.torch.losses.focal import focal_parameters, sigmoid_focal_loss
from ogive.torch.losses.linear import chunk_memory, linear_cross_entropy

# Torch has it from 2.13 on.
_LinearBase: Any = getattr(nn, "LinearCrossEntropyLoss", _WeightedLoss)


class BCEWithLogitsLoss(nn.BCEWithLogitsLoss):
    """`torch.nn.BCEWithLogitsLoss` by `ogive.torch.losses.binary_cross_entropy_with_logits`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.losses import BCEWithLogitsLoss
    >>> BCEWithLogitsLoss()(torch.tensor([0.0]), torch.tensor([1.0]))
    tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compute the loss of logits."""
        return binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class CrossEntropyLoss(nn.CrossEntropyLoss):
    """`torch.nn.CrossEntropyLoss` computed by `ogive.torch.losses.cross_entropy`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.losses import CrossEntropyLoss
    >>> CrossEntropyLoss()(torch.tensor([[0.0, 0.0]]), torch.tensor([1]))
    tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compute the loss of logits."""
        return cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class MultiLabelSoftMarginLoss(nn.MultiLabelSoftMarginLoss):
    """`torch.nn.MultiLabelSoftMarginLoss` by `ogive.torch.losses.multilabel_soft_margin_loss`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.losses import MultiLabelSoftMarginLoss
    >>> MultiLabelSoftMarginLoss()(torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]]))
    tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compute the loss of logits."""
        return multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)


class SigmoidFocalLoss(_Loss):
    """The focal loss, `ogive.torch.losses.sigmoid_focal_loss`, as a module; torch has none.

    Parameters
    ----------
    alpha, gamma : float, optional
        As for the function. Default 0.25 and 2.
    reduction : {"none", "mean", "sum"}, optional
        Default "none", as torchvision's function has it.

    Raises
    ------
    TypeError, ValueError
        As the function raises them for its parameters.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.losses import SigmoidFocalLoss
    >>> SigmoidFocalLoss(reduction="sum")(torch.tensor([0.0]), torch.tensor([1.0]))
    tensor(0.0433)
    """

    __constants__: ClassVar[list[str]] = ["alpha", "gamma", "reduction"]

    def __init__(self, alpha: float = 0.25, gamma: float = 2.0, reduction: str = "none") -> None:
        super().__init__(reduction=arguments.reduction_word(None, None, reduction))
        self.alpha, self.gamma = focal_parameters(alpha, gamma)

    def forward(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Compute the loss of logits."""
        return sigmoid_focal_loss(inputs, targets, self.alpha, self.gamma, self.reduction)

    def extra_repr(self) -> str:
        """Show the arguments."""
        return f"alpha={self.alpha}, gamma={self.gamma}, reduction={self.reduction!r}"


# torch's class from 2.13 on, a plain module before: a base that type checkers cannot know.
class LinearCrossEntropyLoss(_LinearBase):  # type: ignore[misc]
    """`torch.nn.LinearCrossEntropyLoss` computed by `ogive.torch.losses.linear_cross_entropy`.

    Parameters
    ----------
    in_features, num_classes : int
        The size of an example; the number of classes.
    out_features : tuple of int, optional
        (d1, ...) for losses of several dimensions. Default ().
    bias : bool, optional
        Whether the linear layer has one. Default False.
    device, dtype : optional
        Of its parameters.
    reduction, weight, ignore_index, label_smoothing, options, chunk_bytes
        As for the function.

    Attributes
    ----------
    linear : torch.nn.Linear
        Its weights are of shape (num_classes d1 ..., in_features).

    Raises
    ------
    TypeError, ValueError
        As the function raises them.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.losses import LinearCrossEntropyLoss
    >>> loss = LinearCrossEntropyLoss(5, 10)
    >>> loss(torch.zeros(3, 5), torch.tensor([0, 1, 2]))
    tensor(2.3026, grad_fn=<LinearCrossEntropyBackward>)
    >>> list(loss.state_dict())
    ['linear.weight']
    """

    __constants__: ClassVar[list[str]] = [
        "num_classes",
        "out_features",
        "reduction",
        "ignore_index",
        "label_smoothing",
    ]
    weight: Tensor | None

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: Any = None,
        chunk_bytes: int | None = None,
    ) -> None:
        arguments.reduction_word(None, None, reduction)
        arguments.of_classes(weight, num_classes)
        # Torch's own constructor would check the same in other words.
        _WeightedLoss.__init__(self, weight, None, None, reduction)
        self.num_classes = num_classes
        self.out_features = tuple(out_features)
        self.ignore_index = ignore_index
        self.label_smoothing = arguments.smoothing(label_smoothing)
        self.options = options
        self.chunk_bytes = chunk_memory(chunk_bytes)
        rows = prod(self.out_features, start=num_classes)
        self.linear = nn.Linear(in_features, rows, bias=bias, device=device, dtype=dtype)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compute the loss of examples."""
        shape = (self.num_classes, *self.out_features)
        bias = self.linear.bias
        return linear_cross_entropy(
            input,
            self.linear.weight.reshape(*shape, self.linear.in_features),
            target,
            linear_bias=None if bias is None else bias.reshape(shape),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
            chunk_bytes=self.chunk_bytes,
        )

    def extra_repr(self) -> str:
        """Show the arguments."""
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, "
            f"out_features={self.out_features}, bias={self.linear.bias is not None}, "
            f"reduction={self.reduction!r}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, chunk_bytes={self.chunk_bytes}"
        )
