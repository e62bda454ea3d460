"""The truth of the adaptive functions: plain definitions in mpmath, and where to measure them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from mpmath import mp, mpf


def _digits_for_exponent(x: mpf, power: int = 1) -> AbstractContextManager[None]:
    """Digits to spare for the exponential of what grows like x^power and is rounded before."""
    return mp.extraprec(power * max(0, int(mp.mag(x))) if x else 0)


# ---- srs ----------------------------------------------------------------------------------------


def _srs(x: mpf, alpha: mpf, beta: mpf) -> mpf:
    with _digits_for_exponent(x / beta):
        return x / (x / alpha + mp.exp(-x / beta))


def _grad_srs(x: mpf, alpha: mpf, beta: mpf) -> mpf:
    with _digits_for_exponent(x / beta):
        e = mp.exp(-x / beta)
        return e * (1 + x / beta) / (x / alpha + e) ** 2


def _grad_srs_alpha(x: mpf, alpha: mpf, beta: mpf) -> mpf:
    return (_srs(x, alpha, beta) / alpha) ** 2


def _grad_srs_beta(x: mpf, alpha: mpf, beta: mpf) -> mpf:
    with _digits_for_exponent(x / beta):
        return -((_srs(x, alpha, beta) / beta) ** 2) * mp.exp(-x / beta)


# ---- pdelu --------------------------------------------------------------------------------------


def _log_of_deformed_exponential(x: mpf, t: mpf) -> mpf:
    """The logarithm of (1 + (1 - t) x)^(1 / (1 - t)); -inf where the base is not positive."""
    s = 1 - t
    if not s:
        return x
    return mp.log1p(s * x) / s if 1 + s * x > 0 else -mp.inf


def _pdelu(x: mpf, alpha: mpf, t: mpf) -> mpf:
    return x if x > 0 else alpha * mp.expm1(_log_of_deformed_exponential(x, t))


def _grad_pdelu(x: mpf, alpha: mpf, t: mpf) -> mpf:
    if x > 0:
        return mpf(1)
    # Left of where the base vanishes, and there, the function is constant.
    logarithm = _log_of_deformed_exponential(x, t)
    return alpha * mp.exp(t * logarithm) if mp.isfinite(logarithm) else mpf(0)


def _grad_pdelu_alpha(x: mpf, alpha: mpf, t: mpf) -> mpf:
    return _pdelu(x, mpf(1), t) if x <= 0 else mpf(0)


def _grad_pdelu_t(x: mpf, alpha: mpf, t: mpf) -> mpf:
    logarithm = _log_of_deformed_exponential(x, t)
    if x > 0 or not mp.isfinite(logarithm):
        return mpf(0)
    s = 1 - t
    u = s * x
    if u > mpf(-0.5):
        # (log(1 + u) - u / (1 + u)) / u² = 1/2 - 2/3 u + 3/4 u² - ..., without the cancellation.
        bracket = x * x * mp.hyp2f1(2, 2, 3, -u) / 2
    else:
        bracket = (mp.log1p(u) - u / (1 + u)) / s**2
    return alpha * mp.exp(logarithm) * bracket


# ---- pau ----------------------------------------------------------------------------------------


def _numerator_and_denominator(x: mpf, coefficients: tuple[mpf, ...]) -> tuple[mpf, mpf, mpf]:
    """The numerator, the polynomial within the denominator's bars, and the denominator."""
    a, b = coefficients[:6], coefficients[6:]
    n = sum(a_i * x**i for i, a_i in enumerate(a))
    q = sum(b_j * x**j for j, b_j in enumerate(b, 1))
    return n, q, 1 + abs(q)


def _left_slope_of_magnitude(q: mpf, slope: mpf) -> mpf:
    """The derivative of |q| for that of q; at q = 0 the left one."""
    return mp.sign(q) * slope if q else -abs(slope)


def _digits_for_powers(x: mpf) -> AbstractContextManager[None]:
    """Digits to spare for sums of powers whose leading terms cancel."""
    return mp.extraprec(6 * abs(int(mp.mag(x))) if x else 0)


def _pau(x: mpf, *coefficients: mpf) -> mpf:
    with _digits_for_powers(x):
        n, _, d = _numerator_and_denominator(x, coefficients)
        return n / d


def _grad_pau(x: mpf, *coefficients: mpf) -> mpf:
    a, b = coefficients[:6], coefficients[6:]
    with _digits_for_powers(x):
        n, q, d = _numerator_and_denominator(x, coefficients)
        slope_n = sum(i * a_i * x ** (i - 1) for i, a_i in enumerate(a) if i)
        slope_q = sum(j * b_j * x ** (j - 1) for j, b_j in enumerate(b, 1))
        return (slope_n * d - n * _left_slope_of_magnitude(q, slope_q)) / d**2


def _grad_pau_a(i: int) -> Callable[..., mpf]:
    def derivative(x: mpf, *coefficients: mpf) -> mpf:
        with _digits_for_powers(x):
            return x**i / _numerator_and_denominator(x, coefficients)[2]

    return derivative


def _grad_pau_b(j: int) -> Callable[..., mpf]:
    def derivative(x: mpf, *coefficients: mpf) -> mpf:
        with _digits_for_powers(x):
            n, q, d = _numerator_and_denominator(x, coefficients)
            return -n * _left_slope_of_magnitude(q, x**j) / d**2

    return derivative


def _pau_terms(x: mpf, *coefficients: mpf) -> mpf:
    """The value, its numerator's terms taken in size."""
    a = coefficients[:6]
    d = _numerator_and_denominator(x, coefficients)[2]
    return sum(abs(a_i * x**i) for i, a_i in enumerate(a)) / d


def _grad_pau_terms(x: mpf, *coefficients: mpf) -> mpf:
    a, b = coefficients[:6], coefficients[6:]
    d = _numerator_and_denominator(x, coefficients)[2]
    rise = sum(i * abs(a_i * x ** (i - 1)) for i, a_i in enumerate(a) if i)
    slope_q = sum(j * abs(b_j * x ** (j - 1)) for j, b_j in enumerate(b, 1))
    return (rise + _pau_terms(x, *coefficients) * slope_q) / d


def _grad_pau_b_terms(j: int) -> Callable[..., mpf]:
    def size(x: mpf, *coefficients: mpf) -> mpf:
        d = _numerator_and_denominator(x, coefficients)[2]
        return _pau_terms(x, *coefficients) * abs(x) ** j / d

    return size


# ---- xielu --------------------------------------------------------------------------------------


def _expm1_minus_argument(x: mpf) -> mpf:
    # e^x - 1 - x = x²/2 1F1(1; 3; x), without the cancellation next to 0.
    if x > -1:
        return x * x / 2 * mp.hyp1f1(1, 3, x)
    with mp.extraprec(1500):
        return mp.expm1(max(x, mpf(-1000))) - x


def _xielu(x: mpf, alpha_p: mpf, alpha_n: mpf, beta: mpf) -> mpf:
    if x > 0:
        return alpha_p * x * x + beta * x
    if x > -1:
        return alpha_n * _expm1_minus_argument(x) + beta * x
    # beta - alpha_n may be 0. The exponential may decide where the rest is halfway between two
    # floats, however small it is: that of -1000 will do for all that are smaller.
    with mp.extraprec(1500):
        return alpha_n * mp.expm1(max(x, mpf(-1000))) + (beta - alpha_n) * x


def _grad_xielu(x: mpf, alpha_p: mpf, alpha_n: mpf, beta: mpf) -> mpf:
    if x > 0:
        return 2 * alpha_p * x + beta
    return alpha_n * mp.expm1(x) + beta if x > -1 else alpha_n * mp.exp(x) + (beta - alpha_n)


def _xielu_terms(x: mpf, alpha_p: mpf, alpha_n: mpf, beta: mpf) -> mpf:
    if x > 0:
        return abs(_xielu(x, alpha_p, alpha_n, beta))
    return abs(alpha_n) * _expm1_minus_argument(x) + abs(beta * x)


def _grad_xielu_terms(x: mpf, alpha_p: mpf, alpha_n: mpf, beta: mpf) -> mpf:
    if x > 0:
        return abs(_grad_xielu(x, alpha_p, alpha_n, beta))
    return abs(alpha_n * mp.expm1(x)) + abs(beta)


VALUE: dict[str, Callable[..., mpf]] = {
    "srs": _srs,
    "pdelu": _pdelu,
    "abrelu": lambda x, threshold: max(x - threshold, mpf(0)),
    "pau": _pau,
    "xielu": _xielu,
}

GRAD: dict[str, Callable[..., mpf]] = {
    "srs": _grad_srs,
    "pdelu": _grad_pdelu,
    "abrelu": lambda x, threshold: mpf(x > threshold),
    "pau": _grad_pau,
    "xielu": _grad_xielu,
}

PARAMETER_GRAD: dict[tuple[str, str], Callable[..., mpf]] = {
    ("srs", "alpha"): _grad_srs_alpha,
    ("srs", "beta"): _grad_srs_beta,
    ("pdelu", "alpha"): _grad_pdelu_alpha,
    ("pdelu", "t"): _grad_pdelu_t,
    **{("pau", f"a{i}"): _grad_pau_a(i) for i in range(6)},
    **{("pau", f"b{j}"): _grad_pau_b(j) for j in range(1, 5)},
    ("xielu", "alpha_p"): lambda x, *_: x * x if x > 0 else mpf(0),
    ("xielu", "alpha_n"): lambda x, *_: _expm1_minus_argument(x) if x <= 0 else mpf(0),
    ("xielu", "beta"): lambda x, *_: x,
}

# The size of the terms, where a sum of them has zeros that nothing is done about: there an error is
# measured in ulp of this.
TERMS: dict[tuple[str, str], Callable[..., mpf]] = {
    ("pau", "value"): _pau_terms,
    ("pau", "grad"): _grad_pau_terms,
    **{("pau", f"b{j}"): _grad_pau_b_terms(j) for j in range(1, 5)},
    ("xielu", "value"): _xielu_terms,
    ("xielu", "grad"): _grad_xielu_terms,
}

DOMAIN: dict[str, tuple[float, float]] = {}

# Of each parameter: usual values, and the ends between which others are drawn, uniform in the
# exponent. srs has no pole within these (beta < e alpha).
_COEFFICIENT = (1e-3, 10.0)
PARAMETERS: dict[str, tuple[tuple[tuple[float, ...], tuple[float, float]], ...]] = {
    "srs": (((5.0, 2.0, 1.5), (1.5, 50.0)), ((3.0, 1.0, 4.0), (1e-2, 4.0))),
    "pdelu": (((1.0, 0.5, -2.0), (1e-3, 1e3)), ((0.9, 0.0, 0.5, 1.0), (1e-3, 1.0))),
    "abrelu": (((0.0, 1.0, -0.5), (1e-6, 10.0)),),
    "pau": (
        ((0.03355816, 0.0, -1.0), _COEFFICIENT),
        ((0.505, 1.0, -0.5), _COEFFICIENT),
        ((1.65344536, 0.0, -1.0), _COEFFICIENT),
        ((2.01002506, 0.5, -0.5), _COEFFICIENT),
        ((0.93191148, 1.0, -1.0), _COEFFICIENT),
        ((0.15242607, 0.5, -0.5), _COEFFICIENT),
        ((0.0, 1.0, -0.5), _COEFFICIENT),
        ((3.98024765, 0.5, -1.0), _COEFFICIENT),
        ((0.0, 0.5, -1.0), _COEFFICIENT),
        ((0.3018338, 1.0, -0.5), _COEFFICIENT),
    ),
    "xielu": (
        ((0.8, 0.0, -0.5), (1e-3, 1e2)),
        ((0.8, 0.5, -0.5), (1e-3, 1e2)),
        ((0.5, 0.0, -0.5), (1e-3, 1e2)),
    ),
}

ZERO_CROSSINGS: dict[str, tuple[float, ...]] = {
    "srs": (-3.0,),
    "pau": (
        -2.1817532101017276,
        -1.6393032657729927,
        -0.6226567847181675,
        -0.2252102501716787,
    ),
    "xielu": (-0.9808292530117262,),
}

VALUE_ZEROS: dict[str, tuple[float, ...]] = {
    "pau": (-0.6736654664806103, -0.5743587815857543, -0.0903792765501903),
    "xielu": (-2.432484276931448,),
}

KINKS: dict[str, tuple[float, ...]] = {
    "srs": (0.0, -1.0, -4.0),
    "pdelu": (0.0, -1.0, -2.0, -10.000000000000002, -0.25, -2.5),
    "abrelu": (0.0, 1.0, -0.5),
    "pau": (0.0, -1.0, 1.0),
    "xielu": (0.0, -1.0),
}
