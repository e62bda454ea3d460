"""Every activation of a network of timm replaced by Ogive's: the same outputs and gradients."""

from __future__ import annotations

import copy

import pytest
import timm_networks
import torch

from ogive.torch import nn

# Rectifiers, hard forms, SiLU with squeeze and excitation, GELU in a transformer, ELU.
NETWORKS = {
    "resnet10t": {"ReLU"},
    "mobilenetv3_small_050": {"Hardswish", "Hardsigmoid", "ReLU"},
    "efficientnet_b0": {"SiLU", "Sigmoid"},
    "vit_tiny_patch16_224": {"GELU"},
    "darknet17": {"LeakyReLU"},
}


def replaced(network: torch.nn.Module) -> tuple[torch.nn.Module, set[str]]:
    """The same network with Ogive's modules in the place of torch's, and their names."""
    network, names = copy.deepcopy(network), set()
    for module in network.modules():
        kind = type(module)
        # timm has classes of the same names, with the functions inside.
        own = nn.__dict__.get(kind.__name__)
        torchs = getattr(torch.nn, kind.__name__, None)
        if own is None or torchs is None or not issubclass(own, torchs) or own is kind:
            continue
        if issubclass(kind, torchs):
            module.__class__ = own
        else:
            module.forward = (
                own(inplace=getattr(module, "inplace", False)).forward
                if ("inplace" in vars(module))
                else own().forward
            )
        names.add(kind.__name__)
    return network, names


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_of_timm(name: str):
    torch.manual_seed(0)
    size = 224 if "vit" in name else 64
    theirs = timm_networks.create(name, num_classes=10).double()
    ours, names = replaced(theirs)
    assert names >= NETWORKS[name], names
    x = torch.randn(2, 3, size, size, dtype=torch.float64)
    results = []
    for network in (theirs, ours):
        network.train()
        torch.manual_seed(1)
        y = network(x)
        y.square().mean().backward()
        results.append(y.detach())
    torch.testing.assert_close(*results, rtol=1e-7, atol=1e-9)
    for (path, a), b in zip(theirs.named_parameters(), ours.parameters(), strict=True):
        torch.testing.assert_close(b.grad, a.grad, rtol=1e-5, atol=1e-9, msg=path)
