"""LSTM and GRU over a whole sequence, back through time: one fused native pass per time step.

Each step is one native pass, from the gradients of its results to those of its gates, and one
product with the recurrent weights. The gradients of weights and inputs are gathered from some
steps at a time, while the gradients of their gates are in the cache: these are never all held.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ogive.torch.memory import view
from ogive.torch.recurrent.blocks import CELL, Gru, Lstm
from ogive.torch.recurrent.forward import as_blocks, chunk_rows
from ogive.torch.recurrent.portable import State, Weights
from ogive.torch.recurrent.steps import Chunk, Steps


class Gradients(NamedTuple):
    """What `run_backward` gives: each of the shape of what it is the gradient of, or None."""

    data: Tensor | None
    weights: tuple[Tensor | None, Tensor | None, Tensor | None, Tensor | None]
    state: State


def run_backward(
    mode: str,
    grads: tuple[Tensor, ...],
    data: Tensor,
    state: State,
    weights: Weights,
    steps: Steps,
    gates: Tensor,
    states: State,
    needed: tuple[bool, ...],
) -> Gradients:
    """Take the gradients of a layer's results back through time.

    Parameters
    ----------
    mode : {"LSTM", "GRU"}
        The kind of cell.
    grads : tuple of torch.Tensor
        Those of the outputs, of shape (rows, units), and of each state after the last step.
    data, state, weights, steps
        What `run_forward` was given.
    gates, states : torch.Tensor, tuple of torch.Tensor
        What it gave.
    needed : tuple of bool
        Whether the gradients of the data and of each of the four weights are wanted.
    """
    cell = CELL[mode]
    before = [steps.before(first, after) for first, after in zip(state, states, strict=True)]
    outgoing = grads[0] if grads[0].stride(-1) == 1 else grads[0].contiguous()
    read = [outgoing.numpy(), *[tensor.numpy() for tensor in states[1:]]]
    hh, blocks = weights.hh.detach().contiguous(), as_blocks(gates)
    chunks = steps.chunks(chunk_rows(gates.shape[1], gates.itemsize))
    # The gradients of the gates of one chunk after the other.
    grad_gates = gates.new_empty(max(chunk.length for chunk in chunks), gates.shape[1])
    sums = _Sums(cell, data, weights, needed)
    # The gradients of the state that a step is given, and, in turn, those that it gives back.
    given = tuple([grad.clone() for grad in grads[1:]])
    back = tuple([torch.empty_like(grad) for grad in given])
    given_arrays, back_arrays = [[part.numpy() for part in half] for half in (given, back)]
    keeps_part = int(mode == "GRU")
    for chunk in reversed(chunks):
        part = grad_gates[: chunk.length]
        recurrent = steps.pieces(cell.from_hidden(part), chunk)
        grad_blocks = [as_blocks(piece) for piece in steps.pieces(part, chunk)]
        for k, (begin, end), addend, block in reversed(
            list(zip(chunk.steps, chunk.rows, recurrent, grad_blocks, strict=True))
        ):
            size = end - begin
            outgoing_rows, *after = [array[begin:end] for array in read]
            cell.backward_pass(
                blocks[begin:end],
                view(before[-1][k]),
                *after,
                outgoing_rows,
                *[array[:size] for array in given_arrays],
                out=(block, back_arrays[-1][:size]),
            )
            # A GRU hands part of the gradient of h on directly: the product is added to it.
            hidden = back[0] if size == steps.batch else back[0][:size]
            hidden.addmm_(addend, hh, beta=keeps_part)
            if size < steps.batch:
                for tensor, new in zip(given, back, strict=True):
                    tensor[:size] = new[:size]
            else:
                given, back = back, given
                given_arrays, back_arrays = back_arrays, given_arrays
        in_rows = reversed(chunk.steps) if steps.reverse else chunk.steps
        sums.add(chunk, part, [before[0][k] for k in in_rows])
    return Gradients(sums.data, sums.of_weights(), given)


class _Sums:
    """The gradients of data and weights, gathered while those of some gates are in the cache."""

    def __init__(
        self, cell: type[Lstm] | type[Gru], data: Tensor, weights: Weights, needed: tuple[bool, ...]
    ) -> None:
        self.cell, self.input, self.needed = cell, data.detach(), needed
        self.weights = cell.input_weights(weights)[0].detach()
        self.data = torch.empty_like(self.input) if needed[0] else None
        self.ih = torch.zeros_like(self.weights)
        self.hh = torch.zeros_like(weights.hh)
        self.bias = data.new_zeros(4 * weights.hh.shape[1])

    def add(self, chunk: Chunk, grad_gates: Tensor, before: list[Tensor]) -> None:
        """Add what the steps of a chunk contribute."""
        of_input, rows = self.cell.from_input(grad_gates), slice(chunk.begin, chunk.end)
        if self.data is not None:
            torch.mm(of_input, self.weights, out=self.data[rows])
        if self.needed[1]:
            self.ih.addmm_(of_input.t(), self.input[rows])
        if self.needed[2]:
            self.hh.addmm_(self.cell.from_hidden(grad_gates).t(), torch.cat(before))
        if self.needed[3] or self.needed[4]:
            self.bias += grad_gates.sum(0)

    def of_weights(self) -> tuple[Tensor | None, Tensor | None, Tensor | None, Tensor | None]:
        """Return the gradients of the four weights, in torch's order."""
        cell, needed = self.cell, self.needed
        of_input = cell.in_order_of_weights(cell.from_input(self.bias))
        return (
            cell.in_order_of_weights(self.ih) if needed[1] else None,
            self.hh if needed[2] else None,
            # Two tensors: torch may add to one of them in place.
            of_input.clone() if needed[3] else None,
            cell.from_hidden(self.bias) if needed[4] else None,
        )
