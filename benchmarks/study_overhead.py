"""What share of a study's processor time is spent in training, and what the rest is.

    python benchmarks/study_overhead.py [--runs 200] [--workers 2] [--json FILE]

A study of many small trainings is run as `ogive study` runs it, in a process of its own: workers
are started, every run is stored, the report is written. The processor time of that process and of
all its children, as the kernel counts it, is held against what the runs say of their training.
Nothing but processor time is compared, so that other work on the machine disturbs little.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

ACTIVATIONS = ("relu", "tanh", "gelu", "sigmoid", "elu", "silu", "softplus", "leaky_relu")


def processor_seconds(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def study_of(runs: int, model: str, epochs: int):
    from ogive.study import Grid, Recipe, Seeds, Study

    seeds = max(1, round(runs / len(ACTIVATIONS)))
    return Study(
        name="overhead",
        activations=ACTIVATIONS,
        grids=(Grid(models=(model,), seeds=Seeds(least=seeds)),),
        recipe=Recipe(epochs=epochs),
        # Costs are measured by reading clocks for a while: that is neither training nor overhead.
        cost=False,
    )


def carry_out(folder: Path, runs: int, model: str, epochs: int, workers: int) -> dict[str, float]:
    """Run the study in this process; return its parts in seconds."""
    parts = {}

    def part(name: str, since: float) -> float:
        now = processor_seconds(resource.RUSAGE_SELF)
        parts[name] = now - since
        return now

    now = part("start-up of the parent", 0.0)
    from ogive.study import Store, run_study

    study = study_of(runs, model, epochs)
    now = part("declaration", now)
    begun = perf_counter()
    with Store(folder / "study.sqlite") as store:
        execution = run_study(study, store, workers=workers)
        now = part("the parent's loop and the store", now)
        elapsed = perf_counter() - begun
        # The workers have ended and been waited for: the kernel has added them up.
        children = processor_seconds(resource.RUSAGE_CHILDREN)
        records = store.runs()
    assert not execution.failures, execution.failures[0].reason
    now = part("reading the store", now)

    from ogive.study.report import build_report
    from ogive.study.results import assemble

    (folder / "report.html").write_text(build_report(assemble(study, records)))
    part("results and report", now)

    training = sum(run["timing"]["cpu_seconds"] for run in records)
    parts["the workers' start and messages"] = children - training
    return {
        "runs": len(records),
        "elapsed": elapsed,
        "training": training,
        "total": training + sum(parts.values()),
        **parts,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--model", default="mlp")
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside is not None:
        found = carry_out(given.inside, given.runs, given.model, given.epochs, given.workers)
        (given.inside / "found.json").write_text(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as folder:
        before = processor_seconds(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, __file__, *sys.argv[1:], "--inside", folder],
            check=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        # The whole tree, counted from outside: nothing that was forgotten inside is missing.
        total = processor_seconds(resource.RUSAGE_CHILDREN) - before
        found = json.loads((Path(folder) / "found.json").read_text())
    found["the parent's end"] = total - found.pop("total")
    share = found["training"] / total
    runs, elapsed = found.pop("runs"), found.pop("elapsed")
    print(f"{runs} runs of {given.model}, {given.epochs} epochs, in {elapsed:.1f} s of wall time")
    for name, seconds in found.items():
        print(f"{seconds:8.2f} s  {seconds / total:7.2%}  {name}")
    print(f"{total:8.2f} s           in all; {share:.1%} in training")
    if given.json:
        result = {"runs": runs, "model": given.model, "epochs": given.epochs}
        result |= {"workers": given.workers, "share": share, "total": total, "seconds": found}
        given.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
