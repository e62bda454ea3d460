"""What every module of `ogive.torch.nn` keeps for its backward pass, beside torch's.

    python benchmarks/torch_memory.py

Prints a table for docs/torch.md: bytes an element of the result, float32, as torch's hooks on saved
tensors see them; each storage is counted once, parameters are not. "alone": between two additions,
which keep nothing themselves. "before a linear layer": with the linear layer that takes the result,
whose own argument is counted too; "fused": `ogive.torch.nn.ActivationLinear` in their place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ogive.study.cost.memory import kept_bytes
from ogive.torch import nn

ROWS, FEATURES = 64, 128
OTHERS = {"softmax": {"dim": 1}, "log_softmax": {"dim": 1}, "softmin": {"dim": 1}}
CLASSES = {"softmax": "Softmax", "log_softmax": "LogSoftmax", "softmin": "Softmin"}


def kept(network: Callable[[Tensor], Tensor], parameters: Any, elements: int) -> float:
    """Bytes that a network keeps, for every element of its activation's result."""
    leaf = torch.rand(ROWS, FEATURES, requires_grad=True)
    return kept_bytes(lambda: network(leaf * 0.8 + 0.1), parameters) / elements


def alone(module: torch.nn.Module) -> float:
    return kept(lambda x: module(x) + 1.0, list(module.parameters()), ROWS * FEATURES)


def before_linear(module: torch.nn.Module) -> float:
    linear = torch.nn.Linear(FEATURES, 8)
    parameters = [*module.parameters(), *linear.parameters()]
    return kept(lambda x: linear(module(x)), parameters, ROWS * FEATURES)


def fused(module: torch.nn.Module) -> float:
    layer = nn.ActivationLinear(module, FEATURES, 8)
    return kept(layer, list(layer.parameters()), ROWS * FEATURES)


def torchs(name: str, own: torch.nn.Module) -> torch.nn.Module | None:
    """Torch's module of the same class name and arguments, if it has one."""
    kind = getattr(torch.nn, type(own).__name__, None)
    if kind is None or type(own) is kind:
        return None
    arguments = OTHERS.get(name) or {
        key: value
        for key, value in vars(own).items()
        if key in ("threshold", "value", "num_parameters") and not key.startswith("_")
    }
    return kind(**arguments)


def main() -> None:
    titles = ("alone", "torch", "before a linear layer", "torch", "fused")
    print("| function |", " | ".join(titles), "|")
    print("| --- |" + " ---: |" * len(titles))
    for name in (*nn.MODULES, *OTHERS):
        own = getattr(nn, CLASSES[name])(**OTHERS[name]) if name in OTHERS else nn.activation(name)
        theirs = torchs(name, own)
        figures = [
            alone(own),
            alone(theirs) if theirs is not None else None,
            before_linear(own),
            before_linear(theirs) if theirs is not None else None,
            None if name in OTHERS else fused(own),
        ]
        cells = ("–" if figure is None else f"{figure:.3g}" for figure in figures)
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
