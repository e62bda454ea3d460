"""The accuracy tables that NumPy publishes with its tests (umath-validation-set-*.csv)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np


@dataclass(frozen=True)
class Table:
    """The rows of one function in one dtype."""

    x: np.ndarray
    y: np.ndarray  # computed in higher precision and rounded once
    allowed: int  # the error in ulp that NumPy allows itself


@cache
def table(function: str, dtype: str) -> Table:
    """Read a table; the floats in it are written as bit patterns, so that none is rounded."""
    text = files("numpy._core.tests").joinpath(f"data/umath-validation-set-{function}.csv")
    rows = [line.split(",") for line in text.read_text().splitlines()]
    rows = [row for row in rows if row[0] == f"np.{dtype}"]
    unsigned = f"u{np.dtype(dtype).itemsize}"
    x, y = (np.array([int(row[i], 16) for row in rows], unsigned).view(dtype) for i in (1, 2))
    # NumPy's README: where the rows of a dtype differ, the largest counts.
    return Table(x, y, max(int(row[3]) for row in rows))
