"""DenseNet-121 for small images."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ogive.study.data import Shape
from ogive.study.models.images import Average, he_, scaled
from ogive.study.sites import Sites

__all__ = ["Dense", "densenet121"]

COUNTS = (6, 12, 24, 16)
"""Layers of each dense block."""


class Dense(nn.Module):
    """The input, and new channels that a bottleneck makes of it, joined.

    Parameters
    ----------
    sites : Sites
        Makes its two activations.
    inputs : int
        Channels of the input.
    growth : int
        Channels that are added.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> Dense(Sites(Activation("relu")), 8, 4)(torch.zeros(1, 8, 5, 5)).shape
    torch.Size([1, 12, 5, 5])
    """

    def __init__(self, sites: Sites, inputs: int, growth: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            *_convolved(sites, inputs, 4 * growth, 1), *_convolved(sites, 4 * growth, growth, 3)
        )

    def forward(self, input: Tensor) -> Tensor:
        """Add the channels."""
        return torch.cat([self.branch(input), input], dim=1)


def densenet121(sites: Sites, shape: Shape, *, width: float) -> nn.Module:
    """Return DenseNet-121 for small images: growth 32, bottlenecks, transitions that halve.

    Its first layer is a 3 × 3 convolution of stride 1, without max-pooling behind it.

    Source: G. Huang, Z. Liu, L. van der Maaten, K. Q. Weinberger (2017), Densely connected
    convolutional networks, CVPR; in the form for CIFAR that was trained for S. R. Dubey et al.
    (2022), Activation functions in deep learning, Neurocomputing, arXiv 2109.14545.

    Parameters
    ----------
    sites : Sites
        Makes its activations: 120.
    shape : Shape
        Of the images, with sides of at least 5 pixels.
    width : float
        A factor on the growth, and so on all channels.

    Returns
    -------
    torch.nn.Sequential
        It ends in logits.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> sites = Sites(Activation("relu"))
    >>> network = densenet121(sites, Shape("images", (3, 32, 32), 10), width=0.125)
    >>> len(sites.made)
    120
    """
    growth = scaled(32, width)
    size = 2 * growth
    network = nn.Sequential()
    network.add_module("stem", nn.Conv2d(shape.inputs[0], size, 3, padding=1, bias=False))
    for number, count in enumerate(COUNTS, 1):
        layers = [Dense(sites, size + place * growth, growth) for place in range(count)]
        network.add_module(f"block{number}", nn.Sequential(*layers))
        size += count * growth
        if number < len(COUNTS):
            halved = nn.AvgPool2d(2, ceil_mode=True)
            transition = nn.Sequential(*_convolved(sites, size, size // 2, 1), halved)
            network.add_module(f"transition{number}", transition)
            size //= 2
    network.add_module("norm", nn.BatchNorm2d(size))
    network.add_module("activation", sites())
    network.add_module("average", Average())
    network.add_module("head", nn.Linear(size, shape.classes))
    return he_(network)


def _convolved(sites: Sites, inputs: int, channels: int, kernel: int) -> list[nn.Module]:
    """Return norm, activation and convolution, in this order."""
    convolution = nn.Conv2d(inputs, channels, kernel, padding=kernel // 2, bias=False)
    return [nn.BatchNorm2d(inputs), sites(), convolution]
