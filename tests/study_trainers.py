"""Trainers that stand in for the real one where a test is about the engine and not about torch."""

import os
import signal
import sys
import time
from pathlib import Path

CHOSEN = ("tanh", 1)
"""The run, by activation and seed, that fails in the ways below."""


def quick(spec, dataset):
    assert "torch" not in sys.modules
    return {
        "key": spec.key,
        "spec": spec.to_dict(),
        "rows": len(dataset.train),
        "pid": os.getpid(),
        "threads": os.environ["OMP_NUM_THREADS"],
    }


def slow(spec, dataset):
    time.sleep(0.1)
    return quick(spec, dataset)


def forever(spec, dataset):
    while True:
        sum(range(1000))


def raises(spec, dataset):
    if (spec.activation, spec.seed) == CHOSEN:
        raise RuntimeError("no luck today")
    return quick(spec, dataset)


def dies(spec, dataset):
    if (spec.activation, spec.seed) == CHOSEN:
        os.kill(os.getpid(), signal.SIGKILL)
    return quick(spec, dataset)


def dies_once(spec, dataset):
    mark = Path(os.environ["STUDY_TRAINERS_MARK"])
    if (spec.activation, spec.seed) == CHOSEN and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return quick(spec, dataset)


def leaves(spec, dataset):
    print("out of paper", file=sys.stderr, flush=True)
    os._exit(3)


def chatters(spec, dataset):
    print("x" * 100_000, flush=True)
    return quick(spec, dataset)
