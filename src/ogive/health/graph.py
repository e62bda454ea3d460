"""What autograd recorded of a step: its nodes, the parameters below them, what was saved.

The graph of the loss holds every operation that has a part in it, whoever called it: a module, a
function, a method or an operator, in place or not. So nothing has to be hung into the network to
see its activations, and nothing is changed by looking.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from torch import Tensor

__all__ = ["CARRIERS", "inputs_of", "nearest_parameters", "nodes_before", "plain_name", "saved"]

Node = Any
"""A node of autograd's graph."""

ACCUMULATE = "AccumulateGrad"

CARRIERS = frozenset(
    {
        *("TBackward", "TransposeBackward", "PermuteBackward", "ViewBackward", "AliasBackward"),
        *("ToCopyBackward", "UnsqueezeBackward", "SqueezeBackward", "ExpandBackward"),
        *("ReshapeAliasBackward", "UnsafeViewBackward", "CloneBackward", "AsStridedBackward"),
        *("SelectBackward", "SliceBackward", "CopyBackwards"),
    }
)
"""Nodes that hand a tensor on in another shape, layout or type."""


def plain_name(node: Node) -> str:
    """Return the name of a node without the number of its variant and its namespace.

    Examples
    --------
    >>> import torch
    >>> from ogive.health.graph import plain_name
    >>> plain_name(torch.zeros(1, requires_grad=True).relu().grad_fn)
    'ReluBackward'
    """
    return _plain(node.name())


@cache
def _plain(name: str) -> str:
    return name.rstrip("0123456789").removeprefix("torch::autograd::")


def inputs_of(node: Node) -> list[Node]:
    """Return the nodes that a node passes its gradient to, without gaps."""
    return [parent for parent, _ in node.next_functions if parent is not None]


def nodes_before(roots: Iterable[Node]) -> list[Node]:
    """Return all nodes that roots depend on, and the roots, each after what it depends on.

    Examples
    --------
    >>> import torch
    >>> from ogive.health.graph import nodes_before, plain_name
    >>> x = torch.ones(1, requires_grad=True)
    >>> [plain_name(node) for node in nodes_before([(2 * x.exp()).grad_fn])]
    ['AccumulateGrad', 'ExpBackward', 'MulBackward']
    """
    order: list[Node] = []
    seen: set[Node] = set()
    for root in roots:
        if root in seen:
            continue
        seen.add(root)
        path: list[tuple[Node, Iterator[Node]]] = [(root, iter(inputs_of(root)))]
        while path:
            node, rest = path[-1]
            for parent in rest:
                if parent not in seen:
                    seen.add(parent)
                    path.append((parent, iter(inputs_of(parent))))
                    break
            else:
                order.append(node)
                path.pop()
    return order


def nearest_parameters(node: Node, most: int = 200) -> tuple[Node, list[Tensor]] | None:
    """Find the nearest node upstream, or the node itself, that parameters enter directly.

    Parameters
    ----------
    node : Node
        Where the search begins.
    most : int, optional
        After so many nodes the search is given up.

    Returns
    -------
    tuple of (Node, list of torch.Tensor), or None
        The node and its parameters; a parameter may come through a change of shape.
    """
    waiting, seen = [node], {node}
    for reached in waiting:
        if len(waiting) > most:
            return None
        found = parameters_of(reached)
        if found:
            return reached, found
        for parent in inputs_of(reached):
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return None


def parameters_of(node: Node) -> list[Tensor]:
    """Return the leaves that enter a node directly or in another shape.

    A node that only hands a tensor on has none: its tensor belongs to whoever uses it.
    """
    if plain_name(node) in CARRIERS:
        return []
    return [leaf for parent in inputs_of(node) if (leaf := _leaf(parent)) is not None]


def _leaf(node: Node) -> Tensor | None:
    for _ in range(4):
        name = plain_name(node)
        if name == ACCUMULATE:
            leaf: Tensor = node.variable
            return leaf
        parents = inputs_of(node)
        if name not in CARRIERS or len(parents) != 1:
            return None
        node = parents[0]
    return None


def saved(node: Node, name: str) -> Tensor | None:
    """Return a tensor that a node saved; None where it is packed away or freed.

    What a checkpointed part has saved would have to be computed again, and is left alone.
    """
    if not _is_plain(getattr(node, f"_raw_saved_{name}", None)):
        return None
    try:
        tensor = getattr(node, f"_saved_{name}")
    except RuntimeError:
        return None  # changed in place since, or freed by an earlier backward pass
    return tensor.detach() if isinstance(tensor, Tensor) else None


def all_saved(node: Node) -> Sequence[Tensor]:
    """Return the tensors that a function written in Python saved."""
    try:
        raw = getattr(node, "_raw_saved_tensors", None)
        if not raw or not all(map(_is_plain, raw)):
            return []
        return [tensor.detach() for tensor in node.saved_tensors if isinstance(tensor, Tensor)]
    except RuntimeError:
        return []


def _is_plain(raw: Any) -> bool:
    """Whether a saved tensor is one, and no hook has packed it away."""
    try:
        return isinstance(raw.data, Tensor) and getattr(raw, "unpack_hook", None) is None
    except (AttributeError, RuntimeError):
        return False


def leaves(nodes: Iterable[Node]) -> list[Tensor]:
    """Return the leaves of a graph that is given by its nodes."""
    return [node.variable for node in nodes if plain_name(node) == ACCUMULATE]


def same_edge(first: tuple[Node, int], second: tuple[Node, int]) -> bool:
    """Whether two edges of the graph are of one tensor."""
    return first[0] is second[0] and first[1] == second[1]


def is_fused(node: Node) -> bool:
    """Whether a node stands for a whole compiled part of a network."""
    return "CompiledFunction" in plain_name(node)
