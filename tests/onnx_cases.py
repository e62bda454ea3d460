"""The node tests that the `onnx` package carries, and what a case says of its one operator."""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx.backend.test.case import node
from onnx.backend.test.case.test_case import TestCase


def cases(operators: Collection[str]) -> list[TestCase]:
    """Every case of the operators.

    A case comes into being, in the list that ONNX's own loader returns, when its module is
    imported. To import them all takes ten seconds, so only those are that mention an operator.
    """
    for path in sorted(Path(node.__file__).parent.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if any(f'"{operator}"' in text for operator in operators):
            with np.errstate(all="ignore"):  # ONNX takes the logarithm of an empty sum
                import_module(f"{node.__name__}.{path.stem}")
    return [
        case
        for case in node._NodeTestCases
        if len(case.model.graph.node) == 1 and operator_of(case) in operators
    ]


def operator_of(case: TestCase) -> str:
    """The name of the operator that a case tests."""
    return case.model.graph.node[0].op_type


def attributes_of(case: TestCase) -> dict[str, Any]:
    """The attributes of a case, those included that it leaves to their defaults."""
    schema = onnx.defs.get_schema(operator_of(case), case.model.opset_import[0].version)
    defaults = [attribute.default_value for attribute in schema.attributes.values()]
    given = case.model.graph.node[0].attribute
    return {
        attribute.name: onnx.helper.get_attribute_value(attribute)
        for attribute in [*defaults, *given]
        if attribute.name
    }


def inputs_of(case: TestCase, arrays: Any) -> list[Any]:
    """The inputs in the operator's order; an optional one that is left out has no name."""
    present = iter(arrays)
    return [next(present) if name else None for name in case.model.graph.node[0].input]
