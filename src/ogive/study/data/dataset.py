"""A data set as a study sees it: three parts, each with inputs and targets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dataset", "InputKind", "Part", "Shape"]

InputKind = Literal["vectors", "images", "sequences", "tokens"]


@dataclass(frozen=True)
class Shape:
    """What a network must take and give.

    Parameters
    ----------
    kind : {"vectors", "images", "sequences", "tokens"}
        How the inputs are to be read.
    inputs : tuple of int
        Shape of one row's input: (features,), (channels, height, width), (steps, features) or,
        of tokens, (steps,).
    classes : int
        Number of classes; of tokens, the size of the vocabulary.

    Examples
    --------
    >>> Shape("images", (1, 28, 28), 10).features
    784
    """

    kind: InputKind
    inputs: tuple[int, ...]
    classes: int

    @property
    def features(self) -> int:
        """Number of entries of one row's input."""
        return int(np.prod(self.inputs))


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a data set.

    Parameters
    ----------
    inputs : ndarray, shape (rows, ...)
        float32; int64 for tokens.
    targets : ndarray of int64, shape (rows,) or, of tokens, (rows, steps)
        Class of each row, or the token that follows each step, 0 to classes − 1.
    """

    inputs: NDArray[Any]
    targets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.targets)

    def head(self, rows: int) -> Part:
        """Return the first `rows` rows."""
        return Part(self.inputs[:rows], self.targets[:rows])


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in its three parts, as networks are fed with it.

    Parameters
    ----------
    kind : {"vectors", "images", "sequences", "tokens"}
        How the inputs are to be read.
    train, validation, test : Part
        What is learned from, what tuning looks at, and what is looked at once.
    classes : int
        Number of classes; of tokens, the size of the vocabulary.

    Examples
    --------
    >>> part = Part(np.zeros((4, 2), np.float32), np.array([0, 1, 0, 1]))
    >>> Dataset("vectors", part, part, part, 2).shape.inputs
    (2,)
    """

    kind: InputKind
    train: Part
    validation: Part
    test: Part
    classes: int

    @property
    def shape(self) -> Shape:
        """What a network must take and give."""
        return Shape(self.kind, tuple(map(int, self.train.inputs.shape[1:])), self.classes)

    @property
    def parts(self) -> Mapping[str, Part]:
        """The three parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def digest(self) -> str:
        """Return the SHA-256 of everything in it, in hexadecimal."""
        total = hashlib.sha256(f"{self.kind}:{self.classes}".encode())
        for name, part in self.parts.items():
            for array in (part.inputs, part.targets):
                total.update(f"{name}:{array.dtype.str}:{array.shape}".encode())
                # A view of the bytes: a copy would double the memory that the data take.
                total.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        return total.hexdigest()
