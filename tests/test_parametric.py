"""Functions with parameters: what they fill in, what they refuse, and what they hand to NumPy."""

from __future__ import annotations

import copy
import gc
import inspect
import pickle
import weakref
from functools import partial
from typing import Any

import numpy as np
import pytest
from subjects import PUBLIC, SUBJECTS, Subject, arguments, bits

import ogive
from ogive import _core
from ogive.catalog import CATALOG, DTYPES, get
from ogive.parametric import ParametricFunction

WITH_PARAMETERS = [subject for subject in PUBLIC if subject.record.parameters]
DERIVATIVES = [subject for subject in WITH_PARAMETERS if subject.kind != "value"]
LEARNED = [subject for subject in SUBJECTS if subject.wrt]

each_function = pytest.mark.parametrize("subject", WITH_PARAMETERS, ids=str)
each_derivative = pytest.mark.parametrize("subject", DERIVATIVES, ids=str)
each_dtype = pytest.mark.parametrize("dtype", DTYPES)

N = 203


def operands(subject: Subject, dtype: str, shape: tuple[int, ...] = (N,)) -> list[np.ndarray]:
    """The operands without default: grad_output, if there is one, and x."""
    count = 2 if subject.kind == "backward" else 1
    size = int(np.prod(shape))
    drawn = [arguments(subject.name, dtype, size, seed).reshape(shape) for seed in range(count)]
    return [*drawn[1:], drawn[0]]


def others(subject: Subject) -> tuple[float, ...]:
    """For each parameter a value that is allowed and not the default."""
    return tuple(
        parameter.default + 0.25 if parameter.allows(parameter.default + 0.25) else 0.5
        for parameter in subject.record.parameters
    )


def assert_same(got: Any, expected: Any) -> None:
    """Equal in type, dtype, shape, strides and every bit."""
    assert type(got) is type(expected)
    assert got.dtype == expected.dtype
    assert np.shape(got) == np.shape(expected)
    assert got.strides == expected.strides
    np.testing.assert_array_equal(bits(got), bits(expected))


# ---- what the call means ------------------------------------------------------------------------


@each_function
def test_signature_shows_the_defaults(subject: Subject) -> None:
    shown = inspect.signature(subject.function).parameters
    first = ["grad_output", "x"] if subject.kind == "backward" else ["x"]
    names = [parameter.name for parameter in subject.record.parameters]
    wrt = [] if subject.kind == "value" else ["wrt"]
    keywords = ["out", "where", "casting", "order", "dtype", "subok"]
    assert list(shown) == [*first, *names, *wrt, *keywords]
    for parameter in subject.record.parameters:
        assert shown[parameter.name].default == parameter.default


@each_function
@each_dtype
def test_default_keyword_and_position_agree(subject: Subject, dtype: str) -> None:
    first, other = operands(subject, dtype), others(subject)
    names = [parameter.name for parameter in subject.record.parameters]
    defaults = [parameter.default for parameter in subject.record.parameters]
    expected = subject.ufunc(*first, *defaults)
    assert_same(subject.function(*first), expected)
    assert_same(subject.function(*first, *defaults), expected)
    expected = subject.ufunc(*first, *other)
    for split in range(len(names) + 1):
        keywords = dict(zip(names[split:], other[split:], strict=True))
        assert_same(subject.function(*first, *other[:split], **keywords), expected)
    one = {names[-1]: other[-1]}
    assert_same(subject.function(*first, **one), subject.ufunc(*first, *defaults[:-1], other[-1]))


@pytest.mark.parametrize("name", [name for name, record in CATALOG.items() if record.parameters])
def test_every_parameter_matters(name: str) -> None:
    record, function = CATALOG[name], getattr(ogive, name)
    x = arguments(name, "float64", 1000)
    for parameter in record.parameters:
        value = parameter.default + 0.25
        value = value if parameter.allows(value) else 0.5
        assert (function(x, **{parameter.name: value}) != function(x)).any(), parameter.name


@each_function
@each_dtype
def test_a_python_number_keeps_the_dtype(subject: Subject, dtype: str) -> None:
    first = operands(subject, dtype)
    count = len(subject.record.parameters)
    got = subject.function(*first, *[0.3] * count)
    assert got.dtype == dtype
    # The parameter itself is rounded to the dtype, as any operand.
    assert_same(got, subject.ufunc(*first, *[np.array(0.3, dtype=dtype)] * count))
    assert_same(subject.function(*first, *[1] * count), subject.function(*first, *[1.0] * count))
    assert subject.function(*first, *[np.array([0.3])] * count).dtype == np.float64
    assert subject.function(*first, *[np.float64(0.3)] * count).dtype == np.float64


@each_function
def test_a_parameter_broadcasts(subject: Subject) -> None:
    first = operands(subject, "float64", (4, 5))
    column = np.linspace(0.25, 0.75, 4).reshape(4, 1)
    count = len(subject.record.parameters)
    got = subject.function(*first, *[column] * count)
    for row in range(4):
        each = subject.ufunc(*(array[row] for array in first), *[column[row, 0]] * count)
        np.testing.assert_array_equal(bits(got[row]), bits(each))


# ---- the ways to the loop agree -----------------------------------------------------------------

SHAPES = [(1,), (N,), (0,), (3, 0), (7, 9), (2, 3, 5), (1, 4), (600,)]


@each_function
@each_dtype
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_ufunc_gives_the_same(
    subject: Subject, dtype: str, shape: tuple[int, ...], order: str
) -> None:
    first = [np.array(array, order=order) for array in operands(subject, dtype, shape)]
    for parameters in (subject.record.defaults().values(), others(subject)):
        expected = subject.ufunc(*first, *parameters)
        assert_same(subject.function(*first, *parameters), expected)
        for out in (np.zeros(shape, dtype, order=order), np.zeros(shape, dtype)):
            assert subject.function(*first, *parameters, out=out) is out
            np.testing.assert_array_equal(bits(out), bits(expected))
        in_place = [array.copy(order="K") for array in first]
        for target in in_place:
            saved = target.copy(order="K")
            assert subject.function(*in_place, *parameters, out=target) is target
            np.testing.assert_array_equal(bits(target), bits(expected))
            target[...] = saved


@each_function
def test_whatever_is_not_plain_goes_through_the_ufunc(subject: Subject) -> None:
    first = operands(subject, "float32", (6, 8))
    parameters = others(subject)
    whole = subject.ufunc(*first, *parameters)

    def check(arrays: list[Any], expected: Any, **keywords: Any) -> None:
        got = subject.function(*arrays, *parameters, **keywords)
        assert_same(got, subject.ufunc(*arrays, *parameters, **keywords))
        np.testing.assert_array_equal(got, expected)

    check([array[::2, ::-1] for array in first], whole[::2, ::-1])
    check([array.T for array in first], whole.T)
    check([first[0].copy(order="F"), *first[1:]], whole)
    check([array.astype(">f4") for array in first], whole)
    check([array[2, 3] for array in first], whole[2, 3])
    check([np.array(array[2, 3]) for array in first], whole[2, 3])
    check([first[0][:1], *first[1:]], subject.ufunc(first[0][:1], *first[1:], *parameters))
    check(first, whole, dtype=np.float32, casting="no", order="F", subok=False)
    described = np.dtype("f4", metadata={"unit": "V"})
    check([array.astype(described) for array in first], whole)
    wide = np.zeros((6, 8))
    assert subject.function(*first, *parameters, out=(wide,)) is wide
    np.testing.assert_array_equal(wide, whole)
    mask = np.arange(48).reshape(6, 8) % 3 == 0
    masked = np.full((6, 8), 7, np.float32)
    subject.function(*first, *parameters, out=masked, where=mask)
    np.testing.assert_array_equal(masked, np.where(mask, whole, 7))
    lists = [array.tolist() for array in first]
    assert subject.function(*lists, *parameters).dtype == np.float64


@each_function
@each_dtype
@pytest.mark.parametrize("shift", [-7, -1, 1, 40])
def test_out_overlaps_an_operand(subject: Subject, dtype: str, shift: int) -> None:
    n, parameters = 101, others(subject)
    for place in range(2 if subject.kind == "backward" else 1):
        first = operands(subject, dtype, (n,))
        buffer = np.zeros(n + 80, dtype)
        source, target = buffer[40 : n + 40], buffer[40 + shift : n + 40 + shift]
        source[:] = first[place]
        expected = subject.ufunc(*first, *parameters)
        first[place] = source
        subject.function(*first, *parameters, out=target)
        np.testing.assert_array_equal(bits(target), bits(expected))


@each_function
def test_an_out_that_will_not_do_is_refused(subject: Subject) -> None:
    first = operands(subject, "float32")
    frozen = np.full(N, 7, np.float32)
    frozen.flags.writeable = False
    for out, error in [
        (frozen, ValueError),
        (np.empty(N - 1, np.float32), ValueError),
        (np.empty((N, N - 1), np.float32), ValueError),
        (np.empty(N, np.int32), TypeError),
        ([0.0] * N, TypeError),
    ]:
        with pytest.raises(error):
            subject.function(*first, out=out)
    assert (frozen == 7).all()
    assert_same(subject.function(*first, out=None), subject.function(*first))
    tall = np.empty((2, N), np.float32)
    subject.function(*first, out=tall)
    assert_same(tall[1], subject.function(*first))


# ---- what is refused ----------------------------------------------------------------------------


def _beyond(subject: Subject) -> list[tuple[str, Any]]:
    """Values that a parameter must not have."""
    wrong: list[tuple[str, Any]] = []
    for parameter in subject.record.parameters:
        wrong += [(parameter.name, value) for value in (np.nan, np.inf, -np.inf, 10**400)]
        for end, step in ((parameter.lower, -1), (parameter.upper, 1)):
            if abs(end) < np.inf:
                wrong += [(parameter.name, end + step), (parameter.name, int(end) + step)]
                wrong += [(parameter.name, np.float64(end + step))]
        if not parameter.lower_included:
            wrong += [(parameter.name, parameter.lower), (parameter.name, int(parameter.lower))]
    return wrong


@each_function
def test_a_parameter_out_of_its_bounds_raises(subject: Subject) -> None:
    for name, value in _beyond(subject):
        condition = next(p.condition for p in subject.record.parameters if p.name == name)
        out = np.full(3, 7.0)
        first = [np.ones(3)] * (2 if subject.kind == "backward" else 1)
        with pytest.raises(ValueError, match="must be a finite number") as caught:
            subject.function(*first, out=out, **{name: value})
        assert str(caught.value) == f"{name} must be {condition}, not {value!r}"
        assert out.tolist() == [7.0] * 3


@each_function
def test_the_ends_that_are_included_are_allowed(subject: Subject) -> None:
    first = operands(subject, "float64")
    for parameter in subject.record.parameters:
        for end in (parameter.lower, parameter.upper):
            if parameter.allows(end):
                assert subject.function(*first, **{parameter.name: end}).shape == (N,)


@each_function
def test_an_array_of_parameters_is_not_held_against_the_bounds(subject: Subject) -> None:
    first = operands(subject, "float64")
    nothing = [np.array(np.nan)] * len(subject.record.parameters)
    assert_same(subject.function(*first, *nothing), subject.ufunc(*first, *nothing))


@each_function
def test_wrong_arguments_raise(subject: Subject) -> None:
    name = subject.record.parameters[0].name
    first = [1.0] * (2 if subject.kind == "backward" else 1)
    full = [*first, *subject.record.defaults().values()]
    counts = f"takes {len(first)} to {len(full)} positional arguments, not"
    with pytest.raises(TypeError, match=f"{counts} 0$"):
        subject.function()
    with pytest.raises(TypeError, match=f"{counts} 0$"):
        subject.function(**{name: 1.0})
    with pytest.raises(TypeError, match=f"{counts} {len(full) + 1}; pass out= by keyword"):
        subject.function(*full, np.empty(()))
    with pytest.raises(TypeError, match=f"got '{name}' twice: by position and by keyword"):
        subject.function(*full, **{name: 1.0})
    with pytest.raises(TypeError, match="nonsense"):
        subject.function(*first, nonsense=1.0)
    with pytest.raises(TypeError, match="float16, bfloat16, float32 and float64"):
        subject.function(*first, **{name: "1"})


@each_function
def test_a_call_leaves_its_keywords_alone(subject: Subject) -> None:
    first = [1.0] * (2 if subject.kind == "backward" else 1)
    keywords = dict(subject.record.defaults(), dtype=np.float32)
    kept = dict(keywords)
    subject.function(*first, **keywords)
    assert keywords == kept


# ---- wrt ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", LEARNED, ids=str)
@each_dtype
def test_wrt_chooses_the_ufunc(subject: Subject, dtype: str) -> None:
    function = getattr(getattr(ogive, subject.kind), subject.name)
    ufunc = getattr(_core, f"{subject.kind}_{subject.name}_{subject.wrt}")
    assert function.ufuncs[subject.wrt] is ufunc
    first = operands(subject, dtype)
    defaults = subject.record.defaults()
    expected = ufunc(*first, *defaults.values())
    assert_same(function(*first, wrt=subject.wrt), expected)
    assert_same(function(*first, **defaults, wrt=subject.wrt), expected)
    # Another string of the same letters.
    assert_same(function(*first, wrt="".join(subject.wrt or "")), expected)
    assert_same(function(*(array[::2] for array in first), wrt=subject.wrt), expected[::2].copy())
    out = np.empty(N, dtype)
    assert function(*first, wrt=subject.wrt, out=out) is out
    assert_same(out, expected)


@each_derivative
def test_wrt_x_is_the_default(subject: Subject) -> None:
    first = operands(subject, "float64")
    assert subject.function.ufuncs["x"] is subject.ufunc
    assert_same(subject.function(*first, wrt="x"), subject.function(*first))


@each_derivative
@pytest.mark.parametrize("wrong", ["nonsense", "", "X", None, 0, ["x"]], ids=repr)
def test_another_wrt_raises_and_names_those_there_are(subject: Subject, wrong: Any) -> None:
    learned = [parameter.name for parameter in subject.record.parameters if parameter.learned]
    first = operands(subject, "float64")
    out = np.full(N, 7.0)
    with pytest.raises(ValueError, match="wrt must be") as caught:
        subject.function(*first, out=out, wrt=wrong)
    names = " or ".join(map(repr, ["x", *learned]))
    assert str(caught.value) == f"wrt must be {names}, not {wrong!r}"
    assert (out == 7.0).all()


def test_a_parameter_that_is_not_learned_is_no_wrt() -> None:
    assert not get("hard_tanh").parameters[0].learned
    with pytest.raises(ValueError, match=r"^wrt must be 'x', not 'min'$"):
        ogive.grad.hard_tanh(1.0, wrt="min")


@pytest.mark.parametrize("name", CATALOG)
def test_values_and_plain_ufuncs_take_no_wrt(name: str) -> None:
    with pytest.raises(TypeError, match="wrt"):
        getattr(ogive, name)(0.5, wrt="x")
    if not CATALOG[name].parameters:
        with pytest.raises(TypeError, match="wrt"):
            getattr(ogive.grad, name)(0.5, wrt="x")


# ---- the object ---------------------------------------------------------------------------------


@each_function
def test_what_it_says_of_itself(subject: Subject) -> None:
    function = subject.function
    module = "ogive" if subject.kind == "value" else f"ogive.{subject.kind}"
    assert isinstance(function, ParametricFunction)
    assert (function.__name__, function.__qualname__) == (subject.name, subject.name)
    assert function.__module__ == module
    assert (function.nin, function.nout) == (subject.ufunc.nin, 1)
    arguments = ", ".join(f"{k}={v}" for k, v in subject.record.defaults().items())
    assert repr(function).startswith(f"<function {module}.{subject.name}(")
    assert arguments in repr(function)
    assert callable(function)
    assert hash(function) == hash(function)
    assert weakref.ref(function)() is function
    assert inspect.getdoc(function)


def test_copies_within_a_container_are_references() -> None:
    held = {"activation": [ogive.elu, partial(ogive.elu, alpha=2.0)]}
    for copied in (copy.deepcopy(held), pickle.loads(pickle.dumps(held))):
        assert copied["activation"][0] is ogive.elu
        assert copied["activation"][1](-1.0) == ogive.elu(-1.0, 2.0)


class Overriding:
    """An array of another library."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        return ufunc, method, inputs, keywords


@each_function
def test_array_ufunc_overrides_see_the_ufunc_and_every_operand(subject: Subject) -> None:
    one, array = Overriding(), np.ones(3)
    gradient = [array] if subject.kind == "backward" else []
    defaults = tuple(subject.record.defaults().values())
    # A subset, because NumPy itself takes out an out= that is None.
    got = subject.function(*gradient, one, where=True)
    assert got[0] is subject.ufunc
    assert got[1:] == ("__call__", (*gradient, one, *defaults), {"where": True})
    ufunc, method, inputs, keywords = subject.function(*gradient, array, out=one)
    assert (ufunc, method, keywords) == (subject.ufunc, "__call__", {"out": (one,)})
    assert inputs[-len(defaults) :] == defaults
    by_parameter = subject.function(*gradient, array, one)
    assert by_parameter[0] is subject.ufunc
    assert by_parameter[2][len(gradient) + 1] is one


class Subclass(np.ndarray):
    """A subclass that the results keep."""


@each_function
def test_subclasses_are_kept(subject: Subject) -> None:
    first = [array.view(Subclass) for array in operands(subject, "float32")]
    assert type(subject.function(*first)) is Subclass
    assert type(subject.function(*first, subok=False)) is np.ndarray


def test_calls_keep_no_reference() -> None:
    class Tracked(np.ndarray):
        pass

    kept = []
    for keywords in ({}, {"alpha": 0.5}, {"wrt": "alpha"}, {"wrt": "wrong"}, {"where": True}):
        x = np.ones(3).view(Tracked)
        kept.append(weakref.ref(x))
        try:
            ogive.grad.elu(x, **keywords)
        except ValueError:
            assert keywords == {"wrt": "wrong"}
        del x
    gc.collect()
    assert [reference() for reference in kept] == [None] * len(kept)


def test_calls_do_not_leak() -> None:
    import sys

    x, out, wrt, value = np.ones(3), np.ones(3), "alpha", 0.123456
    watched = (x, out, wrt, value, ogive.grad.elu, ogive.grad.elu.ufunc, x.dtype)

    def call() -> None:
        ogive.grad.elu(x, value, wrt=wrt, out=out)
        ogive.grad.elu(x, alpha=value, where=True)
        ogive.grad.elu(x)
        for wrong in ({"wrt": value}, {"alpha": -np.inf}, {"alpha": wrt}, {"nonsense": value}):
            with pytest.raises((ValueError, TypeError)):
                ogive.grad.elu(x, **wrong)

    call()
    before = [sys.getrefcount(thing) for thing in watched]
    for _ in range(100):
        call()
    after = [sys.getrefcount(thing) for thing in watched]
    assert all(b - a < 50 for a, b in zip(before, after, strict=True)), (before, after)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("f(x)", 3, (), (), (), ""),
        ("f(x)", 1, (), (), (), ""),
        ("f(x)", 1, (), (np.tanh,), (), ""),
        ("f(x)", 1, (), ("relu",), (), ""),
        ("f(x)", 1, (), (_core.leaky_relu,), (), ""),
        ("f(x)", 1, (), (_core.softmax,), (), ""),
        ("f(x)", 1, (("a", 1.0),), (_core.leaky_relu,), (), ""),
        ("f(x)", 1, (("a", 1, 0.0, 1.0, True, ""),), (_core.leaky_relu,), (), ""),
        ("f(x)", 1, (("a", 1.0, 0.0, 1.0, True, ""),) * 17, (_core.leaky_relu,), (), ""),
        ("f(x)", 1, (("a", 1.0, 0.0, 1.0, True, ""),), (_core.leaky_relu,), ("x", "a"), ""),
        ("f(x)", 1, (1,), (_core.leaky_relu,), (), ""),
    ],
    ids=repr,
)
def test_the_native_type_takes_nothing_wrong(arguments: tuple[Any, ...]) -> None:
    with pytest.raises((TypeError, ValueError)):
        _core.ParametricCall(*arguments)


def test_the_floating_point_warnings_are_numpys() -> None:
    x = np.ones(3, np.float16)
    with pytest.warns(RuntimeWarning, match="overflow"):
        expected = ogive.elu.ufunc(-x, 1e6)
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert_same(ogive.elu(-x, 1e6), expected)
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        ogive.elu(-x, 1e6)
