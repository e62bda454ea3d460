"""One pass through a network that is watched: which places are called, on what, and what else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import get_gradient_edge

from ogive.health.graph import Node, inputs_of, nodes_before
from ogive.study.activation import Activation
from ogive.study.data import Dataset
from ogive.study.engines.base import RefusedError
from ogive.study.installed.values import check_values, one_line
from ogive.study.sites import Sites
from ogive.study.spec import RunSpec
from ogive.study.tensors import as_tensors, laid_out_
from ogive.torch.init.operations import tensors_in
from ogive.torch.init.running import watching
from ogive.torch.nn import recognise

__all__ = ["Call", "Place", "Watched", "places_of", "watched"]

ROWS = 4
"""Rows that go through the network: batch normalisation needs more than one."""

_FUSED = (nn.RNNBase, nn.RNNCellBase)
"""Layers of torch that hold activations of their own, and cannot take another."""


@dataclass(eq=False)
class Call:
    """One call of a module.

    Attributes
    ----------
    shape : tuple of int
        Of the first tensor that it was given.
    before, after : list of Node
        Where what it was given, and what it returned, came from in autograd's graph.
    """

    shape: tuple[int, ...]
    before: list[Node]
    after: list[Node] = field(default_factory=list)

    def nodes(self) -> list[Node]:
        """Return the nodes of the graph that are its own."""
        seen = set(self.before)
        found: list[Node] = []
        waiting = list(self.after)
        for node in waiting:
            if node not in seen:
                seen.add(node)
                found.append(node)
                waiting += inputs_of(node)
        return found


@dataclass(eq=False)
class Place:
    """One place of a network for its activation, and what was put there.

    Attributes
    ----------
    number, total : int
        Which of how many, in the order in which they were made.
    names : tuple of str
        Under which the network holds its module: none if it does not.
    module : torch.nn.Module
    calls : list of Call
        In the pass that was watched.
    """

    number: int
    total: int
    names: tuple[str, ...]
    module: nn.Module
    calls: list[Call] = field(default_factory=list)

    def __str__(self) -> str:
        """Say which place it is."""
        name = f" ({self.names[0]})" if self.names else ""
        return f"place {self.number} of {self.total}{name}"

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what its module was first called with."""
        return self.calls[0].shape


@dataclass(eq=False)
class Watched:
    """What was seen of a pass.

    Attributes
    ----------
    nodes : list of Node
        Of the graph of what the network returned, each after what it depends on.
    ended : dict of Node to str
        By the node that a module's result came from, its name and class; the innermost one's.
    activations : list of (str, torch.nn.Module, Call)
        Calls of modules that are activations of torch or Ogive, made for a place or not.
    fused : list of Call
        Calls of layers that hold activations of their own.
    outputs, targets : torch.Tensor
        What the network returned, with its graph, and the classes of these rows.
    """

    nodes: list[Node] = field(default_factory=list)
    ended: dict[Node, str] = field(default_factory=dict)
    activations: list[tuple[str, nn.Module, Call]] = field(default_factory=list)
    fused: list[Call] = field(default_factory=list)
    outputs: Tensor = field(default_factory=lambda: torch.empty(0))
    targets: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))


def places_of(network: nn.Module, sites: Sites) -> list[Place]:
    """Return the places of a network, in the order in which they were made.

    Parameters
    ----------
    network : torch.nn.Module
    sites : Sites
        Called as the network was made.

    Returns
    -------
    list of Place
        Without calls so far.
    """
    names: dict[int, list[str]] = {id(module): [] for module in sites.made}
    for name, module in network.named_modules(remove_duplicate=False):
        if id(module) in names:
            names[id(module)].append(name)
    total = len(sites.made)
    return [
        Place(number, total, tuple(names[id(module)]), module)
        for number, module in enumerate(sites.made, 1)
    ]


def watched(
    network: nn.Module, sites: Sites, places: list[Place], dataset: Dataset, spec: RunSpec
) -> Watched:
    """Run a network on a few rows as its training does, and fill in the calls of its places.

    Parameters
    ----------
    network : torch.nn.Module
    sites : Sites
        Called as the network was made.
    places : list of Place
        Of the network; their calls are added.
    dataset : Dataset
        Whose first training rows it is given.
    spec : RunSpec
        Names the activation, and the precision of the pass.

    Returns
    -------
    Watched
        What else was seen of the pass.

    Raises
    ------
    RefusedError
        If it fails, does not return logits, or makes its activation anew in every pass, or if an
        activation changes its input.
    """
    part = as_tensors(dataset.train).head(ROWS)
    layout = laid_out_(network, dataset)
    inputs = part.inputs.clone()
    if inputs.dim() == 4:
        inputs = inputs.contiguous(memory_format=layout)
    if inputs.is_floating_point():
        # So that an activation that is applied to the data themselves is in the graph as well.
        inputs.requires_grad_()
    seen = Watched()
    half = spec.recipe.precision == "bfloat16"
    with (
        _watching(network, places, seen, spec.activation),
        torch.autocast("cpu", torch.bfloat16, enabled=half),
    ):
        outputs = network(inputs)
    if len(sites.made) > len(places):
        raise RefusedError(
            "the network makes its activation anew in every pass, where nothing of it is kept: "
            "make it once, where the network is made"
        )
    _check_outputs(outputs, (*part.targets.shape, dataset.classes))
    seen.nodes = nodes_before([outputs.grad_fn])
    seen.outputs, seen.targets = outputs, part.targets
    return seen


def _check_outputs(outputs: Any, shape: tuple[int, ...]) -> None:
    if not isinstance(outputs, Tensor):
        raise RefusedError(f"the network returns {type(outputs).__name__}, and not logits")
    if outputs.shape != shape:
        raise RefusedError(
            f"the network returns the shape {tuple(outputs.shape)} for {shape[0]} rows, and not "
            f"logits of the shape {shape}"
        )
    if outputs.grad_fn is None:
        raise RefusedError("what the network returns carries no gradient: it cannot be trained")


@contextmanager
def _watching(
    network: nn.Module, places: list[Place], seen: Watched, activation: Activation
) -> Iterator[None]:
    """Hang hooks into every module of a network, and every module that was made for it."""
    at = {id(place.module): place for place in places}
    names = {id(module): name for name, module in network.named_modules()}
    every = {id(module): module for module in (*network.modules(), *(p.module for p in places))}
    open_calls: list[_Open] = []

    def before(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        given = list(tensors_in((args, kwargs)))
        call = Call(tuple(given[0].shape) if given else (), _nodes_of(given))
        place = at.get(id(module))
        if place is None:
            open_calls.append(_Open(call))
            return
        said = f"{activation.label} at {place}"
        if not given or not given[0].is_floating_point():
            raise RefusedError(f"{said} is called without a tensor of numbers")
        open_calls.append(_Open(call, said, given[0], given[0].detach().clone()))

    def after(
        module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any
    ) -> None:
        ended = open_calls.pop()
        call = ended.call
        call.after = _nodes_of(tensors_in(output))
        name = names.get(id(module), "")
        called = f"{name} ({type(module).__name__})" if name else type(module).__name__
        for node in call.after:
            seen.ended.setdefault(node, called)
        if isinstance(module, _FUSED):
            seen.fused.append(call)
        if recognise(module) is not None:
            seen.activations.append((called, module, call))
        if ended.given is not None and ended.kept is not None:
            check_values(
                ended.said, output, ended.given, ended.kept, _returned(activation, call.shape)
            )
            at[id(module)].calls.append(call)

    try:
        with watching(every.values(), before, after):
            yield
    except RefusedError:
        raise
    except Exception as error:  # whatever a person's own code raises
        said = next((f"{each.said} fails" for each in open_calls if each.said), "")
        raise RefusedError(f"{said or 'the network cannot be run'}: {one_line(error)}") from error


@dataclass(eq=False)
class _Open:
    """A call that has begun; of a place, what to call it and what it was given, then and now."""

    call: Call
    said: str = ""
    given: Tensor | None = None
    kept: Tensor | None = None


def _returned(activation: Activation, shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape[:-1], shape[-1] // 2) if activation.gated else shape


def _nodes_of(tensors: Any) -> list[Node]:
    return [get_gradient_edge(tensor).node for tensor in tensors if tensor.requires_grad]
