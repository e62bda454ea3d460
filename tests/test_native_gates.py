"""The native passes of gated units and recurrent cells, held against mpmath at every level."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import points
import pytest
import run_kernels
import truth
from mpmath import mp, mpf

from ogive import _core

ACTIVATIONS = ("sigmoid", "silu", "gelu", "gelu_tanh", "relu")
DTYPES = ("float16", "float32", "float64")
# Largest errors, in ulp: what the docstrings say (measured: 0.83).
UNIT_BOUND = {"float16": 0.5, "float32": 1.0, "float64": 1.0}
CELL_BOUND = 3.0
COUNT = 60

Arrays = dict[str, np.ndarray]


def numbers(rng: np.random.Generator, dtype: str, count: int) -> np.ndarray:
    """Numbers of every size that a format has, and as many of moderate size."""
    info = np.finfo(dtype)
    moderate = rng.normal(0, 2, count - count // 2)
    powers = rng.integers(info.minexp - 5, info.maxexp - 2, count // 2)
    return np.concatenate([moderate, np.ldexp(rng.normal(size=count // 2), powers)]).astype(dtype)


def gates(rng: np.random.Generator, dtype: str, count: int) -> np.ndarray:
    """Gates in the middle, next to the zeros of the derivatives, in both tails and next to 0."""
    tail = {"float16": 18, "float32": 110, "float64": 740}[dtype]
    quarter = count // 4
    return np.concatenate(
        [
            rng.normal(0, 2, quarter),
            rng.uniform(-1.5, -0.5, quarter),
            rng.uniform(-tail, tail, quarter),
            np.ldexp(rng.normal(size=count - 3 * quarter), rng.integers(-30, 1)),
        ]
    ).astype(dtype)


@pytest.fixture(scope="module")
def operands() -> Arrays:
    found: Arrays = {}
    rng = np.random.default_rng(20)
    for dtype in DTYPES:
        for name in ACTIVATIONS:
            gate, value, grad = (
                gates(rng, dtype, COUNT), numbers(rng, dtype, COUNT), numbers(rng, dtype, COUNT)
            )  # fmt: skip
            rng.shuffle(value)
            # The bounds are of gradients that do not overflow before the gate comes in.
            with np.errstate(over="ignore"):
                grad = np.where(np.isinf(value * grad), 1, grad).astype(dtype)
            for i, operand in enumerate((value, gate)):
                found[f"gated_{name}:{dtype}:{i}"] = operand
            for i, operand in enumerate((grad, value, gate)):
                found[f"backward_gated_{name}:{dtype}:{i}"] = operand
    for dtype in ("float32", "float64"):
        tail = {"float32": 80, "float64": 600}[dtype]
        spread = (rng.normal(0, 2, (40, 4, 1)), rng.uniform(-tail, tail, (40, 4, 1)))
        pre = np.concatenate(spread).astype(dtype)
        state, first, second, third = rng.normal(size=(4, 80, 1)).astype(dtype)
        after = np.asarray(_core.lstm_cell(pre, state)[1])
        for loop, given in {
            "lstm_cell": (pre, state),
            "backward_lstm_cell": (pre, state, after, first, second, third),
            "gru_cell": (pre, state),
            "backward_gru_cell": (pre, state, first, second),
        }.items():
            found |= {f"{loop}:{dtype}:{i}": operand for i, operand in enumerate(given)}
    return found


@pytest.fixture(scope="module", params=_core.isa_supported)
def results(
    request: pytest.FixtureRequest, operands: Arrays, tmp_path_factory: pytest.TempPathFactory
) -> Arrays:
    """What the loops of one level make of the operands."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    np.savez(folder / "in.npz", **operands)
    subprocess.run(
        [sys.executable, run_kernels.__file__, folder / "in.npz", folder / "out.npz"],
        env=os.environ | {"OGIVE_ISA": request.param},
        check=True,
    )
    with np.load(folder / "out.npz") as found:
        return dict(found)


def _products(name: str, grad: mpf, value: mpf, gate: mpf) -> Iterator[mpf]:
    slope = truth.grad(name, gate)
    activation = truth.value(name, gate)
    with mp.workdps(truth.DIGITS):
        yield value * activation
        yield grad * activation
        yield grad * value * slope


@pytest.fixture(scope="module")
def unit_truths(operands: Arrays) -> dict[tuple[str, str], list[truth.Exact]]:
    found = {}
    for dtype in DTYPES:
        for name in ACTIVATIONS:
            given = [operands[f"backward_gated_{name}:{dtype}:{i}"].tolist() for i in range(3)]
            rows = [tuple(_products(name, *map(mpf, row))) for row in zip(*given, strict=True)]
            found[name, dtype] = [truth.Exact.of(column) for column in zip(*rows, strict=True)]
    return found


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gated_units(
    name: str,
    dtype: str,
    results: Arrays,
    unit_truths: dict[tuple[str, str], list[truth.Exact]],
) -> None:
    got = (
        results[f"gated_{name}:{dtype}:0"],
        results[f"backward_gated_{name}:{dtype}:0"],
        results[f"backward_gated_{name}:{dtype}:1"],
    )
    for kind, array, exact in zip(
        ("value", "grad", "gate"), got, unit_truths[name, dtype], strict=True
    ):
        errors = truth.ulp_errors(array, exact, dtype)
        worst = int(np.argmax(errors))
        assert errors[worst] <= UNIT_BOUND[dtype], (kind, errors[worst], array[worst])


def _sigmoid(x: mpf) -> mpf:
    return 1 / (1 + mp.exp(-x))


def _slope(x: mpf) -> mpf:
    return _sigmoid(x) * _sigmoid(-x)


def _check(got: np.ndarray, exact: list[mpf], sizes: list[mpf], dtype: str, label: str) -> None:
    size = truth.Exact.of(sizes).exponent
    errors = truth.ulp_errors(got, truth.Exact.of(exact), dtype, size)
    worst = int(np.argmax(errors))
    assert errors[worst] <= CELL_BOUND, (label, worst, errors[worst], got[worst])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_lstm_cell(dtype: str, operands: Arrays, results: Arrays) -> None:
    pre, state, after, *grads = (operands[f"backward_lstm_cell:{dtype}:{i}"] for i in range(6))
    exact: dict[str, list[mpf]] = {key: [] for key in ("c", "h", "i", "f", "g", "o", "back")}
    size: dict[str, list[mpf]] = {key: [] for key in exact}
    new = results[f"lstm_cell:{dtype}:1"]
    with mp.workdps(truth.DIGITS):
        for row in range(len(pre)):
            i, f, g, o = (mpf(float(x)) for x in pre[row, :, 0])
            c, d = mpf(float(state[row, 0])), mpf(float(after[row, 0]))
            kept, added = _sigmoid(f) * c, _sigmoid(i) * mp.tanh(g)
            # The pass computes h' from the rounded c', and adds up the gradients of h' rounded.
            own = mpf(float(new[row, 0]))
            grad_h = mpf(float(grads[0][row, 0] + grads[1][row, 0]))
            given, through = mpf(float(grads[2][row, 0])), grad_h * _sigmoid(o) * mp.sech(d) ** 2
            grad_c, largest = given + through, max(abs(given), abs(through))
            for key, factor, of_sum in (
                ("i", mp.tanh(g) * _slope(i), True),
                ("f", c * _slope(f), True),
                ("g", _sigmoid(i) * mp.sech(g) ** 2, True),
                ("o", mp.tanh(d) * _slope(o), False),
                ("back", _sigmoid(f), True),
            ):
                exact[key].append((grad_c if of_sum else grad_h) * factor)
                size[key].append((largest if of_sum else abs(grad_h)) * abs(factor))
            exact["c"].append(kept + added)
            size["c"].append(max(abs(kept), abs(added)))
            exact["h"].append(_sigmoid(o) * mp.tanh(own))
            size["h"].append(abs(exact["h"][-1]))
    got = {"h": results[f"lstm_cell:{dtype}:0"], "c": new}
    got |= {key: results[f"backward_lstm_cell:{dtype}:0"][:, k] for k, key in enumerate("ifgo")}
    got["back"] = results[f"backward_lstm_cell:{dtype}:1"]
    for key, array in got.items():
        _check(array[:, 0], exact[key], size[key], dtype, key)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gru_cell(dtype: str, operands: Arrays, results: Arrays) -> None:
    pre, state, first, second = (operands[f"backward_gru_cell:{dtype}:{i}"] for i in range(4))
    keys = ("h", "x", "r", "z", "y", "back")
    exact: dict[str, list[mpf]] = {key: [] for key in keys}
    size: dict[str, list[mpf]] = {key: [] for key in keys}
    with mp.workdps(truth.DIGITS):
        for row in range(len(pre)):
            x, r, z, y = (mpf(float(v)) for v in pre[row, :, 0])
            h = mpf(float(state[row, 0]))
            argument = x + _sigmoid(r) * y
            n = mp.tanh(argument)
            # The pass rounds the argument: half an ulp of it is this much of the derivative.
            terms = max(abs(x), abs(_sigmoid(r) * y))
            rounded = 1 + 2 * abs(mp.tanh(argument)) * terms
            grad_h = mpf(float(first[row, 0] + second[row, 0]))
            grad_n = grad_h * _sigmoid(-z) * mp.sech(argument) ** 2
            for key, value, scale in (
                ("h", _sigmoid(-z) * n + _sigmoid(z) * h, max(_sigmoid(-z) * abs(n), abs(h))),
                ("x", grad_n, abs(grad_n) * rounded),
                ("r", grad_n * y * _slope(r), abs(grad_n * y * _slope(r)) * rounded),
                ("z", grad_h * (h - n) * _slope(z), abs(grad_h) * max(abs(h), 1) * _slope(z)),
                ("y", grad_n * _sigmoid(r), abs(grad_n * _sigmoid(r)) * rounded),
                ("back", grad_h * _sigmoid(z), abs(grad_h * _sigmoid(z))),
            ):
                exact[key].append(value)
                size[key].append(scale)
    got = {"h": results[f"gru_cell:{dtype}:0"]}
    got |= {key: results[f"backward_gru_cell:{dtype}:0"][:, k] for k, key in enumerate("xrzy")}
    got["back"] = results[f"backward_gru_cell:{dtype}:1"]
    for key, array in got.items():
        _check(array[:, 0], exact[key], size[key], dtype, key)


@pytest.mark.skipif(not points.HAS_BFLOAT16, reason="ml_dtypes is not installed")
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gated_units_of_bfloat16_are_correctly_rounded(name: str) -> None:
    rng = np.random.default_rng(21)
    gate = gates(rng, "float32", 80).astype(points.dtype_of("bfloat16"))
    value = rng.normal(size=80).astype(gate.dtype)
    got = getattr(_core, f"gated_{name}")(value, gate)
    with mp.workdps(truth.DIGITS):
        exact = [
            mpf(float(v)) * truth.value(name, float(g)) for v, g in zip(value, gate, strict=True)
        ]
    assert truth.ulp_errors(got, truth.Exact.of(exact), "bfloat16").max() <= 0.5


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(name: str, dtype: str) -> None:
    gated = getattr(_core, f"gated_{name}")
    backward = getattr(_core, f"backward_gated_{name}")
    inf, nan = np.inf, np.nan
    shut = -inf if name == "sigmoid" else 0.0

    def of(value: float, gate: float) -> float:
        return float(gated(np.array([value], dtype), np.array([gate], dtype))[0])

    assert of(3.0, shut) == 0
    assert np.signbit(of(-3.0, shut))
    assert np.isnan(of(inf, shut))  # IEEE's product of infinity and 0
    assert of(inf, 2.0) == inf
    assert of(2.0, inf) == (2.0 if name == "sigmoid" else inf)
    assert of(2.0, -inf) == 0
    for value, gate in ((nan, 1.0), (1.0, nan), (nan, shut), (0.0, nan)):
        assert np.isnan(of(value, gate)), (value, gate)
    for arguments in ((nan, 1.0, 1.0), (1.0, nan, 1.0), (1.0, 1.0, nan)):
        assert np.isnan(backward(*(np.array([x], dtype) for x in arguments))[1]).all(), arguments


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("columns", [1, 3, 16, 33, 130])
def test_any_strides_give_the_same(dtype: str, columns: int) -> None:
    rng = np.random.default_rng(22)
    plain = [rng.normal(size=(5, columns)).astype(dtype) for _ in range(3)]
    expected = _core.backward_gated_silu(*plain)
    spaced = [np.repeat(np.repeat(a, 2, 0), 3, 1)[::2, ::3] for a in plain]
    transposed = [np.asfortranarray(a) for a in plain]
    backwards = [np.ascontiguousarray(a[::-1, ::-1])[::-1, ::-1] for a in plain]
    for kind in (spaced, transposed, backwards):
        for got, wanted in zip(_core.backward_gated_silu(*kind), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)
    wide = np.zeros((5, 2 * columns), dtype)
    _core.backward_gated_silu(*plain, out=(wide[:, :columns], wide[:, columns:]))
    np.testing.assert_array_equal(wide, np.concatenate(expected, 1))
    one = _core.gated_silu(plain[0], np.broadcast_to(plain[1][:1, :1], plain[0].shape))
    np.testing.assert_array_equal(
        one, _core.gated_silu(plain[0], np.full_like(plain[0], plain[1][0, 0]))
    )


def test_large_arrays_are_split_and_streamed_alike() -> None:
    rng = np.random.default_rng(23)
    value, gate = rng.normal(size=(2, 3, 700_001)).astype(np.float32)
    whole = _core.gated_gelu(value, gate)
    pieces = [_core.gated_gelu(value[:, i : i + 4096], gate[:, i : i + 4096])
              for i in range(0, value.shape[1], 4096)]  # fmt: skip
    np.testing.assert_array_equal(whole, np.concatenate(pieces, 1))


def test_no_warning_and_nothing_for_nothing() -> None:
    with np.errstate(all="raise"):
        _core.gated_sigmoid(np.float32([1e-38, 3e38]), np.float32([-100.0, -1.0]))
        _core.lstm_cell(np.full((1, 4, 1), 1e3, np.float32), np.ones((1, 1), np.float32))
    assert _core.gated_silu(np.ones((3, 0)), np.ones((3, 0))).shape == (3, 0)
    assert _core.gru_cell(np.ones((0, 4, 5)), np.ones((0, 5))).shape == (0, 5)


def test_four_blocks_are_demanded() -> None:
    with pytest.raises(ValueError, match="core dimension"):
        _core.lstm_cell(np.ones((2, 3, 5)), np.ones((2, 5)))
