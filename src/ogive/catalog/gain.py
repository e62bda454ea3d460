"""The gain of an initialisation: by quadrature, what closed forms are made of, and its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import erfc, exp, inf, isfinite, pi, sqrt
from typing import Any

import numpy as np

from ogive.catalog.record import Function
from ogive.formulas import FORMULAS

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

# Beyond 38 the normal density is below the smallest subnormal number. Next to 0 lies what a large
# parameter makes narrow, such as the bend of softplus with beta = 1000.
_CUTS = (1e-5, 1e-3, 0.05, 4.0, 8.0, 38.0)
_ENDS = (*(-cut for cut in reversed(_CUTS)), 0.0, *_CUTS)

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


def normal_expectation(function: Callable[..., Any], *kinks: float) -> float:
    """Return E[g(z)] for a standard normal z.

    Parameters
    ----------
    function : callable
        g, elementwise over a NumPy array of float64.
    *kinks : float
        Where g is not smooth, other than at 0.

    Returns
    -------
    float
        The expectation, to about 15 digits; NaN or infinite where g is.

    Notes
    -----
    The line is cut at the kinks, and each piece is integrated by the double exponential rule.

    Source: H. Takahasi, M. Mori (1974), Double exponential formulas for numerical integration,
    Publications of the Research Institute for Mathematical Sciences 9.

    Examples
    --------
    >>> from ogive.catalog.gain import normal_expectation
    >>> round(normal_expectation(lambda z: z**4), 12)
    3.0
    """
    inside = (kink for kink in kinks if _ENDS[0] < kink < _ENDS[-1])
    ends = np.array(sorted({*_ENDS, *inside}))
    half = np.diff(ends)[:, None] / 2.0
    z = ends[:-1, None] + half * (1.0 + _NODES)
    density = np.exp(-0.5 * z * z) / sqrt(2.0 * pi)
    with np.errstate(all="ignore"):
        return float((half * _WEIGHTS * density * function(z)).sum())


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
    moment = normal_expectation(lambda z: function(z) ** 2, *kinks)
    if not 0.0 < moment < inf:
        raise ValueError(f"no gain keeps a second moment that is {moment}")
    return 1.0 / sqrt(moment)


@dataclass(frozen=True)
class Moments:
    """What a normal argument of mean 0 becomes behind a function f, and its gradient.

    Attributes
    ----------
    mean : float
        E[f(x)].
    second : float
        E[f(x)²].
    derivative : float
        E[f'(x)²].
    growth : float
        The derivative of E[f(x)²] with respect to the variance of x.

    Examples
    --------
    >>> from ogive import catalog
    >>> from ogive.catalog.gain import moments
    >>> round(moments(catalog.get("relu")).second, 12)
    0.5
    """

    mean: float
    second: float
    derivative: float
    growth: float


def moments(function: Function, variance: float = 1.0, /, **parameters: float) -> Moments:
    """Integrate a function of the catalogue over a normal argument of mean 0.

    Parameters
    ----------
    function : Function
        The record.
    variance : float, optional
        The variance q of the argument x.
    **parameters : float
        Parameters of the function that differ from their defaults.

    Returns
    -------
    Moments
        Each to about 14 digits.

    Raises
    ------
    TypeError
        If the function has no parameter of that name.
    ValueError
        If the function is not defined on the whole line, a parameter or the variance is out of
        bounds, or a moment is not finite.

    Notes
    -----
    With x = sqrt(q) z and the density of x differentiated rather than f,

        d/dq E[f(x)²] = E[f(x)² (x² / q - 1)] / (2 q),

    which holds where f has jumps as well. f' is the derivative that a backward pass uses: a jump
    does not enter it.

    Examples
    --------
    >>> from ogive import catalog
    >>> from ogive.catalog.gain import moments
    >>> round(moments(catalog.get("leaky_relu"), negative_slope=1.0).derivative, 12)
    1.0
    """
    if not 0.0 < variance < inf:
        raise ValueError(f"the variance of the argument is a number above 0, not {variance!r}")
    if function.domain != (-inf, inf):
        low, high = function.domain
        raise ValueError(
            f"{function.name} is defined from {low:g} to {high:g} only: a normal argument leaves"
            " that, so that there are no moments and no gain"
        )
    function.gain_for(**parameters)  # Says what it has no gain for: names, a pole.
    values = function.defaults() | parameters
    for parameter in function.parameters:
        if not parameter.allows(values[parameter.name]):
            raise ValueError(
                f"{function.name}: {parameter.name} must be {parameter.condition}, not"
                f" {values[parameter.name]!r}"
            )
    value, slope = FORMULAS[function.name], FORMULAS[f"grad_{function.name}"]
    operands = [values[name] for name in function.defaults()]
    scale = sqrt(variance)
    kinks = [kink / scale for kink in _kinks(function.name, values)]

    def expectation(integrand: Callable[[Any], Any]) -> float:
        return normal_expectation(integrand, *kinks)

    found = Moments(
        mean=expectation(lambda z: value(scale * z, *operands, xp=np)),
        second=expectation(lambda z: value(scale * z, *operands, xp=np) ** 2),
        derivative=expectation(lambda z: slope(scale * z, *operands, xp=np) ** 2),
        growth=expectation(lambda z: value(scale * z, *operands, xp=np) ** 2 * (z * z - 1.0))
        / (2.0 * variance),
    )
    if not all(map(isfinite, (found.mean, found.second, found.derivative, found.growth))):
        raise ValueError(f"{function.name} has no finite moments at {values}: {found}")
    return found


def _kinks(name: str, values: Mapping[str, float]) -> tuple[float, ...]:
    """Return where a function or its derivative is not smooth, other than at 0."""
    if name in ("softshrink", "hardshrink"):
        return (-values["lambd"], values["lambd"])
    if name == "pdelu":
        return (-1.0 / (1.0 - values["t"]),) if values["t"] < 1.0 else ()
    if name == "pau":
        # |Q| bends where Q, which is x times this cubic, changes its sign.
        roots = np.roots([values[f"b{power}"] for power in (4, 3, 2, 1)])
        return tuple(float(root.real) for root in roots if not root.imag)
    if name == "srs":
        # No kink, but the dip, the sharper the nearer the parameters are to a pole.
        return (-values["beta"],)
    if name in ("hard_tanh", "threshold", "abrelu"):
        # The parameters themselves; cutting at threshold's value as well does no harm.
        return tuple(values.values())
    return {"relu6": (6.0,), "hard_sigmoid": (-3.0, 3.0), "hard_swish": (-3.0, 3.0)}.get(name, ())
