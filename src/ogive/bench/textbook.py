"""Every function and its derivative as the line that people write where no library has it.

NumPy, numexpr and, for what it does not offer itself, JAX compute these.  Of several usual forms
the one that keeps its digits is given where it costs no more than a few additions; parameters
whose default is neutral (a factor of 1, a shift of 0) are left out, as users leave them out.

A line is an expression in x; names before it, as in ``e = exp(x); e / (1 + e)``, are computed once.
Other names are the function's parameters.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["TEXTBOOK", "Formula", "inlined", "line", "statements"]


class Formula(NamedTuple):
    """The value of a function and its derivative, as lines of text."""

    value: str
    grad: str


_STEP = "where(x > 0, 1, 0)"
_SOFTPLUS = "maximum(x, 0) + log1p(exp(-abs(x)))"
_LOGISTIC = "1 / (1 + exp(-x))"
_ELU = Formula("maximum(x, 0) + expm1(minimum(x, 0))", "exp(minimum(x, 0))")
_SILU = Formula("x / (1 + exp(-x))", f"s = {_LOGISTIC}; s * (1 + x * (1 - s))")

TEXTBOOK: Mapping[str, Formula] = MappingProxyType(
    {
        "sigmoid": Formula(_LOGISTIC, "e = exp(-abs(x)); e / ((1 + e) * (1 + e))"),
        "logit": Formula("log(x / (1 - x))", "1 / (x * (1 - x))"),
        "log_sigmoid": Formula("minimum(x, 0) - log1p(exp(-abs(x)))", "1 / (1 + exp(x))"),
        "softplus": Formula(_SOFTPLUS, _LOGISTIC),
        "odds": Formula("x / (1 - x)", "d = 1 - x; 1 / (d * d)"),
        "tanh": Formula("tanh(x)", "e = exp(-2 * abs(x)); 4 * e / ((1 + e) * (1 + e))"),
        "hard_sigmoid": Formula("minimum(maximum(x + 3, 0), 6) / 6", "where(abs(x) < 3, 1 / 6, 0)"),
        "hard_tanh": Formula(
            "minimum(maximum(x, min), max)", "where(x > min, where(x < max, 1, 0), 0)"
        ),
        "softsign": Formula("x / (1 + abs(x))", "d = 1 + abs(x); 1 / (d * d)"),
        "log1mexp": Formula(
            "where(x < 0.6931471805599453, log(-expm1(-x)), log1p(-exp(-x)))", "1 / expm1(x)"
        ),
        "squareplus": Formula("0.5 * (x + sqrt(x * x + b))", "0.5 + 0.5 * x / sqrt(x * x + b)"),
        "relu": Formula("maximum(x, 0)", _STEP),
        "relu6": Formula("minimum(maximum(x, 0), 6)", "where(abs(x - 3) < 3, 1, 0)"),
        "leaky_relu": Formula("maximum(x, negative_slope * x)", "where(x > 0, 1, negative_slope)"),
        "prelu": Formula("maximum(x, weight * x)", "where(x > 0, 1, weight)"),
        "rrelu": Formula(
            "maximum(x, (lower + upper) / 2 * x)", "where(x > 0, 1, (lower + upper) / 2)"
        ),
        "threshold": Formula("where(x > threshold, x, value)", "where(x > threshold, 1, 0)"),
        "elu": _ELU,
        "celu": _ELU,
        "selu": Formula(
            "1.0507009873554805 * maximum(x, 0) + 1.7580993408473766 * expm1(minimum(x, 0))",
            "where(x > 0, 1.0507009873554805, 1.7580993408473766 * exp(minimum(x, 0)))",
        ),
        "relu_squared": Formula("r = maximum(x, 0); r * r", "2 * maximum(x, 0)"),
        "hard_swish": Formula(
            "x * minimum(maximum(x + 3, 0), 6) / 6", f"where(abs(x) < 3, x / 3 + 0.5, {_STEP})"
        ),
        "softshrink": Formula(
            "x - minimum(maximum(x, -lambd), lambd)", "where(abs(x) > lambd, 1, 0)"
        ),
        "hardshrink": Formula("where(abs(x) > lambd, x, 0)", "where(abs(x) > lambd, 1, 0)"),
        "tanhshrink": Formula("x - tanh(x)", "t = tanh(x); t * t"),
        "silu": _SILU,
        "swish": _SILU,
        "gelu_tanh": Formula(
            "0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))",
            "t = tanh(0.7978845608028654 * (x + 0.044715 * x * x * x));"
            " 0.5 * (1 + t) * (1 + x * (1 - t) * (0.7978845608028654 + 0.1070322244089 * x * x))",
        ),
        "quick_gelu": Formula(
            "x / (1 + exp(-1.702 * x))",
            "s = 1 / (1 + exp(-1.702 * x)); s * (1 + 1.702 * x * (1 - s))",
        ),
        "mish": Formula(
            "x * tanh(log1p(exp(x)))",
            "w = tanh(log1p(exp(x))); w + x * (1 - w * w) / (1 + exp(-x))",
        ),
        "lisht": Formula("x * tanh(x)", "t = tanh(x); t + x * (1 - t * t)"),
        "srs": Formula(
            "x / (x / alpha + exp(-x / beta))",
            "e = exp(-x / beta); d = x / alpha + e; e * (1 + x / beta) / (d * d)",
        ),
        "pdelu": Formula(
            "maximum(x, 0) + maximum(1 + (1 - t) * minimum(x, 0), 0) ** (1 / (1 - t)) - 1",
            "maximum(1 + (1 - t) * minimum(x, 0), 0) ** (t / (1 - t))",
        ),
        "abrelu": Formula("maximum(x, 0)", _STEP),
        "pau": Formula(
            "(a0 + x * (a1 + x * (a2 + x * (a3 + x * (a4 + x * a5)))))"
            " / (1 + abs(x * (b1 + x * (b2 + x * (b3 + x * b4)))))",
            "q = x * (b1 + x * (b2 + x * (b3 + x * b4))); d = 1 + abs(q);"
            " f = (a0 + x * (a1 + x * (a2 + x * (a3 + x * (a4 + x * a5))))) / d;"
            " n = a1 + x * (2 * a2 + x * (3 * a3 + x * (4 * a4 + x * (5 * a5))));"
            " r = b1 + x * (2 * b2 + x * (3 * b3 + x * (4 * b4)));"
            " (n - where(q < 0, -r, r) * f) / d",
        ),
        "xielu": Formula(
            "where(x > 0, alpha_p * x * x, alpha_n * (expm1(minimum(x, 0)) - x)) + beta * x",
            "where(x > 0, 2 * alpha_p * x, alpha_n * expm1(minimum(x, 0))) + beta",
        ),
    }
)
"""Lines for all functions but the rows and gelu, for which neither NumPy nor numexpr has an erf."""


def line(name: str, kind: str) -> str | None:
    """Return the line for a function and kind; a backward is grad_output, g, times the derivative.

    Parameters
    ----------
    name : str
    kind : {'value', 'grad', 'backward'}

    Returns
    -------
    str or None
        None where there is no such line.

    Examples
    --------
    >>> line("tanhshrink", "backward")
    't = tanh(x); g * (t * t)'
    """
    formula = TEXTBOOK.get(name)
    if formula is None or kind == "value":
        return None if formula is None else formula.value
    if kind == "grad":
        return formula.grad
    *names, last = formula.grad.split(";")
    return ";".join([*names, f" g * ({last.strip()})"]).strip()


def statements(text: str) -> tuple[list[tuple[str, ast.expr]], ast.expr]:
    """Return the named parts of a line, in order, and its expression."""
    named: list[tuple[str, ast.expr]] = []
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Expr):
            return named, statement.value
        assert isinstance(statement, ast.Assign)
        (target,) = statement.targets
        assert isinstance(target, ast.Name)
        named.append((target.id, statement.value))
    raise ValueError(f"{text!r} ends without an expression")


def inlined(text: str) -> ast.expr:
    """Return a line as one expression, for compilers that find common parts themselves."""
    named, expression = statements(text)
    parts: dict[str, ast.expr] = {}

    class Inline(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return parts.get(node.id, node)

    def substituted(part: ast.expr) -> ast.expr:
        result: ast.expr = Inline().visit(part)
        return result

    for name, part in named:
        parts[name] = substituted(part)
    return substituted(expression)
