"""The certificate holds: for these sources, for every function, and still on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import check_exhaustive
import pytest
from certificate import Certificate, expected, made_with

from ogive import _core
from ogive.catalog import CATALOG

pytestmark = pytest.mark.skipif(
    _core.isa_levels == ("baseline",),
    reason="the certificate is about the levels of x86-64",
)


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return Certificate.read()


def test_it_is_about_these_sources(certificate: Certificate) -> None:
    changed = dict.fromkeys(e.function for e in certificate.entries.values() if not e.holds)
    assert not changed, (
        f"the native sources of {', '.join(changed)} have changed since every float32 was "
        "verified: run `make exhaustive` and commit docs/exhaustive.json"
    )


def test_every_function_kind_and_level_is_in_it(certificate: Certificate) -> None:
    missing = [key for key in expected() if not certificate.has(key)]
    functions = ", ".join(dict.fromkeys(name for name, _, _ in missing))
    assert not missing, f"{len(missing)} entries missing, of {functions}: run `make exhaustive`"
    assert set(certificate.entries) == set(expected())


def test_no_bound_is_exceeded(certificate: Certificate) -> None:
    faults = list(certificate.faults(expected()))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("level", _core.isa_supported)
def test_the_worst_inputs_have_the_recorded_errors(certificate: Certificate, level: str) -> None:
    result = subprocess.run(
        [sys.executable, check_exhaustive.__file__, "--replay"],
        env=os.environ | {"OGIVE_ISA": level},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    errors = {(r["function"], r["kind"], r["level"]): r["ulp"] for r in json.loads(result.stdout)}
    recorded = {key: entry.ulp for key, entry in certificate.entries.items() if key[2] == level}
    assert errors.keys() == recorded.keys()
    for name, kind, _ in errors:
        assert errors[name, kind, level] <= CATALOG[name].error_bound[kind, "float32"]
    # The last bits of an approximate reciprocal (rcp14) are left to the maker of the processor.
    makers = {environment["cpu"].split()[0] for environment in certificate.made_with}
    if makers == {made_with()["cpu"].split()[0]}:
        assert errors == pytest.approx(recorded, abs=1e-9)
