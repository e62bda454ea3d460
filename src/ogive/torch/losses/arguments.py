"""What the losses take and refuse: tensors, shapes, reductions."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import _reduction

from ogive.losses.checks import reduction_of
from ogive.torch.memory import DTYPES, HALF_DTYPES


def reduction_word(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """Return "none", "mean" or "sum"; torch's two old arguments, which warn, go before the new.

    Examples
    --------
    >>> from ogive.torch.losses.arguments import reduction_word
    >>> reduction_word(None, None, "sum")
    'sum'
    """
    if size_average is not None or reduce is not None:
        reduction = _reduction.legacy_get_string(size_average, reduce)
    return reduction_of(reduction)


def short_name(dtype: torch.dtype) -> str:
    """Return "float32" for `torch.float32`."""
    return str(dtype).removeprefix("torch.")


def tensor(name: str, value: Any) -> None:
    """Raise TypeError unless a value is a tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, not {type(value).__name__}")


def floats(name: str, value: Any) -> Tensor:
    """Return a tensor of a dtype that is computed with; raise TypeError for anything else."""
    tensor(name, value)
    result: Tensor = value
    if result.dtype not in DTYPES:
        raise TypeError(
            f"{name} must be of float16, bfloat16, float32 or float64, "
            f"not {short_name(result.dtype)}"
        )
    return result


def logits(input: Any) -> Tensor:
    """Return logits as they are computed with: under autocast the half types become float32.

    Raises
    ------
    TypeError
        If `input` is no tensor, or of a dtype that no loss takes.
    """
    x = floats("input", input)
    return x.float() if x.dtype in HALF_DTYPES and autocasts(x.device.type) else x


def autocasts(device: str) -> bool:
    """Whether autocast is on for a type of device."""
    available = torch.amp.autocast_mode.is_autocast_available(device)
    return available and torch.is_autocast_enabled(device)


def probabilities(input: Tensor, target: Any) -> tuple[Tensor, Tensor]:
    """Return logits and targets of the same shape, and of the dtype that torch gives the two.

    Raises
    ------
    TypeError
        If the target is no tensor of floats.
    ValueError
        If the shapes differ.
    """
    tensor("target", target)
    if target.shape != input.shape:
        raise ValueError(
            f"target has the shape {tuple(target.shape)}, not {tuple(input.shape)} as the input"
        )
    if target.dtype is input.dtype:
        return input, target
    if target.dtype not in DTYPES:
        raise TypeError(
            f"target holds probabilities, as float16, bfloat16, float32 or float64, "
            f"not {short_name(target.dtype)}: target.to(input.dtype) makes them"
        )
    dtype = torch.promote_types(input.dtype, target.dtype)
    return input.to(dtype), target.to(dtype)


def broadcasts(name: str, weight: Tensor | None, shape: torch.Size) -> None:
    """Raise unless a weight is None or a tensor of floats that broadcasts to a shape."""
    if weight is None:
        return
    floats(name, weight)
    own = weight.shape
    fits = len(own) <= len(shape) and all(
        a in (1, b) for a, b in zip(reversed(own), reversed(shape), strict=False)
    )
    if not fits:
        raise ValueError(
            f"{name} has the shape {tuple(own)}, which does not broadcast to {tuple(shape)}"
        )


def of_classes(weight: Tensor | None, classes: int) -> None:
    """Raise unless a weight is None or a tensor of floats, one a class."""
    if weight is None:
        return
    floats("weight", weight)
    if tuple(weight.shape) != (classes,):
        raise ValueError(
            f"weight has the shape {tuple(weight.shape)}, not ({classes},), one a class"
        )


def smoothing(label_smoothing: float) -> float:
    """Return the part of the target that is spread over the classes, a number in [0, 1]."""
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing must be in [0, 1], not {label_smoothing!r}")
    return float(label_smoothing)
