"""LSTM and GRU over a whole sequence, forwards: one fused native pass per time step.

The products of many time steps with the input weights are one matrix product; then each step is
one product with the recurrent weights, added to the gates in place, and one native pass that takes
the gates and the old state to the new. What is kept are the gates before their activations (four
numbers a unit and step) and the states. The activations are computed anew backwards: a gate that
is saturated until it rounds to 1 has a derivative all the same, of which the rounded gate knows
nothing.

Where no gradient is asked for, only as many gates are held as are worked on.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ogive.torch.memory import view
from ogive.torch.recurrent.blocks import CELL
from ogive.torch.recurrent.portable import State, Weights
from ogive.torch.recurrent.steps import Steps

Array = Any
"""A NumPy array that shares a tensor's memory."""

# The gates of so many bytes stay in a core's own cache between the product that writes them and
# the step that reads them; of fewer rows than this, a product is not worth its call.
_CHUNK_BYTES, _CHUNK_ROWS = 1 << 19, 256

# Weights that fit into that cache too are laid out once as the many products like them.
_WORTH_TRANSPOSING = 1 << 17


def chunk_rows(gates: int, itemsize: int) -> int:
    """Return how many rows of so many gates are worked on together."""
    return max(_CHUNK_ROWS, _CHUNK_BYTES // (gates * itemsize))


def as_blocks(gates: Tensor) -> Array:
    """Show gates as an array of shape (rows, 4, units)."""
    return gates.numpy().reshape(gates.shape[0], 4, -1)


def run_forward(
    mode: str, data: Tensor, state: State, weights: Weights, steps: Steps, *, keep: bool
) -> tuple[Tensor, State, State]:
    """Run one layer over a sequence in one direction.

    Parameters
    ----------
    mode : {"LSTM", "GRU"}
        The kind of cell.
    data, state, weights, steps
        As `ogive.torch.recurrent.portable.portable_layer` has them, of float32 or float64 on the
        CPU.
    keep : bool
        Whether the gates are asked for.

    Returns
    -------
    gates : torch.Tensor
        Before their activations, of shape (rows, 4 units); of no meaning unless kept.
    states : tuple of torch.Tensor
        The state after every step, each of shape (rows, units).
    last : tuple of torch.Tensor
        The state after the last step of each sequence, in memory of its own.
    """
    cell = CELL[mode]
    ih, bias = cell.input_weights(weights)
    ih, hh = ih.t(), weights.hh.t()
    if hh.numel() <= _WORTH_TRANSPOSING:
        hh = hh.contiguous()
    chunks = steps.chunks(chunk_rows(bias.shape[0], bias.itemsize))
    most = max(chunk.length for chunk in chunks)
    gates = data.new_empty(data.shape[0] if keep else most, bias.shape[0])
    states = tuple([data.new_empty(data.shape[0], hh.shape[0]) for _ in state])
    hidden_after, arrays = steps.pieces(states[0]), [tensor.numpy() for tensor in states]
    # An LSTM's pass reads the cell's state only, a GRU's the hidden state.
    read = len(state) - 1
    hidden, running = state[0], view(state[read])
    # Of sequences of several lengths, the states of those that have ended, or not yet begun, wait.
    uneven, waiting = not steps.even, tuple([tensor.clone() for tensor in state])
    for chunk in chunks:
        part = gates[chunk.begin : chunk.end] if keep else gates[: chunk.length]
        part.copy_(bias.expand_as(part))
        cell.from_input(part).addmm_(data[chunk.begin : chunk.end], ih)
        recurrent = steps.pieces(cell.from_hidden(part), chunk)
        blocks = [as_blocks(piece) for piece in steps.pieces(part, chunk)]
        for k, (begin, end), addend, block in zip(
            chunk.steps, chunk.rows, recurrent, blocks, strict=True
        ):
            if uneven:
                hidden = waiting[0][: end - begin]
                running = waiting[read].numpy()[: end - begin]
            addend.addmm_(hidden, hh)
            results = tuple([array[begin:end] for array in arrays])
            cell.forward_pass(block, running, out=results)
            hidden, running = hidden_after[k], results[read]
            if uneven:
                for tensor, new in zip(waiting, states, strict=True):
                    tensor[: end - begin] = new[begin:end]
    if not uneven:
        begin, end = chunks[-1].rows[-1]
        for tensor, new in zip(waiting, states, strict=True):
            tensor.copy_(new[begin:end])
    return gates, states, waiting
