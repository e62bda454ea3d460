"""Functions with tensors for parameters: what the tests of them are run on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch

from ogive import catalog
from ogive.torch import functional

LEARNED = [
    name
    for name, record in catalog.CATALOG.items()
    if any(parameter.learned for parameter in record.parameters)
]
every_learned = pytest.mark.parametrize("name", LEARNED)


@dataclass
class Case:
    """One function, an argument of shape (2, 3, 4) and parameters of a shape."""

    name: str
    x: torch.Tensor
    parameters: list[torch.Tensor]

    @property
    def function(self) -> Callable[..., torch.Tensor]:
        return getattr(functional, self.name)

    def __call__(self) -> torch.Tensor:
        return self.function(self.x, *self.parameters)


def case(name: str, *shape: int, dtype: torch.dtype = torch.float64, tracked: bool = True) -> Case:
    """Draw an argument, and parameters near their defaults and within their bounds."""
    generator = torch.Generator().manual_seed(7)

    def draw(*of: int) -> torch.Tensor:
        return torch.rand(of, generator=generator, dtype=torch.float64) * 2.0 - 1.0

    parameters = [
        (default + draw(*shape) / 8.0 * max(default, 0.5))
        .clamp(max=0.95 if key == "t" else torch.inf)
        .to(dtype)
        for key, default in catalog.get(name).defaults().items()
    ]
    x = (3.0 * draw(2, 3, 4)).to(dtype)
    return Case(
        name, x.requires_grad_(tracked), [each.requires_grad_(tracked) for each in parameters]
    )
