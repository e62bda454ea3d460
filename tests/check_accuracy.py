"""Measure the error of every function at one instruction-set level, against the exact results.

``python tests/check_accuracy.py`` prints the worst point of every function, kind and dtype, and
exits with 1 if one exceeds the bound in the catalogue. OGIVE_ISA picks the level, ``--seed N``
other points than those of the tests.

The exact results take minutes, on an emulated processor hours. So they can be computed once,
``--save FILE``, and be used for every level and elsewhere, ``--exact FILE``. The file has the
arguments too: NumPy's own exp and exp2, with which some are drawn, differ in the last bit from one
processor to another.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import truth
from mpmath import mp
from points import Points, all_of, dtype_of, points
from truth import Exact, ulp_errors

import ogive
from ogive import formulas

NAMES = tuple(ogive.catalog.CATALOG)
KINDS = ogive.catalog.KINDS

# These are checked on every argument, for each of the parameters below.
SHORTS = ("float16", "bfloat16")
_BITS = np.uint16
SHORT_PARAMETERS = {"softplus": (1.0, 0.25, 7.0), "leaky_relu": (0.01, 0.2, 1.2), "elu": (1.0, 0.3)}

# Nearer than this to the middle between two of them, a float64 does not decide the rounding: that
# to bfloat16 goes through float32.
NEAR_TIE = 1e-7

# In ulp of the difference between the errors of two numbers: below it doubles do not tell the
# nearer one of a product, with some roundings of its factors.
TIE = 1e-9

Arrays = dict[str, np.ndarray]


def exact_results(seed: int = 0, density: float = 1.0) -> Arrays:
    """The exact results at all points, under flat names, ready for `numpy.savez`."""
    # What NumPy's file format does not know, bfloat16, is kept as bits.
    arrays: Arrays = {f"{dtype}/gradients": _short_gradients(dtype).view(_BITS) for dtype in SHORTS}
    for name in NAMES:
        for dtype in ("float32", "float64"):
            here = points(name, dtype, seed, density)
            operands = (here.x, here.grad_output, *here.parameters)
            arrays[f"{name}/{dtype}/operands"] = np.stack(operands)
            values = [truth.value(name, *p) for p in zip(here.x, *here.parameters, strict=True)]
            grads = [truth.grad(name, *p) for p in zip(here.x, *here.parameters, strict=True)]
            with mp.workdps(truth.DIGITS):
                products = [
                    mp.mpf(float(g)) * d for g, d in zip(here.grad_output, grads, strict=True)
                ]
            for kind, numbers in zip(KINDS, (values, grads, products), strict=True):
                exact = Exact.of(numbers)
                for part in ("high", "low", "exponent"):
                    arrays[f"{name}/{dtype}/{kind}/{part}"] = getattr(exact, part)
                if _which(kind) in ogive.catalog.get(name).cancels:
                    arrays[f"{name}/{dtype}/{kind}/size"] = _sizes(name, kind, here)
        for dtype in SHORTS:
            for i, parameters in enumerate(_short_parameters(name, dtype)):
                for kind, right in _short_results(name, parameters, dtype).items():
                    arrays[f"{name}/{dtype}/{kind}/{i}"] = right.view(_BITS)
    return arrays


def _points(arrays: Arrays, name: str, dtype: str) -> Points:
    x, grad_output, *parameters = arrays[f"{name}/{dtype}/operands"]
    return Points(x, tuple(parameters), grad_output)


def _which(kind: str) -> str:
    return "value" if kind == "value" else "grad"


def _sizes(name: str, kind: str, here: Points) -> np.ndarray:
    """The size of the terms of every result, as exponents of two."""
    operands = zip(here.x, *here.parameters, strict=True)
    sizes = [truth.terms(name, _which(kind), *operand) for operand in operands]
    if kind == "backward":
        sizes = [abs(mp.mpf(float(g))) * s for g, s in zip(here.grad_output, sizes, strict=True)]
    return Exact.of(sizes).exponent


def _short_parameters(name: str, dtype: str) -> list[tuple[Any, ...]]:
    number = dtype_of(dtype).type
    defaults = tuple(number(p) for p in ogive.catalog.get(name).defaults().values())
    return [(number(p),) for p in SHORT_PARAMETERS.get(name, ())] or [defaults]


def _short_gradients(dtype: str) -> np.ndarray:
    """A gradient for every argument: both signs, moderate sizes."""
    rng = np.random.default_rng(16)
    return (np.exp2(rng.uniform(-6, 6, 2**16)) * rng.choice([-1, 1], 2**16)).astype(dtype_of(dtype))


def _short_results(name: str, parameters: tuple[Any, ...], dtype: str) -> Arrays:
    """The right results for every argument, a column of two for each.

    Both are the correctly rounded one; but of a product with grad_output that is nearer to the
    middle between two numbers than doubles tell, either is right.
    """
    with np.errstate(invalid="ignore"):  # signalling NaN
        x = all_of(dtype).astype(np.float64)
    gradients = _short_gradients(dtype).astype(np.float64)
    operands = [np.float64(p) for p in parameters]
    with np.errstate(all="ignore"):
        value = getattr(formulas, name)(x, *operands)
        grad = getattr(formulas, f"grad_{name}")(x, *operands)
        product = gradients * grad

    def exact_product(i: int) -> mp.mpf:
        with mp.workdps(truth.DIGITS):
            return mp.mpf(float(gradients[i])) * truth.grad(name, x[i], *operands)

    exact = {
        "value": lambda i: truth.value(name, x[i], *operands),
        "grad": lambda i: truth.grad(name, x[i], *operands),
        "backward": exact_product,
    }
    results: Arrays = {}
    for kind, approximate in (("value", value), ("grad", grad), ("backward", product)):
        what = f"{dtype} {kind} of {name}"
        rounded, other = _rounded_to_short(approximate, x, exact[kind], dtype, what)
        results[kind] = np.stack((rounded, other if kind == "backward" else rounded))
    return results


def _rounded_to_short(
    approximate: np.ndarray, x: np.ndarray, exact: Any, dtype: str, what: str
) -> tuple[np.ndarray, np.ndarray]:
    """Round float64 results, with `exact(i)` where they are next to a tie.

    Returned with the number on the other side of it, where doubles would not tell. Refused is
    what disagrees with mpmath on any argument of a sample.
    """
    short = dtype_of(dtype)
    with np.errstate(all="ignore"):
        rounded = approximate.astype(short)
        # The next number on the other side of the approximate result, and the middle between.
        wide = rounded.astype(np.float64)
        away = np.where(approximate > wide, np.inf, -np.inf).astype(short)
        middle = (wide + np.nextafter(rounded, away).astype(np.float64)) / 2
        close = np.abs(approximate - middle) <= NEAR_TIE * np.abs(middle)
    other = rounded.copy()
    finite = np.isfinite(x)
    sample = np.zeros(x.size, dtype=bool)
    sample[5::97] = True
    for i in np.flatnonzero((close | sample) & finite):
        number = exact(i)
        result = Exact.of([number])
        if close[i]:
            with np.errstate(over="ignore"):
                candidates = np.array([rounded[i], np.nextafter(rounded[i], away[i])])
            errors = ulp_errors(candidates, result[np.zeros(2, dtype=int)], dtype)
            undecided = abs(errors[0] - errors[1]) < TIE
            if undecided and np.isfinite(candidates.astype(np.float64)).all():
                errors = _distances(candidates, exact, i)
            # Of two that are as near the even one, as IEEE 754 rounds.
            odd = candidates.view(_BITS) & 1
            nearer = 0 if (errors[0], odd[0]) < (errors[1], odd[1]) else 1
            rounded[i] = candidates[nearer]
            other[i] = candidates[1 - nearer] if undecided else rounded[i]
        if ulp_errors(rounded[i : i + 1], result, dtype)[0] > 0.5:
            raise AssertionError(f"the formula for {what} is wrong at {x[i]!r}: {rounded[i]!r}")
    return rounded, np.where(close, other, rounded)


def _distances(candidates: np.ndarray, exact: Any, i: int) -> list[mp.mpf]:
    """How far two numbers are from the exact result, with all digits that this may need."""
    digits, truth.DIGITS = truth.DIGITS, 200
    try:
        number = exact(i)
    finally:
        truth.DIGITS = digits
    with mp.workprec(2000):
        return [abs(mp.mpf(float(c)) - number) for c in candidates]


def computed(name: str, kind: str, dtype: str, here: Points) -> np.ndarray:
    """What Ogive returns at the points."""
    first = (here.grad_output,) if kind == "backward" else ()
    module = {"value": ogive, "grad": ogive.grad, "backward": ogive.backward}[kind]
    with np.errstate(all="ignore"):
        got = getattr(module, name)(*first, here.x, *here.parameters)
    if got.dtype != dtype:
        raise AssertionError(f"{kind} of {name}: {got.dtype} from {dtype}")
    return got


def worst_points(arrays: Arrays) -> Iterator[dict[str, Any]]:
    """The worst point of every function, kind and dtype."""
    for name in NAMES:
        for kind in KINDS:
            for dtype in ("float32", "float64"):
                here = _points(arrays, name, dtype)
                prefix = f"{name}/{dtype}/{kind}"
                exact = Exact(*(arrays[f"{prefix}/{p}"] for p in ("high", "low", "exponent")))
                got = computed(name, kind, dtype, here)
                errors = ulp_errors(got, exact, dtype, arrays.get(f"{prefix}/size"))
                if kind == "value":
                    # A result that underflows keeps the sign of the exact one.
                    lost = (got == 0) & (exact.high != 0)
                    wrong = lost & (np.signbit(got) != np.signbit(exact.high))
                    errors = np.where(wrong, np.inf, errors)
                i = int(np.argmax(errors))
                with mp.workdps(25):
                    told = mp.ldexp(mp.mpf(exact.high[i]) + exact.low[i], int(exact.exponent[i]))
                    result = mp.nstr(told, 20)
                yield _report(name, kind, dtype, here, i, got[i], result, float(errors[i]))
            for dtype in SHORTS:
                yield _worst_short(name, kind, dtype, arrays)


def _worst_short(name: str, kind: str, dtype: str, arrays: Arrays) -> dict[str, Any]:
    """The worst of all 16-bit arguments, in steps from the correctly rounded result."""
    reports = []
    x = all_of(dtype)
    gradients = arrays[f"{dtype}/gradients"].view(x.dtype)
    for i, parameters in enumerate(_short_parameters(name, dtype)):
        here = Points(x, tuple(np.full(x.size, p) for p in parameters), gradients)
        expected, other = arrays[f"{name}/{dtype}/{kind}/{i}"].view(x.dtype)
        got = computed(name, kind, dtype, here)
        with np.errstate(invalid="ignore"):  # signalling NaN
            # Beside the infinities, whose product with 0 is another question.
            finite = np.isfinite(x)
        off = [np.abs(_ordered(got) - _ordered(right)) for right in (expected, other)]
        steps = np.minimum(*off).astype(np.float64)
        steps[np.isnan(got) & np.isnan(expected)] = 0.0
        if kind == "value":
            steps[(got == 0) & (expected == 0) & (np.signbit(got) != np.signbit(expected))] = np.inf
        steps[~finite] = 0.0
        worst = int(np.argmax(steps))
        # Half an ulp is a correctly rounded result; every step away from it is one more.
        error = float(steps[worst])
        error = error + 0.5 if error else 0.0
        result = repr(float(expected[worst]))
        reports.append(_report(name, kind, dtype, here, worst, got[worst], result, error))
    return max(reports, key=lambda report: report["ulp"])


def _ordered(shorts: np.ndarray) -> np.ndarray:
    """Integers in the order of the floats, one apart for neighbours; both zeros are 0."""
    bits = shorts.view(_BITS).astype(np.int64)
    return np.where(bits < 0x8000, bits, 0x8000 - bits)


def _report(
    name: str,
    kind: str,
    dtype: str,
    here: Points,
    i: int,
    got: Any,
    exact: str,
    ulp: float,
) -> dict[str, Any]:
    report = {
        "function": name,
        "kind": kind,
        "dtype": dtype,
        "ulp": ulp,
        "bound": ogive.catalog.get(name).error_bound[kind, dtype],
        "x": repr(float(here.x[i])),
        "parameters": [repr(float(p[i])) for p in here.parameters],
        "got": repr(float(got)),
        "exact": exact,
        "isa": ogive.show_config(mode="dicts")["instruction set"]["in use"],
    }
    if kind == "backward":
        report["grad_output"] = repr(float(here.grad_output[i]))
    return report


def main() -> int:
    """Print the worst points, or save the exact results; 1 if one is beyond its bound."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    file = parser.add_mutually_exclusive_group()
    file.add_argument("--save", metavar="FILE", help="write the exact results, and check nothing")
    file.add_argument("--exact", metavar="FILE", help="exact results that --save has written")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--seed", type=int, default=0, help="other points, for a wider search")
    arguments = parser.parse_args()
    arrays = dict(np.load(arguments.exact)) if arguments.exact else exact_results(arguments.seed)
    if arguments.save:
        np.savez(arguments.save, **arrays)
        return 0
    reports = list(worst_points(arrays))
    if arguments.json:
        print(json.dumps(reports))
    else:
        for r in reports:
            verdict = "ok  " if r["ulp"] <= r["bound"] else "FAIL"
            told = " ".join(f"{k}={r[k]}" for k in ("x", "parameters", "grad_output") if r.get(k))
            print(
                f"{verdict} {r['isa']:8} {r['kind']:8} {r['function']:11} {r['dtype']:7}"
                f" {r['ulp']:10.4g} ulp of {r['bound']:g}  {told} got={r['got']} exact={r['exact']}"
            )
    return int(any(not r["ulp"] <= r["bound"] for r in reports))


if __name__ == "__main__":
    sys.exit(main())
