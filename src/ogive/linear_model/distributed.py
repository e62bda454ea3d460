"""Dask arrays and data frames: a task for each block, and only sums come back.

Every pass is one `dask.compute` of a tree of sums, with whatever scheduler the caller has set. Each
block is computed anew on each pass: `X.persist()` keeps blocks where their workers are. The
scheduler "processes" starts them for each pass, unless `dask.config.set(pool=...)` names a pool.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import methodcaller
from typing import Any

import numpy as np
from scipy import sparse

from ogive import _core
from ogive.extras import require
from ogive.linear_model.census import Census, Encoding
from ogive.linear_model.pieces import (
    Each,
    Piece,
    Question,
    answer,
    dtype_of_rows,
    take_census,
    total,
)
from ogive.linear_model.rows import Parameters, Rows, Scatter, Sums

Array = Any

# So many sums are added by one task.
_FAN_IN = 8


class DaskSource:
    """The blocks of a Dask array or data frame, with what belongs to them.

    Parameters
    ----------
    X : dask.array.Array or dask.dataframe.DataFrame
        An array in chunks of known sizes; of several chunks of columns one is made, when a block
        is computed.
    y : dask collection or array-like, shape (n,) or (n, labels)
        Beside a data frame a collection of the same partitions.
    sample_weight, offset : dask collection or array-like, optional
        Likewise.

    Raises
    ------
    ValueError
        Where the sizes of chunks are unknown, or numbers of rows or partitions differ.
    TypeError
        Where features are no real numbers, or X is another collection.
    ModuleNotFoundError
        Without Dask.

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from ogive.linear_model.distributed import DaskSource
    >>> source = DaskSource(da.ones((4, 2), chunks=(3, 2)), np.array([0, 1, 1, 1]))
    >>> found = source.census()
    >>> source.rows(found.encoding(), found).origin()
    array([1., 1.])
    """

    def __init__(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> None:
        require("a Dask collection", "dask", extra="dask")
        self.columns: tuple[str, ...] | None = None
        if _is_of_frame(X) and X.ndim == 2:
            self.columns = tuple(X.columns)
            self.dtype = _dtype_of_frame(X)
            self._features = len(self.columns)
            blocks, lengths = X.to_delayed(), None
            divisions = X.divisions if X.known_divisions else None
        else:
            X = _checked_array(X)
            self.dtype = dtype_of_rows(X.dtype)
            self._features = X.shape[1]
            blocks, lengths, divisions = X.to_delayed()[:, 0], X.chunks[0], None
        beside = [
            _beside(name, each, lengths, divisions, len(blocks))
            for name, each in (("y", y), ("sample_weight", sample_weight), ("offset", offset))
        ]
        starts = [""] * len(blocks)
        if lengths is not None:
            starts = [f" (from row {start})" for start in np.cumsum((0, *lengths[:-1]))]
        self._parts = [
            (f"block {i}{start}", block, *(each[i] for each in beside))
            for i, (start, block) in enumerate(zip(starts, blocks, strict=True))
        ]

    def census(self) -> Census:
        """Look at all targets, in one pass over them alone.

        Raises
        ------
        ValueError
            Where there are no rows, or as `ogive.linear_model.census.census_of` does.
        """
        from dask import delayed

        look = delayed(_census_of_block, pure=False)
        found = _compute_total(look(name, *beside) for name, _, *beside in self._parts)
        if found is None:
            raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required.")
        census: Census = found
        return census

    def rows(self, encoding: Encoding, census: Census) -> DaskRows:
        """Return the rows with encoded targets."""
        return DaskRows(self, encoding, census.size)

    @property
    def features(self) -> int:
        """How many columns there are."""
        return self._features

    def ask(self, question: Question, encoding: Encoding, first: int | None = None) -> Any:
        """Ask all blocks a question, or one of them, and add the answers.

        Parameters
        ----------
        question : callable
            Of `ogive.linear_model.rows.Rows`.
        encoding : ogive.linear_model.census.Encoding
        first : int, optional
            The block to be asked.

        Returns
        -------
        Sums, Scatter, ndarray, or None
            None where all are empty.
        """
        from dask import delayed

        # One key for all tasks, so that parameters reach each worker once.
        asked = delayed((question, encoding, self.dtype), pure=False, traverse=False)
        task = delayed(_answer_of_block, pure=False)
        parts = self._parts if first is None else self._parts[first : first + 1]
        return _compute_total(task(asked, *part) for part in parts)

    def each(self, ask: Callable[[Piece], Array]) -> list[Array]:
        """Call a function on every block, with what belongs to it; return what each brings."""
        from dask import delayed

        asked = delayed((ask, self.dtype), pure=False, traverse=False)
        task = delayed(_ask_block, pure=False)
        found: list[Array] = _compute(delayed([task(asked, *part) for part in self._parts]))
        return found

    def __len__(self) -> int:
        """How many blocks there are."""
        return len(self._parts)


class DaskRows:
    """Rows of a Dask collection.

    Parameters
    ----------
    source : DaskSource
    encoding : ogive.linear_model.census.Encoding
        Of its targets.
    size : int
        How many rows there are, which a data frame does not know itself.
    """

    def __init__(self, source: DaskSource, encoding: Encoding, size: int) -> None:
        self.source = source
        self.encoding = encoding
        self._size = size

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and features."""
        return self._size, self.source.features

    def of_problems(self, problems: Array) -> Rows:
        """Return the same rows with some of the problems."""
        return DaskRows(self.source, self.encoding.of_problems(problems), self._size)

    def evaluate(self, parameters: Parameters) -> Sums:
        """Pass over all rows: losses and gradient."""
        found: Sums = self.source.ask(methodcaller("evaluate", parameters), self.encoding)
        return found

    def scatter(
        self, origin: Array, parameters: Parameters | None, share: int, diagonal: bool
    ) -> Scatter:
        """Pass over one row in `share` of each block: moments."""
        question = methodcaller("scatter", origin, parameters, share, diagonal)
        found: Scatter = self.source.ask(question, self.encoding)
        return found

    def total_of(self, function: Question) -> Any:
        """Call a function on every block, where it lies; add what each brings."""
        return self.source.ask(function, self.encoding)

    def over_blocks(self, function: Question) -> list[Any]:
        """Call a function on every block, where it lies; return what each brings."""
        found: list[Any] = self.source.ask(Each(function), self.encoding)
        return found

    def origin(self) -> Array:
        """Return about the mean of every feature: that of the first block with rows."""
        question = methodcaller("origin")
        answers = (self.source.ask(question, self.encoding, i) for i in range(len(self.source)))
        origin: Array = next(found for found in answers if found is not None)
        return origin


def _answer_of_block(asked: Any, *part: Any) -> Any:
    question, encoding, dtype = asked
    return _ask_block((partial(answer, encoding=encoding, question=question), dtype), *part)


def _ask_block(asked: Any, name: str, block: Any, *beside: Any) -> Any:
    ask, dtype = asked
    piece = Piece(name, _matrix(block, dtype), *map(_array, beside))
    # The scheduler has as many threads as there are to be; the limit is of this thread alone.
    before = _core.limit_num_threads(1)
    try:
        return ask(piece)
    finally:
        _core.limit_num_threads(before)


def _census_of_block(name: str, *beside: Any) -> Any:
    return take_census(Piece(name, None, *map(_array, beside)))


def _compute_total(answers: Any) -> Any:
    """Add the results of tasks by a tree of tasks, and compute the last sum."""
    from dask import delayed

    add = delayed(total, pure=False)
    found = list(answers)
    while len(found) > 1:
        found = [add(found[i : i + _FAN_IN]) for i in range(0, len(found), _FAN_IN)]
    return _compute(found[0]) if found else None


def _compute(task: Any) -> Any:
    from threadpoolctl import threadpool_limits

    # The threads of a scheduler in this process share its BLAS, whose limit is of the process.
    with threadpool_limits(1, user_api="blas"):
        return task.compute()


def _matrix(block: Any, dtype: np.dtype[Any]) -> Any:
    if hasattr(block, "columns"):
        return block.to_numpy(dtype=dtype, na_value=np.nan)
    if sparse.issparse(block):
        return block.tocsr().astype(dtype, copy=False)
    return np.asarray(block, dtype)


def _is_of_frame(collection: Any) -> bool:
    # Of the class: what is delayed seems to have every attribute.
    return hasattr(type(collection), "divisions")


def _array(values: Any) -> Any:
    return None if values is None else np.asarray(values)


def _checked_array(X: Any) -> Any:
    """Return an array in chunks of rows."""
    import dask.array as da

    if not isinstance(X, da.Array):
        raise TypeError(
            f"X should be a dask.array.Array or a dask.dataframe.DataFrame, got {type(X).__name__}."
        )
    if X.ndim != 2:
        raise ValueError(f"Expected 2D array, got a Dask array of {X.ndim} dimensions.")
    _check_chunks("X", X)
    return X.rechunk({1: -1}) if X.numblocks[1] > 1 else X


def _check_chunks(name: str, array: Any) -> None:
    if any(np.isnan(size) for sizes in array.chunks for size in sizes):
        raise ValueError(
            f"{name} is a Dask array with chunks of unknown sizes: call "
            f"{name}.compute_chunk_sizes() first, or pass the data frame that it is from."
        )


def _dtype_of_frame(X: Any) -> np.dtype[Any]:
    dtypes = {name: getattr(dtype, "numpy_dtype", dtype) for name, dtype in X.dtypes.items()}
    others = [
        f"{name!r} ({dtype})"
        for name, dtype in dtypes.items()
        if not (isinstance(dtype, np.dtype) and dtype.kind in "biuf")
    ]
    if others:
        raise TypeError(
            f"Columns should hold real numbers, unlike {', '.join(others)}: encode them."
        )
    return dtype_of_rows(*dtypes.values())


def _beside(name: str, each: Any, lengths: Any, divisions: Any, count: int) -> list[Any]:
    """Return the blocks of a target, weights or offsets that belong to those of X."""
    if each is None:
        return [None] * count
    if _is_of_frame(each):
        if each.npartitions != count:
            raise ValueError(
                f"X has {count} blocks of rows and {name} has {each.npartitions}: repartition one "
                "of them."
            )
        if divisions is not None and each.known_divisions and each.divisions != divisions:
            raise ValueError(f"X and {name} are divided differently: repartition one of them.")
        return list(each.to_delayed())
    of_dask = hasattr(each, "__dask_graph__")
    if of_dask and not hasattr(type(each), "numblocks"):
        raise TypeError(
            f"{name} should be a Dask array, series or frame, got {type(each).__name__}."
        )
    if not of_dask:
        each = np.asarray(each)
        if lengths is None:
            raise ValueError(
                f"How many rows a Dask data frame has is not known beforehand: pass {name} as a "
                "Dask series of the same partitions, or X.to_dask_array(lengths=True) as X."
            )
    if not each.ndim or each.ndim > 2:
        raise ValueError(f"{name} should be a vector or a matrix, got {each.ndim} dimensions.")
    if lengths is None:
        if each.numblocks[0] != count:
            raise ValueError(f"X has {count} blocks of rows and {name} has {each.numblocks[0]}.")
    else:
        if of_dask:
            _check_chunks(name, each)
        if each.shape[0] != sum(lengths):
            raise ValueError(f"X has {sum(lengths)} rows and {name} has {each.shape[0]}.")
    return _blocks_like(each, lengths, of_dask)


def _blocks_like(each: Any, lengths: Any, of_dask: bool) -> list[Any]:
    import dask.array as da

    if not of_dask:
        # Sent to the workers once, where it stays.
        sent = da.from_array(each, (lengths, *each.shape[1:])).persist()
        return list(sent.to_delayed().ravel())
    chunks = {} if lengths is None else {0: lengths}
    if each.ndim == 2:
        chunks[1] = -1
    return list(each.rechunk(chunks).to_delayed().ravel())
