"""LSTM and GRU in plain differentiable operations of torch, step by step.

What every device, dtype, tensor subclass, transform of `torch.func` and compiler understands, and
what gives the second derivatives. The activations are those of `ogive.torch.functional`, whose
gradients keep both tails; those of float16 and bfloat16 are taken in float32.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from ogive.torch.functional import sigmoid, tanh
from ogive.torch.memory import HALF_DTYPES
from ogive.torch.recurrent.steps import Steps


class Weights(NamedTuple):
    """What one layer has learned for one direction, as torch names and shapes it."""

    ih: Tensor
    hh: Tensor
    bias_ih: Tensor | None = None
    bias_hh: Tensor | None = None
    hr: Tensor | None = None
    """The projection of the hidden state, LSTM's only."""

    def tensors(self) -> list[Tensor]:
        """Return those that there are."""
        return [tensor for tensor in self if tensor is not None]


State = tuple[Tensor, ...]
"""(h, c) of an LSTM, (h,) of a GRU: each of shape (batch, units)."""


def lstm_step(from_input: Tensor, from_hidden: Tensor, state: State) -> State:
    """Return (h', c') given both matrix products of a step.

    Parameters
    ----------
    from_input, from_hidden : torch.Tensor
        x W_ihᵀ + b_ih and h W_hhᵀ + b_hh, of shape (batch, 4 units), in torch's order i, f, g, o.
    state : tuple of torch.Tensor
        (h, c).
    """
    gates, cell = from_input + from_hidden, state[1]
    dtype = gates.dtype
    if dtype in HALF_DTYPES:
        gates, cell = gates.float(), cell.float()
    i, f, g, o = gates.chunk(4, -1)
    cell = sigmoid(f) * cell + sigmoid(i) * tanh(g)
    hidden = sigmoid(o) * tanh(cell)
    return hidden.to(dtype), cell.to(dtype)


def gru_step(from_input: Tensor, from_hidden: Tensor, state: State) -> State:
    """Return (h',) given both matrix products of a step.

    Parameters
    ----------
    from_input, from_hidden : torch.Tensor
        x W_ihᵀ + b_ih and h W_hhᵀ + b_hh, of shape (batch, 3 units), in torch's order r, z, n.
    state : tuple of torch.Tensor
        (h,).
    """
    (hidden,), dtype = state, from_input.dtype
    if dtype in HALF_DTYPES:
        from_input, from_hidden, hidden = from_input.float(), from_hidden.float(), hidden.float()
    x_r, x_z, x_n = from_input.chunk(3, -1)
    h_r, h_z, h_n = from_hidden.chunk(3, -1)
    update = x_z + h_z
    n = tanh(x_n + sigmoid(x_r + h_r) * h_n)
    # Both shares of the gate by sigmoid itself: 1 - sigmoid would lose the small one.
    return ((sigmoid(-update) * n + sigmoid(update) * hidden).to(dtype),)


STEP = {"LSTM": lstm_step, "GRU": gru_step}


def portable_layer(
    mode: str, data: Tensor, state: State, weights: Weights, steps: Steps
) -> tuple[Tensor, ...]:
    """Run one layer over a sequence in one direction.

    Parameters
    ----------
    mode : {"LSTM", "GRU"}
        The kind of cell.
    data : torch.Tensor
        The rows of all time steps, of shape (rows, features).
    state : tuple of torch.Tensor
        Before the first step.
    weights : Weights
        Of the layer and direction.
    steps : Steps
        Which rows belong to which step.

    Returns
    -------
    tuple of torch.Tensor
        The outputs, of shape (rows, units), and the state after the last step of each sequence.
    """
    step = STEP[mode]
    products = torch.split(linear(data, weights.ih, weights.bias_ih), list(steps.batch_sizes))
    outputs: list[Tensor] = [data] * len(steps.batch_sizes)
    for t in steps.order():
        size = steps.batch_sizes[t]
        running = tuple([part[:size] for part in state])
        from_hidden = linear(running[0], weights.hh, weights.bias_hh)
        hidden, *cell = step(products[t], from_hidden, running)
        if weights.hr is not None:
            hidden = linear(hidden, weights.hr)
        outputs[t] = hidden
        state = tuple(
            [
                new if size == steps.batch else torch.cat((new, old[size:]))
                for new, old in zip((hidden, *cell), state, strict=True)
            ]
        )
    return (torch.cat(outputs), *state)
