"""SENet-18: a residual network whose channels are weighed by squeeze and excitation."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from ogive.study.data import Shape
from ogive.study.models.images import Average, he_, scaled
from ogive.study.sites import Sites

__all__ = ["SqueezeExcitation", "Weighed", "senet18"]

REDUCTION = 16
"""Channels for each unit of the gate's hidden layer."""


class SqueezeExcitation(nn.Module):
    """Each channel times a gate in [0, 1] that is computed from the means of all channels.

    The gate's hidden layer has the network's activation. The sigmoid behind it makes the gate what
    it is, a share of each channel, and stays whatever the activation.

    Parameters
    ----------
    sites : Sites
        Makes the activation of the hidden layer.
    channels : int
        Of input and output.

    Examples
    --------
    >>> import torch
    >>> from ogive.study.activation import Activation
    >>> unit = SqueezeExcitation(Sites(Activation("relu")), 32)
    >>> unit(torch.zeros(1, 32, 4, 4)).shape
    torch.Size([1, 32, 4, 4])
    """

    def __init__(self, sites: Sites, channels: int) -> None:
        super().__init__()
        hidden = max(1, channels // REDUCTION)
        self.squeeze = nn.Conv2d(channels, hidden, 1)
        self.activation = sites()
        self.excite = nn.Conv2d(hidden, channels, 1)

    def forward(self, input: Tensor) -> Tensor:
        """Weigh the channels."""
        means = input.mean(dim=(2, 3), keepdim=True)
        gate: Tensor = self.excite(self.activation(self.squeeze(means))).sigmoid()
        return input * gate


class Weighed(nn.Module):
    """A residual block: norm and activation before each convolution, the channels weighed last.

    Parameters
    ----------
    sites : Sites
        Makes its three activations.
    inputs, channels : int
        Of input and output.
    stride : int
        Of the first convolution.

    Examples
    --------
    >>> import torch
    >>> from ogive.study.activation import Activation
    >>> Weighed(Sites(Activation("relu")), 4, 8, 2)(torch.zeros(1, 4, 6, 6)).shape
    torch.Size([1, 8, 3, 3])
    """

    def __init__(self, sites: Sites, inputs: int, channels: int, stride: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.activation1 = sites()
        changed = stride != 1 or inputs != channels
        self.projection = nn.Conv2d(inputs, channels, 1, stride, bias=False) if changed else None
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.activation2 = sites()
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.weigh = SqueezeExcitation(sites, channels)

    def forward(self, input: Tensor) -> Tensor:
        """Add the branch to the input, or to its projection."""
        active = self.activation1(self.norm1(input))
        shortcut = input if self.projection is None else self.projection(active)
        branch = self.conv2(self.activation2(self.norm2(self.conv1(active))))
        total: Tensor = self.weigh(branch) + shortcut
        return total


def senet18(sites: Sites, shape: Shape, *, width: float) -> nn.Module:
    """Return SENet-18 for small images.

    A ResNet-18 of blocks that have norm and activation before their convolutions, with squeeze
    and excitation at the end of each. As in the survey's network, neither norm nor activation
    stands between the last block and the mean over the pixels.

    Source: J. Hu, L. Shen, G. Sun (2018), Squeeze-and-excitation networks, CVPR; K. He et al.
    (2016), Identity mappings in deep residual networks, ECCV; in the form for CIFAR that was
    trained for S. R. Dubey et al. (2022), Activation functions in deep learning, Neurocomputing,
    arXiv 2109.14545.

    Parameters
    ----------
    sites : Sites
        Makes its activations: 25, of which 8 in the gates.
    shape : Shape
        Of the images, with sides of at least 5 pixels.
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
    >>> network = senet18(sites, Shape("images", (3, 32, 32), 10), width=0.125)
    >>> len(sites.made)
    25
    """
    size = scaled(64, width)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["stem"] = nn.Sequential(
        nn.Conv2d(shape.inputs[0], size, 3, 1, 1, bias=False), nn.BatchNorm2d(size), sites()
    )
    for number, channels in enumerate((64, 128, 256, 512), 1):
        wide = scaled(channels, width)
        first = Weighed(sites, size, wide, 1 if number == 1 else 2)
        layers[f"stage{number}"] = nn.Sequential(first, Weighed(sites, wide, wide, 1))
        size = wide
    layers["average"] = Average()
    layers["head"] = nn.Linear(size, shape.classes)
    return he_(nn.Sequential(layers))
