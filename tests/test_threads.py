"""Large arrays split over threads: the same bits, beside the caller's threads, after a fork."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from subjects import SUBJECTS, Subject, arguments, bits

import ogive
from ogive.catalog import CATALOG, DTYPES

# Enough elements for two threads, and a part of a share besides.
LARGE = 2**21 + 2**17 + 3


@pytest.fixture
def threads() -> Iterator[Any]:
    """The setter of the number of threads; afterwards it is as it was."""
    before = ogive.get_num_threads()
    yield ogive.set_num_threads
    ogive.set_num_threads(before)


def _repeated(function: Any, name: str, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """A large array, and what a function of it is by what it is of a small one."""
    tile = arguments(name, dtype, 2003)
    return np.resize(tile, LARGE), np.resize(function(tile), LARGE)


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_any_number_of_threads_gives_the_same_bits(subject: Subject, threads: Any) -> None:
    x, expected = _repeated(subject, subject.name, "float32")
    for count in (1, 2, 3):
        threads(count)
        assert np.array_equal(bits(subject(x)), bits(expected)), count


@pytest.mark.parametrize("name", ["sigmoid", "relu", "gelu", "elu"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("step", [1, 2, -1])
def test_any_dtype_and_stride(name: str, dtype: str, step: int, threads: Any) -> None:
    function = getattr(ogive, name)
    x, expected = _repeated(function, name, dtype)
    for count in (2, 5):
        threads(count)
        out = np.zeros(x.size * abs(step), dtype)[::step]
        function(x[::-1], out=out)
        assert np.array_equal(bits(out), bits(expected[::-1]))


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_rows(name: str, threads: Any) -> None:
    function = getattr(ogive, name)
    x = np.resize(arguments("relu", "float32", 30011), (70001, 32))
    threads(1)
    expected = function(x)
    threads(3)
    assert np.array_equal(bits(function(x)), bits(expected))


@pytest.mark.parametrize("name", ["sigmoid", "relu", "gelu"])
@pytest.mark.parametrize("offset", [0, 1, 5])
def test_beyond_the_caches(name: str, offset: int) -> None:
    # 96 MiB in and out: more than a last-level cache, where stores may bypass it.
    tile = arguments(name, "float32", 4099)
    n = 24 * 2**20
    x = np.resize(tile, n + offset)[offset:]
    expected = np.resize(getattr(ogive, name)(tile), n + offset)[offset:]
    buffer = np.full(n + offset + 7, 7.0, dtype=np.float32)
    out = buffer[offset : n + offset]
    getattr(ogive, name)(x, out=out)
    assert np.array_equal(bits(out), bits(expected))
    assert (buffer[:offset] == 7.0).all()
    assert (buffer[n + offset :] == 7.0).all()


@pytest.mark.parametrize("name", CATALOG)
def test_large_strided_in_place_and_masked(name: str, threads: Any) -> None:
    threads(3)
    function = getattr(ogive, name)
    x, expected = _repeated(function, name, "float32")
    assert np.array_equal(bits(function(x[::2])), bits(expected[::2]))
    mask = np.arange(x.size) % 3 == 0
    out = np.full_like(x, 7.0)
    function(x, out=out, where=mask)
    assert np.array_equal(out, np.where(mask, expected, 7.0))
    function(x, out=x)
    assert np.array_equal(bits(x), bits(expected))


# ---- the caller's own threads -------------------------------------------------------------------


def test_calls_from_many_threads(threads: Any) -> None:
    calls = [
        (subject, arguments(subject.name, dtype, size, seed))
        for seed, subject in enumerate(SUBJECTS)
        for dtype, size in (("float32", 1), ("bfloat16", 300), ("float64", 5000))
    ]
    expected = [subject(x) for subject, x in calls]
    order = np.random.default_rng(0).permutation(3 * len(calls)) % len(calls)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda i: (i, calls[i][0](calls[i][1])), order))
    for i, result in results:
        assert np.array_equal(bits(result), bits(expected[i])), str(calls[i][0])


def test_large_calls_at_once_while_the_number_changes(threads: Any) -> None:
    cases = [_repeated(getattr(ogive, name), name, "float32") for name in ("sigmoid", "elu")]
    functions = (ogive.sigmoid, ogive.elu)

    def call(i: int) -> bool:
        threads(1 + i % 4)
        (x, expected), function = cases[i % 2], functions[i % 2]
        return np.array_equal(bits(function(x)), bits(expected))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(call, range(16)))


@pytest.mark.parametrize("name", ["sigmoid", "softplus"])
def test_the_interpreter_is_free_while_a_loop_runs(name: str, threads: Any) -> None:
    threads(1)
    x = np.resize(arguments(name, "float64", 1009), 2**22)
    ticks: list[float] = []
    done = Event()

    def tick() -> None:
        while not done.wait(0.001):
            ticks.append(perf_counter())

    interval = sys.getswitchinterval()
    # So long that a thread runs only while another waits, or has given up the lock.
    sys.setswitchinterval(60.0)
    ticking = Thread(target=tick)
    try:
        ticking.start()
        begin = perf_counter()
        getattr(ogive, name)(x)
        end = perf_counter()
    finally:
        done.set()
        sys.setswitchinterval(interval)
    ticking.join()
    assert [time for time in ticks if begin < time < end]


FORK = """
import os, sys, warnings
import numpy as np
import ogive
from concurrent.futures import ThreadPoolExecutor

warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads
ogive.set_num_threads(3)
x = np.linspace(-9, 9, 2**22 + 17, dtype=np.float32)
functions = (ogive.sigmoid, ogive.elu, ogive.softplus)
expected = [function(x) for function in functions]

def right():
    return all(np.array_equal(f(x), e) for f, e in zip(functions, expected))

def in_child(depth):
    child = os.fork()
    if child == 0:
        try:
            ok = right() and (depth == 0 or in_child(depth - 1)) and right()
        finally:
            os._exit(0 if ok else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

assert right() and in_child(1) and right()
# While other threads are in the midst of it.
with ThreadPoolExecutor(2) as pool:
    busy = [pool.submit(right) for _ in range(6)]
    assert all(in_child(0) for _ in range(3))
    assert all(future.result() for future in busy)
assert right() and in_child(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_before_and_after_a_fork() -> None:
    result = subprocess.run(
        [sys.executable, "-c", FORK], capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode == 0, result.stderr


def test_worker_processes_receive_the_functions_by_name() -> None:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    x = np.linspace(-3, 3, 101, dtype=np.float32)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for function in (ogive.sigmoid, ogive.elu, ogive.grad.gelu, ogive.grad.softplus):
            got = pool.submit(function, x).result()
            assert np.array_equal(bits(got), bits(function(x)))
