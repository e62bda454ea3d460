"""The head of several labels."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ogive.torch import functional
from ogive.torch.ancestry import mark
from ogive.torch.heads import checks
from ogive.torch.heads.base import Head, of_labels, threshold_of
from ogive.torch.losses import binary_cross_entropy_with_logits


class MultilabelClassifier(Head):
    """A head for several labels, any of which may hold: a logit and a sigmoid for each.

    Parameters
    ----------
    in_features : int or None
        The size of a feature vector; None if `backbone` gives the logits itself.
    num_labels : int
        How many labels.
    bias : bool, optional
        Whether the linear layer has one. Default True.
    backbone : torch.nn.Module, optional
        What is applied before the linear layer.
    pos_weight : float or torch.Tensor, optional
        The weight of a label that holds, one number or one a label.
    reduction : {"mean", "sum", "none"}, optional
        Of the losses; the mean is over examples and labels. Default "mean".
    device, dtype : optional
        Of the linear layer's parameters.

    Attributes
    ----------
    linear : torch.nn.Linear or None
        Of shape (num_labels, in_features).
    backbone : torch.nn.Module or None
        As given.

    Raises
    ------
    TypeError, ValueError
        As `ogive.torch.heads.BinaryClassifier` does.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.heads import MultilabelClassifier
    >>> head = MultilabelClassifier(3, 2)
    >>> features, target = torch.zeros(4, 3), torch.tensor([[0, 1], [1, 1], [0, 0], [1, 0]])
    >>> head.loss(features, target).backward()
    >>> head.predict(features, threshold=[0.5, 0.9]).shape
    torch.Size([4, 2])
    """

    pos_weight: Tensor | None

    def __init__(
        self,
        in_features: int | None,
        num_labels: int,
        bias: bool = True,
        *,
        backbone: nn.Module | None = None,
        pos_weight: float | Tensor | None = None,
        reduction: str = "mean",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(in_features, num_labels, bias, backbone, reduction, device, dtype)
        self.num_labels = num_labels
        self.register_buffer("pos_weight", of_labels("pos_weight", pos_weight, num_labels))

    def forward(self, input: Tensor) -> Tensor:
        """Return the logits, of shape (N, num_labels) for features (N, in_features)."""
        return self._logits(input)

    def loss_from_logits(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the binary cross-entropy of logits.

        Parameters
        ----------
        logits : torch.Tensor
            Of shape (N, num_labels), as `forward` returns them.
        target : torch.Tensor
            Whether each label holds: booleans, 0 and 1, or probabilities; of the same shape.

        Returns
        -------
        torch.Tensor
            In nats.

        Raises
        ------
        TypeError, ValueError
            As that of `ogive.torch.heads.BinaryClassifier` does.
        """
        checks.not_probabilities(logits, frozenset(), checks.consequence_for_sigmoid)
        if not logits.dim() or logits.shape[-1] != self.num_labels:
            raise ValueError(
                f"logits have the shape {tuple(logits.shape)}, not (..., {self.num_labels})"
            )
        instead = "It has one column a label; of one class among several use MulticlassClassifier"
        target = checks.truths(target, logits, instead)
        return binary_cross_entropy_with_logits(
            logits, target, reduction=self.reduction, pos_weight=self.pos_weight
        )

    def predict_proba(self, input: Tensor) -> Tensor:
        """Return the probability of every label, of shape (N, num_labels)."""
        return mark(functional.sigmoid(self(input)), "sigmoid")

    def predict_log_proba(self, input: Tensor) -> Tensor:
        """Return the logarithms of `predict_proba`."""
        return mark(functional.log_sigmoid(self(input)), "log_sigmoid")

    def predict(self, input: Tensor, threshold: Any = 0.5) -> Tensor:
        """Return 1 where the probability of a label is above a threshold, else 0.

        Parameters
        ----------
        input : torch.Tensor
            Of shape (N, in_features).
        threshold : float, sequence or torch.Tensor, optional
            In [0, 1]: one number, or one a label. Default 0.5.

        Returns
        -------
        torch.Tensor
            int64, of shape (N, num_labels).
        """
        probability = functional.sigmoid(self(input))
        return (probability > threshold_of(threshold, probability, self.num_labels)).long()
