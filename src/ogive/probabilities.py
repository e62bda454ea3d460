"""Probabilities: to classes and labels, and their entropy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ogive.rows.along import as_floats

__all__ = ["cross_entropy", "entropy", "one_hot", "to_labels", "to_one_hot"]

_UNITS = {"nats": 1.0, "bits": 1 / math.log(2)}


def _probabilities(name: str, values: Any) -> Any:
    values = as_floats(values)
    flat = values.reshape(-1)
    wrong = ~((flat >= 0) & (flat <= 1))
    if wrong.any():
        first = int(np.argmax(wrong))
        place = ", ".join(str(int(i)) for i in np.unravel_index(first, values.shape))
        raise ValueError(f"{name}[{place}] is {flat[first]}: must be a probability, in [0, 1]")
    return values


def one_hot(classes: Any, num_classes: int | None = None, *, dtype: Any = np.float32) -> Any:
    """Write classes as rows with a single 1.

    Parameters
    ----------
    classes : array_like of int
        Classes, from 0, of any shape.
    num_classes : int, optional
        Their number; by default one more than the largest.
    dtype : dtype, optional
        Of the result. Default float32.

    Returns
    -------
    ndarray
        Of the shape of the classes, with one axis more, the last.

    Raises
    ------
    TypeError
        For classes that are not integers.
    ValueError
        For a class that is negative or not below `num_classes`: the first, with its position.

    Examples
    --------
    >>> import ogive
    >>> ogive.probabilities.one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    classes = np.asarray(classes)
    if classes.dtype.kind not in "bui":
        raise TypeError(f"classes must be integers, not {classes.dtype}")
    if num_classes is None:
        num_classes = int(classes.max()) + 1 if classes.size else 0
    wrong = (classes < 0) | (classes >= num_classes)
    if wrong.any():
        first = int(np.argmax(wrong.reshape(-1)))
        place = ", ".join(str(int(i)) for i in np.unravel_index(first, classes.shape))
        raise ValueError(
            f"classes[{place}] is {classes.reshape(-1)[first]}:"
            f" must be a class, 0 to {num_classes - 1}"
        )
    return (classes[..., None] == np.arange(num_classes)).astype(dtype)


def to_one_hot(probabilities: Any, axis: int = -1) -> Any:
    """Write a 1 at the largest probability of every row, the first of several, and 0 elsewhere.

    Parameters
    ----------
    probabilities : array_like
        Probabilities, or logits, at least one-dimensional.
    axis : int, optional
        The axis along which the rows lie. Default -1.

    Returns
    -------
    ndarray
        Of their shape and float dtype. A row with a NaN has its 1 there.

    Raises
    ------
    numpy.exceptions.AxisError
        For an axis that is not there (a ValueError).

    Examples
    --------
    >>> import ogive
    >>> ogive.probabilities.to_one_hot([[0.2, 0.5, 0.3]])
    array([[0., 1., 0.]])
    """
    values = as_floats(probabilities)
    result = np.zeros_like(values)
    at = np.expand_dims(np.argmax(values, axis=axis), axis)
    np.put_along_axis(result, at, values.dtype.type(1), axis)
    return result


def to_labels(probabilities: Any, threshold: Any = 0.5) -> Any:
    """Say which labels hold: those whose probability reaches their threshold.

    Parameters
    ----------
    probabilities : array_like
        Probabilities of labels, in [0, 1], of shape (..., labels).
    threshold : float or array_like, optional
        In [0, 1]; one for all, or one a label. Default 0.5.

    Returns
    -------
    ndarray of bool
        Of the shape of the probabilities.

    Raises
    ------
    ValueError
        For a probability or a threshold that is NaN or outside [0, 1]: the first, with its
        position; for thresholds that do not broadcast.

    Examples
    --------
    >>> import ogive
    >>> ogive.probabilities.to_labels([0.2, 0.5, 0.9], [0.1, 0.6, 0.9])
    array([ True, False,  True])
    """
    values = _probabilities("probabilities", probabilities)
    return values >= np.asarray(_probabilities("threshold", np.atleast_1d(threshold)), values.dtype)


def _unit(unit: str) -> float:
    if unit not in _UNITS:
        raise ValueError(f"unit must be 'nats' or 'bits', not {unit!r}")
    return _UNITS[unit]


def entropy(p: Any, axis: int = -1, unit: str = "nats") -> Any:
    """Return the entropy of distributions.

    Parameters
    ----------
    p : array_like
        Probabilities, at least one-dimensional; every row is a distribution.
    axis : int, optional
        The axis along which the rows lie. Default -1.
    unit : {"nats", "bits"}, optional
        Default "nats".

    Returns
    -------
    ndarray or scalar of float64
        Of the shape of p without the axis.

    Raises
    ------
    ValueError
        For a probability that is NaN or outside [0, 1] (the first, with its position), or another
        unit.

    Notes
    -----
    -sum_i p_i log p_i, with 0 log 0 = 0. Rows are not normalised.

    Source: C. E. Shannon (1948), A mathematical theory of communication.

    Examples
    --------
    >>> import ogive
    >>> ogive.probabilities.entropy([0.5, 0.5], unit="bits")
    np.float64(1.0)
    """
    return cross_entropy(p, p, axis, unit)


def cross_entropy(p: Any, q: Any, axis: int = -1, unit: str = "nats") -> Any:
    """Return the cross-entropy of distributions q relative to p.

    Parameters
    ----------
    p, q : array_like
        Probabilities, at least one-dimensional, which broadcast; every row is a distribution.
    axis : int, optional
        The axis along which the rows lie. Default -1.
    unit : {"nats", "bits"}, optional
        Default "nats".

    Returns
    -------
    ndarray or scalar of float64
        Of their shape without the axis; inf where p is not 0 and q is.

    Raises
    ------
    ValueError
        As `entropy`.

    See Also
    --------
    ogive.losses.cross_entropy : from logits, with a gradient.

    Notes
    -----
    -sum_i p_i log q_i, with 0 log 0 = 0. Rows are not normalised.

    Source: as `entropy`.

    Examples
    --------
    >>> import ogive
    >>> ogive.probabilities.cross_entropy([1.0, 0.0], [0.25, 0.75], unit="bits")
    np.float64(2.0)
    """
    scale = _unit(unit)
    p, q = _probabilities("p", p).astype(np.float64), _probabilities("q", q).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p == 0, 0.0, -p * np.log(q))
    return np.sum(terms, axis=axis) * scale
