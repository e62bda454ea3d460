"""Several layers, in one direction or both, with dropout between them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import dropout as drop

from ogive.torch.recurrent.layer import run_layer
from ogive.torch.recurrent.portable import State, Weights
from ogive.torch.recurrent.steps import Steps


def run_stack(
    mode: str,
    data: Tensor,
    state: State,
    weights: list[list[Weights]],
    batch_sizes: tuple[int, ...],
    dropout: float,
) -> tuple[Tensor, ...]:
    """Run a stack of layers over a sequence.

    Parameters
    ----------
    mode : {"LSTM", "GRU"}
        The kind of cell.
    data : torch.Tensor
        The rows of all time steps, of shape (rows, features).
    state : tuple of torch.Tensor
        (h, c) or (h,) before the first step, each of shape (layers directions, batch, units).
    weights : list of list of Weights
        Of each direction of each layer.
    batch_sizes : tuple of int
        How many rows each time step has.
    dropout : float
        The probability with which an output of any layer but the last is dropped.

    Returns
    -------
    tuple of torch.Tensor
        The outputs of the last layer, of shape (rows, directions units), and the state after the
        last step of each sequence, shaped as `state` is.
    """
    parts = [part.unbind(0) for part in state]
    last: list[tuple[Tensor, ...]] = []
    for layer, directions in enumerate(weights):
        outputs = []
        for direction, own in enumerate(directions):
            at = layer * len(directions) + direction
            steps = Steps(batch_sizes, reverse=direction == 1)
            begin = tuple([part[at] for part in parts])
            output, *end = run_layer(mode, data, begin, own, steps)
            outputs.append(output)
            last.append(tuple(end))
        data = outputs[0] if len(outputs) == 1 else torch.cat(outputs, -1)
        if dropout and layer < len(weights) - 1:
            data = drop(data, dropout)
    return (data, *[torch.stack(part) for part in zip(*last, strict=True)])
