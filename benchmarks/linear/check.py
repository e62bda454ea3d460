"""Objective and gradient by NumPy alone, for whoever fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

Array = Any

_ROWS = 20_000


def objective_and_gradient(
    x: Any, y: Array, coef: Array, intercept: Array, C: float
) -> tuple[float, float]:
    """The mean log-loss plus |w|² / (2 C n), of labels their mean; the largest derivative.

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
    gradient = max(np.abs(by_coef / n + coef / (C * n)).max(), np.abs(by_intercept / n).max())
    penalty = (coef**2).sum() / (2.0 * C * n)
    labels = 1 if multinomial else classes
    return float((loss.sum() / n + penalty) / labels), float(gradient)
