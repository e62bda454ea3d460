"""Approximate Hessians: a block for each vector of weights with its bias, factorised.

A block is [S + λ I + t m mᵀ, t m; t mᵀ, t] for the weighted scatter S of the features about their
mean m, and the total t of the weights.  Solved for the centred features first, what is left of it
is S + λ I, and weights and bias come apart.
"""

from __future__ import annotations

from copy import copy
from math import log2
from typing import Any

import numpy as np
from scipy import linalg
from scipy.linalg import lapack

from ogive.linear_model.rows import Scatter

Array = Any
_Key = tuple[int, float, float]  # which weighting, what it is multiplied with, λ
_Block = tuple[Array, Array, float]  # a factorisation, the mean, the total

# What is added to the diagonal, relative to it, so that collinear features can be factorised.
_LEAST = 1e-11


class Curvature:
    """Blocks of an approximate Hessian, one for each vector, or one for several.

    Parameters
    ----------
    scatter : ogive.linear_model.rows.Scatter
        About `origin`: one weighting for each vector, or one for all.
    origin : ndarray, shape (features,)
        What it was taken about.
    scale : ndarray, shape (vectors,)
        What the scatter is multiplied with for each vector.
    penalty : ndarray, shape (vectors,)
        λ of each, which is added to the diagonal.
    fit_intercept : bool
        Whether there are biases.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.curvature import Curvature
    >>> from ogive.linear_model.rows import Scatter
    >>> x = np.array([[1.0], [3.0]])
    >>> scatter = Scatter(np.array([2.0]), x.sum(0)[None], (x.T @ x)[None], 2)
    >>> curvature = Curvature(scatter, np.zeros(1), np.ones(1), np.zeros(1), True)
    >>> curvature.solve(np.array([[[2.0, 0.0]]])).round(6)
    array([[[ 1., -2.]]])
    """

    def __init__(
        self, scatter: Scatter, origin: Array, scale: Array, penalty: Array, fit_intercept: bool
    ) -> None:
        self.fit_intercept = fit_intercept
        shared = len(scatter.total) == 1
        keys: list[_Key] = []
        for v, (factor, ridge) in enumerate(zip(scale, penalty, strict=True)):
            # Factors that differ by less than the curvature itself does share a factorisation.
            near = float(factor)
            if shared and near > 0.0:
                near = 2.0 ** (round(4.0 * log2(near)) / 4.0)
            keys.append((0 if shared else v, near, float(ridge)))
        self._of = scatter, origin
        self._blocks: dict[_Key, _Block] = {}
        self._use(keys)

    def of_vectors(self, vectors: Array) -> Curvature:
        """Return the blocks of some of the vectors, which a mask names."""
        some = copy(self)
        some._use([key for key, wanted in zip(self._keys, vectors, strict=True) if wanted])
        return some

    def with_penalty(self, more: Array) -> Curvature:
        """Return the same with penalties that are larger by so much, for each vector."""
        other = copy(self)
        other._use(
            [
                (which, factor, ridge + float(added))
                for (which, factor, ridge), added in zip(self._keys, more, strict=True)
            ]
        )
        return other

    def _use(self, keys: list[_Key]) -> None:
        """Say which block each vector has; those that are known are not factorised again."""
        known, self._keys, self._blocks = self._blocks, keys, {}
        for key in dict.fromkeys(keys):
            which, factor, ridge = key
            self._blocks[key] = known.get(key) or _block(
                *self._of, which, factor, ridge, self.fit_intercept
            )
        self._vectors_of = {
            key: np.array([v for v, of in enumerate(keys) if of == key]) for key in self._blocks
        }

    def solve(self, gradient: Array) -> Array:
        """Multiply gradients with the inverse.

        Parameters
        ----------
        gradient : ndarray, shape (..., problems, classes, features + 1)
            The last entry of each vector belongs to its bias.

        Returns
        -------
        ndarray
            Of the same shape.
        """
        if len(self._blocks) == 1:
            (block,) = self._blocks.values()
            alike = self._solve(block, gradient.reshape(-1, gradient.shape[-1]))
            return alike.reshape(gradient.shape)
        flat = gradient.reshape(-1, len(self._keys), gradient.shape[-1])
        result = np.empty_like(flat)
        for key, vectors in self._vectors_of.items():
            some = flat[:, vectors]
            found = self._solve(self._blocks[key], some.reshape(-1, flat.shape[2]))
            result[:, vectors] = found.reshape(some.shape)
        return result.reshape(gradient.shape)

    def _solve(self, block: _Block, some: Array) -> Array:
        factor, mean, total = block
        result = np.empty_like(some)
        ahead = some[:, :-1] - some[:, -1:] * mean
        if factor.ndim == 2:
            ahead = _inverted(factor, ahead)
        else:
            ahead /= factor
        result[:, :-1] = ahead
        result[:, -1] = some[:, -1] / total - ahead @ mean if self.fit_intercept else 0.0
        return result


def centred(
    scatter: Scatter, origin: Array, which: int, factor: float, ridge: float, fit_intercept: bool
) -> tuple[Array, Array, float]:
    """Return one block, for which weights and bias come apart.

    Parameters
    ----------
    scatter : ogive.linear_model.rows.Scatter
        About `origin`.
    origin : ndarray, shape (features,)
        What it was taken about.
    which : int
        The weighting.
    factor, ridge : float
        What the scatter is multiplied with; what is added to its diagonal then.
    fit_intercept : bool
        Whether there is a bias: if not, the scatter is about 0.

    Returns
    -------
    tuple of (ndarray, ndarray, float)
        S + λ I, of shape (features, features) or its diagonal alone; the mean; the total.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.curvature import centred
    >>> from ogive.linear_model.rows import Scatter
    >>> x = np.array([[1.0], [3.0]])
    >>> scatter = Scatter(np.array([2.0]), x.sum(0)[None], (x.T @ x)[None], 2)
    >>> inner, mean, total = centred(scatter, np.zeros(1), 0, 1.0, 0.5, True)
    >>> inner.round(6), mean, total
    (array([[2.5]]), array([2.]), 2.0)
    """
    total = max(float(scatter.total[which]), np.finfo(float).tiny)
    first, second = scatter.first[which], scatter.second[which]
    diagonal = second.ndim == 1
    if fit_intercept:
        mean = first / total
        inner = second - (first * mean if diagonal else first[:, None] * mean)
        mean += origin
    else:
        mean = np.zeros_like(first)
        around = first + total * origin
        if diagonal:
            inner = second + origin * (first + around)
        else:
            inner = second + origin[:, None] * around + first[:, None] * origin
    inner *= factor
    of_all = factor * (second if diagonal else second.diagonal())
    own = inner if diagonal else inner.diagonal()
    # A feature that does not vary has only rounding errors on its diagonal.
    own = np.maximum(own, _LEAST * of_all) * (1.0 + _LEAST) + ridge
    own[own <= 0.0] = 1.0
    if diagonal:
        return own, mean, total * factor
    inner.flat[:: len(inner) + 1] = own
    return inner, mean, total * factor


def _block(
    scatter: Scatter, origin: Array, which: int, factor: float, ridge: float, fit_intercept: bool
) -> _Block:
    """Return a factorisation (or a diagonal), the mean and the total."""
    inner, mean, total = centred(scatter, origin, which, factor, ridge, fit_intercept)
    return (inner if inner.ndim == 1 else factorised(inner)), mean, total


def _inverted(lower: Array, rows: Array) -> Array:
    """Multiply rows with the inverse of a matrix, of which there is the lower factor."""
    return lapack.dpotrs(lower, rows.T, lower=1)[0].T


def factorised(matrix: Array) -> Array:
    """Return the lower Cholesky factor of a matrix that is at least semidefinite.

    Parameters
    ----------
    matrix : ndarray, shape (n, n)
        Overwritten. Its diagonal is positive.

    Returns
    -------
    ndarray, shape (n, n)
        Of the matrix with so much on its diagonal, relative to it, as it takes.

    Raises
    ------
    scipy.linalg.LinAlgError
        If entries are NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.curvature import factorised
    >>> factorised(np.array([[4.0, 2.0], [2.0, 10.0]]))
    array([[2., 0.],
           [1., 3.]])
    """
    if not len(matrix):
        return matrix
    scale = 1.0 / np.sqrt(matrix.diagonal())
    matrix *= scale[:, None]
    matrix *= scale
    jitter = 0.0
    while True:
        wanted = matrix + jitter * np.eye(len(matrix)) if jitter else matrix
        lower, failed = lapack.dpotrf(wanted.T, lower=1)
        if failed or np.isnan(lower[-1, -1]):
            if np.isnan(matrix).any():  # nothing on the diagonal would help
                raise linalg.LinAlgError("the matrix has entries that are NaN")
            jitter = max(1e-10, 100.0 * jitter)
            continue
        lower /= scale[:, None]
        return lower


class JointCurvature:
    """The Hessian of one softmax: all its classes together.

    A softmax does not change when the same is added to the parameters of all classes.  The
    Hessian is 0 along that, and so is every gradient but for the penalty's, so that whatever is
    added there changes no solution.

    Parameters
    ----------
    hessian : ndarray of float64, shape (classes - 1, features + 1, classes - 1, features + 1)
        Of the mean loss by the parameters of all classes but the first, for features about
        `origin`, the bias last; without biases one entry less.
    origin : ndarray, shape (features,)
        What features are taken about.
    penalty : float
        λ.
    fit_intercept : bool
        Whether there are biases.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.curvature import JointCurvature
    >>> joint = JointCurvature(np.full((1, 1, 1, 1), 0.25), np.zeros(1), 0.0, False)
    >>> joint.solve(np.array([[[0.5, 0.0], [-0.5, 0.0]]])).round(6) + 0.0
    array([[[ 1.,  0.],
            [-1.,  0.]]])
    """

    def __init__(self, hessian: Array, origin: Array, penalty: float, fit_intercept: bool) -> None:
        self._of = hessian, origin, penalty, fit_intercept
        free, columns = hessian.shape[:2]
        classes = free + 1
        whole = np.zeros((classes, columns, classes, columns))
        whole[1:, :, 1:] = hessian
        whole[0, :, 1:] = -hessian.sum(0)
        whole[1:, :, 0] = -hessian.sum(2)
        whole[0, :, 0] = hessian.sum((0, 2))
        size = np.einsum("kjkj->j", whole) / classes
        ridge = np.full(columns, penalty)
        ridge[len(origin) :] = 0.0
        for k in range(classes):
            np.einsum("jj->j", whole[k, :, k])[...] += ridge + _LEAST * size
        # Along what all classes have in common.
        along = np.where(size > 0.0, size, 1.0) / classes
        np.einsum("ajbj->abj", whole)[...] += along
        self._origin = origin if fit_intercept else np.zeros_like(origin)
        self._columns = columns
        self._factor = factorised(whole.reshape(classes * columns, classes * columns))

    def of_vectors(self, vectors: Array) -> JointCurvature:
        """Return itself: there is one problem."""
        return self

    def with_penalty(self, more: Array) -> JointCurvature:
        """Return the same with a penalty that is larger by so much, alike for all classes."""
        hessian, origin, penalty, fit_intercept = self._of
        return JointCurvature(hessian, origin, penalty + float(more[0]), fit_intercept)

    def solve(self, gradient: Array) -> Array:
        """Multiply a gradient with the inverse.

        Parameters
        ----------
        gradient : ndarray, shape (..., 1, classes, features + 1)
            The last entry of each vector belongs to its bias.

        Returns
        -------
        ndarray
            Of the same shape.
        """
        classes, entries = gradient.shape[-2:]
        about = gradient.reshape(-1, classes, entries).copy()
        about[..., :-1] -= about[..., -1:] * self._origin
        flat = about[..., : self._columns].reshape(len(about), -1)
        moved = _inverted(self._factor, flat)
        result = np.zeros_like(about)
        result[..., : self._columns] = moved.reshape(-1, classes, self._columns)
        if self._columns == entries:
            result[..., -1] -= result[..., :-1] @ self._origin
        return result.reshape(gradient.shape)
