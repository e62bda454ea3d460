"""Automatic mixed precision: the dtypes are those of torch's own functions, on every device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch_subjects import TORCHS_OWN_WARNINGS

from ogive.torch import functional

pytestmark = TORCHS_OWN_WARNINGS

F = torch.nn.functional


def pair(name: str) -> tuple[Callable, Callable]:
    """Ogive's function and torch's, of one tensor."""
    their = getattr(F, name, None) or getattr(torch, name)
    ours = getattr(functional, name)
    if name == "prelu":
        return tuple(
            lambda x, f=f: f(x, torch.ones(1, dtype=x.dtype, device=x.device))
            for f in (ours, their)
        )
    if name in ("softmax", "softmin", "log_softmax", "logsumexp"):
        return tuple(lambda x, f=f: f(x, dim=1) for f in (ours, their))
    if name == "threshold":
        return tuple(lambda x, f=f: f(x, 0.5, 0.0) for f in (ours, their))
    return ours, their


SHARED = [
    "sigmoid", "logit", "logsigmoid", "tanh", "softsign", "softplus", "hardsigmoid", "hardtanh",
    "relu", "relu6", "leaky_relu", "prelu", "rrelu", "threshold", "elu", "celu", "selu",
    "hardswish", "softshrink", "hardshrink", "tanhshrink", "silu", "gelu", "mish", "softmax",
    "softmin", "log_softmax", "logsumexp",
]  # fmt: skip
DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


@contextmanager
def autocasting(device: str, dtype: torch.dtype) -> Iterator[None]:
    """As `torch.autocast`, which refuses a device that this machine has not."""
    before = torch.is_autocast_enabled(device), torch.get_autocast_dtype(device)
    torch.set_autocast_enabled(device, True)
    torch.set_autocast_dtype(device, dtype)
    try:
        yield
    finally:
        torch.set_autocast_enabled(device, before[0])
        torch.set_autocast_dtype(device, before[1])
        torch.clear_autocast_cache()


@pytest.mark.parametrize("lower", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", SHARED)
def test_dtypes_on_the_cpu_are_torchs(name: str, lower: torch.dtype):
    ours, theirs = pair(name)
    for dtype in DTYPES:
        x = torch.rand(2, 3).to(dtype).requires_grad_()
        with torch.autocast("cpu", dtype=lower):
            mine, expected = ours(x), theirs(x)
        assert mine.dtype == expected.dtype
        if dtype.itemsize > 2:
            # Of half types torch rounds in the middle of some of them.
            torch.testing.assert_close(mine, expected)
        assert torch.autograd.grad(mine.sum(), x)[0].dtype == dtype


@pytest.mark.parametrize("device", ["cpu", "cuda", "xpu", "mps"])
def test_dtypes_on_devices_that_are_not_here_are_torchs(device: str):
    # Tensors without data stand in for those of the device: what torch registers applies to them.
    with FakeTensorMode(), autocasting(device, torch.bfloat16):
        for name in SHARED:
            ours, theirs = pair(name)
            for dtype in DTYPES:
                x = torch.empty(2, 3, dtype=dtype, device=device)
                assert ours(x).dtype == theirs(x).dtype, (name, dtype)


def test_a_dtype_asked_for_is_kept():
    with FakeTensorMode(), autocasting("cuda", torch.float16):
        x = torch.empty(2, 3, device="cuda")
        for name in ("softmax", "softmin", "log_softmax"):
            result = getattr(functional, name)(x, 1, dtype=torch.bfloat16)
            assert result.dtype == torch.bfloat16


def test_without_autocast_nothing_is_cast():
    x = torch.rand(2, 3, dtype=torch.bfloat16)
    assert functional.prelu(x, torch.ones(1, dtype=torch.bfloat16)).dtype == torch.bfloat16
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=False):
        assert functional.prelu(x.float(), torch.ones(1)).dtype == torch.float32


def test_a_network_trains_under_autocast():
    import ogive.torch.nn as nn

    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Linear(4, 8), nn.Swish(8), nn.Linear(8, 8), nn.PReLU(8), nn.PAU(), nn.Linear(8, 2)
    )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = network(torch.randn(16, 4))
    assert y.dtype == torch.bfloat16
    y.float().square().mean().backward()
    for parameter in network.parameters():
        assert parameter.grad.dtype == torch.float32
        assert parameter.grad.isfinite().all()
        assert parameter.grad.any()
