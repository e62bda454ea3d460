"""What arrays must be to make a data set, and how it is said when they are not.

The kind of the inputs is told from their shape: two axes are vectors; four are images, with the
channels (1, 3 or 4) on the second axis or else on the last; three are images of one channel where
the entries are bytes (uint8), and sequences (rows, steps, features) where they are not. Whoever
means another thing says the kind.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ogive.study import checked
from ogive.study.data.dataset import Dataset, InputKind
from ogive.study.data.split import prepare

__all__ = ["KINDS", "as_array", "classes_of", "from_arrays", "inputs_of"]

KINDS: tuple[InputKind, ...] = ("vectors", "images", "sequences")
"""Kinds of inputs that are told from arrays, or may be said."""

_AXES = {"vectors": (2,), "images": (3, 4), "sequences": (3,)}
_CHANNELS = (1, 3, 4)


def from_arrays(
    inputs: object, targets: object, test: tuple[object, object] | None = None, *, kind: str = ""
) -> Dataset:
    """Return a data set from arrays, split and standardised.

    Parameters
    ----------
    inputs : array_like, shape (rows, ...)
        Real and finite numbers.
    targets : array_like, shape (rows,) or (rows, 1)
        The class of each row: whole numbers or texts. Classes are numbered in their sorted order.
    test : tuple of (inputs, targets), optional
        The test part, where there is one; else a quarter of each class is split off.
    kind : {"", "vectors", "images", "sequences"}
        How the inputs are to be read; empty to tell it from their shape.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If the arrays do not fit together, hold what is no number or no class, or have too few
        rows of a class to split.

    Examples
    --------
    >>> data = from_arrays(np.arange(20.0).reshape(10, 2), ["a", "b"] * 5)
    >>> data.shape
    Shape(kind='vectors', inputs=(2,), classes=2)
    """
    values, told = inputs_of("the inputs", inputs, kind)
    if test is None:
        (labels,) = classes_of(targets)
        _match("", values, labels)
        return prepare(values, labels, kind=told, mixed=False)
    others, _ = inputs_of("the test part's inputs", test[0], told)
    labels, tested = classes_of(targets, test[1])
    _match("", values, labels)
    _match("the test part: ", others, tested)
    if others.shape[1:] != values.shape[1:]:
        raise ValueError(
            f"the inputs of the test part have the shape {others.shape[1:]} each, "
            f"those of the training part {values.shape[1:]}"
        )
    return prepare(values, labels, kind=told, test=(others, tested), mixed=False)


def as_array(what: str, given: object) -> NDArray[Any]:
    """Return an array from what can become one; tensors may need a gradient, or be on a device.

    Parameters
    ----------
    what : str
        What it is called in messages.
    given : array_like or torch.Tensor
        What is to become one.

    Returns
    -------
    ndarray
        Of whatever shape and dtype; it may share the memory of what is given.

    Raises
    ------
    ValueError
        If it cannot, or entries of a masked array are missing: their mask would be lost.

    Examples
    --------
    >>> as_array("the targets", [1, 2])
    array([1, 2])
    """
    if isinstance(given, np.ma.MaskedArray) and np.ma.is_masked(given):
        raise ValueError(
            f"{what} are a masked array with {given.size - given.count()} entries missing: fill "
            "them, or leave their rows out"
        )
    # A tensor that needs a gradient, or is not in main memory, makes no array by itself.
    for method in ("detach", "cpu"):
        if hasattr(given, method):
            given = getattr(given, method)()
    try:
        return np.asarray(given)
    except (TypeError, ValueError) as error:
        said = " ".join(str(error).split())
        raise ValueError(f"{what} cannot be made an array: {said}") from None


def inputs_of(what: str, given: object, kind: str = "") -> tuple[NDArray[Any], InputKind]:
    """Return inputs as an array in the layout of their kind, and the kind.

    Parameters
    ----------
    what : str
        What they are called in messages.
    given : array_like, shape (rows, ...)
        Real and finite numbers.
    kind : {"", "vectors", "images", "sequences"}
        How they are to be read; empty to tell it from their shape.

    Returns
    -------
    values : ndarray, shape (rows, ...)
        As `Shape` has them for the kind: of pictures the channels come first.
    kind : {"vectors", "images", "sequences"}
        As given, or as told from the shape.

    Raises
    ------
    ValueError
        If they are no such numbers, or of no such shape.

    Examples
    --------
    >>> values, kind = inputs_of("the inputs", np.zeros((5, 8, 8, 3)))
    >>> values.shape, kind
    ((5, 3, 8, 8), 'images')
    """
    values = as_array(what, given)
    if values.dtype.kind not in "biuf":
        complex_ = "complex numbers" if values.dtype.kind == "c" else f"of type {values.dtype}"
        raise ValueError(f"{what} must be real numbers, and are {complex_}")
    if not values.size:
        raise ValueError(f"{what} are empty: an array of the shape {values.shape}")
    laid_out, told = _laid_out(what, values, kind)
    if values.dtype.kind == "f":
        _all_finite(what, laid_out)
    return laid_out, told


def _laid_out(what: str, values: NDArray[Any], kind: str) -> tuple[NDArray[Any], InputKind]:
    told: InputKind
    if kind:
        told = next(known for known in KINDS if known == checked.one_of("the kind", kind, KINDS))
    elif values.ndim == 3:
        told = "images" if values.dtype == np.uint8 else "sequences"
    else:
        told = "images" if values.ndim == 4 else "vectors"
    if values.ndim not in _AXES[told]:
        raise ValueError(
            f"{what} have the shape {values.shape}: vectors are (rows, features), images (rows, "
            "channels, height, width), sequences (rows, steps, features)"
        )
    if told != "images":
        return values, told
    if values.ndim == 3:
        return values[:, None], told
    if values.shape[1] in _CHANNELS:
        return values, told
    if values.shape[3] in _CHANNELS:
        return np.moveaxis(values, 3, 1), told
    raise ValueError(
        f"{what} have the shape {values.shape}: images have 1, 3 or 4 channels, on the second "
        "axis or the last"
    )


def _all_finite(what: str, values: NDArray[Any]) -> None:
    # Row by row is slow and all at once takes memory, so that only what fails is looked at closely.
    step = max(1, (1 << 20) // values[0].size)
    for begin in range(0, len(values), step):
        fine = np.isfinite(values[begin : begin + step])
        if not fine.all():
            axes = tuple(range(1, values.ndim))
            row = begin + int(np.flatnonzero(~fine.all(axis=axes))[0])
            raise ValueError(f"{what} must be finite; row {row} holds NaN or infinity")


def classes_of(*parts: object) -> list[NDArray[np.int64]]:
    """Return targets as classes 0 to K − 1, in the sorted order of what is given.

    Parameters
    ----------
    *parts : array_like, shape (rows,) or (rows, 1)
        Targets of the training part, and of others that may hold no other classes.

    Returns
    -------
    list of ndarray of int64, shape (rows,)
        One for each part, in their order.

    Raises
    ------
    ValueError
        If they are neither whole numbers nor texts, are fewer than two classes, or a class is not
        in the first part.

    Examples
    --------
    >>> classes_of(["no", "yes", "no"], ["yes"])
    [array([0, 1, 0]), array([1])]
    """
    labels = [_labels(part) for part in parts]
    if len({array.dtype.kind in "US" for array in labels}) > 1:
        raise ValueError("the targets of one part are texts, and those of another numbers")
    known = np.unique(labels[0])
    for array in labels[1:]:
        strange = np.setdiff1d(array, known)
        if len(strange):
            raise ValueError(
                f"class {strange[0]} is in the test part, but not in the training part"
            )
    if len(known) < 2:
        raise ValueError(f"the targets must be of at least two classes, and all are {known[0]}")
    return [np.searchsorted(known, array).astype(np.int64) for array in labels]


def _labels(given: object) -> NDArray[Any]:
    labels = as_array("the targets", given)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(f"the targets must be one class a row, not of the shape {labels.shape}")
    if not labels.size:
        raise ValueError("the targets are empty")
    if labels.dtype.kind == "O" and all(isinstance(label, str) for label in labels):
        return labels.astype(str)
    if labels.dtype.kind == "f":
        whole = np.isfinite(labels) & (labels == np.floor(labels))
        if not whole.all():
            row = int(np.flatnonzero(~whole)[0])
            raise ValueError(
                f"the targets must be classes; {labels[row]} of row {row} is no whole number"
            )
    elif labels.dtype.kind not in "biuUS":
        raise ValueError(
            f"the targets must be classes: whole numbers or texts, not of type {labels.dtype}"
        )
    return labels


def _match(part: str, values: NDArray[Any], labels: NDArray[np.int64]) -> None:
    if len(values) != len(labels):
        raise ValueError(
            f"{part}inputs of {len(values)} rows do not match targets of {len(labels)} rows"
        )
