"""Pairs of a row and a class that is not its own: what separation is about.

The margin of a pair is the row's score of its own class less that of the other, a product of the
free parameters with the pair's vector.  A label is a class against one whose scores are 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

import ogive
from ogive.linear_model.information import augmented, over_blocks, slices
from ogive.linear_model.rows import Parameters

Array = Any

ROUNDING = 1e-9
"""Margins smaller than this part of what they could be are 0."""


@dataclass(frozen=True)
class Some:
    """Some of the pairs.

    Attributes
    ----------
    keys : ndarray of int, shape (n, 3)
        Block, row within it, and class.
    margins : ndarray of float64, shape (n,)
    vectors : ndarray of float64, shape (n, m)
        In scaled features about the origin.
    """

    keys: Array
    margins: Array
    vectors: Array

    @classmethod
    def together(cls, parts: list[Some], most: int) -> Some:
        """Return those of the smallest margins of all parts."""
        keys, margins, vectors = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("keys", "margins", "vectors")
        )
        first = np.argsort(margins, kind="stable")[:most]
        return cls(keys[first], margins[first], vectors[first])

    def with_new(self, others: Some) -> Some | None:
        """Return these and those of the others that are new, or None if none is."""
        known = set(map(tuple, self.keys.tolist()))
        new = np.array([tuple(key) not in known for key in others.keys.tolist()], bool)
        if not new.any():
            return None
        return Some(
            np.vstack([self.keys, others.keys[new]]),
            np.concatenate([self.margins, others.margins[new]]),
            np.vstack([self.vectors, others.vectors[new]]),
        )


@dataclass(frozen=True)
class Seen:
    """What a direction does to all pairs.

    Attributes
    ----------
    rows, boundary : int
        Rows of a weight above 0, and those of them with a margin of 0 or less.
    strict : frozenset of int
        The classes of pairs with a positive margin.
    wrong : Some
        Pairs of a negative margin, the worst first.
    level : Some
        Pairs of margin 0 whose vectors do not follow from those of the boundary.
    """

    rows: int
    boundary: int
    strict: frozenset[int]
    wrong: Some
    level: Some


@dataclass(frozen=True)
class Pairs:
    """All pairs of one problem.

    Attributes
    ----------
    rows : ogive.linear_model.rows.Rows
    q, classes : int
        Which problem; how many vectors of parameters it has.
    fit_intercept : bool
    origin, scale : ndarray of float64, shape (features,)
        What features are taken about, and the largest distance from it.
    total : ndarray of float64, shape (m,)
        The sum of all pairs' vectors.
    count : int
        How many pairs there are.
    """

    rows: Any
    q: int
    classes: int
    fit_intercept: bool
    origin: Array
    scale: Array
    total: Array
    count: int

    @classmethod
    def of(cls, rows: Any, q: int, classes: int, fit_intercept: bool) -> Pairs:
        """Pass over the rows twice: for the scale, and for the sum."""
        features = rows.shape[1]
        origin = rows.origin() if fit_intercept else np.zeros(features)
        largest = partial(_largest, q=q, origin=origin)
        scale = np.max(over_blocks(rows, largest), axis=0)
        scale[scale == 0.0] = 1.0
        pairs = cls(rows, q, classes, fit_intercept, origin, scale, np.zeros(0), 0)
        totals, counts = zip(*over_blocks(rows, pairs._sum), strict=True)
        return replace(pairs, total=sum(totals), count=sum(counts))

    def rest(self, chosen: Some) -> Array:
        """Return the sum of the vectors of all pairs but some; 0 if only rounding is left."""
        rest = self.total - chosen.vectors.sum(0)
        if len(chosen.vectors) == self.count or np.abs(rest).max() < 1e-12 * self.count:
            rest[:] = 0.0
        return rest

    @property
    def size(self) -> int:
        """How many free parameters there are."""
        return max(self.classes - 1, 1) * (len(self.origin) + self.fit_intercept)

    def in_users_features(self, direction: Array) -> Array:
        """Return a direction as the parameters of a fit, the first of several classes being 0."""
        free = max(self.classes - 1, 1)
        scaled = direction.reshape(free, -1)
        result = np.zeros((self.classes, len(self.origin) + 1))
        weights = scaled[:, : len(self.origin)] / self.scale
        result[-free:, :-1] = weights
        if self.fit_intercept:
            result[-free:, -1] = scaled[:, -1] - weights @ self.origin
        return result

    def smallest(self, parameters: Array, most: int) -> Some:
        """Return the pairs that have the smallest margins with some parameters."""
        parts = over_blocks(self.rows, partial(self._smallest, parameters=parameters, most=most))
        return Some.together([_of(part, b) for b, part in enumerate(parts)], most)

    def look(self, direction: Array, null: Array | None, most: int) -> Seen:
        """Pass over all pairs; return at most so many of those that matter.

        Parameters
        ----------
        direction : ndarray, shape (1 or classes, features + 1)
            In the user's features.
        null : ndarray, shape (m, any), or None
            A basis of what is orthogonal to the boundary's vectors; without it no pair of margin 0
            is returned.
        most : int
            At least one wrong pair is returned if there is any.
        """
        look = partial(self._look, direction=direction, null=null, most=max(most, 1))
        parts = over_blocks(self.rows, look)
        rows, boundary, strict, wrong, level = zip(*parts, strict=True)
        most = max(most, 1)
        return Seen(
            sum(rows),
            sum(boundary),
            frozenset().union(*strict),
            Some.together([_of(part, b) for b, part in enumerate(wrong)], most),
            Some.together([_of(part, b) for b, part in enumerate(level)], most),
        )

    def _counts(self, block: Any, rows: slice) -> Array:
        """Return the rows of a slice that have a weight, as indices."""
        weight = block.observed.weight[rows]
        return np.flatnonzero(weight[:, self.q if weight.shape[1] > 1 else 0] > 0.0)

    def _margins(self, block: Any, rows: slice, direction: Array) -> tuple[Array, Array, Array]:
        """Return margins, of shape (n, others), what rounding is relative to, and the others.

        That is the largest weight of a scaled feature times the row's sum of scaled features: what
        is 0 by itself, or nearly, does not make a margin exact.
        """
        counts = self._counts(block, rows)
        x = augmented(block, rows, self.origin, self.fit_intercept)[counts]
        about = direction.copy()
        about[:, -1] += about[:, :-1] @ self.origin
        scale = np.append(self.scale, np.ones(int(self.fit_intercept)))
        about = about[:, : len(scale)]
        scores = np.asarray(x @ about.T)
        sizes = np.asarray(abs(x) @ (1.0 / scale))[:, None] * np.abs(about * scale).max(initial=0.0)
        target = block.observed.target[rows][counts]
        if block.observed.of_labels:
            sign = np.where(target[:, self.q], 1.0, -1.0)[:, None]
            others = np.where(target[:, self.q], 0, 1)[:, None]
            return sign * scores, sizes, others
        others = _others(target, self.classes)
        own = np.arange(len(target)), target
        margins = scores[own][:, None] - np.take_along_axis(scores, others, 1)
        return margins, sizes, others

    def _vectors(self, block: Any, rows: slice, which: Array, others: Array) -> Array:
        """Return the vectors of pairs: rows of the slice, and the class that is not theirs."""
        x = augmented(block, rows, self.origin, self.fit_intercept)[which]
        x = x.toarray() if sparse.issparse(x) else x
        x = x / np.append(self.scale, np.ones(int(self.fit_intercept)))
        target = block.observed.target[rows][which]
        if block.observed.of_labels:
            return x * np.where(target[:, self.q], 1.0, -1.0)[:, None]
        sign = np.zeros((len(which), self.classes))
        sign[np.arange(len(which)), target] = 1.0
        sign[np.arange(len(which)), others] = -1.0
        return (sign[:, 1:, None] * x[:, None]).reshape(len(which), self.size)

    def _sum(self, block: Any) -> tuple[Array, int]:
        """Return the sum of the pairs' vectors, and how many there are."""
        count = 0
        free = max(self.classes - 1, 1)
        total = np.zeros((free, len(self.origin) + self.fit_intercept))
        for rows in slices(block):
            counts = self._counts(block, rows)
            x = augmented(block, rows, self.origin, self.fit_intercept)[counts]
            target = block.observed.target[rows][counts]
            if block.observed.of_labels:
                sign = np.where(target[:, self.q], 1.0, -1.0)[:, None]
            else:
                sign = self.classes * np.eye(self.classes)[target][:, 1:] - 1.0
            total += np.asarray(x.T @ sign).T
            count += len(counts) * free
        total[:, : len(self.scale)] /= self.scale
        return total.reshape(-1), count

    def _chosen(
        self, block: Any, rows: slice, margins: Array, others: Array, of: Array, most: int
    ) -> Some:
        """Return at most so many of the pairs that a mask names."""
        r, c = np.nonzero(of)
        first = np.argsort(margins[r, c], kind="stable")[:most]
        r, c = r[first], c[first]
        which, other = self._counts(block, rows)[r], others[r, c]
        keys = np.column_stack([np.zeros_like(which), which + rows.start, other])
        return Some(keys, margins[r, c], self._vectors(block, rows, which, other))

    def _smallest(self, block: Any, parameters: Array, most: int) -> Some:
        parts = []
        for rows in slices(block):
            margins, _, others = self._margins(block, rows, parameters)
            every = np.ones(margins.shape, bool)
            parts.append(self._chosen(block, rows, margins, others, every, most))
        return Some.together(parts, most)

    def _look(self, block: Any, direction: Array, null: Array | None, most: int) -> Any:
        count, boundary, strict = 0, 0, set[int]()
        wrong, level = [], []
        for rows in slices(block):
            margins, sizes, others = self._margins(block, rows, direction)
            negative, positive = margins < -ROUNDING * sizes, margins > ROUNDING * sizes
            count += len(margins)
            boundary += int((~positive).any(1).sum())
            for own in np.unique(others[positive]):
                strict.add(int(own))
            if not block.observed.of_labels:
                target = block.observed.target[rows][self._counts(block, rows)]
                strict.update(map(int, np.unique(target[positive.any(1)])))
            wrong.append(self._chosen(block, rows, margins, others, negative, most))
            zero = ~negative & ~positive
            if null is None:
                zero[:] = False
            found = self._chosen(block, rows, margins, others, zero, zero.size)
            if null is not None and len(found.vectors):
                left = np.abs(found.vectors @ null).max(1, initial=0.0)
                new = left > 1e-8 * np.linalg.norm(found.vectors, axis=1)
                new[np.flatnonzero(new)[most:]] = False
                found = Some(found.keys[new], found.margins[new], found.vectors[new])
            level.append(found)
        return count, boundary, strict, Some.together(wrong, most), Some.together(level, most)


def _of(part: Some, block: int) -> Some:
    keys = part.keys.copy()
    keys[:, 0] = block
    return Some(keys, part.margins, part.vectors)


def _others(target: Array, classes: int) -> Array:
    """Return every class but a row's own, of shape (n, classes - 1)."""
    others = np.broadcast_to(np.arange(classes - 1), (len(target), classes - 1))
    return others + (others >= target[:, None])


def _largest(block: Any, q: int, origin: Array) -> Array:
    """Return the largest distance of every feature from the origin."""
    largest = np.zeros(len(origin))
    for rows in slices(block):
        weight = block.observed.weight[rows]
        counts = np.flatnonzero(weight[:, q if weight.shape[1] > 1 else 0] > 0.0)
        x = abs(augmented(block, rows, origin, False)[counts])
        if x.shape[0]:
            most = x.max(axis=0)
            largest = np.maximum(
                largest, most.toarray().reshape(-1) if sparse.issparse(most) else most
            )
    return largest


def probed(block: Any, at: Parameters, steps: Array) -> tuple[Array, Array]:
    """Return the least of 1 + t_k - Σ p t of all pairs, and their smallest probability.

    Parameters
    ----------
    block : DenseRows or SparseRows
    at : Parameters
        Where the probabilities p are taken.
    steps : ndarray, shape (problems, classes, features + 1)
        Whose scores are t.

    Returns
    -------
    tuple of (ndarray, ndarray)
        Of shape (problems,).
    """
    problems, classes = at.biases.shape
    least, smallest = np.full(problems, np.inf), np.full(problems, np.inf)
    for rows in slices(block):
        scores = block.scores(at, rows)
        x = block.matrix[rows]
        vectors = steps[..., :-1].reshape(problems * classes, -1)
        t = np.asarray(x @ vectors.T, np.float64) + steps[..., -1].reshape(-1)
        t = t.reshape(scores.shape)
        target = block.observed.target[rows]
        if classes == 1:
            # Of the class that is not the row's own: p of it, and its t.
            sign = np.where(target, -1.0, 1.0)
            p = ogive.sigmoid(sign * scores[:, :, 0])
            value = 1.0 + sign * t[:, :, 0] * (1.0 - p)
        else:
            p = ogive.softmax(scores, axis=2)
            value = 1.0 + t - (p * t).sum(2, keepdims=True)
            others = _others(target, classes)[:, None]
            p = np.take_along_axis(p, others, 2).min(2)
            value = np.take_along_axis(value, others, 2).min(2)
        counts = np.broadcast_to(block.observed.weight[rows] > 0.0, value.shape)
        least = np.minimum(least, np.where(counts, value, np.inf).min(0, initial=np.inf))
        smallest = np.minimum(smallest, np.where(counts, p, np.inf).min(0, initial=np.inf))
    return least, smallest
