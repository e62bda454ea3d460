"""The node tests that ONNX publishes for each activation, computed by Ogive.

A row maps an ONNX operator, with its inputs and attributes under ONNX's names, to an Ogive call.
An input, an attribute or a variant that the row does not know fails the case.

The expected outputs are NumPy's, in the dtype of the case, so that they are no more exact than
their formula. The tolerance follows from it: in units of the dtype's epsilon, what NumPy's own
tables allow each function that the formula calls, a half for each of its other roundings, and 1
for Ogive. Where the formula only selects, or rounds once as Ogive does, equality is asked.

ONNX also has 'expanded' cases, the same data for a graph of simpler operators; they are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from numpy_tables import table
from onnx.backend.test.case.test_case import TestCase
from onnx_cases import attributes_of, cases, inputs_of, operator_of

import ogive
from ogive.catalog import CATALOG


@dataclass(frozen=True)
class Operator:
    """What computes an ONNX operator, and how its expected outputs were rounded.

    `functions` are those of NumPy that ONNX's formula calls, `roundings` the number of its other
    steps, `terms` the size of what it adds, where a sum may be small beside its terms.
    """

    call: Callable[..., Any]
    functions: tuple[str, ...] = ()
    roundings: int = 0
    terms: Callable[..., Any] | None = None

    def tolerance(self, expected: np.ndarray, *inputs: Any, **attributes: Any) -> Any:
        """The largest error to be allowed each of the expected outputs."""
        if not self.functions and not self.roundings:
            return 0.0
        units = sum(map(_allowance(expected.dtype), self.functions)) + self.roundings / 2 + 1
        size = np.abs(expected.astype(np.float64))
        if self.terms is not None:
            size = np.maximum(size, self.terms(*inputs, **attributes))
        return units * float(ml_dtypes.finfo(expected.dtype).eps) * size


def _allowance(dtype: np.dtype) -> Callable[[str], float]:
    """The error of a NumPy function in ulp; the half types are computed in float32."""
    if dtype.itemsize == 2:
        return lambda function: 0.5
    return lambda function: table(function, dtype.name).allowed


def _selu(x: Any, alpha: float, gamma: float) -> Any:
    schema = onnx.defs.get_schema("Selu").attributes
    if (alpha, gamma) == tuple(schema[name].default_value.f for name in ("alpha", "gamma")):
        return ogive.selu(x)
    return gamma * ogive.elu(x, alpha=alpha)


def _shrink(x: Any, lambd: float, bias: float) -> Any:
    if bias == 0:
        return ogive.hardshrink(x, lambd=lambd)
    assert bias == lambd, "no Ogive function shrinks by another amount than its threshold"
    return ogive.softshrink(x, lambd=lambd)


def _clip(x: Any, min: Any = None, max: Any = None) -> Any:
    # What is left out is the lowest or the largest number of the dtype, says ONNX.
    info = np.iinfo(x.dtype) if x.dtype.kind == "i" else ml_dtypes.finfo(x.dtype)
    return ogive.hard_tanh(
        x, min=info.min if min is None else min, max=info.max if max is None else max
    )


OPERATORS = {
    "Sigmoid": Operator(lambda x: ogive.sigmoid(x), ("exp",), roundings=2),
    "Tanh": Operator(lambda x: ogive.tanh(x), ("tanh",)),
    "Relu": Operator(lambda x: ogive.relu(x)),
    "LeakyRelu": Operator(lambda x, alpha: ogive.leaky_relu(x, negative_slope=alpha)),
    "PRelu": Operator(lambda x, slope: ogive.prelu(x, weight=slope)),
    "Elu": Operator(lambda x, alpha: ogive.elu(x, alpha=alpha), ("expm1",), roundings=1),
    "Celu": Operator(lambda x, alpha: ogive.celu(x, alpha=alpha), ("expm1",), roundings=2),
    # Two products there, and the one with gamma here.
    "Selu": Operator(_selu, ("expm1",), roundings=3),
    "Gelu": Operator(
        lambda x, approximate: {b"none": ogive.gelu, b"tanh": ogive.gelu_tanh}[approximate](x),
        # Five in the argument of tanh; erf and tanh themselves are taken in float64.
        roundings=6,
        terms=lambda x, approximate: np.abs(x) / 2 if approximate == b"tanh" else 0,
    ),
    "Swish": Operator(lambda x, alpha: ogive.swish(x, beta=alpha), ("exp",), roundings=4),
    "Mish": Operator(lambda x: ogive.mish(x), ("exp", "log1p", "tanh"), roundings=2),
    "Softplus": Operator(lambda x: ogive.softplus(x), ("exp", "log1p"), roundings=1),
    "Softsign": Operator(lambda x: ogive.softsign(x), roundings=2),
    "HardSigmoid": Operator(
        lambda x, alpha, beta: ogive.hard_tanh(alpha * x + beta, min=0.0, max=1.0)
    ),
    "HardSwish": Operator(
        lambda x: ogive.hard_swish(x), roundings=4, terms=lambda x: np.abs(x) / 2
    ),
    "ThresholdedRelu": Operator(lambda x, alpha: ogive.threshold(x, threshold=alpha)),
    "Shrink": Operator(_shrink),
    "Clip": Operator(_clip),
}


CASES = cases(OPERATORS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_node(case: TestCase) -> None:
    operator = OPERATORS[operator_of(case)]
    attributes = attributes_of(case)
    assert case.data_sets
    for arrays, (expected,) in case.data_sets:
        inputs = inputs_of(case, arrays)
        got = operator.call(*inputs, **attributes)
        # Integers become floats as with np.tanh.
        integer = expected.dtype.kind == "i"
        assert got.dtype == (np.tanh(expected).dtype if integer else expected.dtype)
        assert got.shape == expected.shape
        error = np.abs(got.astype(np.float64) - expected.astype(np.float64))
        excess = error - operator.tolerance(expected, *inputs, **attributes)
        worst = np.unravel_index(np.argmax(excess), excess.shape)
        assert excess[worst] <= 0, (error[worst], got[worst], expected[worst], inputs[0][worst])


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_has_a_case(operator: str) -> None:
    assert operator in map(operator_of, CASES)


def test_every_operator_that_the_catalogue_names_is_here() -> None:
    names = {record.elsewhere["onnx"] for record in CATALOG.values() if "onnx" in record.elsewhere}
    # The records give an operator and, in brackets, how it differs.
    assert {re.match(r"\w*", name)[0] for name in names} <= set(OPERATORS)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "int8"])
def test_that_the_cases_hold_the_dtypes(dtype: str) -> None:
    assert dtype in {case.data_sets[0][1][0].dtype.name for case in CASES}
