"""Every instruction-set level that this processor runs can be chosen, and passes the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ogive import _core

HERE = Path(__file__).parent
# The functions of rows and the losses: test_rows.
WITH_VECTORS = ("test_limits.py", "test_ufunc_behaviour.py")


def _run(level: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"OGIVE_ISA": level},
        cwd=HERE.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def test_levels() -> None:
    assert _core.isa in _core.isa_supported
    assert set(_core.isa_supported) <= set(_core.isa_levels)
    # In order, from the lowest; the lowest always runs.
    assert list(_core.isa_supported) == [
        level for level in _core.isa_levels if level in _core.isa_supported
    ]
    assert _core.isa_supported[0] == _core.isa_levels[0]


@pytest.mark.parametrize("level", _core.isa_supported)
def test_the_environment_picks_a_level(level: str) -> None:
    result = _run(level, "-c", "from ogive import _core; print(_core.isa)")
    assert result.stdout.split() == [level], result.stderr


def test_the_highest_level_is_the_default() -> None:
    # An empty variable is as good as none.
    result = _run("", "-c", "from ogive import _core; print(_core.isa)")
    assert result.stdout.split() == [_core.isa_supported[-1]], result.stderr


def test_an_unknown_level_is_an_error_that_names_the_levels() -> None:
    result = _run("v9", "-c", "import ogive")
    assert result.returncode != 0
    last = result.stderr.strip().splitlines()[-1]
    assert "OGIVE_ISA" in last
    assert "v9" in last
    assert all(level in last for level in _core.isa_supported)


@pytest.mark.parametrize("level", [level for level in _core.isa_supported if level != _core.isa])
def test_a_lower_level_passes_the_tests(level: str) -> None:
    """The accuracy at every level is measured in test_accuracy."""
    files = [str(HERE / name) for name in WITH_VECTORS]
    result = _run(level, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files)
    assert result.returncode == 0, result.stdout[-4000:]
