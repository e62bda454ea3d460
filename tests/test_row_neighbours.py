"""What becomes of a row depends on no other: not on its place, its neighbours or their layout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from subjects import DTYPES, bits

import ogive

inf, nan = np.inf, np.nan
NAMES = ("softmax", "log_softmax", "logsumexp")
# On both sides of where rows are no longer taken many at a time, of whole vectors, and of what is
# kept outside the results.
LENGTHS = (1, 2, 3, 5, 15, 16, 17, 40, 64, 65, 100, 128, 191, 192, 193, 300, 1000)
LONG = (16_384, 16_400, 40_000)

each_name = pytest.mark.parametrize("name", NAMES)
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


def _matrix(n: int, count: int, dtype: str) -> np.ndarray:
    """Rows of all kinds in turn: narrow, wide, equal, beyond the fast way, infinite, with NaN."""
    rng = np.random.default_rng(n)
    x = rng.normal(0, 3, (count, n))
    for i in range(count):
        kind = i % 13
        if kind in (1, 2):
            x[i] *= 30.0**kind
        elif kind == 3:
            x[i] = 3.25
        elif kind == 4:
            x[i, rng.integers(n)] += 500
        elif kind == 5:
            x[i, rng.random(n) < 0.5] = -inf
        elif kind == 6 and i % 2:
            x[i, rng.integers(n)] = rng.choice([inf, nan])
        elif kind == 7 and i % 2:
            x[i] = -inf
        elif kind == 8:
            x[i] *= 1e-3
        elif kind == 9:
            x[i] += 60_003
    return np.clip(x, -6.5e4, 6.5e4, where=np.isfinite(x), out=x).astype(dtype)


def _alone(name: str, x: np.ndarray) -> np.ndarray:
    return np.stack([getattr(ogive, name)(row.copy()) for row in x])


def _same(got: Any, expected: Any) -> None:
    # A NaN has many patterns.
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected))
    some = ~np.isnan(expected)
    np.testing.assert_array_equal(bits(got[some]), bits(expected[some]))


@each_name
@each_dtype
@pytest.mark.parametrize("n", LENGTHS)
def test_rows_among_others(name: str, dtype: str, n: int) -> None:
    function = getattr(ogive, name)
    x = _matrix(n, 150, dtype)
    expected = _alone(name, x)
    _same(function(x), expected)
    _same(function(x[::-1])[::-1], expected)
    _same(function(np.asfortranarray(x)), expected)
    _same(function(np.ascontiguousarray(x.T), axis=0).T, expected)
    _same(function(x, where=np.ones(x.shape, bool)), expected)
    for begin in (1, 7, 33):
        _same(function(x[begin : begin + 65]), expected[begin : begin + 65])
    if name != "logsumexp":
        apart = np.zeros((150, 2 * n + 3), dtype)
        function(x, out=apart[:, 3 : n + 3])
        _same(apart[:, 3 : n + 3], expected)
        assert not apart[:, :3].any()
        assert not apart[:, n + 3 :].any()
        again = x.copy()
        _same(function(again, out=again), expected)


@each_name
@each_dtype
@pytest.mark.parametrize("n", LONG)
def test_long_rows_among_others(name: str, dtype: str, n: int) -> None:
    x = _matrix(n, 13, dtype)
    _same(getattr(ogive, name)(x), _alone(name, x))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [10, 100, 193, 40_000])
def test_the_cross_entropy_of_a_row(dtype: str, n: int) -> None:
    x = _matrix(n, 26, dtype)
    t = np.random.default_rng(1).integers(0, n, 26)
    t[3] = -100
    for keywords in ({}, {"label_smoothing": 0.1}):
        loss, gradient = ogive.losses.cross_entropy(
            x, t, reduction="none", with_grad=True, **keywords
        )
        for i in range(26):
            one, slope = ogive.losses.cross_entropy(
                x[i : i + 1], t[i : i + 1], reduction="none", with_grad=True, **keywords
            )
            _same(loss[i : i + 1], one)
            _same(gradient[i : i + 1], slope)


@each_dtype
@pytest.mark.parametrize("n", [n for n in LENGTHS if n != 1000])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_of_rows_among_others(dtype: str, n: int, smoothing: float) -> None:
    def both(x: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return ogive.losses.cross_entropy(
            x, t, reduction="none", label_smoothing=smoothing, with_grad=True
        )

    x = _matrix(n, 150, dtype)
    t = np.random.default_rng(1).integers(0, n, 150)
    t[::11] = -100
    one_by_one = [both(x[i : i + 1], t[i : i + 1]) for i in range(150)]
    losses, gradients = (np.concatenate(several) for several in zip(*one_by_one, strict=True))
    assert not losses[::11].any()
    assert not gradients[::11].any()
    for got, some in (
        (both(x, t), slice(None)),
        (both(x[::-1], t[::-1]), slice(None, None, -1)),
        (both(np.asfortranarray(x), t), slice(None)),
        (both(x[7:72], t[7:72]), slice(7, 72)),
    ):
        _same(got[0], losses[some])
        _same(got[1], gradients[some])
    in_place = x.copy()
    ogive.losses.cross_entropy(
        in_place, t, reduction="sum", label_smoothing=smoothing, with_grad=True, out=in_place
    )
    _same(in_place, gradients)
