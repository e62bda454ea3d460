"""Which activation follows which layer, by the order in which modules are registered."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from ogive.torch.init.layers import OUTPUT_FUNCTIONS, WEIGHT_LAYERS
from ogive.torch.nn import recognise

__all__ = ["registered_activations"]


def registered_activations(
    module: nn.Module, strict: bool
) -> Iterator[tuple[str, nn.Module | None]]:
    """Yield the name of each weight layer and the activation module registered behind it."""
    # Shared activations are registered, and therefore listed, at each of their places.
    modules = [
        (name, part)
        for name, part in module.named_modules(remove_duplicate=False)
        if isinstance(part, WEIGHT_LAYERS) or _is_activation(part)
    ]
    layers = [place for place, (_, part) in enumerate(modules) if isinstance(part, WEIGHT_LAYERS)]
    seen: set[int] = set()
    for place in layers:
        name, layer = modules[place]
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        behind = [part for _, part in modules[place + 1 :]]
        yield name, _activation_of(name, behind, place == layers[-1], strict)


def _activation_of(
    name: str, behind: list[nn.Module], last: bool, strict: bool
) -> nn.Module | None:
    """Return the activation of the layer `name`, given the modules registered behind it."""
    if last:
        found = recognise(behind[0]) if behind else None
        return None if found is None or found[0].name in OUTPUT_FUNCTIONS else behind[0]
    if not strict:
        for part in behind:
            if not isinstance(part, WEIGHT_LAYERS) and recognise(part) is not None:
                return part
        return None
    if isinstance(behind[0], WEIGHT_LAYERS):
        raise ValueError(
            f"no activation module is registered between layer {name!r} and the next: give "
            "example_inputs= to see which is called, or activation=, or strict=False to take the "
            "next one registered"
        )
    return behind[0]


def _is_activation(module: nn.Module) -> bool:
    """Whether a module is an activation, one that the catalogue has or another of torch's."""
    if recognise(module) is not None:
        return True
    return type(module).__module__ == "torch.nn.modules.activation" and not isinstance(
        module, nn.MultiheadAttention
    )
