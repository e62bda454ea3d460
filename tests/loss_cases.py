"""Losses, their arguments, and how they are compared with torch's, for the tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from ogive.torch import losses

REDUCTIONS = ["none", "mean", "sum"]
BOTH = [torch.float32, torch.float64]
Loss = Callable[[torch.Tensor], torch.Tensor]


def focal(x: torch.Tensor, t: torch.Tensor, alpha: float, gamma: float) -> torch.Tensor:
    """The focal loss as its authors write it."""
    p = x.sigmoid()
    ce = F.binary_cross_entropy_with_logits(x, t, reduction="none")
    right = p * t + (1 - p) * (1 - t)
    loss = ce * (1 - right) ** gamma
    return loss if alpha < 0 else loss * (alpha * t + (1 - alpha) * (1 - t))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> torch.Tensor:
    x = torch.randn(shape, generator=seeded(seed), dtype=torch.float64) * 3.0
    return x.to(dtype)


def uniform(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 1) -> torch.Tensor:
    return torch.rand(shape, generator=seeded(seed), dtype=torch.float64).to(dtype)


def classes(*shape: int, of: int, seed: int = 2) -> torch.Tensor:
    return torch.randint(0, of, shape, generator=seeded(seed))


def grad(loss: Loss, x: torch.Tensor, onto: torch.Tensor | None = None) -> torch.Tensor:
    x = x.detach().requires_grad_()
    value = loss(x)
    (result,) = torch.autograd.grad(value, x, torch.ones_like(value) if onto is None else onto)
    return result


def assert_same(ours: Loss, theirs: Loss, x: torch.Tensor, seed: int = 7) -> None:
    """Value, value without gradients, and gradient times something agree with torch's."""
    expected = theirs(x.double())
    eps = torch.finfo(x.dtype).eps
    close = {"rtol": 32 * eps, "atol": 32 * eps}
    value = ours(x)
    assert value.dtype == x.dtype
    torch.testing.assert_close(value.double(), expected, **close)
    torch.testing.assert_close(ours(x.detach().requires_grad_()).detach(), value, rtol=0, atol=0)
    onto = torch.randn(expected.shape, generator=seeded(seed), dtype=torch.float64)
    gradient = grad(ours, x, onto.to(x.dtype))
    expected = grad(theirs, x.double(), onto.to(x.dtype).double())
    torch.testing.assert_close(gradient.double(), expected, **close)


def cast(thing: Any, dtype: torch.dtype) -> Any:
    """Floats of another dtype; anything else as it is."""
    floats = isinstance(thing, torch.Tensor) and thing.is_floating_point()
    return thing.to(dtype) if floats else thing


def assert_torchs(name: str, x: torch.Tensor, target: torch.Tensor, **keywords: Any) -> None:
    """One of the functions is that of torch's that has its name."""

    def call(function: Any, x: torch.Tensor) -> torch.Tensor:
        given = {key: cast(value, x.dtype) for key, value in keywords.items()}
        return function(x, cast(target, x.dtype), **given)

    assert_same(lambda x: call(getattr(losses, name), x), lambda x: call(getattr(F, name), x), x)


def portable(loss: Loss, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Value and gradient where no native loop can see the tensors."""
    gradient, value = torch.func.grad_and_value(loss)(x)
    return value, gradient


def native(loss: Loss, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return loss(x), grad(loss, x)


X = normal(3, 4, seed=11)
T, Y, P = uniform(3, 4, seed=12), classes(3, of=4), normal(3, 4, seed=13).softmax(1)
HARD = T.round()
W = uniform(4, seed=14) + 0.25

SUBJECTS: dict[str, Loss] = {
    "binary": lambda x: losses.binary_cross_entropy_with_logits(x, T),
    "binary_none": lambda x: losses.binary_cross_entropy_with_logits(x, HARD, reduction="none"),
    "binary_weighted": lambda x: losses.binary_cross_entropy_with_logits(
        x, T, W, reduction="sum", pos_weight=W.flip(0)
    ),
    "multilabel_none": lambda x: losses.multilabel_soft_margin_loss(x, HARD, W, reduction="none"),
    "focal": lambda x: losses.sigmoid_focal_loss(x, T),
    "focal_sum": lambda x: losses.sigmoid_focal_loss(x, HARD, 0.5, 0.5, "sum"),
    "classes": lambda x: losses.cross_entropy(x, Y),
    "classes_none": lambda x: losses.cross_entropy(x, Y, reduction="none"),
    "classes_weighted": lambda x: losses.cross_entropy(x, Y, W, ignore_index=2),
    "classes_smoothed": lambda x: losses.cross_entropy(x, Y, W, label_smoothing=0.2),
    "probabilities": lambda x: losses.cross_entropy(x, P, W, reduction="none"),
}
every_subject = pytest.mark.parametrize("subject", SUBJECTS)
