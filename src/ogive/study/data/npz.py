"""A person's own arrays in a file of NumPy's."""

from __future__ import annotations

import zipfile
import zlib

import numpy as np

from ogive.study.data.arrays import from_arrays
from ogive.study.data.dataset import Dataset

__all__ = ["named_arrays", "npz"]

ONE = ("x", "y")
TWO = ("x_train", "y_train", "x_test", "y_test")
SCIKIT_LEARN = ("data", "target")


def npz(path: str, *, kind: str = "any") -> Dataset:
    """Return the data set of an ``.npz`` file.

    Parameters
    ----------
    path : str
        The file, with arrays ``X`` and ``y``, or ``x_train``, ``y_train``, ``x_test``, ``y_test``;
        large or small letters.
    kind : {"any", "vectors", "images", "sequences"}
        How the inputs are to be read; "any" to tell it from their shape.

    Returns
    -------
    Dataset
        Classes in the sorted order of the targets.

    Raises
    ------
    ValueError
        If it is another kind of file, or its arrays make no data set.
    OSError
        If it cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/mine.npz", X=np.arange(10.0)[:, None], y=[0, 1] * 5)
    ...     npz(f"{folder}/mine.npz").shape
    Shape(kind='vectors', inputs=(1,), classes=2)
    """
    try:
        # Opened here: np.load leaves a file open that turns out to be damaged.
        with open(path, "rb") as stream:
            # Without pickles: an array of objects would be a program.
            file = np.load(stream, allow_pickle=False)
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise ValueError("it holds one array without a name")
            return named_arrays({name: file[name] for name in _wanted(file.files)}, kind)
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        said = " ".join(str(error).split())
        raise ValueError(f"{path}: {said}") from None


def named_arrays(arrays: dict[str, object], kind: str = "any") -> Dataset:
    """Return the data set of arrays with names.

    Parameters
    ----------
    arrays : dict
        ``X`` and ``y``, or ``x_train``, ``y_train``, ``x_test``, ``y_test``, or, as scikit-learn
        has them, ``data`` and ``target``; large or small letters. Others are not looked at.
    kind : {"any", "vectors", "images", "sequences"}
        How the inputs are to be read.

    Returns
    -------
    Dataset
        Classes in the sorted order of the targets.

    Raises
    ------
    ValueError
        If the names are others, or the arrays make no data set.

    Examples
    --------
    >>> data = named_arrays({"X": np.arange(10.0)[:, None], "y": [0, 1] * 5})
    >>> len(data.train), len(data.validation), len(data.test)
    (6, 2, 2)
    """
    wanted = _wanted(list(arrays))
    found = [arrays[name] for name in wanted]
    told = "" if kind == "any" else kind
    test = (found[2], found[3]) if len(found) == 4 else None
    return from_arrays(found[0], found[1], test, kind=told)


def _wanted(names: list[str]) -> list[str]:
    """Return the names under which the arrays stand, in the order of inputs, targets."""
    known = {name.lower(): name for name in names}
    for form in (TWO, ONE, SCIKIT_LEARN):
        if all(name in known for name in form):
            return [known[name] for name in form]
    raise ValueError(
        f"expected arrays X and y, or {', '.join(TWO)}, not {', '.join(sorted(names)) or 'none'}"
    )
