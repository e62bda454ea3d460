"""Whether the native losses may see tensors, and how a sum of theirs becomes one.

They look at no weight and no target but for what would read outside the memory: a class that is
not there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ogive.torch.memory import in_forward_mode, is_native


def serves(input: Tensor, *others: Tensor | None) -> bool:
    """Whether the native losses may be used: plain tensors, no gradient but that of the logits."""
    if not is_native(input) or in_forward_mode():
        return False
    differentiable = torch.is_grad_enabled()
    for other in others:
        if other is not None and (
            type(other) not in (Tensor, torch.nn.Parameter)
            or not other.is_cpu
            or (differentiable and other.requires_grad)
        ):
            return False
    return True


def number(total: Any, divisor: float, dtype: Any) -> Tensor:
    """Return a quotient, NaN for that by 0, as a tensor without dimensions."""
    # In a third of the time of torch.full.
    return torch.from_numpy(np.array(total / divisor if divisor else np.nan, dtype))
