"""The Kullback-Leibler divergence from log-probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from ogive.losses import checks
from ogive.rows.along import as_floats


def kl_div(
    input: Any,
    target: Any,
    reduction: str = "mean",
    log_target: bool = False,
    *,
    with_grad: bool = False,
    out: Any = None,
) -> Any:
    """Return the divergence of log-probabilities from target probabilities.

    Parameters
    ----------
    input : array_like
        Log-probabilities q, in nats, of any shape. float16, bfloat16, float32 or float64.
    target : array_like
        Probabilities t, of the shape of the input; or their logarithms, with `log_target`.
    reduction : {"mean", "batchmean", "sum", "none"}, optional
        The mean over all elements, the default; the sum divided by the length of the first axis,
        which is the divergence; the sum; or every term.
    log_target : bool, optional
        Whether the target is given as log-probabilities. Default False.
    with_grad : bool, optional
        Whether the gradient with respect to the input is returned as well. Default False.
    out : ndarray, optional
        Where the gradient goes, of the input's shape and dtype; it may be the input itself.

    Returns
    -------
    loss : numpy.float64 or ndarray
        In nats. With "none" an array of the shape and dtype of the input.
    gradient : ndarray
        Only with `with_grad`: of that loss with respect to the input.

    Raises
    ------
    ValueError
        For shapes that differ, a probability that is NaN or negative (the first, with its
        position), or another reduction.
    TypeError
        For an `out` of another dtype.

    Notes
    -----
    t (log t - q), 0 where t is 0; gradient -t. Computed in float64.

    Source: `torch.nn.functional.kl_div`, whose names and reductions it has.

    Examples
    --------
    >>> import numpy as np, ogive
    >>> ogive.losses.kl_div(np.log([0.5, 0.5]), [1.0, 0.0], reduction="sum")
    np.float64(0.6931471805599453)
    """
    x, t = as_floats(input), as_floats(target)
    checks.same_shape("target", t.shape, x.shape)
    checks.reduction_of(reduction, ("none", "batchmean", "mean", "sum"))
    if log_target:
        checks.refuse("target", t, np.isnan, "must be a log-probability")
    else:
        checks.refuse("target", t, lambda t: ~(t >= 0), "must be a probability")
    checks.gradient_array(out, x, with_grad)
    q, wide = x.astype(np.float64), t.astype(np.float64)
    p = np.exp(wide) if log_target else wide
    with np.errstate(divide="ignore", invalid="ignore"):
        log_p = wide if log_target else np.log(wide)
        terms = np.where(p == 0, 0.0, p * (log_p - q))
    divisor = {"mean": x.size, "batchmean": x.shape[0] if x.ndim else 1}.get(reduction, 1)
    if reduction == "none":
        loss: Any = terms.astype(x.dtype)[()]
    else:
        loss = np.float64(np.sum(terms)) / divisor if divisor else np.float64(np.nan)
    if not with_grad:
        return loss
    gradient = np.empty_like(x) if out is None else out
    gradient[...] = -p / (divisor or 1)
    return loss, gradient
