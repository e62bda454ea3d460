"""Functions made to adapt: their shape is learned, or follows the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import factorial

from ogive.formulas.namespace import (
    SATURATED_EXP,
    Array,
    Namespace,
    magnitude,
    namespace_of,
    polynomial,
    times,
)

# ---- srs ----------------------------------------------------------------------------------------


def _srs_parts(
    x: Array, alpha: Array, beta: Array, xp: Namespace
) -> tuple[Array, Array, Array, Array, Array]:
    """Return x, z = x / beta, e = exp(-|z|), value / alpha and r = 1 / (x / alpha + exp(-z)).

    r is without the factor exp(z), which is e, where x < 0: what is left of it stays bounded. Where
    e is 0 in every dtype, x is a number of its sign.
    """
    z = xp.clip(x / beta, -SATURATED_EXP, SATURATED_EXP)
    e = xp.exp(-magnitude(z, xp))
    held = xp.where(xp.abs(z) == SATURATED_EXP, xp.clip(x, -1.0, 1.0), x)
    scaled = xp.where(x < 0, held * e, held)
    denominator = xp.where(x < 0, alpha + scaled, scaled + alpha * e)
    return held, z, e, scaled / denominator, alpha / denominator


def srs(x: Array, alpha: Array = 5.0, beta: Array = 3.0, xp: Namespace = None) -> Array:
    """Divide x by x / alpha + exp(-x / beta), both times exp(x / beta) where x < 0."""
    xp = xp or namespace_of(x)
    return alpha * _srs_parts(x, alpha, beta, xp)[3]


def grad_srs(x: Array, alpha: Array = 5.0, beta: Array = 3.0, xp: Namespace = None) -> Array:
    """(1 + x / beta) exp(-x / beta) / (x / alpha + exp(-x / beta))²."""
    xp = xp or namespace_of(x)
    held, _, e, _, r = _srs_parts(x, alpha, beta, xp)
    # 1 + x / beta as a quotient: next to the zero at -beta the sum is exact.
    return (held + beta) / beta * e * r * r


def grad_srs_alpha(x: Array, alpha: Array = 5.0, beta: Array = 3.0, xp: Namespace = None) -> Array:
    """(value / alpha)²."""
    xp = xp or namespace_of(x)
    q = _srs_parts(x, alpha, beta, xp)[3]
    return q * q


def grad_srs_beta(x: Array, alpha: Array = 5.0, beta: Array = 3.0, xp: Namespace = None) -> Array:
    """-(value / beta)² exp(-x / beta), squared last so that a subnormal result rounds once."""
    xp = xp or namespace_of(x)
    _, z, _, _, r = _srs_parts(x, alpha, beta, xp)
    root = z * r * xp.exp(-0.5 * magnitude(z, xp))
    return -(root * root)


# ---- pdelu --------------------------------------------------------------------------------------


def _deformed(x: Array, t: Array, xp: Namespace) -> tuple[Array, Array, Array, Array]:
    """Return where x <= 0 and the base 1 + u > 0, and there u, 1 - t and log(1 + u) / (1 - t).

    u = (1 - t) x; elsewhere they are harmless numbers. The logarithm tends to x for t = 1. It is at
    most x, so that nothing is lost by holding x where exp(x) is 0.
    """
    held = xp.clip(x, -SATURATED_EXP, 0.0)
    # In the dtype of x: a bare Python number would not carry it into the result.
    s = xp.where(x <= 0, 1.0, held) * (1.0 - t)
    s = xp.where(x > 0, 0.5, s)
    alive = ~(s * held <= -1.0)
    u = xp.where(alive, s * held, -0.5)
    linear = s == 0
    # At s = 0 the first terms in s, so that the derivative by t is right as well.
    limit = held * (1.0 - 0.5 * s * held)
    logarithm = xp.where(linear, limit, xp.log1p(u) / xp.where(linear, 1.0, s))
    return alive & ~(x > 0), u, s, logarithm


def pdelu(x: Array, alpha: Array = 1.0, t: Array = 0.9, xp: Namespace = None) -> Array:
    """Keep the argument where it is positive; alpha ((1 + (1 - t) x)^(1 / (1 - t)) - 1) below."""
    xp = xp or namespace_of(x)
    alive, _, _, logarithm = _deformed(x, t, xp)
    return xp.where(x < 0, alpha * xp.where(alive, xp.expm1(logarithm), -1.0), x)


def grad_pdelu(x: Array, alpha: Array = 1.0, t: Array = 0.9, xp: Namespace = None) -> Array:
    """1 where x > 0, alpha (1 + (1 - t) x)^(t / (1 - t)) below, 0 from where the base is."""
    xp = xp or namespace_of(x)
    alive, _, _, logarithm = _deformed(x, t, xp)
    return xp.where(x > 0, 1.0, alpha * xp.where(alive, xp.exp(t * logarithm), 0.0))


def grad_pdelu_alpha(x: Array, alpha: Array = 1.0, t: Array = 0.9, xp: Namespace = None) -> Array:
    """(1 + (1 - t) x)^(1 / (1 - t)) - 1 where x <= 0, 0 elsewhere."""
    xp = xp or namespace_of(x)
    alive, _, _, logarithm = _deformed(x, t, xp)
    return xp.where(x > 0, 0.0, xp.where(alive, xp.expm1(logarithm), -1.0))


def grad_pdelu_t(x: Array, alpha: Array = 1.0, t: Array = 0.9, xp: Namespace = None) -> Array:
    """E alpha (log(1 + u) - u / (1 + u)) / (1 - t)², E being the power and u = (1 - t) x.

    The difference cancels where u is small. It is 2 v² (1 / (1 + v) + v (1/3 + v²/5 + v⁴/7 + ...))
    with v = u / (2 + u), as log(1 + u) = 2 atanh(v).
    """
    xp = xp or namespace_of(x)
    alive, u, s, logarithm = _deformed(x, t, xp)
    near = u > -0.5
    small = xp.where(near, u, 0.0)
    over = xp.clip(x, -SATURATED_EXP, 0.0) / (2.0 + small)
    v = small / (2.0 + small)
    # v² is at most 1/9: 16 terms are right to float64's last bit.
    series = polynomial([1.0 / k for k in range(3, 35, 2)], v * v)
    by_series = 2.0 * over * over * (1.0 / (1.0 + v) + v * series)
    large = xp.where(near, -0.5, u)
    divisor = xp.where(near, 1.0, s)
    directly = (xp.log1p(large) - large / (1.0 + large)) / (divisor * divisor)
    slope = xp.exp(logarithm) * xp.where(near, by_series, directly)
    return alpha * xp.where(alive, slope, 0.0)


# ---- abrelu -------------------------------------------------------------------------------------


def abrelu(x: Array, threshold: Array = 0.0, xp: Namespace = None) -> Array:
    """max(x - threshold, 0), keeping NaN and -0.0."""
    xp = xp or namespace_of(x)
    return xp.where(x < threshold, 0.0, x - threshold)


def grad_abrelu(x: Array, threshold: Array = 0.0, xp: Namespace = None) -> Array:
    """1 where x > threshold, 0 elsewhere, NaN for NaN."""
    xp = xp or namespace_of(x)
    return xp.where(x > threshold, 1.0, xp.where(x <= threshold, 0.0, x))


# ---- pau ----------------------------------------------------------------------------------------


def _differentiated(coefficients: Sequence[Array]) -> list[Array]:
    """Return the coefficients of the derivative of a polynomial, those of 1, x, x² ... given."""
    return [k * coefficient for k, coefficient in enumerate(coefficients)][1:]


class _Quotient:
    """N / (1 + |Q|) of one argument, as pau and all of its derivatives need it.

    Beyond ±1 everything is written in y = 1/x, N = x⁵ n, 1 + |Q| = x⁴ d and Q = x⁴ q, so that no
    power overflows and the limits at ±inf come out, b4 not being 0. Within, n, d and q are N,
    1 + |Q| and Q themselves. `t` is the smaller of x and y, the variable of the polynomials.
    """

    def __init__(self, x: Array, coefficients: Sequence[Array], xp: Namespace) -> None:
        self.xp, self.coefficients = xp, coefficients
        self.outer = (x > 1) | (x < -1)
        # A harmless argument for each side where the other is taken.
        self.x = xp.where(self.outer, x, 1.0)
        self.near = xp.where(self.outer, 0.0, x)
        self.y = xp.where(self.outer, 1.0 / self.x, 0.0)
        b = coefficients[6:]
        within, beyond = polynomial(b, self.near), polynomial(b[::-1], self.y)
        self.q = self.choose(self.near * within, beyond)
        # Not that of q, which may underflow.
        self.sign_q = self.choose(xp.sign(self.near) * xp.sign(within), xp.sign(beyond))
        one = self.choose(1.0 + 0.0 * self.near, self.y * self.y * (self.y * self.y))
        self.d = one + xp.abs(self.q)

    def choose(self, within: Array, beyond: Array) -> Array:
        """Take `beyond` where |x| > 1, `within` elsewhere."""
        return self.xp.where(self.outer, beyond, within)

    def numerator(self) -> Array:
        """Return n."""
        a = self.coefficients[:6]
        return self.choose(polynomial(a, self.near), polynomial(a[::-1], self.y))

    def value(self) -> Array:
        """Return N / (1 + |Q|)."""
        first, *rest = self.coefficients[:6]
        # A zero is added as -0.0, which keeps the sign of a zero that it is added to.
        within = polynomial(rest, self.near) * self.near - (0.0 - first)
        beyond = times(rest[-1], self.x, self.xp) + polynomial([*rest[-2::-1], first], self.y)
        return self.choose(within, beyond) / self.d

    def sign(self, left: Array) -> Array:
        """Return the sign of Q; `left`, that of Q to the left, where Q is 0."""
        return self.xp.where(self.sign_q == 0, left, self.sign_q)

    def power(self, k: int) -> Array:
        """Return x^k within, x^(k - 4) beyond."""
        if k > 4:
            return self.choose(self.near**k, self.x ** (k - 4))
        return self.choose(self.near**k, self.y ** (4 - k))

    def derivative(self) -> Array:
        """Return N' / (1 + |Q|) - N |Q|' / (1 + |Q|)²."""
        xp = self.xp
        rising_n = _differentiated(self.coefficients[:6])
        rising_q = _differentiated((0.0, *self.coefficients[6:]))
        slope_n, slope_q, bend_q = (
            self.choose(polynomial(rising, self.near), polynomial(rising[::-1], self.y))
            for rising in (rising_n, rising_q, _differentiated(rising_q))
        )
        # Beyond, x³ is left out of the slope: its sign counts. A double root is no kink: there |Q|
        # is Q or -Q on both sides, which the second derivative needs to know.
        falling = -xp.sign(slope_q) * xp.sign(self.x)
        left = xp.where(slope_q == 0, xp.sign(bend_q), falling)
        change = self.numerator() * self.sign(left) * slope_q
        return (slope_n - change / self.d) / self.d

    def derivative_by_a(self, i: int) -> Array:
        """Return x^i / (1 + |Q|)."""
        return self.power(i) / self.d

    def derivative_by_b(self, j: int) -> Array:
        """Return -N |Q|' / (1 + |Q|)², the derivative of Q being x^j."""
        if j == 4:
            ratio = self.value() * self.power(4)
        else:
            # Beyond, x⁵ x^j / x⁸.
            ratio = self.numerator() / self.d * self.choose(self.near**j, self.y ** (3 - j))
        return -self.sign(-self.xp.sign(self.power(j))) * ratio / self.d


def pau(
    x: Array,
    a0: Array,
    a1: Array,
    a2: Array,
    a3: Array,
    a4: Array,
    a5: Array,
    b1: Array,
    b2: Array,
    b3: Array,
    b4: Array,
    xp: Namespace = None,
) -> Array:
    """(a0 + a1 x + ... + a5 x⁵) / (1 + |b1 x + ... + b4 x⁴|)."""
    xp = xp or namespace_of(x)
    return _Quotient(x, (a0, a1, a2, a3, a4, a5, b1, b2, b3, b4), xp).value()


def grad_pau(
    x: Array,
    a0: Array,
    a1: Array,
    a2: Array,
    a3: Array,
    a4: Array,
    a5: Array,
    b1: Array,
    b2: Array,
    b3: Array,
    b4: Array,
    xp: Namespace = None,
) -> Array:
    """N' / (1 + |Q|) - N |Q|' / (1 + |Q|)²; where Q is 0, the left derivative."""
    xp = xp or namespace_of(x)
    return _Quotient(x, (a0, a1, a2, a3, a4, a5, b1, b2, b3, b4), xp).derivative()


def _by_a(i: int) -> Callable[..., Array]:
    """Make the derivative of pau by a_i."""

    def derivative(x: Array, *coefficients: Array, xp: Namespace = None) -> Array:
        return _Quotient(x, coefficients, xp or namespace_of(x)).derivative_by_a(i)

    derivative.__name__ = derivative.__qualname__ = f"grad_pau_a{i}"
    derivative.__doc__ = f"x^{i} / (1 + |Q|)."
    return derivative


def _by_b(j: int) -> Callable[..., Array]:
    """Make the derivative of pau by b_j."""

    def derivative(x: Array, *coefficients: Array, xp: Namespace = None) -> Array:
        return _Quotient(x, coefficients, xp or namespace_of(x)).derivative_by_b(j)

    derivative.__name__ = derivative.__qualname__ = f"grad_pau_b{j}"
    derivative.__doc__ = f"-N sign(Q) x^{j} / (1 + |Q|)²."
    return derivative


grad_pau_a0, grad_pau_a1, grad_pau_a2, grad_pau_a3, grad_pau_a4, grad_pau_a5 = map(_by_a, range(6))
grad_pau_b1, grad_pau_b2, grad_pau_b3, grad_pau_b4 = map(_by_b, range(1, 5))


# ---- xielu --------------------------------------------------------------------------------------


def _expm1_over_argument_minus_one(x: Array) -> Array:
    """(e^x - 1) / x - 1 = x (1/2 + x/6 + x²/24 + ...) for -1 <= x <= 0, where it would cancel."""
    return x * polynomial([1.0 / factorial(k) for k in range(2, 20)], x)


def _near_and_far(x: Array, xp: Namespace) -> tuple[Array, Array, Array]:
    """Return where x > -1, and x there and elsewhere; 0 and -1 where it is the other, or x > 0."""
    left = xp.where(x > 0, 0.0, x)
    near = left > -1
    return near, xp.where(near, left, 0.0), xp.where(near, -1.0, left)


def xielu(
    x: Array,
    alpha_p: Array = 0.8,
    alpha_n: Array = 0.8,
    beta: Array = 0.5,
    xp: Namespace = None,
) -> Array:
    """(alpha_p x + beta) x where x is positive, alpha_n (exp(x) - 1 - x) + beta x elsewhere."""
    xp = xp or namespace_of(x)
    near, small, large = _near_and_far(x, xp)
    below = xp.where(
        near,
        small * (alpha_n * _expm1_over_argument_minus_one(small) + beta),
        # Far out the two terms in x are taken together: their infinities may be of either sign.
        alpha_n * xp.expm1(large) + times(beta - alpha_n, large, xp),
    )
    right = xp.where(x > 0, x, 0.0)
    above = times(times(alpha_p, right, xp) + beta, right, xp)
    return xp.where(x > 0, above, below)


def grad_xielu(
    x: Array,
    alpha_p: Array = 0.8,
    alpha_n: Array = 0.8,
    beta: Array = 0.5,
    xp: Namespace = None,
) -> Array:
    """2 alpha_p x + beta where x is positive, alpha_n (exp(x) - 1) + beta elsewhere."""
    xp = xp or namespace_of(x)
    near, small, large = _near_and_far(x, xp)
    # Far out the difference of the parameters is taken first: it may be 0.
    far = alpha_n * xp.exp(large) + (beta - alpha_n)
    below = xp.where(near, alpha_n * xp.expm1(small) + beta, far)
    above = 2.0 * times(alpha_p, xp.where(x > 0, x, 0.0), xp) + beta
    return xp.where(x > 0, above, below)


def grad_xielu_alpha_p(
    x: Array,
    alpha_p: Array = 0.8,
    alpha_n: Array = 0.8,
    beta: Array = 0.5,
    xp: Namespace = None,
) -> Array:
    """x² where x is positive, 0 elsewhere, NaN for NaN."""
    xp = xp or namespace_of(x)
    right = xp.where(x <= 0, 0.0, x)
    return right * right


def grad_xielu_alpha_n(
    x: Array,
    alpha_p: Array = 0.8,
    alpha_n: Array = 0.8,
    beta: Array = 0.5,
    xp: Namespace = None,
) -> Array:
    """0 where x is positive, exp(x) - 1 - x elsewhere."""
    xp = xp or namespace_of(x)
    near, small, large = _near_and_far(x, xp)
    return xp.where(near, small * _expm1_over_argument_minus_one(small), xp.expm1(large) - large)


def grad_xielu_beta(
    x: Array,
    alpha_p: Array = 0.8,
    alpha_n: Array = 0.8,
    beta: Array = 0.5,
    xp: Namespace = None,
) -> Array:
    """Return the argument itself, whatever the parameters."""
    return 1.0 * x
