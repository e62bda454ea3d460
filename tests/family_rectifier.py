"""The truth of the rectifiers: plain definitions in mpmath, and where to measure them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from mpmath import mp, mpf


def _if_positive(x: mpf, right: mpf, left: mpf) -> mpf:
    return right if x > 0 else left


@lru_cache
def _selu_constants(digits: int) -> tuple[mpf, mpf]:
    """Alpha and scale of Klambauer et al. (2017), equation 14, to so many digits."""
    with mp.workdps(digits):
        e = mp.e
        one = mp.erfc(1 / mp.sqrt(2))
        two = mp.erfc(mp.sqrt(2))
        alpha = -mp.sqrt(2 / mp.pi) / (one * mp.exp(mpf(1) / 2) - 1)
        moment = two * e**2 * 2 + mp.pi * one**2 * e - 2 * (2 + mp.pi) * one * mp.sqrt(e)
        scale = (1 - one * mp.sqrt(e)) * mp.sqrt(2 * mp.pi) / mp.sqrt(moment + mp.pi + 2)
        return alpha, scale


def _selu(x: mpf) -> mpf:
    alpha, scale = _selu_constants(mp.dps)
    return scale * _if_positive(x, x, alpha * mp.expm1(x))


def _grad_selu(x: mpf) -> mpf:
    alpha, scale = _selu_constants(mp.dps)
    return scale * _if_positive(x, mpf(1), alpha * mp.exp(x))


def _lost_digits(x: mpf) -> int:
    """The digits before the point of a large x, the zeros after it of a small one."""
    return abs(int(mp.mag(x) * 0.302)) if x else 0


def _celu(x: mpf, alpha: mpf) -> mpf:
    return _if_positive(x, x, alpha * mp.expm1(x / alpha))


def _grad_celu(x: mpf, alpha: mpf) -> mpf:
    if x > 0:
        return mpf(1)
    # The exponential loses as many digits as its argument has before the point.
    with mp.workdps(mp.dps + _lost_digits(x / alpha)):
        return mp.exp(x / alpha)


def _grad_celu_alpha(x: mpf, alpha: mpf) -> mpf:
    if x > 0:
        return mpf(0)
    # Next to 0 the value is about -z² / 2, of terms as large as z.
    with mp.workdps(mp.dps + _lost_digits(x / alpha)):
        z = x / alpha
        return mp.expm1(z) - z * mp.exp(z)


def _tanhshrink(x: mpf) -> mpf:
    # About x³ / 3, of terms as large as x.
    with mp.workdps(mp.dps + 2 * _lost_digits(x)):
        return x - mp.tanh(x)


def _hard_swish(x: mpf) -> mpf:
    return x * min(max((x + 3) / 6, mpf(0)), mpf(1))


def _grad_hard_swish(x: mpf) -> mpf:
    return mpf(x >= 3) if abs(x) >= 3 else (2 * x + 3) / 6


VALUE: dict[str, Callable[..., mpf]] = {
    "relu": lambda x: max(x, mpf(0)),
    "relu6": lambda x: min(max(x, mpf(0)), mpf(6)),
    "leaky_relu": lambda x, slope: _if_positive(x, x, slope * x),
    "prelu": lambda x, weight: _if_positive(x, x, weight * x),
    "rrelu": lambda x, lower, upper: _if_positive(x, x, (lower + upper) / 2 * x),
    "threshold": lambda x, threshold, value: x if x > threshold else value,
    "elu": lambda x, alpha: _if_positive(x, x, alpha * mp.expm1(x)),
    "celu": _celu,
    "selu": _selu,
    "relu_squared": lambda x: max(x, mpf(0)) ** 2,
    "hard_swish": _hard_swish,
    "softshrink": lambda x, lambd: mp.sign(x) * max(abs(x) - lambd, mpf(0)),
    "hardshrink": lambda x, lambd: x if abs(x) > lambd else mpf(0),
    "tanhshrink": _tanhshrink,
}

GRAD: dict[str, Callable[..., mpf]] = {
    "relu": lambda x: mpf(x > 0),
    "relu6": lambda x: mpf(0 < x < 6),
    "leaky_relu": lambda x, slope: _if_positive(x, mpf(1), slope),
    "prelu": lambda x, weight: _if_positive(x, mpf(1), weight),
    "rrelu": lambda x, lower, upper: _if_positive(x, mpf(1), (lower + upper) / 2),
    "threshold": lambda x, threshold, value: mpf(x > threshold),
    "elu": lambda x, alpha: _if_positive(x, mpf(1), alpha * mp.exp(x)),
    "celu": _grad_celu,
    "selu": _grad_selu,
    "relu_squared": lambda x: 2 * max(x, mpf(0)),
    "hard_swish": _grad_hard_swish,
    "softshrink": lambda x, lambd: mpf(abs(x) > lambd),
    "hardshrink": lambda x, lambd: mpf(abs(x) > lambd),
    "tanhshrink": lambda x: mp.tanh(x) ** 2,
}

PARAMETER_GRAD: dict[tuple[str, str], Callable[..., mpf]] = {
    ("leaky_relu", "negative_slope"): lambda x, slope: min(x, mpf(0)),
    ("prelu", "weight"): lambda x, weight: min(x, mpf(0)),
    ("elu", "alpha"): lambda x, alpha: mp.expm1(min(x, mpf(0))),
    ("celu", "alpha"): _grad_celu_alpha,
}

DOMAIN: dict[str, tuple[float, float]] = {}

PARAMETERS: dict[str, tuple[tuple[tuple[float, ...], tuple[float, float]], ...]] = {
    "leaky_relu": (((0.01, 0.2, 1.0, -0.5), (1e-6, 10.0)),),
    "prelu": (((0.25, 0.01, 1.0, -0.5), (1e-6, 10.0)),),
    "rrelu": (
        ((1 / 8, 0.0, 0.2), (1e-3, 0.25)),
        ((1 / 3, 1.0, 0.3), (0.25, 2.0)),
    ),
    "threshold": (
        ((1.0, 0.0, 0.1, -2.0), (-8.0, 8.0)),
        ((0.0, 1.0, 20.0, -0.5), (-8.0, 8.0)),
    ),
    "elu": (((1.0, 0.5, 1.6732632, 3.0), (1e-3, 1e3)),),
    "celu": (((1.0, 0.5, 2.0, 0.075), (1e-3, 1e3)),),
    "softshrink": (((0.5, 1.0, 0.1, 0.0), (1e-3, 8.0)),),
    "hardshrink": (((0.5, 1.0, 0.1, 0.0), (1e-3, 8.0)),),
}

ZERO_CROSSINGS: dict[str, tuple[float, ...]] = {"hard_swish": (-1.5,)}

VALUE_ZEROS: dict[str, tuple[float, ...]] = {}

KINKS: dict[str, tuple[float, ...]] = {
    "relu6": (6.0,),
    "threshold": (1.0,),
    "celu": (-1.0,),
    "hard_swish": (-3.0, 3.0),
    "softshrink": (-0.5, 0.5),
    "hardshrink": (-0.5, 0.5),
    "tanhshrink": (-1.0, 1.0),
}
