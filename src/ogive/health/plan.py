"""Where in a graph there is something to be seen: found once for all graphs of one shape."""

from __future__ import annotations

from dataclasses import dataclass, field

from ogive.health.graph import (
    ACCUMULATE,
    Node,
    is_fused,
    leaves,
    nearest_parameters,
    parameters_of,
    plain_name,
)
from ogive.health.names import Names
from ogive.health.recognised import activations_among
from ogive.health.sites import (
    Site,
    linear_pairs,
    nodes_of_head,
    site_of,
    softmax_before,
)

__all__ = ["Plan", "Planned", "Plans"]

_MOST = 32
"""Shapes of graphs that are remembered."""


@dataclass(frozen=True)
class Planned:
    """An activation in graphs of one shape.

    Attributes
    ----------
    index : int
        Its place among the nodes.
    name, key : str
        Its function, and what it is called together with its layer.
    site : Site
    gate, head : bool
        As `ogive.health.history.ActivationHistory` has them.
    """

    index: int
    name: str
    key: str
    site: Site
    gate: bool
    head: bool


@dataclass
class Plan:
    """What graphs of one shape have.

    Attributes
    ----------
    activations : list of Planned
    first_layer : int
        So many nodes have to be looked at for the first layer with parameters.
    linear_pairs, nonlinear, softmax_before
        As `ogive.health.history.History` has them.
    reached : list of str
        Names of the parameters.
    fused : bool
        Whether a part of it is compiled.
    looks : int
        How often a graph of this shape was met.
    """

    activations: list[Planned]
    first_layer: int
    linear_pairs: list[tuple[str, str]]
    nonlinear: bool
    softmax_before: list[str]
    reached: list[str]
    fused: bool
    looks: int = 0


@dataclass
class Plans:
    """The plans of all shapes of graphs that were met."""

    _known: dict[tuple[object, ...], Plan] = field(default_factory=dict)

    def of(self, nodes: list[Node], roots: list[Node], names: Names, *, inner: bool) -> Plan:
        """Return the plan of a graph.

        Parameters
        ----------
        nodes : list of Node
            Each after what it depends on.
        roots : list of Node
        names : Names
        inner : bool
            Whether it is that of a part which is computed again, which has no loss.

        Returns
        -------
        Plan
        """
        shape = tuple(
            id(node.variable) if name == ACCUMULATE else name
            for node, name in ((node, plain_name(node)) for node in nodes)
        )
        key = (len(names.networks), inner, *shape)
        plan = self._known.get(key)
        if plan is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            plan = self._known[key] = _plan(nodes, roots, names, inner)
        plan.looks += 1
        return plan


def _plan(nodes: list[Node], roots: list[Node], names: Names, inner: bool) -> Plan:
    places = {node: i for i, node in enumerate(nodes)}
    head = set() if inner else nodes_of_head(roots)
    found = []
    for activation in activations_among(nodes):
        if activation.name in ("sigmoid", "tanh") and _is_recurrent(activation.node, names):
            continue
        site = site_of(activation, names)
        gate = " gate" if activation.gate else ""
        found.append(
            Planned(
                places[activation.node],
                activation.name,
                f"{activation.name}{gate} after {site.layer}",
                site,
                activation.gate,
                activation.node in head,
            )
        )
    pairs, nonlinear = linear_pairs(nodes, names)
    first = next((i for i, node in enumerate(nodes) if parameters_of(node)), len(nodes))
    return Plan(
        activations=found,
        first_layer=first + 1,
        linear_pairs=pairs,
        nonlinear=nonlinear or any(not (each.gate or each.head) for each in found),
        softmax_before=softmax_before(nodes, names),
        reached=sorted({names.of(leaf) for leaf in leaves(nodes)}),
        fused=any(is_fused(node) for node in nodes),
    )


def _is_recurrent(node: Node, names: Names) -> bool:
    """Whether it is a part of an LSTM or GRU, whose gates are computed again."""
    found = nearest_parameters(node)
    return found is not None and names.is_of_gates(found[1][0])
