"""The information matrix of a fit: all blocks of the Hessian of the summed losses.

Everything is a sum over rows.  Moments are taken about an origin near the features' means, and
brought back to the user's features only in the inverse, so that features far from 0 lose nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import add
from typing import Any, TypeVar

import numpy as np
from scipy import linalg, sparse

import ogive
from ogive.linear_model.in_memory import ROWS_AT_ONCE, Blocks
from ogive.linear_model.rows import Parameters

Array = Any
T = TypeVar("T")

MOST_PARAMETERS = 10_000
"""A matrix of more parameters than these squared does not fit into the memory of most machines."""

_SINGULAR = 1e-12  # of a diagonal of 1: no more is left of a feature, given those before it


@dataclass(frozen=True)
class Information:
    """Sums over rows, of the free parameters of every problem.

    Of labels those are the weights and the bias; of K classes those of all classes but the first,
    one class after the other, each with its bias last.  A problem of K classes does not change
    when the same is added to the parameters of all of them, and what is known of the differences
    from the first is the Hessian's block of the others.

    Attributes
    ----------
    hessian : ndarray of float64, shape (problems, m, m)
        Of the summed losses: Σ w (diag(p) - p pᵀ) ⊗ x xᵀ.
    squares : ndarray of float64, shape (problems, m, m), or None
        Of the gradients of single rows: Σ w² (p - y) (p - y)ᵀ ⊗ x xᵀ.
    """

    hessian: Array
    squares: Array | None

    def __add__(self, other: Information) -> Information:
        """Add what another block of rows brings."""
        squares = None if self.squares is None else self.squares + other.squares
        return Information(self.hessian + other.hessian, squares)


def over_blocks(rows: Any, function: Callable[[Any], T]) -> list[T]:
    """Call a function on every block of rows in memory; return what each brings.

    Parameters
    ----------
    rows : ogive.linear_model.rows.Rows
        `DenseRows` or `SparseRows` are one block, `Blocks` several. Rows that lie elsewhere have
        a method `over_blocks`, which is given the function.
    function : callable
        Of `DenseRows` or `SparseRows`.

    Returns
    -------
    list
        In the order of the blocks.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.information import over_blocks
    >>> from ogive.linear_model.in_memory import Blocks, DenseRows
    >>> from ogive.linear_model.rows import Observed
    >>> seen = Observed(np.zeros((2, 1), bool), np.ones((2, 1)), np.zeros((1, 1)))
    >>> rows = DenseRows(np.zeros((2, 3)), seen)
    >>> over_blocks(Blocks([rows, rows]), lambda block: block.shape[0])
    [2, 2]
    """
    if isinstance(rows, Blocks):
        return [found for block in rows.blocks for found in over_blocks(block, function)]
    if hasattr(rows, "over_blocks"):
        elsewhere: list[T] = rows.over_blocks(function)
        return elsewhere
    return [function(rows)]


def over_rows(rows: Any, function: Callable[[Any], T]) -> T:
    """Call a function on every block of rows in memory; add what each brings.

    Parameters
    ----------
    rows : ogive.linear_model.rows.Rows
        As for `over_blocks`; rows that lie elsewhere have a method `total_of`.
    function : callable
        Of `DenseRows` or `SparseRows`; what it returns can be added.

    Returns
    -------
    object
        The sum.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.information import over_rows
    >>> from ogive.linear_model.in_memory import Blocks, DenseRows
    >>> from ogive.linear_model.rows import Observed
    >>> seen = Observed(np.zeros((2, 1), bool), np.ones((2, 1)), np.zeros((1, 1)))
    >>> rows = DenseRows(np.zeros((2, 3)), seen)
    >>> over_rows(Blocks([rows, rows]), lambda block: block.shape[0])
    4
    """
    if hasattr(rows, "total_of"):
        elsewhere: T = rows.total_of(function)
        return elsewhere
    return reduce(add, over_blocks(rows, function))


def probabilities(block: Any, parameters: Parameters, rows: slice) -> Array:
    """Return the probabilities of the free classes, of shape (n, problems, free)."""
    scores = block.scores(parameters, rows)
    if block.observed.of_labels:
        return ogive.sigmoid(scores, out=scores)
    return ogive.softmax(scores, axis=2, out=scores)[:, :, 1:]


def free_targets(block: Any, free: int, rows: slice) -> Array:
    """Return 1 for what was observed, else 0, of shape (n, problems, free)."""
    target = block.observed.target[rows]
    if block.observed.of_labels:
        return target[:, :, None].astype(np.float64)
    return (target[:, None, None] == np.arange(1, free + 1)).astype(np.float64)


def slices(block: Any) -> list[slice]:
    """Return slices of a block's rows that are worked on at a time."""
    n = block.shape[0]
    # Slices of a matrix by columns cost as much as the whole.
    step = max(n, 1) if sparse.issparse(block.matrix) else ROWS_AT_ONCE
    return [slice(i, min(i + step, n)) for i in range(0, n, step)]


def augmented(block: Any, rows: slice, origin: Array, fit_intercept: bool) -> Array:
    """Return the features of some rows about the origin, with a column of 1 for the bias.

    Sparse rows stay sparse, and have no origin but 0.
    """
    matrix = block.matrix[rows]
    n = matrix.shape[0]
    if sparse.issparse(matrix):
        matrix = sparse.csr_array(matrix, dtype=np.float64)
        if np.any(origin):
            raise ValueError("sparse rows have moments about 0 only")
        return sparse.hstack([matrix, np.ones((n, 1))], "csr") if fit_intercept else matrix
    matrix = matrix - origin
    return np.column_stack([matrix, np.ones(n)]) if fit_intercept else matrix


def information(
    rows: Any,
    parameters: Array,
    origin: Array,
    fit_intercept: bool,
    with_squares: bool = False,
) -> Information:
    """Pass over all rows: the information matrices, and sums of squared gradients.

    Parameters
    ----------
    rows : ogive.linear_model.rows.Rows
        The whole design, or a part of it.
    parameters : ndarray of float64, shape (problems, classes, features + 1)
        Where.
    origin : ndarray of float64, shape (features,)
        What features are taken about: with biases near their means, else 0.
    fit_intercept : bool
        Whether the biases are free.
    with_squares : bool, optional
        Whether the sums of squares are wanted. Default False.

    Returns
    -------
    Information

    Raises
    ------
    ValueError
        For more parameters than `MOST_PARAMETERS`.

    Notes
    -----
    Source: A. Agresti (2013), Categorical data analysis, 3rd edition, 8.1.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.information import information
    >>> from ogive.linear_model.in_memory import DenseRows
    >>> from ogive.linear_model.rows import Observed
    >>> seen = Observed(np.array([[True], [False]]), np.ones((2, 1)), np.zeros((1, 1)))
    >>> rows = DenseRows(np.array([[1.0], [3.0]]), seen)
    >>> information(rows, np.zeros((1, 1, 2)), np.zeros(1), True).hessian
    array([[[2.5, 1. ],
            [1. , 0.5]]])
    """
    classes, columns = parameters.shape[1], parameters.shape[2] - (not fit_intercept)
    size = max(classes - 1, 1) * columns
    if size > MOST_PARAMETERS:
        raise ValueError(
            f"an information matrix of {size} parameters is too large: "
            f"at most {MOST_PARAMETERS} are supported"
        )
    at = Parameters(parameters[..., :-1], parameters[..., -1])
    of_block = partial(
        _of_block, at=at, origin=origin, fit_intercept=fit_intercept, with_squares=with_squares
    )
    return over_rows(rows, of_block)


def _of_block(
    block: Any, at: Parameters, origin: Array, fit_intercept: bool, with_squares: bool
) -> Information:
    problems, classes = at.biases.shape
    free, columns = max(classes - 1, 1), at.weights.shape[2] + fit_intercept
    shape = (problems, free, columns, free, columns)
    hessian, squares = np.zeros(shape), np.zeros(shape) if with_squares else None
    for rows in slices(block):
        x = augmented(block, rows, origin, fit_intercept)
        p = probabilities(block, at, rows)
        weight = np.broadcast_to(block.observed.weight[rows], p.shape[:2])
        rest = p - free_targets(block, free, rows) if with_squares else None
        for q in range(problems):
            for j in range(free):
                for k in range(j, free):
                    d = -p[:, q, j] * p[:, q, k] if k > j else p[:, q, j] * (1.0 - p[:, q, j])
                    _add(hessian[q], j, k, x, weight[:, q] * d)
                    if squares is not None and rest is not None:
                        product = rest[:, q, j] * rest[:, q, k]
                        _add(squares[q], j, k, x, weight[:, q] ** 2 * product)
    flat = (problems, free * columns, free * columns)
    return Information(hessian.reshape(flat), None if squares is None else squares.reshape(flat))


def _add(into: Array, j: int, k: int, x: Array, d: Array) -> None:
    """Add xᵀ diag(d) x to the blocks (j, k) and (k, j)."""
    if sparse.issparse(x):
        product = (x.multiply(d[:, None]).tocsr().T @ x).toarray()
    else:
        product = (x * d[:, None]).T @ x
    into[j, :, k] += product
    if k > j:
        into[k, :, j] += product.T


class SingularInformationError(ValueError):
    """Some parameters are not determined by the rows.

    Attributes
    ----------
    aliased : list of int
        Which of the free parameters follow from those before them.
    """

    def __init__(self, aliased: Sequence[int], names: Sequence[str] | None = None) -> None:
        self.aliased = list(aliased)
        which = [str(i) if names is None else names[i] for i in self.aliased]
        super().__init__(
            "the information matrix is singular: features are linear combinations of others, or "
            f"the rows are separable. Not determined: {', '.join(which)}. Leave them out, or "
            "penalise with alpha > 0"
        )


def factorised(matrix: Array, names: Sequence[str] | None = None) -> tuple[Array, Array]:
    """Return a Cholesky factor of a matrix with its diagonal scaled to 1, and the scale.

    Parameters
    ----------
    matrix : ndarray of float64, shape (m, m)
        Symmetric, of no negative eigenvalue.
    names : sequence of str, optional
        Of the parameters, for the message.

    Returns
    -------
    tuple of (ndarray, ndarray)
        L, lower, with L Lᵀ = matrix / (scale scaleᵀ); and the scale.

    Raises
    ------
    SingularInformationError
        Where a parameter follows from those before it.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.information import factorised
    >>> factorised(np.array([[4.0]]))
    (array([[1.]]), array([2.]))
    """
    diagonal = np.diag(matrix)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    scaled = matrix / scale[:, None] / scale
    lower: Array
    try:
        lower = linalg.cholesky(scaled, lower=True)
    except linalg.LinAlgError:
        lower = np.zeros_like(scaled)
    if not np.diag(lower).min(initial=1.0) ** 2 > _SINGULAR:
        raise SingularInformationError(_aliased(scaled), names)
    return lower, scale


def _aliased(scaled: Array) -> list[int]:
    """Return which parameters leave nothing, given those before them."""
    kept: list[int] = []
    aliased: list[int] = []
    for i in range(len(scaled)):
        left = scaled[i, i]
        if kept:
            lower = linalg.cholesky(scaled[np.ix_(kept, kept)], lower=True)
            left -= np.sum(linalg.solve_triangular(lower, scaled[kept, i], lower=True) ** 2)
        (kept if left > _SINGULAR else aliased).append(i)
    return aliased


def solved(factor: tuple[Array, Array], right: Array) -> Array:
    """Multiply columns with the inverse of a factorised matrix."""
    lower, scale = factor
    by = scale if right.ndim == 1 else scale[:, None]
    result: Array = linalg.cho_solve((lower, True), right / by) / by
    return result


def about_zero(covariance: Array, origin: Array, free: int, fit_intercept: bool) -> Array:
    """Bring a covariance of parameters for features about an origin to the features themselves.

    A bias for features about the origin o is that for the features themselves plus o · weights.
    """
    if not fit_intercept or not np.any(origin):
        return covariance
    back = np.eye(len(origin) + 1)
    back[-1, :-1] = -origin
    columns = len(back)
    result = np.einsum("ij,ajbk->aibk", back, covariance.reshape(free, columns, free, columns))
    result = np.einsum("aibk,lk->aibl", result, back)
    return result.reshape(covariance.shape)
