"""What the networks for small images have in common: channels, the initial draw."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

__all__ = ["Average", "he_", "scaled"]

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
