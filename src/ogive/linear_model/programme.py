"""The linear programme that finds a direction in which as many margins as possible are positive."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg, optimize, sparse

Array = Any

_RANK = 1e-10


def maximal_direction(
    vectors: Array, rest: Array, time_limit: float
) -> tuple[Array | None, Array | None]:
    """Return a direction of no negative margin, and of as many positive ones as there can be.

    Parameters
    ----------
    vectors : ndarray of float64, shape (n, m)
        Whose products with the direction are the margins.
    rest : ndarray of float64, shape (m,)
        The sum of vectors that are not looked at by themselves.
    time_limit : float
        In seconds.

    Returns
    -------
    tuple of (ndarray or None, ndarray or None)
        The direction; and the vectors whose margins are 0 in any such direction. No direction if
        all of them are; nothing at all if the time was too short.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.programme import maximal_direction
    >>> direction, boundary = maximal_direction(np.array([[1.0, 0.0]]), np.zeros(2), 10.0)
    >>> bool(direction[0] >= 1.0), boundary.shape
    (True, (0, 2))
    """
    size = np.abs(rest).max(initial=0.0)
    every = np.vstack([vectors, rest / size]) if size > 0.0 else vectors
    n, m = every.shape
    limits = sparse.hstack([-sparse.csr_array(every), sparse.eye_array(n)], "csr")
    found = optimize.linprog(
        np.concatenate([np.zeros(m), -np.ones(n)]),
        A_ub=limits,
        b_ub=np.zeros(n),
        bounds=np.vstack([np.tile([-np.inf, np.inf], (m, 1)), np.tile([0.0, 1.0], (n, 1))]),
        method="highs",
        options={"time_limit": time_limit},
    )
    if found.status != 0:
        return None, None
    positive = found.x[m:] > 0.5
    boundary = every[~positive]
    if not positive.any():
        return None, boundary
    return found.x[:m], boundary


def null_space(vectors: Array) -> Array:
    """Return an orthonormal basis, as columns, of what is orthogonal to all of some vectors.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.programme import null_space
    >>> np.abs(null_space(np.array([[0.0, 2.0], [0.0, 1.0]])))
    array([[1.],
           [0.]])
    """
    m = vectors.shape[1]
    if not len(vectors):
        return np.eye(m)
    # Of vectors of very different lengths the short ones count as well.
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors[lengths > 0] / lengths[lengths > 0][:, None]
    if len(unit) > m:
        unit = linalg.qr(unit, mode="r")[0][:m]
    if not len(unit):
        return np.eye(m)
    _, sizes, right = linalg.svd(unit)
    rank = int((sizes > _RANK * max(sizes[0], 1.0)).sum())
    basis: Array = right[rank:].T
    return basis
