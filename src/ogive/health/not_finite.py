"""The first operation of a step, forwards or backwards, whose result is not finite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ogive.health.graph import (
    ACCUMULATE,
    Node,
    all_saved,
    inputs_of,
    nearest_parameters,
    plain_name,
    saved,
)
from ogive.health.guard import Guard
from ogive.health.names import Names

__all__ = ["Culprits"]


class Culprits:
    """A look at every operation of a step; it waits for the device, and is made rarely.

    Parameters
    ----------
    names : Names
    guard : Guard
        Around what runs within a backward pass.
    """

    def __init__(self, names: Names, guard: Guard) -> None:
        self._names, self._guarded = names, guard
        self._forward: tuple[str, str] | None = None
        self._backward: tuple[str, str] | None = None

    def look(self, nodes: list[Node]) -> list[Any]:
        """Look at what was saved, and have every node tell of its gradients.

        Parameters
        ----------
        nodes : list of Node
            Those of a graph, each after what it depends on.

        Returns
        -------
        list
            Hooks, to be removed after the pass.
        """
        if self._forward is None:
            self._forward = self._first(nodes)
        if self._forward is not None:
            return []
        return [
            node.register_hook(self._guarded(self._watching(node)))
            for node in nodes
            if plain_name(node) != ACCUMULATE
        ]

    def found(self) -> list[tuple[str, str]]:
        """Return what is not finite, kind and place; at most one."""
        first = self._forward or self._backward
        return [] if first is None else [first]

    def _first(self, nodes: list[Node]) -> tuple[str, str] | None:
        for node in nodes:
            if plain_name(node) == ACCUMULATE:
                if not _finite(node.variable):
                    return "parameter", self._names.of(node.variable)
                continue
            for kept, tensor in _kept(node):
                if not _finite(tensor):
                    return self._told(node, kept)
        return None

    def _told(self, node: Node, kept: str) -> tuple[str, str]:
        """Say which operation made a tensor that a node saved."""
        if kept.startswith("result"):
            return "forward", self._place(node)
        edges = node.next_functions
        place = _EDGES.get(kept, 0)
        source = edges[place][0] if -len(edges) <= place < len(edges) else None
        if source is None:
            return "input", f"the data that enter {self._place(node)}"
        if plain_name(source) == ACCUMULATE:
            return "parameter", self._names.of(source.variable)
        return "forward", self._place(source)

    def _place(self, node: Node) -> str:
        name = plain_name(node).removesuffix("Backward")
        found = nearest_parameters(node)
        if found is None:
            return name
        return f"{name} (layer {self._names.module_of(found[1][0])})"

    def _watching(self, node: Node) -> Callable[..., None]:
        def watch(onto: tuple[Tensor | None, ...], of: tuple[Tensor | None, ...]) -> None:
            if self._backward is not None:
                return
            if all(_finite(g) for g in of if g is not None):
                bad = any(not _finite(g) for g in onto if g is not None)
                if bad:
                    self._backward = "backward", self._place(node)

        return watch


# At which input of the node a saved tensor enters, where it is not the first.
_EDGES = {"other": 1, "mat1": -2, "mat2": -1, "exponent": 1, "weight": 1, "end": 1, "target": 1}


def _kept(node: Node) -> list[tuple[str, Tensor]]:
    found = []
    for attribute in dir(node):
        if attribute.startswith("_raw_saved_") and attribute != "_raw_saved_tensors":
            name = attribute.removeprefix("_raw_saved_")
            # A mask of minus infinities is meant so.
            if "mask" in name or name in ("total_weight", "buffer", "logsumexp"):
                continue
            tensor = saved(node, name)
            if tensor is not None:
                found.append((name, tensor))
    found += [("result", tensor) for tensor in all_saved(node) if not inputs_of(node)]
    return found


def _finite(tensor: Tensor) -> bool:
    if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
        return True
    if tensor.is_sparse:
        tensor = tensor.detach()._values()
    # Minus infinity alone is how scores are masked.
    detached = tensor.detach()
    return not bool(torch.isnan(detached).any() | (detached == float("inf")).any())
