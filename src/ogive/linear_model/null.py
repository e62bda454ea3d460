"""The null model of a fit: biases alone, with the rows' offsets."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from scipy import linalg

import ogive
from ogive.linear_model.information import over_blocks

Array = Any

_ITERATIONS = 100


def null_log_likelihood(rows: Any, problems: int, classes: int, fit_intercept: bool) -> Array:
    """Return the log-likelihood of every problem's null model.

    Parameters
    ----------
    rows : ogive.linear_model.rows.Rows
        Whose features are not looked at.
    problems, classes : int
        Of the parameters.
    fit_intercept : bool
        Whether there are biases to fit. Without them the null model has no parameters: the scores
        are the offsets.

    Returns
    -------
    ndarray of float64, shape (problems,)
        In nats, summed over the rows.

    Notes
    -----
    Newton's method with step halving on the biases, which are one or a few for every problem.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.null import null_log_likelihood
    >>> from ogive.linear_model.in_memory import DenseRows
    >>> from ogive.linear_model.rows import Observed
    >>> y = np.array([[True], [False], [False], [False]])
    >>> rows = DenseRows(np.zeros((4, 1)), Observed(y, np.ones((4, 1)), np.zeros((1, 1))))
    >>> null_log_likelihood(rows, 1, 1, True).round(6)
    array([-2.249341])
    """
    free = max(classes - 1, 1)
    biases = np.zeros((problems, free))
    losses, gradient, hessian = _sums(rows, biases)
    if not fit_intercept:
        return -losses
    for _ in range(_ITERATIONS):
        # Where only one class has weight, the bias has no optimum, and no curvature in the end.
        step = np.stack(
            [
                linalg.pinvh(h) @ g if np.isfinite(h).all() else 0 * g
                for h, g in zip(hessian, gradient, strict=True)
            ]
        )
        gain = (step * gradient).sum(1)
        if not (gain > 1e-14 * np.abs(losses)).any():
            break
        length = np.ones(problems)
        while True:
            there = _sums(rows, biases - length[:, None] * step)
            failed = there[0] > losses * (1.0 + 1e-14)
            if not failed.any() or length.min() < 1e-6:
                break
            length = np.where(failed, 0.5 * length, length)
        biases = biases - length[:, None] * step
        losses, gradient, hessian = there
    return -losses


def _sums(rows: Any, biases: Array) -> tuple[Array, Array, Array]:
    """Return losses, gradients and Hessians by the free biases, summed over the rows."""
    parts = over_blocks(rows, partial(_of_block, biases=biases))
    losses, gradient, hessian = (sum(each) for each in zip(*parts, strict=True))
    return losses, gradient, hessian


def _of_block(block: Any, biases: Array) -> tuple[Array, Array, Array]:
    seen, n = block.observed, block.shape[0]
    problems, free = biases.shape
    weight = np.broadcast_to(seen.weight, (n, problems))
    if seen.of_labels:
        scores = np.broadcast_to(seen.offset, (n, problems)) + biases[:, 0]
        p = ogive.sigmoid(scores)
        # -log p of what was observed.
        losses = (weight * ogive.softplus(np.where(seen.target, -scores, scores))).sum(0)
        gradient = (weight * (p - seen.target)).sum(0)[:, None]
        hessian = (weight * p * (1.0 - p)).sum(0)[:, None, None]
        return losses, gradient, hessian
    with_first = np.concatenate([np.zeros((problems, 1)), biases], axis=1)
    scores = np.broadcast_to(seen.offset, (n, free + 1))[:, None] + with_first
    log_p = ogive.log_softmax(scores, axis=2)
    losses = -(weight * log_p[np.arange(n), :, seen.target]).sum(0)
    p = np.exp(log_p[:, :, 1:])
    hot = seen.target[:, None, None] == np.arange(1, free + 1)
    gradient = (weight[:, :, None] * (p - hot)).sum(0)
    hessian = -np.einsum("nq,nqj,nqk->qjk", weight, p, p)
    hessian[:, range(free), range(free)] += (weight[:, :, None] * p).sum(0)
    return losses, gradient, hessian
