"""From arrays to the parts of a data set: one fixed, stratified split, and one standardisation.

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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ogive.study.data.dataset import Dataset, InputKind, Part
from ogive.study.data.standard import scale_of, standardised

__all__ = ["LEAST_ROWS", "TEST_SHARE", "VALIDATION_SHARE", "places", "prepare"]

TEST_SHARE = 0.25
VALIDATION_SHARE = 0.15

LEAST_ROWS = 4
"""Rows of a class that a split takes: with fewer, some part would be without the class."""


def prepare(
    inputs: NDArray[Any],
    targets: NDArray[Any],
    *,
    kind: InputKind,
    test: tuple[NDArray[Any], NDArray[Any]] | None = None,
    mixed: bool = True,
) -> Dataset:
    """Split and standardise.

    Parameters
    ----------
    inputs : ndarray, shape (rows, ...)
        Real numbers, as `Shape` has them for the kind.
    targets : ndarray of integers, shape (rows,)
        Classes, 0 to K − 1.
    kind : {"vectors", "images", "sequences"}
        How the inputs are to be read.
    test : tuple of (inputs, targets), optional
        The test part where the data set has one of its own: then only validation is split off.
    mixed : bool
        Whether the classes follow each other as by chance. The first rows of a part stand for it
        in several measurements, and in "lsuv"; where data may come class by class (False), the
        rows of each part are put in the order of the SHA-256 of their indices.

    Returns
    -------
    Dataset
        A quarter of each class for the test, 15 % for validation, the rest for training, and all
        standardised by the training part: each feature of vectors and sequences, each channel of
        images. What is constant in the training part becomes 0 instead of a division by 0.

    Raises
    ------
    ValueError
        If a class has fewer than `LEAST_ROWS` rows to split, or an entry does not fit into float32.

    Notes
    -----
    Beside the inputs and the parts themselves it needs memory for a block of rows only.
    """
    values, classes = np.asarray(inputs), np.asarray(targets, np.int64)
    shares = {"validation": VALIDATION_SHARE}
    if test is None:
        shares = {"test": TEST_SHARE, "validation": VALIDATION_SHARE}
    rows = places(classes, shares)
    if not mixed:
        rows = {name: _shuffled(index) for name, index in rows.items()}
    scale = scale_of(values, rows["train"], kind)
    parts = {
        name: Part(standardised(values, index, scale), classes[index])
        for name, index in rows.items()
    }
    if test is not None:
        everything = np.arange(len(test[1]))
        if not mixed:
            everything = _shuffled(everything)
        parts["test"] = Part(
            standardised(np.asarray(test[0]), everything, scale),
            np.asarray(test[1], np.int64)[everything],
        )
    return Dataset(
        kind=kind,
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        classes=1 + max(int(part.targets.max()) for part in parts.values()),
    )


def places(classes: NDArray[np.int64], shares: dict[str, float]) -> dict[str, NDArray[np.int64]]:
    """Return which rows go to which part: `shares` of each class, and the rest to "train".

    Parameters
    ----------
    classes : ndarray of int64, shape (rows,)
        Class of each row.
    shares : dict
        Part and its share of each class, in the order in which they take.

    Returns
    -------
    dict of str to ndarray
        Sorted by index: the order of the rows carries no trace of how the split was drawn.

    Raises
    ------
    ValueError
        If a class has fewer than `LEAST_ROWS` rows.

    Examples
    --------
    >>> rows = places(np.repeat([0, 1], 20), {"test": 0.25})
    >>> len(rows["test"]), len(rows["train"])
    (10, 30)
    """
    rows: dict[str, list[int]] = {**{name: [] for name in shares}, "train": []}
    for label in np.unique(classes):
        shuffled = sorted(np.flatnonzero(classes == label).tolist(), key=_place)
        if len(shuffled) < LEAST_ROWS:
            raise ValueError(
                f"class {label} has {len(shuffled)} of the rows; "
                f"a split takes at least {LEAST_ROWS} of each class"
            )
        taken = 0
        for name, share in shares.items():
            number = round(share * len(shuffled))
            rows[name] += shuffled[taken : taken + number]
            taken += number
        rows["train"] += shuffled[taken:]
    return {name: np.array(sorted(index), np.int64) for name, index in rows.items()}


def _place(index: int, purpose: str = "split") -> bytes:
    return hashlib.sha256(f"{purpose}:{index}".encode()).digest()


def _shuffled(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    # Not the order of the split, in which the places of a part are those of its hashes.
    return np.array(sorted(rows.tolist(), key=lambda row: _place(row, "order")), np.int64)
