"""Who calls what, who holds what: places that are not called, parameters that two places share."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn

from ogive.health.graph import leaves
from ogive.study.activation import Activation
from ogive.study.engines.base import RefusedError
from ogive.study.installed.places import Place, Watched
from ogive.torch.nn import MODULES
from ogive.torch.nn.learnable import Learnable

__all__ = ["check_calls", "check_parameters", "check_sharing"]


def check_calls(label: str, places: list[Place], seen: Watched) -> None:
    """Refuse a network with a place that is not called, or whose result goes nowhere.

    Parameters
    ----------
    label : str
        Of the activation.
    places : list of Place
        Of the network, with their calls.
    seen : Watched
        What was seen of the same pass.

    Raises
    ------
    RefusedError
        If a place is not called or is no part of the network, or what is returned there carries no
        gradient or does not reach the logits.
    """
    idle = [place for place in places if not place.calls]
    if idle:
        raise RefusedError(
            f"the network makes {_count(len(places), 'place')} for {label}, and calls "
            f"{len(places) - len(idle)}: not {_listed(idle)}"
        )
    reached = set(seen.nodes)
    for place in places:
        if not place.names:
            raise RefusedError(
                f"{label} at {place} is no part of the network, which would neither train it nor "
                "put it into evaluation mode: keep it as an attribute or in an nn.ModuleList"
            )
        if not any(call.after for call in place.calls):
            raise RefusedError(
                f"{label} at {place} returns what carries no gradient: it is computed under "
                "no_grad, or detached"
            )
        if not any(node in reached for call in place.calls for node in call.after):
            raise RefusedError(
                f"what {label} returns at {place} goes nowhere: the network's logits do not "
                "depend on it"
            )


def check_sharing(label: str, places: list[Place], *, recurrent: bool) -> None:
    """Refuse learned parameters that two places have in common.

    Parameters
    ----------
    label : str
    places : list of Place
    recurrent : bool
        Whether a module may be called several times: once a time step.

    Raises
    ------
    RefusedError
    """
    held: dict[int, Place] = {}
    for place in places:
        storages = {each.untyped_storage().data_ptr() for each in _learned(place)}
        for storage in storages:
            other = held.setdefault(storage, place)
            if other is not place:
                raise RefusedError(
                    f"{label} shares a learned parameter between {other} and {place}: "
                    "each place must have its own"
                )
        if not storages:
            continue
        if len(place.names) > 1:
            raise RefusedError(
                f"{label} shares a learned parameter: one module stands at "
                f"{' and '.join(place.names)}; make one for each"
            )
        if len(place.calls) > 1 and not recurrent:
            raise RefusedError(
                f"{label} shares a learned parameter: the module of {place} is called "
                f"{len(place.calls)} times in one pass; make one for each call, or, where these "
                "are time steps, set recurrent = True on the function that makes the network"
            )


def check_parameters(
    activation: Activation, registered: frozenset[int], places: list[Place]
) -> None:
    """Refuse learned parameters that are not trained, and activations that should not have any.

    Parameters
    ----------
    activation : Activation
    registered : frozenset of int
        Identities of the network's parameters, before its first pass.
    places : list of Place
        Of the network, with their calls.

    Raises
    ------
    RefusedError
        If a place computes with what is not trained, has a parameter without a gradient, learns
        nothing where the record is learned, or learns something where it is not.
    """
    label = activation.label
    record = activation.function
    learns = record is not None and issubclass(MODULES[record.name], Learnable | nn.PReLU)
    for place in places:
        reached = {id(leaf) for leaf in _leaves(place)}
        if reached - registered:
            raise RefusedError(
                f"{label} at {place} computes with a tensor that asks for a gradient and is no "
                "parameter of the network: it would never be trained; register an nn.Parameter "
                "as the module is made"
            )
        named = [(n, p) for n, p in place.module.named_parameters() if p.requires_grad]
        for name, parameter in named:
            if id(parameter) not in reached:
                raise RefusedError(
                    f"{label} at {place} has a parameter {name} that gets no gradient: its "
                    "result does not depend on it"
                )
        if record is not None and learns and not named:
            parameters = ", ".join(p.name for p in record.parameters if p.learned)
            raise RefusedError(
                f"{label} at {place} learns nothing, but {parameters} of {record.name} is learned"
            )
        if activation.record is not None and not learns and named:
            raise RefusedError(
                f"{label} at {place} learns {', '.join(name for name, _ in named)}, but "
                f"{activation.record} learns nothing: training would make another function of it"
            )


def _learned(place: Place) -> list[Tensor]:
    """Return what a place learns, registered or not."""
    registered = [p for p in place.module.parameters() if p.requires_grad]
    return [*registered, *_leaves(place)]


def _leaves(place: Place) -> Iterable[Tensor]:
    return leaves(node for call in place.calls for node in call.nodes())


def _listed(places: list[Place]) -> str:
    numbers = ", ".join(f"{place.number}" for place in places[:5])
    return f"{numbers} and {len(places) - 5} more" if len(places) > 5 else numbers


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
