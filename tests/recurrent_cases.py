"""Recurrent modules beside torch's, for the tests."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch.nn.utils import rnn  # noqa: E402

from ogive.torch import recurrent  # noqa: E402

MODES = ("LSTM", "GRU")
every_mode = pytest.mark.parametrize("mode", MODES)


def both(name: str, *arguments: Any, **options: Any) -> tuple[Any, Any]:
    """Our module and torch's with the same weights, of float64 unless said."""
    options.setdefault("dtype", torch.float64)
    modules = []
    for namespace in (recurrent, torch.nn):
        torch.manual_seed(1)
        modules.append(getattr(namespace, name)(*arguments, **options))
    return modules[0], modules[1]


def flat(result: Any) -> list[torch.Tensor]:
    """The tensors of a result, in order."""
    if isinstance(result, rnn.PackedSequence):
        return [result.data]
    if isinstance(result, torch.Tensor):
        return [result]
    return [tensor for part in result for tensor in flat(part)]


def gradients(result: Any, leaves: list[torch.Tensor]) -> list[torch.Tensor]:
    """The gradients of a weighted sum of all results."""
    total = sum(
        (tensor * torch.linspace(-1, 2, tensor.numel(), dtype=tensor.dtype).view_as(tensor)).sum()
        for tensor in flat(result)
    )
    return list(torch.autograd.grad(total, leaves))


def state_for(mode: str, shape: tuple[int, ...]) -> Any:
    parts = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    return tuple(parts) if mode.startswith("LSTM") else parts[0]


def assert_same(ours: Any, torchs: Any, leaves: list[torch.Tensor], own: Any, other: Any) -> None:
    """Results and all gradients agree, each module's own weights included."""
    torch.testing.assert_close(flat(ours), flat(torchs), rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(
        gradients(ours, [*leaves, *own.parameters()]),
        gradients(torchs, [*leaves, *other.parameters()]),
        rtol=1e-11,
        atol=1e-12,
    )
