"""The rectifiers: ReLU and its descendants, the shrinking functions among them."""

from __future__ import annotations

from math import factorial

from ogive.formulas.logistic import hard_sigmoid
from ogive.formulas.namespace import SATURATED_EXP, Array, Namespace, namespace_of, polynomial

# Klambauer et al. (2017), equation 14: mean 0 and variance 1 are its fixed point.
_SELU_SCALE = 1.0507009873554805
_SELU_SCALE_ALPHA = 1.7580993408473768

# 1 - exp(z) + z exp(z) = Σ (n - 1) / n! zⁿ from n = 2, and x cosh(x) - sinh(x) = Σ 2k / (2k + 1)!
# x²ᵏ⁺¹ from k = 1: what is left where both cancel. To float64's last bit for |z| <= 1.
_CHORD = tuple((n - 1) / factorial(n) for n in range(2, 21))
_SHRINK = tuple(2 * k / factorial(2 * k + 1) for k in range(1, 11))


def relu(x: Array, xp: Namespace = None) -> Array:
    """max(x, 0), keeping NaN and -0.0."""
    xp = xp or namespace_of(x)
    return xp.where(x < 0, 0.0, x)


def grad_relu(x: Array, xp: Namespace = None) -> Array:
    """1 where x > 0, 0 elsewhere, NaN for NaN."""
    xp = xp or namespace_of(x)
    return xp.where(x > 0, 1.0, xp.where(x <= 0, 0.0, x))


def relu6(x: Array, xp: Namespace = None) -> Array:
    """min(max(x, 0), 6), keeping NaN and -0.0."""
    xp = xp or namespace_of(x)
    return xp.where(x >= 6, 6.0, xp.where(x < 0, 0.0, x))


def grad_relu6(x: Array, xp: Namespace = None) -> Array:
    """1 where 0 < x < 6, 0 elsewhere, NaN for NaN."""
    xp = xp or namespace_of(x)
    inside = (x > 0) & (x < 6)
    return xp.where(inside, 1.0, xp.where((x <= 0) | (x >= 6), 0.0, x))


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


def grad_leaky_relu_negative_slope(
    x: Array, negative_slope: Array = 0.01, xp: Namespace = None
) -> Array:
    """0 where x > 0, x elsewhere, whatever the slope."""
    xp = xp or namespace_of(x)
    return xp.where(x > 0, 0.0, x)


def prelu(x: Array, weight: Array = 0.25, xp: Namespace = None) -> Array:
    """Multiply the argument by 1 where it is positive, by weight elsewhere."""
    return leaky_relu(x, weight, xp)


def grad_prelu(x: Array, weight: Array = 0.25, xp: Namespace = None) -> Array:
    """1 where x > 0, weight elsewhere, NaN for NaN."""
    return grad_leaky_relu(x, weight, xp)


def grad_prelu_weight(x: Array, weight: Array = 0.25, xp: Namespace = None) -> Array:
    """0 where x > 0, x elsewhere, whatever the weight."""
    return grad_leaky_relu_negative_slope(x, weight, xp)


def rrelu(
    x: Array, lower: Array = 1.0 / 8.0, upper: Array = 1.0 / 3.0, xp: Namespace = None
) -> Array:
    """Multiply the argument by 1 where it is positive, by the mean of lower and upper elsewhere."""
    return leaky_relu(x, 0.5 * (lower + upper), xp)


def grad_rrelu(
    x: Array, lower: Array = 1.0 / 8.0, upper: Array = 1.0 / 3.0, xp: Namespace = None
) -> Array:
    """1 where x > 0, the mean of lower and upper elsewhere, NaN for NaN."""
    return grad_leaky_relu(x, 0.5 * (lower + upper), xp)


def threshold(x: Array, threshold: Array = 1.0, value: Array = 0.0, xp: Namespace = None) -> Array:
    """Keep the argument where it is above threshold; value elsewhere."""
    xp = xp or namespace_of(x)
    return xp.where(x <= threshold, value, x)


def grad_threshold(
    x: Array, threshold: Array = 1.0, value: Array = 0.0, xp: Namespace = None
) -> Array:
    """1 where x > threshold, 0 elsewhere, NaN for NaN."""
    xp = xp or namespace_of(x)
    return xp.where(x > threshold, 1.0, xp.where(x <= threshold, 0.0, x))


def elu(x: Array, alpha: Array = 1.0, xp: Namespace = None) -> Array:
    """Keep the argument where it is positive; alpha (exp(x) - 1) elsewhere."""
    xp = xp or namespace_of(x)
    return xp.where(x < 0, alpha * xp.expm1(xp.where(x < 0, x, 0.0)), x)


def grad_elu(x: Array, alpha: Array = 1.0, xp: Namespace = None) -> Array:
    """1 where x > 0, alpha exp(x) elsewhere."""
    xp = xp or namespace_of(x)
    return xp.where(x > 0, 1.0, alpha * xp.exp(xp.where(x > 0, 0.0, x)))


def grad_elu_alpha(x: Array, alpha: Array = 1.0, xp: Namespace = None) -> Array:
    """0 where x > 0, exp(x) - 1 elsewhere, whatever alpha."""
    xp = xp or namespace_of(x)
    return xp.expm1(xp.where(x > 0, 0.0, x))


def celu(x: Array, alpha: Array = 1.0, xp: Namespace = None) -> Array:
    """Keep the argument where it is positive; alpha (exp(x / alpha) - 1) elsewhere, alpha > 0."""
    xp = xp or namespace_of(x)
    return xp.where(x < 0, alpha * xp.expm1(xp.where(x < 0, x, 0.0) / alpha), x)


def grad_celu(x: Array, alpha: Array = 1.0, xp: Namespace = None) -> Array:
    """1 where x > 0, exp(x / alpha) elsewhere."""
    xp = xp or namespace_of(x)
    return xp.exp(xp.where(x > 0, 0.0, x) / alpha)


def grad_celu_alpha(x: Array, alpha: Array = 1.0, xp: Namespace = None) -> Array:
    """0 where x > 0, elsewhere exp(z) (1 - z) - 1 with z = x / alpha; its series above -1."""
    xp = xp or namespace_of(x)
    z = xp.where(x > 0, 0.0, x) / alpha
    near = xp.where(z > -1, z, 0.0)
    far = xp.clip(xp.where(z > -1, -1.0, z), -SATURATED_EXP, None)
    series = near * near * polynomial(_CHORD, near)
    return xp.where(z > -1, -series, xp.exp(far) * (1.0 - far) - 1.0)


def selu(x: Array, xp: Namespace = None) -> Array:
    """Scale elu, with the alpha and the scale whose fixed point has mean 0 and variance 1."""
    xp = xp or namespace_of(x)
    left = _SELU_SCALE_ALPHA * xp.expm1(xp.where(x > 0, 0.0, x))
    return xp.where(x > 0, _SELU_SCALE * x, left)


def grad_selu(x: Array, xp: Namespace = None) -> Array:
    """Scale where x > 0, scale alpha exp(x) elsewhere."""
    xp = xp or namespace_of(x)
    left = _SELU_SCALE_ALPHA * xp.exp(xp.where(x > 0, 0.0, x))
    return xp.where(x > 0, _SELU_SCALE, left)


def relu_squared(x: Array, xp: Namespace = None) -> Array:
    """max(x, 0)²."""
    xp = xp or namespace_of(x)
    positive = relu(x, xp)
    return positive * positive


def grad_relu_squared(x: Array, xp: Namespace = None) -> Array:
    """2 max(x, 0)."""
    return 2.0 * relu(x, xp)


def hard_swish(x: Array, xp: Namespace = None) -> Array:
    """Multiply the argument by its hard sigmoid: 0 below -3, the argument itself above 3."""
    xp = xp or namespace_of(x)
    return xp.where(x <= -3, 0.0, x) * hard_sigmoid(x, xp)


def grad_hard_swish(x: Array, xp: Namespace = None) -> Array:
    """(2x + 3) / 6 where -3 < x < 3, 0 below and 1 above."""
    xp = xp or namespace_of(x)
    return xp.where(x >= 3, 1.0, xp.where(x <= -3, 0.0, (2.0 * x + 3.0) / 6.0))


def softshrink(x: Array, lambd: Array = 0.5, xp: Namespace = None) -> Array:
    """Move the argument towards 0 by lambd, and no further than 0."""
    xp = xp or namespace_of(x)
    return xp.where(x > lambd, x - lambd, xp.where(x < -lambd, x + lambd, 0.0 * x))


def grad_softshrink(x: Array, lambd: Array = 0.5, xp: Namespace = None) -> Array:
    """1 where |x| > lambd, 0 elsewhere, NaN for NaN."""
    xp = xp or namespace_of(x)
    size = xp.abs(x)
    return xp.where(size > lambd, 1.0, xp.where(size <= lambd, 0.0, x))


def hardshrink(x: Array, lambd: Array = 0.5, xp: Namespace = None) -> Array:
    """Keep the argument where |x| > lambd; 0 elsewhere."""
    xp = xp or namespace_of(x)
    return xp.where(xp.abs(x) > lambd, x, 0.0 * x)


def grad_hardshrink(x: Array, lambd: Array = 0.5, xp: Namespace = None) -> Array:
    """1 where |x| > lambd, 0 elsewhere, NaN for NaN."""
    return grad_softshrink(x, lambd, xp)


def tanhshrink(x: Array, xp: Namespace = None) -> Array:
    """Subtract tanh(x) from x; within ±1 as the series of x cosh(x) - sinh(x) over cosh(x)."""
    xp = xp or namespace_of(x)
    inside = xp.abs(x) < 1
    near = xp.where(inside, x, 0.0)
    far = xp.where(inside, 1.0, x)
    series = near * (near * near) * polynomial(_SHRINK, near * near)
    return xp.where(inside, series / xp.cosh(near), far - xp.tanh(far))


def grad_tanhshrink(x: Array, xp: Namespace = None) -> Array:
    """tanh(x)²."""
    xp = xp or namespace_of(x)
    t = xp.tanh(x)
    return t * t
