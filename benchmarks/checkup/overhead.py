"""What a check-up costs: steps that are looked at beside their neighbours in the same training.

python benchmarks/checkup/overhead.py [--steps 300] [--rounds 5] [--json FILE]

A small MLP, CNN and transformer, on one thread.  Two trainings of one network differ by more than
what is measured, wherever others use the machine too.  So each network is trained under a check-up
that looks at every tenth step, and a step that is looked at, with the one behind it, is compared
with two of its neighbours, which are not; the median over all of them counts.  What a step costs
that is passed by is Python alone, and the same for all networks: it is taken from the MLP, of many
short trainings in turns.  From these follows what the defaults cost, the first ten steps and then
one in fifty, in a run of a thousand steps and of ten thousand.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
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
    make: Callable[[], tuple[nn.Module, Tensor, Tensor]],
    steps: int,
    watched: bool,
    first: int = FIRST,
    every: int = EVERY,
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
        with Checkup(model, optimizer, first=first, every=every):
            train()
    else:
        train()
    return found, [p.detach() for p in model.parameters()]


def passed_by(turns: int = 60, steps: int = 40) -> float:
    """Return the seconds that a step costs more, if it is watched and not looked at."""
    found: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(turns):
        for watched in (turn % 2 == 0, turn % 2 == 1):
            found[watched] += times(mlp, steps, watched, first=0, every=10**9)[0][5:]
    low = {watched: quantiles(seconds, n=10)[0] for watched, seconds in found.items()}
    return low[True] - low[False]


def measure(
    make: Callable[[], tuple[nn.Module, Tensor, Tensor]], steps: int, rounds: int, by: float
) -> dict[str, Any]:
    """Take the times of one network."""
    times(make, 2 * EVERY, True)
    usual, looked, first = [], [], []
    same = True
    for turn in range(rounds):
        ends = {}
        for watched in (turn % 2 == 0, turn % 2 == 1):
            found, ends[watched] = times(make, steps, watched)
            if not watched:
                continue
            for at in range(2 * EVERY, steps - EVERY, EVERY):
                neighbours = median(found[at - 6 : at] + found[at + 3 : at + 9])
                usual.append(neighbours)
                looked.append(found[at] + found[at + 1] - 2.0 * neighbours)
            first.append(sum(found[:FIRST]) - FIRST * median(usual))
        same &= all(map(torch.equal, ends[False], ends[True]))
    plain, look, start = median(usual) - by, median(looked), median(first)

    def share(steps: int) -> float:
        extra = start + look * (steps - FIRST) / 50 + by * steps
        return extra / (steps * plain)

    return {
        "network": make.__name__,
        "step_ms": 1e3 * plain,
        "passed_by_ms": 1e3 * by,
        "looked_at_ms": 1e3 * look,
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
    rows, by = [], passed_by()
    for make in (mlp, cnn, transformer):
        rows.append(measure(make, options.steps, options.rounds, by))
        print({k: round(v, 4) if isinstance(v, float) else v for k, v in rows[-1].items()})
    if options.json:
        found = {"machine": machine(), "torch": torch.__version__, "rows": rows}
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
