"""Losses of single logits: binary cross-entropy, focal loss, many labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from ogive import _core
from ogive.losses import checks, operands
from ogive.rows.along import as_floats


def _loss(
    name: str,
    x: Any,
    target: Any,
    weight: Any,
    pos_weight: Any,
    reduction: str,
    parameters: tuple[float, float],
    with_grad: bool,
    out: Any,
    divisor: float = 1.0,
    axis_sums: bool = False,
) -> Any:
    """Check everything, call the native loss, and reduce what it returns."""
    x = as_floats(x)
    target = np.asarray(target)
    checks.same_shape("target", target.shape, x.shape)
    checks.reduction_of(reduction)
    checks.gradient_array(out, x, with_grad)
    target = target.astype(x.dtype, copy=False)
    one = np.array(1, x.dtype)
    weight = one if weight is None else checks.weights("weight", weight, x.shape, x.dtype)
    if pos_weight is None:
        pos_weight = one
    else:
        pos_weight = checks.weights("pos_weight", pos_weight, x.shape, x.dtype)
    # Without `out` nothing is written that anybody sees: see below.
    if out is not None:
        checks.refuse_unless_finite("target", target)
    each = reduction == "none" and not axis_sums
    count = x.size // x.shape[-1] if axis_sums and x.shape[-1] else x.size
    if reduction == "mean":
        divisor *= count
    factor = 1.0 / divisor if divisor else 0.0
    if axis_sums:
        rows = [np.broadcast_to(a, x.shape) for a in (x, target, weight, pos_weight)]
    else:
        rows = operands.of_logits(x, target, weight, pos_weight)
    ufunc = getattr(_core, f"{name}_{'each' if each else 'sum'}{'_with_grad' if with_grad else ''}")
    into = None
    if out is not None and rows[0].ndim == out.ndim:
        into = out
    elif out is not None and out.flags.c_contiguous:
        into = out.reshape(-1)
    keywords = {"out": (None, into)} if with_grad else {}
    results = ufunc(*rows, factor, *parameters, **keywords)
    loss, gradient = results if with_grad else (results, np.empty(0))
    # A NaN may be that of a target.
    if out is None and np.isnan(loss).any():
        checks.refuse_unless_finite("target", target)
    if each:
        loss = loss.reshape(x.shape)[()]
    elif reduction == "none":
        loss = (loss * factor).astype(x.dtype)
    else:
        total = np.float64(loss.sum())
        loss = total / divisor if divisor else np.float64(np.nan)
    if not with_grad:
        return loss
    if out is None:
        return loss, gradient.reshape(x.shape)
    if into is None:
        np.copyto(out, gradient.reshape(x.shape))
    return loss, out


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
    *,
    with_grad: bool = False,
    out: Any = None,
) -> Any:
    """Return the binary cross-entropy of logits, and its gradient in the same pass.

    Parameters
    ----------
    input : array_like
        Logits x, of any shape; dimensionless. float16, bfloat16, float32 or float64; integers and
        booleans are converted as `numpy.tanh` does.
    target : array_like
        Probabilities t of the positive class, in [0, 1]; of the shape of the input.
    weight : array_like, optional
        Of every loss; broadcasts to the shape of the input.
    reduction : {"mean", "sum", "none"}, optional
        The mean over all elements, the default; their sum; or every loss.
    pos_weight : array_like, optional
        p, the weight of the positive class; broadcasts to the shape of the input.
    with_grad : bool, optional
        Whether the gradient with respect to the input is returned as well. Default False.
    out : ndarray, optional
        Where the gradient goes, of the input's shape and dtype; it may be the input itself.

    Returns
    -------
    loss : numpy.float64 or ndarray
        In nats. With "none" an array of the shape and dtype of the input.
    gradient : ndarray
        Only with `with_grad`: of that loss with respect to the input; with "none" of every loss
        with respect to its logit.

    Raises
    ------
    ValueError
        Before anything is written: for shapes that do not fit, a target that is not finite or a
        weight that is negative (the first, with its position), another reduction.
    TypeError
        For a dtype that no loop takes, or an `out` of another dtype.

    Notes
    -----
    (1 - t) softplus(x) + p t softplus(-x), gradient (1 - t) sigmoid(x) - p t sigmoid(-x)

    Error: for targets of 0 and 1 every loss is within 2 ulp of the exact result in float32 and
    float64, every gradient within 2 ulp (float32) or 3 (float64); for targets between, of the size
    of their terms. Both tails included: at x = 20 and t = 1 the gradient is -2.06e-9. The sum is
    within 4e-15 of itself for float64, and within 1e-11 for the other dtypes (5e-14 with AVX-512),
    whose losses are computed in doubles; whatever the number of elements and of threads, and the
    same on every run.

    Source: `torch.nn.functional.binary_cross_entropy_with_logits`, whose names it has.

    Examples
    --------
    >>> import numpy as np, ogive
    >>> x, t = np.array([20.0, -1.0]), np.array([1.0, 0.0])
    >>> loss, gradient = ogive.losses.binary_cross_entropy_with_logits(x, t, with_grad=True)
    >>> round(loss, 12), gradient
    (np.float64(0.15663084479), array([-1.03057681e-09,  1.34470711e-01]))
    """
    return _loss(
        "binary_cross_entropy",
        input,
        target,
        weight,
        pos_weight,
        reduction,
        (-1.0, 0.0),
        with_grad,
        out,
    )


def sigmoid_focal_loss(
    input: Any,
    target: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    reduction: str = "none",
    *,
    with_grad: bool = False,
    out: Any = None,
) -> Any:
    """Return the focal loss of logits: binary cross-entropy, less of what is right already.

    Parameters
    ----------
    input : array_like
        Logits x, of any shape; dimensionless. dtypes as for `binary_cross_entropy_with_logits`.
    target : array_like
        Probabilities t of the positive class, in [0, 1]; of the shape of the input.
    alpha : float, optional
        The weight of the positive class, in [0, 1], against 1 - alpha of the other; a negative
        number for none. Default 0.25.
    gamma : float, optional
        The power, at least 0. Default 2.
    reduction : {"none", "mean", "sum"}, optional
        Every loss, the default; their mean; or their sum.
    with_grad : bool, optional
        Whether the gradient with respect to the input is returned as well. Default False.
    out : ndarray, optional
        Where the gradient goes, of the input's shape and dtype; it may be the input itself.

    Returns
    -------
    loss, gradient
        As `binary_cross_entropy_with_logits`.

    Raises
    ------
    ValueError, TypeError
        As `binary_cross_entropy_with_logits`; ValueError for an alpha above 1 or a negative gamma.

    Notes
    -----
    alpha_t q^gamma ce, of the cross-entropy ce, the probability of a mistake
    q = (1 - t) sigmoid(x) + t sigmoid(-x), and alpha_t = alpha t + (1 - alpha) (1 - t)

    Error: within 8 ulp in float32 (computed in doubles) and float64, both tails included.

    Source: T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár (2017), Focal loss for dense object
    detection, ICCV; the names are torchvision's.

    Examples
    --------
    >>> import ogive
    >>> ogive.losses.sigmoid_focal_loss([0.0, 3.0], [1.0, 1.0])
    array([4.33216988e-02, 2.73208311e-05])
    """
    if not alpha <= 1:
        raise ValueError(f"alpha must be at most 1, not {alpha!r}")
    if not 0 <= gamma < np.inf:
        raise ValueError(f"gamma must be at least 0 and finite, not {gamma!r}")
    parameters = (float(alpha), float(gamma))
    return _loss("sigmoid_focal", input, target, None, None, reduction, parameters, with_grad, out)


def multilabel_soft_margin_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    *,
    with_grad: bool = False,
    out: Any = None,
) -> Any:
    """Return the mean over the labels, the last axis, of the binary cross-entropy of logits.

    Parameters
    ----------
    input : array_like
        Logits of shape (..., labels), at least one-dimensional; dimensionless. dtypes as for
        `binary_cross_entropy_with_logits`.
    target : array_like
        Whether each label holds, in [0, 1]; of the shape of the input.
    weight : array_like, optional
        Of every label; broadcasts to the shape of the input.
    reduction : {"mean", "sum", "none"}, optional
        The mean over the examples, the default; their sum; or one loss an example.
    with_grad : bool, optional
        Whether the gradient with respect to the input is returned as well. Default False.
    out : ndarray, optional
        Where the gradient goes, of the input's shape and dtype; it may be the input itself.

    Returns
    -------
    loss, gradient
        As `binary_cross_entropy_with_logits`; with "none" the losses are of shape (...).

    Raises
    ------
    ValueError, TypeError
        As `binary_cross_entropy_with_logits`.

    Notes
    -----
    Error: as `binary_cross_entropy_with_logits`.

    Source: `torch.nn.functional.multilabel_soft_margin_loss`, whose names it has.

    Examples
    --------
    >>> import ogive
    >>> ogive.losses.multilabel_soft_margin_loss([[0.0, 0.0, 2.0]], [[1.0, 0.0, 1.0]])
    np.float64(0.504407457387621)
    """
    x = as_floats(input)
    if not x.ndim:
        raise ValueError("input has no axis of labels")
    labels = max(x.shape[-1], 1)
    return _loss(
        "binary_cross_entropy",
        x,
        target,
        weight,
        None,
        reduction,
        (-1.0, 0.0),
        with_grad,
        out,
        divisor=float(labels),
        axis_sums=True,
    )
