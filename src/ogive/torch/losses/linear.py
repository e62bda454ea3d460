"""Cross-entropy of a linear layer's logits that never forms all of them."""

from __future__ import annotations

from contextlib import nullcontext
from math import prod
from typing import Any

import torch
from torch import Tensor

from ogive.torch.autograd import autograd_function
from ogive.torch.losses import arguments, portable
from ogive.torch.losses.categorical import checked_target
from ogive.torch.losses.chunks import Setting, dtype_of_logits, passed
from ogive.torch.losses.kept import scaled
from ogive.torch.memory import in_forward_mode, is_transformed

# The least memory for a chunk's logits, where nothing else is asked for.
_CHUNK_BYTES = 1 << 24


Operands = tuple[Tensor, Tensor, Tensor | None, Tensor, Tensor | None]
"""Examples, matrix, bias, target, class weights."""


def _whole(
    input: Tensor,
    matrix: Tensor,
    bias: Tensor | None,
    target: Tensor,
    weight: Tensor | None,
    setting: Setting,
) -> Tensor:
    """Compute it in torch's operations, with all logits at once."""
    dtype = dtype_of_logits(input, matrix)
    logits = input.to(dtype) @ matrix.to(dtype).t()
    if bias is not None:
        logits = logits + bias
    return portable.cross_entropy(
        logits.reshape(input.shape[0], *setting.shape),
        target,
        weight,
        setting.ignore_index,
        setting.reduction,
        setting.label_smoothing,
        1,
    )


def _forward(
    ctx: Any,
    input: Tensor,
    matrix: Tensor,
    bias: Tensor | None,
    target: Tensor,
    weight: Tensor | None,
    setting: Setting,
) -> Tensor:
    needs = ctx.needs_input_grad[:3]
    ctx.setting = setting
    if setting.reduction == "none":
        # What each loss's gradient is multiplied with is not known before the backward pass.
        needs = (False, False, False)
    loss, kept = passed(input, matrix, bias, target, weight, setting, needs)
    ctx.save_for_backward(input, matrix, bias, target, weight, *kept)
    return loss.to(dtype_of_logits(input, matrix))


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    input, matrix, bias, target, weight, *kept = ctx.saved_tensors
    needs = ctx.needs_input_grad[:3]
    result: list[Tensor | None]
    if torch.is_grad_enabled():
        wanted = [t for t, need in zip((input, matrix, bias), needs, strict=True) if need]
        loss = _whole(input, matrix, bias, target, weight, ctx.setting)
        gradients = iter(torch.autograd.grad(loss, wanted, grad, create_graph=True))
        result = [next(gradients) if need else None for need in needs]
    elif ctx.setting.reduction == "none":
        result = passed(input, matrix, bias, target, weight, ctx.setting, needs, grad)[1]
    else:
        result = [None if gradient is None else scaled(gradient, grad) for gradient in kept]
    return (*result, None, None, None)


_in_chunks = autograd_function("LinearCrossEntropy", forward=_forward, backward=_backward)


def chunk_memory(chunk_bytes: Any) -> int | None:
    """Return the memory for a chunk's logits, a positive integer or None, or raise."""
    if chunk_bytes is None:
        return None
    if isinstance(chunk_bytes, bool) or not isinstance(chunk_bytes, int):
        raise TypeError(f"chunk_bytes must be an integer or None, not {chunk_bytes!r}")
    if chunk_bytes < 1:
        raise ValueError(f"chunk_bytes must be at least 1, not {chunk_bytes}")
    return chunk_bytes


def _chunk_size(
    examples: int, matrix: Tensor, dtype: torch.dtype, options: Any, chunk_bytes: int | None
) -> int:
    """Return how many examples are taken at a time."""
    limit = chunk_memory(chunk_bytes)
    if options is not None:
        if not hasattr(options, "batch_chunk_size"):
            raise TypeError(
                "options must be a torch.nn.LinearCrossEntropyOptions or None, "
                f"not {type(options).__name__}"
            )
        if options.batch_chunk_size is not None:
            return max(1, int(options.batch_chunk_size))
    # A quarter of the matrix: little beside its gradient, and the matrix is read once for as many
    # examples as a quarter of its columns.
    limit = limit or max(_CHUNK_BYTES, matrix.numel() * dtype.itemsize // 4)
    most = max(1, limit // max(matrix.shape[0] * dtype.itemsize, 1))
    # Of nearly equal size, so that the last is not a small one.
    chunks = max(1, -(-examples // most))
    return max(1, -(-examples // chunks))


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
    chunk_bytes: int | None = None,
) -> Tensor:
    """Return the cross-entropy of `torch.nn.functional.linear(input, linear_weight, linear_bias)`.

    Parameters
    ----------
    input : torch.Tensor
        Examples, of shape (features,) or (N, features). float16, bfloat16, float32 or float64.
    linear_weight : torch.Tensor
        Of shape (C, features), or (C, d1, ..., features) for losses of several dimensions.
    target : torch.Tensor
        Classes, as integers, of shape (), (N,) or (N, d1, ...); or probabilities, as floats, of
        shape (C,), (N, C) or (N, C, d1, ...).
    linear_bias : torch.Tensor, optional
        Of shape (C,) or (C, d1, ...).
    weight : torch.Tensor, optional
        Of every class, of shape (C,).
    reduction : {"mean", "sum", "none"}, optional
        As for `cross_entropy`.
    ignore_index : int, optional
        A class that does not count. Default -100; not with probabilities.
    label_smoothing : float, optional
        The part of the target that is spread evenly over the classes, in [0, 1]. Default 0.
    options : torch.nn.LinearCrossEntropyOptions, optional
        Its `batch_chunk_size`, if not None, is how many examples are taken at a time. The rest of
        it says how torch accumulates, and has no effect here.
    chunk_bytes : int, optional
        Where `options` names no size: the memory for the logits of a chunk, in bytes. One example
        is taken at a time if it holds no more. Default: a quarter of the memory of
        `linear_weight` (in float32 if of a half type), at least 16 MiB.

    Returns
    -------
    torch.Tensor
        In nats; as `cross_entropy`. Of the dtype torch promotes input and weights to; half types
        become float32 under autocast.

    Raises
    ------
    TypeError, ValueError, IndexError
        As `cross_entropy`, and for shapes that do not fit together.

    Notes
    -----
    Memory: a chunk's logits and the gradients that are needed, of the shapes of `input`,
    `linear_weight` and `linear_bias`. They are computed with the loss and kept, so that the
    backward pass multiplies them with one number; with "none" they are computed in the backward
    pass, from the logits again. Of half types, logits and sums are float32.

    A gradient that is to be differentiated again (`create_graph=True`), forward mode,
    `torch.func`, `torch.compile` and `torch.jit.trace`, and a target or class weight that requires
    a gradient, take the plain way: all logits at once, in torch's operations.

    Source: `torch.nn.functional.linear_cross_entropy`, whose names it has. Gradients in the
    forward pass, chunk by chunk: P.-L. Hsu et al. (2024), Liger kernel, arXiv 2410.10989.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.losses import linear_cross_entropy
    >>> x, w = torch.eye(2), torch.tensor([[20.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    >>> linear_cross_entropy(x, w, torch.tensor([0, 2]), reduction="none")
    tensor([4.1223e-09, 1.0986e+00])
    """
    word = arguments.reduction_word(None, None, reduction)
    smoothing = arguments.smoothing(label_smoothing)
    arguments.logits(input)
    arguments.floats("linear_weight", linear_weight)
    _fitting(input, linear_weight, linear_bias)
    shape = tuple(linear_weight.shape[:-1])
    examples = input.unsqueeze(0) if input.dim() == 1 else input
    every = target.unsqueeze(0) if input.dim() == 1 and isinstance(target, Tensor) else target
    ignored = -100 if ignore_index is None else ignore_index
    every = checked_target((examples.shape[0], *shape), every, ignored, 1)
    arguments.of_classes(weight, shape[0])
    matrix = linear_weight.reshape(prod(shape), linear_weight.shape[-1])
    bias = None if linear_bias is None else linear_bias.reshape(-1)
    dtype = dtype_of_logits(input, matrix)
    chunk = _chunk_size(examples.shape[0], matrix, dtype, options, chunk_bytes)
    setting = Setting(shape, ignored, smoothing, word, chunk)
    autocast = arguments.autocasts(input.device.type)
    # Autocast would round the logits to a half type.
    with torch.autocast(input.device.type, enabled=False) if autocast else nullcontext():
        result = _computed((examples, matrix, bias, every, weight), setting)
    if not autocast:
        result = result.to(torch.promote_types(input.dtype, matrix.dtype))
    return result.squeeze(0) if input.dim() == 1 and word == "none" else result


def _computed(operands: Operands, setting: Setting) -> Tensor:
    if _can_be_chunked(operands):
        result: Tensor = _in_chunks.apply(*operands, setting)
        return result
    return _whole(*operands, setting)


def _can_be_chunked(operands: Operands) -> bool:
    if torch.compiler.is_compiling() or torch._C._get_tracing_state() is not None:
        return False
    if is_transformed() or in_forward_mode():
        return False
    constant = [t for t in operands[3:] if t is not None]
    plain = (Tensor, torch.nn.Parameter)
    if any(t is not None and (type(t) not in plain or t.is_meta) for t in operands):
        return False
    return not (torch.is_grad_enabled() and any(t.requires_grad for t in constant))


def _fitting(input: Tensor, linear_weight: Tensor, linear_bias: Tensor | None) -> None:
    """Raise ValueError for examples, matrix and bias that do not fit together."""
    given, own = tuple(input.shape), tuple(linear_weight.shape)
    if input.dim() not in (1, 2):
        raise ValueError(f"input has the shape {given}, not (features,) or (N, features)")
    if linear_weight.dim() < 2:
        raise ValueError(f"linear_weight has the shape {own}, not (C, features) or (C, d1, ...)")
    if given[-1] != own[-1]:
        raise ValueError(
            f"input has {given[-1]} features, linear_weight {own[-1]}: shapes {given} and {own}"
        )
    if len(own) > 2 and len(given) == 1:
        raise ValueError(
            f"linear_weight of the shape {own} wants examples of shape (N, {own[-1]}), "
            f"but input has the shape {given}"
        )
    if linear_bias is not None:
        arguments.floats("linear_bias", linear_bias)
        if tuple(linear_bias.shape) != own[:-1]:
            raise ValueError(
                f"linear_bias has the shape {tuple(linear_bias.shape)}, not {own[:-1]}"
            )
