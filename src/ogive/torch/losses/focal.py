"""The focal loss of logits."""

from __future__ import annotations

from functools import partial
from math import isfinite
from typing import Any

import torch
from torch import Tensor

from ogive.torch.losses import arguments, portable
from ogive.torch.losses.binary import native_loss
from ogive.torch.losses.pointwise import Extent


def _focal_curvature(
    gradient: Tensor,
    vector: Tensor,
    input: Tensor,
    target: Tensor,
    *,
    alpha: float,
    gamma: float,
    factor: float,
) -> Tensor:
    """Differentiate the portable formula twice: of the focal loss the logits are kept too."""
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        x = input if again else input.detach().requires_grad_()
        losses = portable.sigmoid_focal(portable.widened(x), portable.widened(target), alpha, gamma)
        (slope,) = torch.autograd.grad(losses.sum() * factor, x, create_graph=True)
        (product,) = torch.autograd.grad(slope, x, vector, create_graph=again)
    return product


def sigmoid_focal_loss(
    inputs: Tensor,
    targets: Tensor,
    alpha: float = 0.25,
    gamma: float = 2,
    reduction: str = "none",
) -> Tensor:
    """Return the focal loss of logits: binary cross-entropy, less of what is right already.

    Parameters
    ----------
    inputs : torch.Tensor
        Logits x, of any shape and layout; dimensionless. float16, bfloat16, float32 or float64.
    targets : torch.Tensor
        Probabilities t of the positive class, in [0, 1]; floats of the shape of the input.
    alpha : float, optional
        The weight of the positive class, in [0, 1], against 1 - alpha of the other; a negative
        number for none. Default 0.25.
    gamma : float, optional
        The power, at least 0. Default 2.
    reduction : {"none", "mean", "sum"}, optional
        Every loss, the default; their mean; or their sum.

    Returns
    -------
    torch.Tensor
        In nats. Without dimensions, or with "none" of the shape of the input.

    Raises
    ------
    TypeError
        For a dtype that is not named above, or parameters that are no numbers.
    ValueError
        For shapes that differ, alpha above 1, a gamma that is negative or infinite, or another
        reduction.

    Notes
    -----
    alpha_t q^gamma ce, of the cross-entropy ce, the probability of a mistake
    q = (1 - t) sigmoid(x) + t sigmoid(-x), and alpha_t = alpha t + (1 - alpha) (1 - t)

    Error: within 8 ulp, both tails included. Memory: gradient and logits are kept for the backward
    pass. Second derivatives are those of the formula in torch's operations.

    Source: T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár (2017), Focal loss for dense object
    detection, ICCV; names and defaults are torchvision's.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.losses import sigmoid_focal_loss
    >>> sigmoid_focal_loss(torch.tensor([0.0, 3.0]), torch.tensor([1.0, 1.0]))
    tensor([4.3322e-02, 2.7321e-05])
    """
    word = arguments.reduction_word(None, None, reduction)
    alpha, gamma = focal_parameters(alpha, gamma)
    x, t = arguments.probabilities(arguments.logits(inputs), targets)
    divisor = float(x.numel()) if word == "mean" else 1.0
    factor = 1.0 / divisor if divisor else 0.0
    curve = partial(_focal_curvature, alpha=alpha, gamma=gamma, factor=factor)
    extent: Extent = "each" if word == "none" else "all"
    loss = native_loss(
        "sigmoid_focal", x, t, None, None, (alpha, gamma), extent, divisor, curve, (x, t)
    )
    if loss is not None:
        return loss
    losses = portable.sigmoid_focal(portable.widened(x), portable.widened(t), alpha, gamma)
    return portable.reduced(losses, word).to(x.dtype)


def focal_parameters(alpha: Any, gamma: Any) -> tuple[float, float]:
    """Return both as floats, or raise what `sigmoid_focal_loss` raises."""
    for name, value in (("alpha", alpha), ("gamma", gamma)):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(f"{name} must be a number, not {type(value).__name__} {value!r}")
    if not alpha <= 1:
        raise ValueError(f"alpha must be at most 1, not {alpha!r}")
    if not (gamma >= 0 and isfinite(gamma)):
        raise ValueError(f"gamma must be at least 0 and finite, not {gamma!r}")
    return float(alpha), float(gamma)
