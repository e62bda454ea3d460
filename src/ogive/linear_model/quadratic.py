"""The minimum of a quadratic function plus weighted absolute values.

Newton steps among the parameters that are not 0 find the minimum once their signs are known;
sweeps over single coordinates find out which those are.  A Newton step ends where a parameter
would change its sign, so that every step decreases the function, and no set of signs comes twice.

Source: H. Lee, A. Battle, R. Raina, A. Ng (2006), Efficient sparse coding algorithms, NIPS 19
(feature-sign search); J. Friedman, T. Hastie, R. Tibshirani (2010), J. Stat. Softw. 33, for the
sweeps on products of columns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import linalg

from ogive.linear_model.curvature import factorised

Array = Any

_ROUNDS = 200
_IN_A_ROW = 4  # Newton steps that end at a 0, until a sweep looks for many
_MANY = 50  # parameters, for each of which so many a further sweep is made
_MOST_SWEEPS = 20
_PROBES = 10
_PRODUCTS = 200
_LARGE = 1500  # parameters of a system that is solved by conjugate gradients, if these suffice
_PRECISE = 1e-4  # of what is right in such a system


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
        How large an entry of the smallest subgradient may be, divided by the root of its entry on
        the diagonal.

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
    for _ in range(_ROUNDS):
        for _ in range(_IN_A_ROW):
            if not _newton(matrix, slope, at, weights):
                break
        # A sweep is little work next to a Newton step of many parameters.
        for _ in range(1 + min(int(np.count_nonzero(at)) // _MANY, _MOST_SWEEPS)):
            open_still = subgradient(slope, at, weights) / root
            if open_still.max(initial=0.0) <= tol:
                return at
            signs = np.sign(at)
            some = np.flatnonzero((at != 0) | (open_still > 0))
            _sweep(matrix, slope, at, weights, own, some)
            if np.array_equal(np.sign(at), signs):
                break
    return at


def _newton(matrix: Array, slope: Array, at: Array, weights: Array) -> bool:
    """Go to the minimum among parameters of the same signs; whether some became 0 instead."""
    some = np.flatnonzero((at != 0) | (weights == 0))
    if not len(some):
        return False
    old, steep = at[some], slope[some] + weights[some] * np.sign(at[some])
    step = _solved(matrix, some, -steep)
    crossed = ((old + step) * old <= 0.0) & (weights[some] > 0)
    clipped = np.where(crossed, -old, step)
    change = _product(matrix, some, clipped)
    if crossed.any() and not steep @ clipped + 0.5 * clipped @ change[some] < 0.0:
        # To the first that becomes 0: the function falls all the way.
        lengths = np.where(crossed, -old / np.where(step == 0, 1.0, step), np.inf)
        first = int(lengths.argmin())
        clipped = lengths[first] * step
        crossed = np.arange(len(some)) == first
        change = _product(matrix, some, clipped)
    new = old + clipped
    new[crossed] = 0.0
    at[some] = new
    slope += change
    return bool(crossed.any())


def _product(matrix: Array, some: Array, vector: Array) -> Array:
    """Multiply with a vector of which only some entries are given, the others being 0."""
    if 3 * len(some) < len(matrix):
        return vector @ matrix[some]
    whole = np.zeros(len(matrix))
    whole[some] = vector
    return matrix @ whole


def _solved(matrix: Array, some: Array, right: Array) -> Array:
    """Solve for some parameters: by a factorisation, or by conjugate gradients if they are many."""
    if len(some) >= _LARGE:
        own = np.diag(matrix)[some]
        result = np.zeros(len(some))
        rest, ahead = right.copy(), right / own
        direction, energy = ahead, float(right @ ahead)
        enough = _PRECISE**2 * energy
        for _ in range(len(some) // 50):
            product = _product(matrix, some, direction)[some]
            bend = float(direction @ product)
            if not bend > 0.0:
                break
            length = energy / bend
            result += length * direction
            rest -= length * product
            ahead = rest / own
            before, energy = energy, float(rest @ ahead)
            if not energy > enough:
                return result
            direction = ahead + energy / before * direction
    inner = matrix[np.ix_(some, some)]
    return linalg.cho_solve((factorised(inner), True), right, check_finite=False)


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


def accelerated(
    times: Callable[[Array], Array],
    own: Array,
    gradient: Array,
    start: Array,
    weights: Array,
    tol: float,
) -> Array:
    """Minimise what `lasso` does about as well, for a matrix too large to be had.

    Proximal gradient steps in units of the diagonal, with momentum that is lost where it leads
    uphill (A. Beck, M. Teboulle (2009), SIAM J. Imaging Sci. 2; B. O'Donoghue, E. Candès (2015),
    Found. Comput. Math. 15).

    Parameters
    ----------
    times : callable
        Multiplies a vector with the matrix.
    own : ndarray, shape (n,)
        About its diagonal, positive.
    gradient, start, weights : ndarray, shape (n,)
        As for `lasso`.
    tol : float
        As for `lasso`; after a few hundred products it is given up.

    Returns
    -------
    ndarray, shape (n,)
        With exact zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.quadratic import accelerated
    >>> gram = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> own, g = np.full(2, 2.0), np.array([-3.0, -1.0])
    >>> accelerated(gram.__matmul__, own, g, np.zeros(2), np.ones(2), 1e-9).round(6) + 0.0
    array([1., 0.])
    """
    root = np.sqrt(own)
    probe = np.random.default_rng(0).standard_normal(len(own))
    largest = 1.0
    for _ in range(_PROBES):
        probe /= np.linalg.norm(probe)
        probe = times(probe / root) / root
        largest = max(largest, float(np.linalg.norm(probe)))
    # The largest eigenvalue is approached from below.
    bend = 1.2 * largest * own
    at = ahead = start.astype(np.float64)
    slope_ahead = gradient
    momentum = 1.0
    for _ in range(_PRODUCTS):
        towards = ahead - slope_ahead / bend
        new = np.sign(towards) * np.maximum(np.abs(towards) - weights / bend, 0.0)
        slope = gradient + times(new - start)
        if (subgradient(slope, new, weights) / root).max(initial=0.0) <= tol:
            return new
        if ((ahead - new) * bend) @ (new - at) > 0.0:
            at, ahead, slope_ahead, momentum = new, new, slope, 1.0
            continue
        following = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * momentum**2))
        ahead = new + (momentum - 1.0) / following * (new - at)
        slope_ahead = gradient + times(ahead - start)
        at, momentum = new, following
    return at
