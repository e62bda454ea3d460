"""What the tests of data share."""

from __future__ import annotations

import numpy as np

from ogive.study import Dataset
from ogive.study.data.known import DATASETS

X, Y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
"""Forty rows of three numbers in two classes."""

BY_PATH = [name for name, known in DATASETS.items() if known.path == "needed"]
HERE = [name for name in DATASETS if name not in BY_PATH and not DATASETS[name].missing()]


def same(first: Dataset, second: Dataset) -> bool:
    return first.digest() == second.digest()


def pictures(rows: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (rows, 3072), np.uint8)
