"""What a forward pass keeps in memory for the backward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

__all__ = ["kept_bytes"]


def kept_bytes(call: Callable[[], Any], beside: Iterable[Tensor] = ()) -> int:
    """Return the bytes that a computation keeps for its backward pass.

    Parameters
    ----------
    call : callable
        The computation, without arguments.
    beside : iterable of torch.Tensor
        What is there anyway and is not counted: parameters, for example.

    Returns
    -------
    int
        The size of the storages that hold the kept tensors, each counted once.

    Examples
    --------
    >>> x = torch.ones(100, requires_grad=True)
    >>> kept_bytes(lambda: (x * 1.0).exp())  # exp keeps its result
    400
    """
    known = {tensor.untyped_storage().data_ptr() for tensor in beside}
    kept: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        # Held, so that no other storage can come to lie at the same address.
        kept.setdefault(tensor.untyped_storage().data_ptr(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        call()
    return sum(
        tensor.untyped_storage().nbytes() for place, tensor in kept.items() if place not in known
    )
