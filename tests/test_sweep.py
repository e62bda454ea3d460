"""The exhaustive run sees what is wrong: on planted faults, and beside the truth's own measure."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import certificate
import check_exhaustive
import numpy as np
import pytest
import sweep
from certificate import Certificate, Entry
from mpmath import mp, mpf
from sweep import INPUTS, Candidate, Finding, Measure, Part
from truth import DIGITS, Exact, terms, ulp_errors

from ogive import _core
from ogive.catalog import CATALOG

BEST = _core.isa_supported[-1]
LOWEST = _core.isa_supported[0]
ONE = 0x3F80_0000

Loop = Callable[[np.ndarray, np.ndarray], None]


def _references() -> np.ndarray:
    """Float64 numbers over the range of float32 and beyond both of its ends."""
    rng = np.random.default_rng(32)
    exponents = np.concatenate([rng.uniform(-160, 130, 4000), rng.uniform(127.9, 128.1, 400)])
    powers = np.exp2(np.arange(-149.0, 128.0))
    ties = np.exp2(128.0) - np.exp2(103.0) * np.array([1, 2, 3])
    positive = np.concatenate([np.exp2(exponents), powers, np.nextafter(powers, 0), ties, [0.0]])
    return np.concatenate([positive, -positive])


def test_the_measure_is_that_of_the_truth() -> None:
    reference = _references()
    with np.errstate(all="ignore"):
        rounded = reference.astype(np.float32)
        for towards in (None, -np.inf, np.inf):
            got = rounded if towards is None else np.nextafter(rounded, np.float32(towards))
            error, mismatches = Measure(reference.size)(got, reference)
            with mp.workdps(DIGITS):
                exact = Exact.of([mpf(float(number)) for number in reference])
            expected = ulp_errors(got, exact, "float32")
            # At a power of two the spacing below it counts.
            power = (np.abs(np.frexp(reference)[0]) == 0.5) & (np.abs(reference) > 2.0**-126)
            np.testing.assert_allclose(error[~power], expected[~power], rtol=1e-12)
            assert ((error >= expected) & (error <= 2 * expected))[power].all()
            crossed = (got == 0) & (np.signbit(got) != np.signbit(reference))
            assert mismatches.get("sign of zero", np.array([])).tolist() == (
                np.flatnonzero(crossed).tolist()
            )


@pytest.mark.parametrize(("name", "kind"), sweep.SIZES)
def test_sizes_are_those_of_the_truth(name: str, kind: str) -> None:
    x = np.concatenate([-np.logspace(-30, 30, 61), np.logspace(-30, 2, 33), [-2.4324799, 0.0]])
    parameters = sweep.parameters(name)
    expected = [float(terms(name, kind, argument, *parameters)) for argument in x]
    size = sweep.SIZES[name, kind](x, *(float(parameter) for parameter in parameters))
    # For positive arguments nothing cancels, and less than the result does no harm.
    np.testing.assert_allclose(size[x <= 0], np.array(expected)[x <= 0], rtol=1e-10)
    assert (size <= np.array(expected) * (1 + 1e-10)).all()


def test_an_error_in_ulp_of_the_size_of_the_terms() -> None:
    reference, size = np.array([2.0**-20 / 3, 3.0]), np.array([1.5, 1.0])
    got = np.nextafter(reference.astype(np.float32), np.float32(9))
    plain, _ = Measure(2)(got, reference)
    plain = plain.copy()
    sized, _ = Measure(2)(got, reference, size)
    assert sized[0] == pytest.approx(plain[0] * 2.0**-22)
    assert sized[1] == plain[1]


def test_the_overflow_threshold() -> None:
    largest = float(np.finfo(np.float32).max)
    threshold = 2.0**128 - 2.0**103
    below = np.nextafter(threshold, 0)
    got = np.array([np.inf, largest, np.inf, largest, np.inf, -np.inf], np.float32)
    reference = np.array([threshold, threshold, below, 2.0**128, np.inf, 2.0**128])
    with np.errstate(all="ignore"):
        error, mismatches = Measure(6)(got, reference)
    np.testing.assert_allclose(error, [0, 0.5, 0.5, 1.0, 0, 0], atol=1e-8)
    assert {what: where.tolist() for what, where in mismatches.items()} == {"infinity": [5]}


@pytest.mark.parametrize(
    ("got", "reference", "what"),
    [
        (np.nan, 1.0, "NaN"),
        (1.0, np.nan, "NaN"),
        (np.inf, np.nan, "NaN"),
        (np.inf, 1.0, "infinity"),
        (1.0, -np.inf, "infinity"),
        (-np.inf, np.inf, "infinity"),
        (-0.0, 0.0, "sign of zero"),
        (0.0, -1e-300, "sign of zero"),
    ],
)
def test_a_mismatch_is_named(got: float, reference: float, what: str) -> None:
    results, references = np.full(9, 0.5, np.float32), np.full(9, 0.5)
    results[4], references[4] = got, reference
    with np.errstate(all="ignore"):
        error, mismatches = Measure(9)(results, references)
    assert {name: where.tolist() for name, where in mismatches.items()} == {what: [4]}
    assert np.delete(error, 4).max() == 0


def _plant(monkeypatch: pytest.MonkeyPatch, level: str, fault: Loop) -> None:
    """Let the float32 sigmoid at one level have a fault."""
    genuine = sweep.native_at

    def faulty(x: np.ndarray, *, out: np.ndarray) -> None:
        genuine(level).sigmoid(x, out=out)
        if x.dtype == np.float32:
            fault(x, out)

    def native_at(asked: str) -> object:
        return SimpleNamespace(sigmoid=faulty) if asked == level else genuine(asked)

    monkeypatch.setattr(sweep, "native_at", native_at)


@pytest.mark.parametrize("known", [0.0, 0.7])
@pytest.mark.parametrize("level", sorted({BEST, LOWEST}))
def test_one_wrong_bit_is_found_at_its_level(
    monkeypatch: pytest.MonkeyPatch, level: str, known: float
) -> None:
    bad = ONE + 70_001

    def fault(x: np.ndarray, out: np.ndarray) -> None:
        out.view(np.uint32)[x.view(np.uint32) == bad] += 2

    _plant(monkeypatch, level, fault)
    part = Part("sigmoid", "value", (BEST, LOWEST), ONE - 100_000, ONE + 100_000, known=known)
    findings, _ = sweep.sweep(part)
    for here, finding in findings.items():
        worst = sweep.confirm("sigmoid", "value", finding)
        assert finding.inputs == 200_000
        assert not finding.mismatches
        assert (worst.x == bad) == (here == level), (here, worst)
        assert (worst.ulp > 1) == (here == level), (here, worst)


@pytest.mark.parametrize("known", [0.0, 0.7])
@pytest.mark.parametrize("level", sorted({BEST, LOWEST}))
def test_one_nan_is_found_at_its_level(
    monkeypatch: pytest.MonkeyPatch, level: str, known: float
) -> None:
    bad = ONE + 70_001

    def fault(x: np.ndarray, out: np.ndarray) -> None:
        out[x.view(np.uint32) == bad] = np.nan

    _plant(monkeypatch, level, fault)
    part = Part("sigmoid", "value", (BEST, LOWEST), ONE - 100_000, ONE + 100_000, known=known)
    for here, finding in sweep.sweep(part)[0].items():
        assert finding.mismatches == ({"NaN": 1} if here == level else {})
        assert finding.examples == ({"NaN": bad} if here == level else {})


@pytest.mark.parametrize(("known", "measured"), [(0.5, True), (0.6, False)])
def test_correct_results_are_measured_unless_a_larger_error_is_known(
    known: float, measured: bool
) -> None:
    part = Part("relu", "value", (BEST, LOWEST), ONE - 50_000, ONE, known=known)
    for finding in sweep.sweep(part)[0].values():
        assert finding.inputs == 50_000
        assert bool(finding.candidates) == measured


def test_a_wrong_reference_is_found() -> None:
    finding = Finding(1, [Candidate(0.25, ONE, int(np.float32(0.75).view(np.uint32)))])
    sweep.confirm("sigmoid", "value", finding)
    assert finding.mismatches == {"float64 reference": 1}


@pytest.mark.parametrize("level", _core.isa_supported)
def test_one_process_holds_every_level(level: str) -> None:
    module = sweep.native_at(level)
    assert module.isa == level
    assert module.sigmoid is not _core.sigmoid


@pytest.mark.parametrize("every", [1, 7, 64, 2**20 + 1])
def test_the_parts_are_all_inputs(every: int) -> None:
    parts = check_exhaustive.parts("relu", "value", (BEST,), every)
    ranges = [range(part.start, part.stop, part.every) for part in parts]
    joined = [(r[0], r[-1]) for r in ranges if r]
    assert joined[0][0] == 0
    assert joined[-1][1] + every >= INPUTS
    assert all(b[0] - a[1] == every for a, b in pairwise(joined))


def _entry(**changes: Any) -> Entry:
    fields: dict[str, Any] = {
        "function": "sigmoid",
        "kind": "value",
        "level": BEST,
        "sources": certificate.fingerprint("sigmoid"),
        "parameters": {},
        "inputs": INPUTS,
        "ulp": 0.5,
        "x": 1.0,
        "x_bits": f"0x{ONE:08x}",
        "got_bits": "0x3f3b26a8",
    }
    return Entry(**(fields | changes))


def test_a_certificate_is_continued_for_the_same_sources_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "exhaustive.json"
    entry = _entry()
    written = Certificate([{"cpu": "any"}], {entry.key: entry})
    written.write(path)
    assert list(tmp_path.iterdir()) == [path]
    assert Certificate.to_continue(path) == written
    monkeypatch.setattr(certificate, "fingerprint", lambda _: "another")
    assert Certificate.to_continue(path).entries == {}


def test_an_interrupted_run_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "exhaustive.json"
    keys = [(name, kind, BEST) for name in ("sigmoid", "relu") for kind in ("value", "grad")]
    done = []
    zero = Candidate(0.5, 0, int(np.float32(0.5).view(np.uint32)))

    def swept(pool: object, name: str, kind: str, *_: object) -> tuple[dict[str, Finding], float]:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append((name, kind, BEST))
        return {BEST: Finding(INPUTS, [zero])}, 0.0

    monkeypatch.setattr(check_exhaustive, "swept", swept)
    monkeypatch.setattr(sweep, "error_at", lambda *_: 0.5)
    with pytest.raises(KeyboardInterrupt):
        check_exhaustive.verify(keys, 1, path=path)
    assert done == keys[:2]
    assert list(Certificate.read(path).entries) == keys[:2]
    done.clear()
    faults = check_exhaustive.verify(keys, 1, path=path)
    assert done == keys[2:]
    assert list(Certificate.read(path).entries) == sorted(keys, key=certificate.expected().index)
    # relu is exact: half an ulp is more than its bound, and found in what has been written.
    assert [fault.split(" at ")[0] for fault in faults] == ["value of relu", "grad of relu"]
    done.clear()
    assert check_exhaustive.verify(keys, 1, path=path) == faults
    assert not done


def test_what_counts_as_verified() -> None:
    bound = CATALOG["sigmoid"].error_bound["value", "float32"]
    for changes, has, fault in (
        ({}, True, False),
        ({"inputs": INPUTS // 64}, False, False),
        ({"parameters": {"beta": 2.0}}, False, False),
        ({"ulp": bound}, True, False),
        ({"ulp": np.nextafter(bound, 9.0)}, True, True),
        ({"ulp": np.nan}, True, True),
        ({"mismatches": {"NaN": {"inputs": 3, "first": "0x7f800000"}}}, True, True),
    ):
        entry = _entry(**changes)
        there = Certificate([], {entry.key: entry})
        assert there.has(entry.key) == has, changes
        assert bool(list(there.faults([entry.key]))) == fault, changes
    assert not there.has(("sigmoid", "grad", BEST))


def test_a_trial_is_no_certificate() -> None:
    before = certificate.PATH.read_bytes() if certificate.PATH.exists() else None
    result = subprocess.run(
        [
            sys.executable, check_exhaustive.__file__,
            "--functions", "relu,tanh", "--levels", BEST, "--jobs", "1", "--every", "1048576",
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("4096 inputs") == 4
    assert "nothing is recorded" in result.stdout
    after = certificate.PATH.read_bytes() if certificate.PATH.exists() else None
    assert after == before


def test_an_unknown_function_is_refused() -> None:
    result = subprocess.run(
        [sys.executable, check_exhaustive.__file__, "--functions", "relu,sigmoidd"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "sigmoidd: there are sigmoid, logit" in result.stderr
