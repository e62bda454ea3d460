"""The node tests that ONNX publishes for rows and for losses of classes, computed by Ogive.

The expected outputs are NumPy's, in the dtype of the case: a row less its largest, `exp`, a sum,
`log`, each rounded, and most of them for long rows or sums of losses. The tolerance counts those
roundings, in units of the dtype's epsilon and of the largest term (see `_allowed`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx.backend.test.case.test_case import TestCase
from onnx_cases import attributes_of, cases, inputs_of, operator_of

import ogive


def _hardmax(x: Any, axis: int) -> Any:
    # The first of the largest is the one, says ONNX; so say np.argmax and to_one_hot.
    return ogive.probabilities.to_one_hot(x, axis=axis).astype(x.dtype)


def _reduce_log_sum_exp(x: Any, axes: Any, keepdims: int, noop_with_empty_axes: int) -> Any:
    if not axes.size and noop_with_empty_axes:
        return x
    axis = tuple(map(int, axes)) or None
    return ogive.logsumexp(x, axis=axis, keepdims=bool(keepdims))


def _loss(loss: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, target: Any, weight: Any = None, **attributes: Any) -> Any:
        # An index that is not given is no index at all: ONNX has no default, as PyTorch has.
        ignored = attributes.get("ignore_index")
        optional = {} if ignored is None else {"ignore_index": ignored}
        how = attributes["reduction"].decode()
        return loss(x, target, weight, reduction=how, **optional)

    return call


def _log_probabilities(x: Any, *_: Any, **__: Any) -> Any:
    return ogive.log_softmax(x, axis=1)


# What computes each output of an operator.
OPERATORS: dict[str, tuple[Callable[..., Any], ...]] = {
    "Softmax": (lambda x, axis: ogive.softmax(x, axis=axis),),
    "LogSoftmax": (lambda x, axis: ogive.log_softmax(x, axis=axis),),
    "Hardmax": (_hardmax,),
    "ReduceLogSumExp": (_reduce_log_sum_exp,),
    "SoftmaxCrossEntropyLoss": (_loss(ogive.losses.cross_entropy), _log_probabilities),
    "NegativeLogLikelihoodLoss": (_loss(ogive.losses.nll_loss),),
}

CASES = cases(OPERATORS)


def _allowed(case: TestCase, inputs: list[Any], expected: np.ndarray) -> Any:
    """The error that ONNX's own arithmetic may have, from how it rounds.

    A row of n entries: each term is an `exp` (2 ulp in NumPy's tables), the sum of n of them has n
    roundings at most, `log` (2), the difference from the largest and the result one each. In a
    softmax that is relative to the result, in a logarithm to the largest of the logits and of the
    result. A reduced loss adds those errors, and the roundings of NumPy's sum, which goes by pairs
    of blocks of 128, eight sums in each; the weights, and those of a mean, are below 1.
    """
    if operator_of(case) == "Hardmax":
        return 0.0
    x = inputs[0]
    row = x.shape[1] if x.ndim > 1 else x.size
    size = np.abs(expected.astype(np.float64))
    if operator_of(case) != "Softmax":
        size = np.maximum(size, float(np.max(np.abs(x))) if x.size else 0.0)
    allowed = (2 + max(row, x.shape[-1]) + 2 + 2) * size
    if not expected.ndim:
        losses = x.size // row
        if attributes_of(case)["reduction"] == b"sum":
            each = float(np.max(np.abs(x))) + np.log(row)
            allowed = (2 + row + 2 + 2) * each * losses
        allowed = allowed + (128 / 8 + np.log2(losses) + 2) * np.abs(expected)
    return np.finfo(expected.dtype).eps * allowed


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_node(case: TestCase) -> None:
    attributes = attributes_of(case)
    assert case.data_sets
    for arrays, outputs in case.data_sets:
        inputs = inputs_of(case, arrays)
        calls = OPERATORS[operator_of(case)]
        assert len(outputs) <= len(calls)
        for call, expected in zip(calls, outputs, strict=False):
            got = np.asarray(call(*inputs, **attributes))
            expected = np.asarray(expected)
            assert got.shape == expected.shape
            # A loss that is one number is a float64, whatever the logits are.
            loss = "Loss" in operator_of(case) and not expected.ndim
            assert got.dtype == (np.dtype(np.float64) if loss else expected.dtype)
            equal = got == expected
            with np.errstate(invalid="ignore"):
                near = np.abs(got - expected.astype(np.float64)) <= _allowed(case, inputs, expected)
            assert np.all(equal | near), (got, expected)


@pytest.mark.parametrize(
    ("operator", "number"),
    [
        ("Softmax", 7),
        ("LogSoftmax", 7),
        ("Hardmax", 7),
        ("ReduceLogSumExp", 9),
        ("SoftmaxCrossEntropyLoss", 34),
        ("NegativeLogLikelihoodLoss", 18),
    ],
)
def test_that_all_cases_of_an_operator_are_run(operator: str, number: int) -> None:
    assert [operator_of(case) for case in CASES].count(operator) >= number
