"""The truth: every function and its derivatives in mpmath, and the error of a float against it.

The formulas, in one file a family, are the plain definitions, evaluated with digits to spare:
every result is right to more than 30 significant digits, next to zero crossings and in the tails
too (test_accuracy holds them against twice the digits). They share nothing with `ogive.formulas`
or the native module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import family_adaptive
import family_logistic
import family_rectifier
import family_smooth
import numpy as np
from mpmath import mp, mpf

# A float64 next to a zero crossing costs at most 17 digits of these; 40 are left.
DIGITS = 60

_FAMILIES = (family_logistic, family_rectifier, family_smooth, family_adaptive)


def _merged(table: str) -> dict[Any, Any]:
    """One table of all families, which name different functions."""
    entries = [entry for family in _FAMILIES for entry in getattr(family, table).items()]
    merged = dict(entries)
    if len(merged) < len(entries):
        raise ValueError(f"two families have the same name in {table}")
    return merged


VALUE: dict[str, Callable[..., mpf]] = _merged("VALUE")
GRAD: dict[str, Callable[..., mpf]] = _merged("GRAD")
# By (name, parameter): the derivative with respect to a parameter that is learned.
PARAMETER_GRAD: dict[tuple[str, str], Callable[..., mpf]] = _merged("PARAMETER_GRAD")
# By (name, "value", "grad" or parameter): the size of the terms of a sum, by which an error is
# measured next to its zeros.
TERMS: dict[tuple[str, str], Callable[..., mpf]] = family_adaptive.TERMS
# Where a function is not NaN, if that is not the whole line.
DOMAIN: dict[str, tuple[float, float]] = _merged("DOMAIN")
# For each parameter in order: usual values, the default first, and a range to draw others from.
PARAMETERS: dict[str, tuple[tuple[tuple[float, ...], tuple[float, float]], ...]] = _merged(
    "PARAMETERS"
)
# At the default parameters: the roots of the derivative, those of the value beside 0, and where
# formulas change hands (there those of the usual parameters too).
ZERO_CROSSINGS: dict[str, tuple[float, ...]] = _merged("ZERO_CROSSINGS")
VALUE_ZEROS: dict[str, tuple[float, ...]] = _merged("VALUE_ZEROS")
# Where the derivative is 0, of a function that is one of x times its first parameter.
PRODUCT_ROOTS: dict[str, Callable[[], mpf]] = family_smooth.PRODUCT_ROOTS
KINKS: dict[str, tuple[float, ...]] = _merged("KINKS")


def value(name: str, x: Any, *parameters: Any) -> mpf:
    """The function at a finite x, right to 30 digits; the operands are taken exactly."""
    return _evaluate(VALUE[name], x, parameters)


def grad(name: str, x: Any, *parameters: Any) -> mpf:
    """The derivative at a finite x, right to 30 digits; at a kink, the one by convention."""
    return _evaluate(GRAD[name], x, parameters)


def parameter_grad(name: str, parameter: str, x: Any, *parameters: Any) -> mpf:
    """The derivative with respect to a learned parameter, right to 30 digits."""
    return _evaluate(PARAMETER_GRAD[name, parameter], x, parameters)


def terms(name: str, which: str, x: Any, *parameters: Any) -> mpf:
    """The size of the terms of a value ("value"), derivative ("grad", or by a parameter)."""
    return _evaluate(TERMS[name, which], x, parameters)


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
    "bfloat16": Format(8, -133, 128),
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


def ulp_errors(got: Any, truth: Exact, dtype: str, size: np.ndarray | None = None) -> np.ndarray:
    """The errors of floats in ulp: the spacing of `dtype` at the exact result.

    With `size`, the exponents that an `Exact` has of the terms' sizes: at these where larger.
    Below the normal numbers that is the spacing of the subnormal ones. An infinity is right
    where the exact result rounds to it, and counts as the power of two next after the largest
    finite number elsewhere. The error is infinite where one is NaN and the other is not.
    """
    form = FORMATS[dtype]
    got = np.asarray(got, dtype=np.float64)
    with np.errstate(all="ignore"):
        exponent = truth.exponent if size is None else np.maximum(truth.exponent, size)
        scale = np.clip(exponent - form.precision, form.smallest, form.overflow - form.precision)
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
