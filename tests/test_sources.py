"""The fingerprint of a function sees what decides its results, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sources

from ogive.catalog import CATALOG

# The tables of kernels, rows, losses, gates, cells and regressions, threads, and the module.
OTHERS = {
    "across.h", "addressed.cpp", "addressed.h", "below.h", "cells.cpp", "cells.h", "certain.h",
    "coordinates.h", "cross_entropy.h", "entries.h", "finite.h", "functions.def", "fused.h",
    "gates.cpp", "linear.cpp", "linear.h", "linear_units.h", "loops.cpp", "loops.h", "losses.cpp",
    "module.cpp", "numpy_api.h", "parametric.cpp", "parametric.h", "partial.h", "pointwise.h",
    "row_coefficients.h", "row_gradients.h", "row_sums.h", "rows.cpp", "rows.def", "rows.h",
    "scratch.cpp", "scratch.h", "softmax.h", "sparsemax.h", "thread_limit.h", "threads.cpp",
    "threads.h", "tiles.h", "ufuncs.cpp", "ufuncs.h", "weighted.h",
}  # fmt: skip


def _forget() -> None:
    for cached in (sources._text, sources._included, sources._defining, sources.fingerprint):
        cached.cache_clear()


@pytest.fixture
def native(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the native sources, to be changed."""
    copy = tmp_path / "native"
    shutil.copytree(sources.NATIVE, copy)
    monkeypatch.setattr(sources, "NATIVE", copy)
    _forget()
    yield copy
    _forget()


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    _forget()


def test_every_native_file_decides_some_function_or_none() -> None:
    deciding = {path for name in CATALOG for path in sources.sources(name)}
    assert {path.name for path in deciding} | OTHERS == {p.name for p in sources.NATIVE.iterdir()}
    assert not {path.name for path in deciding} & OTHERS


@pytest.mark.parametrize(
    ("name", "has", "has_not"),
    [
        ("relu", "rectifier.h", "logistic.h"),
        ("sigmoid", "logistic.h", "smooth.h"),
        ("gelu", "smooth.h", "gated.h"),
        ("pau", "pade.h", "logistic.h"),
        ("hard_swish", "piecewise.h", "pade.h"),
        ("xielu", "adaptive.h", "pade.h"),
    ],
)
def test_the_files_of_a_function(name: str, has: str, has_not: str) -> None:
    files = {path.name for path in sources.sources(name)}
    assert {has, "simd.h", "elementwise.h", "kinds.h", "memory.h", "meson.build"} <= files
    assert has_not not in files


def test_what_changes_a_fingerprint(native: Path) -> None:
    names = ("sigmoid", "relu", "gelu", "pau")
    for file, old, new, changed in (
        ("logistic.h", "#pragma once", "// Said otherwise.\n#pragma once\n", ()),
        ("logistic.h", "return {q, k};", "return {q, k + 1};", ("sigmoid", "gelu")),
        ("pade.h", "const Pade<Number>", "const\n Pade<Number>", ()),
        ("pade.h", "#pragma once", "#pragma once\nstatic", ("pau",)),
        ("simd.h", "#pragma once", "#pragma once\nstatic", names),
        ("meson.build", "-O3", "-O2", names),
        ("meson.build", "'losses.cpp'", "'losses.cpp', 'more.cpp'", ()),
        ("meson.build", "+ kernel_flags", "+ kernel_flags + ['-ffast-math']", names),
        ("functions.def", "SMOOTH(sigmoid, 0)", "WIDE(sigmoid, 0)", ("sigmoid",)),
        ("functions.def", "WIDE(pau, 10)", "WIDE(pau, 10)\nWIDE(pad, 9)", ()),
        ("rows.h", "#pragma once", "#pragma once\nstatic", ()),
        ("threads.h", "#pragma once", "#pragma once\nstatic", ()),
    ):
        before = {name: sources.fingerprint(name) for name in names}
        _edit(native / file, old, new)
        after = {name: sources.fingerprint(name) for name in names}
        assert tuple(n for n in names if before[n] != after[n]) == changed, (file, new)


def test_a_function_without_a_row_is_refused(native: Path) -> None:
    _edit(native / "functions.def", "SMOOTH(sigmoid, 0)\n", "")
    with pytest.raises(LookupError, match="sigmoid"):
        sources.fingerprint("sigmoid")
