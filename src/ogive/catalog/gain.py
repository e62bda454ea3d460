"""The gain of an initialisation: by quadrature, what closed forms are made of, and its reason."""

from __future__ import annotations

from collections.abc import Callable
from math import erfc, exp, inf, pi, sqrt
from typing import Any

import numpy as np

HE_CONDITION = (
    "No published initialisation is its own. The condition of He et al. (2015), a second moment"
    " that stays 1 for a standard normal argument, gives"
)
"""How the reason for such a gain begins."""

UNSTABLE = (
    " No gain makes that stable: the function grows faster than its argument, and so does a"
    " deviation from 1, from layer to layer."
)
"""How it ends for some."""

# Beyond 38 the normal density is below the smallest subnormal number.
_ENDS = (-38.0, -8.0, -4.0, 0.0, 4.0, 8.0, 38.0)

# Nodes and weights of the double exponential rule on [-1, 1] (H. Takahasi, M. Mori, 1974), which
# does not mind a derivative that is infinite at an end.
_T = np.arange(-51, 52) / 16.0
_NODES = np.tanh(pi / 2 * np.sinh(_T))
_WEIGHTS = pi / 32 * np.cosh(_T) / np.cosh(pi / 2 * np.sinh(_T)) ** 2


def normal_density(x: float) -> float:
    """exp(-x² / 2) / sqrt(2 π).

    Examples
    --------
    >>> from ogive.catalog import gain
    >>> round(gain.normal_density(0.0), 6)
    0.398942
    """
    return exp(-0.5 * x * x) / sqrt(2.0 * pi)


def normal_tail(x: float) -> float:
    """Return the probability that a standard normal variable exceeds x.

    Examples
    --------
    >>> from ogive.catalog import gain
    >>> gain.normal_tail(0.0)
    0.5
    """
    return 0.5 * erfc(x * sqrt(0.5))


def second_moment_gain(function: Callable[..., Any], *kinks: float) -> float:
    """Return 1 / sqrt(E[f(z)²]) for a standard normal z.

    Weights of that gain keep the second moment of the signal at 1: the condition of He et al.
    (2015) for any activation.

    Parameters
    ----------
    function : callable
        f, elementwise over a NumPy array.
    *kinks : float
        Where f is not smooth, other than at 0.

    Returns
    -------
    float
        The gain, to about 15 digits.

    Raises
    ------
    ValueError
        If E[f(z)²] is 0 or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.catalog.gain import second_moment_gain
    >>> round(second_moment_gain(lambda z: np.maximum(z, 0.0)), 6)
    1.414214
    """
    inside = (kink for kink in kinks if _ENDS[0] < kink < _ENDS[-1])
    ends = np.array(sorted({*_ENDS, *inside}))
    half = np.diff(ends)[:, None] / 2.0
    z = ends[:-1, None] + half * (1.0 + _NODES)
    density = np.exp(-0.5 * z * z) / sqrt(2.0 * pi)
    with np.errstate(all="ignore"):
        moment = float((half * _WEIGHTS * density * function(z) ** 2).sum())
    if not 0.0 < moment < inf:
        raise ValueError(f"no gain keeps a second moment that is {moment}")
    return 1.0 / sqrt(moment)
