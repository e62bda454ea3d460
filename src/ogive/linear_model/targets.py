"""What kind of target there is, and its encoding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

Array = Any


@dataclass(frozen=True)
class Outputs:
    """What kind of target there is, and how many scores it takes.

    Attributes
    ----------
    classes : ndarray, or list of ndarray
        The distinct values in order; of several labels a list of [0, 1] for each.

    Raises
    ------
    ValueError
        For a single class.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.targets import Outputs
    >>> Outputs(np.array(["ash", "birch", "cedar"])).kind
    'multinomial'
    """

    classes: Any

    def __post_init__(self) -> None:
        if len(self.classes) < 2 and not isinstance(self.classes, list):
            raise ValueError(
                "This solver needs samples of at least 2 classes in the data, but the data "
                f"contains only one class: {self.classes.tolist()[0]!r}"
            )

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
        return "binary" if len(self.classes) == 2 else "multinomial"

    @property
    def outputs(self) -> int:
        """How many scores a row has.

        Examples
        --------
        >>> from ogive.linear_model.targets import target_of
        >>> target_of([0, 1]).outputs, target_of([0, 1, 2]).outputs
        (1, 3)
        """
        return 1 if self.kind == "binary" else len(self.classes)


@dataclass(frozen=True)
class Target(Outputs):
    """An encoded target.

    Attributes
    ----------
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

    codes: Array


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
    if isinstance(y, np.ndarray) and y.ndim == 1 and y.dtype.kind in "biuU":
        # What most targets are, without the time that it takes to look for all that others may be.
        classes = np.unique(y)
        if len(classes) <= 2:
            return Target(classes, np.asarray(y == classes[-1], bool)[:, None])
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
    if len(classes) <= 2:
        return Target(classes, np.asarray(y == classes[-1], bool)[:, None])
    return Target(classes, np.searchsorted(classes, y).astype(np.int64, copy=False))


def names_of(target: Outputs, kept: Array) -> list[str]:
    """Return what some of the scores are called: the positive class, classes, or labels.

    Parameters
    ----------
    target : Outputs
        Of the rows.
    kept : ndarray of bool, shape (outputs,)
        Which scores.

    Returns
    -------
    list of str

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.targets import names_of, target_of
    >>> names_of(target_of(["no", "yes", "no"]), np.array([True]))
    ['yes']
    """
    if target.kind == "multilabel":
        return [str(label) for label in np.flatnonzero(kept)]
    classes = target.classes[1:] if target.kind == "binary" else target.classes[kept]
    return [str(name) for name in classes]
