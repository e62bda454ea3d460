"""Where accuracy is measured: seeded arguments that reach every part of every function.

What is special about a function, its domain, its parameters and the places that need a closer
look, is in the tables of `truth`. The dtype "bfloat16" is that of ml_dtypes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isinf
from types import SimpleNamespace
from typing import Any
from zlib import crc32

import numpy as np
import truth
from mpmath import mp, mpf

try:
    import ml_dtypes
except ImportError:
    ml_dtypes = None

HAS_BFLOAT16 = ml_dtypes is not None
"""Whether "bfloat16" is a dtype here."""

Count = Callable[[int], int]
"""How many points to take of a kind of which there are so many at full density."""

_UNSIGNED = {
    "float16": np.uint16,
    "bfloat16": np.uint16,
    "float32": np.uint32,
    "float64": np.uint64,
}


@dataclass(frozen=True)
class Points:
    """Arguments, the parameters that go with them, and gradients for the backward pass."""

    x: np.ndarray
    parameters: tuple[np.ndarray, ...]
    grad_output: np.ndarray


def dtype_of(name: str) -> np.dtype[Any]:
    """The NumPy dtype of a name in the catalogue."""
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def finfo(name: str) -> Any:
    """The ends of a format, as floats: eps, max, smallest_normal, smallest_subnormal."""
    info = (ml_dtypes.finfo if name == "bfloat16" else np.finfo)(dtype_of(name))
    ends = ("eps", "max", "smallest_normal", "smallest_subnormal")
    return SimpleNamespace(**{end: float(getattr(info, end)) for end in ends})


def _from_bits(rng: np.random.Generator, dtype: str, low: float, high: float, n: int) -> np.ndarray:
    """Positive floats from low to high, uniform over bit patterns: uniform in their exponents."""
    unsigned = _UNSIGNED[dtype]
    first, last = np.array([low, high], dtype=dtype_of(dtype)).view(unsigned)
    return rng.integers(first, last, n, dtype=unsigned, endpoint=True).view(dtype_of(dtype))


def _signs(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.choice(np.array([-1.0, 1.0]), n)


def _neighbours(centre: float, dtype: str, reach: int) -> np.ndarray:
    """The floats next to a number, on both sides, to the last bit."""
    kind = dtype_of(dtype)
    floats = [np.array(centre, dtype=kind)]
    for end in (-inf, inf):
        here = floats[0]
        for _ in range(reach):
            here = np.nextafter(here, np.array(end, dtype=kind))
            floats.append(here)
    return np.array(floats, dtype=kind)


def _approach(rng: np.random.Generator, centre: float, dtype: str, n: int) -> np.ndarray:
    """Points ever nearer to a number, on both sides, their distances uniform in the exponent."""
    bits = 1 - np.log2(finfo(dtype).eps)
    distance = np.exp2(-rng.uniform(0, bits, n)) * _signs(rng, n)
    return centre * (1.0 + distance)


def specials(dtype: str) -> np.ndarray:
    """The finite ends of a format and the numbers where formulas change hands, both signs."""
    info, kind = finfo(dtype), dtype_of(dtype)
    sizes = [info.smallest_subnormal, info.smallest_normal, info.eps, 0.5, 1.0, 2.0, info.max]
    around = [np.nextafter(np.array(s, kind), np.array(end, kind)) for s in sizes for end in (0, 1)]
    positive = np.array([0.0, *sizes, *around], dtype=kind)
    return np.concatenate([positive, -positive])


def _line(rng: np.random.Generator, dtype: str, count: Count) -> list[np.ndarray]:
    """Arguments for a function of the whole line: everywhere, the middle, and both tails."""
    info = finfo(dtype)
    parts = [
        _from_bits(rng, dtype, 0.0, info.max, count(1500)).astype(np.float64)
        * _signs(rng, count(1500)),
        rng.uniform(-20, 20, count(1400)),
        _neighbours(0.0, dtype, 20),
    ]
    # A little beyond where exp(-|x|), and the normal density, are below the smallest subnormal.
    end = -np.log(info.smallest_subnormal) + 2 * np.log(2.0)
    for tail in (end, np.sqrt(2.0 * end)):
        parts += [
            rng.uniform(-tail, tail, count(500)),
            rng.uniform(-1.02 * tail, -0.9 * tail, count(300)),
        ]
    return parts


def _half_line(rng: np.random.Generator, dtype: str, count: Count) -> list[np.ndarray]:
    """Arguments for a function of [0, inf): near 0, out to where exp(-x) ends, a few outside."""
    info = finfo(dtype)
    end = -np.log(info.smallest_subnormal) + 2 * np.log(2.0)
    return [
        _from_bits(rng, dtype, 0.0, info.max, count(1200)),
        _from_bits(rng, dtype, 0.0, 1.0, count(600)),
        rng.uniform(0.0, 20.0, count(1200)),
        rng.uniform(0.0, end, count(600)),
        rng.uniform(0.9 * end, 1.02 * end, count(300)),
        _neighbours(0.0, dtype, 20),
        rng.uniform(-2.0, 0.0, count(50)),
    ]


def _interval(rng: np.random.Generator, dtype: str, count: Count) -> list[np.ndarray]:
    """Arguments for a function of [0, 1]: near 0 and 1 above all, and some outside."""
    return [
        _from_bits(rng, dtype, 0.0, 1.0, count(1200)),
        rng.uniform(0.0, 1.0, count(1200)),
        1.0 - _from_bits(rng, dtype, finfo(dtype).eps / 2, 1.0, count(800)).astype(np.float64),
        _neighbours(0.5, dtype, 20),
        _neighbours(1.0, dtype, 20),
        rng.uniform(-2.0, 3.0, count(100)),
    ]


def _places(rng: np.random.Generator, name: str, dtype: str, count: Count) -> np.ndarray:
    """Where the tables ask for a closer look: to the last bit, and ever nearer."""
    parts = [np.empty(0)]
    tables = (truth.ZERO_CROSSINGS, truth.VALUE_ZEROS, truth.KINKS)
    for place in sorted({place for table in tables for place in table.get(name, ()) if place}):
        parts += [_neighbours(place, dtype, count(40)), _approach(rng, place, dtype, count(300))]
    return np.concatenate([part.astype(np.float64) for part in parts])


def _products(
    rng: np.random.Generator, root: mpf, dtype: str, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Arguments and parameters whose products are as near to a root as many tries find.

    A product has twice the digits of a number, and comes that much nearer than any number does.
    """
    kind, tries = dtype_of(dtype), 100_000
    x = (np.exp2(rng.uniform(-4, 4, tries)) * _signs(rng, tries)).astype(kind)
    parameter = (float(root) / x.astype(np.float64)).astype(kind)
    high, low = float(root), float(root - float(root))
    product, rest = _exact_product(x.astype(np.float64), parameter.astype(np.float64))
    nearest = np.argsort(np.abs((product - high) + (rest - low)))[:n]
    return x[nearest].astype(np.float64), parameter[nearest].astype(np.float64)


def _exact_product(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A product in two parts, by halves of 26 bits (T. J. Dekker, 1971)."""

    def halves(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        high = x * (2.0**27 + 1) - (x * (2.0**27 + 1) - x)
        return high, x - high

    product = a * b
    (a1, a2), (b1, b2) = halves(a), halves(b)
    return product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2


def _drawn(
    rng: np.random.Generator, usual: tuple[float, ...], ends: tuple[float, float], n: int
) -> np.ndarray:
    """A parameter for each point: a usual value for one half, any within the ends for the other.

    Uniform in the exponent, unless the range holds 0.
    """
    low, high = ends
    if low * high > 0:
        drawn = np.sign(low) * np.exp(rng.uniform(*np.sort(np.log(np.abs(ends))), n))
    else:
        drawn = rng.uniform(low, high, n)
    return np.where(rng.random(n) < 0.5, rng.choice(np.array(usual), n), drawn)


def points(name: str, dtype: str, seed: int = 0, density: float = 1.0) -> Points:
    """Arguments for one function in a dtype; the same ones in every run."""

    def count(n: int) -> int:
        return max(1, round(density * n))

    rng = np.random.default_rng([crc32(f"{name} {dtype}".encode()), seed])
    kind = dtype_of(dtype)
    low, high = truth.DOMAIN.get(name, (-inf, inf))
    arguments = _line if isinf(low) else _half_line if isinf(high) else _interval
    anywhere = [part.astype(np.float64) for part in arguments(rng, dtype, count)]
    places = _places(rng, name, dtype, count)
    table = truth.PARAMETERS.get(name, ())
    # The places are those of the default parameters; a second time they go with any.
    again = places if table else places[:0]
    head = specials(dtype).astype(np.float64)
    x = np.concatenate([places, head, *anywhere, again])
    n = x.size
    columns = [_drawn(rng, *entry, n) for entry in table]
    for column, (usual, _) in zip(columns, table, strict=True):
        column[: places.size] = usual[0]
    with np.errstate(all="ignore"):
        parameters = tuple(column.astype(kind) for column in columns)
        if table and not truth.DOMAIN.get(name):
            # For a third of the points x in units of a parameter or of its inverse, as in the
            # tails of a function of beta x or of x / alpha, whatever the parameter.
            chosen = rng.integers(0, len(table), n)
            unit = np.stack(parameters).astype(np.float64)[chosen, np.arange(n)]
            scaled = np.where(rng.random(n) < 0.5, x * unit, x / unit).astype(kind)
            free = (np.arange(n) >= places.size + head.size) & (rng.random(n) < 1 / 3)
            x = np.where(free & np.isfinite(scaled.astype(np.float64)), scaled, x)
    if name in truth.PRODUCT_ROOTS:
        with mp.workdps(40):
            near = _products(rng, truth.PRODUCT_ROOTS[name](), dtype, count(100))
        x = np.concatenate([x, near[0]])
        first = np.concatenate([parameters[0], near[1].astype(kind)])
        parameters = (first, *parameters[1:])
    n, x = x.size, x.astype(kind)
    largest = finfo(dtype).max
    grad_output = np.where(
        rng.random(n) < 0.25,
        _from_bits(rng, dtype, 0.0, largest, n).astype(np.float64),
        np.exp2(rng.uniform(-30, 30, n)),
    )
    with np.errstate(all="ignore"):
        grad_output = (np.minimum(grad_output, largest) * _signs(rng, n)).astype(kind)
    return Points(x, parameters, grad_output)


def all_of(dtype: str) -> np.ndarray:
    """Every float16 or bfloat16 there is, NaN and infinities included."""
    return np.arange(2**16, dtype=np.uint16).view(dtype_of(dtype))
