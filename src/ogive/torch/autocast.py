"""Which of the functions torch's automatic mixed precision casts, and to what."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

# What torch 2.13 registers for these functions. On the CPU it casts prelu alone. On every other
# device (CUDA, XPU, MPS ...) it also takes those of the second row to float32. All the other
# functions of the catalogue keep the dtype of their argument everywhere.
_TO_LOWER_PRECISION = frozenset({"prelu"})
_TO_FLOAT32_BUT_ON_THE_CPU = frozenset(
    {"softplus", "softmax", "log_softmax", "softmin", "logsumexp"}
)

# torch annotates neither.
_is_enabled: Any = torch.is_autocast_enabled
_lower_precision: Any = torch.get_autocast_dtype


def autocast(name: str, input: Any) -> Any:
    """Cast an argument of a function as torch's automatic mixed precision does.

    Parameters
    ----------
    name : str
        A function.
    input : torch.Tensor
        Anything else is handed back. So is a tensor of integers or of float64.

    Returns
    -------
    torch.Tensor
        `input`, in the dtype that torch's function of this name would compute in under
        `torch.autocast`; differentiable.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.autocast import autocast
    >>> with torch.autocast("cpu", dtype=torch.bfloat16):
    ...     autocast("prelu", torch.ones(2)).dtype
    torch.bfloat16
    """
    if not isinstance(input, Tensor) or (input.is_cpu and name not in _TO_LOWER_PRECISION):
        return input
    device = input.device.type
    if (
        not torch.amp.is_autocast_available(device)
        or not _is_enabled(device)
        or not input.is_floating_point()
        or input.dtype is torch.float64
    ):
        return input
    if name in _TO_LOWER_PRECISION:
        return input.to(_lower_precision(device))
    return input.to(torch.float32) if name in _TO_FLOAT32_BUT_ON_THE_CPU else input
