"""The loss of one class among several: cross-entropy from logits."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from ogive.torch.losses import arguments, curvature, portable, rows
from ogive.torch.losses.kept import Computed, attach
from ogive.torch.losses.native import serves


def checked_target(shape: tuple[int, ...], target: Tensor, ignore_index: int, dim: int) -> Tensor:
    """Return classes as int64, or probabilities, if they fit logits of a shape.

    The classes of the logits lie along `dim`.

    Raises
    ------
    TypeError
        If the target is no tensor, classes are no integers or probabilities no floats.
    ValueError
        If the shape is neither that of the input nor that without its classes, or a class is to
        be ignored among probabilities.
    """
    arguments.tensor("target", target)
    own = tuple(target.shape)
    without = shape[:dim] + shape[dim + 1 :]
    if own == shape:
        if not target.is_floating_point():
            raise TypeError(
                f"target has the shape of the input, {shape}: then it holds "
                f"probabilities, as floats, not {arguments.short_name(target.dtype)}; classes, as "
                f"integers, have the shape {without}"
            )
        if ignore_index >= 0:
            raise ValueError(
                f"ignore_index is {ignore_index}, but target holds probabilities, of which none "
                "can be ignored"
            )
        return target
    if own != without:
        raise ValueError(
            f"target has the shape {own}, not {without}, as classes, or {shape}, as probabilities, "
            f"for an input of {shape}"
        )
    if target.is_floating_point() or target.is_complex() or target.dtype is torch.bool:
        raise TypeError(
            f"target holds classes, as integers, not {arguments.short_name(target.dtype)}"
        )
    return target if target.dtype is torch.int64 else target.long()


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return the cross-entropy of logits.

    Parameters
    ----------
    input : torch.Tensor
        Logits x, of shape (classes,), (examples, classes) or (examples, classes, ...), of any
        layout; dimensionless. float16, bfloat16, float32 or float64.
    target : torch.Tensor
        Classes, as integers, of the shape of the input without its classes; or probabilities t, as
        floats, of the shape of the input.
    weight : torch.Tensor, optional
        Of every class, of shape (classes,).
    size_average, reduce : bool, optional
        torch's deprecated words for `reduction`, which they override, with its warning.
    ignore_index : int, optional
        A class that does not count, and has no gradient. Default -100.
    reduction : {"mean", "sum", "none"}, optional
        The mean, the default: for classes the weighted mean over those that count, for
        probabilities the sum divided by the number of examples. The sum; or every loss.
    label_smoothing : float, optional
        The part of the target that is spread evenly over the classes, in [0, 1]. Default 0.

    Returns
    -------
    torch.Tensor
        In nats. Without dimensions, or with "none" of the shape of the input without its classes.
        NaN for the mean of none, as torch has it. Half types become float32 under autocast.

    Raises
    ------
    TypeError
        For a dtype that is not named above.
    ValueError
        For shapes that do not fit, a smoothing outside [0, 1], another reduction, or a class that
        is to be ignored among probabilities.
    IndexError
        For a class that is not there: the first, with its position.

    Notes
    -----
    -log softmax(x)_t, gradient softmax(x) less 1 at t; of probabilities
    -sum_i t_i log softmax(x)_i, gradient softmax(x) sum_i t_i - t

    Error: as `ogive.losses.cross_entropy`, within 2 ulp; for logits [20, 0] and class 0 the loss
    is 2.06e-9 and the gradient -2.06e-9, where torch has 0.

    Memory: the gradient is computed with the loss and kept for the backward pass, which returns
    that memory; neither logits nor log-probabilities are kept. Plain tensors on the CPU;
    elsewhere, in forward mode, in `torch.func` and under `torch.compile`, and where probabilities
    or weights require a gradient, the same is computed in torch's operations. Second derivatives
    come from the kept gradient: they are right to the machine epsilon times the largest of them,
    and next to a certain and right prediction to a few ulp.

    Source: `torch.nn.functional.cross_entropy`, whose names and reductions it has.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.losses import cross_entropy
    >>> x = torch.tensor([[20.0, 0.0]], requires_grad=True)
    >>> cross_entropy(x, torch.tensor([0])).backward()
    >>> x.grad
    tensor([[-2.0612e-09,  2.0612e-09]])
    """
    word = arguments.reduction_word(size_average, reduce, reduction)
    smoothing = arguments.smoothing(label_smoothing)
    x = arguments.logits(input)
    if not x.dim():
        raise ValueError("input has no dimension of classes")
    if x.dim() == 1 and isinstance(target, Tensor) and target.shape == (1,) != x.shape:
        x = x.unsqueeze(0)  # torch takes the one class of one example so, too
    dim = 1 if x.dim() > 1 else 0
    target = checked_target(tuple(x.shape), target, ignore_index, dim)
    arguments.of_classes(weight, x.shape[dim])
    if target.is_floating_point() and target.dtype is not x.dtype:
        dtype = torch.promote_types(x.dtype, target.dtype)
        x, target = x.to(dtype), target.to(dtype)
    if serves(x, target, weight):
        tracked = x.requires_grad and torch.is_grad_enabled()
        found = rows.cross_entropy(x, target, weight, ignore_index, smoothing, dim, word, tracked)
        if found is not None:
            loss, gradient, factor = found
            if gradient is None:
                return loss
            curve = partial(
                curvature.of_rows,
                factor=factor,
                ignore_index=ignore_index,
                label_smoothing=smoothing,
                dim=dim,
            )
            kept = attach(x, Computed(loss, gradient, curve, (target, weight), dim))
            if kept is not None:
                return kept
    return portable.cross_entropy(x, target, weight, ignore_index, word, smoothing, dim)
