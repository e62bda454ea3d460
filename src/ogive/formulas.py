"""The same functions in plain array operations, for any array namespace.

This is the portable path: NumPy, torch on any device and under `torch.compile`, `jax.numpy`,
and other namespaces with NumPy's names. `NAME(x, *parameters)` is the value and
`grad_NAME(x, *parameters)` the derivative. No branch depends on data, so that all of them can be
traced and fused; they are differentiable too, without NaN from the branch not taken.

The forms keep their relative accuracy in both tails and give the limits at ±inf. Their error is
that of a few rounded operations in the dtype of the argument, not the bound of the native ones.
The namespace is found from the type of the argument and never imported for the first time.
"""

from __future__ import annotations

import sys
from importlib import import_module
from math import pi, sqrt
from typing import Any

Array = Any
"""An array of whichever namespace."""

Namespace = Any
"""A module with NumPy's names: exp, expm1, log, log1p, tanh, abs, where, clip, isnan."""

_SQRT_HALF = sqrt(0.5)
_INVERSE_SQRT_TWO_PI = 1.0 / sqrt(2.0 * pi)

# Beyond these the functions and their derivatives have reached their limits in every dtype.
# Arguments are held within them wherever a limit would otherwise be inf times 0.
_SATURATED_EXP = 1000.0
_SATURATED_NORMAL = 40.0


def namespace_of(x: Array) -> Namespace:
    """Find the array namespace of an array, among the modules that its owner has imported.

    Parameters
    ----------
    x : array_like
        An array of NumPy, torch, JAX or of a library with ``__array_namespace__``.

    Returns
    -------
    module
        `torch`, `jax.numpy`, the namespace that the array names, or `numpy`.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive import formulas
    >>> formulas.namespace_of(np.ones(2)) is np
    True
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(x, torch.Tensor):
        return torch
    if type(x).__module__.partition(".")[0] in ("jax", "jaxlib"):
        return sys.modules["jax"].numpy
    if hasattr(x, "__array_namespace__"):
        return x.__array_namespace__()
    import numpy

    return numpy


def _numpy_erfc(x: Array) -> Array:
    """SciPy's erfc in the dtype of the argument; element by element where there is no SciPy."""
    import numpy as np

    try:
        erfc = import_module("scipy.special").erfc
    except ImportError:
        import math

        erfc = np.frompyfunc(math.erfc, 1, 1)
    return np.asarray(erfc(x)).astype(np.result_type(x, np.float16), copy=False)


def _erfc(x: Array, xp: Namespace) -> Array:
    """Evaluate the complementary error function in a namespace."""
    if hasattr(xp, "erfc"):  # torch
        return xp.erfc(x)
    root = xp.__name__.partition(".")[0]
    if root == "jax":
        return import_module("jax.scipy.special").erfc(x)
    if root == "cupy":
        return import_module("cupyx.scipy.special").erfc(x)
    return _numpy_erfc(x)


def _magnitude(x: Array, xp: Namespace) -> Array:
    """|x| with the derivative 1 at 0, where the `abs` of torch and JAX has 0.

    The functions are smooth at 0 although they are written in |x|: a one-sided derivative of every
    branch gives theirs, the mean of both sides does not.
    """
    return xp.where(x < 0, -x, x)


def sigmoid(x: Array, xp: Namespace = None) -> Array:
    """1 / (1 + exp(-x)), from exp(-|x|) so that nothing overflows and the left tail is kept."""
    xp = xp or namespace_of(x)
    e = xp.exp(-_magnitude(x, xp))
    return xp.where(x < 0, e, 1.0) / (1.0 + e)


def grad_sigmoid(x: Array, xp: Namespace = None) -> Array:
    """exp(-|x|) / (1 + exp(-|x|))²: even, and without the cancellation of s (1 - s)."""
    xp = xp or namespace_of(x)
    e = xp.exp(-_magnitude(x, xp))
    return e / ((1.0 + e) * (1.0 + e))


def logit(x: Array, xp: Namespace = None) -> Array:
    """log(x / (1 - x)).

    From 1/4 upwards as log1p((2x - 1) / (1 - x)), whose numerator is exact there, so that the
    zero at 1/2 keeps its relative accuracy.
    """
    xp = xp or namespace_of(x)
    # Each branch gets a harmless argument where the other is taken.
    low = xp.where(x < 0.25, x, 0.25)
    high = xp.where(x < 0.25, 0.5, x)
    return xp.where(
        x < 0.25, xp.log(low) - xp.log1p(-low), xp.log1p((2.0 * high - 1.0) / (1.0 - high))
    )


def grad_logit(x: Array, xp: Namespace = None) -> Array:
    """1 / (x (1 - x)); +inf at 0 and 1, NaN outside."""
    xp = xp or namespace_of(x)
    # |x| so that -0.0 gives +inf as 0.0 does.
    return xp.where((x < 0) | (x > 1), float("nan"), 1.0 / xp.abs(x * (1.0 - x)))


def log_sigmoid(x: Array, xp: Namespace = None) -> Array:
    """-log(1 + exp(-x)) = min(x, 0) - log1p(exp(-|x|))."""
    xp = xp or namespace_of(x)
    # Written as a negated sum, which tends to -0.0 from below.
    return -(xp.log1p(xp.exp(-_magnitude(x, xp))) - xp.where(x < 0, x, 0.0))


def grad_log_sigmoid(x: Array, xp: Namespace = None) -> Array:
    """1 / (1 + exp(x))."""
    return sigmoid(-x, xp)


def tanh(x: Array, xp: Namespace = None) -> Array:
    """Call the hyperbolic tangent of the namespace itself."""
    xp = xp or namespace_of(x)
    return xp.tanh(x)


def grad_tanh(x: Array, xp: Namespace = None) -> Array:
    """(2 exp(-|x|) / (1 + exp(-2|x|)))², squared last so that a subnormal result rounds once."""
    xp = xp or namespace_of(x)
    e = xp.exp(-_magnitude(x, xp))
    sech = 2.0 * e / (1.0 + e * e)
    return sech * sech


def softplus(x: Array, beta: Array = 1.0, xp: Namespace = None) -> Array:
    """log(1 + exp(beta x)) / beta = max(x, 0) + log1p(exp(-|beta x|)) / beta, for beta > 0."""
    xp = xp or namespace_of(x)
    return xp.where(x < 0, 0.0, x) + xp.log1p(xp.exp(-_magnitude(beta * x, xp))) / beta


def grad_softplus(x: Array, beta: Array = 1.0, xp: Namespace = None) -> Array:
    """1 / (1 + exp(-beta x))."""
    return sigmoid(beta * x, xp)


def relu(x: Array, xp: Namespace = None) -> Array:
    """max(x, 0), keeping NaN and -0.0."""
    xp = xp or namespace_of(x)
    return xp.where(x < 0, 0.0, x)


def grad_relu(x: Array, xp: Namespace = None) -> Array:
    """1 where x > 0, 0 elsewhere, NaN for NaN."""
    xp = xp or namespace_of(x)
    return xp.where(x > 0, 1.0, xp.where(x <= 0, 0.0, x))


def leaky_relu(x: Array, negative_slope: Array = 0.01, xp: Namespace = None) -> Array:
    """Multiply the argument by 1 where it is positive, by negative_slope elsewhere."""
    xp = xp or namespace_of(x)
    # 0 times -inf is the limit of 0 times x, which is 0.
    vanishing = (negative_slope == 0) & (x == -float("inf"))
    finite = xp.where(vanishing, -0.0, x)
    return xp.where(x < 0, negative_slope * finite, x)


def grad_leaky_relu(x: Array, negative_slope: Array = 0.01, xp: Namespace = None) -> Array:
    """1 where x > 0, negative_slope elsewhere, NaN for NaN."""
    xp = xp or namespace_of(x)
    # A slope in the dtype of x: a bare Python number would not carry it into the result.
    slope = xp.where(x <= 0, 1.0, x) * negative_slope
    return xp.where(x > 0, 1.0, slope)


def elu(x: Array, alpha: Array = 1.0, xp: Namespace = None) -> Array:
    """Keep the argument where it is positive; alpha (exp(x) - 1) elsewhere."""
    xp = xp or namespace_of(x)
    return xp.where(x < 0, alpha * xp.expm1(xp.where(x < 0, x, 0.0)), x)


def grad_elu(x: Array, alpha: Array = 1.0, xp: Namespace = None) -> Array:
    """1 where x > 0, alpha exp(x) elsewhere."""
    xp = xp or namespace_of(x)
    return xp.where(x > 0, 1.0, alpha * xp.exp(xp.where(x > 0, 0.0, x)))


def silu(x: Array, xp: Namespace = None) -> Array:
    """Multiply the argument by its sigmoid, tending to -0.0 at -inf."""
    xp = xp or namespace_of(x)
    return xp.clip(x, -_SATURATED_EXP, None) * sigmoid(x, xp)


def grad_silu(x: Array, xp: Namespace = None) -> Array:
    """S (1 + x (1 - S)) with both S and 1 - S from exp(-|x|), neither by subtraction."""
    xp = xp or namespace_of(x)
    held = xp.clip(x, -_SATURATED_EXP, _SATURATED_EXP)
    return sigmoid(x, xp) * (1.0 + held * sigmoid(-x, xp))


def gelu(x: Array, xp: Namespace = None) -> Array:
    """Multiply x by erfc(-x / sqrt(2)) / 2: erfc, where 1 + erf would cancel in the left tail."""
    xp = xp or namespace_of(x)
    return xp.clip(x, -_SATURATED_NORMAL, None) * (0.5 * _erfc(-_SQRT_HALF * x, xp))


def grad_gelu(x: Array, xp: Namespace = None) -> Array:
    """Φ(x) + x exp(-x² / 2) / sqrt(2 π)."""
    xp = xp or namespace_of(x)
    held = xp.clip(x, -_SATURATED_NORMAL, _SATURATED_NORMAL)
    density = _INVERSE_SQRT_TWO_PI * xp.exp(-0.5 * held * held)
    return 0.5 * _erfc(-_SQRT_HALF * x, xp) + held * density
