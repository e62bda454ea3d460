"""Rows in memory: dense, sparse, and in blocks."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

import numpy as np

import ogive
from ogive import _core
from ogive.linear_model.rows import Observed, Parameters, Scatter, Sums
from ogive.linear_model.threads import in_threads

Array = Any

ROWS_AT_ONCE = 2048
"""Rows of a dense matrix whose products with themselves are computed at a time."""


def curvatures(scores: Array, weight: Array, of_labels: bool) -> Array:
    """Return the second derivative of every row's loss by every of its scores.

    Parameters
    ----------
    scores : ndarray, shape (n, problems, classes)
        Overwritten.
    weight : ndarray, shape (n, 1) or (n, problems)
        Of the rows.
    of_labels : bool
        Whether there is a sigmoid of each, or a softmax over the classes.

    Returns
    -------
    ndarray, shape (n, problems times classes)
        p (1 - p) times the weight.
    """
    if of_labels:
        result = ogive.grad.sigmoid(scores, out=scores)
    else:
        ogive.softmax(scores, axis=2, out=scores)
        result = scores * (1.0 - scores)
    result *= weight[:, :, None]
    return result.reshape(len(result), -1)


class _Local:
    """Rows in memory."""

    def __init__(self, matrix: Any, observed: Observed) -> None:
        self.matrix = matrix
        self.observed = observed

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and features."""
        rows, features = self.matrix.shape
        return rows, features

    def of_problems(self, problems: Array) -> Any:
        """Return the same rows with some of the problems."""
        return type(self)(self.matrix, self.observed.of_problems(problems))

    def of_features(self, features: Array) -> Any:
        """Return the same rows with some of the features, whose columns are copied."""
        return type(self)(self.matrix[:, features], self.observed)

    def scores(self, parameters: Parameters, rows: slice) -> Array:
        """Return the scores of some rows, of shape (n, problems, classes)."""
        problems, classes, features = parameters.weights.shape
        vectors = parameters.weights.reshape(-1, features)
        # All rows of a sparse matrix are a copy of it.
        some = self.matrix if rows == slice(None) else self.matrix[rows]
        found = np.asarray(some @ vectors.T, np.float64)
        found += parameters.biases.reshape(-1)
        found = found.reshape(-1, problems, classes)
        offset = self.observed.of_rows(rows).offset
        found += offset[:, :, None] if self.observed.of_labels else offset[:, None, :]
        return found

    def weightings(self, parameters: Parameters | None, rows: slice) -> Array:
        """Return the weights of some rows, or the curvatures of their losses somewhere."""
        weight = self.observed.weight[rows]
        if parameters is None:
            return weight if weight.shape[1] == 1 else weight.mean(1, keepdims=True)
        return curvatures(self.scores(parameters, rows), weight, self.observed.of_labels)


def _spread(array: Array, rows: int, columns: int) -> Array:
    shape = rows, columns
    return array if array.shape == shape else np.broadcast_to(array, shape)


class DenseRows(_Local):
    """Rows of a dense matrix.

    Parameters
    ----------
    matrix : ndarray of float32 or float64, shape (n, features)
        Of any layout; never copied as a whole.
    observed : Observed
        Of these rows.
    """

    def evaluate(self, parameters: Parameters) -> Sums:
        """Pass over all rows: losses and gradient."""
        weights, biases = parameters
        seen = self.observed
        weight = _spread(seen.weight, len(self.matrix), len(weights))
        columns = len(weights) if seen.of_labels else weights.shape[1]
        offset = _spread(seen.offset, len(self.matrix), columns)
        if seen.of_labels:
            losses, by_weights, by_biases = _core.logistic_pass(
                self.matrix, weights[:, 0], biases[:, 0], offset, seen.target, weight
            )
            return Sums(losses, Parameters(by_weights[:, None], by_biases[:, None]))
        losses, by_weights, by_biases = _core.softmax_pass(
            self.matrix, weights, biases, offset, seen.target, weight
        )
        return Sums(losses, Parameters(by_weights, by_biases))

    def scatter(
        self, origin: Array, parameters: Parameters | None, share: int, diagonal: bool
    ) -> Scatter:
        """Pass over one row in `share`: moments, weighted by the curvature of the losses."""
        blocks = range(0, len(self.matrix), ROWS_AT_ONCE * share)

        def scatter_of(first: int) -> Scatter:
            rows = slice(first, first + ROWS_AT_ONCE)
            return self._scatter_of(rows, origin, parameters, diagonal)

        return reduce(_added_in_place, in_threads(scatter_of, blocks, self.matrix.size))

    def _scatter_of(
        self, rows: slice, origin: Array, parameters: Parameters | None, diagonal: bool
    ) -> Scatter:
        weightings = self.weightings(parameters, rows)
        block = self.matrix[rows] - origin
        if diagonal:
            second = weightings.T @ np.square(block)
        else:
            second = np.empty((weightings.shape[1], *2 * block.shape[1:]))
            for v, root in enumerate(np.sqrt(weightings).T):
                scaled = block * root[:, None]
                np.matmul(scaled.T, scaled, out=second[v])
        return Scatter(weightings.sum(0), weightings.T @ block, second, len(block))

    def origin(self) -> Array:
        """Return about the mean of every feature."""
        step = max(1, len(self.matrix) // 1000)
        mean: Array = self.matrix[::step].mean(0, dtype=np.float64)
        return mean


def _added_in_place(a: Scatter, b: Scatter) -> Scatter:
    """Add b to a, whose memory is given up."""
    for mine, theirs in ((a.total, b.total), (a.first, b.first), (a.second, b.second)):
        np.add(mine, theirs, out=mine)
    return Scatter(a.total, a.first, a.second, a.rows + b.rows)


class SparseRows(_Local):
    """Rows of a sparse matrix.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array, csr_matrix, csc_array or csc_matrix, shape (n, features)
        Of float32 or float64.
    observed : Observed
        Of these rows.
    """

    def evaluate(self, parameters: Parameters) -> Sums:
        """Pass over all rows: losses and gradient."""
        weights = parameters.weights
        rows, seen = self.matrix.shape[0], self.observed
        scores = self.scores(parameters, slice(None))
        weight = np.broadcast_to(seen.weight, (rows, len(weights)))
        if seen.of_labels:
            target = seen.target.T.astype(np.float64)
            one = np.broadcast_to(1.0, target.shape)
            losses, slopes = _core.binary_cross_entropy_sum_with_grad(
                scores[:, :, 0].T, target, weight.T, one, 1.0, 0.0, 0.0
            )
            slopes = slopes[None].transpose(1, 0, 2)
        else:
            each, slopes = _core.cross_entropy_with_grad(
                scores.transpose(1, 0, 2), seen.target, 0.0, weight.T
            )
            losses = (each * weight.T).sum(1)
            slopes = slopes.transpose(0, 2, 1)
        # (vectors, n): the transposed product has the rows' own order.
        flat = np.ascontiguousarray(slopes).reshape(-1, rows)
        by_weights = np.asarray(self.matrix.T @ flat.T, np.float64).T.reshape(weights.shape)
        return Sums(losses, Parameters(by_weights, slopes.sum(2)))

    def scatter(
        self, origin: Array, parameters: Parameters | None, share: int, diagonal: bool
    ) -> Scatter:
        """Pass over all rows: moments about 0, weighted by the curvature of the losses."""
        weightings = self.weightings(parameters, slice(None))
        first = np.asarray(self.matrix.T @ weightings, np.float64).T
        if diagonal:
            squares = self.matrix.copy()
            squares.data = np.square(squares.data, dtype=np.float64)
            second = np.asarray(squares.T @ weightings).T
        else:
            second = self._products(weightings)
        return Scatter(weightings.sum(0), first, second, self.matrix.shape[0])

    def costs_of_products(self) -> tuple[float, float]:
        """Return what products of all features cost, sparse and dense, in nanoseconds of a core."""
        rows, features = self.matrix.shape
        sparsely = 8.0 * float(self.matrix.nnz) ** 2 / max(rows, 1)
        return sparsely, rows * features / 30.0 * (features + 90.0)

    def _products(self, weightings: Array) -> Array:
        """Return the features' products with each other, for every weighting."""
        sparsely, densely = self.costs_of_products()
        if sparsely < densely:
            found = [
                (self.matrix.multiply(d[:, None]).tocsr().T @ self.matrix).toarray()
                for d in weightings.T
            ]
            return np.stack(found)
        matrix = self.matrix.tocsr()
        result = np.zeros((weightings.shape[1], *2 * self.matrix.shape[1:]))
        for i in range(0, matrix.shape[0], ROWS_AT_ONCE):
            some = slice(i, i + ROWS_AT_ONCE)
            block = matrix[some].toarray()
            for second, root in zip(result, np.sqrt(weightings[some]).T, strict=True):
                scaled = block * root[:, None]
                second += scaled.T @ scaled
        return result

    def origin(self) -> Array:
        """Return 0: what most entries are."""
        return np.zeros(self.matrix.shape[1])


class Blocks:
    """Blocks of rows, one after the other.

    Parameters
    ----------
    blocks : sequence of Rows
        All with the same features and problems.
    """

    def __init__(self, blocks: list[Any]) -> None:
        self.blocks = blocks

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and features."""
        return sum(block.shape[0] for block in self.blocks), self.blocks[0].shape[1]

    def of_problems(self, problems: Array) -> Blocks:
        """Return the same rows with some of the problems."""
        return Blocks([block.of_problems(problems) for block in self.blocks])

    def of_features(self, features: Array) -> Blocks:
        """Return the same rows with some of the features, whose columns are copied."""
        return Blocks([block.of_features(features) for block in self.blocks])

    def evaluate(self, parameters: Parameters) -> Sums:
        """Pass over all rows: losses and gradient."""
        sums: Sums = reduce(add, (block.evaluate(parameters) for block in self.blocks))
        return sums

    def scatter(
        self, origin: Array, parameters: Parameters | None, share: int, diagonal: bool
    ) -> Scatter:
        """Pass over one row in `share`: moments, weighted by the curvature of the losses."""
        found = (block.scatter(origin, parameters, share, diagonal) for block in self.blocks)
        scatter: Scatter = reduce(add, found)
        return scatter

    def origin(self) -> Array:
        """Return about the mean of every feature: that of the first block."""
        origin: Array = self.blocks[0].origin()
        return origin
