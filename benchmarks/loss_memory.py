"""What a loss from logits keeps, needs at most, and takes: Ogive beside PyTorch.

    python benchmarks/loss_memory.py [--examples 16384] [--classes 2000] [--threads 1]

Bytes for every logit, float32, of a training step whose logits come from a linear layer: what is
saved for the backward pass beside the target (counted by torch's hooks on saved tensors), and the
largest resident set during the step less that before (logits included, as Linux counts them, each
in a process of its own). The time is that of the step, best of --repeat. The focal loss's peer is
its formula in torch's operations; every other peer is torch's function of that name.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from linear_cross_entropy import forget_peak, resident
from torch import Tensor
from torch.nn import functional

from ogive.torch import losses


def focal_formula(x: Tensor, t: Tensor) -> Tensor:
    """The focal loss in torch's operations, as its authors write it."""
    p = x.sigmoid()
    cross_entropy = functional.binary_cross_entropy_with_logits(x, t, reduction="none")
    right = p * t + (1 - p) * (1 - t)
    weight = 0.25 * t + 0.75 * (1 - t)
    return (weight * (1 - right) ** 2 * cross_entropy).mean()


BOTH: dict[str, tuple[Callable[..., Tensor], Callable[..., Tensor], str]] = {
    "binary_cross_entropy_with_logits": (
        losses.binary_cross_entropy_with_logits,
        functional.binary_cross_entropy_with_logits,
        "labels",
    ),
    "multilabel_soft_margin_loss": (
        losses.multilabel_soft_margin_loss,
        functional.multilabel_soft_margin_loss,
        "labels",
    ),
    "sigmoid_focal_loss": (
        partial(losses.sigmoid_focal_loss, reduction="mean"),
        focal_formula,
        "labels",
    ),
    "cross_entropy": (losses.cross_entropy, functional.cross_entropy, "classes"),
    "cross_entropy, label_smoothing=0.1": (
        partial(losses.cross_entropy, label_smoothing=0.1),
        partial(functional.cross_entropy, label_smoothing=0.1),
        "classes",
    ),
    "cross_entropy, probabilities": (
        losses.cross_entropy,
        functional.cross_entropy,
        "probabilities",
    ),
}


def bytes_saved(loss: Callable[..., Tensor], logits: Tensor, target: Tensor) -> int:
    """Return the size of all memory that is saved for the backward pass, without the target's."""
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss(logits, target)
    kept.pop(target.untyped_storage().data_ptr(), None)
    return sum(kept.values())


def measure(name: str, which: int, setting: argparse.Namespace) -> dict[str, float]:
    """Take the step in this process."""
    torch.set_num_threads(setting.threads)
    torch.manual_seed(0)
    loss, kind = BOTH[name][which], BOTH[name][2]
    shape = (setting.examples, setting.classes)
    target = {
        "labels": lambda: torch.rand(shape).round_(),
        "classes": lambda: torch.randint(0, shape[1], shape[:1]),
        "probabilities": lambda: torch.rand(shape).softmax(1),
    }[kind]()
    x, w = torch.randn(shape[0], 8), torch.randn(8, shape[1]).requires_grad_()
    best, peak = float("inf"), 0.0
    for _ in range(setting.repeat):
        w.grad = value = None
        before = resident("VmRSS")
        forget_peak()
        start = time.perf_counter()
        value = loss(x @ w, target)
        value.backward()
        best = min(best, time.perf_counter() - start)
        peak = max(peak, resident("VmHWM") - before)
    count = shape[0] * shape[1]
    small = 32
    return {
        "saved": bytes_saved(loss, x[:small] @ w, target[:small].clone()) / (small * shape[1]),
        "peak": peak * 2**20 / count,
        "nanoseconds": best * 1e9 / count,
        "loss": value.item(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=16_384)
    parser.add_argument("--classes", type=int, default=2_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    setting = parser.parse_args()
    if setting.one:
        print(json.dumps(measure(setting.one[0], int(setting.one[1]), setting)))
        return
    print("| | saved | peak | ns a logit | loss | torch: saved | peak | ns | loss | time |")
    print("| --- | " + "---: | " * 9)
    for name in BOTH:
        found: list[dict[str, Any]] = []
        for which in ("0", "1"):
            command = [sys.executable, __file__, *sys.argv[1:], "--one", name, which]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found.append(json.loads(done.stdout))
        cells = [
            f"{one['saved']:.1f} | {one['peak']:.1f} | {one['nanoseconds']:.1f} | {one['loss']:.6f}"
            for one in found
        ]
        ratio = found[1]["nanoseconds"] / found[0]["nanoseconds"]
        print(f"| {name} | {cells[0]} | {cells[1]} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
