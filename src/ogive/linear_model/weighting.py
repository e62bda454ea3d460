"""What rows and classes weigh, and which scores are left."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from ogive.linear_model.rows import Observed
from ogive.linear_model.targets import Outputs, Target

Array = Any


def weights_of(target: Target, class_weight: Any, sample_weight: Array) -> tuple[Array, Array]:
    """Return what every row and every class weighs: sample weights times those of the classes.

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
    weight : ndarray of float64, shape (n, 1) or (n, labels)
    totals : ndarray of float64, shape (problems, classes)
        Sums over the rows of every class; a problem for every label, with two classes.

    Raises
    ------
    ValueError
        As `class_weights` and `totals_of` do.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.targets import target_of
    >>> from ogive.linear_model.weighting import weights_of
    >>> weight, totals = weights_of(target_of([0, 1, 1]), {1: 2.0}, np.ones(3))
    >>> weight.ravel(), totals
    (array([1., 2., 2.]), array([[1., 4.]]))
    """
    codes, classes = target.codes, len(target.classes)
    if codes.ndim == 1:
        counts = np.bincount(codes, weights=sample_weight, minlength=classes)[None]
    else:
        counts = np.stack([sample_weight @ ~codes, sample_weight @ codes], 1)
    each = class_weights(target, class_weight, counts)
    weight = sample_weight[:, None]
    if each is not None:
        columns = codes.reshape(len(codes), -1).astype(np.int64, copy=False)
        weight = weight * each[np.arange(len(each)), columns]
    return weight, totals_of(target, counts, each)


def class_weights(outputs: Outputs, class_weight: Any, counts: Array) -> Array | None:
    """Return what the rows of every class are multiplied with.

    Parameters
    ----------
    outputs : Outputs
        Of the target.
    class_weight : dict, list of dict, "balanced" or None
        Of several labels: a dictionary for all or for each, of the keys 0 and 1.
    counts : ndarray of float64, shape (problems, classes)
        Sums of the sample weights of every class.

    Returns
    -------
    ndarray of float64, shape (problems, classes), or None
        None where nothing is multiplied.

    Raises
    ------
    ValueError
        For classes that are not there, weights that are negative or infinite, a list of the wrong
        length.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.targets import Outputs
    >>> from ogive.linear_model.weighting import class_weights
    >>> class_weights(Outputs(np.array([0, 1])), "balanced", np.array([[1.0, 3.0]])).round(3)
    array([[2.   , 0.667]])
    """
    several = outputs.kind == "multilabel"
    if isinstance(class_weight, list) and not (
        several and len(class_weight) == len(outputs.classes)
    ):
        raise ValueError(
            "A list of class weights has a dictionary for every label of an indicator matrix: got "
            f"{len(class_weight)} for a {outputs.kind} target of {outputs.outputs} scores"
        )
    if class_weight is None:
        return None
    own = class_weight if isinstance(class_weight, list) else [class_weight] * len(counts)
    classes = outputs.classes if several else [outputs.classes]
    return np.stack([_of_classes(*one) for one in zip(own, classes, counts, strict=True)])


def _of_classes(class_weight: Any, classes: Array, counts: Array) -> Array:
    if isinstance(class_weight, str):
        there = counts > 0
        # A class without rows has no weight whatever it is multiplied with.
        return counts.sum() / (there.sum() * np.where(there, counts, 1.0))
    each = np.asarray(compute_class_weight(class_weight, classes=classes, y=classes), np.float64)
    if not (np.isfinite(each) & (each >= 0)).all():
        raise ValueError(f"Class weights must be finite and not negative: got {class_weight}")
    return each


def totals_of(outputs: Outputs, counts: Array, each: Array | None) -> Array:
    """Return the sums of the weights of every class, class weights included.

    Parameters
    ----------
    outputs : Outputs
        Of the target.
    counts : ndarray of float64, shape (problems, classes)
        Sums of the sample weights of every class.
    each : ndarray of float64, shape (problems, classes), or None
        What `class_weights` returned.

    Returns
    -------
    ndarray of float64, shape (problems, classes)

    Raises
    ------
    ValueError
        For weights whose sum is infinite; where fewer than two classes have weight, unless they are
        of one of several labels.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.targets import Outputs
    >>> from ogive.linear_model.weighting import totals_of
    >>> totals_of(Outputs(np.array([0, 1])), np.array([[1.0, 2.0]]), np.array([[2.0, 1.0]]))
    array([[2., 2.]])
    """
    totals = counts if each is None else counts * each
    if not np.isfinite(totals).all():
        raise ValueError("The sum of the sample weights is infinite")
    if not totals.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    if outputs.kind != "multilabel" and (totals > 0.0).sum() < 2:
        only = outputs.classes.tolist()[np.argmax(totals[0])]
        raise ValueError(
            "This solver needs samples of at least 2 classes in the data, but only one class has "
            f"weight: {only!r}"
        )
    return totals


def with_weight(target: Outputs, totals: Array) -> Array:
    """Return which scores have finite intercepts: those of classes and labels with weight.

    Parameters
    ----------
    target : Outputs
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
    >>> from ogive.linear_model.targets import target_of
    >>> from ogive.linear_model.weighting import with_weight
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


def outputs_of(target: Target, weight: Array, offset: Array, kept: Array) -> Observed:
    """Return what was observed, for some of the scores.

    Parameters
    ----------
    target : Target
        Of the rows.
    weight, offset : ndarray of float64
        As `ogive.linear_model.rows.Observed` has them.
    kept : ndarray of bool, shape (outputs,)
        Which scores; classes that are left out have no weight.

    Returns
    -------
    ogive.linear_model.rows.Observed

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.targets import target_of
    >>> from ogive.linear_model.weighting import outputs_of
    >>> weight, kept = np.array([[1.0], [0.0], [1.0]]), np.array([True, False, True])
    >>> outputs_of(target_of([0, 1, 2]), weight, np.zeros((1, 1)), kept).target
    array([0, 0, 1])
    """
    seen = Observed(target.codes, weight, offset)
    if kept.all():
        return seen
    if target.kind == "multilabel":
        return seen.of_problems(np.flatnonzero(kept))
    return of_classes(seen, kept)


def of_classes(seen: Observed, kept: Array) -> Observed:
    """Return what was observed of some of the classes of a softmax.

    Parameters
    ----------
    seen : ogive.linear_model.rows.Observed
        Of all of them; rows of the others have no weight.
    kept : ndarray of bool, shape (classes,)
        Which.

    Returns
    -------
    ogive.linear_model.rows.Observed

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.rows import Observed
    >>> from ogive.linear_model.weighting import of_classes
    >>> seen = Observed(np.array([0, 1, 2]), np.array([[1.0], [0.0], [1.0]]), np.zeros((1, 1)))
    >>> of_classes(seen, np.array([True, False, True])).target
    array([0, 0, 1])
    """
    codes = (np.cumsum(kept) - 1).clip(0)[seen.target]
    offset = seen.offset[:, kept] if seen.offset.shape[1] > 1 else seen.offset
    return Observed(codes, seen.weight, offset)
