"""The head of one class against the rest."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ogive.torch import functional
from ogive.torch.ancestry import mark
from ogive.torch.heads import checks
from ogive.torch.heads.base import Head, of_labels, threshold_of
from ogive.torch.losses import binary_cross_entropy_with_logits


class BinaryClassifier(Head):
    """A head for one class against the rest: one logit, sigmoid, binary cross-entropy.

    Parameters
    ----------
    in_features : int or None
        The size of a feature vector; None if `backbone` gives the logits itself.
    bias : bool, optional
        Whether the linear layer has one. Default True.
    backbone : torch.nn.Module, optional
        What is applied before the linear layer.
    pos_weight : float or torch.Tensor, optional
        The weight of the positive class in the loss.
    reduction : {"mean", "sum", "none"}, optional
        Of the losses. Default "mean".
    device, dtype : optional
        Of the linear layer's parameters.

    Attributes
    ----------
    linear : torch.nn.Linear or None
        Of shape (1, in_features).
    backbone : torch.nn.Module or None
        As given.

    Raises
    ------
    TypeError
        For a size that is no integer, or a backbone that is no module.
    ValueError
        For a size below 1, a weight that is negative or of another shape, or, without
        `in_features`, no backbone or one that ends with a probability function.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.heads import BinaryClassifier
    >>> head = BinaryClassifier(3)
    >>> features, target = torch.zeros(4, 3), torch.tensor([0, 1, 1, 0])
    >>> head.loss(features, target).backward()
    >>> head.predict_proba(features).shape, head.predict(features, threshold=0.5).shape
    (torch.Size([4, 2]), torch.Size([4]))
    """

    pos_weight: Tensor | None

    def __init__(
        self,
        in_features: int | None,
        bias: bool = True,
        *,
        backbone: nn.Module | None = None,
        pos_weight: float | Tensor | None = None,
        reduction: str = "mean",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(in_features, 1, bias, backbone, reduction, device, dtype)
        self.register_buffer("pos_weight", of_labels("pos_weight", pos_weight, 1))

    def forward(self, input: Tensor) -> Tensor:
        """Return the logits of the positive class, of shape (N,) for features (N, in_features).

        Raises
        ------
        ValueError
            If a backbone that gives the logits gives more than one for an example.
        """
        logits = self._logits(input)
        if self.linear is None:
            if logits.dim() < 2:
                return logits
            if logits.shape[-1] != 1:
                raise ValueError(
                    f"backbone gives logits of shape {tuple(logits.shape)}, not (..., 1): of two "
                    "or more classes use MulticlassClassifier, of labels MultilabelClassifier"
                )
        return logits.squeeze(-1)

    def loss_from_logits(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the binary cross-entropy of logits.

        Parameters
        ----------
        logits : torch.Tensor
            Of shape (N,), as `forward` returns them.
        target : torch.Tensor
            Whether each is positive: booleans, 0 and 1, or probabilities; of shape (N,) or (N, 1).

        Returns
        -------
        torch.Tensor
            In nats.

        Raises
        ------
        TypeError
            If either is no tensor, or the logits are no floats.
        ValueError
            If the logits came out of a probability function, the shapes differ, or a target on the
            CPU is no probability.
        """
        checks.not_probabilities(logits, frozenset(), checks.consequence_for_sigmoid)
        if isinstance(target, Tensor) and target.shape == (*logits.shape, 1):
            target = target.squeeze(-1)
        instead = (
            "It has one column, that of the positive class; of one-hot columns give the last, of "
            "several classes use MulticlassClassifier"
        )
        target = checks.truths(target, logits, instead)
        return binary_cross_entropy_with_logits(
            logits, target, reduction=self.reduction, pos_weight=self.pos_weight
        )

    def predict_proba(self, input: Tensor) -> Tensor:
        """Return the probabilities of the negative and the positive class, of shape (N, 2)."""
        logits = self(input)
        both = torch.stack([functional.sigmoid(-logits), functional.sigmoid(logits)], -1)
        return mark(both, "sigmoid")

    def predict_log_proba(self, input: Tensor) -> Tensor:
        """Return the logarithms of `predict_proba`, neither of which is -inf before its time."""
        logits = self(input)
        both = [functional.log_sigmoid(-logits), functional.log_sigmoid(logits)]
        return mark(torch.stack(both, -1), "log_sigmoid")

    def predict(self, input: Tensor, threshold: float = 0.5) -> Tensor:
        """Return 1 where the probability of the positive class is above a threshold, else 0.

        Parameters
        ----------
        input : torch.Tensor
            Of shape (N, in_features).
        threshold : float, optional
            In [0, 1]. Default 0.5.

        Returns
        -------
        torch.Tensor
            int64, of shape (N,).
        """
        probability = functional.sigmoid(self(input))
        return (probability > threshold_of(threshold, probability, 1)).long()
