"""Where a fit's rows come from when they are not an array in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from ogive.linear_model.census import Census, Encoding
from ogive.linear_model.distributed import DaskSource
from ogive.linear_model.parquet import ParquetSource
from ogive.linear_model.pieces import PiecewiseRows, census, scores_of_piece
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

    @property
    def features(self) -> int:
        """How many features there are."""
        features: int = self.source.features
        return features

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
    >>> opened.census.classes.tolist(), opened.census.weight
    (['no', 'yes'], array([[3., 1.]]))
    """
    if y is None:
        raise ValueError("y has to be given: an array, or the name of a column of a Parquet file.")
    source = _source(X, y, sample_weight, offset)
    return Opened(source, source.census() if isinstance(source, DaskSource) else census(source))


def scores_of_stored(
    X: Any, coef: Array, intercept: Array, offset: Any = None, columns: Sequence[str] | None = None
) -> Array:
    """Return the scores of features that are read block by block.

    Parameters
    ----------
    X : str, os.PathLike, numpy.memmap, dask.array.Array or dask.dataframe.DataFrame
        As for `open_rows`.
    coef : ndarray of float64, shape (vectors, features)
    intercept : ndarray of float64, shape (vectors,)
    offset : object, optional
        Added to the scores: as for `open_rows`, of one column or of one for each vector.
    columns : sequence of str, optional
        Those of the features, in Parquet and in data frames, which may have others too.

    Returns
    -------
    ndarray of float64, shape (n, vectors)
        In memory.

    Raises
    ------
    FileNotFoundError, ValueError, TypeError
        As `open_rows` does, and for another number of features.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from ogive.linear_model.sources import scores_of_stored
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "x.npy")
    ...     np.save(path, np.eye(2))
    ...     scores_of_stored(path, np.array([[3.0, 4.0]]), np.array([0.5])).ravel()
    array([3.5, 4.5])
    """
    source = _source(X, None, None, offset, columns)
    if source.features != coef.shape[1]:
        raise ValueError(
            f"X has {source.features} features, but {coef.shape[1]} features are expected as input."
        )
    ask = scores_of_piece(coef, intercept)
    found = source.each(ask) if isinstance(source, DaskSource) else map(ask, source.pieces())
    return np.concatenate([np.empty((0, len(coef))), *found])


def _source(
    X: Any, y: Any, sample_weight: Any, offset: Any, columns: Sequence[str] | None = None
) -> Any:
    if hasattr(X, "__dask_graph__"):
        if columns is not None and hasattr(type(X), "divisions"):
            X = X[list(columns)]
        return DaskSource(X, y, sample_weight, offset)
    if isinstance(X, (str, PathLike)):
        path = Path(fspath(X))
        if not path.exists():
            raise FileNotFoundError(f"There is no file or folder {path}.")
        if path.is_dir() or path.suffix in _OF_PARQUET:
            return ParquetSource(path, y, sample_weight, offset, columns)
        if path.suffix != ".npy":
            raise ValueError(f"{path} is neither a folder nor named *.npy, *.parquet or *.pq.")
        matrix: Any = ArrayFile(path)
    else:
        matrix = MappedArray(X)
    return ArraySource(matrix, *(_mapped(each) for each in (y, sample_weight, offset)))


def _mapped(each: Any) -> Any:
    if isinstance(each, (str, PathLike)):
        return np.load(each, mmap_mode="r")
    return each
