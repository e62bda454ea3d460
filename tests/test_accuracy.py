"""Every function within its bound of the exact result, at every instruction-set level.

The exact results are computed once; a process for each level measures against them. The truth
itself, and the measure, are tested first.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import check_accuracy
import numpy as np
import pytest
import truth
from mpmath import mp, mpf
from points import dtype_of, finfo, points
from scipy import special
from truth import Exact, ulp_error, ulp_errors

from ogive import _core
from ogive.catalog import CATALOG, DTYPES, KINDS

Report = dict[tuple[str, str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def exact_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("accuracy") / "exact.npz"
    np.savez(path, **check_accuracy.exact_results(density=0.25))
    return path


@pytest.fixture(scope="module", params=_core.isa_supported)
def report(request: pytest.FixtureRequest, exact_results: Path) -> Report:
    """The worst points at one level."""
    level = request.param
    result = subprocess.run(
        [sys.executable, check_accuracy.__file__, "--json", "--exact", str(exact_results)],
        env=os.environ | {"OGIVE_ISA": level},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode in (0, 1), result.stderr
    rows = json.loads(result.stdout)
    assert {row["isa"] for row in rows} == {level}
    assert result.returncode == any(not row["ulp"] <= row["bound"] for row in rows)
    return {(row["function"], row["kind"], row["dtype"]): row for row in rows}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CATALOG)
def test_within_its_bound(report: Report, name: str, kind: str, dtype: str) -> None:
    worst = report[name, kind, dtype]
    assert worst["ulp"] <= worst["bound"], json.dumps(worst, indent=1)


@pytest.mark.parametrize("name", CATALOG)
def test_truth_is_right_to_thirty_digits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = points(name, "float64")
    chosen = [*range(0, 60), *range(60, here.x.size, 97), *range(here.x.size - 60, here.x.size, 7)]
    operands = [tuple(column[i] for column in (here.x, *here.parameters)) for i in chosen]
    for function in (truth.value, truth.grad):
        ordinary = [function(name, *operand) for operand in operands]
        monkeypatch.setattr(truth, "DIGITS", 140)
        precise = [function(name, *operand) for operand in operands]
        monkeypatch.undo()
        with mp.workdps(150):
            for operand, short, long in zip(operands, ordinary, precise, strict=True):
                agree = short == long or abs(short - long) <= abs(long) * mpf("1e-30")
                assert agree or (mp.isnan(short) and mp.isnan(long)), (operand, short, long)


def test_terms_are_given_for_whatever_cancels() -> None:
    known = {(name, which) for name, record in CATALOG.items() for which in record.cancels}
    assert known == set(truth.TERMS)


@pytest.mark.parametrize(("name", "which"), truth.TERMS)
def test_terms_are_as_large_as_their_sum(name: str, which: str) -> None:
    here = points(name, "float32")
    largest = mpf(0)
    for operands in list(zip(here.x, *here.parameters, strict=True))[::17]:
        if which in ("value", "grad"):
            exact = getattr(truth, which)(name, *operands)
        else:
            exact = truth.parameter_grad(name, which, *operands)
        size = truth.terms(name, which, *operands)
        assert abs(exact) <= size * (1 + mpf("1e-30")), operands
        largest = max(largest, abs(exact) / size if size else mpf(1))
    # They are no larger than they must be: somewhere nothing cancels.
    assert largest > 0.99


def _ordinary_points(name: str) -> list[float]:
    """Arguments within the domain, away from the kinks."""
    record = CATALOG[name]
    low, high = record.domain
    kinks = {*truth.KINKS.get(name, ()), *(() if record.smooth else (0.0,))}
    candidates = (-30.0, -3.0, -0.4, 0.0, 0.03, 0.3, 0.5, 0.7, 2.0, 9.0)
    return [x for x in candidates if low <= x <= high and x not in kinks and (x or low)]


@pytest.mark.parametrize("name", CATALOG)
def test_true_derivative_is_that_of_the_true_value(name: str) -> None:
    parameters = tuple(CATALOG[name].defaults().values())
    for x in _ordinary_points(name):
        with mp.workdps(truth.DIGITS):
            step = mpf(10) ** -15
            above, below = (truth.value(name, mpf(x) + s, *parameters) for s in (step, -step))
            difference = (above - below) / (2 * step)
            derivative = truth.grad(name, x, *parameters)
            # The second term for where the derivative is 0: what is left is the third, times h².
            assert abs(difference - derivative) <= abs(derivative) * mpf("1e-15") + mpf("1e-29"), x


def test_true_derivatives_by_parameters_are_those_of_the_true_value() -> None:
    for name, parameter in truth.PARAMETER_GRAD:
        defaults = CATALOG[name].defaults()
        for x in _ordinary_points(name):
            with mp.workdps(truth.DIGITS):
                step = mpf(10) ** -15
                above, below = (
                    truth.value(
                        name, x, *(defaults | {parameter: defaults[parameter] + s}).values()
                    )
                    for s in (step, -step)
                )
                difference = (above - below) / (2 * step)
                derivative = truth.parameter_grad(name, parameter, x, *defaults.values())
                allowed = abs(derivative) * mpf("1e-15") + mpf("1e-29")
                assert abs(difference - derivative) <= allowed, (name, parameter, x)


@pytest.mark.parametrize(
    ("name", "peer"),
    [
        ("sigmoid", special.expit),
        ("logit", special.logit),
        ("log_sigmoid", special.log_expit),
        ("tanh", np.tanh),
        ("softplus", lambda x: np.logaddexp(0, x)),
        ("relu", lambda x: np.maximum(x, 0)),
        ("leaky_relu", lambda x: np.maximum(x, 0.01 * x)),
        ("elu", lambda x: np.maximum(x, 0) + np.expm1(np.minimum(x, 0))),
        ("silu", lambda x: x * special.expit(x)),
        ("gelu", lambda x: x * special.ndtr(x)),
    ],
)
def test_truth_agrees_with_peers_where_they_are_good(name: str, peer: Any) -> None:
    x = np.linspace(0.05, 0.95, 19) if name == "logit" else np.linspace(-5, 5, 41)
    parameters = tuple(CATALOG[name].defaults().values())
    exact = [float(truth.value(name, t, *parameters)) for t in x]
    np.testing.assert_allclose(peer(x), exact, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("dtype", DTYPES)
def test_ulp_error_measures_in_spacings_at_the_exact_result(dtype: str) -> None:
    scalar = dtype_of(dtype).type
    info = finfo(dtype)
    smallest = mpf(float(info.smallest_subnormal))
    with mp.workdps(truth.DIGITS):
        largest = mpf(float(info.max))
        half = (mpf(2) ** truth.FORMATS[dtype].overflow - largest) / 2
        cases = [
            (1.0, mpf(1), 0.0),
            (1.0 + float(info.eps), mpf(1), 1.0),
            # Just below 1 the spacing is eps / 2.
            (1.0, 1 - mpf(float(info.eps)) / 8, 0.25),
            (0.0, mpf(0), 0.0),
            (float(smallest), mpf(0), 1.0),
            (float(smallest), smallest * mpf("1.25"), 0.25),
            (0.0, mpf(10) ** -4000, 0.0),
            (float(smallest), mpf(10) ** -4000, 1.0),
            (np.inf, largest + half, 0.0),
            (np.inf, largest * 3, 0.0),
            (np.inf, mpf(10) ** 4000, 0.0),
            (np.inf, largest + half / 2, 0.75),
            (float(info.max), largest + half / 2, 0.25),
            (np.inf, mp.inf, 0.0),
            (np.nan, mp.nan, 0.0),
            (np.nan, mpf(1), np.inf),
            (1.0, mp.nan, np.inf),
            (1.0, mp.inf, np.inf),
        ]
        for got, exact, expected in cases:
            assert ulp_error(scalar(got), exact) == pytest.approx(expected, abs=1e-9), (got, exact)
        spacings = 2 ** truth.FORMATS[dtype].precision
        assert ulp_error(-scalar(np.inf), largest * 3) > spacings
        assert ulp_error(scalar(0), largest) == spacings - 1


def test_a_wrong_last_bit_is_seen() -> None:
    x = np.linspace(-9, 9, 50)
    exact = Exact.of([truth.value("tanh", t) for t in x])
    right = exact.high * np.exp2(exact.exponent)
    assert ulp_errors(right, exact, "float64").max() <= 0.5
    wrong = np.nextafter(np.nextafter(right, 2.0), 2.0)
    assert ulp_errors(wrong, exact, "float64").min() > 1.0
