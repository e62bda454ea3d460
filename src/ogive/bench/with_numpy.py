"""NumPy: the textbook's line, as calls of ufuncs into buffers made beforehand.

A line as people write it makes an array for each operation.  Here every operation writes where it
can: into the output or one of a few buffers, as whoever cares about speed would have it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ogive.bench import losses_in_numpy
from ogive.bench.textbook import line, statements
from ogive.bench.work import LOSSES, Array, Call, Work

__all__ = ["contender"]

_OPERATORS: dict[type[ast.AST], np.ufunc] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.USub: np.negative,
    ast.Lt: np.less,
    ast.Gt: np.greater,
}

Operand = Array | float


def contender(work: Work) -> Call | None:
    """Return the call that does the work with NumPy, or None where there is no line for it."""
    if work.name in LOSSES:
        return losses_in_numpy.contender(work)
    text = line(work.name, work.kind)
    if text is None:
        return None
    steps = _Steps(work).compiled(text)
    out = work.out
    if len(steps) == 1:  # np.tanh, np.maximum: no loop of ours around it
        return steps[0]

    def call() -> Array:
        for step in steps:
            step()
        return out

    return call


class _Steps:
    """Compiles a line into steps; each takes its operands and has its destination bound."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._steps: list[Callable[[], object]] = []
        self._free: list[Array] = []
        self._used = 0
        self._named: dict[str, Operand] = {"x": work.x, **work.parameters}
        if work.kind == "backward":
            self._named["g"] = work.g

    def compiled(self, text: str) -> Sequence[Callable[[], Any]]:
        named, expression = statements(text)
        for name, part in named:
            self._named[name] = self._operand(part)
        self._operand(expression, self._work.out)
        return self._steps

    def _operand(self, node: ast.expr, into: Array | None = None) -> Operand:
        """Return the array, or the number, that a part of the expression stands for."""
        if isinstance(node, ast.Name):
            return self._named[node.id]
        if isinstance(node, ast.Constant):
            return float(ast.literal_eval(node))
        if isinstance(node, ast.BinOp):
            operands = [self._operand(node.left), self._operand(node.right)]
            return self._applied(_OPERATORS[type(node.op)], operands, into)
        if isinstance(node, ast.UnaryOp):
            return self._applied(_OPERATORS[type(node.op)], [self._operand(node.operand)], into)
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        if node.func.id == "where":
            return self._where(node.args, into)
        operands = [self._operand(argument) for argument in node.args]
        return self._applied(getattr(np, node.func.id), operands, into)

    def _applied(self, ufunc: np.ufunc, operands: Sequence[Operand], into: Array | None) -> Operand:
        if not any(isinstance(operand, np.ndarray) for operand in operands):
            return float(ufunc(*operands))
        own = self._own(operands)
        if into is None:
            into = own[0] if own else self._buffer()
        self._steps.append(partial(ufunc, *operands, out=into))
        self._release(own, into)
        return into

    def _where(self, arguments: Sequence[ast.expr], into: Array | None) -> Array:
        """Select by copying: np.where has no out."""
        compare, *branches = arguments
        assert isinstance(compare, ast.Compare)
        a, b = (self._operand(branch) for branch in branches)
        left, right = self._operand(compare.left), self._operand(compare.comparators[0])
        mask = np.empty(self._work.x.shape, bool)
        self._steps.append(partial(_OPERATORS[type(compare.ops[0])], left, right, out=mask))
        own = self._own((a, b, left, right))
        if into is None:
            into = b if isinstance(b, np.ndarray) and self._own((b,)) else self._buffer()
        if b is not into:
            self._steps.append(partial(np.copyto, into, b))
        self._steps.append(partial(np.copyto, into, a, where=mask))
        self._release(own, into)
        return into

    def _own(self, operands: Sequence[Operand]) -> list[Array]:
        """Return the operands that lie in buffers which nothing else still needs."""
        return [
            operand
            for operand in operands
            if isinstance(operand, np.ndarray)
            and not any(operand is kept for kept in self._named.values())
        ]

    def _buffer(self) -> Array:
        if not self._free:
            self._free.append(self._work.arrays.scratch(self._used))
            self._used += 1
        return self._free.pop()

    def _release(self, buffers: Sequence[Array], into: Array) -> None:
        self._free.extend(buffer for buffer in buffers if buffer is not into)
