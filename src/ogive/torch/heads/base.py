"""What the three heads share: a linear layer, a backbone before it, a threshold."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ogive.torch.heads import checks
from ogive.torch.losses.arguments import reduction_word


class Head(nn.Module):
    """A linear layer to logits, after a backbone if there is one.

    Parameters
    ----------
    in_features : int or None
        The size of a feature vector; None if the backbone gives the logits itself.
    out_features : int
        How many logits.
    bias : bool
        Whether the linear layer has one.
    backbone : torch.nn.Module or None
        What is applied first.
    reduction : {"mean", "sum", "none"}
        Of the losses.
    device, dtype
        Of the linear layer's parameters.

    Raises
    ------
    TypeError, ValueError
        For arguments that make no head.
    """

    def __init__(
        self,
        in_features: int | None,
        out_features: int,
        bias: bool,
        backbone: nn.Module | None,
        reduction: str,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__()
        if backbone is not None and not isinstance(backbone, nn.Module):
            raise TypeError(f"backbone must be a torch.nn.Module, not {type(backbone).__name__}")
        for name, value in (("in_features", in_features), ("the number of logits", out_features)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
                raise TypeError(f"{name} must be an integer, not {type(value).__name__} {value!r}")
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        if in_features is None:
            if backbone is None:
                raise ValueError("in_features is None: then a backbone must give the logits")
            checks.gives_logits(backbone, self._harmless_ends)
        self.in_features = in_features
        self.reduction = reduction_word(None, None, reduction)
        self.backbone = backbone
        self.linear = (
            None
            if in_features is None
            else nn.Linear(in_features, out_features, bias=bias, device=device, dtype=dtype)
        )

    # Last modules of a backbone that make no difference to the loss.
    _harmless_ends: tuple[type[nn.Module], ...] = ()

    def _logits(self, input: Tensor) -> Tensor:
        features = input if self.backbone is None else self.backbone(input)
        logits: Tensor = features if self.linear is None else self.linear(features)
        return logits

    def loss(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of features; arguments and errors as `loss_from_logits`."""
        return self.loss_from_logits(self(input), target)

    def loss_from_logits(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the loss of logits, as `forward` returns them."""
        raise NotImplementedError  # each head has its own

    def extra_repr(self) -> str:
        """Show what the submodules do not."""
        return f"reduction={self.reduction!r}"


def of_labels(name: str, weight: Any, labels: int) -> Tensor | None:
    """Return a weight, one number or one for each label or class, or raise."""
    if weight is None:
        return None
    weight = torch.as_tensor(weight, dtype=None if isinstance(weight, Tensor) else torch.float32)
    if not weight.is_floating_point():
        raise TypeError(f"{name} must be floats, not {str(weight.dtype).removeprefix('torch.')}")
    if tuple(weight.shape) not in ((), (labels,)):
        raise ValueError(f"{name} has the shape {tuple(weight.shape)}, not () or ({labels},)")
    checks.first_wrong(name, weight, ~(weight >= 0), "it must not be negative")
    result: Tensor = weight
    return result


def threshold_of(threshold: Any, like: Tensor, labels: int) -> Tensor:
    """Return a probability, or one for each label, as a tensor that broadcasts to `like`."""
    result = torch.as_tensor(threshold, dtype=like.dtype, device=like.device)
    if tuple(result.shape) not in ((), (labels,)):
        wanted = "one number" if labels == 1 else f"one number or {labels}, one a label"
        raise ValueError(f"threshold has the shape {tuple(result.shape)}: it must be {wanted}")
    if checks.looks_at_values(result):
        checks.first_wrong(
            "threshold", result, ~((result >= 0) & (result <= 1)), "a probability is in [0, 1]"
        )
    return result
