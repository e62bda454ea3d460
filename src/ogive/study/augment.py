"""Pictures changed at random as they are trained on, the same for every activation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["augmented"]


def augmented(images: Tensor, kind: str, generator: torch.Generator) -> Tensor:
    """Return a batch of pictures, each turned or shifted at random.

    Parameters
    ----------
    images : torch.Tensor, shape (rows, channels, height, width)
        Not changed.
    kind : {"none", "flip", "crop", "crop-flip"}
        What is done; the words are those of `Recipe`.
    generator : torch.Generator
        The source of the draws.

    Returns
    -------
    torch.Tensor, shape (rows, channels, height, width)
        The pictures themselves where nothing is done to them.

    Examples
    --------
    >>> images = torch.ones(2, 1, 8, 8)
    >>> augmented(images, "crop-flip", torch.Generator().manual_seed(0)).shape
    torch.Size([2, 1, 8, 8])
    """
    rows, _, height, width = images.shape
    if kind in ("flip", "crop-flip"):
        turned = torch.rand(rows, generator=generator) < 0.5
        images = torch.where(turned.view(-1, 1, 1, 1), images.flip(3), images)
    if kind in ("crop", "crop-flip"):
        most = max(height, width) // 8
        shifts = torch.randint(0, 2 * most + 1, (2, rows), generator=generator)
        padded = nn.functional.pad(images, (most,) * 4)
        down = shifts[0].view(-1, 1) + torch.arange(height)
        across = shifts[1].view(-1, 1) + torch.arange(width)
        each = torch.arange(rows).view(-1, 1, 1)
        # Indices on both sides of the slice move the channels to the end; they come back.
        images = padded[each, :, down[:, :, None], across[:, None, :]].permute(0, 3, 1, 2)
    return images
