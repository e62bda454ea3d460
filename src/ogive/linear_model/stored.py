"""Matrices in files: read piece by piece on each pass, so that memory does not limit their size."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from ogive.linear_model.pieces import PIECE_BYTES, Piece, dtype_of_rows

Array = Any


def rows_of_piece(features: int) -> int:
    """Return how many rows are read at a time.

    Examples
    --------
    >>> from ogive.linear_model.stored import rows_of_piece
    >>> rows_of_piece(512)
    1024
    """
    return max(1, PIECE_BYTES // (8 * max(features, 1)))


class ArrayFile:
    """A matrix in a .npy file, in either order.

    It is read, not mapped: what is read goes to one piece of memory that is used again and again,
    so that the process stays small by every measure. Pages of a map would count as the process's
    own until the system takes them back.

    Parameters
    ----------
    path : str or os.PathLike

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    ValueError
        Where it holds no matrix, or is shorter than it says.
    TypeError
        Where it does not hold real numbers.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from ogive.linear_model.stored import ArrayFile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "x.npy")
    ...     np.save(path, np.arange(6.0).reshape(3, 2))
    ...     [(start, block.tolist()) for start, block in ArrayFile(path).blocks(2, 1)]
    [(0, [[0.0, 1.0], [2.0, 3.0]]), (2, [[4.0, 5.0]])]
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(fspath(path))
        with self.path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            read = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }.get(version)
            if read is None:
                raise ValueError(f"{self.path} is of the unknown version {version} of .npy.")
            shape, self.by_columns, self.stored = read(file)
            self._start = file.tell()
        if len(shape) != 2:
            raise ValueError(f"Expected 2D array, got an array of shape {shape} in {self.path}.")
        self.shape: tuple[int, int] = shape
        self.dtype = dtype_of_rows(self.stored)
        expected = self._start + shape[0] * shape[1] * self.stored.itemsize
        if self.path.stat().st_size < expected:
            raise ValueError(f"{self.path} is shorter than the {expected} bytes that it announces.")

    def blocks(self, size: int, every: int) -> Iterator[tuple[int, Array]]:
        """Read blocks of rows; each is good until the next is read.

        Parameters
        ----------
        size : int
            Rows of a block.
        every : int
            One block in so many is read.

        Yields
        ------
        tuple of (int, ndarray)
            Where it begins, and its rows.
        """
        rows, features = self.shape
        shape = (features, size) if self.by_columns else (size, features)
        buffer = np.empty(shape, self.stored)
        with self.path.open("rb", buffering=0) as file:
            for start in range(0, rows, size * every):
                count = min(size, rows - start)
                if self.by_columns:
                    for column in range(features):
                        self._read(file, column * rows + start, buffer[column, :count])
                    block = buffer[:, :count].T
                else:
                    self._read(file, start * features, buffer[:count])
                    block = buffer[:count]
                yield start, block.astype(self.dtype, copy=False)

    def _read(self, file: Any, entry: int, into: Array) -> None:
        file.seek(self._start + entry * self.stored.itemsize)
        empty = memoryview(into.reshape(-1).view(np.uint8))
        while len(empty):
            count = file.readinto(empty)
            if not count:
                raise ValueError(f"{self.path} has become shorter since it was opened.")
            empty = empty[count:]


class MappedArray:
    """A matrix that NumPy has mapped into memory, or any other that is not to be copied.

    Its pages are the file's own: the system takes them back where it needs memory.

    Parameters
    ----------
    matrix : numpy.memmap, shape (n, features)

    Raises
    ------
    ValueError
        Where it is no matrix.
    TypeError
        Where it does not hold real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.stored import MappedArray
    >>> [block.dtype for _, block in MappedArray(np.eye(3, dtype=np.int8)).blocks(2, 1)]
    [dtype('float32'), dtype('float32')]
    """

    def __init__(self, matrix: Array) -> None:
        if matrix.ndim != 2:
            raise ValueError(f"Expected 2D array, got an array of shape {matrix.shape}.")
        # A view of the plain class, for results would be of the class of the map too.
        self._matrix = np.asarray(matrix).view(np.ndarray)
        self.shape: tuple[int, int] = matrix.shape
        self.dtype = dtype_of_rows(matrix.dtype)

    def blocks(self, size: int, every: int) -> Iterator[tuple[int, Array]]:
        """Return blocks of rows, one in `every`, with the row where each begins."""
        for start in range(0, len(self._matrix), size * every):
            yield start, self._matrix[start : start + size].astype(self.dtype, copy=False)


class ArraySource:
    """The rows of a stored matrix, with what belongs to them in arrays, mapped ones too.

    Parameters
    ----------
    matrix : ArrayFile or MappedArray
    target : array-like, shape (n,) or (n, labels), optional
        Without it there are only scores.
    weight : array-like, shape (n,), optional
    offset : array-like, shape (n,) or (n, columns), optional

    Raises
    ------
    ValueError
        Where their numbers of rows differ.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.pieces import census
    >>> from ogive.linear_model.stored import ArraySource, MappedArray
    >>> source = ArraySource(MappedArray(np.eye(3)), ["b", "a", "b"])
    >>> census(source).rows
    array([[1, 2]])
    """

    columns: tuple[str, ...] | None = None

    def __init__(
        self,
        matrix: Any,
        target: Array | None,
        weight: Array | None = None,
        offset: Array | None = None,
    ) -> None:
        self._matrix = matrix
        beside = target, weight, offset
        self._beside = [None if each is None else np.asarray(each) for each in beside]
        self.shape: tuple[int, int] = matrix.shape
        for name, each in zip(("y", "sample_weight", "offset"), self._beside, strict=True):
            if each is not None and (not each.ndim or len(each) != self.shape[0]):
                raise ValueError(
                    f"X has {self.shape[0]} rows, but {name} is of shape {each.shape}."
                )
        self._size = rows_of_piece(self.shape[1])

    @property
    def features(self) -> int:
        """How many columns there are."""
        return self.shape[1]

    def pieces(self, every: int = 1) -> Iterator[Piece]:
        """Return pieces one after the other, each good until the next; one in `every`."""
        # So few rows that they are one piece are all looked at.
        every = max(1, min(every, self.shape[0] // self._size))
        for start, block in self._matrix.blocks(self._size, every):
            yield self._piece(start, block)

    def targets(self) -> Iterator[Piece]:
        """Return pieces without their matrices."""
        for start in range(0, self.shape[0], self._size):
            yield self._piece(start, None)

    def _piece(self, start: int, block: Array | None) -> Piece:
        rows = slice(start, min(start + self._size, self.shape[0]))
        beside = (None if each is None else each[rows] for each in self._beside)
        name = f"block {start // self._size} (from row {start})"
        return Piece(name, block, *beside)
