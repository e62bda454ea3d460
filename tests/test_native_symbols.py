"""The kernels of one instruction set cannot leak into another's path through the linker.

A weak symbol such as std::fabs, emitted by the AVX-512 unit, could be the copy that the linker
keeps for everybody. So the units may define nothing but their own table, and the module exports
nothing but its init function.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ogive import _core

NATIVE = Path(__file__).parents[1] / "native"
UNITS = {"loops": "level", "rows": "level_of_rows", "losses": "level_of_losses"}
"""The files that are compiled for every level, and the table that each defines."""
OF_THE_MODULE = {"loops.h", "numpy_api.h", "parametric.h", "threads.h", "ufuncs.h"}
KERNEL_FILES = sorted(
    {*NATIVE.glob("*.h"), *(NATIVE / f"{unit}.cpp" for unit in UNITS)}
    - {NATIVE / name for name in OF_THE_MODULE}
)
NM = shutil.which("nm")
ALLOWED = {"cstddef", "cstdint", "immintrin.h", "arm_neon.h"}


@pytest.mark.skipif(NM is None, reason="nm comes with the compiler's binutils")
def test_the_module_exports_its_init_function_alone() -> None:
    symbols = subprocess.run(
        [str(NM), "--dynamic", "--defined-only", "--format=posix", _core.__file__],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    exported = {line.split()[0] for line in symbols.splitlines()}
    assert exported == {"PyInit__core"}


@pytest.mark.skipif(NM is None, reason="nm comes with the compiler's binutils")
@pytest.mark.parametrize("isa", [level for level in _core.isa_levels if level.startswith("v")])
@pytest.mark.parametrize("name", UNITS)
def test_a_kernel_unit_defines_its_table_and_nothing_weak(
    name: str, isa: str, tmp_path: Path
) -> None:
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        pytest.skip("no C++ compiler: the package came as a wheel")
    unit = tmp_path / f"{name}.o"
    levels = " ".join(f"LEVEL({level})" for level in _core.isa_levels)
    subprocess.run(
        [
            compiler, "-std=c++17", "-O0", "-c", f"-march=x86-64-{isa}", "-fno-exceptions", "-w",
            f"-DOGIVE_ISA=ogive_{isa}", f"-DOGIVE_LEVELS={levels}",
            str(NATIVE / f"{name}.cpp"), "-o", str(unit),
        ],
        check=True,
    )  # fmt: skip
    symbols = subprocess.run(
        [str(NM), "--demangle", "--extern-only", "--defined-only", str(unit)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    defined = [line.split(maxsplit=2)[1:] for line in symbols.splitlines() if line.strip()]
    assert defined == [["D", f"ogive_{isa}::{UNITS[name]}"]], symbols


@pytest.mark.parametrize("path", KERNEL_FILES, ids=lambda path: path.name)
def test_kernel_files_include_nothing_of_the_library(path: Path) -> None:
    included = re.findall(r"#include <([^>]+)>", path.read_text(encoding="utf-8"))
    assert set(included) <= ALLOWED
