"""The networks of a study, and what 'the same initial draw' means.

Under "default", torch's own initialisation draws the weights and biases from the run's seed. It
does not look at the activation: every activation starts from identical weights.

Under "matched", `ogive.torch.init.init_network_` draws each layer's weights as the catalogue asks
for the activation, and the laws differ in kind (uniform for Xavier, normal for Kaiming) and in
scale. The values that it draws are then put in an order that is the same for every activation: the
weight that is the largest of its layer for one is so for all. Activations of one initialiser start
from weights that are equal up to one factor; across kinds their correlation is about 0.98. Each
layer's weights are independent of each other, so that putting them in another independent order
leaves their law as it was. Biases are 0.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import torch
from torch import nn

from ogive.study.declaration import RunSpec
from ogive.torch.init import init_network_
from ogive.torch.nn import activation


def seed_for(purpose: str, seed: int) -> int:
    """Return the seed of the stream that serves `purpose` in runs of `seed`.

    Streams of their own keep, say, the order of the data from changing when a network of another
    depth draws more weights.
    """
    return int.from_bytes(hashlib.sha256(f"{purpose}:{seed}".encode()).digest()[:7], "big")


def build(spec: RunSpec, *, features: int, classes: int) -> nn.Sequential:
    """Return the freshly initialised network of `spec`.

    Parameters
    ----------
    spec : RunSpec
        Widths, activation, initialisation and seed.
    features, classes : int
        Number of inputs and outputs.

    Returns
    -------
    torch.nn.Sequential
        Layers ``linear1``, ``activation1``, ..., and the output layer ``head``, in float32. It
        ends in logits.

    Examples
    --------
    >>> network = build(RunSpec(hidden=(16, 8)), features=64, classes=10)
    >>> [name for name, _ in network.named_children()]
    ['linear1', 'activation1', 'linear2', 'activation2', 'head']
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for("default", spec.seed))
        width = features
        for number, size in enumerate(spec.hidden, 1):
            layers[f"linear{number}"] = nn.Linear(width, size, dtype=torch.float32)
            layers[f"activation{number}"] = activation(spec.activation)
            width = size
        layers["head"] = nn.Linear(width, classes, dtype=torch.float32)
    network = nn.Sequential(layers)
    if spec.initialization == "matched":
        _match_(network, spec)
    return network


@torch.no_grad()
def _match_(network: nn.Sequential, spec: RunSpec) -> None:
    """Draw the weights that suit the activation, in the order that suits the pairing."""
    init_network_(network, generator=_stream("matched", spec.seed))
    order = _stream("matched order", spec.seed)
    for layer in network:
        if isinstance(layer, nn.Linear):
            place = torch.randperm(layer.weight.numel(), generator=order)
            layer.weight.view(-1)[place] = layer.weight.flatten().sort().values


def _stream(purpose: str, seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed_for(purpose, seed))
