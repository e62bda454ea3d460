"""What decides the results of a function: some of the native sources, and the compiler's flags.

Comments and white space do not. Nor does who computes which part (threads.h), nor the table that
says which kernel has which name (loops.cpp), which the ordinary tests of every function would find
wrong; nor do the names of the files that are compiled, of all that the build file says.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
NATIVE = ROOT / "native"

# How a kernel is made of a formula and run over an array, and how it is compiled.
COMMON = ("elementwise.h", "kinds.h", "meson.build")
WITHOUT = ("threads.h",)


@cache
def _text(path: Path) -> str:
    """The content without comments, one blank for any white space."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".build":
        text = re.sub(r"'\w+\.cpp',", "", re.sub(r"#.*", "", text))
    else:
        text = re.sub(r"//.*", "", text)
    return " ".join(text.split())


@cache
def _included(path: Path) -> frozenset[Path]:
    """A file and all that it includes."""
    names = re.findall(r'#include "(.+?)"', path.read_text(encoding="utf-8"))
    found = (_included(NATIVE / name) for name in names if name not in WITHOUT)
    return frozenset({path}).union(*found)


@cache
def _defining(name: str) -> frozenset[Path]:
    """The headers with the formulas of a function."""
    # As a function, or by a macro that makes one.
    formula = re.compile(rf"^(inline [^(]*\b|[A-Z_]+\()(grad_)?{name}[(,]", re.MULTILINE)
    return frozenset(p for p in NATIVE.glob("*.h") if formula.search(p.read_text("utf-8")))


def sources(name: str) -> list[Path]:
    """The files that decide the results of a function, beside its row in functions.def."""
    starts = _defining(name) | {NATIVE / common for common in COMMON}
    return sorted(frozenset().union(*(_included(path) for path in starts)))


def _row(name: str) -> str:
    """The row of a function, which says what its formula is written over."""
    rows = (NATIVE / "functions.def").read_text(encoding="utf-8")
    found = re.search(rf"^[A-Z]+\({name}, \d+\)$", rows, re.MULTILINE)
    if not found:
        raise LookupError(f"{name} has no row in functions.def")
    return found[0]


@cache
def fingerprint(name: str) -> str:
    """The SHA-256 of what decides the results of a function."""
    digest = hashlib.sha256(_row(name).encode())
    for path in sources(name):
        digest.update(f"\0{path.name}\0{_text(path)}".encode())
    return digest.hexdigest()
