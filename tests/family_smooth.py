"""The truth of the smooth functions: plain definitions in mpmath, and where to measure them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from mpmath import mp, mpf


def _sigmoid(x: mpf) -> mpf:
    return 1 / (1 + mp.exp(-x))


def _digits_for_exponent(x: mpf, power: int = 1) -> AbstractContextManager[None]:
    """Digits to spare for the exponential of what grows like x^power and is rounded before."""
    return mp.extraprec(power * max(0, int(mp.mag(x))) if x else 0)


def _normal_density(x: mpf) -> mpf:
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def _normal_cdf(x: mpf) -> mpf:
    if x > 1e6:
        return 1 - _normal_cdf(-x)
    if x < -1e6:
        # mpmath's erfc takes no argument as large; the first term left out is 105 / x**8.
        return _normal_density(x) / -x * (1 - 1 / x**2 + 3 / x**4 - 15 / x**6)
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _grad_swish(x: mpf, beta: mpf) -> mpf:
    z = beta * x
    return _sigmoid(z) * (1 + z * _sigmoid(-z))


def _grad_swish_beta(x: mpf, beta: mpf) -> mpf:
    return x * x * _sigmoid(beta * x) * _sigmoid(-beta * x)


def _twice_tanh_argument(x: mpf) -> mpf:
    # (1 + tanh(u)) / 2 = sigmoid(2 u), without the cancellation.
    return 2 * mp.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3)


def _gelu_tanh(x: mpf) -> mpf:
    with _digits_for_exponent(x, 3):
        return x * _sigmoid(_twice_tanh_argument(x))


def _grad_gelu_tanh(x: mpf) -> mpf:
    with _digits_for_exponent(x, 3):
        u = _twice_tanh_argument(x)
        slope = 2 * mp.sqrt(2 / mp.pi) * (1 + 3 * mpf("0.044715") * x * x)
        return _sigmoid(u) * (1 + x * slope * _sigmoid(-u))


def _quick_gelu(x: mpf) -> mpf:
    with _digits_for_exponent(x):
        return x * _sigmoid(mpf("1.702") * x)


def _grad_quick_gelu(x: mpf) -> mpf:
    with _digits_for_exponent(x):
        return _grad_swish(x, mpf("1.702"))


def _softplus(x: mpf) -> mpf:
    return max(x, mpf(0)) + mp.log1p(mp.exp(-abs(x)))


def _grad_mish(x: mpf) -> mpf:
    s = _softplus(x)
    return mp.tanh(s) + x * mp.sech(s) ** 2 * _sigmoid(x)


VALUE: dict[str, Callable[..., mpf]] = {
    "silu": lambda x: x * _sigmoid(x),
    "gelu": lambda x: x * _normal_cdf(x),
    "swish": lambda x, beta: x * _sigmoid(beta * x),
    "gelu_tanh": _gelu_tanh,
    "quick_gelu": _quick_gelu,
    "mish": lambda x: x * mp.tanh(_softplus(x)),
    "lisht": lambda x: x * mp.tanh(x),
}

GRAD: dict[str, Callable[..., mpf]] = {
    "silu": lambda x: _sigmoid(x) * (1 + x * _sigmoid(-x)),
    "gelu": lambda x: _normal_cdf(x) + x * _normal_density(x),
    "swish": _grad_swish,
    "gelu_tanh": _grad_gelu_tanh,
    "quick_gelu": _grad_quick_gelu,
    "mish": _grad_mish,
    "lisht": lambda x: mp.tanh(x) + x * mp.sech(x) ** 2,
}

PARAMETER_GRAD: dict[tuple[str, str], Callable[..., mpf]] = {
    ("swish", "beta"): _grad_swish_beta,
}

DOMAIN: dict[str, tuple[float, float]] = {}

# Of each parameter: usual values, and the ends between which others are drawn, uniform in the
# exponent.
PARAMETERS: dict[str, tuple[tuple[tuple[float, ...], tuple[float, float]], ...]] = {
    "swish": (((1.0, 0.5, 1.702, -1.0, 0.0), (1e-3, 1e3)),),
}

ZERO_CROSSINGS: dict[str, tuple[float, ...]] = {
    "silu": (-1.2784645427610738,),
    "gelu": (-0.7517915246935645,),
    "swish": (-1.2784645427610737,),
    "gelu_tanh": (-0.7524614220710163,),
    "quick_gelu": (-0.751154255441289,),
    "mish": (-1.1924312145154952,),
    "lisht": (0.0,),
}

VALUE_ZEROS: dict[str, tuple[float, ...]] = {}

# Where sigmoid(y) (1 + y sigmoid(-y)) is 0: e^y = -1 - y.
PRODUCT_ROOTS: dict[str, Callable[[], mpf]] = {"swish": lambda: -1 - mp.lambertw(mp.exp(-1))}

KINKS: dict[str, tuple[float, ...]] = {
    "swish": (0.0,),
    "gelu_tanh": (0.0,),
    "quick_gelu": (0.0,),
    "mish": (0.0,),
    "lisht": (0.0,),
}
