"""What a check-up costs: the same training with and without it, in turns.

python benchmarks/checkup/overhead.py [--steps 1000] [--rounds 9] [--json FILE]

A small MLP, CNN and transformer, on one thread.  A turn trains each network from the same weights,
once alone and once under a check-up at its defaults, the first of the two by turns; the rounds of a
machine that others use too differ by more than what is measured, so the ratio is that of the sums
of the quickest thirds, and the spread of the ratios by rounds stands beside it.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional

from ogive.bench.machine import machine
from ogive.health import Checkup


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


def seconds(
    make: Callable[[], tuple[nn.Module, Tensor, Tensor]], steps: int, watched: bool
) -> tuple[float, list[Tensor]]:
    """Train, and return the time and the weights at the end."""
    torch.manual_seed(0)
    model, x, y = make()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def train() -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()

    began = time.perf_counter()
    if watched:
        with Checkup(model, optimizer):
            train()
    else:
        train()
    return time.perf_counter() - began, copy.deepcopy(list(model.parameters()))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for make in (mlp, cnn, transformer):
        seconds(make, 20, True)
        times: dict[bool, list[float]] = {False: [], True: []}
        for turn in range(options.rounds):
            ends = {}
            for watched in (turn % 2 == 0, turn % 2 == 1):
                took, ends[watched] = seconds(make, options.steps, watched)
                times[watched].append(took)
            same = all(map(torch.equal, ends[False], ends[True]))
        third = max(1, options.rounds // 3)
        best = {key: sum(sorted(found)[:third]) for key, found in times.items()}
        ratios = [a / b for a, b in zip(times[True], times[False], strict=True)]
        rows.append(
            {
                "network": make.__name__,
                "steps": options.steps,
                "milliseconds a step": 1e3 * min(times[False]) / options.steps,
                "quickest third": best[True] / best[False] - 1.0,
                "median": median(ratios) - 1.0,
                "lowest": min(ratios) - 1.0,
                "highest": max(ratios) - 1.0,
                "same weights": same,
            }
        )
        print({k: round(v, 4) if isinstance(v, float) else v for k, v in rows[-1].items()})
    if options.json:
        found = {"machine": machine(), "torch": torch.__version__, "rows": rows}
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
