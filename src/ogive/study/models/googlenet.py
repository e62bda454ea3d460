"""GoogLeNet for small images."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ogive.study.data import Shape
from ogive.study.models.images import Average, he_, scaled
from ogive.study.sites import Sites

__all__ = ["Inception", "googlenet"]

HALVED = "halved"

MODULES: tuple[tuple[int, ...] | str, ...] = (
    (64, 96, 128, 16, 32, 32),
    (128, 128, 192, 32, 96, 64),
    HALVED,
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64),
    (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128),
    HALVED,
    (256, 160, 320, 32, 128, 128),
    (384, 192, 384, 48, 128, 128),
)
"""Channels of each module, 3a to 5b, as in table 1 of the paper: 1 × 1; 3 × 3 reduced, 3 × 3;
5 × 5 reduced, 5 × 5; behind the pool."""


class Inception(nn.Module):
    """Four branches side by side: 1 × 1, 3 × 3, 5 × 5 and max-pooling, joined by channels.

    The 5 × 5 convolution is two of 3 × 3, one after the other.

    Parameters
    ----------
    sites : Sites
        Makes its seven activations.
    inputs : int
        Channels of the input.
    channels : tuple of int
        A row of `MODULES`.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> module = Inception(Sites(Activation("relu")), 8, (1, 2, 3, 4, 5, 6))
    >>> module(torch.zeros(1, 8, 4, 4)).shape
    torch.Size([1, 15, 4, 4])
    """

    def __init__(self, sites: Sites, inputs: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        one, three_in, three, five_in, five, pooled = channels
        self.branch1 = _activated(sites, inputs, one, 1)
        self.branch2 = nn.Sequential(
            _activated(sites, inputs, three_in, 1), _activated(sites, three_in, three, 3)
        )
        self.branch3 = nn.Sequential(
            _activated(sites, inputs, five_in, 1),
            _activated(sites, five_in, five, 3),
            _activated(sites, five, five, 3),
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1), _activated(sites, inputs, pooled, 1)
        )
        self.channels = one + three + five + pooled

    def forward(self, input: Tensor) -> Tensor:
        """Join the branches."""
        branches = (self.branch1, self.branch2, self.branch3, self.branch4)
        return torch.cat([branch(input) for branch in branches], dim=1)


def googlenet(sites: Sites, shape: Shape, *, width: float) -> nn.Module:
    """Return GoogLeNet for small images: a 3 × 3 convolution, nine modules, a linear layer.

    With batch normalisation, and without the auxiliary classifiers.

    Source: C. Szegedy et al. (2015), Going deeper with convolutions, CVPR; in the form for CIFAR
    that was trained for S. R. Dubey et al. (2022), Activation functions in deep learning,
    Neurocomputing, arXiv 2109.14545.

    Parameters
    ----------
    sites : Sites
        Makes its activations: 64.
    shape : Shape
        Of the images, with sides of at least 3 pixels.
    width : float
        A factor on all channels.

    Returns
    -------
    torch.nn.Sequential
        It ends in logits.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> sites = Sites(Activation("relu"))
    >>> network = googlenet(sites, Shape("images", (3, 32, 32), 10), width=0.125)
    >>> len(sites.made)
    64
    """
    size = scaled(192, width)
    network = nn.Sequential()
    network.add_module("stem", _activated(sites, shape.inputs[0], size, 3))
    for number, channels in enumerate(MODULES, 1):
        if isinstance(channels, str):
            network.add_module(f"pool{number}", nn.MaxPool2d(3, stride=2, padding=1))
            continue
        module = Inception(sites, size, tuple(scaled(each, width) for each in channels))
        network.add_module(f"inception{number}", module)
        size = module.channels
    network.add_module("average", Average())
    network.add_module("head", nn.Linear(size, shape.classes))
    return he_(network)


def _activated(sites: Sites, inputs: int, channels: int, kernel: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, channels, kernel, padding=kernel // 2),
        nn.BatchNorm2d(channels),
        sites(),
    )
