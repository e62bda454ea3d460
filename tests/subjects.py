"""What the tests run over: every function, its derivative and its backward pass, as one list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import ogive
from ogive.catalog import CATALOG, KINDS, Function, Kind

DTYPES = ("float16", "float32", "float64")

MODULES: dict[str, Any] = {"value": ogive, "grad": ogive.grad, "backward": ogive.backward}


@dataclass(frozen=True)
class Subject:
    """One public function, called with the argument alone."""

    kind: Kind
    record: Function

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def function(self) -> Callable[..., Any]:
        """The public function."""
        return getattr(MODULES[self.kind], self.name)

    @property
    def ufunc(self) -> np.ufunc:
        """The native ufunc behind it."""
        return getattr(self.function, "ufunc", self.function)

    def __call__(self, x: Any, **keywords: Any) -> Any:
        """The result at x; of the backward pass for a grad_output of 3, in the dtype of x."""
        if self.kind != "backward":
            return self.function(x, **keywords)
        return self.function(np.asarray(3).astype(np.asarray(x).dtype)[()], x, **keywords)

    def __str__(self) -> str:
        return f"{self.kind}-{self.name}"


SUBJECTS = [Subject(kind, record) for kind in KINDS for record in CATALOG.values()]


def bits(array: Any) -> np.ndarray:
    """The bit patterns of an array of floats, in which -0.0 is not 0.0."""
    array = np.ascontiguousarray(array)
    return array.view(f"u{array.dtype.itemsize}")


def arguments(name: str, dtype: str, n: int, seed: int = 0) -> np.ndarray:
    """Ordinary arguments of a function: within its domain, where nothing overflows."""
    rng = np.random.default_rng(seed)
    low, high = (0.001, 0.999) if name == "logit" else (-8.0, 8.0)
    return rng.uniform(low, high, n).astype(dtype)
