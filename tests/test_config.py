"""What is in use, and the number of threads."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import ogive
from ogive import _core


def test_show_config_as_dicts() -> None:
    config = ogive.show_config(mode="dicts")
    assert config is not None
    assert config["ogive"] == ogive.__version__
    assert config["numpy"] == np.__version__
    assert config["python"] == ".".join(map(str, sys.version_info[:3]))
    assert config["threads"] == ogive.get_num_threads()
    assert config["instruction set"] == {
        "in use": _core.isa,
        "supported": list(_core.isa_supported),
        "compiled": list(_core.isa_levels),
    }


def test_show_config_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert ogive.show_config() is None
    printed = capsys.readouterr().out
    assert f"ogive: {ogive.__version__}\n" in printed
    assert f"  in use: {_core.isa}\n" in printed
    assert f"  supported: {', '.join(_core.isa_supported)}\n" in printed
    assert f"threads: {ogive.get_num_threads()}\n" in printed


def test_show_config_refuses_another_mode() -> None:
    with pytest.raises(ValueError, match="'stdout' or 'dicts', not 'json'"):
        ogive.show_config(mode="json")


def test_the_number_of_threads_is_kept() -> None:
    before = ogive.get_num_threads()
    assert before >= 1
    try:
        for threads in (1, 3, np.int64(2)):
            ogive.set_num_threads(threads)
            assert ogive.get_num_threads() == threads
    finally:
        ogive.set_num_threads(before)


@pytest.mark.parametrize("threads", [0, -1, -(2**40)])
def test_fewer_than_one_thread_is_refused(threads: int) -> None:
    before = ogive.get_num_threads()
    with pytest.raises(ValueError, match=f"at least 1, not {threads}"):
        ogive.set_num_threads(threads)
    assert ogive.get_num_threads() == before


@pytest.mark.parametrize("threads", [1.5, "2", None, True, [1]])
def test_what_is_no_integer_is_refused(threads: object) -> None:
    before = ogive.get_num_threads()
    with pytest.raises(TypeError, match="is an integer, not"):
        ogive.set_num_threads(threads)
    assert ogive.get_num_threads() == before


def test_threads_survive_a_fork() -> None:
    script = (
        "import os, sys, numpy as np, ogive\n"
        "ogive.set_num_threads(2)\n"
        "x = np.linspace(-9, 9, 2**21, dtype=np.float32)\n"
        "expected = ogive.sigmoid(x)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(0 if np.array_equal(ogive.sigmoid(x), expected) else 1)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 0, result.stderr
