"""Measure the error of every function at one instruction-set level, against the exact results.

``python tests/check_accuracy.py`` prints the worst point of every function, kind and dtype, and
exits with 1 if one exceeds the bound in the catalogue. OGIVE_ISA picks the level, ``--seed N``
other points than those of the tests. The tests hand over the exact results, computed once, as a
file, and read the answer as JSON.
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
from points import Points, all_half, points
from truth import Exact, ulp_errors

import ogive
from ogive import formulas

NAMES = tuple(ogive.catalog.CATALOG)
KINDS = ogive.catalog.KINDS

# float16 is checked on every argument, for each of these.
HALF_PARAMETERS = {"softplus": (1.0, 0.25, 7.0), "leaky_relu": (0.01, 0.2, 1.5), "elu": (1.0, 0.3)}

# Nearer than this to the middle between two float16, a float64 does not decide the rounding.
NEAR_TIE = 1e-8

Arrays = dict[str, np.ndarray]


def exact_results(seed: int = 0, density: float = 1.0) -> Arrays:
    """The exact results at all points, under flat names, ready for `numpy.savez`."""
    arrays: Arrays = {"seed": np.array(seed), "density": np.array(density)}
    for name in NAMES:
        for dtype in ("float32", "float64"):
            here = points(name, dtype, seed, density)
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
        for i, parameters in enumerate(_half_parameters(name)):
            for kind, rounded in _half_results(name, parameters).items():
                arrays[f"{name}/float16/{kind}/{i}"] = rounded
    return arrays


def _which(kind: str) -> str:
    return "value" if kind == "value" else "grad"


def _sizes(name: str, kind: str, here: Points) -> np.ndarray:
    """The size of the terms of every result, as exponents of two."""
    operands = zip(here.x, *here.parameters, strict=True)
    sizes = [truth.terms(name, _which(kind), *operand) for operand in operands]
    if kind == "backward":
        sizes = [abs(mp.mpf(float(g))) * s for g, s in zip(here.grad_output, sizes, strict=True)]
    return Exact.of(sizes).exponent


def _half_parameters(name: str) -> list[tuple[np.float16, ...]]:
    defaults = tuple(np.float16(p) for p in ogive.catalog.get(name).defaults().values())
    return [(np.float16(p),) for p in HALF_PARAMETERS.get(name, ())] or [defaults]


def _half_gradients() -> np.ndarray:
    """A gradient for every float16 argument: both signs, moderate sizes."""
    rng = np.random.default_rng(16)
    return (np.exp2(rng.uniform(-6, 6, 2**16)) * rng.choice([-1, 1], 2**16)).astype(np.float16)


def _half_results(name: str, parameters: tuple[np.float16, ...]) -> Arrays:
    """The correctly rounded float16 results for every argument.

    From the portable formulas in float64, corrected by mpmath wherever float64 does not decide
    the rounding, and refused if they disagree with it on any argument of a sample.
    """
    x = all_half()
    wide = x.astype(np.float64)
    operands = [np.float64(p) for p in parameters]
    with np.errstate(all="ignore"):
        value = getattr(formulas, name)(wide, *operands)
        grad = getattr(formulas, f"grad_{name}")(wide, *operands)
        product = _half_gradients().astype(np.float64) * grad
    gradients = _half_gradients()
    exact = {
        "value": lambda i: truth.value(name, x[i], *parameters),
        "grad": lambda i: truth.grad(name, x[i], *parameters),
        "backward": lambda i: mp.mpf(float(gradients[i])) * truth.grad(name, x[i], *parameters),
    }
    results: Arrays = {}
    for kind, approximate in (("value", value), ("grad", grad), ("backward", product)):
        results[kind] = _round_to_half(approximate, x, exact[kind], f"{kind} of {name}")
    return results


def _round_to_half(approximate: np.ndarray, x: np.ndarray, exact: Any, what: str) -> np.ndarray:
    """Round float64 results to float16, with `exact(i)` where they are next to a tie."""
    with np.errstate(all="ignore"):
        rounded = approximate.astype(np.float16)
        # The next float16 on the other side of the approximate result, and the middle between.
        wide = rounded.astype(np.float64)
        away = np.where(approximate > wide, np.inf, -np.inf).astype(np.float16)
        middle = (wide + np.nextafter(rounded, away).astype(np.float64)) / 2
        close = np.abs(approximate - middle) <= NEAR_TIE * np.abs(middle)
    finite = np.isfinite(x)
    sample = np.zeros(x.size, dtype=bool)
    sample[5::41] = True
    for i in np.flatnonzero((close | sample) & finite):
        result = Exact.of([exact(i)])
        if close[i]:
            with np.errstate(over="ignore"):
                candidates = np.array([rounded[i], np.nextafter(rounded[i], away[i])])
            repeated = result[np.zeros(2, dtype=int)]
            errors = ulp_errors(candidates, repeated, "float16")
            # Of two that are as near the even one, as IEEE 754 rounds.
            odd = candidates.view(np.uint16) & 1
            rounded[i] = candidates[np.lexsort((odd, errors))[0]]
        if ulp_errors(rounded[i : i + 1], result, "float16")[0] > 0.5:
            raise AssertionError(f"the formula for {what} is wrong at {x[i]!r}: {rounded[i]!r}")
    return rounded


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
                here = points(name, dtype, int(arrays["seed"]), float(arrays["density"]))
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
            yield _worst_half(name, kind, arrays)


def _worst_half(name: str, kind: str, arrays: Arrays) -> dict[str, Any]:
    """The worst of all float16 arguments, in float16 steps from the correctly rounded result."""
    reports = []
    x = all_half()
    for i, parameters in enumerate(_half_parameters(name)):
        here = Points(x, tuple(np.full(x.size, p) for p in parameters), _half_gradients())
        expected = arrays[f"{name}/float16/{kind}/{i}"]
        got = computed(name, kind, "float16", here)
        # Beside the infinities, whose product with 0 is another question.
        finite = np.isfinite(x)
        steps = np.abs(_ordered(got) - _ordered(expected)).astype(np.float64)
        steps[np.isnan(got) & np.isnan(expected)] = 0.0
        if kind == "value":
            steps[(got == 0) & (expected == 0) & (np.signbit(got) != np.signbit(expected))] = np.inf
        steps[~finite] = 0.0
        worst = int(np.argmax(steps))
        # Half an ulp is a correctly rounded result; every step away from it is one more.
        error = float(steps[worst])
        error = error + 0.5 if error else 0.0
        result = repr(float(expected[worst]))
        reports.append(_report(name, kind, "float16", here, worst, got[worst], result, error))
    return max(reports, key=lambda report: report["ulp"])


def _ordered(halves: np.ndarray) -> np.ndarray:
    """Integers in the order of the floats, one apart for neighbours; both zeros are 0."""
    bits = halves.view(np.uint16).astype(np.int64)
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
    """Print the worst points; 1 if one is beyond its bound."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exact", help="the exact results, as numpy.savez has written them")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--seed", type=int, default=0, help="other points, for a wider search")
    arguments = parser.parse_args()
    arrays = dict(np.load(arguments.exact)) if arguments.exact else exact_results(arguments.seed)
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
