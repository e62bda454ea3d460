"""Smooth functions that are the argument times a gate: a sigmoid or a tanh of itself."""

from __future__ import annotations

from math import pi, sqrt

from ogive.formulas.logistic import grad_tanh, sigmoid, tanh
from ogive.formulas.namespace import (
    SATURATED_EXP,
    Array,
    Namespace,
    erfc,
    magnitude,
    namespace_of,
    polynomial,
    times,
)

_SQRT_HALF = sqrt(0.5)
_INVERSE_SQRT_TWO_PI = 1.0 / sqrt(2.0 * pi)
_TWICE_SQRT_TWO_OVER_PI = 2.0 * sqrt(2.0 / pi)
_GELU_CUBIC = 0.044715
_QUICK_GELU_BETA = 1.702

# Beyond it the normal density and its integral have reached their limits in every dtype.
_SATURATED_NORMAL = 40.0


def silu(x: Array, xp: Namespace = None) -> Array:
    """Multiply the argument by its sigmoid, tending to -0.0 at -inf."""
    xp = xp or namespace_of(x)
    return xp.clip(x, -SATURATED_EXP, None) * sigmoid(x, xp)


def grad_silu(x: Array, xp: Namespace = None) -> Array:
    """S (1 + x (1 - S)) with both S and 1 - S from exp(-|x|), neither by subtraction."""
    xp = xp or namespace_of(x)
    held = xp.clip(x, -SATURATED_EXP, SATURATED_EXP)
    return sigmoid(x, xp) * (1.0 + held * sigmoid(-x, xp))


def swish(x: Array, beta: Array = 1.0, xp: Namespace = None) -> Array:
    """Multiply the argument by the sigmoid of beta x."""
    xp = xp or namespace_of(x)
    z = times(beta, x, xp)
    # Where the gate is 0 in every dtype, a number of the sign of x does for x.
    return xp.where(z < -SATURATED_EXP, xp.clip(x, -1.0, 1.0), x) * sigmoid(z, xp)


def grad_swish(x: Array, beta: Array = 1.0, xp: Namespace = None) -> Array:
    """S(z) (1 + z S(-z)) with z = beta x."""
    xp = xp or namespace_of(x)
    z = times(beta, x, xp)
    held = xp.clip(z, -SATURATED_EXP, SATURATED_EXP)
    return sigmoid(z, xp) * (1.0 + held * sigmoid(-z, xp))


def grad_swish_beta(x: Array, beta: Array = 1.0, xp: Namespace = None) -> Array:
    """(x / (2 cosh(beta x / 2)))², squared last so that a subnormal result rounds once."""
    xp = xp or namespace_of(x)
    z = magnitude(times(beta, x, xp), xp)
    e = xp.exp(-0.5 * z)
    root = xp.where(z > 4.0 * SATURATED_EXP, xp.clip(x, -1.0, 1.0), x) * e / (1.0 + e * e)
    return root * root


def gelu(x: Array, xp: Namespace = None) -> Array:
    """Multiply x by erfc(-x / sqrt(2)) / 2: erfc, where 1 + erf would cancel in the left tail."""
    xp = xp or namespace_of(x)
    return xp.clip(x, -_SATURATED_NORMAL, None) * (0.5 * erfc(-_SQRT_HALF * x, xp))


def grad_gelu(x: Array, xp: Namespace = None) -> Array:
    """Φ(x) + x exp(-x² / 2) / sqrt(2 π)."""
    xp = xp or namespace_of(x)
    held = xp.clip(x, -_SATURATED_NORMAL, _SATURATED_NORMAL)
    density = _INVERSE_SQRT_TWO_PI * xp.exp(-0.5 * held * held)
    return 0.5 * erfc(-_SQRT_HALF * x, xp) + held * density


def _gelu_gate_argument(x: Array) -> Array:
    """2 sqrt(2/π) (x + 0.044715 x³): half of its sigmoid is the gate's 1 + tanh."""
    return _TWICE_SQRT_TWO_OVER_PI * x * (1.0 + _GELU_CUBIC * x * x)


def gelu_tanh(x: Array, xp: Namespace = None) -> Array:
    """Multiply x by sigmoid(2 u) = (1 + tanh(u)) / 2, which does not cancel in the left tail."""
    xp = xp or namespace_of(x)
    held = xp.clip(x, -_SATURATED_NORMAL, _SATURATED_NORMAL)
    gate = sigmoid(_gelu_gate_argument(held), xp)
    return xp.clip(x, -_SATURATED_NORMAL, None) * gate


def grad_gelu_tanh(x: Array, xp: Namespace = None) -> Array:
    """S(2 u) (1 + 2 x u' S(-2 u)) with u = sqrt(2/π) (x + 0.044715 x³)."""
    xp = xp or namespace_of(x)
    held = xp.clip(x, -_SATURATED_NORMAL, _SATURATED_NORMAL)
    u = _gelu_gate_argument(held)
    slope = _TWICE_SQRT_TWO_OVER_PI * (1.0 + 3.0 * _GELU_CUBIC * held * held)
    return sigmoid(u, xp) * (1.0 + held * slope * sigmoid(-u, xp))


def quick_gelu(x: Array, xp: Namespace = None) -> Array:
    """Call swish with beta = 1.702."""
    return swish(x, _QUICK_GELU_BETA, xp)


def grad_quick_gelu(x: Array, xp: Namespace = None) -> Array:
    """Call the derivative of swish with beta = 1.702."""
    return grad_swish(x, _QUICK_GELU_BETA, xp)


def mish(x: Array, xp: Namespace = None) -> Array:
    """Multiply x by tanh(log(1 + e^x)) = n / (n + 2) with n = e^x (e^x + 2).

    Both are taken times e^-2x on the right, so that only exp(-|x|) is needed.
    """
    xp = xp or namespace_of(x)
    e = xp.exp(-magnitude(x, xp))
    numerator = xp.where(x < 0, e * (e + 2.0), 1.0 + 2.0 * e)
    denominator = numerator + xp.where(x < 0, 2.0, 2.0 * e * e)
    return xp.clip(x, -SATURATED_EXP, None) * (numerator / denominator)


def grad_mish(x: Array, xp: Namespace = None) -> Array:
    """Ratio of w (4 (1 + x) + (6 + 4 x) w + 4 w² + w³) and (w² + 2 w + 2)², w = e^x.

    On the right both are taken times e^-4x, as in the value.
    """
    xp = xp or namespace_of(x)
    e = xp.exp(-magnitude(x, xp))
    held = xp.clip(x, -SATURATED_EXP, SATURATED_EXP)
    inner, outer = 6.0 + 4.0 * held, 4.0 * (1.0 + held)
    left = e * polynomial((outer, inner, 4.0, 1.0), e)
    right = polynomial((1.0, 4.0, inner, outer), e)
    denominator = xp.where(x < 0, polynomial((2.0, 2.0, 1.0), e), polynomial((1.0, 2.0, 2.0), e))
    return xp.where(x < 0, left, right) / (denominator * denominator)


def lisht(x: Array, xp: Namespace = None) -> Array:
    """Multiply the argument by its hyperbolic tangent."""
    xp = xp or namespace_of(x)
    return x * tanh(x, xp)


def grad_lisht(x: Array, xp: Namespace = None) -> Array:
    """tanh(x) + x / cosh(x)²: two terms of one sign."""
    xp = xp or namespace_of(x)
    held = xp.clip(x, -SATURATED_EXP, SATURATED_EXP)
    return tanh(x, xp) + held * grad_tanh(x, xp)
