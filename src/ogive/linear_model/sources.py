"""Where a fit's rows come from when they are not an array in memory."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from ogive.linear_model.census import Census, Encoding
from ogive.linear_model.distributed import DaskSource
from ogive.linear_model.parquet import ParquetSource
from ogive.linear_model.pieces import PiecewiseRows, census
from ogive.linear_model.rows import Rows
from ogive.linear_model.stored import ArrayFile, ArraySource, MappedArray

Array = Any

_OF_PARQUET = (".parquet", ".pq")


@dataclass(frozen=True)
class Opened:
    """Rows that are ready to be passed over, once it is known how to encode their targets.

    Attributes
    ----------
    source : ArraySource, ParquetSource or DaskSource
    census : ogive.linear_model.census.Census
        What the targets hold: classes, numbers of rows, weights.
    """

    source: Any
    census: Census

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The names of the features, where they have any."""
        columns: tuple[str, ...] | None = self.source.columns
        return columns

    def rows(self, encoding: Encoding) -> Rows:
        """Return the rows with encoded targets."""
        if isinstance(self.source, DaskSource):
            return self.source.rows(encoding, self.census)
        return PiecewiseRows(self.source, encoding)


def is_stored(X: Any) -> bool:
    """Whether features are read block by block: a path, a memory map or a Dask collection.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.sources import is_stored
    >>> is_stored("table.parquet"), is_stored(np.eye(2))
    (True, False)
    """
    stored = isinstance(X, (str, PathLike, np.memmap))
    return stored or hasattr(X, "__dask_graph__")


def open_rows(X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> Opened:
    """Open features that are read block by block, and look at their targets once.

    Parameters
    ----------
    X : str, os.PathLike, numpy.memmap, dask.array.Array or dask.dataframe.DataFrame
        A path is of a .npy file, of a Parquet file, or of a folder of Parquet files.
    y, sample_weight, offset : array-like, dask collection, or name of a column
        Beside Parquet the name of a column, of y and offset also a list of names; beside a .npy
        file or a memory map an array or the path of a .npy file; beside a Dask collection another
        one or an array.

    Returns
    -------
    Opened

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    ValueError, TypeError
        Where X, y, weights and offsets do not belong together, or are of no use; features that are
        not finite are found by the first pass over them.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from ogive.linear_model.sources import open_rows
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "x.npy")
    ...     np.save(path, np.eye(4))
    ...     opened = open_rows(path, ["no", "yes", "no", "no"])
    >>> opened.census.classes.tolist(), opened.census.totals()
    (['no', 'yes'], (array([4.]), array([[0.25]])))
    """
    if hasattr(X, "__dask_graph__"):
        of_dask = DaskSource(X, y, sample_weight, offset)
        return Opened(of_dask, of_dask.census())
    if isinstance(X, (str, PathLike)):
        path = Path(fspath(X))
        if not path.exists():
            raise FileNotFoundError(f"There is no file or folder {path}.")
        if path.is_dir() or path.suffix in _OF_PARQUET:
            table = ParquetSource(path, y, sample_weight, offset)
            return Opened(table, census(table))
        if path.suffix != ".npy":
            raise ValueError(f"{path} is neither a folder nor named *.npy, *.parquet or *.pq.")
        matrix: Any = ArrayFile(path)
    else:
        matrix = MappedArray(X)
    beside = (_mapped(each) for each in (y, sample_weight, offset))
    source = ArraySource(matrix, *beside)
    return Opened(source, census(source))


def _mapped(each: Any) -> Any:
    if isinstance(each, (str, PathLike)):
        return np.load(each, mmap_mode="r")
    return each
