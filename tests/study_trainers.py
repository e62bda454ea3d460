"""Trainers that stand in for the real one where a test is about the engine and not about torch."""

import os
import signal
import sys
import time
from pathlib import Path

from ogive.study.engines.base import RefusedError

CHOSEN = ("tanh", 1)
"""The run, by activation and seed, that fails in the ways below."""

LOADED_BY = os.getpid()


def quick(spec, dataset):
    assert "torch" not in sys.modules
    return {
        "key": spec.key,
        "spec": spec.to_dict(),
        "rows": len(dataset.train),
        "pid": os.getpid(),
        "loaded_by": LOADED_BY,
        "threads": os.environ["OMP_NUM_THREADS"],
    }


def holds(spec, dataset):
    """Tell which object the data are: the same one for as long as the worker keeps them."""
    return quick(spec, dataset) | {"dataset": id(dataset)}


def tuned(spec, dataset):
    """Score a run so that each activation is best at another rate; seeds differ a little."""
    accuracy = 0.5 + 0.1 * spec.recipe.learning_rate * len(spec.activation.label) + spec.seed % 7e-3
    score = {"accuracy": accuracy, "loss": 1.0}
    return quick(spec, dataset) | {"validation": score, "test": score}


def alone(spec, dataset):
    """Tell which other runs are under way, by the files that `marks` leaves."""
    time.sleep(0.05)
    folder = Path(os.environ["STUDY_TRAINERS_MARKS"])
    others = sorted(path.name for path in folder.iterdir())
    mark = folder / str(os.getpid())
    mark.touch()
    time.sleep(0.05)
    mark.unlink()
    return quick(spec, dataset) | {"others": others}


def marks(spec, dataset):
    mark = Path(os.environ["STUDY_TRAINERS_MARKS"]) / str(os.getpid())
    mark.touch()
    time.sleep(0.1)
    mark.unlink()
    return quick(spec, dataset)


def passes(spec, dataset):
    """An inspector that finds nothing wrong, and says that it looked."""
    folder = Path(os.environ["STUDY_TRAINERS_MARKS"])
    (folder / f"{spec.activation.label}-{spec.model.depth}").touch(exist_ok=False)


def refuses(spec, dataset):
    if spec.activation.label == "tanh":
        raise RefusedError("tanh(1) is 0.5 here")


def inspection_fails(spec, dataset):
    raise RuntimeError("no luck today")


def inspection_dies(spec, dataset):
    os.kill(os.getpid(), signal.SIGKILL)


def inspection_dies_once(spec, dataset):
    mark = Path(os.environ["STUDY_TRAINERS_MARK"])
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def slow(spec, dataset):
    time.sleep(0.1)
    return quick(spec, dataset)


def forever(spec, dataset):
    while True:
        sum(range(1000))


def deaf(spec, dataset):
    """Hold the interpreter: no other thread of the process gets to do anything."""
    sum(range(10**15))


def hangs(spec, dataset):
    (Path(os.environ["STUDY_TRAINERS_MARKS"]) / str(os.getpid())).touch()
    time.sleep(3600)


def hangs_here(spec, dataset):
    Path(os.environ["STUDY_TRAINERS_MARK"]).write_text(str(os.getpid()))
    time.sleep(3600)


def hangs_once(spec, dataset):
    if not Path(os.environ["STUDY_TRAINERS_MARK"]).exists():
        hangs_here(spec, dataset)
    return quick(spec, dataset)


def raises(spec, dataset):
    if (spec.activation.label, spec.seed) == CHOSEN:
        raise RuntimeError("no luck today")
    return quick(spec, dataset)


def dies(spec, dataset):
    if (spec.activation.label, spec.seed) == CHOSEN:
        os.kill(os.getpid(), signal.SIGKILL)
    return quick(spec, dataset)


def dies_once(spec, dataset):
    mark = Path(os.environ["STUDY_TRAINERS_MARK"])
    if (spec.activation.label, spec.seed) == CHOSEN and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return quick(spec, dataset)


def leaves(spec, dataset):
    print("out of paper", file=sys.stderr, flush=True)
    os._exit(3)


def chatters(spec, dataset):
    print("x" * 100_000, flush=True)
    return quick(spec, dataset)
