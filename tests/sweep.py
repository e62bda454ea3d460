"""Measure float32 results over a range of bit patterns, at several instruction-set levels at once.

The reference is Ogive's own float64 loop at the highest level, which test_accuracy holds within
its bound of mpmath: it is off by some 1e-9 of a float32 ulp. It is computed once for all levels and
rounded; only results with other bits than that are measured, for the others are right to half an
ulp. The worst are measured again, against mpmath, by `confirm`. Where terms cancel and the bound is
one in ulp of their size (`cancels` in the catalogue), so is the measure.
"""

from __future__ import annotations

import heapq
import importlib.util
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import NamedTuple

import numpy as np
import truth
from truth import Exact, ulp_errors

from ogive import _core
from ogive.catalog import CATALOG, Kind

INPUTS = 2**32
KINDS: tuple[Kind, ...] = ("value", "grad")

# All arrays of a chunk together stay in the second-level cache, where a NumPy pass is cheapest.
CHUNK = 2**14
KEPT = 16

# A result with the bits of the rounded reference has no larger error than this.
CORRECT = 0.5 + 1e-8

_PREFIX = {"value": "", "grad": "grad_"}
_FORM = truth.FORMATS["float32"]
_EXPONENT = np.uint64(0x7FF << 52)
_SMALLEST_NORMAL = 2.0 ** (_FORM.smallest + _FORM.precision - 1)
_LARGEST_POWER = 2.0 ** (_FORM.overflow - 1)
# These bits less those of a power of two p are those of 2**23 / p, the ulps in 1 at p.
_ULPS_IN_ONE = np.uint64((2 * 1023 + _FORM.precision - 1) << 52)


def _xielu_size(x: np.ndarray, alpha_p: float, alpha_n: float, beta: float) -> np.ndarray:
    left = np.minimum(x, 0.0)
    return alpha_n * (np.expm1(left) - left) + np.abs(beta * x)


def _grad_xielu_size(x: np.ndarray, alpha_p: float, alpha_n: float, beta: float) -> np.ndarray:
    return beta - alpha_n * np.expm1(np.minimum(x, 0.0))


# The size of the terms, as `truth.terms` has it, where results next to a zero are not as good as
# others. Those of pau are: with its default parameters it has no zero that is not a float32.
SIZES = {("xielu", "value"): _xielu_size, ("xielu", "grad"): _grad_xielu_size}


class Candidate(NamedTuple):
    """A result that may be the worst: its error in ulp, and the bits of argument and result."""

    ulp: float
    x: int
    got: int


def _badness(candidate: Candidate) -> tuple[float, int]:
    # Of equals the lowest bits, so that the order in which parts are done does not matter.
    return candidate.ulp, -candidate.x


@dataclass
class Finding:
    """What a sweep has found at one level.

    `mismatches` counts, by kind, the results that no error in ulp describes: a NaN or an infinity
    where the exact result is none or the other way round, and a zero of the wrong sign; `examples`
    has the bits of one argument for each.
    """

    inputs: int = 0
    candidates: list[Candidate] = field(default_factory=list)
    mismatches: Counter[str] = field(default_factory=Counter)
    examples: dict[str, int] = field(default_factory=dict)

    def note(
        self,
        x: np.ndarray,
        got: np.ndarray,
        error: np.ndarray,
        mismatches: dict[str, np.ndarray],
    ) -> float:
        """Enter elements: the worst of them, whose error is returned, and the mismatches."""
        worst = int(error.argmax())
        ulp = float(error[worst])
        # A heap, the least of those kept first.
        if len(self.candidates) < KEPT or ulp > self.candidates[0].ulp:
            bits = (int(floats.view(np.uint32)[worst]) for floats in (x, got))
            heapq.heappush(self.candidates, Candidate(ulp, *bits))
            if len(self.candidates) > KEPT:
                heapq.heappop(self.candidates)
        for what, where in mismatches.items():
            self.mismatches[what] += where.size
            self.examples.setdefault(what, int(x.view(np.uint32)[where[0]]))
        return ulp

    def add(self, other: Finding) -> None:
        """Take in what was found on another part of the inputs."""
        self.inputs += other.inputs
        self.candidates = sorted({*self.candidates, *other.candidates}, key=_badness)[-KEPT:]
        self.mismatches += other.mismatches
        self.examples = other.examples | self.examples


@dataclass(frozen=True)
class Part:
    """The work of one call of `sweep`: every `every`-th bit pattern from `start` to `stop`.

    Where an error above `CORRECT` is known to be found, at every level, there is no need to know
    how much less than that the correctly rounded results are off. A function which has none is
    measured everywhere.
    """

    name: str
    kind: Kind
    levels: tuple[str, ...]
    start: int
    stop: int
    every: int = 1
    known: float = 0.0


@cache
def native_at(level: str) -> ModuleType:
    """Load the native module once more, at a level of its own.

    The level is chosen whenever the module is executed, so one process can hold them all, and the
    arrays need not travel between processes.
    """
    before = os.environ.get("OGIVE_ISA")
    os.environ["OGIVE_ISA"] = level
    try:
        spec = importlib.util.spec_from_file_location("ogive._core", _core.__file__)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        if before is None:
            del os.environ["OGIVE_ISA"]
        else:
            os.environ["OGIVE_ISA"] = before
    if module is _core or module.isa != level:
        raise ImportError(f"the native module was not loaded at {level}")
    return module


def parameters(name: str) -> tuple[np.float32, ...]:
    """The default parameters as a float32 loop gets them."""
    return tuple(np.float32(default) for default in CATALOG[name].defaults().values())


class Measure:
    """Room for the intermediate results of measuring chunks of up to `size` elements."""

    def __init__(self, size: int) -> None:
        self._wide = np.empty(size)
        self._unit = np.empty(size)

    def __call__(
        self, got: np.ndarray, reference: np.ndarray, size: np.ndarray | None = None
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Errors in ulp, valid until the next call, and the indices of mismatches by kind.

        The unit is the float32 spacing at the reference, or at the size of its terms where that
        is larger, as in `truth.ulp_errors`, which gets the few elements that are not plain.
        """
        wide, unit = self._wide[: got.size], self._unit[: got.size]
        np.copyto(wide, got)
        mismatches = {}
        # As an integer, the exclusive or is negative where the two signs differ.
        signs = unit.view(np.int64)
        np.bitwise_xor(wide.view(np.int64), reference.view(np.int64), out=signs)
        if signs.min() < 0:
            wrong = np.flatnonzero((signs < 0) & (got == 0) & ~np.isnan(reference))
            if wrong.size:
                mismatches["sign of zero"] = wrong
        # An exact result just below a power of two, whose spacing is the smaller one, can be that
        # power in float64; so the spacing is taken a little further in.
        if size is None:
            np.copyto(unit, reference)
        else:
            np.maximum(np.abs(reference), size, out=unit)
        np.multiply(unit, 1 - 2.0**-52, out=unit)
        bits = unit.view(np.uint64)
        np.bitwise_and(bits, _EXPONENT, out=bits)
        np.clip(unit, _SMALLEST_NORMAL, _LARGEST_POWER, out=unit)
        np.subtract(_ULPS_IN_ONE, bits, out=bits)
        # In place: arrays of one size, all beginning a page, get in each other's way.
        error = np.subtract(wide, reference, out=wide)
        np.multiply(error, unit, out=error)
        np.absolute(error, out=error)
        if not np.isfinite(error.max()):
            mismatches |= _settle(error, got, reference)
        return error, mismatches


def _settle(error: np.ndarray, got: np.ndarray, reference: np.ndarray) -> dict[str, np.ndarray]:
    """Put right the errors that are not finite; return what no error describes."""
    if np.isnan(got).all() and np.isnan(reference).all():
        error.fill(0.0)
        return {}
    odd = np.flatnonzero(~np.isfinite(error))
    there, expected = got[odd], reference[odd]
    rounded = expected.astype(np.float32)
    nan, expected_nan = np.isnan(there), np.isnan(expected)
    error[odd] = 0.0
    rest = ~((there == rounded) | (nan & expected_nan))
    if not rest.any():
        return {}
    ulps = np.zeros(odd.size)
    ulps[rest] = ulp_errors(there[rest], _exact(expected[rest]), "float32")
    # Next to the overflow threshold an infinity is an ordinary neighbour.
    groups = {"NaN": nan != expected_nan, "infinity": (ulps > 1) & (nan == expected_nan)}
    error[odd] = np.where(groups["NaN"] | groups["infinity"], 0.0, ulps)
    return {what: odd[where] for what, where in groups.items() if where.any()}


def _exact(numbers: np.ndarray) -> Exact:
    """Float64 numbers in the form that `ulp_errors` takes exact results in."""
    high, exponent = np.frexp(numbers)
    exponent = np.where(numbers == 0, -100_000, exponent).astype(np.int64)
    return Exact(high, np.zeros(numbers.size), exponent)


def sweep(part: Part) -> tuple[dict[str, Finding], float]:
    """Measure a function over a range of bit patterns; the findings by level, and CPU-seconds."""
    began = time.process_time()
    with np.errstate(all="ignore"):
        findings = _sweep(part)
    return findings, time.process_time() - began


def _sweep(part: Part) -> dict[str, Finding]:
    name = _PREFIX[part.kind] + part.name
    best = getattr(native_at(_core.isa_supported[-1]), name)
    single = parameters(part.name)
    double = tuple(np.float64(parameter) for parameter in single)
    findings = {level: Finding() for level in part.levels}
    loops = [(getattr(native_at(level), name), found) for level, found in findings.items()]
    size_of = SIZES.get((part.name, part.kind), lambda *_: None)

    # Allocated once: a new array of this size costs more in page faults than a pass over it.
    offsets = np.arange(CHUNK, dtype=np.uint32) * np.uint32(part.every)
    arguments, results, roundeds = np.empty((3, CHUNK), np.float32)
    wides, references = np.empty((2, CHUNK))
    others = np.empty(CHUNK, bool)
    measure, measure_rounded = Measure(CHUNK), Measure(CHUNK)

    for start in range(part.start, part.stop, CHUNK * part.every):
        n = min(CHUNK, -(-(part.stop - start) // part.every))
        x, got, rounded, other = arguments[:n], results[:n], roundeds[:n], others[:n]
        wide, reference = wides[:n], references[:n]
        np.add(offsets[:n], np.uint32(start), out=x.view(np.uint32))
        np.copyto(wide, x)
        best(wide, *double, out=reference)
        np.copyto(rounded, reference, casting="same_kind")
        error = None
        for loop, found in loops:
            loop(x, *single, out=got)
            found.inputs += n
            np.not_equal(got.view(np.uint32), rounded.view(np.uint32), out=other)
            worst = part.known
            if other.any():
                where = np.flatnonzero(other)
                there = got[where]
                size = size_of(wide[where], *double)
                measured = measure(there, reference[where], size)
                worst = max(worst, found.note(x[where], there, *measured))
            if worst <= CORRECT:
                # The largest error is then that of the rounded reference, the same for all levels.
                if error is None:
                    error, _ = measure_rounded(rounded, reference, size_of(wide, *double))
                found.note(x, rounded, error, {})
    return findings


def confirm(name: str, kind: str, finding: Finding) -> Candidate:
    """The worst candidate of a finding, by mpmath.

    Where mpmath and the reference do not agree, the finding gets one more kind of mismatch.
    """
    confirmed = []
    for candidate in finding.candidates:
        ulp = error_at(name, kind, candidate.x, candidate.got)
        # Next to a power of two the sweep may take the smaller spacing for the right one.
        if not candidate.ulp / 2 - 1e-6 <= ulp <= candidate.ulp + 1e-6:
            finding.mismatches["float64 reference"] += 1
            finding.examples.setdefault("float64 reference", candidate.x)
        confirmed.append(candidate._replace(ulp=ulp))
    return max(confirmed, key=_badness)


def error_at(name: str, kind: str, x: int, got: int) -> float:
    """The error in ulp, by mpmath, of a result at an argument, both given as float32 bits."""
    argument = as_float(x)
    if not np.isfinite(argument):
        # Limits are exact, or mismatches; mpmath is not asked for them.
        return 0.0
    operands = (argument, *parameters(name))
    exact = {"value": truth.value, "grad": truth.grad}[kind](name, *operands)
    size = None
    if (name, kind) in SIZES:
        size = Exact.of([truth.terms(name, kind, *operands)]).exponent
    return float(ulp_errors(np.array([as_float(got)]), Exact.of([exact]), "float32", size)[0])


def as_float(bits: int) -> float:
    """The float32 of a bit pattern."""
    return float(np.uint32(bits).view(np.float32))
