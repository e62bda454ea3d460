"""Fit every contender to every set, and write a table and all numbers.

python benchmarks/linear/run.py FOLDER [--tiny] [--sets A,B] [--threads 1,2] [--rounds 3]

FOLDER/linear.md and FOLDER/linear.json.  Contenders take turns, each time in a process of its own.
Objective and gradient are computed by NumPy from the coefficients, whoever found them; features
that are float32 are checked as they are.  What takes half as long again as the best peer, start of
the process included, is given up after ten seconds, and what takes more than half a minute is run
once.  A set that is not on this machine is named and left out.  What FOLDER/linear.json holds of
other sets is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from contenders import OURS, Penalty, contenders
from data import PROBLEMS, load, save

import ogive
from ogive.bench.machine import machine

TOLERANCE = 1e-6
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
HEAD = (
    "| contender | threads | best s | median s | CPU s | memory MiB | iterations | passes "
    "| objective | gradient | best | median |"
)
LONG = 30.0
# How many times faster than the fastest peer; every other set once.
TARGETS = {
    "A": 5.0,
    "B": 5.0,
    "M": 8.0,
    "8-versus-rest": 5.0,
    "multi-label": 15.0,
    "one-hot": 1.4,
}
LIBRARIES = ("numpy", "scipy", "scikit-learn", "skglm", "glum")
# What is compiled at the first call is compiled in every process.
ALLOWANCE = {"skglm": 60.0}
Row = dict[str, Any]


def measure(folder: Path, row: Row, limit: float) -> None:
    """Let a contender fit, and keep what it took with what it took before."""
    environment = {**os.environ, **dict.fromkeys(THREADS, str(row["threads"]))}
    script = Path(__file__).with_name("one.py")
    command = [sys.executable, str(script), str(folder), row["set"], row["contender"]]
    try:
        run = subprocess.run(
            [*command, str(TOLERANCE)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        if "best" not in row:  # what was measured before stays
            row["failed"] = f"given up after {limit:.0f} s"
        return
    if run.returncode:
        row["failed"] = (run.stderr.strip().splitlines() or ["no message"])[-1].split(": ")[-1]
        return
    found = json.loads(run.stdout.splitlines()[-1])
    walls = [*row.get("walls", ()), *found["walls"]]
    cpu = min(row.get("cpu", found["cpu"]), found["cpu"])
    row |= {**found, "walls": walls, "cpu": cpu, "best": min(walls), "median": median(walls)}


def turns(name: str, folder: Path, able: list[str], threads: int, options: Any) -> list[Row]:
    """Let all contenders take turns."""
    rows = [{"set": name, "contender": each, "threads": threads} for each in able]
    took: dict[str, float] = {}
    for turn in range(options.rounds):
        for row in rows:
            who = row["contender"]
            if "failed" in row or (turn and took[who] > LONG):
                continue
            peers = [seconds for peer, seconds in took.items() if peer not in OURS]
            shortest = ALLOWANCE.get(who, 10.0)
            limit = max(shortest, 1.5 * min(peers)) if peers else options.limit
            began = time.perf_counter()
            measure(folder, row, options.limit if who in OURS else limit)
            if not turn and "failed" not in row:
                took[who] = time.perf_counter() - began
    return rows


def with_ratios(rows: list[Row]) -> None:
    """How many times faster each of ours is than the best peer that arrived."""
    for measured in ("best", "median"):
        peers = [
            row[measured]
            for row in rows
            if row["contender"] not in OURS and row.get("gradient", 1.0) <= 1.01 * TOLERANCE
        ]
        for row in rows:
            if row["contender"] in OURS and measured in row and peers:
                row[f"{measured} ratio"] = min(peers) / row[measured]


def summary(rows: list[Row]) -> list[str]:
    """How Ogive with float64 does beside what is asked for."""
    lines = [
        "| set | size | asked for | 1 thread: best (median) | 2 threads: best (median) |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for name in dict.fromkeys(row["set"] for row in rows):
        least, cells = TARGETS.get(name, 1.0), []
        some = [r for r in rows if r["set"] == name and r["contender"] == "ogive float64"]
        for threads in (1, 2):
            own = next((r for r in some if r["threads"] == threads and "best ratio" in r), None)
            if own is None:
                cells.append("–")
                continue
            cell = f"{own['best ratio']:.2f}× ({own['median ratio']:.2f}×)"
            cells.append(cell if own["best ratio"] >= least else f"**{cell}**")
        lines.append(f"| {name} | {some[0]['size']} | {least:g}× | {' | '.join(cells)} |")
    return lines


def table(rows: list[Row]) -> str:
    """A table of ratios, and one for each set; what is lost, or has not arrived, in bold."""
    here = machine()
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    numbers = f"ogive {ogive.__version__}, {libraries}"
    lines = [
        "# Speed of logistic regression",
        "",
        "Written by `make bench-linear` (`benchmarks/linear/run.py`, which says how).",
        "",
        f"Machine: {here['processor']}, {here['cores']} cores, {here['caches']}.",
        f"Versions: {numbers}.",
        "",
        f"The largest entry of the gradient of the mean objective is at most {TOLERANCE:g}; times",
        "are of `fit`, with input validation. Ratios are to the fastest peer that arrived. Bold is",
        "less than was asked for, slower than the peer, or a gradient that is not small enough.",
        "",
        *summary(rows),
        "",
    ]
    for name in dict.fromkeys(row["set"] for row in rows):
        some = [row for row in rows if row["set"] == name]
        lines += [f"## {name}: {some[0]['size']}", "", HEAD, "| --- |" + " ---: |" * 11]
        lines += [line(row) for row in some]
        lines.append("")
    return "\n".join(lines)


def line(row: Row) -> str:
    start = f"| {row['contender']} | {row['threads']} "
    if "failed" in row:
        return f"{start}| {row['failed']} |" + " – |" * 9
    gradient = f"{row['gradient']:.1e}"
    if not row["gradient"] <= 1.01 * TOLERANCE:
        gradient = f"**{gradient}**"
    passes = "–" if row["passes"] is None else row["passes"]
    ratios = []
    for measured in ("best ratio", "median ratio"):
        ratio = f"{row[measured]:.2f}×" if measured in row else "–"
        ratios.append(f"**{ratio}**" if row.get(measured, 1.0) < 1.0 else ratio)
    return (
        f"{start}| {row['best']:.3g} | {row['median']:.3g} | {row['cpu']:.3g} "
        f"| {row['memory']:.0f} | {row['iterations']} | {passes} | {row['objective']:.9f} "
        f"| {gradient} | {' | '.join(ratios)} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tiny", action="store_true", help="sizes to try the benchmark with")
    parser.add_argument("--sets", default=",".join(PROBLEMS))
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds for one contender")
    options = parser.parse_args()
    unknown = set(options.sets.split(",")) - set(PROBLEMS)
    if unknown:
        parser.error(f"no such set: {', '.join(sorted(unknown))}; there are {', '.join(PROBLEMS)}")
    folder = options.folder / ("sets-tiny" if options.tiny else "sets")
    results = options.folder / "linear.json"
    rows: list[Row] = []
    if results.exists():
        rows = json.loads(results.read_text(encoding="utf-8"))
    for name in options.sets.split(","):
        if not save(name, folder, options.tiny):
            print(f"{name}: not on this machine, left out", file=sys.stderr)
            continue
        x, y, l1_ratio, alpha = load(name, folder)
        columns = f", {y.shape[1]} labels" if y.ndim == 2 else ""
        size = f"{x.shape[0]:,} × {x.shape[1]:,}{columns}, alpha {alpha:.2g}"
        able = contenders(x, y, Penalty(alpha, l1_ratio, x.shape[0]))
        del x, y
        rows = [row for row in rows if row["set"] != name]
        for threads in map(int, options.threads.split(",")):
            some = turns(name, folder, able, threads, options)
            with_ratios(some)
            for row in some:
                row["size"] = size
                print(name, line(row), file=sys.stderr)
            rows += some
        # Written after every set: a run of hours may be stopped.
        rows.sort(key=lambda row: list(PROBLEMS).index(row["set"]))
        results.write_text(json.dumps(rows, indent=1), encoding="utf-8")
        (options.folder / "linear.md").write_text(table(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
