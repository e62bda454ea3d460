"""The layers that have a weight to draw, and how their weights are laid out."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ogive.torch.init.weight import draw_

__all__ = ["OUTPUT_FUNCTIONS", "WEIGHT_LAYERS", "draw_layer_", "weight_layers"]

WEIGHT_LAYERS = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)

OUTPUT_FUNCTIONS = frozenset({"sigmoid", "logit", "log_sigmoid"})
"""Behind the last layer these turn scores into probabilities; no layer waits for their signal."""


def weight_layers(module: nn.Module) -> dict[str, nn.Module]:
    """Return the weight layers of a network by name; refuse weights that cannot be drawn."""
    layers: dict[str, nn.Module] = {
        name: layer for name, layer in module.named_modules() if isinstance(layer, WEIGHT_LAYERS)
    }
    if not layers:
        raise ValueError(
            f"{type(module).__name__} has no linear or convolution layer to initialise"
        )
    for name, layer in layers.items():
        if isinstance(layer.weight, nn.parameter.UninitializedParameter):
            raise ValueError(f"layer {name!r} has no weight yet: run the network once first")
        if is_parametrized(layer, "weight"):
            raise ValueError(f"the weight of layer {name!r} is computed from other parameters")
    return layers


@torch.no_grad()
def draw_layer_(
    layer: nn.Module, scheme: str, gain: float, mode: str, generator: torch.Generator | None
) -> None:
    """Draw the weight of a layer, and set its bias to 0."""
    weight = layer.weight
    assert isinstance(weight, Tensor)
    groups = getattr(layer, "groups", 1)
    if not isinstance(layer, _TRANSPOSED):
        _draw_groups_(weight, groups, scheme, gain, mode, generator)
    else:
        # A transposed convolution holds (inputs, outputs / groups, ...): drawn as the convolution
        # (outputs, inputs / groups, ...) that has the same inputs behind an output.
        inputs, outputs, *kernel = weight.shape
        drawn = weight.new_empty(outputs * groups, inputs // groups, *kernel)
        _draw_groups_(drawn, groups, scheme, gain, mode, generator)
        by_group = drawn.view(groups, outputs, inputs // groups, *kernel).transpose(1, 2)
        weight.copy_(by_group.reshape(weight.shape))
    if isinstance(layer.bias, Tensor):
        nn.init.zeros_(layer.bias)


def _draw_groups_(
    weight: Tensor,
    groups: int,
    scheme: str,
    gain: float,
    mode: str,
    generator: torch.Generator | None,
) -> None:
    # Only within its group does a matrix act on one vector; elsewhere torch counts fans alike.
    parts = weight.chunk(groups) if scheme == "orthogonal" else (weight,)
    for part in parts:
        draw_(part, scheme, gain, mode, generator)
