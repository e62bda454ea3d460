"""Activations that a network still has of its own: what stayed when the others were replaced."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from ogive.health.graph import CARRIERS, Node, inputs_of, plain_name, same_edge
from ogive.health.names import Names
from ogive.health.recognised import Activation, activations_among
from ogive.health.sites import site_of
from ogive.study.engines.base import RefusedError
from ogive.study.installed.places import Place, Watched
from ogive.torch.nn import recognise

__all__ = ["check_left"]

_BY_ELEMENT = CARRIERS | {
    *("MulBackward", "DivBackward", "AddBackward", "SubBackward", "NegBackward", "RsubBackward")
}
"""What may lie between a signal and its gate in a gated function that is written out."""


def check_left(
    network: nn.Module, places: list[Place], seen: Watched, keeps: Iterable[str]
) -> None:
    """Refuse a network in which an activation stands that is not the study's.

    It is looked for in autograd's graph of the pass, where it shows whether it is a module, a
    function, a method or written out, and among the modules that were called. A gate, which
    scales another signal than its own argument, belongs to the network; so do layers of torch
    that hold activations of their own (LSTM, GRU).

    Parameters
    ----------
    network : torch.nn.Module
    places : list of Place
    seen : Watched
    keeps : iterable of str
        Functions of the catalogue that belong to the network.

    Raises
    ------
    RefusedError
    """
    calls = [*(call for place in places for call in place.calls), *seen.fused]
    inside = {node for call in calls for node in call.nodes()}
    made = {id(part) for place in places for part in place.module.modules()}
    kept = set(keeps)
    outside = [node for node in seen.nodes if node not in inside]
    found = activations_among(outside)
    names = Names()
    names.see(network)
    for activation in found:
        gates_itself = activation.gate and _gates_itself(activation.node, outside)
        if activation.name in kept or _written_with(activation.node, inside):
            continue
        if activation.gate and not gates_itself:
            continue
        where = seen.ended.get(activation.node)
        at = f"at {where}" if where else f"after {site_of(activation, names).layer}"
        what = "a function gated by its own argument" if gates_itself else _described(activation)
        _refuse(what, at, len(places))
    looked_at = {activation.node for activation in found} | inside
    for called, module, call in seen.activations:
        record = recognise(module)
        if id(module) in made or record is None or record[0].name in kept:
            continue
        if not any(node in looked_at for node in call.after):
            _refuse(record[0].name, f"at {called}", len(places))


def _refuse(what: str, at: str, places: int) -> None:
    others = "the place that is" if places == 1 else f"the {places} places that are"
    raise RefusedError(
        f"the network has {what} {at}, beside {others} replaced: it would stay the same whatever "
        "is compared; if it belongs to the network, name it in keeps"
    )


def _described(activation: Activation) -> str:
    named = zip(activation.record.parameters, activation.parameters, strict=False)
    differing = [f"{p.name} {value:g}" for p, value in named if value != p.default]
    shown = f" with {', '.join(differing)}" if activation.plain and differing else ""
    return f"{activation.name}{shown}"


def _written_with(node: Node, inside: set[Node]) -> bool:
    """Whether what looks like one function is a place's result that the network multiplies."""
    if plain_name(node) not in ("MulBackward", "DivBackward", "SubBackward"):
        return False
    return any(
        parent in inside and plain_name(parent) in ("SigmoidBackward", "TanhBackward")
        for parent in inputs_of(node)
    )


def _gates_itself(gate: Node, nodes: Iterable[Node]) -> bool:
    """Whether a gate scales the signal that it is computed from: x * sigmoid(1.702 x)."""
    for node in nodes:
        if plain_name(node) != "MulBackward" or gate not in inputs_of(node):
            continue
        others = [edge for edge in node.next_functions if edge[0] not in (None, gate)]
        waiting = [edge for edge in gate.next_functions if edge[0] is not None]
        for edge in waiting:
            if any(same_edge(edge, other) for other in others):
                return True
            if plain_name(edge[0]) in _BY_ELEMENT and len(waiting) < _FAR:
                waiting += [each for each in edge[0].next_functions if each[0] is not None]
    return False


_FAR = 50
"""After so many edges the search for a gate's argument is given up."""
