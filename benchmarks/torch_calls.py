"""What a call of `ogive.torch` costs beside torch's own, eager and compiled, there and back.

    python benchmarks/torch_calls.py [--functions relu,gelu] [--sizes 1e3,1e5] [--no-compile]

Prints a table for docs/torch.md: microseconds a call, best and median, every contender in turns,
float32, one thread. "extension" is Ogive's compiled way (`ogive torch-extension`), "Python" the way
without it, "compiled" what `torch.compile` makes of the function with its own default backend.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor

from ogive.bench.timing import measure
from ogive.torch import functional
from ogive.torch.autograd import EXTENSION, Elementwise
from ogive.torch.functional import logistic, rectifier, smooth

# The name, Ogive's object behind it, and torch's own function.
FUNCTIONS: dict[str, tuple[Elementwise, Callable[[Tensor], Tensor]]] = {
    "relu": (rectifier._relu, torch.relu),
    "sigmoid": (logistic._sigmoid, torch.sigmoid),
    "tanh": (logistic._tanh, torch.tanh),
    "gelu": (smooth._gelu, torch.nn.functional.gelu),
    "silu": (smooth._silu, torch.nn.functional.silu),
}
WAYS = ("forward", "forward, graph", "forward and backward")


def in_python(inner: Elementwise, function: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """The function without the compiled way: what a machine without a compiler has."""
    compiled = inner._extension

    def call(x: Tensor) -> Tensor:
        inner._extension = None
        try:
            return function(x)
        finally:
            inner._extension = compiled

    return call


def contenders(name: str, compile: bool) -> dict[str, Callable[[Tensor], Tensor]]:
    inner, theirs = FUNCTIONS[name]
    ours = getattr(functional, name)
    found = {"torch": theirs, "Python": in_python(inner, ours)}
    if EXTENSION is not None:
        found["extension"] = ours
    if compile:
        torch.compiler.reset()  # or one function would be compiled for every size and way
        for who, function in (("torch, compiled", theirs), ("Ogive, compiled", ours)):
            found[who] = torch.compile(lambda x, f=function: f(x), fullgraph=True, dynamic=False)
    return found


def call_for(way: str, function: Callable[[Tensor], Tensor], size: int) -> Callable[[], object]:
    x = torch.randn(size)
    if way == "forward":
        return lambda: function(x)
    leaf, grad = x.requires_grad_(), torch.ones(size)
    if way == "forward, graph":
        return lambda: function(leaf)
    return lambda: torch.autograd.grad(function(leaf), leaf, grad)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1e3,1e5,1e7")
    parser.add_argument("--functions", default=",".join(FUNCTIONS))
    parser.add_argument("--seconds", type=float, default=2.0, help="for each row of the table")
    parser.add_argument("--no-compile", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    titles = list(contenders("relu", not arguments.no_compile))
    print("| function | elements | way |", " | ".join(titles), "|")
    print("| --- | --- | --- |" + " ---: |" * len(titles))
    for name in arguments.functions.split(","):
        for size in (int(float(text)) for text in arguments.sizes.split(",")):
            for way in WAYS:
                functions = contenders(name, not arguments.no_compile)
                calls = {who: call_for(way, f, size) for who, f in functions.items()}
                times = measure(calls, arguments.seconds)
                cells = [
                    f"{1e6 * min(readings):.4g} ({1e6 * median(readings):.4g})"
                    for readings in (times[who] for who in titles)
                ]
                print(f"| {name} | {size:,} | {way} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
