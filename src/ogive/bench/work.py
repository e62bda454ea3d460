"""The arrays that all contenders of a row share, made once for a size and dtype."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ogive.catalog import CATALOG

__all__ = ["KINDS", "LOSSES", "ROWS", "Array", "Arrays", "Call", "Work", "names"]

Array = NDArray[Any]
Call = Callable[[], Any]

KINDS = ("value", "grad", "backward", "with_grad")
ROWS = ("softmax", "log_softmax", "logsumexp")
LOSSES = ("binary_cross_entropy_with_logits", "cross_entropy")
"""The mean over all logits, or over all rows; 'with_grad' is the loss and its gradient."""

ROW_LENGTH = 256
"""Of the rows where only a number of elements is given."""

_IN_ROWS = (*ROWS, "cross_entropy")

# Functions of something other than any real number, and which of the inputs they get.
_INPUT = {"logit": "probability", "odds": "probability", "log1mexp": "positive"}
_DIFFERENT_NUMBERS = 1 << 20
_ALIGNMENT = 64


def names(kind: str, length: int | None = None) -> tuple[str, ...]:
    """Return what can be measured of a kind, in rows of a length if there is one.

    Examples
    --------
    >>> names("with_grad")
    ('binary_cross_entropy_with_logits',)
    >>> names("with_grad", 1000)
    ('cross_entropy',)
    """
    of_kind = {
        "value": (*CATALOG, *ROWS, *LOSSES),
        "grad": tuple(CATALOG),
        "backward": (*CATALOG, *ROWS),
        "with_grad": LOSSES,
    }[kind]
    if length is None:
        return tuple(name for name in of_kind if name != "cross_entropy")
    return tuple(name for name in of_kind if name in _IN_ROWS)


def _empty(count: int, dtype: str) -> Array:
    """Return an array that begins with a cache line: nobody shall lose by where it happens to."""
    itemsize = np.dtype(dtype).itemsize
    whole = np.empty(count + _ALIGNMENT // itemsize, dtype)
    first = -whole.ctypes.data % _ALIGNMENT // itemsize
    return whole[first : first + count]


@dataclass
class Arrays:
    """Inputs, a gradient, one output for everybody, and scratch for those who need it.

    One output, because which physical pages an array happens to get decides how well it fits the
    caches, and that luck should be everybody's.  What nobody asks for is never made: at 1e8 an
    array of float64 takes 800 MB.

    Attributes
    ----------
    count : int
    dtype : {'float32', 'float64'}
    length : int or None
        The length of rows, which divides the count; None where there is only a count.
    real : ndarray
        Normally distributed with standard deviation 2, unless given.
    kept : dict
        What a library wants to keep beside the arrays: copies in its own memory, for example.
    """

    count: int
    dtype: str
    length: int | None = None
    given: Array | None = None
    kept: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def real(self) -> Array:
        """Any real numbers."""
        if self.given is not None:
            return self._filled(self.given)
        return self._filled(2 * self._normal(seed=0))

    @cached_property
    def probability(self) -> Array:
        """Numbers strictly between 0 and 1."""
        if self.given is not None:
            return self._filled(self.given)
        return self._filled(1 / (1 + np.exp(-2 * self._normal(seed=0))))

    @cached_property
    def positive(self) -> Array:
        """Numbers greater than 0."""
        if self.given is not None:
            return self._filled(self.given)
        return self._filled(np.abs(2 * self._normal(seed=0)) + 1e-3)

    @cached_property
    def gradient(self) -> Array:
        """The gradient that arrives from above."""
        return self._filled(np.ones(1) if self.given is not None else self._normal(seed=1))

    @cached_property
    def targets(self) -> Array:
        """What a binary loss is asked for: 0 or 1."""
        return self._filled(np.random.default_rng(2).integers(0, 2, _DIFFERENT_NUMBERS))

    @cached_property
    def classes(self) -> Array:
        """The right class of every row."""
        length = self.length or ROW_LENGTH
        return np.random.default_rng(3).integers(0, length, self.count // length)

    @cached_property
    def ones(self) -> Array:
        """The gradient with which a backward gives the derivative itself."""
        return self._filled(np.ones(1))

    @cached_property
    def out(self) -> Array:
        """Where everybody writes."""
        return self._filled(np.zeros(1))

    def scratch(self, index: int) -> Array:
        """Return a buffer for what lies between the input and the output."""
        key = ("scratch", index)
        if key not in self.kept:
            self.kept[key] = self._filled(np.zeros(1))
        buffer: Array = self.kept[key]
        return buffer

    def _normal(self, seed: int) -> Array:
        return np.random.default_rng(seed).standard_normal(min(self.count, _DIFFERENT_NUMBERS))

    def _filled(self, pattern: Array) -> Array:
        """Return an array with the pattern over and over, without another one in between."""
        array, pattern = _empty(self.count, self.dtype), pattern.astype(self.dtype)
        if pattern.size == 1:
            array.fill(pattern[0])
            return array
        for start in range(0, self.count, pattern.size):
            part = array[start : start + pattern.size]
            part[:] = pattern[: part.size]
        return array


@dataclass(frozen=True)
class Work:
    """What a row of the table asks for.

    Attributes
    ----------
    name : str
        A function of the catalogue, or one of `ROWS` or `LOSSES`.
    kind : one of `KINDS`
    arrays : Arrays
    """

    name: str
    kind: str
    arrays: Arrays

    @property
    def domain(self) -> str:
        """Which of the inputs it takes."""
        return _INPUT.get(self.name, "real")

    @property
    def x(self) -> Array:
        """The argument; a matrix where the function is one of rows."""
        return self._shaped(getattr(self.arrays, self.domain))

    @property
    def g(self) -> Array:
        """The gradient from above, for a backward."""
        if self.name == "logsumexp":  # a number a row
            return self.arrays.gradient[: len(self.x)]
        return self._shaped(self.arrays.gradient)

    @property
    def out(self) -> Array:
        """The output, in the shape of the argument."""
        return self._shaped(self.arrays.out)

    @property
    def parameters(self) -> dict[str, float]:
        """The function's parameters at their defaults."""
        return CATALOG[self.name].defaults() if self.name in CATALOG else {}

    def _shaped(self, array: Array) -> Array:
        if self.name not in _IN_ROWS:
            return array
        length = self.arrays.length or min(ROW_LENGTH, array.size)
        return array[: array.size // length * length].reshape(-1, length)
