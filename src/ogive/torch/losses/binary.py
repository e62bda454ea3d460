"""Binary cross-entropy of logits, of one label and of many."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from ogive.torch.losses import arguments, curvature, portable
from ogive.torch.losses.kept import Computed, Curvature, attach
from ogive.torch.losses.native import serves
from ogive.torch.losses.pointwise import Extent, pointwise

_PLAIN = (-1.0, 0.0)  # no alpha, no gamma


def native_loss(
    name: str,
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    pos_weight: Tensor | None,
    parameters: tuple[float, float],
    extent: Extent,
    divisor: float,
    curve: Curvature,
    saved: tuple[Tensor | None, ...],
) -> Tensor | None:
    """Return the loss by the native kernels, or None where they do not serve."""
    if not serves(input, target, weight, pos_weight):
        return None
    tracked = input.requires_grad and torch.is_grad_enabled()
    found = pointwise(name, input, target, weight, pos_weight, parameters, extent, divisor, tracked)
    if found is None:
        return None
    loss, gradient = found
    if gradient is None:
        return loss
    dim = -1 if extent == "row" else None
    return attach(input, Computed(loss, gradient, curve, saved, dim))


def _binary(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    pos_weight: Tensor | None,
    extent: Extent,
    divisor: float,
) -> Tensor:
    curve = partial(curvature.of_binary, factor=1.0 / divisor if divisor else 0.0)
    saved = (target, weight, pos_weight)
    loss = native_loss(
        "binary_cross_entropy",
        input,
        target,
        weight,
        pos_weight,
        _PLAIN,
        extent,
        divisor,
        curve,
        saved,
    )
    if loss is not None:
        return loss
    x, t = portable.widened(input), portable.widened(target)
    losses = portable.binary_cross_entropy(x, t, pos_weight)
    if weight is not None:
        losses = losses * weight
    if extent == "row":
        losses = losses.sum(-1)
    elif extent == "all":
        losses = losses.sum()
    return (losses if divisor == 1.0 else losses / divisor).to(input.dtype)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Return the binary cross-entropy of logits.

    Parameters
    ----------
    input : torch.Tensor
        Logits x, of any shape and layout; dimensionless. float16, bfloat16, float32 or float64.
    target : torch.Tensor
        Probabilities t of the positive class, in [0, 1]; floats of the shape of the input.
    weight : torch.Tensor, optional
        Of every loss; broadcasts to the shape of the input.
    size_average, reduce : bool, optional
        torch's deprecated words for `reduction`, which they override, with its warning.
    reduction : {"mean", "sum", "none"}, optional
        The mean over all elements, the default; their sum; or every loss.
    pos_weight : torch.Tensor, optional
        p, the weight of the positive class; broadcasts to the shape of the input.

    Returns
    -------
    torch.Tensor
        In nats. Without dimensions, or with "none" of the shape of the input; of the dtype that
        torch promotes `input` and `target` to. Half types become float32 under autocast.

    Raises
    ------
    TypeError
        For a dtype that is not named above.
    ValueError
        If the shape of a target is not that of the input, a weight does not broadcast to it, or
        `reduction` is another word.

    Notes
    -----
    (1 - t) softplus(x) + p t softplus(-x), gradient (1 - t) sigmoid(x) - p t sigmoid(-x)

    Error: as `ogive.losses.binary_cross_entropy_with_logits`, within 2 to 3 ulp for targets of 0
    and 1, in both tails: at x = 20 and t = 1 the gradient is -2.06e-9, where torch has 0.

    Memory: the gradient is computed with the loss and kept for the backward pass, which returns
    that memory; the logits are not kept. Plain tensors on the CPU; elsewhere, in forward mode, in
    `torch.func` and under `torch.compile`, and where `target` or a weight requires a gradient, the
    same is computed in torch's operations. Second derivatives come from the kept gradient: they
    are right to the machine epsilon times the largest of them.

    Source: `torch.nn.functional.binary_cross_entropy_with_logits`, whose names it has.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.losses import binary_cross_entropy_with_logits
    >>> x = torch.tensor([20.0, -1.0], requires_grad=True)
    >>> binary_cross_entropy_with_logits(x, torch.tensor([1.0, 0.0])).backward()
    >>> x.grad
    tensor([-1.0306e-09,  1.3447e-01])
    """
    word = arguments.reduction_word(size_average, reduce, reduction)
    x, t = arguments.probabilities(arguments.logits(input), target)
    arguments.broadcasts("weight", weight, x.shape)
    arguments.broadcasts("pos_weight", pos_weight, x.shape)
    divisor = float(x.numel()) if word == "mean" else 1.0
    return _binary(x, t, weight, pos_weight, "each" if word == "none" else "all", divisor)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the mean over the labels, the last dimension, of the binary cross-entropy of logits.

    Parameters
    ----------
    input : torch.Tensor
        Logits of shape (..., labels), at least one-dimensional; dimensionless. dtypes as for
        `binary_cross_entropy_with_logits`.
    target : torch.Tensor
        Whether each label holds, in [0, 1]; floats of the shape of the input.
    weight : torch.Tensor, optional
        Of every label; broadcasts to the shape of the input.
    size_average, reduce : bool, optional
        torch's deprecated words for `reduction`, which they override, with its warning.
    reduction : {"mean", "sum", "none"}, optional
        The mean over the examples, the default; their sum; or one loss an example.

    Returns
    -------
    torch.Tensor
        In nats; with "none" of shape (...).

    Raises
    ------
    TypeError, ValueError
        As `binary_cross_entropy_with_logits`; ValueError for an input without dimensions.

    Notes
    -----
    Error and memory: as `binary_cross_entropy_with_logits`.

    Source: `torch.nn.functional.multilabel_soft_margin_loss`, whose names it has.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.losses import multilabel_soft_margin_loss
    >>> multilabel_soft_margin_loss(torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 1.0]]))
    tensor(0.4100)
    """
    word = arguments.reduction_word(size_average, reduce, reduction)
    x = arguments.logits(input)
    if not x.dim():
        raise ValueError("input has no dimension of labels")
    x, t = arguments.probabilities(x, target)
    arguments.broadcasts("weight", weight, x.shape)
    divisor = float(x.numel() if word == "mean" else x.shape[-1])
    return _binary(x, t, weight, None, "row" if word == "none" else "all", divisor)
