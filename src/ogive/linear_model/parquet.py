"""Parquet files: row groups are read anew on each pass, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from ogive.extras import require
from ogive.linear_model.pieces import Piece, dtype_of_rows
from ogive.linear_model.stored import rows_of_piece

Array = Any

# Bytes for the buffers of all columns together.
_BUFFERS = 8 << 20


class ParquetSource:
    """The rows of a Parquet file, or of all that a folder holds, in the order of their names.

    Parameters
    ----------
    path : str or os.PathLike
    target : str, sequence of str, or array-like
        The column of the target; several are the labels of an indicator matrix. An array of numbers
        has as many rows as the files.
    weight : str or array-like, optional
        The column of the rows' weights, or the weights.
    offset : str, sequence of str, or array-like, optional
        The columns of the offsets, or the offsets.
    columns : sequence of str, optional
        Those of the features; without them all that are nothing else.

    Raises
    ------
    FileNotFoundError
        Where there is no such file or folder, or none in it.
    ValueError
        Where a column is missing or the files differ.
    TypeError
        Where a feature's column does not hold real numbers.
    ModuleNotFoundError
        Without pyarrow.

    Examples
    --------
    >>> import os, tempfile
    >>> import pyarrow as pa, pyarrow.parquet as pq
    >>> from ogive.linear_model.parquet import ParquetSource
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "some.parquet")
    ...     pq.write_table(pa.table({"a": [1.0, 2.0], "y": ["no", "yes"]}), path)
    ...     source = ParquetSource(path, "y")
    ...     source.columns, [(p.matrix.tolist(), p.target.tolist()) for p in source.pieces()]
    (('a',), [([[1.0], [2.0]], ['no', 'yes'])])
    """

    def __init__(
        self,
        path: str | PathLike[str],
        target: Any,
        weight: Any = None,
        offset: Any = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        require("reading Parquet", "pyarrow", extra="parquet")
        self._paths = _files(Path(fspath(path)))
        self._beside = [_names(each) for each in (target, weight, offset)]
        self._given = [
            None if names or each is None else np.asarray(each)
            for names, each in zip(self._beside, (target, weight, offset), strict=True)
        ]
        used = {name for names in self._beside for name in names}
        schema = None
        groups: list[tuple[Path, int, int]] = []
        for file in self._paths:
            with _opened(file) as opened:
                if schema is None:
                    schema = opened.schema_arrow
                elif not schema.remove_metadata().equals(opened.schema_arrow.remove_metadata()):
                    raise ValueError(f"{file} has other columns than {self._paths[0]}.")
                sizes = [
                    opened.metadata.row_group(g).num_rows for g in range(opened.num_row_groups)
                ]
            groups += [(file, g, size) for g, size in enumerate(sizes)]
        assert schema is not None
        chosen = [name for name in schema.names if name not in used] if columns is None else columns
        self.columns = tuple(chosen)
        missing = [name for name in (*self.columns, *sorted(used)) if name not in schema.names]
        if missing:
            raise ValueError(f"{path} has no columns {', '.join(map(repr, missing))}.")
        if not self.columns:
            raise ValueError(f"{path} has no columns besides {', '.join(map(repr, sorted(used)))}.")
        self.dtype = _dtype(schema, self.columns)
        self._groups = groups
        self.shape = sum(size for _, _, size in groups), len(self.columns)
        for name, each in zip(("y", "sample_weight", "offset"), self._given, strict=True):
            if each is not None and (not each.ndim or len(each) != self.shape[0]):
                raise ValueError(
                    f"X has {self.shape[0]} rows, but {name} is of shape {each.shape}."
                )

    @property
    def features(self) -> int:
        """How many columns of features there are."""
        return len(self.columns)

    def pieces(self, every: int = 1) -> Iterator[Piece]:
        """Return pieces one after the other, each good until the next; one in `every`."""
        size = rows_of_piece(self.shape[1])
        buffer = np.empty((self.shape[1], size), self.dtype)
        # Rows of a group are written in one go: of many groups some are read, of few some pieces.
        whole = len(self._groups) >= 8 * every
        for start, batch in self._batches(self.columns, size, every if whole else 1):
            if not whole and every > 1 and start // size % every:
                continue
            for name, column in zip(self.columns, buffer, strict=True):
                column[: len(batch)] = _numbers(batch.column(name))
            yield self._piece(start, batch, buffer[:, : len(batch)].T)

    def targets(self) -> Iterator[Piece]:
        """Return pieces without their matrices."""
        for start, batch in self._batches((), 1 << 16, 1):
            yield self._piece(start, batch, None)

    def _batches(self, columns: Sequence[str], size: int, every: int) -> Iterator[tuple[int, Any]]:
        """Read record batches of one row group in `every`, with the row where each begins."""
        wanted = list(dict.fromkeys([*columns, *(n for names in self._beside for n in names)]))
        start, path, opened = 0, None, None
        with ExitStack() as stack:
            for index, (file, group, rows) in enumerate(self._groups):
                at, start = start, start + rows
                if index % every or not rows:
                    continue
                if not wanted:
                    yield at, range(rows)
                    continue
                if file != path:
                    stack.close()
                    opened, path = stack.enter_context(_opened(file, len(wanted))), file
                assert opened is not None
                for batch in opened.iter_batches(size, [group], wanted, use_threads=False):
                    yield at, batch
                    at += len(batch)

    def _piece(self, start: int, batch: Any, matrix: Array | None) -> Piece:
        found: list[Array | None] = []
        for names, given in zip(self._beside, self._given, strict=True):
            if given is not None:
                found.append(given[start : start + len(batch)])
            elif names:
                each = [_values(batch.column(name)) for name in names]
                found.append(each[0] if len(each) == 1 else np.stack(each, 1))
            else:
                found.append(None)
        return Piece(f"rows from {start}", matrix, *found)


def _opened(path: Path, columns: int = 1) -> Any:
    from pyarrow import parquet

    # Read through small buffers, one for each column: otherwise a whole row group is in memory.
    size = min(max(_BUFFERS // max(columns, 1), 1 << 14), 1 << 20)
    return parquet.ParquetFile(path, buffer_size=size, pre_buffer=False, memory_map=False)


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}.")
    if not path.is_dir():
        return [path]
    hidden = (".", "_")
    found = sorted(p for p in path.glob("*.parquet") if not p.name.startswith(hidden))
    if not found:
        raise FileNotFoundError(f"There are no files *.parquet in the folder {path}.")
    return found


def _names(of: Any) -> list[str]:
    """Return the names of columns, if it is names that were given."""
    if isinstance(of, str):
        return [of]
    listed = isinstance(of, (list, tuple)) and bool(of) and all(isinstance(n, str) for n in of)
    return list(of) if listed else []


def _dtype(schema: Any, columns: Sequence[str]) -> np.dtype[Any]:
    from pyarrow import types

    numbers = (types.is_integer, types.is_floating, types.is_boolean)
    kinds = {name: schema.field(name).type for name in columns}
    others = [f"{n!r} ({k})" for n, k in kinds.items() if not any(is_(k) for is_ in numbers)]
    if others:
        raise TypeError(
            f"Columns of features should hold real numbers, unlike {', '.join(others)}: encode "
            "them, or name the columns to be used."
        )
    return dtype_of_rows(
        *(np.bool_ if types.is_boolean(k) else k.to_pandas_dtype() for k in kinds.values())
    )


def _values(column: Any) -> Array:
    from pyarrow import types

    if column.null_count:
        raise ValueError("A column of targets, weights or offsets has missing values.")
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if types.is_string(column.type) or types.is_large_string(column.type):
        # Few different ones: strings of NumPy's own compare much faster than objects.
        coded = column.dictionary_encode()
        return np.array(coded.dictionary.to_pylist(), str)[coded.indices.to_numpy()]
    return _numbers(column)


def _numbers(column: Any) -> Array:
    from pyarrow import types

    if column.null_count or types.is_boolean(column.type) or not types.is_primitive(column.type):
        # What is missing is NaN then, and reported as such.
        return column.to_numpy(zero_copy_only=False)
    # The same without loading pandas.
    return np.from_dlpack(column)
