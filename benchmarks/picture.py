"""Draw the picture of the page on speed from what `ogive bench --json` measured.

python benchmarks/picture.py PICTURE.svg FILE.json [FILE.json ...]

Left, inside the caches: how many times longer the fastest peer takes.  Right, beyond them: the
share of the speed of a copy.  A loss is coloured and carries its figure.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot
from matplotlib.lines import Line2D

sys.path.insert(0, str(Path(__file__).parent))
from table import NAMES, read

from ogive.bench.peers import PEERS
from ogive.bench.results import Bench, Measurement, short
from ogive.catalog import CATALOG

# Okabe and Ito's blue and vermillion, which colour-blind readers tell apart.
WIN, LOSS, INK, MUTED, GRID = "#0072b2", "#d55e00", "#1b1b1a", "#5f5e5b", "#dddcd7"
MARKERS = {"float32": "o", "float64": "D"}
SMALL, LARGE, COPY_SHARE = 10**5, 10**8, 0.85
ROW_INCHES = 0.21


def chosen(bench: Bench, count: int) -> list[Measurement]:
    """The values of a size on one thread."""
    return [
        row
        for row in bench.rows
        if (row.kind, row.count, row.threads) == ("value", count, 1) and row.function in CATALOG
    ]


def point(axes: Any, x: float, y: float, dtype: str, lost: bool, text: str) -> None:
    """One mark; float64 hollow, a loss coloured and with its text."""
    colour = LOSS if lost else WIN
    face = colour if dtype == "float32" else "white"
    axes.plot(x, y, MARKERS[dtype], color=colour, mfc=face, mew=1.3, ms=5, zorder=3)
    if lost:
        # float32 sits above the line of its function and float64 below.
        axes.annotate(
            text,
            (x, y),
            xytext=(-6, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=6.5,
            color=LOSS,
        )


def offset(dtype: str) -> float:
    """Where a dtype sits within the line of its function."""
    return -0.18 if dtype == "float32" else 0.18


def against_peers(axes: Any, rows: Sequence[Measurement], lines: dict[str, int]) -> None:
    """Left panel: the fastest peer's time over Ogive's."""
    ratios = [1.0]
    for row in rows:
        peer = row.fastest(PEERS)
        got = None if peer is None else row.ratio(peer)
        if peer is None or got is None:
            continue
        ratios.append(got)
        y = lines[row.function] + offset(row.dtype)
        point(axes, got, y, row.dtype, got < 1, f"{NAMES[peer]} {got:.2f}")
    axes.set_xscale("log")
    axes.set_xlim(min(ratios) / 2.2, max(ratios) * 1.3)
    ticks = [tick for tick in (0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32) if tick <= max(ratios) * 1.3]
    axes.set_xticks([tick for tick in ticks if tick >= min(ratios) / 2.2], minor=False)
    axes.set_xticks([], minor=True)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}×")
    axes.axvline(1, color=INK, lw=1)
    axes.set_title(
        f"{short(SMALL)} elements, in cache: fastest peer's time / Ogive's",
        fontsize=9, loc="left", color=INK,
    )  # fmt: skip


def against_copy(axes: Any, rows: Sequence[Measurement], lines: dict[str, int]) -> None:
    """Right panel: the share of the speed of a copy."""
    shares = [1.0]
    for row in rows:
        share = row.ratio("copy")
        if share is None:
            continue
        shares.append(share)
        y = lines[row.function] + offset(row.dtype)
        point(axes, share, y, row.dtype, share < COPY_SHARE, f"{100 * share:.0f} %")
    axes.set_xlim(0, 1.1 * max(shares))
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.set_major_formatter(lambda x, _: f"{100 * x:.0f} %")
    axes.axvline(1, color=INK, lw=1)
    axes.axvline(COPY_SHARE, color=MUTED, lw=1, ls=(0, (4, 3)))
    axes.set_title(
        f"{short(LARGE)} elements, in memory: share of a copy's speed",
        fontsize=9, loc="left", color=INK,
    )  # fmt: skip


def draw(bench: Bench) -> Any:
    """The figure."""
    small, large = chosen(bench, SMALL), chosen(bench, LARGE)
    there = {row.function for row in (*small, *large)}
    functions = [name for name in CATALOG if name in there]
    if not functions:
        raise ValueError(f"there are no values of {short(SMALL)} or {short(LARGE)} elements")
    lines = {name: index for index, name in enumerate(functions)}
    height = 1.5 + ROW_INCHES * max(len(functions), 6)
    figure, (left, right) = pyplot.subplots(
        1, 2, figsize=(9.2, height), sharey=True, layout="constrained"
    )
    figure.get_layout_engine().set(rect=(0, 0.3 / height, 1, 1 - 0.3 / height))
    against_peers(left, small, lines)
    against_copy(right, large, lines)
    left.set_yticks(range(len(functions)), functions)
    left.set_ylim(len(functions) - 0.4, -0.6)
    for axes in (left, right):
        axes.tick_params(labelsize=8, length=0, colors=INK)
        axes.grid(axis="x", color=GRID, lw=0.6)
        axes.set_axisbelow(True)
        for spine in axes.spines.values():
            spine.set_visible(False)
        for y in range(1, len(functions), 2):
            axes.axhspan(y - 0.5, y + 0.5, color="#f5f5f2", lw=0, zorder=0)
    handles = [
        Line2D([], [], ls="", marker="o", color=INK, label="float32"),
        Line2D([], [], ls="", marker="D", color=INK, mfc="white", label="float64"),
        Line2D([], [], ls="", marker="s", color=WIN, label="ahead, or at the target"),
        Line2D(
            [], [], ls="", marker="s", color=LOSS, label="a peer is faster; under 85 % of a copy"
        ),
    ]
    figure.legend(
        handles=handles, loc="lower center", ncols=4, fontsize=8, frameon=False,
        handletextpad=0.2, columnspacing=1.6,
    )  # fmt: skip
    return figure


def main() -> None:
    if len(sys.argv) < 3:
        sys.exit("picture.py: give it a picture to write and the files of ogive bench --json")
    picture = Path(sys.argv[1])
    try:
        figure = draw(read(sys.argv[2:]))
        # The same figures give the same file.
        matplotlib.rcParams["svg.hashsalt"] = "ogive"
        metadata = {"Date": None} if picture.suffix == ".svg" else None
        figure.savefig(picture, dpi=160, facecolor="white", metadata=metadata)
    except (OSError, ValueError) as error:
        sys.exit(f"picture.py: {error}")


if __name__ == "__main__":
    main()
