"""What is in use, and the number of threads."""

from __future__ import annotations

import os
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


def test_more_threads_than_there_can_be_are_as_many_as_there_can() -> None:
    before = ogive.get_num_threads()
    try:
        for threads in (257, 10**6, 2**70):
            ogive.set_num_threads(threads)
            assert ogive.get_num_threads() == 256
    finally:
        ogive.set_num_threads(before)


def _threads_in(environment: dict[str, str], statement: str = "") -> int:
    """The number of threads in a fresh interpreter."""
    inherited = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    script = f"import os\n{statement}\nimport ogive\nprint(ogive.get_num_threads())"
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env=inherited | environment,
    )
    assert result.returncode == 0, result.stderr
    return int(result.stdout)


@pytest.mark.parametrize(
    ("environment", "threads"),
    [
        ({"OGIVE_NUM_THREADS": "3"}, 3),
        ({"OMP_NUM_THREADS": "5"}, 5),
        ({"OMP_NUM_THREADS": "4,2"}, 4),
        ({"OGIVE_NUM_THREADS": "3", "OMP_NUM_THREADS": "5"}, 3),
        ({"OGIVE_NUM_THREADS": "", "OMP_NUM_THREADS": "5"}, 5),
        ({"OGIVE_NUM_THREADS": "100000"}, 256),
    ],
    ids=str,
)
def test_the_environment_sets_the_number_of_threads(
    environment: dict[str, str], threads: int
) -> None:
    assert _threads_in(environment) == threads


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="a system without affinity")
@pytest.mark.parametrize("nonsense", ["0", "-2", "two", "2x", " ", "1.5"])
def test_nonsense_in_the_environment_is_as_if_it_were_not_there(nonsense: str) -> None:
    allowed = len(os.sched_getaffinity(0))
    assert _threads_in({"OGIVE_NUM_THREADS": nonsense}) == min(allowed, 256)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="a system without affinity")
def test_by_default_as_many_threads_as_the_process_may_run_on() -> None:
    one = "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})"
    assert _threads_in({}, one) == 1
    assert _threads_in({}) == min(len(os.sched_getaffinity(0)), 256)
