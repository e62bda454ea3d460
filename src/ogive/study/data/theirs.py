"""A person's own data: what their function returns, or what they hand over, made a data set."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ogive.study import checked
from ogive.study.data.arrays import KINDS, as_array, from_arrays
from ogive.study.data.dataset import Dataset, Part
from ogive.study.data.npz import named_arrays

__all__ = ["as_dataset", "checked_dataset"]


def as_dataset(name: str, found: Any) -> Dataset:
    """Return a data set from whatever a person has.

    Parameters
    ----------
    name : str
        What it is called in messages.
    found : object
        A `Dataset`, which is taken as it is; a pair of arrays or tensors (X, y); a pair of such
        pairs, for training and test; a torch Dataset of (input, class) that can be indexed, or a
        pair of them; a mapping with ``X`` and ``y``, or ``x_train``, ``y_train``, ``x_test`` and
        ``y_test``, or ``data`` and ``target``, and ``kind`` where the shape does not tell it. Or a
        function of no arguments, or a class, that gives one of these.

    Returns
    -------
    Dataset
        Split and standardised as any other, but for a `Dataset`.

    Raises
    ------
    ValueError
        If it is none of these, or holds what makes no data set.

    Examples
    --------
    >>> X, y = np.arange(20.0).reshape(10, 2), [0, 1] * 5
    >>> as_dataset("mine", (X, y)).shape
    Shape(kind='vectors', inputs=(2,), classes=2)
    >>> as_dataset("mine", lambda: {"X": X, "y": y}).shape == as_dataset("mine", (X, y)).shape
    True
    """
    if callable(found):
        try:
            found = found()
        except (Exception, SystemExit) as error:  # whatever a person's own code raises
            said = " ".join(str(error).split())
            raise ValueError(f"{name} failed: {type(error).__name__}: {said}") from error
    try:
        return _dataset(found)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _dataset(found: Any) -> Dataset:
    if isinstance(found, Dataset):
        return checked_dataset(found)
    if isinstance(found, Mapping):
        arrays = dict(found)
        kind = arrays.pop("kind", "any")
        return named_arrays(arrays, checked.one_of("the kind", kind, ("any", *KINDS)))
    if _is_indexed(found):
        return from_arrays(*_items(found))
    if isinstance(found, tuple) and len(found) == 2:
        first, second = found
        if isinstance(first, tuple) and isinstance(second, tuple):
            return from_arrays(*_pair(first), _pair(second))
        if _is_indexed(first) and _is_indexed(second):
            return from_arrays(*_items(first), _items(second))
        return from_arrays(first, second)
    raise ValueError(
        "expected a Dataset, arrays (X, y), two such pairs for training and test, or a torch "
        f"Dataset that can be indexed, not {_called(found)}"
    )


def _called(found: Any) -> str:
    if isinstance(found, tuple):
        return f"a tuple of {len(found)}"
    return type(found).__name__


def _pair(found: tuple[Any, ...]) -> tuple[Any, Any]:
    if len(found) != 2:
        raise ValueError(f"expected (X, y) for each part, not a tuple of {len(found)}")
    return found[0], found[1]


def _is_indexed(found: Any) -> bool:
    """Tell whether it is like a torch Dataset: it has rows, and is neither an array nor a list."""
    return (
        hasattr(found, "__getitem__")
        and hasattr(found, "__len__")
        and not hasattr(found, "shape")
        and not isinstance(found, tuple | list | str | bytes | Mapping)
    )


def _given(what: str, take: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a person's own code gives, or say in one line how it failed."""
    try:
        return take(*arguments)
    except (Exception, SystemExit) as error:  # whatever a person's own code raises
        said = " ".join(str(error).split())
        raise ValueError(f"{what} cannot be had: {type(error).__name__}: {said}") from error


def _items(dataset: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the inputs and targets of a torch Dataset, item by item."""
    number = int(_given("its length", len, dataset))
    if not number:
        raise ValueError("a data set without rows")
    inputs: NDArray[Any] | None = None
    targets = []
    for row in range(number):
        item = _given(f"row {row}", operator.getitem, dataset, row)
        if not isinstance(item, tuple | list) or len(item) != 2:
            raise ValueError(
                f"row {row} is of type {type(item).__name__}; expected an input and its class"
            )
        values = as_array(f"the input of row {row}", item[0])
        if inputs is None:
            inputs = np.empty((number, *values.shape), values.dtype)
        elif values.shape != inputs.shape[1:]:
            raise ValueError(
                f"the input of row {row} has the shape {values.shape}, "
                f"that of row 0 {inputs.shape[1:]}"
            )
        if not np.can_cast(values.dtype, inputs.dtype):
            inputs = inputs.astype(np.result_type(values, inputs))
        inputs[row] = values
        label = item[1]
        targets.append(label.item() if hasattr(label, "item") else label)
    assert inputs is not None
    return inputs, as_array("the targets", targets)


_AXES = {"vectors": 2, "images": 4, "sequences": 3, "tokens": 2}


def checked_dataset(dataset: Dataset) -> Dataset:
    """Return a `Dataset` that fits together, in float32 and int64.

    Parameters
    ----------
    dataset : Dataset
        A person's own, split and standardised as it is.

    Returns
    -------
    Dataset
        Of tokens the inputs are int64.

    Raises
    ------
    ValueError
        If its parts have no rows, other shapes than its kind has, inputs that are not finite, or
        classes that are not 0 to classes − 1.

    Examples
    --------
    >>> part = Part(np.zeros((3, 2)), np.array([0, 1, 2]))
    >>> checked_dataset(Dataset("vectors", part, part, part, 3)).train.inputs.dtype
    dtype('float32')
    """
    checked.one_of("the kind", dataset.kind, tuple(_AXES))
    checked.whole("classes", dataset.classes, 2)
    parts = {
        name: _checked_part(name, part, dataset.kind, dataset.classes)
        for name, part in dataset.parts.items()
    }
    shapes = {part.inputs.shape[1:] for part in parts.values()}
    if len(shapes) > 1:
        raise ValueError(f"the parts have inputs of several shapes: {sorted(shapes)}")
    return replace(
        dataset, train=parts["train"], validation=parts["validation"], test=parts["test"]
    )


def _checked_part(name: str, part: Part, kind: str, classes: int) -> Part:
    inputs, targets = as_array(f"{name} inputs", part.inputs), as_array(name, part.targets)
    if not len(inputs):
        raise ValueError(f"the {name} part has no rows")
    if inputs.ndim != _AXES[kind]:
        raise ValueError(
            f"the {name} part's inputs have the shape {inputs.shape}, as {kind} have not"
        )
    wanted = inputs.shape if kind == "tokens" else inputs.shape[:1]
    if targets.shape != wanted:
        raise ValueError(f"the {name} part's targets have the shape {targets.shape}, not {wanted}")
    for what, numbers in (("targets", targets), ("inputs", inputs)):
        if what == "inputs" and kind != "tokens":
            continue
        if numbers.dtype.kind not in "iu":
            raise ValueError(f"the {name} part's {what} must be whole numbers, not {numbers.dtype}")
        if numbers.min() < 0 or numbers.max() >= classes:
            raise ValueError(f"the {name} part's {what} must be 0 to {classes - 1}")
    if kind != "tokens" and (inputs.dtype.kind not in "biuf" or not np.isfinite(inputs).all()):
        raise ValueError(f"the {name} part's inputs must be real and finite numbers")
    entry = np.int64 if kind == "tokens" else np.float32
    with np.errstate(over="ignore"):
        kept = np.ascontiguousarray(inputs, entry)
    if not np.isfinite(kept).all():
        raise ValueError(f"the {name} part's inputs are too large for float32")
    return Part(kept, np.ascontiguousarray(targets, np.int64))
