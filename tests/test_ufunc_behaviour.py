"""The functions behave as NumPy's own ufuncs do; `numpy.tanh` is the model."""

from __future__ import annotations

import copy
import pickle
from inspect import signature
from typing import Any

import numpy as np
import pytest
from subjects import DTYPES, SUBJECTS, Subject, arguments, bits

import ogive
from ogive.catalog import CATALOG

each_subject = pytest.mark.parametrize("subject", SUBJECTS, ids=str)
each_dtype = pytest.mark.parametrize("dtype", DTYPES)

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
    swapped = x.astype(x.dtype.newbyteorder())
    assert same(subject(swapped), expected)


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
@pytest.mark.parametrize("code", ["g", "F", "D", "G", "O", "U3", "M8[s]", "m8[s]"])
def test_other_dtypes_raise_and_name_what_is_taken(subject: Subject, code: str) -> None:
    x = np.zeros(2, dtype=code)
    operands = [x] * (2 if subject.kind == "backward" else 1)
    with pytest.raises(TypeError, match=r"(?s)float16.*float32.*float64"):
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
    count = subject.ufunc.nin
    columns = [np.linspace(0.25, 2.0, 3).reshape(3, *[1] * (count - i)) for i in range(count - 1)]
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


@each_subject
def test_pickle_and_copy(subject: Subject) -> None:
    assert pickle.loads(pickle.dumps(subject.function)) is subject.function
    assert copy.deepcopy(subject.function) is subject.function


# ---- parameters ---------------------------------------------------------------------------------

WITH_PARAMETERS = [subject for subject in SUBJECTS if subject.record.parameters]
each_with_parameters = pytest.mark.parametrize("subject", WITH_PARAMETERS, ids=str)


@each_with_parameters
def test_signature_shows_the_defaults(subject: Subject) -> None:
    shown = signature(subject.function).parameters
    first = ["grad_output", "x"] if subject.kind == "backward" else ["x"]
    names = [parameter.name for parameter in subject.record.parameters]
    assert list(shown) == [*first, *names, "out", "where", "casting", "order", "dtype", "subok"]
    for parameter in subject.record.parameters:
        assert shown[parameter.name].default == parameter.default


@each_with_parameters
def test_default_keyword_and_position_agree(subject: Subject) -> None:
    x = arguments(subject.name, "float64", N)
    (parameter,) = subject.record.parameters
    expected = subject(x)
    assert same(subject(x, **{parameter.name: parameter.default}), expected)
    first = (3.0, x) if subject.kind == "backward" else (x,)
    assert same(subject.function(*first, parameter.default), expected)
    assert not same(subject(x, **{parameter.name: 0.75}), expected)


@each_with_parameters
@each_dtype
def test_a_python_float_keeps_the_dtype(subject: Subject, dtype: str) -> None:
    x = arguments(subject.name, dtype, N)
    (parameter,) = subject.record.parameters
    got = subject(x, **{parameter.name: 0.3})
    assert got.dtype == dtype
    # The parameter itself is rounded to the dtype, as any operand.
    assert same(got, subject(x, **{parameter.name: np.array(0.3, dtype=dtype)}))
    wide = subject(x, **{parameter.name: np.array([0.3])})
    assert wide.dtype == np.float64


@each_with_parameters
def test_a_parameter_out_of_its_bounds_raises(subject: Subject) -> None:
    (parameter,) = subject.record.parameters
    wrong = [np.nan, np.inf, -np.inf] + ([0.0, -1.0, 0, -2] if subject.name == "softplus" else [])
    for value in wrong:
        out = np.full(3, 7.0)
        message = f"{parameter.name} must be a finite number.*not {value!r}"
        with pytest.raises(ValueError, match=message):
            subject(np.ones(3), out=out, **{parameter.name: value})
        assert out.tolist() == [7.0] * 3


@each_with_parameters
def test_wrong_arguments_raise(subject: Subject) -> None:
    (parameter,) = subject.record.parameters
    first = (1.0, 1.0) if subject.kind == "backward" else (1.0,)
    with pytest.raises(TypeError, match="positional arguments, not 0"):
        subject.function()
    with pytest.raises(TypeError, match="pass out= by keyword"):
        subject.function(*first, 1.0, np.empty(()))
    with pytest.raises(TypeError, match=f"'{parameter.name}' twice"):
        subject.function(*first, 1.0, **{parameter.name: 1.0})
    with pytest.raises(TypeError, match="nonsense"):
        subject.function(*first, nonsense=1.0)


# ---- memory and threads -------------------------------------------------------------------------


@each_subject
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_any_number_of_threads_gives_the_same_bits(subject: Subject, dtype: str) -> None:
    tile = arguments(subject.name, dtype, 2003)
    x = np.tile(tile, 640)[: 2**20 + 2**17 + 3]
    expected = np.tile(subject(tile), 640)[: x.size]
    before = ogive.get_num_threads()
    try:
        for threads in (1, 2, 3):
            ogive.set_num_threads(threads)
            np.testing.assert_array_equal(bits(subject(x)), bits(expected))
    finally:
        ogive.set_num_threads(before)


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
def test_large_strided_in_place_and_masked(name: str) -> None:
    function = getattr(ogive, name)
    tile = arguments(name, "float64", 1009)
    x = np.resize(tile, 2 * (2**20 + 5))
    expected = np.resize(function(tile), x.size)
    assert np.array_equal(bits(function(x[::2])), bits(expected[::2]))
    mask = np.arange(x.size) % 3 == 0
    out = np.full(x.size, 7.0)
    function(x, out=out, where=mask)
    assert np.array_equal(out, np.where(mask, expected, 7.0))
    function(x, out=x)
    assert np.array_equal(bits(x), bits(expected))
