"""Whether training can do anything with a network: what it learns, and what it ends in."""

from __future__ import annotations

from torch import Tensor, nn

from ogive.health.graph import leaves, nodes_before
from ogive.health.heads import losses_among
from ogive.study.engines.base import RefusedError
from ogive.study.evaluation import cross_entropy
from ogive.study.installed.places import Place, Watched

__all__ = ["check_head", "check_shapes", "check_weights"]

_HEADS = frozenset({"softmax", "sigmoid"})
"""What brings logits into [0, 1], where the loss expects them as they are."""


def check_shapes(network: nn.Module) -> None:
    """Refuse layers whose weights have no shape before a first pass.

    Raises
    ------
    RefusedError
    """
    for name, parameter in network.named_parameters():
        if isinstance(parameter, nn.parameter.UninitializedParameter):
            raise RefusedError(
                f"{name} of the network has no shape yet: nothing can be drawn for it; give its "
                "layer the number of its inputs"
            )


def check_weights(
    network: nn.Module, places: list[Place], seen: Watched, registered: frozenset[int]
) -> None:
    """Refuse a network of which nothing but its activation learns, or not all that it computes.

    Parameters
    ----------
    network : torch.nn.Module
        After its first pass.
    places : list of Place
        Of its activation.
    seen : Watched
        That pass.
    registered : frozenset of int
        Identities of the parameters that it had before.

    Raises
    ------
    RefusedError
    """
    of_places = {id(each) for place in places for each in place.module.parameters()}
    reached = [leaf for leaf in leaves(seen.nodes) if isinstance(leaf, nn.Parameter)]
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    for leaf in reached:
        if id(leaf) not in registered:
            name = names.get(id(leaf), "a parameter")
            raise RefusedError(
                f"the network makes {name} in its first pass, when its optimiser has been made: it "
                "would never be trained; make it where the network is made"
            )
    if not any(id(leaf) not in of_places for leaf in reached):
        raise RefusedError(
            "no weight of the network asks for a gradient: nothing but the activation would learn"
            if reached
            else "nothing of the network asks for a gradient: it cannot be trained"
        )


def check_head(record: str | None, outputs: Tensor, targets: Tensor) -> None:
    """Refuse a network that ends in what the loss applies, unless that is the activation compared.

    Parameters
    ----------
    record : str or None
        Of the activation.
    outputs : torch.Tensor, shape (rows, ..., classes)
        What the network returned, with its graph.
    targets : torch.Tensor of int64, shape (rows, ...)
        Classes.

    Raises
    ------
    RefusedError
    """
    graph = nodes_before([cross_entropy(outputs.float(), targets).grad_fn])
    for loss in losses_among(graph):
        if loss.applied in _HEADS and loss.applied != record:
            raise RefusedError(
                f"the network ends in {loss.applied}, and the loss, cross-entropy, takes logits: "
                "return what goes into it"
            )
