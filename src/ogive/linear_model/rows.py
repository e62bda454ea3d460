"""The rows that a fit passes over, and what one pass brings: sums over rows, which add up.

Everything here is a sum over rows, so that blocks of rows, wherever they lie, are passed over one
by one and what they bring is added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

Array = Any
"""A NumPy array."""


class Parameters(NamedTuple):
    """Parameters of several problems at once.

    Attributes
    ----------
    weights : ndarray of float64, shape (problems, classes, features)
        `classes` is 1 for labels, each of which is a problem of its own.
    biases : ndarray of float64, shape (problems, classes)
    """

    weights: Array
    biases: Array


@dataclass(frozen=True)
class Sums:
    """Sums over rows: of the weighted losses, and of their gradient.

    Attributes
    ----------
    losses : ndarray of float64, shape (problems,)
    gradient : Parameters
    """

    losses: Array
    gradient: Parameters

    def __add__(self, other: Sums) -> Sums:
        """Add what another block of rows brings."""
        both = zip(self.gradient, other.gradient, strict=True)
        return Sums(self.losses + other.losses, Parameters(*(a + b for a, b in both)))


@dataclass(frozen=True)
class Scatter:
    """Weighted moments of rows about a common origin, for one or several weightings v.

    Attributes
    ----------
    total : ndarray of float64, shape (v,)
        The sum of the weights d.
    first : ndarray of float64, shape (v, features)
        Of d (x - origin).
    second : ndarray of float64, shape (v, features, features)
        Of d (x - origin) (x - origin)ᵀ; of shape (v, features) its diagonal alone.
    rows : int
        How many rows were looked at.
    """

    total: Array
    first: Array
    second: Array
    rows: int

    def __add__(self, other: Scatter) -> Scatter:
        """Add what another block of rows brings."""
        return Scatter(
            self.total + other.total,
            self.first + other.first,
            self.second + other.second,
            self.rows + other.rows,
        )


@dataclass(frozen=True)
class Observed:
    """What was observed of every row.

    Attributes
    ----------
    target : ndarray
        Labels: bool, of shape (n, problems). Classes: int64, of shape (n,).
    weight : ndarray of float64
        Of every row, of shape (n, 1) or (n, problems).
    offset : ndarray of float64
        What is added to the scores: (1, 1), (n, 1), or (n, problems) for labels and (n, classes)
        for classes.
    """

    target: Array
    weight: Array
    offset: Array

    @property
    def of_labels(self) -> bool:
        """Whether the targets are labels, each a problem for the sigmoid."""
        return bool(self.target.ndim == 2)

    def of_problems(self, problems: Array) -> Observed:
        """Return what was observed of some of the problems."""

        def chosen(array: Array) -> Array:
            return array if array.shape[1] == 1 else np.ascontiguousarray(array[:, problems])

        if not self.of_labels:
            return Observed(self.target, chosen(self.weight), self.offset)
        target = np.ascontiguousarray(self.target[:, problems])
        return Observed(target, chosen(self.weight), chosen(self.offset))

    def of_rows(self, rows: slice) -> Observed:
        """Return what was observed of some of the rows."""
        offset = self.offset if len(self.offset) == 1 else self.offset[rows]
        return Observed(self.target[rows], self.weight[rows], offset)


class Rows(Protocol):
    """What a fit needs of its rows."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and features."""

    def of_problems(self, problems: Array) -> Rows:
        """Return the same rows with some of the problems."""

    def evaluate(self, parameters: Parameters) -> Sums:
        """Pass over all rows: losses and gradient."""

    def scatter(
        self, origin: Array, parameters: Parameters | None, share: int, diagonal: bool
    ) -> Scatter:
        """Pass over one row in `share`: moments, weighted by the curvature of the losses.

        Without parameters by the rows' own weights, alike for all vectors.
        """

    def origin(self) -> Array:
        """Return about the mean of every feature: what moments are taken about."""
