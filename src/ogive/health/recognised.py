"""Activations in autograd's graph: which function a node is, and what it saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from ogive.catalog import CATALOG, Function
from ogive.health.graph import Node, all_saved, inputs_of, plain_name, same_edge, saved
from ogive.torch.autograd import Elementwise

__all__ = ["Activation", "activations_among", "read"]


@dataclass
class Activation:
    """One call of an activation, as the graph has it.

    Attributes
    ----------
    node : Node
        Its node; its gradient comes by there.
    name : str
        The function in the catalogue.
    parameters : tuple of float
        All of the function's parameters; the defaults where they are tensors.
    argument, result : torch.Tensor or None
        Whichever of them was saved, without gradient.
    gate : bool
        Whether the result does nothing but scale another signal: a sigmoid that is multiplied.
    plain : bool
        Whether the parameters are those of the call.
    """

    node: Node
    name: str
    parameters: tuple[float, ...] = ()
    argument: Tensor | None = None
    result: Tensor | None = None
    gate: bool = False
    plain: bool = True
    evaluate: Callable[[], Tensor] | None = field(default=None, repr=False)

    @property
    def record(self) -> Function:
        """What the catalogue knows of the function."""
        return CATALOG[self.name]

    def value(self) -> Tensor | None:
        """Return the result, computed again where only the argument was saved."""
        if self.result is None and self.argument is not None:
            if self.evaluate is not None:
                self.result = self.evaluate()
            elif self.plain:
                self.result = _elementwise(self.name).value(self.argument, self.parameters)
        return self.result

    def slope(self) -> Tensor | None:
        """Return |f'| as a share of its maximum, entry by entry; None if it cannot be told.

        That is 1 where the activation passes the gradient on as well as it can, and 0 where it
        is saturated.
        """
        steepest = self.record.max_derivative
        if not 0.0 < steepest < float("inf") or not self.plain:
            return None
        if self.result is not None and self.name in _BY_RESULT:
            return _BY_RESULT[self.name](self.result)
        if self.argument is None:
            return None
        ones = torch.ones_like(self.argument)
        derivative = _elementwise(self.name).backward(ones, self.argument, self.parameters)
        return derivative.abs_().div_(steepest)


_BY_RESULT: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": lambda s: 4.0 * s * (1.0 - s),
    "tanh": lambda t: 1.0 - t * t,
    "relu": lambda r: (r > 0).to(r.dtype),
}


@cache
def _elementwise(name: str) -> Elementwise:
    return Elementwise(name)


def activations_among(nodes: Iterable[Node]) -> list[Activation]:
    """Find the activations among nodes, in their order.

    Parameters
    ----------
    nodes : iterable of Node
        Those of a whole graph.

    Returns
    -------
    list of Activation
        ``x * sigmoid(x)`` is one silu, and its sigmoid is not listed.

    Examples
    --------
    >>> import torch
    >>> from ogive.health.graph import nodes_before
    >>> from ogive.health.recognised import activations_among
    >>> x = torch.ones(2, requires_grad=True) * 1.0
    >>> y = (x * torch.sigmoid(x)).clamp(min=0.0).tanh()
    >>> [found.name for found in activations_among(nodes_before([y.grad_fn]))]
    ['silu', 'relu', 'tanh']
    """
    nodes = list(nodes)
    found: dict[Node, Activation] = {}
    part_of: set[Node] = set()
    for node in nodes:
        name = plain_name(node)
        activation = _composite(name, node, part_of) if name in _COMPOSITES else None
        if activation is None:
            activation = _single(name, node)
        if activation is not None:
            found[node] = activation
        if name == "MulBackward":
            for factor in inputs_of(node):
                if plain_name(factor) in _GATES and factor in found:
                    found[factor].gate = True
    return [activation for node, activation in found.items() if node not in part_of]


def read(node: Node) -> Activation | None:
    """Read an activation again, at a node that is known to be one.

    Parameters
    ----------
    node : Node

    Returns
    -------
    Activation or None
        Whether it is a gate is not told.
    """
    name = plain_name(node)
    activation = _composite(name, node, set()) if name in _COMPOSITES else None
    return _single(name, node) if activation is None else activation


_GATES = frozenset({"SigmoidBackward", "HardsigmoidBackward", "Eager_sigmoidBackward"})


def _simple(
    name: str, *, keeps: str = "self", parameters: Callable[[Node], tuple[float, ...]] | None = None
) -> Callable[[Node], Activation | None]:
    """Return how a node is read that saves its argument ("self") or its result."""

    def read(node: Node) -> Activation | None:
        values = _defaults(name) if parameters is None else parameters(node)
        tensor = saved(node, keeps)
        return Activation(
            node,
            name,
            values,
            argument=tensor if keeps == "self" else None,
            result=tensor if keeps == "result" else None,
        )

    return read


def _defaults(name: str) -> tuple[float, ...]:
    return tuple(CATALOG[name].defaults().values())


def _elu(node: Node) -> Activation | None:
    alpha, scale = float(node._saved_alpha), float(node._saved_scale)
    argument = saved(node, "self")
    if scale != 1.0:
        return Activation(node, "selu", (), argument)
    return Activation(node, "elu", (alpha,), argument)


def _gelu(node: Node) -> Activation | None:
    name = "gelu_tanh" if node._saved_approximate == "tanh" else "gelu"
    return Activation(node, name, (), saved(node, "self"))


def _hard_tanh(node: Node) -> Activation | None:
    low, high = float(node._saved_min_val), float(node._saved_max_val)
    argument = saved(node, "self")
    if (low, high) == (0.0, 6.0):
        return Activation(node, "relu6", (), argument)
    return Activation(node, "hard_tanh", (low, high), argument)


def _clamp(node: Node) -> Activation | None:
    low, high = getattr(node, "_saved_min", None), getattr(node, "_saved_max", None)
    if isinstance(low, Tensor) or isinstance(high, Tensor):
        return None
    argument = saved(node, "self")
    if low == 0 and high is None:
        return Activation(node, "relu", (), argument)
    if low == 0 and high == 6:
        return Activation(node, "relu6", (), argument)
    return None  # a limit for safety, of a variance or a probability


def _threshold(node: Node) -> Activation | None:
    if float(node._saved_threshold) != 0.0:
        return None
    return Activation(node, "relu", (), saved(node, "self"))


def _larger(node: Node) -> Activation | None:
    """Read the larger of a signal and 0."""
    other = saved(node, "other")
    if other is None or other.numel() != 1 or node.next_functions[1][0] is not None:
        return None
    if other.is_meta or float(other) != 0.0:
        return None
    return Activation(node, "relu", (), saved(node, "self"))


def _prelu(node: Node) -> Activation | None:
    argument, weight = saved(node, "self"), saved(node, "weight")
    evaluate = None
    if argument is not None and weight is not None:
        evaluate = partial(torch._prelu_kernel, argument, weight)
    return Activation(node, "prelu", _defaults("prelu"), argument, plain=False, evaluate=evaluate)


def _rrelu(node: Node) -> Activation | None:
    return Activation(node, "rrelu", _defaults("rrelu"), saved(node, "self"), plain=False)


_SINGLE: dict[str, Callable[[Node], Activation | None]] = {
    "ReluBackward": _simple("relu", keeps="result"),
    "SigmoidBackward": _simple("sigmoid", keeps="result"),
    "TanhBackward": _simple("tanh", keeps="result"),
    "LeakyReluBackward": _simple(
        "leaky_relu", parameters=lambda node: (float(node._saved_negative_slope),)
    ),
    "EluBackward": _elu,
    "CeluBackward": _simple("celu", parameters=lambda node: (float(node._saved_alpha),)),
    "GeluBackward": _gelu,
    "SiluBackward": _simple("silu"),
    "MishBackward": _simple("mish"),
    "SoftplusBackward": _simple("softplus", parameters=lambda node: (float(node._saved_beta),)),
    "LogSigmoidBackward": _simple("log_sigmoid"),
    "HardsigmoidBackward": _simple("hard_sigmoid"),
    "HardswishBackward": _simple("hard_swish"),
    "HardtanhBackward": _hard_tanh,
    "ClampBackward": _clamp,
    "ClampMinBackward": _clamp,
    "ThresholdBackward": _threshold,
    "MaximumBackward": _larger,
    "PreluKernelBackward": _prelu,
    "RreluWithNoiseBackward": _rrelu,
    "HardshrinkBackward": _simple(
        "hardshrink", parameters=lambda node: (float(node._saved_lambd),)
    ),
    "SoftshrinkBackward": _simple(
        "softshrink", parameters=lambda node: (float(node._saved_lambd),)
    ),
}


def _single(name: str, node: Node) -> Activation | None:
    reader = _SINGLE.get(name)
    if reader is not None:
        return reader(node)
    return _own(name, node)


def _own(name: str, node: Node) -> Activation | None:
    """Read a node of Ogive's: Eager_relu, Transformable_gelu, Learned_prelu and the like."""
    kind, _, function = name.removesuffix("Backward").partition("_")
    if kind not in _OWN or function not in CATALOG:
        return None
    tensors = all_saved(node)
    given = getattr(node, "parameters", None)
    plain = isinstance(given, tuple) and all(isinstance(each, float | int) for each in given)
    activation = Activation(
        node, function, tuple(given or ()) if plain else _defaults(function), plain=plain
    )
    if tensors:
        if kind == "InPlace" or (kind == "Eager" and function == "relu"):
            activation.result = tensors[0]
        else:
            activation.argument = tensors[0]
    return activation


_OWN = frozenset({"Eager", "Transformable", "InPlace", "Traced"})


def _product(node: Node, part_of: set[Node]) -> Activation | None:
    """Read x * sigmoid(x)."""
    edges = node.next_functions
    for here, there in ((0, 1), (1, 0)):
        gate = edges[here][0]
        if gate is None or plain_name(gate) != "SigmoidBackward":
            continue
        if same_edge(gate.next_functions[0], edges[there]):
            part_of.add(gate)
            argument = saved(node, "self" if here == 1 else "other")
            return Activation(node, "silu", (), argument)
    return None


def _quotient(node: Node, part_of: set[Node]) -> Activation | None:
    """Read x / (1 + |x|)."""
    above, below = node.next_functions[:2]
    if below[0] is None or plain_name(below[0]) != "AddBackward":
        return None
    for size in inputs_of(below[0]):
        if plain_name(size) == "AbsBackward" and same_edge(size.next_functions[0], above):
            return Activation(node, "softsign", (), saved(node, "self"))
    return None


def _difference(node: Node, part_of: set[Node]) -> Activation | None:
    """Read x - tanh(x)."""
    first, second = node.next_functions[:2]
    if second[0] is None or plain_name(second[0]) != "TanhBackward":
        return None
    if not same_edge(second[0].next_functions[0], first):
        return None
    part_of.add(second[0])
    return Activation(node, "tanhshrink", (), plain=False)


_COMPOSITES: dict[str, Any] = {
    "MulBackward": _product,
    "DivBackward": _quotient,
    "SubBackward": _difference,
}


def _composite(name: str, node: Node, part_of: set[Node]) -> Activation | None:
    if len(node.next_functions) < 2:
        return None  # by a number
    found: Activation | None = _COMPOSITES[name](node, part_of)
    return found
