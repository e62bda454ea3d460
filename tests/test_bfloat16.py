"""bfloat16 is a dtype of ml_dtypes: found when an operand has it, whatever was imported first."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from subjects import PUBLIC, SUBJECTS, Subject, arguments, bits

import ogive

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
ROWS = (ogive.softmax, ogive.log_softmax, ogive.logsumexp)


def _run(script: str) -> None:
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


ORDERS = {
    "ml_dtypes first": "import ml_dtypes, ogive",
    "ml_dtypes second": "import ogive; assert 'ml_dtypes' not in sys.modules; import ml_dtypes",
    "after use": "import ogive; ogive.sigmoid(1.0), ogive.softmax([1.0]); import ml_dtypes",
    "after a refusal": (
        "import ogive\n"
        "try: ogive.sigmoid(1j)\n"
        "except TypeError: pass\n"
        "assert 'ml_dtypes' not in sys.modules; import ml_dtypes"
    ),
}
CALLS = [
    "ogive.sigmoid(x)",
    "ogive.elu(x)",
    "ogive.elu(x, 2.0)",
    "ogive.grad.elu(x, wrt='alpha')",
    "ogive.backward.gelu(x, x)",
    "ogive.backward.gelu(2, x)",
    "ogive.backward.tanh.reduce(x)",
    "ogive.backward.tanh.accumulate(x)",
    "ogive.relu(x, out=x)",
    "ogive.relu(x, dtype=x.dtype)",
    "ogive.relu(x, signature=(x.dtype, x.dtype))",
    "ogive.relu(x.astype('f4'), dtype=x.dtype, casting='unsafe')",
    "ogive.softmax(x)",
    "ogive.logsumexp(x)",
]


@pytest.mark.parametrize("order", ORDERS)
def test_whatever_was_imported_first(order: str) -> None:
    # Each function's first call is the one that finds the dtype.
    calls = "".join(f"assert ({call}).dtype == ml_dtypes.bfloat16, {call!r}\n" for call in CALLS)
    _run(
        f"import sys\nimport numpy as np\n{ORDERS[order]}\n"
        f"x = np.array([0.25, 0.5, 0.75], ml_dtypes.bfloat16)\n{calls}"
    )


@pytest.mark.parametrize("call", CALLS)
def test_any_call_may_be_the_first(call: str) -> None:
    _run(
        "import numpy as np, ogive, ml_dtypes\n"
        "x = np.array([0.25, 0.5, 0.75], ml_dtypes.bfloat16)\n"
        f"for _ in range(3): assert ({call}).dtype == ml_dtypes.bfloat16"
    )


def test_first_calls_from_many_threads() -> None:
    _run(
        "import sys, numpy as np, ogive, ml_dtypes\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "sys.setswitchinterval(1e-6)\n"
        "x = np.array([0.25, 0.5, 0.75], ml_dtypes.bfloat16)\n"
        "functions = [getattr(m, n) for n in ogive.catalog.CATALOG\n"
        "             for m in (ogive, ogive.grad)] * 8\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    for result in pool.map(lambda f: f(x), sorted(functions, key=id)):\n"
        "        assert result.dtype == x.dtype\n"
    )


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_the_result_is_that_of_float64_rounded(subject: Subject) -> None:
    x = arguments(subject.name, "bfloat16", 500)
    got = subject(x)
    assert got.dtype == BFLOAT16
    wide = subject(x.astype(np.float64), **_rounded(subject))
    # Rounded twice, first to float64: that shows once in 2**44.  A derivative that is exactly 0 has
    # no sign to keep.
    np.testing.assert_array_equal(got.astype(float), wide.astype(BFLOAT16).astype(float))


def _rounded(subject: Subject) -> dict[str, float]:
    """The default parameters as bfloat16 holds them."""
    return {name: float(BFLOAT16.type(v)) for name, v in subject.record.defaults().items()}


@pytest.mark.parametrize("subject", PUBLIC, ids=str)
def test_python_numbers_go_along(subject: Subject) -> None:
    x = arguments(subject.name, "bfloat16", 5)
    count = len(subject.record.parameters)
    first = [2.0] if subject.kind == "backward" else []
    assert subject.function(*first, x).dtype == BFLOAT16
    assert subject.function(*first, x, *[1] * count).dtype == BFLOAT16
    assert subject.function(*first, x[0]).dtype == BFLOAT16
    assert isinstance(subject.function(*first, x[0]), BFLOAT16.type)


# With what bfloat16 is promoted to, as ml_dtypes' own ufuncs of two operands have it.
@pytest.mark.parametrize("code", "?bBhHiIlLqQefd")
def test_promotion_with_another_dtype(code: str) -> None:
    x, other = np.ones(3, BFLOAT16), np.ones(3, code)
    expected = np.arctan2(x, other).dtype
    for function in (ogive.backward.relu, ogive.backward.tanh, ogive.backward.gelu):
        assert function(x, other).dtype == function(other, x).dtype == expected
        assert function(x, other[0]).dtype == expected
    for parameter in (other, other[0]):
        assert ogive.elu(x, parameter).dtype == expected
    assert ogive.backward.elu(x, np.ones(3, np.int8), np.ones(3, np.float16)).dtype == np.float32
    assert ogive.softplus(np.ones(3, code), x).dtype == expected


@pytest.mark.parametrize("code", ["g", "F", "D", "O", "float8_e5m2", "int4", "complex32"])
def test_with_a_dtype_that_has_no_loop(code: str) -> None:
    other = np.ones(3, getattr(ml_dtypes, code, code))
    for operands in ((np.ones(3, BFLOAT16), other), (other, np.ones(3, BFLOAT16))):
        with pytest.raises(TypeError, match="float16, bfloat16, float32 and float64"):
            ogive.backward.relu(*operands)
    with pytest.raises(TypeError, match="float16, bfloat16, float32 and float64"):
        ogive.softmax(other)


@pytest.mark.parametrize("function", ROWS)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_rows(function: Any, axis: int) -> None:
    x = arguments("relu", "bfloat16", 7 * 35).reshape(7, 35)
    got = function(x, axis=axis)
    assert got.dtype == BFLOAT16
    wide = function(x.astype(np.float64), axis=axis)
    np.testing.assert_array_equal(bits(got), bits(wide.astype(BFLOAT16)))
    out = np.empty_like(got)
    assert function(x, axis=axis, out=out) is out
    np.testing.assert_array_equal(bits(out), bits(got))
    assert function(x, axis=axis, dtype=np.float32).dtype == np.float32
    np.testing.assert_array_equal(bits(function(x.T, axis=axis)), bits(function(x.T.copy(), axis)))


def test_casting_and_out() -> None:
    x = arguments("relu", "bfloat16", 40)
    whole = ogive.sigmoid(x)
    assert ogive.sigmoid(x, dtype=np.float64).dtype == np.float64
    np.testing.assert_array_equal(bits(ogive.sigmoid(x, casting="no")), bits(whole))
    for dtype in ("f4", "f8"):
        out = np.empty(40, dtype)
        assert ogive.sigmoid(x, out=out) is out
        np.testing.assert_array_equal(out, whole.astype(dtype))
    narrow = np.empty(40, BFLOAT16)
    assert ogive.sigmoid(x.astype("f4"), out=narrow) is narrow
    np.testing.assert_array_equal(bits(narrow), bits(whole))
    with pytest.raises(TypeError, match=r"[Cc]annot cast"):
        ogive.sigmoid(x, out=np.empty(40, np.int64))
    with pytest.raises(TypeError, match=r"[Cc]annot cast"):
        ogive.sigmoid(x.astype("f8"), dtype=BFLOAT16, casting="no")
