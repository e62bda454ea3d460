"""What targets hold, found in one pass over them, and how blocks of them are encoded.

Both are done block by block, so that targets may lie wherever the features do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ogive.linear_model.rows import Observed
from ogive.linear_model.targets import Outputs
from ogive.linear_model.weighting import of_classes

Array = Any


@dataclass(frozen=True)
class Census:
    """How many rows, and how much weight, every value of the target has.

    Attributes
    ----------
    classes : ndarray, shape (k,)
        The values, sorted; of an indicator matrix False and True.
    rows : ndarray of int64, shape (columns, k)
        How many rows have each; columns is 1 but for an indicator matrix.
    weight : ndarray of float64, shape (columns, k)
        The sum of their weights.
    indicator : bool
        Whether the target is an indicator matrix: several labels for each row.
    offsets : int
        How many columns the offsets have; 0 without any.
    """

    classes: Array
    rows: Array
    weight: Array
    indicator: bool
    offsets: int = 0

    @property
    def size(self) -> int:
        """How many rows there are."""
        return int(self.rows[0].sum())

    def __add__(self, other: Census) -> Census:
        """Add what another block of rows holds."""
        if (self.indicator, len(self.rows)) != (other.indicator, len(other.rows)):
            raise ValueError("Blocks of y differ in their number of columns.")
        if self.offsets != other.offsets:
            raise ValueError("Blocks of offset differ in their number of columns.")
        if self.classes.dtype.kind != other.classes.dtype.kind and "U" in (
            self.classes.dtype.kind,
            other.classes.dtype.kind,
        ):
            raise TypeError("Blocks of y differ in type: some are strings, some are numbers.")
        classes = np.union1d(self.classes, other.classes)
        rows = np.zeros((len(self.rows), len(classes)), np.int64)
        weight = np.zeros(rows.shape)
        for one in (self, other):
            at = np.searchsorted(classes, one.classes)
            rows[:, at] += one.rows
            weight[:, at] += one.weight
        return replace(self, classes=classes, rows=rows, weight=weight)

    @property
    def outputs(self) -> Outputs:
        """What kind of target this is.

        Raises
        ------
        ValueError
            For a single class.
        """
        if self.indicator:
            return Outputs([np.array([0, 1]) for _ in self.rows])
        return Outputs(self.classes)

    def encoding(self, class_weight: Array | None = None) -> Encoding:
        """Return how blocks of these targets are encoded.

        Parameters
        ----------
        class_weight : ndarray of float64, shape (k,) or (columns, k), optional
            What the rows of each class are weighted with in addition.

        Returns
        -------
        Encoding

        Raises
        ------
        ValueError
            Where offsets have neither one column nor one for each problem or class.
        """
        wanted = self.outputs.outputs
        if self.offsets not in (0, 1, wanted):
            raise ValueError(
                f"offset has {self.offsets} columns, where 1 or {wanted} were expected."
            )
        if class_weight is not None:
            class_weight = np.broadcast_to(np.asarray(class_weight, np.float64), self.rows.shape)
        return Encoding(self.classes, self.indicator, class_weight)


@dataclass(frozen=True)
class Encoding:
    """How a block of targets becomes what a pass over rows needs.

    Attributes
    ----------
    classes : ndarray, shape (k,)
        Two of them give labels, more give classes.
    indicator : bool
        Whether the target is an indicator matrix.
    class_weight : ndarray, shape (columns, k), optional
        What the rows of each class are weighted with in addition.
    problems : ndarray of int, optional
        Those that are wanted; all without it.
    kept : ndarray of bool, shape (k,), optional
        Which of more than two classes have scores: the others' rows have no weight.
    """

    classes: Array
    indicator: bool
    class_weight: Array | None = None
    problems: Array | None = None
    kept: Array | None = None

    def of_problems(self, problems: Array) -> Encoding:
        """Return the encoding of some of the problems."""
        known = self.problems
        return replace(self, problems=problems if known is None else known[problems])

    def of_outputs(self, kept: Array) -> Encoding:
        """Return the encoding with some of the scores, which a mask names."""
        if kept.all():
            return self
        if self.indicator:
            return self.of_problems(np.flatnonzero(kept))
        return replace(self, kept=kept)

    def observed(self, target: Array, weight: Array | None, offset: Array | None) -> Observed:
        """Encode a block of rows.

        Parameters
        ----------
        target : ndarray, shape (n,) or (n, labels)
        weight : ndarray, shape (n,), optional
        offset : ndarray, shape (n,) or (n, columns), optional

        Returns
        -------
        ogive.linear_model.rows.Observed

        Raises
        ------
        ValueError
            Where a target is none of the classes.

        Examples
        --------
        >>> import numpy as np
        >>> from ogive.linear_model.census import Encoding
        >>> encoding = Encoding(np.array(["no", "yes"]), indicator=False)
        >>> encoding.observed(np.array(["yes", "no"]), None, None).target
        array([[ True],
               [False]])
        """
        target = plain_target(target)
        if self.indicator:
            codes: Array = np.ascontiguousarray(target, bool)
        else:
            codes = np.searchsorted(self.classes, target)
            codes[codes == len(self.classes)] = 0
            strange = self.classes[codes] != target
            if strange.any():
                value = target[np.argmax(strange)]
                raise ValueError(f"y has changed since it was looked at: {value.item()!r} is new.")
            if len(self.classes) == 2:
                codes = codes.astype(bool)[:, None]
        weights = np.broadcast_to(1.0, (len(target), 1))
        if weight is not None:
            weights = np.asarray(weight, np.float64).reshape(-1, 1)
        if self.class_weight is not None:
            column = np.arange(len(self.class_weight))
            chosen = codes.reshape(len(target), -1).astype(np.int64)
            weights = weights * self.class_weight[column, chosen]
        offsets = np.zeros((1, 1))
        if offset is not None:
            offsets = np.asarray(offset, np.float64).reshape(len(target), -1)
        found = Observed(codes, weights, offsets)
        if self.kept is not None:
            found = of_classes(found, self.kept)
        return found if self.problems is None else found.of_problems(self.problems)


def census_of(target: Array, weight: Array | None, offset: Array | None) -> Census | None:
    """Look at a block of targets.

    Parameters
    ----------
    target : array-like, shape (n,) or (n, labels)
    weight : array-like, shape (n,), optional
    offset : array-like, shape (n,) or (n, columns), optional

    Returns
    -------
    Census, or None
        None of an empty block.

    Raises
    ------
    ValueError
        Where targets are missing or continuous, where weights are negative or not finite, where
        offsets are not finite, or where their numbers differ.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.census import census_of
    >>> both = census_of([0, 1, 1], None, None) + census_of([2, 1], np.array([1.0, 0.5]), None)
    >>> both.classes.tolist(), both.rows.tolist(), both.weight.tolist()
    ([0, 1, 2], [[1, 3, 1]], [[1.0, 2.5, 1.0]])
    """
    values = plain_target(target)
    _check_target(values)
    weights = np.broadcast_to(1.0, len(values))
    if weight is not None:
        weights = np.asarray(weight, np.float64)
        if weights.ndim == 2 and weights.shape[1] == 1:
            weights = weights[:, 0]
        if weights.shape != values.shape[:1]:
            raise ValueError(
                f"sample_weight.shape == {weights.shape}, expected {values.shape[:1]}!"
            )
        if not np.isfinite(weights).all():
            raise ValueError("Input sample_weight contains NaN or infinity.")
        if (weights < 0).any():
            raise ValueError("Input sample_weight contains negative values.")
    columns = 0
    if offset is not None:
        offsets = np.asarray(offset, np.float64)
        if offsets.ndim not in (1, 2) or len(offsets) != len(values):
            raise ValueError(f"offset.shape == {offsets.shape}, expected {len(values)} rows!")
        if not np.isfinite(offsets).all():
            raise ValueError("Input offset contains NaN or infinity.")
        columns = 1 if offsets.ndim == 1 else offsets.shape[1]
    if not len(values):
        return None
    if values.ndim == 2:
        positive = values.astype(bool)
        rows = np.stack([(~positive).sum(0), positive.sum(0)], 1)
        heavy = weights @ positive
        sums = np.stack([weights @ ~positive, heavy], 1)
        return Census(np.array([False, True]), rows, sums, True, columns)
    classes, codes = np.unique(values, return_inverse=True)
    rows, sums = np.bincount(codes), np.bincount(codes, weights)
    return Census(classes, rows[None], sums[None], False, columns)


def plain_target(target: Array) -> Array:
    """Return targets as an array of NumPy's own types, a column as a vector.

    Raises
    ------
    ValueError
        Where some are missing, or of several types.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.census import plain_target
    >>> plain_target(np.array([["a"], ["bc"]], object))
    array(['a', 'bc'], dtype='<U2')
    """
    values = np.asarray(target)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.dtype == object:
        items = values.ravel().tolist()
        if any(item is None or item != item for item in map(_known, items)):
            raise ValueError("Input y contains missing values.")
        if len({isinstance(item, str) for item in items}) > 1:
            raise ValueError("Input y mixes strings and numbers.")
        values = np.array(items).reshape(values.shape)
    return values


def _known(item: Any) -> Any:
    # pandas' NA has no truth value: neither equal to itself nor not.
    return None if type(item).__name__ == "NAType" else item


def _check_target(values: Array) -> None:
    if values.ndim not in (1, 2):
        raise ValueError(f"y should be a vector or a matrix, got an array of shape {values.shape}.")
    if values.dtype.kind not in "biufUS":
        raise ValueError(f"Unknown label type: y of dtype {values.dtype}.")
    if values.dtype.kind == "f":
        if np.isnan(values).any():
            raise ValueError("Input y contains NaN.")
        if not np.array_equal(values, np.rint(values)) or np.isinf(values).any():
            raise ValueError(
                "Unknown label type: continuous. Maybe you are trying to fit a classifier, which "
                "expects discrete classes on a regression target with continuous values."
            )
    if values.ndim == 2 and not (
        values.dtype.kind in "biuf" and ((values == 0) | (values == 1)).all()
    ):
        raise ValueError("A matrix of labels should hold 0 and 1 only.")
