"""Data as steps of one width: sequences as they are, pictures by rows or by square patches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ogive.study.data import Shape

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["as_steps", "steps_of"]


def steps_of(shape: Shape, patch: int = 0) -> tuple[int, int]:
    """Return how many steps a row of the data has, and how many features each.

    Parameters
    ----------
    shape : Shape
        Of sequences or pictures.
    patch : int
        Side of the squares that a picture is cut into; 0 to take its rows of pixels. Without a
        meaning for sequences.

    Returns
    -------
    steps, features : int

    Raises
    ------
    ValueError
        If the patches do not cover a picture.

    Examples
    --------
    >>> steps_of(Shape("images", (3, 32, 32), 10)), steps_of(Shape("images", (3, 32, 32), 10), 8)
    ((32, 96), (16, 192))
    """
    if shape.kind == "sequences":
        steps, features = shape.inputs
        return steps, features
    channels, height, width = shape.inputs
    if not patch:
        return height, channels * width
    if height % patch or width % patch:
        raise ValueError(
            f"patches of {patch} × {patch} do not cover pictures of {height} × {width}: their side "
            "must divide both, or be 0 for rows of pixels"
        )
    return (height // patch) * (width // patch), channels * patch * patch


def as_steps(inputs: Tensor, patch: int = 0) -> Tensor:
    """Return a batch as (rows, steps, features), as `steps_of` counts them.

    Parameters
    ----------
    inputs : torch.Tensor, shape (rows, channels, height, width) or (rows, steps, features)
        Pictures, or sequences, which are returned as they are.
    patch : int
        Side of the squares that a picture is cut into; 0 to take its rows of pixels.

    Returns
    -------
    torch.Tensor, shape (rows, steps, features)

    Examples
    --------
    >>> import torch
    >>> as_steps(torch.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 1]
    tensor([2., 3., 6., 7.])
    """
    if inputs.dim() == 3:
        return inputs
    if not patch:
        return inputs.transpose(1, 2).flatten(2)
    rows, channels, height, width = inputs.shape
    squares = inputs.reshape(rows, channels, height // patch, patch, width // patch, patch)
    return squares.permute(0, 2, 4, 1, 3, 5).reshape(rows, -1, channels * patch * patch)
