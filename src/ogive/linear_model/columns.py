"""The Hessian of a problem on sparse features: it is never written out, but multiplied with.

Its minimum with |weights|₁ is found by coordinate descent on the columns (`native/coordinates.h`),
each of which costs as much as it has entries.

Source: G.-X. Yuan, C.-H. Ho, C.-J. Lin (2012), J. Mach. Learn. Res. 13 (newGLMNET).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ogive import _core
from ogive.linear_model.quadratic import subgradient

Array = Any

_ENOUGH = 0.2  # of the smallest subgradient of the model, at the start of a step
_SWEEPS = 12  # at most: curvatures are others after a step


class ByColumns:
    """A sparse matrix as coordinate descent reads it; made once for many Hessians.

    Parameters
    ----------
    matrix : scipy.sparse matrix or array, shape (n, features)
        Of float32 or float64.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import sparse
    >>> from ogive.linear_model.columns import ByColumns
    >>> ByColumns(sparse.csr_array(np.eye(2))).rows
    array([0, 1])
    """

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix.tocsc()
        self.begins = self.matrix.indptr.astype(np.int64, copy=False)
        self.rows = self.matrix.indices.astype(np.int64, copy=False)
        self.squares = self.matrix.copy()
        self.squares.data = np.square(self.matrix.data, dtype=np.float64)


class Columns:
    """The Hessian of one label's problem, where its rows have some curvatures.

    It takes the place of `ogive.linear_model.metric.Metric`, and is due anew after every step.

    Parameters
    ----------
    features : ByColumns
        Those of the rows.
    curvature : ndarray of float64, shape (n,)
        The second derivatives of the rows' parts of the mean loss.
    penalty : float
        What is added to the diagonal.
    fit_intercept : bool
        Whether there is a bias.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import sparse
    >>> from ogive.linear_model.columns import ByColumns, Columns
    >>> features = ByColumns(sparse.csc_array(np.eye(2)))
    >>> model = Columns(features, np.array([2.0, 2.0]), 0.0, False)
    >>> model.target(np.array([[-3.0, 0.5, 0.0]]), np.zeros((1, 3)), 1.0)
    array([[1., 0., 0.]])
    """

    def __init__(
        self, features: ByColumns, curvature: Array, penalty: float, fit_intercept: bool
    ) -> None:
        self._features = features
        self._curvature = np.ascontiguousarray(curvature)
        self._penalty = penalty
        self._fit_intercept = fit_intercept
        self._own = np.asarray(features.squares.T @ self._curvature) + penalty
        self.full = False
        """Whether another Hessian is due."""

    def learn(self, step: Array, change: Array) -> None:
        """Take note that a step was made: the curvatures are others there."""
        self.full = True

    def target(self, gradient: Array, at: Array, l1: float) -> Array:
        """Return where the model has its minimum, together with l1 |weights|₁.

        Parameters
        ----------
        gradient, at : ndarray, shape (1, features + 1)
            Where the model is made.
        l1 : float
            Of all weights; the bias is free.

        Returns
        -------
        ndarray, shape (1, features + 1)
            With exact zeros.
        """
        heavy = np.full(at.shape[1], l1)
        heavy[-1] = 0.0
        size = float(subgradient(gradient[0], at[0], heavy).max())
        settings = [gradient[0, -1], self._penalty, _ENOUGH * size, self._fit_intercept, _SWEEPS]
        result = np.empty_like(at)
        result[0, :-1], (bias, *_) = _core.coordinate_descent(
            self._features.matrix.data,
            self._features.begins,
            self._features.rows,
            self._curvature,
            gradient[0, :-1],
            at[0, :-1],
            self._own,
            heavy[:-1],
            np.array(settings, np.float64),
        )
        result[0, -1] = at[0, -1] + bias
        return result

    def gain(self, gradient: Array, step: Array) -> float:
        """Return how much a step decreases the quadratic model, without |weights|₁."""
        moved = self._features.matrix @ step[0, :-1] + step[0, -1]
        bend = float(self._curvature @ np.square(moved))
        bend += self._penalty * float(step[0, :-1] @ step[0, :-1])
        return -float((gradient * step).sum()) - 0.5 * bend
