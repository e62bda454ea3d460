"""Objective and gradient by NumPy alone, for whoever fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

Array = Any

_ROWS = 20_000


def loss_and_gradient(
    x: Any, y: Array, coef: Array, intercept: Array
) -> tuple[Array, Array, Array]:
    """The mean log-loss of every problem, and its derivatives by coefficients and intercepts.

    scikit-learn's two-class coefficients are those of the sigmoid.
    """
    n, classes = x.shape[0], len(coef)
    multinomial = y.ndim == 1 and classes > 1
    target = y.reshape(n, -1)
    loss, by_coef, by_intercept = np.zeros(classes), np.zeros(coef.shape), np.zeros(classes)
    for i in range(0, n, _ROWS):
        rows = x[i : i + _ROWS]
        rows = rows if hasattr(rows, "tocsr") else rows.astype(np.float64, copy=False)
        scores = np.asarray(rows @ coef.T) + intercept
        some = target[i : i + _ROWS]
        if multinomial:
            hot = some == np.arange(classes)
            residual = special.softmax(scores, axis=1) - hot
            loss[0] += (special.logsumexp(scores, axis=1) - scores[hot]).sum()
        else:
            residual = special.expit(scores) - some
            loss += (np.logaddexp(0.0, scores) - some * scores).sum(0)
        by_coef += np.asarray(rows.T @ residual).T
        by_intercept += residual.sum(0)
    return loss / n, by_coef / n, by_intercept / n


def strongest(x: Any, y: Array) -> float:
    """The least L1 penalty that leaves no coefficient of a binary problem."""
    share = y.mean()
    start = np.array([np.log(share / (1.0 - share))])
    _, by_coef, _ = loss_and_gradient(x, y, np.zeros((1, x.shape[1])), start)
    return float(np.abs(by_coef).max())


def objective_and_gradient(
    x: Any, y: Array, coef: Array, intercept: Array, alpha: float, l1_ratio: float
) -> tuple[float, float]:
    """The penalised mean loss, of labels their mean; the largest entry of its gradient.

    With an L1 penalty that of the subgradient nearest to 0.
    """
    loss, by_coef, by_intercept = loss_and_gradient(x, y, coef, intercept)
    by_coef += alpha * (1.0 - l1_ratio) * coef
    kink = alpha * l1_ratio
    inside = np.maximum(np.abs(by_coef) - kink, 0.0)
    by_coef = np.where(coef == 0.0, inside, by_coef + kink * np.sign(coef))
    gradient = max(np.abs(by_coef).max(), np.abs(by_intercept).max())
    penalty = alpha * (0.5 * (1.0 - l1_ratio) * (coef**2).sum() + l1_ratio * np.abs(coef).sum())
    labels = 1 if y.ndim == 1 else len(coef)
    return float((loss.sum() + penalty) / labels), float(gradient)
