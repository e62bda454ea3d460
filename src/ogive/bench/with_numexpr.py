"""numexpr: the textbook's line, compiled once and evaluated block by block into the output."""

from __future__ import annotations

import ast
from functools import partial

import numexpr
import numpy as np

from ogive.bench.textbook import inlined, line
from ogive.bench.work import Call, Work

__all__ = ["contender", "set_threads"]


def set_threads(threads: int) -> None:
    """Let numexpr use a number of threads."""
    numexpr.set_num_threads(threads)


class _Constants(ast.NodeTransformer):
    """Gives every number and parameter a name of the array's dtype: numexpr's own are float64."""

    def __init__(self, dtype: str, parameters: dict[str, float]) -> None:
        self.values: dict[str, object] = {}
        self._dtype = np.dtype(dtype)
        self._parameters = parameters

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return self._name(float(ast.literal_eval(node)))

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._parameters:
            return self._name(self._parameters[node.id])
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def _name(self, value: float) -> ast.expr:
        name = f"c{len(self.values)}"
        for known, other in self.values.items():
            if other == self._dtype.type(value):
                name = known
        self.values[name] = self._dtype.type(value)
        return ast.Name(name)


def contender(work: Work) -> Call | None:
    """Return the call that does the work with numexpr, or None where there is no line for it."""
    text = line(work.name, work.kind)
    if text is None:
        return None
    constants = _Constants(work.arrays.dtype, work.parameters)
    expression = ast.unparse(constants.visit(inlined(text)))
    operands = {"x": work.x, **constants.values}
    if work.kind == "backward":
        operands["g"] = work.g
    checked = numexpr.validate(expression, operands, {}, out=work.out, casting="same_kind")
    if checked is not None:
        raise checked
    # re_evaluate repeats what was compiled last: this, until the next contender is made.
    return partial(numexpr.re_evaluate, local_dict=operands)
