"""The minimum of a quadratic function plus weighted absolute values.

Newton steps among the parameters that are not 0 find the minimum once their signs are known;
sweeps over single coordinates find out which those are.  A Newton step ends where a parameter
would change its sign, so that every step decreases the function, and no set of signs comes twice.

Source: H. Lee, A. Battle, R. Raina, A. Ng (2006), Efficient sparse coding algorithms, NIPS 19
(feature-sign search); J. Friedman, T. Hastie, R. Tibshirani (2010), J. Stat. Softw. 33, for the
sweeps on products of columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from ogive.linear_model.curvature import factorised

Array = Any

_ROUNDS = 200
_IN_A_ROW = 8  # Newton steps that end at a 0, until a sweep looks for many


def subgradient(gradient: Array, at: Array, weights: Array) -> Array:
    """Return the entries of the smallest subgradient, without their signs.

    |gⱼ + λⱼ sign(wⱼ)| where wⱼ is not 0, and max(|gⱼ| - λⱼ, 0) where it is: all are 0 at the
    minimum of a convex function with gradient g, plus Σ λⱼ |wⱼ|.

    Parameters
    ----------
    gradient, at : ndarray
        g and w.
    weights : ndarray
        λ, of a shape that broadcasts.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.quadratic import subgradient
    >>> subgradient(np.array([-1.5, 0.5, 3.0]), np.array([2.0, 0.0, 0.0]), np.array(1.0))
    array([0.5, 0. , 2. ])
    """
    size: Array = np.abs(gradient + weights * np.sign(at))
    zero = at == 0
    return np.where(zero, np.maximum(size - weights, 0.0), size)


def lasso(matrix: Array, gradient: Array, start: Array, weights: Array, tol: float) -> Array:
    """Minimise ½ (w - s)ᵀ B (w - s) + gᵀ (w - s) + Σ λⱼ |wⱼ|.

    Parameters
    ----------
    matrix : ndarray, shape (n, n)
        B, symmetric and at least semidefinite, with a positive diagonal.
    gradient, start : ndarray, shape (n,)
        g and s.
    weights : ndarray, shape (n,)
        λ, not negative; infinite none.
    tol : float
        How large an entry of the smallest subgradient may be, as a part of the largest at the
        start; every one is divided by the root of its entry on the diagonal.

    Returns
    -------
    ndarray, shape (n,)
        With exact zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.quadratic import lasso
    >>> gram = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> lasso(gram, np.array([-3.0, -1.0]), np.zeros(2), np.ones(2), 1e-9)
    array([1., 0.])
    """
    at, slope = start.astype(np.float64), gradient.astype(np.float64)
    own = np.diag(matrix).copy()
    root = np.sqrt(own)
    enough = tol * float((subgradient(slope, at, weights) / root).max(initial=0.0))
    for _ in range(_ROUNDS):
        for _ in range(_IN_A_ROW):
            if not _newton(matrix, slope, at, weights):
                break
        open_still = subgradient(slope, at, weights) / root
        if open_still.max(initial=0.0) <= enough:
            break
        _sweep(matrix, slope, at, weights, own, np.flatnonzero((at != 0) | (open_still > 0)))
    return at


def _newton(matrix: Array, slope: Array, at: Array, weights: Array) -> bool:
    """Go to the minimum among parameters of the same signs; whether some became 0 instead."""
    some = np.flatnonzero((at != 0) | (weights == 0))
    if not len(some):
        return False
    old, steep = at[some], slope[some] + weights[some] * np.sign(at[some])
    inner = matrix[np.ix_(some, some)]
    step = -linalg.cho_solve((factorised(inner.copy()), True), steep, check_finite=False)
    crossed = ((old + step) * old <= 0.0) & (weights[some] > 0)
    if crossed.any():
        clipped = np.where(crossed, -old, step)
        if not steep @ clipped + 0.5 * clipped @ inner @ clipped < 0.0:
            # To the first that becomes 0: the function falls all the way.
            lengths = np.where(crossed, -old / np.where(step == 0, 1.0, step), np.inf)
            first = int(lengths.argmin())
            clipped = lengths[first] * step
            crossed = np.arange(len(some)) == first
        step = clipped
    new = old + step
    new[crossed] = 0.0
    at[some] = new
    slope += (new - old) @ matrix[some]
    return bool(crossed.any())


def _sweep(matrix: Array, slope: Array, at: Array, weights: Array, own: Array, some: Array) -> None:
    """Minimise along one coordinate after the other."""
    for j in some.tolist():
        old, bend, weight = at.item(j), own.item(j), weights.item(j)
        ahead = old * bend - slope.item(j)
        new = max(abs(ahead) - weight, 0.0) / bend
        if ahead < 0.0:
            new = -new
        if new != old:
            at[j] = new
            slope += (new - old) * matrix[j]
