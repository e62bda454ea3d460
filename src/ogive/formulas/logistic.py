"""The logistic family: the sigmoid, what is built on it, and what stands in for it."""

from __future__ import annotations

from math import log

from ogive.formulas.namespace import SATURATED_EXP, Array, Namespace, magnitude, namespace_of

_LOG_TWO = log(2.0)


def sigmoid(x: Array, xp: Namespace = None) -> Array:
    """1 / (1 + exp(-x)), from exp(-|x|) so that nothing overflows and the left tail is kept."""
    xp = xp or namespace_of(x)
    e = xp.exp(-magnitude(x, xp))
    return xp.where(x < 0, e, 1.0) / (1.0 + e)


def grad_sigmoid(x: Array, xp: Namespace = None) -> Array:
    """exp(-|x|) / (1 + exp(-|x|))²: even, and without the cancellation of s (1 - s)."""
    xp = xp or namespace_of(x)
    e = xp.exp(-magnitude(x, xp))
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


def odds(x: Array, xp: Namespace = None) -> Array:
    """Divide x by 1 - x, for x in [0, 1]: 0 at 0, +inf at 1, NaN outside."""
    xp = xp or namespace_of(x)
    probability = xp.where((x < 0) | (x > 1), float("nan"), x)
    return probability / (1.0 - probability)


def grad_odds(x: Array, xp: Namespace = None) -> Array:
    """1 / (1 - x)²; +inf at 1, NaN outside [0, 1]."""
    xp = xp or namespace_of(x)
    complement = 1.0 - xp.where((x < 0) | (x > 1), float("nan"), x)
    return 1.0 / (complement * complement)


def log_sigmoid(x: Array, xp: Namespace = None) -> Array:
    """-log(1 + exp(-x)) = min(x, 0) - log1p(exp(-|x|))."""
    xp = xp or namespace_of(x)
    # Written as a negated sum, which tends to -0.0 from below.
    return -(xp.log1p(xp.exp(-magnitude(x, xp))) - xp.where(x < 0, x, 0.0))


def grad_log_sigmoid(x: Array, xp: Namespace = None) -> Array:
    """1 / (1 + exp(x))."""
    return sigmoid(-x, xp)


def log1mexp(x: Array, xp: Namespace = None) -> Array:
    """log(1 - exp(-x)) for x >= 0: by expm1 up to log 2 and by log1p beyond (Mächler, 2012)."""
    xp = xp or namespace_of(x)
    # Each branch gets a harmless argument where the other is taken.
    low = xp.where(x < _LOG_TWO, x, _LOG_TWO)
    high = xp.where(x < _LOG_TWO, _LOG_TWO, x)
    return xp.where(x < _LOG_TWO, xp.log(-xp.expm1(-low)), xp.log1p(-xp.exp(-high)))


def grad_log1mexp(x: Array, xp: Namespace = None) -> Array:
    """exp(-x) / (1 - exp(-x)), which 1 / (exp(x) - 1) is until it overflows; NaN below 0."""
    xp = xp or namespace_of(x)
    held = xp.where(x < 0, float("nan"), x)
    # The magnitude so that -0.0 gives +inf as 0.0 does.
    return xp.exp(-held) / xp.abs(xp.expm1(-held))


def tanh(x: Array, xp: Namespace = None) -> Array:
    """Call the hyperbolic tangent of the namespace itself."""
    xp = xp or namespace_of(x)
    return xp.tanh(x)


def grad_tanh(x: Array, xp: Namespace = None) -> Array:
    """(2 exp(-|x|) / (1 + exp(-2|x|)))², squared last so that a subnormal result rounds once."""
    xp = xp or namespace_of(x)
    e = xp.exp(-magnitude(x, xp))
    sech = 2.0 * e / (1.0 + e * e)
    return sech * sech


def softsign(x: Array, xp: Namespace = None) -> Array:
    """Divide x by 1 + |x|; beyond ±1 as ±1 / (1 / |x| + 1), which has the limits at ±inf."""
    xp = xp or namespace_of(x)
    size = magnitude(x, xp)
    inverse = 1.0 / xp.where(size > 1, size, 1.0)
    numerator = xp.where(x > 1, 1.0, xp.where(x < -1, -1.0, x))
    return numerator / (1.0 + xp.where(size > 1, inverse, size))


def grad_softsign(x: Array, xp: Namespace = None) -> Array:
    """(1 / (1 + |x|))², squared last so that nothing overflows."""
    xp = xp or namespace_of(x)
    inverse = 1.0 / (1.0 + magnitude(x, xp))
    return inverse * inverse


def softplus(x: Array, beta: Array = 1.0, xp: Namespace = None) -> Array:
    """log(1 + exp(beta x)) / beta = max(x, 0) + log1p(exp(-|beta x|)) / beta, for beta > 0."""
    xp = xp or namespace_of(x)
    return xp.where(x < 0, 0.0, x) + xp.log1p(xp.exp(-magnitude(beta * x, xp))) / beta


def grad_softplus(x: Array, beta: Array = 1.0, xp: Namespace = None) -> Array:
    """1 / (1 + exp(-beta x))."""
    return sigmoid(beta * x, xp)


def grad_softplus_beta(x: Array, beta: Array = 1.0, xp: Namespace = None) -> Array:
    """-H / beta², H the entropy of a coin that falls heads with probability sigmoid(beta x).

    H = log1p(e) + z e / (1 + e) with z = |beta x| and e = exp(-z): a sum of positive terms, where
    x sigmoid(beta x) / beta - softplus(x) / beta cancels.
    """
    xp = xp or namespace_of(x)
    z = xp.clip(magnitude(beta * x, xp), None, SATURATED_EXP)
    e = xp.exp(-z)
    return -(xp.log1p(e) + z * e / (1.0 + e)) / beta / beta


def _right_triangle(x: Array, b: Array, xp: Namespace) -> tuple[Array, Array, Array]:
    """Hypotenuse, cosine and sine of the right triangle with the legs |x| and sqrt(b).

    By the ratio of its legs, so that no square overflows. With the hypotenuse h, h - |x| is
    sqrt(b) sine / (1 + cosine), in which nothing cancels. A triangle of size 0 is taken as lying
    along x, the limit for b to 0 at any other x.
    """
    size = magnitude(x, xp)
    height = b**0.5
    flat = size >= height
    long = xp.where(flat, size, height)
    ratio = xp.where(flat, height, size) / xp.where(long == 0, 1.0, long)
    root = xp.sqrt(1.0 + ratio * ratio)
    cosine = xp.where(flat, 1.0, ratio) / root
    sine = xp.where(flat, ratio, 1.0) / root
    return long * root, cosine, sine


def squareplus(x: Array, b: Array = 4.0, xp: Namespace = None) -> Array:
    """(x + sqrt(x² + b)) / 2 = max(x, 0) + (sqrt(x² + b) - |x|) / 2, for b >= 0."""
    xp = xp or namespace_of(x)
    _, cosine, sine = _right_triangle(x, b, xp)
    return xp.where(x < 0, 0.0, x) + 0.5 * b**0.5 * (sine / (1.0 + cosine))


def grad_squareplus(x: Array, b: Array = 4.0, xp: Namespace = None) -> Array:
    """(1 + x / sqrt(x² + b)) / 2, the smaller of it and its complement as sine² / (1 + cosine)."""
    xp = xp or namespace_of(x)
    _, cosine, sine = _right_triangle(x, b, xp)
    smaller = 0.5 * sine * sine / (1.0 + cosine)
    # With b = 0 it is relu, and the derivative at the kink is the left one.
    left = (x < 0) | ((x == 0) & (b == 0))
    return xp.where(left, smaller, 1.0 - smaller)


def grad_squareplus_b(x: Array, b: Array = 4.0, xp: Namespace = None) -> Array:
    """1 / (4 sqrt(x² + b))."""
    xp = xp or namespace_of(x)
    hypotenuse, _, _ = _right_triangle(x, b, xp)
    return 0.25 / hypotenuse


def hard_sigmoid(x: Array, xp: Namespace = None) -> Array:
    """(x + 3) / 6 between -3 and 3, 0 below and 1 above."""
    xp = xp or namespace_of(x)
    return xp.where(x >= 3, 1.0, xp.where(x <= -3, 0.0, (x + 3.0) / 6.0))


def grad_hard_sigmoid(x: Array, xp: Namespace = None) -> Array:
    """1 / 6 where -3 < x < 3, 0 elsewhere, NaN for NaN."""
    xp = xp or namespace_of(x)
    size = xp.abs(x)
    return xp.where(size < 3, 1.0 / 6.0, xp.where(size >= 3, 0.0, x))


def hard_tanh(x: Array, min: Array = -1.0, max: Array = 1.0, xp: Namespace = None) -> Array:
    """Hold the argument between min and max."""
    xp = xp or namespace_of(x)
    return xp.where(x >= max, max, xp.where(x <= min, min, x))


def grad_hard_tanh(x: Array, min: Array = -1.0, max: Array = 1.0, xp: Namespace = None) -> Array:
    """1 where min < x < max, 0 elsewhere, NaN for NaN."""
    xp = xp or namespace_of(x)
    inside = (x > min) & (x < max)
    return xp.where(inside, 1.0, xp.where((x <= min) | (x >= max), 0.0, x))
