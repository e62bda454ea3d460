"""Rows that come piece by piece: each is asked the same question, and the answers are added."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from operator import methodcaller
from typing import Any, NamedTuple, Protocol

import numpy as np
from scipy import sparse

from ogive.linear_model.census import Census, Encoding, census_of
from ogive.linear_model.design import scores_of
from ogive.linear_model.in_memory import DenseRows, SparseRows
from ogive.linear_model.information import Information
from ogive.linear_model.rows import Parameters, Rows, Scatter, Sums

Array = Any

# A piece of so many bytes is read at a time: more than a disk needs to be read at its speed, and
# what a processor's cache holds.
PIECE_BYTES = 4 << 20


class Piece(NamedTuple):
    """Some rows, and what belongs to them.

    Attributes
    ----------
    name : str
        What errors call it.
    matrix : ndarray or sparse matrix, shape (n, features)
        Of float32 or float64; None where only the targets were asked for.
    target : array-like, shape (n,) or (n, labels)
        None where only scores are asked for.
    weight : array-like, shape (n,), optional
    offset : array-like, shape (n,) or (n, columns), optional
    """

    name: str
    matrix: Any
    target: Array | None
    weight: Array | None
    offset: Array | None


class Source(Protocol):
    """Where pieces come from, as often as they are wanted."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and features."""

    def pieces(self, every: int = 1) -> Iterator[Piece]:
        """Return pieces one after the other, each good until the next; one in `every`."""

    def targets(self) -> Iterator[Piece]:
        """Return pieces without their matrices."""


def dtype_of_rows(*dtypes: Any) -> np.dtype[Any]:
    """Return in which type columns are passed over: float32 where it holds all values exactly.

    Raises
    ------
    TypeError
        Where one is not of real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.pieces import dtype_of_rows
    >>> dtype_of_rows(np.uint8, np.float32), dtype_of_rows(np.int32)
    (dtype('float32'), dtype('float64'))
    """
    for dtype in map(np.dtype, dtypes):
        if dtype.kind not in "biuf":
            raise TypeError(f"X should hold real numbers, got dtype {dtype}.")
    widest = np.result_type(np.float32, *dtypes)
    return np.dtype(np.float32 if widest == np.float32 else np.float64)


Question = Callable[[Any], Any]
"""What rows in memory are asked; answers can be added."""


class Each:
    """Asks for answers that are not added: a list of them.

    Parameters
    ----------
    function : callable
        Of `DenseRows` or `SparseRows`.

    Examples
    --------
    >>> from ogive.linear_model.pieces import Each
    >>> Each(len)("ab") + Each(len)("c")
    [2, 1]
    """

    def __init__(self, function: Question) -> None:
        self.function = function

    def __call__(self, rows: Any) -> list[Any]:
        """Ask some rows."""
        return [self.function(rows)]


def answer(piece: Piece, encoding: Encoding, question: Question) -> Any:
    """Ask some rows a question, and check the answer, which what is not finite would spoil.

    So the first pass finds what is not finite, without one of its own.

    Parameters
    ----------
    piece : Piece
    encoding : ogive.linear_model.census.Encoding
        Of the targets.
    question : callable
        Of `DenseRows` or `SparseRows`, such as one of their methods with its arguments.

    Returns
    -------
    object or None
        None of an empty piece.

    Raises
    ------
    ValueError
        Naming the piece, where there are not as many targets as rows, or where an entry is NaN or
        infinite.

    Examples
    --------
    >>> from operator import methodcaller
    >>> import numpy as np
    >>> from ogive.linear_model.census import Encoding
    >>> from ogive.linear_model.pieces import Piece, answer
    >>> piece = Piece("block 2", np.array([[1.0], [np.nan]]), np.array([0, 1]), None, None)
    >>> answer(piece, Encoding(np.array([0, 1]), False), methodcaller("origin"))
    Traceback (most recent call last):
        ...
    ValueError: Input X contains NaN: block 2, its row 1, column 0.
    """
    matrix, target = piece.matrix, np.asarray(piece.target)
    for name, other in (("y", target), ("sample_weight", piece.weight), ("offset", piece.offset)):
        if other is not None and len(other) != matrix.shape[0]:
            raise ValueError(
                f"{piece.name}: X has {matrix.shape[0]} rows and {name} has {len(other)}."
            )
    if not matrix.shape[0]:
        return None
    observed = encoding.observed(target, piece.weight, piece.offset)
    kind: Any = SparseRows if sparse.issparse(matrix) else DenseRows
    with np.errstate(all="ignore"):
        found = question(kind(matrix, observed))
    if not np.isfinite(_telling(found)).all():
        check_finite(matrix, piece.name)
    return found


def _telling(found: Any) -> Array:
    """Return the part of an answer that is not finite where a feature is not."""
    if isinstance(found, Sums):
        return found.gradient.weights
    if isinstance(found, Scatter):
        return found.first
    if isinstance(found, Information):
        return found.hessian
    return found if isinstance(found, np.ndarray) else np.zeros(())


def check_finite(matrix: Any, name: str) -> None:
    """Check that all entries are finite, and say where the first is that is not.

    Raises
    ------
    ValueError
        Naming the row and the column.
    """
    if sparse.issparse(matrix):
        entries = matrix.tocoo()
        bad: Array = np.flatnonzero(~np.isfinite(entries.data))
        if not len(bad):
            return
        row, column, value = entries.row[bad[0]], entries.col[bad[0]], entries.data[bad[0]]
    else:
        bad = np.argwhere(~np.isfinite(matrix))
        if not len(bad):
            return
        row, column = bad[0]
        value = matrix[row, column]
    what = "NaN" if np.isnan(value) else "infinity"
    raise ValueError(f"Input X contains {what}: {name}, its row {row}, column {column}.")


def scores_of_piece(coef: Array, intercept: Array) -> Callable[[Piece], Array]:
    """Return what computes the scores of a piece, its offsets added.

    Parameters
    ----------
    coef : ndarray of float64, shape (vectors, features)
    intercept : ndarray of float64, shape (vectors,)

    Returns
    -------
    callable
        Of a `Piece`; returns an ndarray of shape (n, vectors), and raises `ValueError` where a
        feature is not finite, or offsets are not.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.pieces import Piece, scores_of_piece
    >>> piece = Piece("block 0", np.eye(2), None, None, np.array([0.0, 10.0]))
    >>> scores_of_piece(np.array([[3.0, 4.0]]), np.array([0.5]))(piece).ravel()
    array([ 3.5, 14.5])
    """
    return partial(_scores_of_piece, coef, intercept)


def _scores_of_piece(coef: Array, intercept: Array, piece: Piece) -> Array:
    with np.errstate(all="ignore"):
        scores = scores_of(piece.matrix, coef, intercept)
    if not np.isfinite(scores).all():
        check_finite(piece.matrix, piece.name)
    if piece.offset is not None:
        offset = np.asarray(piece.offset, np.float64)
        offset = offset if offset.ndim == 2 else offset[:, None]
        if offset.shape[1] not in (1, scores.shape[1]):
            raise ValueError(
                f"offset has {offset.shape[1]} columns, where 1 or {scores.shape[1]} were expected."
            )
        if not np.isfinite(offset).all():
            raise ValueError(f"Input offset contains NaN or infinity. ({piece.name})")
        scores += offset
    return scores


def take_census(piece: Piece) -> Census | None:
    """Look at the targets of a piece; errors name it.

    Raises
    ------
    ValueError
        As `census_of` does.
    """
    try:
        return census_of(piece.target, piece.weight, piece.offset)
    except ValueError as error:
        raise ValueError(f"{error} ({piece.name})") from error


def total(answers: Any) -> Any:
    """Add answers; None of empty pieces counts nothing.

    Parameters
    ----------
    answers : iterable of (Sums, Scatter, Census or None)

    Returns
    -------
    Sums, Scatter, Census or None
    """
    result = None
    for found in answers:
        if found is not None:
            result = found if result is None else result + found
    return result


def census(source: Source) -> Census:
    """Look at all targets of a source, in one pass over them alone.

    Raises
    ------
    ValueError
        Where there are no rows, or as `census_of` does.
    """
    found = total(map(take_census, source.targets()))
    if found is None:
        raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required.")
    result: Census = found
    return result


class PiecewiseRows:
    """The rows of a source, read anew on each pass.

    Parameters
    ----------
    source : Source
    encoding : ogive.linear_model.census.Encoding
        Of its targets.
    """

    def __init__(self, source: Source, encoding: Encoding) -> None:
        self.source = source
        self.encoding = encoding

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and features."""
        return self.source.shape

    def of_problems(self, problems: Array) -> Rows:
        """Return the same rows with some of the problems."""
        return PiecewiseRows(self.source, self.encoding.of_problems(problems))

    def evaluate(self, parameters: Parameters) -> Sums:
        """Pass over all rows: losses and gradient."""
        found: Sums = self._total(methodcaller("evaluate", parameters))
        return found

    def scatter(
        self, origin: Array, parameters: Parameters | None, share: int, diagonal: bool
    ) -> Scatter:
        """Pass over one row in `share`, reading no others: moments."""
        question = methodcaller("scatter", origin, parameters, 1, diagonal)
        found: Scatter = self._total(question, share)
        return found

    def origin(self) -> Array:
        """Return about the mean of every feature: that of the first rows."""
        answers = (answer(p, self.encoding, methodcaller("origin")) for p in self.source.pieces())
        origin: Array = next(found for found in answers if found is not None)
        return origin

    def total_of(self, function: Question) -> Any:
        """Call a function on every piece; add what each brings."""
        return self._total(function)

    def over_blocks(self, function: Question) -> list[Any]:
        """Call a function on every piece; return what each brings."""
        found: list[Any] = self._total(Each(function))
        return found

    def _total(self, question: Question, every: int = 1) -> Any:
        return total(answer(p, self.encoding, question) for p in self.source.pieces(every))
