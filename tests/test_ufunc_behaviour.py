"""The functions behave as NumPy's own ufuncs do; `numpy.tanh` is the model."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from subjects import PUBLIC, SUBJECTS, Subject, arguments, bits

from ogive.catalog import DTYPES

each_subject = pytest.mark.parametrize("subject", SUBJECTS, ids=str)
each_dtype = pytest.mark.parametrize("dtype", DTYPES)

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)

# Longer than any vector, not a multiple of one.
N = 203


def same(got: Any, expected: Any) -> bool:
    """Equal in shape, dtype and every bit."""
    return (
        got.shape == expected.shape
        and got.dtype == expected.dtype
        and bits(got).tolist() == bits(expected).tolist()
    )


@each_subject
def test_is_a_ufunc(subject: Subject) -> None:
    operands = len(subject.record.parameters) + (2 if subject.kind == "backward" else 1)
    assert isinstance(subject.ufunc, np.ufunc)
    assert (subject.ufunc.nin, subject.ufunc.nout) == (operands, 1)
    if not subject.record.parameters:
        assert subject.function is subject.ufunc


@each_subject
@each_dtype
def test_a_large_array_equals_its_elements(subject: Subject, dtype: str) -> None:
    x = arguments(subject.name, dtype, N)
    elements = np.array([subject(element) for element in x], dtype=dtype)
    assert same(subject(x), elements)


BACKWARD = [subject for subject in SUBJECTS if subject.kind == "backward"]


@pytest.mark.parametrize("subject", BACKWARD, ids=str)
@each_dtype
def test_a_gradient_does_not_depend_on_its_neighbours(subject: Subject, dtype: str) -> None:
    end = float(ml_dtypes.finfo(dtype).max)
    tiny = float(ml_dtypes.finfo(dtype).smallest_subnormal)
    special = [0.0, 1.0, end, tiny, np.inf, np.nan, end / 8, 8 * tiny]
    gradient = np.array([*special, *np.negative(special)], dtype=dtype).repeat(13)
    x = arguments(subject.name, dtype, gradient.size, 1)
    defaults = subject.record.defaults().values()
    whole = subject.ufunc(gradient, x, *defaults)
    elements = [subject.ufunc(*pair, *defaults) for pair in zip(gradient, x, strict=True)]
    alone = np.array(elements, dtype=dtype)
    known = ~np.isnan(alone)
    assert np.array_equal(np.isnan(whole), ~known)
    assert same(whole[known], alone[known])
    ordinary = np.flatnonzero(np.abs(gradient.astype(float)) == 1)
    assert same(subject.ufunc(gradient[ordinary], x[ordinary], *defaults), whole[ordinary])


@each_subject
@each_dtype
def test_every_length_and_offset(subject: Subject, dtype: str) -> None:
    x = arguments(subject.name, dtype, N)
    whole = subject(x)
    for n in range(67):
        assert same(subject(x[:n]), whole[:n]), n
        assert same(subject(x[n:]), whole[n:]), n


@each_subject
@each_dtype
def test_out_is_filled_and_returned(subject: Subject, dtype: str) -> None:
    x = arguments(subject.name, dtype, N)
    expected = subject(x)
    buffer = np.full(N + 20, 7.0, dtype=dtype)
    out = buffer[10:-10]
    assert subject(x, out=out) is out
    assert same(out, expected)
    assert buffer[:10].tolist() == buffer[-10:].tolist() == [7.0] * 10
    again = np.empty_like(x)
    assert subject(x, out=(again,)) is again
    assert same(again, expected)


@each_subject
@each_dtype
@pytest.mark.parametrize("stride", [1, 2, -1])
def test_where_leaves_the_rest_alone(subject: Subject, dtype: str, stride: int) -> None:
    x = arguments(subject.name, dtype, N)
    expected = subject(x)
    for every in (2, 3, 5):
        mask = np.arange(N) % every == 0
        buffer = np.full(abs(stride) * (N + 20), 7.0, dtype=dtype)
        out = buffer[::stride][10 : N + 10]
        subject(x, out=out, where=mask)
        assert same(out[mask], expected[mask])
        assert (out[~mask] == 7.0).all()
        assert np.count_nonzero(buffer != 7.0) <= np.count_nonzero(mask)


@each_subject
@each_dtype
def test_in_place(subject: Subject, dtype: str) -> None:
    x = arguments(subject.name, dtype, N)
    expected = subject(x)
    subject(x, out=x)
    assert same(x, expected)


@each_subject
@each_dtype
@pytest.mark.parametrize("shift", [-9, -1, 1, 3])
def test_overlapping_input_and_output(subject: Subject, dtype: str, shift: int) -> None:
    buffer = arguments(subject.name, dtype, N + 9)
    n = N
    source = buffer[:n] if shift > 0 else buffer[-shift : n - shift]
    target = buffer[shift : n + shift] if shift > 0 else buffer[:n]
    expected = subject(source.copy())
    subject(source, out=target)
    assert same(target, expected)


@each_subject
@each_dtype
def test_strides(subject: Subject, dtype: str) -> None:
    x = arguments(subject.name, dtype, 6 * N)
    whole = subject(x)
    for step in (2, 3, -1, -2):
        assert same(subject(x[::step]), whole[::step])
        out = np.zeros(6 * N, dtype=dtype)
        subject(x[::step], out=out[::step])
        assert same(out[::step], whole[::step])
    repeated = np.broadcast_to(x[5], (N,))
    assert same(subject(repeated), np.broadcast_to(whole[5], (N,)))
    square = x[: 6 * 200].reshape(30, 40)
    assert same(subject(square.T), whole[: 6 * 200].reshape(30, 40).T)
    assert same(subject(square[::2, 1::3]), whole[: 6 * 200].reshape(30, 40)[::2, 1::3])
    assert subject(np.asfortranarray(square)).flags.f_contiguous


@each_subject
@each_dtype
def test_misaligned_read_only_and_byte_swapped(subject: Subject, dtype: str) -> None:
    x = arguments(subject.name, dtype, N)
    expected = subject(x)
    raw = np.zeros(x.nbytes + 1, dtype=np.uint8)
    raw[1:] = x.view(np.uint8)
    misaligned = raw[1:].view(dtype)
    assert not misaligned.flags.aligned
    assert same(subject(misaligned), expected)
    out = np.zeros(x.nbytes + 1, dtype=np.uint8)[1:].view(dtype)
    subject(x, out=out)
    assert same(out, expected)
    x.flags.writeable = False
    assert same(subject(x), expected)
    with pytest.raises(ValueError, match="read-only"):
        subject(x, out=x)
    if x.dtype != BFLOAT16:  # which exists in the machine's own byte order alone
        assert same(subject(x.astype(x.dtype.newbyteorder())), expected)


@each_subject
@each_dtype
def test_zero_dimensions_and_zero_size(subject: Subject, dtype: str) -> None:
    x = arguments(subject.name, dtype, 1)
    scalar = subject(x[0])
    assert isinstance(scalar, np.dtype(dtype).type)
    assert same(np.asarray(scalar), subject(x)[0])
    out = np.empty((), dtype=dtype)
    assert subject(x.reshape(()), out=out) is out
    assert same(out, np.asarray(scalar))
    for shape in ((0,), (3, 0), (0, 4)):
        assert same(subject(np.empty(shape, dtype=dtype)), np.empty(shape, dtype=dtype))


@each_subject
def test_lists_and_python_numbers(subject: Subject) -> None:
    assert subject([0.25, 0.5]).tolist() == subject(np.array([0.25, 0.5])).tolist()
    assert isinstance(subject(0.5), np.float64)
    assert isinstance(subject(1), np.float64)


@each_subject
@pytest.mark.parametrize("code", "?bBhHiIlLqQefd")
def test_promotion_is_that_of_tanh(subject: Subject, code: str) -> None:
    x = np.array([0, 1, 1], dtype=code)
    expected = np.tanh(x).dtype
    got = subject(x)
    assert got.dtype == expected
    # As if the operands had been converted before; 3 as a boolean is 1.
    gradient = [np.asarray(3).astype(code).astype(expected)] if subject.kind == "backward" else []
    assert same(got, subject.function(*gradient, x.astype(expected)))


@each_subject
@pytest.mark.parametrize(
    "code",
    ["g", "F", "D", "G", "O", "U3", "M8[s]", "m8[s]", "V2", "float8_e4m3fn", "int4", "complex32"],
)
def test_other_dtypes_raise_and_name_what_is_taken(subject: Subject, code: str) -> None:
    x = np.zeros(2, dtype=getattr(ml_dtypes, code, code))
    operands = [x] * (2 if subject.kind == "backward" else 1)
    with pytest.raises(TypeError, match="float16, bfloat16, float32 and float64"):
        subject.function(*operands)


@each_subject
def test_dtype_and_casting(subject: Subject) -> None:
    x = arguments(subject.name, "float64", N)
    narrow = subject(x, dtype=np.float32)
    assert same(narrow, subject(x.astype(np.float32)))
    assert subject(x.astype(np.float32), dtype=np.float64).dtype == np.float64
    out = np.empty(N, dtype=np.float32)
    assert same(subject(x, out=out), subject(x).astype(np.float32))
    with pytest.raises(TypeError, match=r"[Cc]annot cast"):
        subject(x, out=np.empty(N, dtype=np.int64))
    with pytest.raises(TypeError, match=r"[Cc]annot cast"):
        subject(x, dtype=np.float32, casting="safe")


@each_subject
def test_the_wrong_shape_of_out_raises(subject: Subject) -> None:
    with pytest.raises(ValueError, match="broadcast"):
        subject(np.ones(4), out=np.empty(3))


@each_subject
def test_operands_broadcast(subject: Subject) -> None:
    x = arguments(subject.name, "float64", 12)
    # The others along three axes more, in turn: with one for each pau would have 3**11 results.
    columns = [
        np.linspace(0.25, 2.0, 3).reshape(3, *[1] * (1 + i % 3))
        for i in range(subject.ufunc.nin - 1)
    ]
    # The argument is the last operand of its own before the parameters.
    position = 1 if subject.kind == "backward" else 0
    operands = [*columns[:position], x, *columns[position:]]
    got = subject.function(*operands)
    whole = [np.ascontiguousarray(o) for o in np.broadcast_arrays(*operands)]
    assert same(got, subject.function(*whole))
    elements = [subject.ufunc(*entry) for entry in zip(*(o.ravel() for o in whole), strict=True)]
    assert same(got.ravel(), np.array(elements))


class Overriding:
    """An array of another library."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        return ufunc, method, len(inputs), sorted(keywords)


@each_subject
def test_array_ufunc_override_is_honoured(subject: Subject) -> None:
    gradient = (1.0,) if subject.kind == "backward" else ()
    got = subject.function(*gradient, Overriding(), where=True)
    assert got == (subject.ufunc, "__call__", subject.ufunc.nin, ["where"])


class Subclass(np.ndarray):
    """A subclass that the results keep."""


@each_subject
def test_subclasses_are_kept(subject: Subject) -> None:
    x = arguments(subject.name, "float64", 5).view(Subclass)
    assert isinstance(subject(x), Subclass)
    assert not isinstance(subject(x, subok=False), Subclass)


@pytest.mark.parametrize("subject", PUBLIC, ids=str)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_and_copy(subject: Subject, protocol: int) -> None:
    assert pickle.loads(pickle.dumps(subject.function, protocol)) is subject.function
    assert copy.deepcopy(subject.function) is subject.function
    assert copy.copy(subject.function) is subject.function
