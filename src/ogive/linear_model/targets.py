"""What kind of target there is, its encoding, and what its classes weigh."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from ogive.linear_model.rows import Observed

Array = Any


@dataclass(frozen=True)
class Target:
    """An encoded target.

    Attributes
    ----------
    classes : ndarray, or list of ndarray
        The distinct values in order; of several labels a list of [0, 1] for each.
    codes : ndarray
        Of two classes bool, of shape (n, 1); of labels bool, of shape (n, labels); of more classes
        int64, of shape (n,).

    Examples
    --------
    >>> from ogive.linear_model.targets import target_of
    >>> target = target_of(["no", "yes", "no"])
    >>> target.kind, target.codes.ravel()
    ('binary', array([False,  True, False]))
    """

    classes: Any
    codes: Array

    @property
    def kind(self) -> str:
        """Which of "binary", "multinomial" and "multilabel" it is.

        Examples
        --------
        >>> from ogive.linear_model.targets import target_of
        >>> target_of([[0, 1], [1, 1]]).kind
        'multilabel'
        """
        if isinstance(self.classes, list):
            return "multilabel"
        return "binary" if self.codes.ndim == 2 else "multinomial"

    @property
    def outputs(self) -> int:
        """How many scores a row has.

        Examples
        --------
        >>> from ogive.linear_model.targets import target_of
        >>> target_of([0, 1]).outputs, target_of([0, 1, 2]).outputs
        (1, 3)
        """
        return self.codes.shape[1] if self.codes.ndim == 2 else len(self.classes)


def target_of(y: Any) -> Target:
    """Encode a target.

    Parameters
    ----------
    y : array_like or sparse matrix
        Of shape (n,): classes of any type that can be ordered. Of shape (n, labels): an indicator
        matrix of 0 and 1.

    Returns
    -------
    Target

    Raises
    ------
    ValueError
        For a single class, a continuous target, several columns that are no indicator matrix.

    Examples
    --------
    >>> from ogive.linear_model.targets import target_of
    >>> target_of([3, 1, 2, 1]).codes
    array([2, 0, 1, 0])
    """
    kind = type_of_target(y, input_name="y")
    if kind == "multilabel-indicator":
        dense = y.toarray() if sparse.issparse(y) else np.asarray(y)
        codes = dense.astype(bool)
        if not np.array_equal(codes, dense):
            raise ValueError(
                "y has several columns, but is no indicator matrix of 0 and 1: "
                f"its values are {np.unique(dense).tolist()}"
            )
        return Target([np.array([0, 1]) for _ in range(codes.shape[1])], codes)
    if kind not in ("binary", "multiclass"):
        check_classification_targets(y)
    y = column_or_1d(y, warn=True)
    classes = np.unique(y)
    if len(classes) < 2:
        raise ValueError(
            "This solver needs samples of at least 2 classes in the data, but the data contains "
            f"only one class: {classes[0]!r}"
        )
    if len(classes) == 2:
        return Target(classes, np.asarray(y == classes[1], bool)[:, None])
    return Target(classes, np.searchsorted(classes, y).astype(np.int64, copy=False))


def weights_of(target: Target, class_weight: Any, sample_weight: Array) -> Array:
    """Return what every row weighs: its sample weight times the weight of its class.

    Parameters
    ----------
    target : Target
        Of the rows.
    class_weight : dict, list of dict, "balanced" or None
        Of several labels: a dictionary for all or for each, of the keys 0 and 1.
    sample_weight : ndarray of float64, shape (n,)
        Of the rows.

    Returns
    -------
    ndarray of float64, shape (n, 1) or (n, labels)

    Raises
    ------
    ValueError
        For classes that are not there, weights that are negative or infinite, a list of the wrong
        length.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.targets import target_of, weights_of
    >>> weights_of(target_of([0, 1, 1]), {1: 2.0}, np.ones(3)).ravel()
    array([1., 2., 2.])
    """
    several = target.kind == "multilabel"
    if isinstance(class_weight, list) and not (
        several and len(class_weight) == len(target.classes)
    ):
        raise ValueError(
            "A list of class weights has a dictionary for every label of an indicator matrix: got "
            f"{len(class_weight)} for a {target.kind} target of {target.outputs} scores"
        )
    weight = sample_weight[:, None]
    if class_weight is None:
        return weight
    if not several:
        codes = target.codes.ravel().astype(np.int64, copy=False)
        return _of_classes(class_weight, target.classes, codes, sample_weight)[codes, None] * weight
    result = np.empty(target.codes.shape)
    for label, (classes, codes) in enumerate(zip(target.classes, target.codes.T, strict=True)):
        own = class_weight[label] if isinstance(class_weight, list) else class_weight
        each = _of_classes(own, classes, codes.astype(np.int64), sample_weight)
        result[:, label] = np.where(codes, each[1], each[0]) * sample_weight
    return result


def _of_classes(class_weight: Any, classes: Array, codes: Array, sample_weight: Array) -> Array:
    if isinstance(class_weight, str):
        counts = np.bincount(codes, weights=sample_weight, minlength=len(classes))
        there = counts > 0
        # A class without rows has no weight whatever it is multiplied with.
        return counts.sum() / (there.sum() * np.where(there, counts, 1.0))
    each = np.asarray(compute_class_weight(class_weight, classes=classes, y=classes), np.float64)
    if not (np.isfinite(each) & (each >= 0)).all():
        raise ValueError(f"Class weights must be finite and not negative: got {class_weight}")
    return each


def class_totals(target: Target, weight: Array) -> Array:
    """Return the sum of the weights of every class.

    Parameters
    ----------
    target : Target
        Of the rows.
    weight : ndarray of float64, shape (n, 1) or (n, labels)
        Of the rows.

    Returns
    -------
    ndarray of float64, shape (problems, classes)
        A problem for every label, with two classes.

    Raises
    ------
    ValueError
        For weights whose sum is infinite; where fewer than two classes have weight, unless they are
        of one of several labels.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.targets import class_totals, target_of
    >>> class_totals(target_of([0, 1, 1]), np.ones((3, 1)))
    array([[1., 2.]])
    """
    codes = target.codes
    if codes.ndim == 1:
        totals = np.bincount(codes, weights=weight[:, 0], minlength=len(target.classes))[None]
    else:
        sides = [np.where(codes == side, weight, 0.0).sum(0) for side in (False, True)]
        totals = np.stack(sides, 1)
    if not np.isfinite(totals).all():
        raise ValueError("The sum of the sample weights is infinite")
    if target.kind != "multilabel" and (totals > 0.0).sum() < 2:
        only = target.classes[np.argmax(totals[0])]
        raise ValueError(
            "This solver needs samples of at least 2 classes in the data, but only one class has "
            f"weight: {only!r}"
        )
    return totals


def with_weight(target: Target, totals: Array) -> Array:
    """Return which scores have finite intercepts: those of classes and labels with weight.

    Parameters
    ----------
    target : Target
        Of the rows.
    totals : ndarray of float64, shape (problems, classes)
        The sums of the weights of every class.

    Returns
    -------
    ndarray of bool, shape (outputs,)

    Raises
    ------
    ValueError
        If no label is left.

    Warns
    -----
    UserWarning
        For every label that all rows have, or none.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.targets import target_of, with_weight
    >>> with_weight(target_of([0, 1, 2]), np.array([[5.0, 0.0, 2.0]]))
    array([ True, False,  True])
    """
    has = totals > 0.0
    if target.kind != "multilabel":
        return np.ones(1, bool) if target.kind == "binary" else has[0]
    kept: Array = has.all(1)
    if not kept.any():
        raise ValueError(
            "This solver needs samples of at least 2 classes in the data, but every label of y has "
            "only one class"
        )
    for label in np.flatnonzero(~kept):
        which = "no" if has[label, 0] else "all"
        warnings.warn(
            f"Label {label} is present in {which} rows that have weight: its intercept is "
            "infinite, and its coefficients are 0",
            UserWarning,
            stacklevel=3,
        )
    return kept


def outputs_of(
    target: Target, weight: Array, offset: Array, totals: Array, kept: Array
) -> tuple[Observed, Array]:
    """Return what was observed, and the sums of the weights, for some of the scores.

    Parameters
    ----------
    target : Target
        Of the rows.
    weight, offset : ndarray of float64
        As `ogive.linear_model.rows.Observed` has them.
    totals : ndarray of float64, shape (problems, classes)
        The sums of the weights of every class.
    kept : ndarray of bool, shape (outputs,)
        Which scores; classes that are left out have no weight.

    Returns
    -------
    tuple of (Observed, ndarray)

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.targets import outputs_of, target_of
    >>> weight, kept = np.array([[1.0], [0.0], [1.0]]), np.array([True, False, True])
    >>> totals = np.array([[1.0, 0.0, 1.0]])
    >>> seen, _ = outputs_of(target_of([0, 1, 2]), weight, np.zeros((1, 1)), totals, kept)
    >>> seen.target
    array([0, 0, 1])
    """
    if kept.all():
        return Observed(target.codes, weight, offset), totals
    if target.kind == "multilabel":
        seen = Observed(target.codes, weight, offset)
        return seen.of_problems(np.flatnonzero(kept)), totals[kept]
    codes = (np.cumsum(kept) - 1).clip(0)[target.codes]
    return Observed(codes, weight, offset[:, kept] if offset.shape[1] > 1 else offset), totals[
        :, kept
    ]
