"""VGG-16 for small images."""

from __future__ import annotations

from torch import nn

from ogive.study.data import Shape
from ogive.study.models.images import Average, he_, scaled
from ogive.study.sites import Sites

__all__ = ["vgg16"]

STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
"""Channels of the convolutions, a stage each between two halvings: configuration D."""


def vgg16(sites: Sites, shape: Shape, *, width: float) -> nn.Module:
    """Return VGG-16 for small images: thirteen convolutions with norms, and one linear layer.

    The three linear layers of the paper's network are one, as in all its forms for CIFAR.

    Source: K. Simonyan, A. Zisserman (2015), Very deep convolutional networks for large-scale
    image recognition, ICLR; in the form for CIFAR that was trained for S. R. Dubey et al. (2022),
    Activation functions in deep learning, Neurocomputing, arXiv 2109.14545.

    Parameters
    ----------
    sites : Sites
        Makes its activations: 13.
    shape : Shape
        Of the images, with sides of at least 17 pixels.
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
    >>> network = vgg16(sites, Shape("images", (3, 32, 32), 10), width=0.125)
    >>> len(sites.made)
    13
    """
    network = nn.Sequential()
    size = shape.inputs[0]
    for number, stage in enumerate(STAGES, 1):
        layers: list[nn.Module] = []
        for channels in stage:
            wide = scaled(channels, width)
            layers += [nn.Conv2d(size, wide, 3, padding=1), nn.BatchNorm2d(wide), sites()]
            size = wide
        layers.append(nn.MaxPool2d(2, ceil_mode=True))
        network.add_module(f"stage{number}", nn.Sequential(*layers))
    network.add_module("average", Average())
    network.add_module("head", nn.Linear(size, shape.classes))
    return he_(network)
