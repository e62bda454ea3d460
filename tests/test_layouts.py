"""Any layout of memory gives what contiguous copies give, and nothing beside `out` is written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from subjects import PUBLIC, SUBJECTS, arguments, bits

import ogive
from ogive.catalog import DTYPES

# What differs between the functions as the loops see them: the number of operands, the way each
# dtype goes through registers, parameters.
LOOPS: dict[str, tuple[Any, int]] = {
    "relu": (ogive.relu, 1),
    "sigmoid": (ogive.sigmoid, 1),
    "gelu": (ogive.gelu, 1),
    "elu": (ogive.elu, 1),
    "elu of alpha": (ogive.elu, 2),
    "elu by alpha": (partial(ogive.grad.elu, wrt="alpha"), 1),
    "backward relu": (ogive.backward.relu, 2),
    "backward tanh": (ogive.backward.tanh, 2),
    "backward leaky_relu": (ogive.backward.leaky_relu, 2),
    "backward softplus of beta": (ogive.backward.softplus, 3),
}

each_dtype = pytest.mark.parametrize("dtype", DTYPES)
each_loop = pytest.mark.parametrize("name", LOOPS)

BACKGROUND = 0x5A


@dataclass(frozen=True)
class Layout:
    """How an array lies: steps in elements (0 repeats), axes from the innermost, bytes before."""

    steps: tuple[int, ...]
    axes: tuple[int, ...]
    offset: int

    def view(self, buffer: np.ndarray, at: int, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        """An array of this layout whose lowest byte is at a place in the buffer."""
        strides = self.strides(shape, dtype)
        lowest = sum(min(0, s * (n - 1)) for n, s in zip(shape, strides, strict=True) if n)
        return np.ndarray(shape, dtype, buffer, at + self.offset - lowest, strides)

    def strides(self, shape: tuple[int, ...], dtype: str) -> tuple[int, ...]:
        """Bytes from one element to the next along each axis: no two share memory but by step 0."""
        strides = [0] * len(shape)
        extent = np.dtype(dtype).itemsize
        for axis in self.axes:
            strides[axis] = self.steps[axis] * extent
            extent *= max(abs(self.steps[axis]) * (shape[axis] - 1) + 1, 1)
        return tuple(strides)

    def nbytes(self, shape: tuple[int, ...], dtype: str) -> int:
        """What the array takes of the buffer."""
        strides = self.strides(shape, dtype)
        spans = (abs(s) * (n - 1) for n, s in zip(shape, strides, strict=True) if n)
        return sum(spans) + np.dtype(dtype).itemsize + self.offset


@st.composite
def layouts(draw: Any, ndim: int, repeat: bool) -> Layout:
    """Any layout; with repeat, one whose elements may coincide, as those of an input."""
    step = st.sampled_from([1, 1, 1, 2, 3, -1, -2, *([0] if repeat else [])])
    steps = tuple(draw(step) for _ in range(ndim))
    axes = tuple(draw(st.permutations(range(ndim))))
    # Fewer than an element: misaligned.
    return Layout(steps, axes, draw(st.sampled_from([0, 0, 0, 1, 2, 3, 4])))


# Long rows fill several vectors at every level and pass through more than one block.
shapes = st.one_of(
    st.just(()),
    st.tuples(st.integers(0, 150)),
    st.tuples(st.sampled_from([512, 513, 1100])),
    st.tuples(st.integers(0, 40), st.integers(0, 40)),
    st.tuples(st.integers(0, 5), st.integers(1, 4), st.integers(0, 30)),
)


def _bits(array: Any) -> np.ndarray:
    """The bit patterns, one and the same for every NaN: which NaN comes out is not promised."""
    array = np.asarray(array)
    return bits(np.where(np.isnan(array), np.array(np.nan, array.dtype), array))


def _filled(view: np.ndarray, seed: int) -> np.ndarray:
    """The view, with ordinary arguments written to it."""
    view[...] = arguments("relu", view.dtype.name, view.size, seed).reshape(view.shape)
    return view


def _positive(array: np.ndarray) -> np.ndarray:
    """A parameter of softplus."""
    array[...] = np.abs(array) + np.ones((), array.dtype)
    return array


@each_loop
@each_dtype
@settings(max_examples=30, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_layout(name: str, dtype: str, data: st.DataObject) -> None:
    function, count = LOOPS[name]
    shape = data.draw(shapes, "shape")
    inputs = []
    for i in range(count):
        layout = data.draw(layouts(len(shape), repeat=True), f"input {i}")
        buffer = np.full(layout.nbytes(shape, dtype), BACKGROUND, np.uint8)
        inputs.append(_filled(layout.view(buffer, 0, shape, dtype), i))
    if name.endswith("beta"):
        inputs[-1] = _positive(inputs[-1])
    expected = np.asarray(function(*(np.array(array, order="C") for array in inputs)))

    layout = data.draw(layouts(len(shape), repeat=False), "out")
    around = data.draw(st.sampled_from([0, 64, 8]), "bytes before out")
    buffer = np.full(layout.nbytes(shape, dtype) + around + 16, BACKGROUND, np.uint8)
    out = layout.view(buffer, around, shape, dtype)
    keywords: dict[str, Any] = {}
    # A parameter that is a Python float is cast to a dtype that is not NumPy's own.
    default = name in ("elu", "elu by alpha", "backward leaky_relu")
    if not (default and dtype == "bfloat16") and data.draw(st.booleans(), "casting='no'"):
        keywords["casting"] = "no"
    mask = np.ones(shape, bool)
    if data.draw(st.booleans(), "where"):
        mask = np.random.default_rng(0).random(shape) < data.draw(st.sampled_from([0.1, 0.5, 0.95]))
        keywords["where"] = mask
    kept = [array.tobytes() for array in inputs]
    untouched = buffer.copy()
    np.copyto(layout.view(untouched, around, shape, dtype), expected, where=mask)

    assert function(*inputs, out=out, **keywords) is out
    assert buffer.tobytes() == untouched.tobytes()
    assert [array.tobytes() for array in inputs] == kept
    if "where" not in keywords:
        fresh = np.asarray(function(*inputs, **keywords))
        np.testing.assert_array_equal(bits(fresh), bits(expected))


@each_loop
@each_dtype
@settings(max_examples=30, deadline=None, derandomize=True)
@given(data=st.data())
def test_inputs_and_out_share_a_buffer(name: str, dtype: str, data: st.DataObject) -> None:
    function, count = LOOPS[name]
    size = np.dtype(dtype).itemsize
    n = data.draw(st.one_of(st.integers(0, 130), st.sampled_from([513, 1025])), "n")
    steps = st.sampled_from([1, 1, 1, -1, 2, -2])
    places = st.one_of(st.integers(0, 12 * size), st.sampled_from([0, size, 2 * size, 64]))
    buffer = np.zeros(2 * n * size + 512, np.uint8)
    _filled(buffer[: buffer.size // size * size].view(dtype), 0)

    def view(what: str) -> np.ndarray:
        layout = Layout((data.draw(steps, what),), (0,), 0)
        return layout.view(buffer, data.draw(places, what), (n,), dtype)

    inputs = [view("input") for _ in range(count)]
    out = view("out")
    if name.endswith("beta"):
        inputs[-1] = np.full((), 1.5, dtype)
    expected = function(*(array.copy() for array in inputs))
    assert function(*inputs, out=out) is out
    np.testing.assert_array_equal(_bits(out), _bits(expected))


@each_loop
@each_dtype
@settings(max_examples=20, deadline=None, derandomize=True)
@given(data=st.data())
def test_operands_broadcast(name: str, dtype: str, data: st.DataObject) -> None:
    function, count = LOOPS[name]
    shape = data.draw(shapes, "shape")
    inputs = []
    for i in range(count):
        own = tuple(1 if data.draw(st.booleans(), f"input {i}") else n for n in shape)
        own = own[data.draw(st.integers(0, len(own)), f"axes that input {i} lacks") :]
        layout = data.draw(layouts(len(own), repeat=True), f"layout of input {i}")
        buffer = np.zeros(layout.nbytes(own, dtype), np.uint8)
        inputs.append(_filled(layout.view(buffer, 0, own, dtype), i))
    if name.endswith("beta"):
        inputs[-1] = _positive(inputs[-1])
    got = np.asarray(function(*inputs))
    whole = np.broadcast_arrays(*inputs)
    expected = np.asarray(function(*(np.array(array, order="C") for array in whole)))
    assert got.shape == whole[0].shape
    np.testing.assert_array_equal(bits(got), bits(expected))


# ---- what else a ufunc of two operands has ------------------------------------------------------

BINARY = [subject for subject in SUBJECTS if subject.ufunc.nin == 2]
each_binary = pytest.mark.parametrize("subject", BINARY, ids=str)


def _small(dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """Arguments that stay within the domain of every function, however often it is applied."""
    return np.random.default_rng(7).uniform(0.1, 0.9, shape).astype(dtype)


@each_binary
@each_dtype
def test_reduce_and_accumulate(subject: Any, dtype: str) -> None:
    ufunc = subject.ufunc
    x = _small(dtype, (3, 70))
    for array in (x, x[:, ::2], x[:, ::-1], x.T.copy().T, np.asfortranarray(x)):
        running = np.empty(array.shape, dtype)
        running[:, 0] = array[:, 0]
        for j in range(1, array.shape[1]):
            for i in range(array.shape[0]):
                running[i, j] = ufunc(running[i, j - 1], array[i, j])
        np.testing.assert_array_equal(bits(ufunc.accumulate(array, axis=1)), bits(running))
        np.testing.assert_array_equal(bits(ufunc.accumulate(array.T)), bits(running.T))
        np.testing.assert_array_equal(bits(ufunc.reduce(array, axis=1)), bits(running[:, -1]))
        np.testing.assert_array_equal(bits(ufunc.reduce(array.T)), bits(running[:, -1]))
        out = array.copy()
        ufunc.accumulate(out, axis=1, out=out)
        np.testing.assert_array_equal(bits(out), bits(running))
    first = ufunc.reduce(x, axis=0)
    np.testing.assert_array_equal(bits(first), bits(ufunc(ufunc(x[0], x[1]), x[2])))
    assert first.dtype == dtype


@each_binary
@each_dtype
def test_reduceat_outer_and_at(subject: Any, dtype: str) -> None:
    ufunc = subject.ufunc
    x = _small(dtype, (41,))
    starts = [0, 5, 6, 30]
    pieces = [ufunc.reduce(x[i:j]) for i, j in zip(starts, [*starts[1:], 41], strict=True)]
    np.testing.assert_array_equal(bits(ufunc.reduceat(x, starts)), bits(np.array(pieces, dtype)))
    outer = ufunc.outer(x[:3], x)
    assert outer.dtype == dtype
    np.testing.assert_array_equal(bits(outer), bits(ufunc(x[:3, None], x)))
    changed = x.copy()
    ufunc.at(changed, [1, 4, 4], x[5:8])
    expected = x.copy()
    for index, value in zip([1, 4, 4], x[5:8], strict=True):
        expected[index] = ufunc(expected[index], value)
    np.testing.assert_array_equal(bits(changed), bits(expected))


UNARY = [subject for subject in PUBLIC if subject.ufunc.nin == 1]


@pytest.mark.parametrize("subject", UNARY, ids=str)
@each_dtype
def test_at_of_one_operand(subject: Any, dtype: str) -> None:
    x = _small(dtype, (30,))
    changed = x.copy()
    subject.ufunc.at(changed, [2, 29, 2])
    expected = x.copy()
    for index in (2, 29, 2):
        expected[index] = subject.ufunc(expected[index])
    np.testing.assert_array_equal(bits(changed), bits(expected))
