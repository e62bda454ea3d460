"""softmax, log_softmax and logsumexp: every entry against mpmath, every axis against the last."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import truth
from subjects import DTYPES, bits
from truth import Exact, ulp_errors

import ogive
from ogive import _core

inf, nan = np.inf, np.nan
NAMES = ("softmax", "log_softmax", "logsumexp")
BOUND = 2.0
# Next to the zero of logsumexp: this part of eps times the largest entry.
CANCELLED = 1 / 64

each_name = pytest.mark.parametrize("name", NAMES)
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


def _rows(dtype: str) -> list[np.ndarray]:
    """Rows of 1 to 1000 entries: flat and steep, with ties, near a limit, of all sizes."""
    rng = np.random.default_rng(8)
    lengths = (1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 192, 193, 257, 1000)
    rows = [rng.normal(0, scale, n) for n in lengths for scale in (0.01, 1.0, 10.0)]
    rows += [rng.uniform(-200, 200, n) for n in (2, 5, 50)]
    rows += [np.full(n, 3.25) for n in (2, 3, 10, 1000)]
    rows += [np.array([0.0, -gap]) for gap in (1e-3, 0.5, 5, 20, 50, 100, 300, 700, 740)]
    rows += [np.array([-gap, 4.0 - gap, -2 * gap]) for gap in (1.0, 17.0, 60.0, 88.0)]
    rows += [np.array([1e4, 1e4 - 3, -1e4]), np.array([-6e4, -6e4 + 1, -6e4])]
    rows += [rng.choice([-1.0, 1.0], 9) * np.exp(rng.uniform(-15, 4, 9)) for _ in range(20)]
    if dtype != "float16":
        rows += [np.array([1e30, -1e30, 1e30]), np.array([1e-40, 0.0, -1e-40])]
    return [row.astype(dtype) for row in rows]


def _exact(name: str, row: np.ndarray) -> Exact:
    if name == "logsumexp":
        return Exact.of([truth.logsumexp(row)])
    return Exact.of(getattr(truth, name)(row))


@each_name
@each_dtype
def test_every_entry_is_within_two_ulp(name: str, dtype: str) -> None:
    for row in _rows(dtype):
        got = np.atleast_1d(getattr(ogive, name)(row))
        assert got.dtype == dtype
        errors = ulp_errors(got, _exact(name, row), dtype)
        worst = int(np.argmax(errors))
        assert errors[worst] <= BOUND, (errors[worst], got[worst], row.size, row[:10].tolist())


@each_dtype
def test_logsumexp_next_to_its_zero(dtype: str) -> None:
    # Where the largest entry and the logarithm of the rest cancel.
    rng = np.random.default_rng(9)
    for n in (2, 3, 10):
        for _ in range(40):
            row = rng.normal(0, 1, n).astype(dtype)
            row -= ogive.logsumexp(row)
            got = ogive.logsumexp(row)
            exact = truth.logsumexp(row)
            if truth.ulp_error(got, exact) > BOUND:
                error = abs(float(got - exact))
                terms = float(np.abs(row).max())
                assert error <= CANCELLED * float(np.finfo(dtype).eps) * terms, (error, row)


def test_the_entry_that_others_lose() -> None:
    got = ogive.log_softmax(np.array([0, -20], dtype=np.float32))
    assert got[0] == np.float32(-2.0611536e-09)
    assert got[1] == -20


@pytest.mark.parametrize(
    ("row", "softmax", "log_softmax", "logsumexp"),
    [
        ([inf, 0.0], [1.0, 0.0], [0.0, -inf], inf),
        ([0.0, 3.0, inf, -inf], [0.0, 0.0, 1.0, 0.0], [-inf, -inf, 0.0, -inf], inf),
        ([inf, inf], [nan, nan], [nan, nan], inf),
        ([inf, inf, 0.0], [nan] * 3, [nan] * 3, inf),
        ([-inf, -inf], [nan, nan], [nan, nan], -inf),
        ([-inf], [nan], [nan], -inf),
        ([inf], [1.0], [0.0], inf),
        ([5.0], [1.0], [0.0], 5.0),
        ([-inf, 2.0], [0.0, 1.0], [-inf, 0.0], 2.0),
        ([0.0, nan], [nan, nan], [nan, nan], nan),
        ([nan, inf], [nan, nan], [nan, nan], nan),
        ([nan, -inf], [nan, nan], [nan, nan], nan),
    ],
)
@each_dtype
def test_infinities_and_nan(
    row: list[float], softmax: list[float], log_softmax: list[float], logsumexp: float, dtype: str
) -> None:
    x = np.array(row, dtype=dtype)
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(ogive.softmax(x), np.array(softmax, dtype=dtype))
        np.testing.assert_array_equal(ogive.log_softmax(x), np.array(log_softmax, dtype=dtype))
        np.testing.assert_array_equal(ogive.logsumexp(x), np.array(logsumexp, dtype=dtype))
    # In a long row and among other rows it is the same.
    padded = np.full((3, 40), -inf, dtype=dtype)
    padded[:, 0] = 1.0
    padded[1] = -inf
    padded[1, : x.size] = x
    np.testing.assert_array_equal(ogive.logsumexp(padded)[1], np.array(logsumexp, dtype=dtype))
    if not np.isnan(softmax).any():
        np.testing.assert_array_equal(ogive.softmax(padded)[1, : x.size], softmax)
    assert ogive.softmax(padded)[[0, 2], 0].tolist() == [1.0, 1.0]


@each_dtype
def test_empty_rows(dtype: str) -> None:
    for shape in ((0,), (3, 0), (0, 5), (0, 0)):
        x = np.empty(shape, dtype=dtype)
        for name in ("softmax", "log_softmax"):
            assert getattr(ogive, name)(x).shape == shape
    assert ogive.logsumexp(np.empty((3, 0), dtype=dtype)).tolist() == [-inf] * 3
    assert ogive.logsumexp(np.empty((0, 5), dtype=dtype)).shape == (0,)


@each_name
@each_dtype
@pytest.mark.parametrize("n", [1, 2, 3, 5, 10, 37, 130])
def test_every_axis_and_stride(name: str, dtype: str, n: int) -> None:
    function = getattr(ogive, name)
    x = np.random.default_rng(n).normal(0, 4, (3, n, 5)).astype(dtype)
    for axis in (0, 1, 2, -1, -2, -3):
        got = function(x, axis=axis)
        rows = np.ascontiguousarray(np.moveaxis(x, axis, -1))
        expected = np.stack([function(row) for row in rows.reshape(-1, rows.shape[-1])])
        if name == "logsumexp":
            expected = expected.reshape(rows.shape[:-1])
        else:
            expected = np.moveaxis(expected.reshape(rows.shape), -1, axis)
        np.testing.assert_array_equal(bits(got), bits(expected))
        np.testing.assert_array_equal(function(x, axis), got)
    np.testing.assert_array_equal(function(x[:, ::-1], axis=1)[0], function(x[0, ::-1].copy(), 0))
    tall = np.zeros((6, 2 * n, 5), dtype=dtype)
    tall[::2, ::2] = x
    np.testing.assert_array_equal(function(tall[::2, ::2], axis=1), function(x, axis=1))


@each_name
@each_dtype
def test_out_and_keepdims(name: str, dtype: str) -> None:
    function = getattr(ogive, name)
    x = np.random.default_rng(3).normal(0, 4, (7, 11)).astype(dtype)
    for axis in (0, 1):
        expected = function(x, axis=axis)
        out = np.full_like(expected, 7.0)
        assert function(x, axis=axis, out=out) is out
        np.testing.assert_array_equal(out, expected)
        wide = np.full((*expected.shape, 2), 7.0, dtype=dtype)
        function(x, axis=axis, out=wide[..., 1])
        np.testing.assert_array_equal(wide[..., 1], expected)
        assert (wide[..., 0] == 7.0).all()
        if name == "logsumexp":
            kept = function(x, axis=axis, keepdims=True)
            assert kept.shape == tuple(1 if i == axis else n for i, n in enumerate(x.shape))
            np.testing.assert_array_equal(kept.squeeze(axis), expected)
        else:
            in_place = x.copy()
            function(in_place, axis=axis, out=in_place)
            np.testing.assert_array_equal(in_place, expected)


@each_name
def test_dtypes(name: str) -> None:
    function = getattr(ogive, name)
    for code in "?bBhHiIlLefd":
        x = np.array([0, 1, 1], dtype=code)
        expected = np.tanh(x).dtype
        assert function(x).dtype == expected
        np.testing.assert_array_equal(function(x), function(x.astype(expected)))
    assert function([0.0, 1.0]).dtype == np.float64
    assert function([0.0, 1.0], dtype=np.float32).dtype == np.float32


@each_name
def test_bad_input_raises(name: str) -> None:
    function = getattr(ogive, name)
    for code in ("g", "D", "O", "U3"):
        with pytest.raises(TypeError, match=r"(?s)float16.*float32.*float64"):
            function(np.zeros(3, dtype=code))
    with pytest.raises(np.exceptions.AxisError, match="axis 2"):
        function(np.zeros((2, 3)), axis=2)
    with pytest.raises(TypeError, match="integer"):
        function(np.zeros((2, 3)), axis=0.5)
    with pytest.raises(ValueError, match="dimension"):
        function(1.0)
    with pytest.raises(ValueError, match=r"mismatch|broadcast"):
        function(np.zeros((2, 3)), out=np.zeros((2, 4, 5)))


@each_name
@each_dtype
def test_misaligned_swapped_and_read_only(name: str, dtype: str) -> None:
    function = getattr(ogive, name)
    x = np.random.default_rng(4).normal(0, 4, (6, 21)).astype(dtype)
    expected = function(x)
    raw = np.zeros(x.nbytes + 1, dtype=np.uint8)
    raw[1:] = x.ravel().view(np.uint8)
    np.testing.assert_array_equal(function(raw[1:].view(dtype).reshape(x.shape)), expected)
    np.testing.assert_array_equal(function(x.astype(x.dtype.newbyteorder())), expected)
    x.flags.writeable = False
    np.testing.assert_array_equal(function(x), expected)


@each_name
@pytest.mark.parametrize("shape", [(1_300_000, 1), (400_000, 3), (40_000, 30), (40, 32_000)])
def test_any_number_of_threads_gives_the_same_bits(name: str, shape: tuple[int, int]) -> None:
    function = getattr(ogive, name)
    x = np.random.default_rng(5).normal(0, 4, shape).astype(np.float32)
    before = ogive.get_num_threads()
    results: list[Any] = []
    try:
        for threads in (1, 2, 3):
            ogive.set_num_threads(threads)
            results.append(bits(function(x)))
    finally:
        ogive.set_num_threads(before)
    assert all(np.array_equal(result, results[0]) for result in results)
    chosen = np.random.default_rng(6).integers(0, shape[0], 50)
    few = np.stack([np.asarray(function(x[i])) for i in chosen])
    np.testing.assert_array_equal(results[0][chosen], bits(few))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(4_000_000,), (40_000, 100), (100_000, 37)], ids=str)
def test_large_results_lie_anywhere(shape: tuple[int, ...], dtype: str) -> None:
    # Beyond the caches, and not at the beginning of a cache line.
    x = np.random.default_rng(11).normal(0, 4, shape).astype(dtype)
    line = 64 // x.itemsize
    buffer = np.empty(x.size + 2 * line, dtype)
    expected = {name: getattr(ogive, name)(x) for name in ("softmax", "log_softmax")}
    first = -buffer.ctypes.data // x.itemsize % line
    for name, offset in product(expected, (0, 1, 2, 5, line // 2, line - 1)):
        buffer[...] = -1
        out = buffer[first + offset : first + offset + x.size].reshape(shape)
        getattr(ogive, name)(x, out=out)
        np.testing.assert_array_equal(bits(out), bits(expected[name]), err_msg=f"{name} {offset}")
        assert (buffer[: first + offset] == -1).all()
        assert (buffer[first + offset + x.size :] == -1).all()
    row = tuple(i // 2 for i in shape[:-1])
    logs = x[row].astype(np.float64) - ogive.logsumexp(x[row].astype(np.float64))
    rounding = 4 * float(np.finfo(dtype).eps) * float(np.abs(logs).max())
    np.testing.assert_allclose(expected["log_softmax"][row], logs, rtol=0, atol=rounding)


def test_one_row_longer_than_the_caches() -> None:
    x = np.random.default_rng(7).normal(0, 4, 5_000_000)
    total = np.longdouble(0)
    for part in np.split(x, 50):
        total += np.exp(part.astype(np.longdouble)).sum()
    expected = np.log(total)
    assert abs(ogive.logsumexp(x) - expected) <= 2 * np.spacing(float(expected))
    logs = ogive.log_softmax(x)
    assert np.abs(logs - (x - expected)).max() <= 2 * np.spacing(np.abs(logs).max())
    p = ogive.softmax(x)
    error = np.abs(p - np.exp(x.astype(np.longdouble)) / total)
    assert (error <= 2 * np.spacing(p)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("entry", [-0.1236, -0.5772, -0.9])
def test_what_is_rounded_off_equal_entries_does_not_add_up(dtype: str, entry: float) -> None:
    x = np.full(3_000_000, entry, dtype)
    x[0] = 0
    e = np.exp(x[1].astype(np.longdouble))
    total = 1 + (x.size - 1) * e
    p = ogive.softmax(x)
    for got, exact in ((p[0], 1 / total), (p[-1], e / total)):
        assert abs(got - exact) <= 2 * np.spacing(got)


@pytest.mark.parametrize("level", [level for level in _core.isa_supported if level != _core.isa])
@pytest.mark.parametrize("file", ["test_rows", "test_row_neighbours", "test_losses"])
def test_the_other_levels(file: str, level: str) -> None:
    """These tests and those of the losses, in a process for each file and each other level.

    The 16-bit types, which are widened when loaded, take the way of float64.
    """
    result = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *(
                "-k",
                "not test_the_other_levels and not float16",
                Path(__file__).with_name(f"{file}.py"),
            ),
        ],
        env=os.environ | {"OGIVE_ISA": level},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
