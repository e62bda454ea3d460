"""What gates, recurrent layers and losses from logits take beside torch's own.

    python benchmarks/torch_parts.py gates|recurrent|losses [--seconds 4]

Prints a table for docs/: torch's time divided by Ogive's, best (median) of readings taken in turns,
one thread. A number below 1 means that torch is faster.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ogive.bench.timing import measure
from ogive.torch import gates, losses, recurrent

Call = Callable[[], object]
Row = tuple[str, dict[str, tuple[Call, Call]]]
"""A title, and under each column's name the call of Ogive and that of torch."""


def halves(activation: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """A gated unit as torch's users write it."""

    def expression(x: Tensor) -> Tensor:
        value, gate = x.chunk(2, -1)
        return value * activation(gate)

    return expression


GATES: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "glu": (gates.glu, F.glu),
    "swiglu": (gates.swiglu, halves(F.silu)),
    "geglu": (gates.geglu, halves(F.gelu)),
    "reglu": (gates.reglu, halves(F.relu)),
}


def there_and_back(function: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Call, Call]:
    """The call without a graph, and the one with its gradient."""
    leaf = x.clone().requires_grad_()
    onto = torch.randn_like(function(x))
    return lambda: function(x), lambda: torch.autograd.grad(function(leaf), leaf, onto)


def of_gates() -> Iterator[Row]:
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        for name, both in GATES.items():
            columns = {}
            for rows, row in ((2048, 8192), (64, 1024)):
                x = torch.randn(rows, row).to(dtype)
                (ours, our_pair), (theirs, their_pair) = (there_and_back(f, x) for f in both)
                columns[f"{rows} × {row} forward"] = ours, theirs
                columns[f"{rows} × {row} and backward"] = our_pair, their_pair
            yield f"`{name}` {str(dtype).removeprefix('torch.')}", columns


SEQUENCES = ((100, 32, 64, 128), (28, 128, 28, 128), (50, 8, 32, 32), (35, 20, 200, 512))
"""T steps, N sequences, I features, H units."""


def of_recurrent() -> Iterator[Row]:
    for dtype in (torch.float32, torch.float64):
        for name in ("LSTM", "GRU"):
            ways: list[dict[str, tuple[Call, Call]]] = [{}, {}]
            for steps, batch, features, units in SEQUENCES:
                x = torch.randn(steps, batch, features, dtype=dtype)
                calls = []
                for namespace in (recurrent, nn):
                    module = getattr(namespace, name)(features, units, dtype=dtype)
                    calls.append((forwards(module, x), both_ways(module, x)))
                column = f"T {steps}, N {batch}, I {features}, H {units}"
                for way, columns in enumerate(ways):
                    columns[column] = calls[0][way], calls[1][way]
            kind = f"{name} {str(dtype).removeprefix('torch.')}"
            yield f"{kind}, forward", ways[0]
            yield f"{kind}, and backward", ways[1]


def forwards(module: nn.Module, x: Tensor) -> Call:
    def call() -> Any:
        with torch.no_grad():
            return module(x)

    return call


def both_ways(module: nn.Module, x: Tensor) -> Call:
    parameters = list(module.parameters())
    onto = torch.randn_like(module(x)[0])
    return lambda: torch.autograd.grad(module(x)[0], parameters, onto)


def of_losses() -> Iterator[Row]:
    for name in ("cross_entropy", "binary_cross_entropy_with_logits"):
        for shape in ((32, 10), (256, 100), (4096, 1000)):
            x = torch.randn(shape)
            classes = name == "cross_entropy"
            target = torch.randint(shape[1], shape[:1]) if classes else torch.rand(shape).round()
            pairs = []
            for namespace in (losses, F):
                loss = getattr(namespace, name)
                leaf = x.clone().requires_grad_()
                pairs.append((value_of(loss, x, target), gradient_of(loss, leaf, target)))
            yield (
                f"{name} {shape[0]} × {shape[1]}",
                {
                    "value": (pairs[0][0], pairs[1][0]),
                    "value and gradient": (pairs[0][1], pairs[1][1]),
                },
            )


def value_of(loss: Callable[..., Tensor], x: Tensor, target: Tensor) -> Call:
    return lambda: loss(x, target)


def gradient_of(loss: Callable[..., Tensor], leaf: Tensor, target: Tensor) -> Call:
    return lambda: torch.autograd.grad(loss(leaf, target), leaf)


PARTS = {"gates": of_gates, "recurrent": of_recurrent, "losses": of_losses}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--seconds", type=float, default=4.0, help="for each figure")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    titled = False
    for title, columns in PARTS[arguments.part]():
        if not titled:
            print("| |", " | ".join(columns), "|")
            print("| --- |" + " ---: |" * len(columns))
            titled = True
        cells = []
        for ours, theirs in columns.values():
            times = measure({"ours": ours, "torch": theirs}, arguments.seconds)
            best = min(times["torch"]) / min(times["ours"])
            cells.append(f"{best:.2f} ({median(times['torch']) / median(times['ours']):.2f})")
        print(f"| {title} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
