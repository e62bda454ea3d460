"""The data of the examination: all of them come with a package, none is downloaded."""

from __future__ import annotations

import gzip
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

__all__ = ["Data", "MissingError", "digits", "fashion", "tabular", "text"]

_FASHION = Path("/usr/share/datasets/fashion-mnist")


class MissingError(Exception):
    """Data that are not on this machine."""


@dataclass(frozen=True)
class Data:
    """Samples for training and for the test."""

    x: Tensor
    y: Tensor
    test_x: Tensor
    test_y: Tensor


def _split(x: np.ndarray, y: np.ndarray, seed: int = 0) -> Data:
    order = np.random.default_rng(seed).permutation(len(x))
    cut = len(x) * 3 // 4
    parts = (order[:cut], order[cut:])
    xs = [torch.from_numpy(np.ascontiguousarray(x[part], np.float32)) for part in parts]
    ys = [torch.from_numpy(np.ascontiguousarray(y[part])) for part in parts]
    return Data(xs[0], ys[0], xs[1], ys[1])


@cache
def digits(images: bool = False) -> Data:
    """Return scikit-learn's digits in [0, 1], as rows of 64 or as images (1, 8, 8)."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    x = x / 16.0
    return _split(x.reshape(-1, 1, 8, 8) if images else x, y.astype(np.int64))


@cache
def tabular(name: str) -> Data:
    """Return a table of scikit-learn, standardised: breast_cancer, wine, iris, diabetes, linnerud.

    The target of diabetes is standardised too, and is a float32 of shape (n,).
    """
    from sklearn import datasets

    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    x = (x - x.mean(0)) / x.std(0)
    if name in ("diabetes", "linnerud"):
        return _split(x, ((y - y.mean(0)) / y.std(0)).astype(np.float32))
    return _split(x, y.astype(np.int64))


@cache
def fashion(rows: int = 6000) -> Data:
    """Return some of Fashion-MNIST in [0, 1], images (1, 28, 28); a third as many for the test."""
    if not _FASHION.is_dir():
        raise MissingError("Fashion-MNIST: apt-get install dataset-fashion-mnist")
    x, y = _idx("train-images-idx3-ubyte.gz", 16), _idx("train-labels-idx1-ubyte.gz", 8)
    images = x.reshape(-1, 1, 28, 28)
    chosen = np.random.default_rng(1).permutation(len(images))[: rows * 4 // 3]
    return _split(images[chosen] / 255.0, y[chosen].astype(np.int64))


def _idx(name: str, offset: int) -> np.ndarray:
    with gzip.open(_FASHION / name) as stream:
        return np.frombuffer(stream.read(), np.uint8, offset=offset)


@cache
def text(length: int = 200_000) -> tuple[Tensor, list[str]]:
    """Return characters of Python's own standard library as numbers, and the characters."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    read = "".join(
        (folder / name).read_text("utf-8")
        for name in ("textwrap.py", "statistics.py", "argparse.py", "ast.py", "heapq.py")
    )[:length]
    kept = sorted(set(read) & {chr(code) for code in [10, *range(32, 127)]})
    place = {character: i for i, character in enumerate(kept)}
    return torch.tensor([place[c] for c in read if c in place]), kept
