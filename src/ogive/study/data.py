"""The data of a study: one fixed, stratified split into training, validation and test.

The split is the same for every run, whatever its seed. Given the split, runs that differ in their
seed are then independent draws (of initial weights and data order), which is what the t interval
of `ogive.study.statistics` supposes. Splitting anew for each seed would make the training sets
overlap, and a paired t test over overlapping splits claims differences too often (Nadeau and
Bengio 2003, *Inference for the generalization error*). The price is said openly: a study's
differences hold for this split of this data set.

A row's place in the split follows from the SHA-256 of its index, and so from no random number
generator that a later NumPy or scikit-learn could change.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ogive.extras import require

TEST_SHARE = 0.25
VALIDATION_SHARE = 0.15


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a data set.

    Parameters
    ----------
    inputs : ndarray of float32, shape (rows, features)
        Standardised by the training part's mean and standard deviation.
    targets : ndarray of int64, shape (rows,)
        Class of each row, 0 to classes − 1.
    """

    inputs: NDArray[np.float32]
    targets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in its three parts."""

    name: str
    train: Part
    validation: Part
    test: Part
    classes: int

    @property
    def features(self) -> int:
        """Number of inputs of the network."""
        return int(self.train.inputs.shape[1])


def load(name: str) -> Dataset:
    """Return the data set `name`, split and standardised; the same arrays at every call.

    Parameters
    ----------
    name : {"digits"}
        scikit-learn's digits: 1,797 pictures of 8 × 8 pixels, 10 classes.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If there is no such data set.
    ModuleNotFoundError
        If scikit-learn, which brings the pictures, is not installed.

    Examples
    --------
    >>> len(load("digits").test)
    450
    """
    if name != "digits":
        raise ValueError(f"data must be one of digits, not {name!r}")
    require(f"data {name!r}", "sklearn", extra="study")
    from sklearn.datasets import load_digits

    inputs, targets = load_digits(return_X_y=True)
    return prepare(name, inputs, targets)


def prepare(name: str, inputs: NDArray[np.generic], targets: NDArray[np.generic]) -> Dataset:
    """Split and standardise.

    Parameters
    ----------
    name : str
        Name of the data set; the split does not depend on it.
    inputs : ndarray, shape (rows, features)
        Real numbers.
    targets : ndarray of integers, shape (rows,)
        Classes, 0 to K − 1.

    Returns
    -------
    Dataset
        A quarter of each class for the test, 15 % for validation, the rest for training. A
        feature that is constant in the training part becomes 0 there instead of a division by 0.
    """
    values = np.asarray(inputs, np.float64)
    classes = np.asarray(targets, np.int64)
    rows: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for label in np.unique(classes):
        shuffled = sorted(np.flatnonzero(classes == label).tolist(), key=_place)
        n_test = round(TEST_SHARE * len(shuffled))
        n_validation = round(VALIDATION_SHARE * len(shuffled))
        rows["test"] += shuffled[:n_test]
        rows["validation"] += shuffled[n_test : n_test + n_validation]
        rows["train"] += shuffled[n_test + n_validation :]
    train = values[sorted(rows["train"])]
    centre, spread = train.mean(axis=0), train.std(axis=0)
    spread[spread == 0] = 1.0

    def part(which: str) -> Part:
        # Sorted by index: the order of the rows carries no trace of how the split was drawn.
        index = sorted(rows[which])
        standard = ((values[index] - centre) / spread).astype(np.float32)
        return Part(np.ascontiguousarray(standard), np.ascontiguousarray(classes[index]))

    return Dataset(
        name=name,
        train=part("train"),
        validation=part("validation"),
        test=part("test"),
        classes=int(classes.max()) + 1,
    )


def _place(index: int) -> bytes:
    return hashlib.sha256(f"split:{index}".encode()).digest()
