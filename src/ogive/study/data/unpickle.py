"""Reading pickles of arrays from elsewhere, without running what they ask for.

A pickle is a program: it may name any function of any module and call it. The data sets that are
published as pickles need three names, all of NumPy's, to put arrays together; whatever asks for
another is refused.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np

__all__ = ["unpickle"]

# The function is private to NumPy, and in another module since NumPy 2; arrays themselves name it.
_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    ("numpy._core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no array needs")
        return _ALLOWED[module, name]


def unpickle(name: str, content: bytes) -> Any:
    """Return what a pickle holds: arrays, numbers, texts, and lists and dicts of these.

    Parameters
    ----------
    name : str
        What it is called in messages.
    content : bytes
        The pickle; texts of Python 2 become bytes.

    Returns
    -------
    object

    Raises
    ------
    ValueError
        If it asks for anything else, or is damaged.

    Examples
    --------
    >>> unpickle("a list", pickle.dumps([1, 2.0, "three"]))
    [1, 2.0, 'three']
    >>> unpickle("a function", pickle.dumps(print))
    Traceback (most recent call last):
    ...
    ValueError: a function is refused: it asks for builtins.print, which no array needs
    """
    try:
        return _Unpickler(io.BytesIO(content), encoding="bytes").load()
    except pickle.UnpicklingError as error:
        raise ValueError(f"{name} is refused: {error}") from None
    except Exception as error:  # a damaged pickle raises anything
        raise ValueError(f"{name} is no pickle, or damaged: {type(error).__name__}") from None
