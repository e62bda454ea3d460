"""Measure signal and gradient through fifty layers by initialisation, and draw the picture.

python benchmarks/depth.py PICTURE.svg

Fifty layers of width 256, each with the activation behind it, and a linear layer to ten classes;
a batch of 256 standard normal inputs, cross-entropy against random labels; five seeds.  Prints the
medians at the far end as a table.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib

matplotlib.use("Agg")

import torch
from matplotlib import pyplot
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator
from torch import nn

from ogive.health.signal import SignalByDepth, signal_by_depth
from ogive.torch import init

DEPTH, WIDTH, BATCH, CLASSES, SEEDS = 50, 256, 256, 10, range(5)
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "selu": nn.SELU,
}
# Okabe and Ito's vermillion, blue and bluish green, which colour-blind readers tell apart; the
# dashes do where there is no colour.
WAYS: dict[str, tuple[str, Any]] = {
    "torch's default": ("#d55e00", (0, (1.2, 1.2))),
    "matched: init_network_": ("#0072b2", "-"),
    "measured: lsuv_": ("#009e73", (0, (4.5, 1.5))),
}
INK, GRID = "#1b1b1a", "#dddcd7"
ROWS = (
    "RMS of the signal",
    "RMS of the gradient,\nrelative to layer 50",
    "share of the signal that\ntells samples apart",
)
LIMITS = ((3e-3, 3e4), (1e-14, 1e6), (3e-17, 30.0))

Curves = dict[tuple[str, str], list[tuple[list[float], list[float], list[float]]]]


def measured(activation: str, way: str, seed: int) -> tuple[list[float], list[float], list[float]]:
    """The three rows of one network, layer by layer."""
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for _ in range(DEPTH):
        layers += [nn.Linear(WIDTH, WIDTH), ACTIVATIONS[activation]()]
    network = nn.Sequential(*layers, nn.Linear(WIDTH, CLASSES))
    inputs, labels = torch.randn(BATCH, WIDTH), torch.randint(0, CLASSES, (BATCH,))
    if way.startswith("matched"):
        init.init_network_(network, example_inputs=inputs)
    elif way.startswith("measured"):
        init.lsuv_(network, inputs)
    names = [str(2 * layer + 1) for layer in range(DEPTH)]
    got: SignalByDepth = signal_by_depth(
        network, inputs, labels, nn.functional.cross_entropy, layers=names
    )
    last = got.gradient_rms[-1]
    relative = [gradient / last for gradient in got.gradient_rms]
    return list(got.activation_rms), relative, list(got.between_sample_share)


def draw(curves: Curves) -> Any:
    """The figure: a column for each activation, a row for each measure."""
    figure, grid = pyplot.subplots(
        len(ROWS), len(ACTIVATIONS), figsize=(9.6, 6.4), sharex=True, sharey="row",
        layout="constrained",
    )  # fmt: skip
    figure.get_layout_engine().set(rect=(0, 0.06, 1, 0.94), w_pad=0.03, h_pad=0.06)
    depths = range(1, DEPTH + 1)
    for column, activation in enumerate(ACTIVATIONS):
        for row, limits in enumerate(LIMITS):
            axes = grid[row, column]
            for way, (colour, dashes) in WAYS.items():
                runs = [run[row] for run in curves[activation, way]]
                # A gradient that has vanished altogether has no logarithm: below the panel.
                at = [[max(run[layer], 1e-300) for run in runs] for layer in range(DEPTH)]
                low, high = [min(v) for v in at], [max(v) for v in at]
                axes.fill_between(depths, low, high, color=colour, alpha=0.2, lw=0)
                axes.plot(depths, [median(v) for v in at], color=colour, ls=dashes, lw=1.6)
            axes.set_yscale("log")
            axes.set_ylim(*limits)
            axes.yaxis.set_minor_locator(NullLocator())
            axes.set_xlim(1, DEPTH)
            axes.set_xticks([1, 25, 50])
            axes.tick_params(labelsize=8, length=0, colors=INK)
            axes.grid(color=GRID, lw=0.6)
            axes.set_axisbelow(True)
            for spine in axes.spines.values():
                spine.set_visible(False)
            if not column:
                axes.set_ylabel(ROWS[row], fontsize=8.5, color=INK)
        grid[0, column].set_title(activation, fontsize=10, color=INK)
        grid[-1, column].set_xlabel("layer", fontsize=8.5, color=INK)
    handles = [
        Line2D([], [], color=colour, ls=dashes, lw=1.8, label=way)
        for way, (colour, dashes) in WAYS.items()
    ]
    figure.legend(handles=handles, loc="lower center", ncols=3, fontsize=9, frameon=False)
    return figure


def table(curves: Curves) -> str:
    """The medians at the far end: of the signal at the last layer, of the gradient at the first."""
    lines = ["| activation | initialisation | signal, layer 50 | gradient, layer 1 to 50 | share |"]
    lines += ["| --- | --- | ---: | ---: | ---: |"]
    for activation in ACTIVATIONS:
        for way in WAYS:
            runs = curves[activation, way]
            ends = [
                median(run[row][end] for run in runs) for row, end in ((0, -1), (1, 0), (2, -1))
            ]
            cells = " | ".join("0" if end == 0.0 else f"{end:.2g}" for end in ends)
            lines.append(f"| {activation} | {way} | {cells} |")
    return "\n".join(lines)


def save(figure: Any, picture: Path) -> None:
    """Write the figure; the same figures give the same file."""
    if picture.suffix != ".svg":
        figure.savefig(picture, dpi=160, facecolor="white")
        return
    matplotlib.rcParams["svg.hashsalt"] = "ogive"
    text = StringIO()
    figure.savefig(text, format="svg", facecolor="white", metadata={"Date": None})
    # A hundredth of a point is seen by nobody, and a fifth of the file. Only of paths: the scale
    # of the letters has to stay.
    rounded = re.sub(r' d="[^"]*"', lambda d: re.sub(r"(\.\d\d)\d+", r"\1", d[0]), text.getvalue())
    picture.write_text(rounded, encoding="utf-8")


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("depth.py: give it a picture to write")
    picture = Path(sys.argv[1])
    curves = {
        (activation, way): [measured(activation, way, seed) for seed in SEEDS]
        for activation in ACTIVATIONS
        for way in WAYS
    }
    assert all(math.isfinite(x) for runs in curves.values() for run in runs for r in run for x in r)
    print(table(curves))
    try:
        save(draw(curves), picture)
    except OSError as error:
        sys.exit(f"depth.py: {error}")


if __name__ == "__main__":
    main()
