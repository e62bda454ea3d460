"""The penalised mean loss of several problems, and its approximate Hessians."""

from __future__ import annotations

from typing import Any

import numpy as np

from ogive.linear_model.columns import ByColumns
from ogive.linear_model.curvature import Curvature, JointCurvature
from ogive.linear_model.in_memory import Blocks, SparseRows
from ogive.linear_model.information import information
from ogive.linear_model.rows import Parameters, Rows, Scatter

Array = Any

# Rows that moments to begin with are taken of: so many for each feature.
_ROWS_A_FEATURE = 40
# Curvature on the way, as a part of that where all probabilities are the base rates.
_LESS_CURVED = 0.6
# More parameters of a softmax than these have no matrix for all of them.
_MOST_TOGETHER = 1500
# More features than these have no matrix of their own.
MOST_FEATURES = 4000
# What the matrix of sparse features may cost to begin with, in passes.
_MOST_PASSES = 30.0


class PenalisedLoss:
    """The mean loss plus (λ / 2) |weights|², for several problems at once.

    Parameters
    ----------
    rows : ogive.linear_model.rows.Rows
        What is passed over.
    penalty : ndarray of float64, shape (problems,)
        λ of each.
    total_weight : ndarray of float64, shape (problems,)
        The sum of the rows' weights.
    base : ndarray of float64, shape (problems, classes)
        The weighted share of every class; of labels that of the positive one.
    fit_intercept : bool
        Whether there are biases.
    most_features : int
        More features than these have no matrix of their own.
    """

    def __init__(
        self,
        rows: Rows,
        penalty: Array,
        total_weight: Array,
        base: Array,
        fit_intercept: bool,
        most_features: int = MOST_FEATURES,
    ) -> None:
        self._most_features = most_features
        self.penalty = penalty
        self.total_weight = total_weight
        self.base = base
        self.fit_intercept = fit_intercept
        self._rows = rows
        self._some: tuple[Array, Rows] = np.arange(len(penalty)), rows
        self.origin = rows.origin()
        self._scatters: dict[bool, Scatter] = {}  # to begin with: diagonal or not
        self._columns: ByColumns | None = None

    @property
    def diagonal(self) -> bool:
        """Whether there are too many features for a matrix of their own."""
        return self._rows.shape[1] > self._most_features

    @property
    def diagonal_first(self) -> bool:
        """Whether a matrix of the features would cost more than the passes that it may save.

        Of few entries a pass costs next to nothing, and the matrix what it does of many.
        """
        if self.diagonal or not self.thin:
            return self.diagonal
        of_pass, of_matrix = self._costs(1)
        return of_matrix > _MOST_PASSES * of_pass

    @property
    def rows(self) -> Rows:
        """Return what is passed over."""
        return self._rows

    @property
    def selects(self) -> bool:
        """Whether the rows can be had with some of the features alone."""
        return hasattr(self._rows, "of_features")

    @property
    def thin(self) -> bool:
        """Whether the rows are sparse, so that most products of two columns are 0."""
        return all(isinstance(rows, SparseRows) for rows in self._blocks())

    def _blocks(self) -> list[Any]:
        return self._rows.blocks if isinstance(self._rows, Blocks) else [self._rows]

    def start(self) -> Array:
        """Return parameters to begin with: no weights, and biases that give the base rates."""
        start = np.zeros((*self.base.shape, self._rows.shape[1] + 1))
        if self.fit_intercept:
            odds = np.log(self.base)
            labels = self.base.shape[1] == 1
            start[..., -1] = odds - (np.log1p(-self.base) if labels else odds.mean(1)[:, None])
        return start

    def _of(self, problems: Array) -> Rows:
        known, rows = self._some
        if known is not problems and not np.array_equal(known, problems):
            all_of_them = len(problems) == len(self.penalty)
            rows = self._rows if all_of_them else self._rows.of_problems(problems)
            self._some = problems, rows
        return rows

    def evaluate(self, parameters: Array, problems: Array) -> tuple[Array, Array]:
        """Return values and gradients of some of the problems."""
        weights = np.ascontiguousarray(parameters[..., :-1])
        biases = np.ascontiguousarray(parameters[..., -1])
        sums = self._of(problems).evaluate(Parameters(weights, biases))
        total, penalty = self.total_weight[problems], self.penalty[problems]
        values = sums.losses / total + 0.5 * penalty * np.einsum("qkp,qkp->q", weights, weights)
        gradients = np.empty_like(parameters)
        by_weights, by_biases = sums.gradient
        gradients[..., :-1] = by_weights / total[:, None, None]
        gradients[..., :-1] += penalty[:, None, None] * weights
        gradients[..., -1] = by_biases / total[:, None] if self.fit_intercept else 0.0
        return values, gradients

    def moments(
        self, parameters: Array | None, problems: Array, diagonal: bool | None = None
    ) -> tuple[Scatter, Array]:
        """Return the features' scatter, and what turns it into second derivatives.

        Parameters
        ----------
        parameters : ndarray, shape (problems, classes, features + 1), or None
            Where: without any, something to begin with, alike for all vectors.
        problems : ndarray of int
            Which.
        diagonal : bool, optional
            Whether no products of two features are wanted; by default, where there are too many.

        Returns
        -------
        tuple of (Scatter, ndarray)
            About `origin`, and a factor for each vector, of shape (problems times classes,).
        """
        rows, features = self._rows.shape
        diagonal = self.diagonal if diagonal is None else diagonal
        if parameters is None:
            if diagonal not in self._scatters:
                share = max(1, min(8, rows // (_ROWS_A_FEATURE * max(features, 1))))
                self._scatters[diagonal] = self._rows.scatter(self.origin, None, share, diagonal)
            scatter, base = self._scatters[diagonal], self.base[problems]
            return scatter, (_LESS_CURVED * base * (1.0 - base)).reshape(-1) / scatter.total[0]
        at = Parameters(parameters[..., :-1], parameters[..., -1])
        scatter = self._of(problems).scatter(self.origin, at, 1, diagonal)
        mean_weight = self.total_weight[problems] / rows
        return scatter, 1.0 / (scatter.rows * np.repeat(mean_weight, self.base.shape[1]))

    @property
    def _together(self) -> bool:
        """Whether the Hessian is that of all classes of one softmax."""
        problems, classes = self.base.shape
        few = classes * (self._rows.shape[1] + 1) <= _MOST_TOGETHER
        return bool(problems == 1 and classes > 1 and few)

    def curvature(self, parameters: Array | None, problems: Array) -> Curvature | JointCurvature:
        """Return an approximate Hessian: to begin with, or at some parameters."""
        if parameters is not None and self._together:
            origin = self.origin if self.fit_intercept else np.zeros_like(self.origin)
            found = information(self._rows, parameters, origin, self.fit_intercept)
            free, columns = self.base.shape[1] - 1, len(origin) + self.fit_intercept
            hessian = found.hessian.reshape(free, columns, free, columns) / self.total_weight[0]
            return JointCurvature(hessian, origin, float(self.penalty[0]), self.fit_intercept)
        first = parameters is None
        scatter, scale = self.moments(
            parameters, problems, self.diagonal_first if first else self.diagonal
        )
        penalty = np.repeat(self.penalty[problems], self.base.shape[1])
        return Curvature(scatter, self.origin, scale, penalty, self.fit_intercept)

    def columns(self) -> ByColumns | None:
        """Return the features by columns, if they are sparse and in one piece.

        Returns
        -------
        ogive.linear_model.columns.ByColumns, or None
            Made when it is first asked for.
        """
        if self._columns is None and isinstance(self._rows, SparseRows):
            self._columns = ByColumns(self._rows.matrix)
        return self._columns

    def curvatures(self, parameters: Array | None, problems: Array) -> Array:
        """Return the second derivatives of every row's part of labels' losses, by its score.

        Parameters
        ----------
        parameters : ndarray, shape (problems, 1, features + 1), or None
            Where: without any, where all probabilities are the base rates.
        problems : ndarray of int
            Which.

        Returns
        -------
        ndarray of float64, shape (n, problems)
        """
        rows: Any = self._of(problems)
        if parameters is None:
            base = self.base[problems, 0]
            found = rows.observed.weight * (base * (1.0 - base))
        else:
            at = Parameters(parameters[..., :-1], parameters[..., -1])
            found = rows.weightings(at, slice(None))
        return np.asarray(found / self.total_weight[problems])

    def of_features(self, features: Array, most_features: int) -> PenalisedLoss:
        """Return the same loss of some of the features alone: all others have no weight.

        Parameters
        ----------
        features : ndarray of int
            Which; their columns are copied.
        most_features : int
            More than these have no matrix of their own.
        """
        whole: Any = self._rows
        rows = whole.of_features(features)
        return PenalisedLoss(
            rows, self.penalty, self.total_weight, self.base, self.fit_intercept, most_features
        )

    def _costs(self, vectors: int) -> tuple[float, float]:
        """Return what a pass and a matrix of the features cost, in nanoseconds of a core.

        Of a core that multiplies thirty numbers in the time that memory takes to bring one; and the
        calls from Python, which is what small data waits for.
        """
        rows, features = self._rows.shape
        if self.thin:
            entries = float(sum(block.matrix.nnz for block in self._blocks()))
            products = sum(min(block.costs_of_products()) for block in self._blocks())
            of_matrix = 8.0 * entries if self.diagonal else products + features**3 / 60.0
            return 1.0e5 + 6.0 * entries * vectors, 1.5e5 + of_matrix
        numbers = rows * features / 30.0
        of_matrix = numbers * (8.0 if self.diagonal else features + 90.0)
        return 1.0e5 + numbers * max(25.0, 4.0 * vectors), 1.5e5 + of_matrix

    def renewal(self, problems: Array) -> float:
        """Return what a Hessian at some parameters costs, in passes."""
        classes, columns = int(self.base.shape[1]), self._rows.shape[1] + 1
        vectors = len(problems) * classes
        of_pass, of_matrix = self._costs(vectors)
        if self._together:
            pairs, parameters = classes * (classes - 1) / 2.0, classes * float(columns)
            return (pairs * of_matrix + parameters**3 / 60.0) / of_pass
        hessian = vectors * of_matrix
        # The blocks of a softmax know nothing of each other, and a diagonal of no other entry: what
        # L-BFGS has gathered does.
        whole = classes == 1 and not self.diagonal
        return hessian / of_pass if whole else max(20.0, 2.0 * hessian / of_pass)
