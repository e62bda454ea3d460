"""The head of one class among several."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ogive.torch import functional
from ogive.torch.ancestry import mark
from ogive.torch.heads import checks
from ogive.torch.heads.base import Head, of_labels
from ogive.torch.losses import cross_entropy
from ogive.torch.losses.arguments import smoothing

# log_softmax of a log_softmax is the same again; logarithms of sigmoids are no bounded logits.
_HARMLESS = frozenset({"log_softmax", "log_sigmoid"})


class MulticlassClassifier(Head):
    """A head for one class among several: a logit for each, softmax, cross-entropy.

    Parameters
    ----------
    in_features : int or None
        The size of a feature vector; None if `backbone` gives the logits itself.
    num_classes : int
        How many classes, at least 2.
    bias : bool, optional
        Whether the linear layer has one. Default True.
    backbone : torch.nn.Module, optional
        What is applied before the linear layer.
    weight : torch.Tensor, optional
        Of every class in the loss, of shape (num_classes,).
    label_smoothing : float, optional
        The part of the target that is spread evenly over the classes, in [0, 1]. Default 0.
    ignore_index : int, optional
        A class that does not count. Default -100.
    reduction : {"mean", "sum", "none"}, optional
        Of the losses. Default "mean".
    device, dtype : optional
        Of the linear layer's parameters.

    Attributes
    ----------
    linear : torch.nn.Linear or None
        Of shape (num_classes, in_features).
    backbone : torch.nn.Module or None
        As given.

    Raises
    ------
    TypeError
        For a size that is no integer, or a backbone that is no module.
    ValueError
        For fewer than 2 classes, a weight that is negative or of another shape, a smoothing
        outside [0, 1], or, without `in_features`, no backbone or one that ends with sigmoid or
        softmax.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.heads import MulticlassClassifier
    >>> head = MulticlassClassifier(3, 5)
    >>> features, target = torch.zeros(4, 3), torch.tensor([0, 1, 2, 4])
    >>> head.loss(features, target).backward()
    >>> head.predict_proba(features).shape, head.predict(features).shape
    (torch.Size([4, 5]), torch.Size([4]))

    A network that gives logits already:

    >>> network = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Softmax(dim=1))
    >>> MulticlassClassifier(None, 5, backbone=network[:1]).predict(features).shape
    torch.Size([4])
    >>> MulticlassClassifier(None, 5, backbone=network)
    Traceback (most recent call last):
        ...
    ValueError: backbone ends with Softmax, but without in_features it must give logits: ...
    """

    weight: Tensor | None
    _harmless_ends = (nn.LogSoftmax, nn.LogSigmoid)

    def __init__(
        self,
        in_features: int | None,
        num_classes: int,
        bias: bool = True,
        *,
        backbone: nn.Module | None = None,
        weight: Tensor | None = None,
        label_smoothing: float = 0.0,
        ignore_index: int = -100,
        reduction: str = "mean",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(in_features, num_classes, bias, backbone, reduction, device, dtype)
        if num_classes < 2:
            raise ValueError(
                f"num_classes must be at least 2, not {num_classes}: one logit is for "
                "BinaryClassifier"
            )
        self.num_classes = num_classes
        self.label_smoothing = smoothing(label_smoothing)
        self.ignore_index = ignore_index
        weight = of_labels("weight", weight, num_classes)
        if weight is not None and not weight.dim():
            raise ValueError(f"weight is one number: it must be {num_classes}, one a class")
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor) -> Tensor:
        """Return the logits, of shape (N, num_classes) for features (N, in_features)."""
        return self._logits(input)

    def loss_from_logits(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the cross-entropy of logits.

        Parameters
        ----------
        logits : torch.Tensor
            Of shape (N, num_classes) or (N, num_classes, ...), as `forward` returns them.
        target : torch.Tensor
            Classes, as integers of shape (N,) or (N, ...); or probabilities, as floats of the
            shape of the logits, whose sums over the classes are 1.

        Returns
        -------
        torch.Tensor
            In nats.

        Raises
        ------
        TypeError
            If either is no tensor, or of another dtype.
        ValueError
            If the logits came out of softmax or sigmoid, the shapes do not fit, or probabilities
            on the CPU are no distribution.
        IndexError
            For a class that is not there.
        """
        checks.not_probabilities(logits, _HARMLESS, self._consequence)
        if logits.dim() < 2 or logits.shape[1] != self.num_classes:
            raise ValueError(
                f"logits have the shape {tuple(logits.shape)}, not (N, {self.num_classes}, ...)"
            )
        if isinstance(target, Tensor) and target.shape == logits.shape:
            if not target.is_floating_point():
                raise TypeError(
                    f"target has the shape of the logits, {tuple(logits.shape)}, and holds "
                    f"{str(target.dtype).removeprefix('torch.')}: give classes, target.argmax(1), "
                    "or probabilities, target.float()"
                )
            checks.distributions(target, 1)
        return cross_entropy(
            logits,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )

    def _consequence(self, applied: str) -> str:
        floor = checks.floor_of_softmax(self.num_classes)
        return f"Of {self.num_classes} logits in [0, 1] no loss is below {floor:.3f}."

    def predict_proba(self, input: Tensor) -> Tensor:
        """Return the probability of every class, of shape (N, num_classes)."""
        return mark(functional.softmax(self(input), 1), "softmax")

    def predict_log_proba(self, input: Tensor) -> Tensor:
        """Return the logarithms of `predict_proba`, right next to 0 too."""
        return mark(functional.log_softmax(self(input), 1), "log_softmax")

    def predict(self, input: Tensor) -> Tensor:
        """Return the most probable class: int64, of shape (N,)."""
        logits: Tensor = self(input)
        return logits.argmax(1)
