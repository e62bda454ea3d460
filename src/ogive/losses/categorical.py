"""Losses of one class among several: cross-entropy from logits, and from log-probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from ogive import _core
from ogive.losses import checks, operands
from ogive.rows.along import as_floats


def _class_axis(x: Any, axis: int | None) -> int:
    """Return PyTorch's class axis, the second or the only one, unless another is named."""
    if not x.ndim:
        raise ValueError("input has no axis of classes")
    if axis is None:
        return 1 if x.ndim > 1 else 0
    return int(np.lib.array_utils.normalize_axis_index(axis, x.ndim))


def _indices(target: Any, shape: tuple[int, ...], classes: int, ignore_index: int) -> Any:
    """Return checked classes as int64, and which of them count."""
    checks.same_shape("target", target.shape, shape)
    ignored = target == ignore_index
    condition = f"must be a class, 0 to {classes - 1}, or ignore_index, {ignore_index}"
    checks.refuse("target", target, lambda t: (t < 0) | (t >= classes), condition, skip=ignored)
    return np.where(ignored, -1, target).astype(np.int64), ~ignored


def _class_weights(weight: Any, classes: int) -> Any:
    weight = np.asarray(weight, np.float64)
    if weight.shape != (classes,):
        raise ValueError(f"weight has the shape {weight.shape}, not ({classes},), one a class")
    checks.refuse("weight", weight, lambda w: ~(w >= 0), "must not be negative")
    return weight


def _call(
    name: str, arguments: tuple[Any, ...], x: Any, axis: int, with_grad: bool, out: Any
) -> tuple[Any, Any]:
    """Call the native loss along an axis; return the losses and the gradient or None."""
    if not with_grad:
        return getattr(_core, name)(*arguments), None
    gradient = np.empty_like(x) if out is None else out
    into = np.moveaxis(gradient, axis, -1)
    losses, _ = getattr(_core, f"{name}_with_grad")(*arguments, out=(None, into))
    return losses, gradient


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
    *,
    axis: int | None = None,
    with_grad: bool = False,
    out: Any = None,
) -> Any:
    """Return the cross-entropy of logits, and its gradient in the same pass.

    Parameters
    ----------
    input : array_like
        Logits x, of shape (classes,), (examples, classes) or (examples, classes, ...), as PyTorch
        has it; dimensionless. float16, bfloat16, float32 or float64; integers and booleans are
        converted as `numpy.tanh` does.
    target : array_like
        Classes, as integers, of the shape of the input without its class axis; or probabilities t,
        as floats, of the shape of the input.
    weight : array_like, optional
        Of every class, of shape (classes,).
    ignore_index : int, optional
        A class that does not count, and has no gradient. Default -100. Of no account for
        probabilities.
    reduction : {"mean", "sum", "none"}, optional
        The mean, the default: for classes the weighted mean over those that count, for
        probabilities the sum divided by the number of examples. The sum; or every loss.
    label_smoothing : float, optional
        The part of the target that is spread evenly over the classes, in [0, 1]. Default 0.
    axis : int, optional
        The class axis, if it is not the second (or the only one).
    with_grad : bool, optional
        Whether the gradient with respect to the input is returned as well. Default False.
    out : ndarray, optional
        Where the gradient goes, of the input's shape and dtype; it may be the input itself.

    Returns
    -------
    loss : numpy.float64 or ndarray
        In nats. With "none" an array of the input's dtype, of its shape without the class axis.
    gradient : ndarray
        Only with `with_grad`: of that loss with respect to the input; with "none" of every loss
        with respect to its logits.

    Raises
    ------
    ValueError
        Before anything is written: for shapes that do not fit, a class that is not there, a
        probability that is NaN or negative, a negative weight (the first, with its position),
        another reduction, or a smoothing outside [0, 1].
    TypeError
        For a dtype that no loop takes, or an `out` of another dtype.

    Notes
    -----
    -log softmax(x)_t, gradient softmax(x) less 1 at t; of probabilities
    -sum_i t_i log softmax(x)_i, gradient softmax(x) sum_i t_i - t

    Error: every loss and gradient within 2 ulp of the exact result in float32 and float64 for
    classes, that of the right class next to 0 included: for logits [20, 0] and class 0 the loss is
    2.06e-9 and the gradient -2.06e-9. With smoothing, and of probabilities, within 2 ulp of the
    size of the terms. Sums and means are of float64.

    Source: `torch.nn.functional.cross_entropy`, whose names and reductions it has.

    Examples
    --------
    >>> import numpy as np, ogive
    >>> x = np.array([[20.0, 0.0], [1.0, 1.0]])
    >>> loss, gradient = ogive.losses.cross_entropy(x, [0, 1], reduction="none", with_grad=True)
    >>> loss
    array([2.06115362e-09, 6.93147181e-01])
    >>> gradient
    array([[-2.06115362e-09,  2.06115362e-09],
           [ 5.00000000e-01, -5.00000000e-01]])
    """
    x = as_floats(input)
    axis = _class_axis(x, axis)
    target = np.asarray(target)
    checks.reduction_of(reduction)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing must be in [0, 1], not {label_smoothing!r}")
    checks.gradient_array(out, x, with_grad)
    rows = np.moveaxis(x, axis, -1)
    classes = rows.shape[-1]
    weights = None if weight is None else _class_weights(weight, classes)
    if target.dtype.kind in "bui":
        chosen, counts = _indices(target, rows.shape[:-1], classes, ignore_index)
        of_each = counts.astype(np.float64)
        if weights is not None:
            of_each = np.where(counts, weights[chosen], 0.0)
        total = float(np.sum(of_each))
        divisor = total if reduction == "mean" else 1.0
        factor = 1 / divisor if divisor else 0.0
        name, arguments, own = operands.of_classes(
            rows, chosen, of_each, weights, float(label_smoothing), factor
        )
        losses, gradient = _call(name, arguments, x, axis, with_grad, out)
        if own is not None:
            losses = losses * own
    else:
        checks.same_shape("target", target.shape, x.shape)
        checks.refuse("target", target, lambda t: ~(t >= 0), "must be a probability")
        divisor = float(np.prod(rows.shape[:-1], dtype=int)) if reduction == "mean" else 1.0
        factor = 1 / divisor if divisor else 0.0
        name, arguments = operands.of_probabilities(
            rows, np.moveaxis(target, axis, -1), weights, label_smoothing, factor
        )
        losses, gradient = _call(name, arguments, x, axis, with_grad, out)
    if reduction == "none":
        loss = losses.astype(x.dtype)
    else:
        loss = np.float64(np.sum(losses)) / divisor if divisor else np.float64(np.nan)
    return (loss, gradient) if with_grad else loss


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    *,
    axis: int | None = None,
    with_grad: bool = False,
    out: Any = None,
) -> Any:
    """Return the negative log-likelihood of classes, of log-probabilities.

    Parameters
    ----------
    input : array_like
        Log-probabilities, in nats; shapes and dtypes as for `cross_entropy`.
    target : array_like of int
        Classes, of the shape of the input without its class axis.
    weight : array_like, optional
        Of every class, of shape (classes,).
    ignore_index : int, optional
        A class that does not count, and has no gradient. Default -100.
    reduction : {"mean", "sum", "none"}, optional
        The weighted mean over those that count, the default; the sum; or every loss.
    axis : int, optional
        The class axis, if it is not the second (or the only one).
    with_grad : bool, optional
        Whether the gradient with respect to the input is returned as well. Default False.
    out : ndarray, optional
        Where the gradient goes, of the input's shape and dtype; it may be the input itself.

    Returns
    -------
    loss, gradient
        As `cross_entropy`.

    Raises
    ------
    ValueError, TypeError
        As `cross_entropy`; TypeError for targets that are not integers.

    Notes
    -----
    -w_t x_t, gradient -w_t at t and 0 elsewhere

    Source: `torch.nn.functional.nll_loss`, whose names it has.

    Examples
    --------
    >>> import numpy as np, ogive
    >>> ogive.losses.nll_loss(np.log([[0.25, 0.75]]), [1])
    np.float64(0.2876820724517809)
    """
    x = as_floats(input)
    axis = _class_axis(x, axis)
    target = np.asarray(target)
    if target.dtype.kind not in "bui":
        raise TypeError(f"target must be classes, as integers, not {target.dtype}")
    checks.reduction_of(reduction)
    checks.gradient_array(out, x, with_grad)
    rows = np.moveaxis(x, axis, -1)
    chosen, counts = _indices(target, rows.shape[:-1], rows.shape[-1], ignore_index)
    of_each = counts.astype(np.float64)
    if weight is not None:
        of_each = np.where(counts, _class_weights(weight, rows.shape[-1])[chosen], 0.0)
    at = np.maximum(chosen, 0)[..., None]
    picked = np.take_along_axis(rows, at, -1)[..., 0].astype(np.float64)
    losses = np.where(counts, -picked, 0.0) * of_each
    divisor = float(np.sum(of_each)) if reduction == "mean" else 1.0
    factor = 1 / divisor if divisor else 0.0
    if reduction == "none":
        loss = losses.astype(x.dtype)
    else:
        loss = np.float64(np.sum(losses)) / divisor if divisor else np.float64(np.nan)
    if not with_grad:
        return loss
    gradient = np.zeros_like(x) if out is None else out
    gradient[...] = 0
    into = np.moveaxis(gradient, axis, -1)
    np.put_along_axis(into, at, (-of_each * factor).astype(x.dtype)[..., None], -1)
    return loss, gradient
