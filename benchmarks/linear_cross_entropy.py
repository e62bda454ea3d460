"""Peak memory and time of the cross-entropy of a linear layer: Ogive beside PyTorch.

    python benchmarks/linear_cross_entropy.py [--classes 32000 128000] [--tokens 4096] ...

One training step, loss and gradients of examples and weights, float32 unless --dtype says
otherwise. Every contender has a process of its own. Its memory is the largest resident set during
the step less the resident set before, as Linux counts them: inputs, weights and the library are
there before; the gradients are not. Its time is that of the step, best of --repeat, by the
clock and as the processor counts it, which other work on the machine disturbs less; the loss is
printed, so that nobody is fast at something else.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CONTENDERS = {
    "ogive": "",
    "ogive, 4 MiB": "chunk_bytes=1<<22",
    "ogive, 256 MiB": "chunk_bytes=1<<28",
    "torch, options=None": "reference",
    "torch, options auto": "auto",
    "torch, options compact": "compact",
    "torch, options balanced": "balanced",
    "torch, options accurate": "accurate",
    "linear, then cross_entropy": "plain",
}


def step_of(name: str, setting: argparse.Namespace) -> Callable[[Any, Any, Any], Any]:
    """Return the function from examples, matrix and target to the loss."""
    import torch
    from torch.nn import functional

    kind = CONTENDERS[name]
    if name.startswith("ogive"):
        from ogive.torch.losses import linear_cross_entropy

        keywords = {}
        if kind:
            key, _, value = kind.partition("=")
            mantissa, _, power = value.partition("<<")
            keywords[key] = int(mantissa) << int(power)
        return lambda x, w, y: linear_cross_entropy(
            x, w, y, label_smoothing=setting.label_smoothing, **keywords
        )
    if kind == "plain":
        return lambda x, w, y: functional.cross_entropy(
            functional.linear(x, w), y, label_smoothing=setting.label_smoothing
        )
    options = None
    if kind != "reference":
        options = torch.nn.LinearCrossEntropyOptions(acc_policy=kind)
    return lambda x, w, y: functional.linear_cross_entropy(
        x, w, y, label_smoothing=setting.label_smoothing, options=options
    )


def resident(field: str) -> float:
    """Return a line of /proc/self/status in MiB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(field)


def forget_peak() -> None:
    """Have Linux take the largest resident set from now on."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def measure(name: str, classes: int, setting: argparse.Namespace) -> dict[str, float]:
    """Take the step in this process."""
    import torch

    torch.set_num_threads(setting.threads)
    torch.manual_seed(0)
    dtype = getattr(torch, setting.dtype)
    step = step_of(name, setting)

    def operands(tokens: int, of: int) -> tuple[Any, Any, Any]:
        x = torch.randn(tokens, setting.features, dtype=dtype)
        w = torch.empty(of, setting.features, dtype=dtype).uniform_(-0.05, 0.05)
        return x.requires_grad_(), w.requires_grad_(), torch.randint(0, of, (tokens,))

    step(*operands(64, 64)).backward()  # what is loaded on first use
    x, w, y = operands(setting.tokens, classes)
    best, busy, peak, loss = float("inf"), float("inf"), 0.0, None
    for _ in range(setting.repeat):
        x.grad = w.grad = loss = None
        before = resident("VmRSS")
        forget_peak()
        start, began = time.perf_counter(), time.process_time()
        loss = step(x, w, y)
        loss.backward()
        best = min(best, time.perf_counter() - start)
        busy = min(busy, time.process_time() - began)
        peak = max(peak, resident("VmHWM") - before)
    return {
        "memory": peak,
        "seconds": best,
        "busy": busy,
        "loss": loss.item(),
        "onto_x": x.grad.double().norm().item(),
        "onto_w": w.grad.double().norm().item(),
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--classes", type=int, nargs="+", default=[32_000, 128_000])
    parser.add_argument("--tokens", type=int, default=4096)
    parser.add_argument("--features", type=int, default=512)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--label-smoothing", type=float, default=0.0)
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--one", choices=CONTENDERS, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    setting = arguments()
    if setting.one:
        print(json.dumps(measure(setting.one, setting.classes[0], setting)))
        return
    for classes in setting.classes:
        logits = setting.tokens * classes * 4 / 2**20
        print(
            f"\n{setting.tokens} tokens, {setting.features} features, {classes} classes, "
            f"{setting.dtype}, {setting.threads} thread(s); all logits in float32: "
            f"{logits:.0f} MiB\n"
        )
        print(
            "| | peak MiB | seconds | of the processor | beside ogive | loss "
            "| norms of the gradients |"
        )
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        own = None
        for name in setting.only:
            command = [sys.executable, __file__, *sys.argv[1:], "--one", name]
            command += ["--classes", str(classes)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"| {name} | failed: {done.stderr.strip().splitlines()[-1:]} | | | | | |")
                continue
            found = json.loads(done.stdout.splitlines()[-1])
            own = own or found["busy"]
            print(
                f"| {name} | {found['memory']:.0f} | {found['seconds']:.2f} "
                f"| {found['busy']:.2f} | {found['busy'] / own:.2f} | {found['loss']:.6f} "
                f"| {found['onto_x']:.6g}, {found['onto_w']:.6g} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
