"""The arrays that all contenders of a row share, made once for a size and dtype."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ogive.catalog import CATALOG

__all__ = ["KINDS", "ROWS", "Array", "Arrays", "Call", "Work", "names"]

Array = NDArray[Any]
Call = Callable[[], Any]

KINDS = ("value", "grad", "backward")
ROWS = ("softmax", "log_softmax", "logsumexp")
ROW_LENGTH = 256

# Functions of something other than any real number, and which of the inputs they get.
_INPUT = {"logit": "probability", "odds": "probability", "log1mexp": "positive"}
_DIFFERENT_NUMBERS = 1 << 20
_ALIGNMENT = 64


def names(kind: str) -> tuple[str, ...]:
    """Return what can be measured of a kind: rows have values only."""
    return (*CATALOG, *ROWS) if kind == "value" else tuple(CATALOG)


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
    real : ndarray
        Normally distributed with standard deviation 2, unless given.
    kept : dict
        What a library wants to keep beside the arrays: copies in its own memory, for example.
    """

    count: int
    dtype: str
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
        A function of the catalogue, or one of `ROWS`.
    kind : {'value', 'grad', 'backward'}
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
        """The argument; for rows a matrix with 256 columns."""
        return self._shaped(getattr(self.arrays, self.domain))

    @property
    def g(self) -> Array:
        """The gradient from above, for a backward."""
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
        if self.name not in ROWS:
            return array
        length = min(ROW_LENGTH, array.size)
        return array[: array.size // length * length].reshape(-1, length)
