"""What a check-up costs: steps of the same training with and without it, in turns.

python benchmarks/checkup/overhead.py [--steps 300] [--rounds 5] [--json FILE]

A small MLP, CNN and transformer, on one thread.  A turn trains each network from the same weights,
once alone and once under a check-up that looks at every tenth step, and times every step by itself.
Others use the machine too, so that of each kind of step (alone, passed by, looked at) the lower
quartile counts.  From these follows what the defaults cost, the first ten steps and then one in
fifty, in a run of a thousand steps and of ten thousand.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ogive.bench.machine import machine
from ogive.health import Checkup

FIRST, EVERY = 10, 10


def mlp() -> tuple[nn.Module, Tensor, Tensor]:
    """64-128-128-128-10, batches of 128."""
    layers = [nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))
    return model, torch.randn(128, 64), torch.randint(0, 10, (128,))


def cnn() -> tuple[nn.Module, Tensor, Tensor]:
    """Two convolutions with batch normalisation on 28 x 28 images, batches of 64."""
    model = nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(32 * 49, 10)),
    )
    return model, torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))


class Transformer(nn.Module):
    """Two layers of width 64 on sequences of 32 of 100 symbols."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(100, 64)
        layer = nn.TransformerEncoderLayer(64, 4, 256, 0.0, "gelu", batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(64, 100)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(self.embedding(x))).flatten(0, 1)


def transformer() -> tuple[nn.Module, Tensor, Tensor]:
    """Of `Transformer`, batches of 16."""
    x = torch.randint(0, 100, (16, 32))
    return Transformer(), x, x.roll(-1, 1).flatten()


def times(
    make: Callable[[], tuple[nn.Module, Tensor, Tensor]], steps: int, watched: bool
) -> tuple[list[float], list[Tensor]]:
    """Train, and return the time of every step and the weights at the end."""
    torch.manual_seed(0)
    model, x, y = make()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    found = []

    def train() -> None:
        for _ in range(steps):
            began = time.perf_counter()
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()
            found.append(time.perf_counter() - began)

    if watched:
        with Checkup(model, optimizer, first=FIRST, every=EVERY):
            train()
    else:
        train()
    return found, [p.detach() for p in model.parameters()]


def quartile(values: list[float]) -> float:
    """Return the lower quartile."""
    return quantiles(values, n=4)[0]


def measure(
    make: Callable[[], tuple[nn.Module, Tensor, Tensor]], steps: int, rounds: int
) -> dict[str, Any]:
    """Take the times of one network."""
    times(make, 2 * EVERY, True)
    alone, passed, looked, first = ([] for _ in range(4))
    same = True
    for turn in range(rounds):
        ends = {}
        for watched in (turn % 2 == 0, turn % 2 == 1):
            found, ends[watched] = times(make, steps, watched)
            if not watched:
                alone += found[FIRST:]
                continue
            first.append(sum(found[:FIRST]))
            for step, seconds in enumerate(found[FIRST:], FIRST):
                # The look at a step ends in the one that follows it, by a hair.
                (looked if step % EVERY == 0 else passed).append(seconds)
        same &= all(map(torch.equal, ends[False], ends[True]))
    plain, by, look = quartile(alone), quartile(passed), quartile(looked)
    start = min(first) - FIRST * plain

    def share(steps: int) -> float:
        samples = (steps - FIRST) / 50
        extra = start + samples * (look - plain) + (steps - FIRST - samples) * (by - plain)
        return extra / (steps * plain)

    return {
        "network": make.__name__,
        "step_ms": 1e3 * plain,
        "passed_by_ms": 1e3 * (by - plain),
        "looked_at_ms": 1e3 * (look - plain),
        "first_ten_ms": 1e3 * start,
        "of_1000_steps": share(1000),
        "of_10000_steps": share(10_000),
        "same_weights": same,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for make in (mlp, cnn, transformer):
        rows.append(measure(make, options.steps, options.rounds))
        print({k: round(v, 4) if isinstance(v, float) else v for k, v in rows[-1].items()})
    if options.json:
        found = {"machine": machine(), "torch": torch.__version__, "rows": rows}
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
