"""Where accuracy is measured: seeded arguments that reach every part of every function."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

# Where the derivatives of silu and gelu cross zero, and so their values turn.
ZERO_CROSSINGS = {"silu": -1.2784645427610738, "gelu": -0.7517915246935645}

_PARAMETERS = {
    "softplus": ((1.0, 0.5, 3.0, 20.0), (1e-3, 1e3)),
    "leaky_relu": ((0.01, 0.2, 1.0, -0.5), (1e-6, 10.0)),
    "elu": ((1.0, 0.5, 1.6732632, 3.0), (1e-3, 1e3)),
}

_UNSIGNED = {"float16": np.uint16, "float32": np.uint32, "float64": np.uint64}


@dataclass(frozen=True)
class Points:
    """Arguments, the parameters that go with them, and gradients for the backward pass."""

    x: np.ndarray
    parameters: tuple[np.ndarray, ...]
    grad_output: np.ndarray


def _from_bits(rng: np.random.Generator, dtype: str, low: float, high: float, n: int) -> np.ndarray:
    """Positive floats from low to high, uniform over bit patterns: uniform in their exponents."""
    unsigned = _UNSIGNED[dtype]
    first, last = np.array([low, high], dtype=dtype).view(unsigned)
    return rng.integers(first, last, n, dtype=unsigned, endpoint=True).view(dtype)


def _neighbours(centre: float, dtype: str, reach: int) -> np.ndarray:
    """The floats next to a number, on both sides, to the last bit."""
    floats = [np.array(centre, dtype=dtype)]
    for end in (-np.inf, np.inf):
        here = floats[0]
        for _ in range(reach):
            here = np.nextafter(here, np.array(end, dtype=dtype))
            floats.append(here)
    return np.array(floats, dtype=dtype)


def _approach(rng: np.random.Generator, centre: float, dtype: str, n: int) -> np.ndarray:
    """Points ever nearer to a number, on both sides, their distances uniform in the exponent."""
    bits = np.finfo(dtype).nmant + 2
    distance = np.exp2(-rng.uniform(0, bits, n)) * rng.choice([-1.0, 1.0], n)
    return (centre * (1.0 + distance)).astype(dtype)


def specials(dtype: str) -> np.ndarray:
    """The finite ends of a format and the numbers where formulas change hands, both signs."""
    info = np.finfo(dtype)
    sizes = [info.smallest_subnormal, info.smallest_normal, info.eps, 0.5, 1.0, 2.0, info.max]
    around = [
        np.nextafter(np.array(s, dtype), np.array(end, dtype)) for s in sizes for end in (0, 1)
    ]
    positive = np.array([0.0, *sizes, *around], dtype=dtype)
    return np.concatenate([positive, -positive])


def _line(rng: np.random.Generator, name: str, dtype: str) -> np.ndarray:
    """Arguments for a function of the whole line."""
    info = np.finfo(dtype)
    anywhere = _from_bits(rng, dtype, 0.0, float(info.max), 1500) * rng.choice([-1, 1], 1500)
    # A little beyond where exp(-|x|), or the normal density, is below the smallest subnormal.
    end = -np.log(2.0) * (info.minexp - info.nmant - 2)
    if name == "gelu":
        end = np.sqrt(2.0 * end)
    parts = [
        specials(dtype),
        anywhere,
        rng.uniform(-20, 20, 1800 if name != "gelu" else 1000),
        rng.uniform(-end, end, 800),
        rng.uniform(-1.02 * end, -0.9 * end, 500),
        _neighbours(0.0, dtype, 20),
    ]
    if name in ZERO_CROSSINGS:
        root = ZERO_CROSSINGS[name]
        parts += [_neighbours(root, dtype, 40), _approach(rng, root, dtype, 400)]
    return np.concatenate([np.asarray(part).astype(dtype) for part in parts])


def _probabilities(rng: np.random.Generator, dtype: str) -> np.ndarray:
    """Arguments for logit: near 0, 1/2 and 1 above all, and some outside."""
    one_minus = 1.0 - _from_bits(rng, dtype, float(np.finfo(dtype).eps) / 2, 1.0, 800)
    parts = [
        specials(dtype),
        _from_bits(rng, dtype, 0.0, 1.0, 1200),
        rng.uniform(0.0, 1.0, 1200),
        _neighbours(0.5, dtype, 60),
        _approach(rng, 0.5, dtype, 800),
        one_minus,
        _neighbours(1.0, dtype, 20),
        rng.uniform(-2.0, 3.0, 100),
    ]
    return np.concatenate([np.asarray(part).astype(dtype) for part in parts])


def points(name: str, dtype: str, seed: int = 0) -> Points:
    """Arguments for one function in float32 or float64; the same ones in every run."""
    rng = np.random.default_rng([crc32(f"{name} {dtype}".encode()), seed])
    with np.errstate(over="ignore"):
        x = _probabilities(rng, dtype) if name == "logit" else _line(rng, name, dtype)
    n = x.size
    parameters: tuple[np.ndarray, ...] = ()
    if name in _PARAMETERS:
        usual, (low, high) = _PARAMETERS[name]
        drawn = np.exp(rng.uniform(np.log(low), np.log(high), n))
        parameter = np.where(rng.random(n) < 0.5, rng.choice(usual, n), drawn).astype(dtype)
        parameters = (parameter,)
        if name == "softplus":
            # For a third of the points the tail of beta x, whatever beta.
            with np.errstate(over="ignore"):
                scaled = x / parameter
            x = np.where((rng.random(n) < 1 / 3) & np.isfinite(scaled), scaled, x)
    anywhere = _from_bits(rng, dtype, 0.0, float(np.finfo(dtype).max), n)
    moderate = np.exp2(rng.uniform(-30, 30, n)).astype(dtype)
    grad_output = np.where(rng.random(n) < 0.25, anywhere, moderate) * rng.choice([-1, 1], n)
    return Points(x, parameters, grad_output.astype(dtype))


def all_half() -> np.ndarray:
    """Every float16 there is, NaN and infinities included."""
    return np.arange(2**16, dtype=np.uint16).view(np.float16)
