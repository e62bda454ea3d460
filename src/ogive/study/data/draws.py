"""Random numbers that no later version of a library can change: SHAKE-256 of a name.

NumPy may change what its generators' distributions draw (NEP 19), and a synthetic set is named by
its options alone: the same name must stay the same data.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["normal", "uniform"]


def uniform(name: str, *shape: int) -> NDArray[np.float64]:
    """Return numbers that are uniform on (0, 1], independent for different names.

    Parameters
    ----------
    name : str
        What they are for, with the seed: names one stream each.
    *shape : int
        How many.

    Returns
    -------
    ndarray of float64, of the given shape
        No entry is 0; one is 1 with the probability 2⁻⁵³, by rounding.

    Examples
    --------
    >>> uniform("an example, seed 0", 2).round(4)
    array([0.593, 0.044])
    """
    count = int(np.prod(shape))
    bits = np.frombuffer(hashlib.shake_256(name.encode()).digest(8 * count), "<u8")
    # The 53 bits of a float64, in the middle of their interval: the last rounds to 1.
    return (((bits >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53).reshape(shape)


def normal(name: str, *shape: int) -> NDArray[np.float64]:
    """Return standard normal numbers, by Box and Muller's transformation; see `uniform`.

    Parameters
    ----------
    name : str
        What they are for, with the seed, as for `uniform`.
    *shape : int
        How many.

    Returns
    -------
    ndarray of float64, of the given shape

    Examples
    --------
    >>> normal("an example, seed 0", 1000).std().round(1)
    np.float64(1.0)
    """
    first, second = uniform(name, 2, *shape)
    found: NDArray[np.float64] = np.sqrt(-2 * np.log(first)) * np.cos(2 * np.pi * second)
    return found
