"""Torch's own test inputs for its functions, given to Ogive's.

What differs is told one by one in `differs`, each with what is right instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch_op_samples import ENTRIES, own, samples

# Torch's own word on samples for which it does not compute by chunks.
pytestmark = pytest.mark.filterwarnings("ignore:linear_cross_entropy. ``options`` ignored")

TOLERANCE = {
    torch.float64: {"rtol": 1e-7, "atol": 1e-12},
    torch.float32: {"rtol": 2e-5, "atol": 2e-6},
    torch.float16: {"rtol": 1e-3, "atol": 1e-5},
    torch.bfloat16: {"rtol": 8e-3, "atol": 1e-5},
}
# At infinities torch has NaN for these, where the limits are numbers.
LIMITS = {"silu": (0.0, torch.inf), "mish": (0.0, torch.inf), "softsign": (-1.0, 1.0)}


def entries(which: Callable[[Any], bool] = lambda op: True) -> Any:
    """Run a test on every entry, or on some."""
    cases = [
        pytest.param(op, name, id=f"{op.name}.{op.variant_test_name}")
        for op, name in ENTRIES
        if which(op)
    ]
    return pytest.mark.parametrize(("op", "name"), cases)


def test_there_are_entries_for_what_torch_has():
    assert len(ENTRIES) >= 32
    assert {"sigmoid", "gelu", "softmax", "prelu", "logit"} <= {name for _, name in ENTRIES}


def differs(name: str, dtype: torch.dtype) -> bool:
    """Whether torch's own result is not what Ogive promises, for a reason told here."""
    if name == "softsign" and not dtype.is_floating_point:
        return True  # torch adds 1 to |x| in the integers, where 127 becomes -128
    # torch changes the sign in the unsigned integers before it converts them
    return name == "softmin" and dtype is torch.uint8


def in_float32(thing: Any) -> Any:
    half = isinstance(thing, torch.Tensor) and thing.is_floating_point()
    return thing.float() if half else thing


# For complex32 torch warns that it is experimental; the other complex dtypes are enough.
@entries()
def test_values(op: Any, name: str):
    function, compared = own(name), 0
    for dtype in sorted(set(op.dtypes) - {torch.complex32}, key=str):
        for sample in samples(op, dtype):
            compared += 1
            given = sample.input.clone()
            if dtype.is_complex:
                # Converted first where a dtype is asked for, with torch's warning.
                if "dtype" not in sample.kwargs:
                    with pytest.raises(TypeError, match=f"not {str(dtype).removeprefix('torch.')}"):
                        function(given, *sample.args, **sample.kwargs)
                continue
            got = function(given, *sample.args, **sample.kwargs)
            expected = op(sample.input.clone(), *sample.args, **sample.kwargs)
            assert got.dtype == expected.dtype
            assert got.shape == expected.shape
            if differs(name, dtype):
                continue
            if dtype in (torch.float16, torch.bfloat16):
                # Torch itself rounds at every step.
                wide = sample.transform(in_float32)
                expected = op(wide.input, *wide.args, **wide.kwargs).to(got.dtype)
            if name in LIMITS and dtype.is_floating_point:
                for end, limit in zip((-torch.inf, torch.inf), LIMITS[name], strict=True):
                    there = sample.input == end
                    assert (got[there] == limit).all()
                    expected[there] = limit
            tolerance = TOLERANCE.get(dtype, TOLERANCE[torch.float32])
            torch.testing.assert_close(got, expected, equal_nan=True, **tolerance)
    assert compared


@entries(lambda op: torch.float64 in op.dtypes)
def test_gradients(op: Any, name: str):
    function, compared = own(name), 0
    for sample in samples(op, torch.float64, requires_grad=True):
        results = []
        for compute in (function, op):
            given = [
                t.detach().clone().requires_grad_(t.is_floating_point())
                if isinstance(t, torch.Tensor)
                else t
                for t in (sample.input, *sample.args)
            ]
            y = compute(*given, **sample.kwargs)
            generator = torch.Generator().manual_seed(1)
            incoming = torch.randn(y.shape, generator=generator, dtype=torch.float64)
            sources = [t for t in given if isinstance(t, torch.Tensor) and t.requires_grad]
            results.append(torch.autograd.grad(y, sources, incoming.to(y.dtype), allow_unused=True))
        for got, expected in zip(*results, strict=True):
            # In hard_sigmoid's derivative torch's 1/6 is a float32 in float64 too.
            torch.testing.assert_close(got, expected, rtol=1e-6, atol=1e-10)
        compared += 1
    assert compared


@entries(lambda op: op.error_inputs_func is not None)
def test_what_torch_refuses(op: Any, name: str):
    function = own(name)
    for case in op.error_inputs("cpu"):
        sample = case.sample_input
        with pytest.raises((TypeError, ValueError, RuntimeError, IndexError)):
            function(sample.input, *sample.args, **sample.kwargs)
