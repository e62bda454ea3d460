"""What the tests run over: every function, its derivatives and its backward passes, as one list.

Where this is imported, "bfloat16" names a dtype for NumPy too: `points` has loaded ml_dtypes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from points import dtype_of

import ogive
from ogive import _core
from ogive.catalog import CATALOG, KINDS, Function, Kind

DTYPES = ("float16", "float32", "float64")

MODULES: dict[str, Any] = {"value": ogive, "grad": ogive.grad, "backward": ogive.backward}


@dataclass(frozen=True)
class Subject:
    """One public function, called with the argument alone, and with `wrt` where it has one."""

    kind: Kind
    record: Function
    wrt: str | None = None

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def function(self) -> Callable[..., Any]:
        """The public function, its `wrt` filled in."""
        function = getattr(MODULES[self.kind], self.name)
        return partial(function, wrt=self.wrt) if self.wrt else function

    @property
    def ufunc(self) -> np.ufunc:
        """The native ufunc behind it."""
        if self.wrt:
            return getattr(_core, f"{self.kind}_{self.name}_{self.wrt}")
        return getattr(self.function, "ufunc", self.function)

    def __call__(self, x: Any, **keywords: Any) -> Any:
        """The result at x; of the backward pass for a grad_output of 3, in the dtype of x."""
        if self.kind != "backward":
            return self.function(x, **keywords)
        return self.function(np.asarray(3).astype(np.asarray(x).dtype)[()], x, **keywords)

    def __str__(self) -> str:
        return f"{self.kind}-{self.name}" + (f"-{self.wrt}" if self.wrt else "")


# The objects that are public; and with the derivatives that they give for a learned parameter.
PUBLIC = [Subject(kind, record) for kind in KINDS for record in CATALOG.values()]
SUBJECTS = PUBLIC + [
    Subject(kind, record, parameter.name)
    for kind in ("grad", "backward")
    for record in CATALOG.values()
    for parameter in record.parameters
    if parameter.learned
]


def bits(array: Any) -> np.ndarray:
    """The bit patterns of an array of floats, in which -0.0 is not 0.0."""
    array = np.ascontiguousarray(array)
    return array.view(f"u{array.dtype.itemsize}")


def arguments(name: str, dtype: str, n: int, seed: int = 0) -> np.ndarray:
    """Ordinary arguments of a function: within its domain, where nothing overflows."""
    rng = np.random.default_rng(seed)
    low, high = CATALOG[name].domain
    return rng.uniform(max(low + 0.001, -8.0), min(high - 0.001, 8.0), n).astype(dtype_of(dtype))
