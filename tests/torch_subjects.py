"""What the tests of the torch functions are run on: every function, beside torch's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch

from ogive import catalog
from ogive.torch import functional
from ogive.torch.functional import (
    adaptive,
    exponential,
    logistic,
    rectifier,
    rows,
    shrinkage,
    smooth,
)

F = torch.nn.functional

FAMILIES = (logistic, rectifier, exponential, shrinkage, smooth, adaptive, rows)
FUNCTIONS = sorted(name for family in FAMILIES for name in family.__all__)
"""The names of the functions of the catalogue, and of rows, in all of their forms."""

# Torch's own function of a name of the catalogue; those that it lacks are not here.
THEIRS: dict[str, Callable[..., torch.Tensor]] = {
    "sigmoid": torch.sigmoid,
    "logit": torch.logit,
    "log_sigmoid": F.logsigmoid,
    "tanh": torch.tanh,
    "softsign": F.softsign,
    "softplus": F.softplus,
    "hard_sigmoid": F.hardsigmoid,
    "hard_tanh": F.hardtanh,
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky_relu": F.leaky_relu,
    "prelu": lambda x, weight: F.prelu(x, torch.tensor([weight], dtype=x.dtype)),
    "rrelu": F.rrelu,
    "threshold": F.threshold,
    "elu": F.elu,
    "celu": F.celu,
    "selu": F.selu,
    "hard_swish": F.hardswish,
    "softshrink": F.softshrink,
    "hardshrink": F.hardshrink,
    "tanhshrink": F.tanhshrink,
    "silu": F.silu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "mish": F.mish,
}


@dataclass(frozen=True)
class Subject:
    """One elementwise function with one choice of parameters, which are numbers."""

    name: str
    parameters: tuple[float, ...] = ()

    @property
    def ours(self) -> Callable[..., torch.Tensor]:
        return getattr(functional, self.name)

    @property
    def operands(self) -> tuple[float, ...]:
        """The parameters, the catalogue's defaults among them."""
        return self.parameters or tuple(catalog.get(self.name).defaults().values())

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return self.ours(x, *self.parameters)

    def peer(self, x: torch.Tensor) -> torch.Tensor:
        return THEIRS[self.name](x, *self.parameters)

    def sample(
        self, *shape: int, dtype: torch.dtype = torch.float32, seed: int = 0
    ) -> torch.Tensor:
        """Draw arguments from the domain."""
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn(shape, generator=generator, dtype=torch.float64) * 2.0
        low, high = catalog.get(self.name).domain
        if high == 1.0:
            x = x.sigmoid()
        elif low == 0.0:
            x = x.abs() + 0.05
        return x.to(dtype)


# These have no defaults in torch, and none here.
REQUIRED = {"prelu": (0.25,), "threshold": (0.5, -1.0)}

SUBJECTS = [Subject(name, REQUIRED.get(name, ())) for name in catalog.CATALOG] + [
    Subject("softplus", (3.0,)),
    Subject("squareplus", (0.5,)),
    Subject("hard_tanh", (-0.5, 2.0)),
    Subject("leaky_relu", (0.2,)),
    Subject("leaky_relu", (-0.5,)),
    Subject("rrelu", (0.25, 0.75)),
    Subject("elu", (0.5,)),
    Subject("celu", (0.5,)),
    Subject("softshrink", (1.0,)),
    Subject("swish", (-1.5,)),
    Subject("srs", (2.0, 1.5)),
    Subject("pdelu", (0.5, 0.5)),
    Subject("abrelu", (0.5,)),
    Subject("xielu", (0.5, 1.2, 0.3)),
]
WITH_PEER = [subject for subject in SUBJECTS if subject.name in THEIRS]
IN_PLACE = [
    Subject("hard_sigmoid"),
    Subject("hard_tanh"),
    Subject("relu"),
    Subject("relu6"),
    Subject("leaky_relu", (0.2,)),
    Subject("leaky_relu", (-0.5,)),
    Subject("leaky_relu", (0.0,)),
    Subject("rrelu"),
    Subject("threshold", (0.5, -1.0)),
    Subject("threshold", (0.5, 2.0)),
    Subject("elu", (0.5,)),
    Subject("celu", (0.5,)),
    Subject("selu"),
    Subject("hard_swish"),
    Subject("silu"),
    Subject("mish"),
]
ROWS = ["softmax", "softmin", "log_softmax", "logsumexp"]

every_subject = pytest.mark.parametrize("subject", SUBJECTS, ids=str)
every_row = pytest.mark.parametrize("name", ROWS)

# What torch warns of in its own compiler and forward mode is not ours to mend.
TORCHS_OWN_WARNINGS = [
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.torch.jit.script.* is deprecated:DeprecationWarning"),
]


def grad(function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """The gradient of the sum of a function."""
    x = x.detach().requires_grad_()
    y = function(x)
    (result,) = torch.autograd.grad(y, x, torch.ones_like(y))
    return result


def layouts(x: torch.Tensor) -> dict[str, torch.Tensor]:
    """The same 4-d numbers in many layouts."""
    wide = torch.zeros(*x.shape[:-1], 2 * x.shape[-1], dtype=x.dtype)
    wide[..., ::2] = x
    return {
        "contiguous": x,
        "channels_last": x.contiguous(memory_format=torch.channels_last),
        "permuted": x.permute(3, 1, 0, 2).contiguous().permute(2, 1, 3, 0),
        "strided": wide[..., ::2],
        "flipped copy": x.flip(0).flip(0),
        "expanded": x[:1].expand_as(x),
        "offset": torch.cat([x[:1], x])[1:],
    }


def half_ulps(got: torch.Tensor, exact: torch.Tensor) -> torch.Tensor:
    """How many numbers of its 16-bit type `got` is from `exact`, a float64 rounded to that type."""

    def place(x: torch.Tensor) -> torch.Tensor:
        bits = x.contiguous().view(torch.int16).to(torch.int32)
        return torch.where(bits < 0, -(bits & 0x7FFF), bits)

    return (place(got) - place(exact.to(got.dtype))).abs()


def same(a: Any, b: Any) -> bool:
    """Whether two tensors hold the same numbers, NaN included."""
    return torch.equal(torch.nan_to_num(a, nan=1.5e38), torch.nan_to_num(b, nan=1.5e38))
