"""What the native losses are called with; their arguments have been checked by others."""

from __future__ import annotations

from typing import Any

import numpy as np

# Rows of weights shorter than this are written out: the gufunc pays for every row.
_SHORT_ROW = 512


def of_logits(x: Any, target: Any, *weights: Any) -> list[Any]:
    """Bring all to one array of rows: one row if everything is adjacent, or cheap to make so.

    Parameters
    ----------
    x, target : ndarray
        Of one shape and dtype.
    *weights : ndarray
        Two, of that dtype, which broadcast to the shape.

    Returns
    -------
    list of ndarray
        The same, of one shape, with what is summed along the last axis.
    """
    if weights[0].size == weights[1].size == 1:
        # As `numpy.broadcast_to` would have them, in a tenth of its time.
        repeated = [np.ndarray((x.size,), w.dtype, w, strides=(0,)) for w in weights]
        return [x.reshape(-1), target.reshape(-1), *repeated]
    arrays = [np.broadcast_to(a, x.shape) for a in (x, target, *weights)]
    if x.ndim < 2 or x.shape[-1] < _SHORT_ROW:
        return [a.reshape(-1) for a in arrays]
    return arrays


def of_classes(
    rows: Any, chosen: Any, of_each: Any, weights: Any, label_smoothing: float, factor: float
) -> tuple[str, tuple[Any, ...], Any]:
    """Return the native loss of classes, its operands, and what its losses are multiplied with.

    Parameters
    ----------
    rows : ndarray
        Logits, of shape (..., classes).
    chosen : ndarray of int64
        The class of every row; -1 for none.
    of_each : ndarray of float64 or None
        The weight of every row, 0 where there is no class; None where all count alike.
    weights : ndarray of float64 or None
        Of every class.
    label_smoothing, factor : float
        The part that is spread over the classes; what the gradient is multiplied with.

    Returns
    -------
    tuple of (str, tuple, ndarray or None)
        The last is None for 1.
    """
    if weights is None:
        return "cross_entropy", (rows, chosen, label_smoothing, factor), None
    if not label_smoothing:
        return "cross_entropy", (rows, chosen, 0.0, of_each * factor), of_each
    classes = rows.shape[-1]
    spread = (weights * (label_smoothing / classes)).astype(rows.dtype)
    dense = np.where((chosen >= 0)[..., None], spread, rows.dtype.type(0))
    at = np.maximum(chosen, 0)[..., None]
    there = np.take_along_axis(dense, at, -1)
    own = (of_each * (1 - label_smoothing)).astype(rows.dtype)[..., None]
    np.put_along_axis(dense, at, there + own, -1)
    return "dense_cross_entropy", (rows, dense, factor), None


def of_probabilities(
    rows: Any, target: Any, weights: Any, label_smoothing: float, factor: float
) -> tuple[str, tuple[Any, ...]]:
    """Return the native loss of probabilities, of the shape of the logits, and its operands."""
    dense = target.astype(rows.dtype, copy=False)
    if label_smoothing:
        dense = dense * (1 - label_smoothing) + label_smoothing / rows.shape[-1]
    if weights is not None:
        dense = dense * weights.astype(rows.dtype)
    return "dense_cross_entropy", (rows, dense, factor)
