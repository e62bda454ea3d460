"""The examination of the check-up: sick and healthy programs, and what it says of them.

python benchmarks/checkup/run.py FOLDER [--half A|B|both] [--only TEXT] [--jobs 2] [--judge]
       [--docs]

Every program runs in a process of its own, under a check-up that is told nothing of it, as by
`ogive check`. Its history is kept in FOLDER, so that a run that was stopped goes on, and so that
histories can be judged again (--judge) without training. The halves are those of a hash of the
name: thresholds were set on half A, and half B was run when they were frozen.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pickle
import sys
import time
import traceback
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tables import fingerprint, page, report

# Before torch is loaded: it starts no threads then, and can be forked.
os.environ["OMP_NUM_THREADS"] = "1"

HERE = Path(__file__).parent

LIMIT = 300.0


def half(name: str) -> str:
    """Return the half that a program belongs to."""
    return "AB"[hashlib.sha256(name.encode()).digest()[0] % 2]


def programs() -> dict[str, Any]:
    """Return all programs by name."""
    import healthy
    import sick

    found: dict[str, Any] = {}
    for program in [*sick.PROGRAMS, *healthy.PROGRAMS]:
        if program.name in found:
            raise ValueError(f"two programs are called {program.name}")
        found[program.name] = program
    return found


def run_one(name: str, folder: Path) -> None:
    """Run one program under a check-up and keep what was seen."""
    import torch

    from ogive.health import Checkup

    torch.set_num_threads(1)
    program = programs()[name]
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[1:3], "big")
    torch.manual_seed(seed)
    began, crashed, outcome = time.perf_counter(), "", None
    with Checkup() as checkup:
        try:
            outcome = program.train(seed)
        except Exception:
            crashed = traceback.format_exc()
    kept = {
        "name": name,
        "seconds": time.perf_counter() - began,
        "outcome": outcome,
        "crashed": crashed,
        "history": checkup.history,
    }
    temporary = folder / f".{name}.pickle"
    temporary.write_bytes(pickle.dumps(kept))
    temporary.replace(folder / f"{name}.pickle")


def run_all(names: list[str], folder: Path, jobs: int) -> None:
    """Run programs in processes of their own, several at a time."""
    # What is imported, and forked then, need not be imported anew by every process.
    for module in ("sklearn.datasets", "torch._dynamo", "ogive.health"):
        import_module(module)

    processes = get_context("fork")
    running: dict[str, tuple[Any, float]] = {}
    waiting = list(reversed(names))
    while waiting or running:
        while waiting and len(running) < jobs:
            name = waiting.pop()
            process = processes.Process(target=run_one, args=(name, folder))
            process.start()
            running[name] = process, time.monotonic()
        time.sleep(0.02)
        for name, (process, began) in list(running.items()):
            if process.is_alive() and time.monotonic() - began < LIMIT:
                continue
            if process.is_alive():
                process.kill()
                print(name, f"took longer than {LIMIT:.0f} s", file=sys.stderr)
            process.join()
            if process.exitcode:
                print(name, f"ended with {process.exitcode}", file=sys.stderr)
            del running[name]


def judge(name: str, folder: Path) -> dict[str, Any]:
    """Judge a history that was kept."""
    from ogive.health.diagnosis import diagnose
    from ogive.health.findings import Severity

    program = programs()[name]
    file = folder / f"{name}.pickle"
    row: dict[str, Any] = {
        "name": name,
        "kind": program.kind,
        "half": half(name),
        "faults": list(program.faults),
        "origin": program.origin,
    }
    if not file.exists():
        return row | {"missing": True}
    kept = pickle.loads(file.read_bytes())
    findings = diagnose(kept["history"])
    everything = [f for root in findings for f in (root, *root.consequences)]
    alarms = [f for f in findings if f.severity >= Severity.WARNING]
    outcome = kept["outcome"]
    return row | {
        "seconds": round(kept["seconds"], 1),
        "crashed": kept["crashed"].strip().splitlines()[-1:] if kept["crashed"] else [],
        "learned": None if outcome is None else outcome.learned,
        "outcome": None
        if outcome is None
        else f"{outcome.measure} {outcome.value:.4g} (enough: {outcome.enough:g})",
        "alarms": [[f.severity.word, f.kind, [c.kind for c in f.consequences]] for f in alarms],
        "found": bool(alarms),
        "right": any(f.kind in program.faults for f in everything if _counts(f, alarms)),
        "notes": kept["history"].notes,
    }


def _counts(finding: Any, alarms: list[Any]) -> bool:
    return any(finding is alarm or finding in alarm.consequences for alarm in alarms)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", choices=("A", "B", "both"), default="both")
    parser.add_argument("--only", default="", help="programs whose name has this in it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--judge", action="store_true", help="run nothing")
    parser.add_argument("--docs", action="store_true", help="write docs/checkup_exam.{json,md}")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    names = [
        name for name in programs() if options.only in name and options.half in ("both", half(name))
    ]

    waiting = [name for name in names if not (options.folder / f"{name}.pickle").exists()]
    run_all([] if options.judge else waiting, options.folder, options.jobs)
    rows = [judge(name, options.folder) for name in names]
    (options.folder / "exam.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    report(rows)
    if options.docs:
        docs = HERE.parents[1] / "docs"
        found = {"judged by": fingerprint(), "programs": rows}
        text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
        (docs / "checkup_exam.json").write_text(text, encoding="utf-8")
        (docs / "checkup_exam.md").write_text(page(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
