"""Torch's own samples of arguments for its functions, and which of Ogive's they are for."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch

from ogive.torch import functional

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what torch's test suite imports
    from torch.testing._internal.common_methods_invocations import op_db

# torch.masked has functions of the same names, with another signature.
_ELSEWHERE = ("masked.",)


def _ours(op: Any) -> str | None:
    """The name in ogive.torch.functional of what an entry describes."""
    if op.name.startswith(_ELSEWHERE):
        return None
    names = (name.rpartition(".")[2] for name in (op.name, *(a.name for a in op.aliases)))
    return next((name for name in names if name in functional.__all__), None)


ENTRIES = [(op, name) for op in op_db if (name := _ours(op)) is not None]


def seeded(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that draws the same whenever it is called, as torch's entries make theirs."""

    def call(*args: Any, **kwargs: Any) -> Any:
        torch.manual_seed(42)
        return function(*args, **kwargs)

    return call


def own(name: str) -> Callable[..., Any]:
    return seeded(getattr(functional, name))


def samples(op: Any, dtype: torch.dtype, *, requires_grad: bool = False) -> Iterator[Any]:
    """The samples of an entry: of float32 all, of other dtypes those without special values."""
    torch.manual_seed(0)
    source = op.reference_inputs if dtype is torch.float32 else op.sample_inputs
    for sample in source("cpu", dtype, requires_grad=requires_grad):
        if op.name == "nn.functional.softplus":
            # Torch cuts the function off there; Ogive takes no notice of a threshold.
            sample.kwargs["threshold"] = 20
        yield sample
