"""What the networks for small images have in common: sizes, channels, the initial draw."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

from ogive.study.data import Shape

__all__ = ["Average", "check_sides", "he_", "scaled"]

Network = TypeVar("Network", bound=nn.Module)


class Average(nn.Module):
    """The mean over each channel's pixels: (rows, channels, height, width) to (rows, channels).

    Examples
    --------
    >>> Average()(torch.ones(2, 3, 4, 4)).shape
    torch.Size([2, 3])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return the means."""
        return input.mean(dim=(2, 3))


def check_sides(name: str, shape: Shape, halvings: int, lost: int = 0) -> None:
    """Refuse images that have a single pixel left before the last time they are halved.

    Parameters
    ----------
    name : str
        Of the network.
    shape : Shape
        Of the data.
    halvings : int
        How often the network halves the sides, rounding up.
    lost : int
        Pixels that are lost before the first time.

    Raises
    ------
    ValueError
        If a side is too short.

    Examples
    --------
    >>> check_sides("resnet18", Shape("images", (1, 8, 8), 10), halvings=3)
    """
    least = 2 ** (halvings - 1) + 1 + lost
    _, height, width = shape.inputs
    if min(height, width) < least:
        raise ValueError(
            f"{name} halves an image {halvings} times: it takes sides of at least {least} pixels, "
            f"not {height} × {width}"
        )


def scaled(channels: int, width: float) -> int:
    """Return a number of channels times a factor, rounded, and at least 1.

    Parameters
    ----------
    channels : int
    width : float
        The factor.

    Returns
    -------
    int

    Examples
    --------
    >>> scaled(64, 0.25), scaled(64, 0.001)
    (16, 1)
    """
    return max(1, round(channels * width))


@torch.no_grad()
def he_(network: Network) -> Network:
    """Draw the weights of all convolutions by the rule of He, and set their biases to 0.

    Normal, of variance 2 / (inputs of one output): for depthwise convolutions too, where the
    outputs of an input are sometimes miscounted. Batch normalisation begins with scale 1 and shift
    0 everywhere, and linear layers as torch draws them.

    Source: K. He et al. (2015), Delving deep into rectifiers, ICCV.

    Parameters
    ----------
    network : torch.nn.Module
        Changed in place.

    Returns
    -------
    torch.nn.Module
        The same.

    Examples
    --------
    >>> layer = he_(nn.Conv2d(64, 64, 3))
    >>> abs(layer.weight.var().item() / (2 / 576) - 1) < 0.1
    True
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return network
