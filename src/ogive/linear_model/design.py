"""From a matrix of features to the rows that a fit passes over, and to scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from ogive.linear_model.in_memory import DenseRows, SparseRows
from ogive.linear_model.rows import Observed, Rows

Array = Any

# Rows that are converted at a time where the product with the coefficients needs float64.
_ROWS_AT_ONCE = 8192


def rows_of(X: Any, observed: Observed) -> Rows:
    """Return the rows of a matrix, without copying it.

    Parameters
    ----------
    X : ndarray, or SciPy's sparse matrix or array in CSR or CSC, shape (n, features)
        Of float32 or float64.
    observed : ogive.linear_model.rows.Observed
        Of these rows.

    Returns
    -------
    ogive.linear_model.rows.Rows
        Dense or sparse, as the matrix is.

    Raises
    ------
    TypeError
        For another kind of matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.design import rows_of
    >>> from ogive.linear_model.rows import Observed
    >>> seen = Observed(np.array([[True], [False]]), np.ones((2, 1)), np.zeros((1, 1)))
    >>> rows_of(np.ones((2, 3)), seen).shape
    (2, 3)
    """
    if sparse.issparse(X) and X.format in ("csr", "csc"):
        return SparseRows(X, observed)
    if isinstance(X, np.ndarray):
        return DenseRows(X, observed)
    raise TypeError(f"X is of no kind that has rows: {type(X).__name__}")


def scores_of(X: Any, coef: Any, intercept: Array) -> Array:
    """Return X coefᵀ + intercept in float64, without a copy of all of X.

    Parameters
    ----------
    X : ndarray or sparse matrix, shape (n, features)
        Of float32 or float64.
    coef : ndarray or sparse matrix of float64, shape (vectors, features)
        Coefficients.
    intercept : ndarray of float64, shape (vectors,)
        What is added to each.

    Returns
    -------
    ndarray of float64, shape (n, vectors)

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.design import scores_of
    >>> scores_of(np.ones((1, 2), np.float32), np.array([[1.0, 2.0]]), np.array([0.5]))
    array([[3.5]])
    """
    if sparse.issparse(X) or sparse.issparse(coef) or X.dtype == np.float64:
        found = X @ coef.T
        scores = found.toarray() if sparse.issparse(found) else np.asarray(found)
    else:
        scores = np.empty((len(X), len(coef)))
        for i in range(0, len(X), _ROWS_AT_ONCE):
            rows = slice(i, i + _ROWS_AT_ONCE)
            np.matmul(X[rows].astype(np.float64), coef.T, out=scores[rows])
    scores += intercept
    return scores
