"""Standardisation by the training part, block by block.

Sums are taken in float64, which a data set of pictures is never as a whole: that would be eight
times its size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ogive.study.data.dataset import InputKind

__all__ = ["Scale", "scale_of", "standardised"]

ENTRIES = 1 << 20
"""Of a block, more or less: few enough for the caches' sake, too."""


@dataclass(frozen=True, eq=False)
class Scale:
    """Mean and standard deviation of each feature or channel, of shapes that broadcast.

    Attributes
    ----------
    centre, spread : ndarray of float64, shape (1, ...)
        In the unit of the inputs; no spread is 0.
    """

    centre: NDArray[np.float64]
    spread: NDArray[np.float64]


def scale_of(values: NDArray[Any], rows: NDArray[np.int64], kind: InputKind) -> Scale:
    """Return the scale of some rows.

    Parameters
    ----------
    values : ndarray, shape (rows, ...)
        Real numbers.
    rows : ndarray of int64
        Which rows count: those of the training part.
    kind : {"vectors", "images", "sequences"}
        Tells what has a scale of its own: a feature of vectors and sequences, a channel of images.

    Returns
    -------
    Scale
        With the spread 1 where all entries are equal, and their value as the centre, so that they
        become exactly 0.

    Raises
    ------
    ValueError
        If an entry is not finite, or the spread of some is beyond float64.

    Examples
    --------
    >>> scale = scale_of(np.array([[0.0, 0.1], [4.0, 0.1]]), np.array([0, 1]), "vectors")
    >>> scale.centre, scale.spread
    (array([[2. , 0.1]]), array([[2., 1.]]))
    """
    kept = {"vectors": 1, "images": 1, "sequences": 2}[kind]
    axes = tuple(axis for axis in range(values.ndim) if axis != kept)
    number = len(rows) * values[0].size // values.shape[kept]
    shape = [size if axis == kept else 1 for axis, size in enumerate(values.shape)]
    lowest, highest = np.full(shape, np.inf), np.full(shape, -np.inf)
    total, squares = np.zeros(shape), np.zeros(shape)
    with np.errstate(over="ignore", invalid="ignore"):
        for _, block in _blocks(values, rows):
            lowest = np.minimum(lowest, block.min(axis=axes, keepdims=True))
            highest = np.maximum(highest, block.max(axis=axes, keepdims=True))
            total += block.sum(axis=axes, keepdims=True, dtype=np.float64)
        centre = total / number
        for _, block in _blocks(values, rows):
            away = block - centre
            squares += np.square(away, out=away).sum(axis=axes, keepdims=True)
    spread = np.sqrt(squares / number)
    constant = lowest == highest
    scale = Scale(np.where(constant, lowest, centre), np.where(constant, 1.0, spread))
    if not np.isfinite(scale.spread).all():
        # Divided by an infinite spread, a feature would become 0 without a word.
        raise ValueError(_why(lowest, highest))
    return scale


def standardised(
    values: NDArray[Any], rows: NDArray[np.int64], scale: Scale
) -> NDArray[np.float32]:
    """Return some rows, standardised, in float32.

    Parameters
    ----------
    values : ndarray, shape (rows, ...)
        Real numbers.
    rows : ndarray of int64
        Which of them, in the order in which they are wanted.
    scale : Scale
        Of the training part.

    Returns
    -------
    ndarray of float32, shape (len(rows), ...)
        Less the centre, over the spread; a new array.

    Raises
    ------
    ValueError
        If an entry is not finite, or not after standardisation.

    Examples
    --------
    >>> values = np.array([[0], [4]], np.uint8)
    >>> rows = np.array([1, 0])
    >>> standardised(values, rows, scale_of(values, rows, "vectors"))
    array([[ 1.],
           [-1.]], dtype=float32)
    """
    found = np.empty((len(rows), *values.shape[1:]), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for place, block in _blocks(values, rows):
            away = block - scale.centre
            found[place] = np.divide(away, scale.spread, out=away)
            if not np.isfinite(found[place]).all():
                raise ValueError(_why(block))
    return found


def _why(*values: NDArray[Any]) -> str:
    """Say why values cannot be standardised."""
    if all(np.isfinite(each).all() for each in values):
        return "an input is too large to be standardised in float32"
    return "an input is not finite"


def _blocks(values: NDArray[Any], rows: NDArray[np.int64]) -> Iterator[tuple[slice, NDArray[Any]]]:
    step = max(1, ENTRIES // max(1, values[0].size))
    for begin in range(0, len(rows), step):
        place = slice(begin, begin + step)
        yield place, values[rows[place]]
