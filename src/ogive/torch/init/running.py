"""Running a network only to look at it: afterwards it is as it was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

__all__ = ["as_found", "run", "watching"]


def run(model: nn.Module, inputs: Any) -> Any:
    """Call a network on one tensor, a sequence of arguments or a mapping of keywords."""
    if isinstance(inputs, Mapping):
        return model(**inputs)
    if isinstance(inputs, Sequence) and not isinstance(inputs, str):
        return model(*inputs)
    return model(inputs)


@contextmanager
def as_found(model: nn.Module) -> Iterator[None]:
    """Put buffers and random states back as they were; autocast forgets the weights it saw."""
    buffers = [
        (module, name, buffer, buffer.detach().clone())
        for module in model.modules()
        for name, buffer in module.named_buffers(recurse=False)
    ]
    tensors = [*model.parameters(), *model.buffers()]
    devices = sorted({t.device.index for t in tensors if t.device.type == "cuda"})
    torch.clear_autocast_cache()
    try:
        with torch.random.fork_rng(devices=devices):
            yield
    finally:
        torch.clear_autocast_cache()
        with torch.no_grad():
            for module, name, buffer, values in buffers:
                module._buffers[name] = buffer
                if not torch.equal(buffer, values):
                    buffer.copy_(values)


@contextmanager
def watching(
    modules: Iterable[nn.Module], before: Callable[..., None], after: Callable[..., None]
) -> Iterator[None]:
    """Have modules call `before` and `after` each call, with the arguments of torch's hooks."""
    handles: list[Any] = []
    try:
        for module in modules:
            handles += [
                module.register_forward_pre_hook(before, with_kwargs=True),
                module.register_forward_hook(after, with_kwargs=True),
            ]
        yield
    finally:
        for handle in handles:
            handle.remove()
