"""The truth: every function and its derivative in mpmath, and the error of a float against it.

The formulas are the plain definitions, evaluated with digits to spare: every result is right to
more than 30 significant digits, next to zero crossings and in the tails too (test_accuracy holds
them against twice the digits). They share nothing with `ogive.formulas` or the native module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from mpmath import mp, mpf

# A float64 next to a zero crossing costs at most 17 digits of these; 40 are left.
DIGITS = 60


def _sigmoid(x: mpf) -> mpf:
    return 1 / (1 + mp.exp(-x))


def _softplus(x: mpf, beta: mpf) -> mpf:
    z = beta * x
    return (max(z, mpf(0)) + mp.log1p(mp.exp(-abs(z)))) / beta


def _logit(p: mpf) -> mpf:
    if not 0 <= p <= 1:
        return mp.nan
    if p in (0, 1):
        return mp.inf if p else -mp.inf
    return mp.log(p / (1 - p))


def _grad_logit(p: mpf) -> mpf:
    if not 0 <= p <= 1:
        return mp.nan
    return 1 / (p * (1 - p)) if p * (1 - p) else mp.inf


def _normal_cdf(x: mpf) -> mpf:
    if x > 1e6:
        return 1 - _normal_cdf(-x)
    if x < -1e6:
        # mpmath's erfc takes no argument as large; the first term left out is 105 / x**8.
        return _normal_density(x) / -x * (1 - 1 / x**2 + 3 / x**4 - 15 / x**6)
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _normal_density(x: mpf) -> mpf:
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


VALUE: dict[str, Callable[..., mpf]] = {
    "sigmoid": _sigmoid,
    "logit": _logit,
    "log_sigmoid": lambda x: -_softplus(-x, mpf(1)),
    "tanh": mp.tanh,
    "softplus": _softplus,
    "relu": lambda x: max(x, mpf(0)),
    "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "elu": lambda x, alpha: x if x > 0 else alpha * mp.expm1(x),
    "silu": lambda x: x * _sigmoid(x),
    "gelu": lambda x: x * _normal_cdf(x),
}

GRAD: dict[str, Callable[..., mpf]] = {
    "sigmoid": lambda x: _sigmoid(x) * _sigmoid(-x),
    "logit": _grad_logit,
    "log_sigmoid": lambda x: _sigmoid(-x),
    "tanh": lambda x: mp.sech(x) ** 2,
    "softplus": lambda x, beta: _sigmoid(beta * x),
    "relu": lambda x: mpf(x > 0),
    "leaky_relu": lambda x, slope: mpf(1) if x > 0 else slope,
    "elu": lambda x, alpha: mpf(1) if x > 0 else alpha * mp.exp(x),
    "silu": lambda x: _sigmoid(x) * (1 + x * _sigmoid(-x)),
    "gelu": lambda x: _normal_cdf(x) + x * _normal_density(x),
}


def value(name: str, x: Any, *parameters: Any) -> mpf:
    """The function at a finite x, right to 30 digits; the operands are taken exactly."""
    return _evaluate(VALUE[name], x, parameters)


def grad(name: str, x: Any, *parameters: Any) -> mpf:
    """The derivative at a finite x, right to 30 digits; at a kink, the one by convention."""
    return _evaluate(GRAD[name], x, parameters)


def _evaluate(function: Callable[..., mpf], x: Any, parameters: Iterable[Any]) -> mpf:
    with mp.workdps(DIGITS):
        return function(_exact(x), *(_exact(parameter) for parameter in parameters))


def _exact(number: Any) -> mpf:
    # mpmath knows no NumPy scalars; each of their floats is exactly a Python float.
    return number if isinstance(number, mpf) else mpf(float(number))


def softmax(row: Iterable[Any]) -> list[mpf]:
    """The softmax of a row of finite numbers."""
    with mp.workdps(DIGITS):
        terms = [mp.exp(_exact(x)) for x in row]
        total = mp.fsum(terms)
        return [term / total for term in terms]


def logsumexp(row: Iterable[Any]) -> mpf:
    """The logarithm of the sum of exponentials of a row of finite numbers."""
    with mp.workdps(DIGITS):
        entries = [_exact(x) for x in row]
        largest = entries.index(max(entries))
        rest = [x for i, x in enumerate(entries) if i != largest]
        return entries[largest] + mp.log1p(mp.fsum(mp.exp(x - entries[largest]) for x in rest))


def log_softmax(row: Iterable[Any]) -> list[mpf]:
    """The logarithm of the softmax of a row of finite numbers; next to 0 by log1p."""
    with mp.workdps(DIGITS):
        entries = [_exact(x) for x in row]
        top = max(entries)
        # The sum without one of the largest, which is 1: it may be far below it.
        ties = sum(x == top for x in entries)
        others = mp.fsum(mp.exp(x - top) for x in entries if x != top) + (ties - 1)
        return [x - top - mp.log1p(others) for x in entries]


@dataclass(frozen=True)
class Format:
    """A binary float format: its significant bits and the exponents at its two ends."""

    precision: int
    smallest: int  # the smallest subnormal is 2**smallest
    overflow: int  # every finite number is below 2**overflow


FORMATS = {
    "float16": Format(11, -24, 16),
    "float32": Format(24, -149, 128),
    "float64": Format(53, -1074, 1024),
}


@dataclass(frozen=True)
class Exact:
    """An array of exact results, each (high + low) * 2**exponent with 1/2 <= |high| <= 1.

    High and low together carry 106 bits whatever the exponent, so that results which underflow
    or overflow in float64 are held as well as any other. NaN and ±inf stand in `high`.
    """

    high: np.ndarray
    low: np.ndarray
    exponent: np.ndarray

    @classmethod
    def of(cls, numbers: Iterable[mpf]) -> Exact:
        high, low, exponent = [], [], []
        with mp.workdps(DIGITS):
            for number in numbers:
                if mp.isfinite(number):
                    mantissa, power = mp.frexp(number)
                    leading = float(mantissa)
                    high.append(leading)
                    low.append(float(mantissa - leading))
                    # Beyond every format; the exponent of exp(-1e308) would not fit an int64.
                    exponent.append(max(-100_000, min(100_000, int(power))) if number else -100_000)
                else:
                    high.append(float(number))
                    low.append(0.0)
                    exponent.append(0)
        return cls(np.array(high), np.array(low), np.array(exponent, dtype=np.int64))

    def __getitem__(self, index: Any) -> Exact:
        return Exact(self.high[index], self.low[index], self.exponent[index])


def ulp_errors(got: Any, truth: Exact, dtype: str) -> np.ndarray:
    """The errors of floats in ulp: the spacing of `dtype` at the exact result.

    Below the normal numbers that is the spacing of the subnormal ones. An infinity is right
    where the exact result rounds to it, and counts as the power of two next after the largest
    finite number elsewhere. The error is infinite where one is NaN and the other is not.
    """
    form = FORMATS[dtype]
    got = np.asarray(got, dtype=np.float64)
    with np.errstate(all="ignore"):
        scale = np.clip(
            truth.exponent - form.precision, form.smallest, form.overflow - form.precision
        )
        # All in units of one ulp: exact, as got has at most 53 bits and the difference cancels.
        bounded = np.where(np.isinf(got), np.copysign(1.0, got), got)
        mantissa, power = np.frexp(bounded)
        power = np.where(np.isinf(got), form.overflow + 1, power)
        mantissa = np.where(np.isinf(got), np.copysign(0.5, got), mantissa)
        here = np.ldexp(mantissa, np.clip(power - scale, -2000, 2000).astype(np.int32))
        shift = np.clip(truth.exponent - scale, -2000, 2000).astype(np.int32)
        error = np.abs((here - np.ldexp(truth.high, shift)) - np.ldexp(truth.low, shift))
        # The exact result rounds to infinity from half an ulp below 2**overflow.
        shift = np.clip(truth.exponent - form.overflow, -2000, 1).astype(np.int32)
        sign = np.copysign(1.0, truth.high)
        beyond = (np.ldexp(sign * truth.high, shift) - 1.0) + np.ldexp(sign * truth.low, shift)
        overflows = beyond >= -(2.0 ** -(form.precision + 1))
        same_sign = np.signbit(got) == np.signbit(truth.high)
        error = np.where(overflows & np.isinf(got) & same_sign, 0.0, error)
    special = ~np.isfinite(truth.high) | np.isnan(got)
    agree = (np.isnan(truth.high) & np.isnan(got)) | (got == truth.high)
    return np.where(special, np.where(agree, 0.0, np.inf), error)


def ulp_error(got: Any, truth: mpf, dtype: Any = None) -> float:
    """The error of one float in ulp of its dtype (or of `dtype`) at the exact result."""
    name = np.dtype(dtype if dtype is not None else np.asarray(got).dtype).name
    return float(ulp_errors(np.atleast_1d(got), Exact.of([truth]), name)[0])
