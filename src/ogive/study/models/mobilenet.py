"""MobileNet (the first version) for small images."""

from __future__ import annotations

from torch import nn

from ogive.study.data import Shape
from ogive.study.models.images import Average, he_, scaled
from ogive.study.sites import Sites

__all__ = ["mobilenet"]

BLOCKS = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *(((512, 1),) * 5),
    *((1024, 2), (1024, 1)),
)
"""Channels and stride of each depthwise separable convolution."""


def mobilenet(sites: Sites, shape: Shape, *, width: float) -> nn.Module:
    """Return MobileNet for small images: thirteen depthwise separable convolutions.

    Its first convolution has stride 1, so that the sides are halved four times instead of five.

    Source: A. G. Howard et al. (2017), MobileNets: efficient convolutional neural networks for
    mobile vision applications, arXiv 1704.04861; in the form for CIFAR that was trained for S. R.
    Dubey et al. (2022), Activation functions in deep learning, Neurocomputing, arXiv 2109.14545.

    Parameters
    ----------
    sites : Sites
        Makes its activations: 27.
    shape : Shape
        Of the images, with sides of at least 9 pixels.
    width : float
        A factor on all channels: the paper's width multiplier.

    Returns
    -------
    torch.nn.Sequential
        It ends in logits.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> sites = Sites(Activation("relu"))
    >>> network = mobilenet(sites, Shape("images", (3, 32, 32), 10), width=0.25)
    >>> len(sites.made)
    27
    """
    size = scaled(32, width)
    network = nn.Sequential()
    network.add_module("stem", _activated(sites, shape.inputs[0], size, 3))
    for number, (channels, stride) in enumerate(BLOCKS, 1):
        wide = scaled(channels, width)
        network.add_module(
            f"block{number}",
            nn.Sequential(
                _activated(sites, size, size, 3, stride=stride, groups=size),
                _activated(sites, size, wide, 1),
            ),
        )
        size = wide
    network.add_module("average", Average())
    network.add_module("head", nn.Linear(size, shape.classes))
    return he_(network)


def _activated(
    sites: Sites, inputs: int, channels: int, kernel: int, stride: int = 1, groups: int = 1
) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, channels, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels),
        sites(),
    )
