"""Letter and Shuttle, from the R package mlbench, read by the Python package rdata."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ogive.study.data.arrays import from_arrays
from ogive.study.data.dataset import Dataset

__all__ = ["FOLDER", "letter", "letter_arrays", "shuttle"]

FOLDER = "/usr/lib/R/site-library/mlbench/data"
"""Where Debian's r-cran-mlbench puts them."""


def letter(path: str = FOLDER) -> Dataset:
    """Return Letter recognition: 20,000 rows of 16 features, 26 classes.

    Parameters
    ----------
    path : str
        The folder ``data`` of mlbench, or the file LetterRecognition.rda.

    Returns
    -------
    Dataset
        Of the kind "vectors".

    Raises
    ------
    ValueError
        If it is not there, or cannot be read.
    """
    return from_arrays(*letter_arrays(path))


def letter_arrays(path: str | Path = FOLDER) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """Return the features of Letter recognition and the letters, in their published order.

    Parameters
    ----------
    path : str or Path
        The folder ``data`` of mlbench, or the file LetterRecognition.rda.

    Returns
    -------
    features : ndarray of float64, shape (20000, 16)
        As they stand there.
    letters : ndarray of str, shape (20000,)
        "A" to "Z".

    Raises
    ------
    ValueError
        If it is not there, or cannot be read.
    """
    return _frame(path, "LetterRecognition", "lettr")


def shuttle(path: str = FOLDER) -> Dataset:
    """Return Statlog (Shuttle): 58,000 rows of 9 features, 7 classes.

    Parameters
    ----------
    path : str
        The folder ``data`` of mlbench, or the file Shuttle.rda.

    Returns
    -------
    Dataset
        Of the kind "vectors".

    Raises
    ------
    ValueError
        If it is not there, or cannot be read.
    """
    return from_arrays(*_frame(path, "Shuttle", "Class"))


def _frame(
    path: str | Path, name: str, target: str
) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """Return the features and the target of a data frame."""
    file = Path(path, f"{name}.rda") if os.path.isdir(path) else Path(path)
    if not file.is_file():
        raise ValueError(f"there is no {file}")
    import rdata

    try:
        with warnings.catch_warnings():
            # mlbench's files do not say their encoding; they hold ASCII.
            warnings.filterwarnings("ignore", "Unknown encoding", UserWarning)
            frame: Any = rdata.read_rda(file)[name]
        classes = frame.pop(target).astype(str).to_numpy(np.str_)
        return frame.to_numpy(np.float64), classes
    except Exception as error:  # whatever rdata and pandas raise over a file of another kind
        said = " ".join(str(error).split())
        raise ValueError(
            f"{file} does not hold {name} as mlbench has it: {type(error).__name__}: {said}"
        ) from error
