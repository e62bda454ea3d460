"""LSTM and GRU over a whole sequence, with one fused native pass per time step.

Forwards, the products of all time steps with the input weights are one matrix product; then each
step is one product with the recurrent weights, added to the gates in place, and one native pass
that takes the gates and the old state to the new. What is kept are the gates before their
activations (four numbers a unit and step) and the states. The activations are computed anew
backwards: a gate that is saturated until it rounds to 1 has a derivative all the same, of which
the rounded gate knows nothing.

Backwards, each step is one native pass, from the gradients of its results to those of its gates,
and one product with the recurrent weights; the gradients of all weights are one product each, at
the end.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from ogive import _core
from ogive.torch.memory import view
from ogive.torch.recurrent.portable import State, Weights
from ogive.torch.recurrent.steps import Steps

Array = Any
"""A NumPy array that shares a tensor's memory."""


class Lstm:
    """How an LSTM's gates lie in a row of four blocks: i, f, g, o, all of them sums."""

    forward_pass = _core.lstm_cell
    backward_pass = _core.backward_lstm_cell

    @staticmethod
    def input_weights(weights: Weights) -> tuple[Tensor, Tensor]:
        """Return the input weights in the order of the blocks, and all biases."""
        ih = weights.ih
        if weights.bias_ih is None or weights.bias_hh is None:
            return ih, ih.new_zeros(ih.shape[0])
        return ih, weights.bias_ih + weights.bias_hh

    @staticmethod
    def in_order_of_weights(gradient: Tensor) -> Tensor:
        """Return the gradient of such input weights, or of a bias, in torch's order."""
        return gradient

    @staticmethod
    def from_input(gates: Tensor) -> Tensor:
        """Return the columns that the input contributes to."""
        return gates

    @staticmethod
    def from_hidden(gates: Tensor) -> Tensor:
        """Return the columns that the hidden state contributes to."""
        return gates


class Gru:
    """How a GRU's gates lie in a row of four blocks: x, r, z, y.

    The input contributes to the first three and the hidden state to the last three, where torch's
    weights have the order r, z, n: so each product is of one block of columns.
    """

    forward_pass = _core.gru_cell
    backward_pass = _core.backward_gru_cell

    @staticmethod
    def input_weights(weights: Weights) -> tuple[Tensor, Tensor]:
        """Return the input weights in the order of the blocks, and all biases."""
        units = weights.hh.shape[1]
        bias = weights.ih.new_zeros(4 * units)
        if weights.bias_ih is not None and weights.bias_hh is not None:
            bias[: 3 * units] += weights.bias_ih.roll(units)
            bias[units:] += weights.bias_hh
        return weights.ih.roll(units, 0), bias

    @staticmethod
    def in_order_of_weights(gradient: Tensor) -> Tensor:
        """Return the gradient of such input weights, or of a bias, in torch's order."""
        return gradient.roll(-(gradient.shape[0] // 3), 0)

    @staticmethod
    def from_input(gates: Tensor) -> Tensor:
        """Return the columns that the input contributes to."""
        return gates[..., : gates.shape[-1] // 4 * 3]

    @staticmethod
    def from_hidden(gates: Tensor) -> Tensor:
        """Return the columns that the hidden state contributes to."""
        return gates[..., gates.shape[-1] // 4 :]


CELL: dict[str, type[Lstm] | type[Gru]] = {"LSTM": Lstm, "GRU": Gru}

# The gates of so many bytes stay in a core's own cache between the product that writes them and
# the step that reads them; of fewer rows than this, a product is not worth its call.
_CHUNK_BYTES, _CHUNK_ROWS = 1 << 19, 256


def _chunks(gates: Tensor, steps: Steps) -> list[range]:
    row = gates.shape[1] * gates.element_size()
    return steps.chunks(max(_CHUNK_ROWS, _CHUNK_BYTES // row))


def _blocks(gates: Tensor, rows: list[tuple[int, int]]) -> list[Array]:
    """Show the gates of each step as an array of shape (rows, 4, units)."""
    blocks = gates.numpy().reshape(gates.shape[0], 4, -1)
    return [blocks[begin:end] for begin, end in rows]


def _span(rows: list[tuple[int, int]], chunk: range) -> slice:
    """Return the rows of adjacent steps."""
    ends = rows[chunk[0]], rows[chunk[-1]]
    return slice(min(ends)[0], max(ends)[1])


def run_forward(
    mode: str, data: Tensor, state: State, weights: Weights, steps: Steps
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Run one layer over a sequence in one direction.

    Parameters
    ----------
    mode : {"LSTM", "GRU"}
        The kind of cell.
    data, state, weights, steps
        As `ogive.torch.recurrent.portable.portable_layer` has them, of float32 or float64 on the
        CPU.

    Returns
    -------
    gates : torch.Tensor
        Before their activations, of shape (rows, 4 units).
    states : tuple of torch.Tensor
        The state after every step, each of shape (rows, units).
    """
    cell, rows = CELL[mode], steps.rows()
    ih, bias = cell.input_weights(weights)
    # Transposed once: the products with them are many.
    ih, hh = ih.t().contiguous(), weights.hh.t().contiguous()
    gates = data.new_empty(data.shape[0], bias.shape[0])
    states = tuple([data.new_empty(data.shape[0], hh.shape[0]) for _ in state])
    recurrent, hidden_after = steps.pieces(cell.from_hidden(gates)), steps.pieces(states[0])
    blocks, arrays = _blocks(gates, rows), [tensor.numpy() for tensor in states]
    # An LSTM's pass reads the cell's state only, a GRU's the hidden state.
    read = len(state) - 1
    hidden, running = state[0], view(state[read])
    # Of sequences of several lengths, the states of those that have ended, or not yet begun, wait.
    waiting = None if steps.even else tuple([tensor.clone() for tensor in state])
    for chunk in _chunks(gates, steps):
        span = _span(rows, chunk)
        part = gates[span]
        part.copy_(bias.expand_as(part))
        cell.from_input(part).addmm_(data[span], ih)
        for k in chunk:
            begin, end = rows[k]
            if waiting is not None:
                hidden = waiting[0][: end - begin]
                running = waiting[read].numpy()[: end - begin]
            recurrent[k].addmm_(hidden, hh)
            results = tuple([array[begin:end] for array in arrays])
            cell.forward_pass(blocks[k], running, out=results)
            hidden, running = hidden_after[k], results[read]
            if waiting is not None:
                for tensor, new in zip(waiting, states, strict=True):
                    tensor[: end - begin] = new[begin:end]
    return gates, states


def last_states(state: State, states: State, steps: Steps) -> State:
    """Return the states after the last step of each sequence, in tensors of their own."""
    if steps.even:
        begin, end = steps.rows()[-1]
        return tuple([tensor[begin:end].clone() for tensor in states])
    last = tuple([tensor.clone() for tensor in state])
    for begin, end in steps.rows():
        for tensor, new in zip(last, states, strict=True):
            tensor[: end - begin] = new[begin:end]
    return last


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
    cell, rows = CELL[mode], steps.rows()
    before = [steps.before(first, after) for first, after in zip(state, states, strict=True)]
    outgoing = grads[0] if grads[0].stride(-1) == 1 else grads[0].contiguous()
    grad_gates = torch.empty_like(gates)
    recurrent = steps.pieces(cell.from_hidden(grad_gates))
    blocks, grad_blocks = _blocks(gates, rows), _blocks(grad_gates, rows)
    read = [outgoing.numpy(), *[tensor.numpy() for tensor in states[1:]]]
    hh = weights.hh.detach().contiguous()
    sums = _Sums(cell, data, weights, needed)
    # The gradients of the state that a step is given, and, in turn, those that it gives back.
    given = tuple([grad.clone() for grad in grads[1:]])
    back = tuple([torch.empty_like(grad) for grad in given])
    for chunk in reversed(_chunks(gates, steps)):
        for k in reversed(chunk):
            begin, end = rows[k]
            size = end - begin
            outgoing_rows, *after = [array[begin:end] for array in read]
            hidden = back[0] if size == steps.batch else back[0][:size]
            cell.backward_pass(
                blocks[k],
                view(before[-1][k]),
                *after,
                outgoing_rows,
                *[tensor.numpy()[:size] for tensor in given],
                out=(grad_blocks[k], back[-1].numpy()[:size]),
            )
            # A GRU hands part of the gradient of h on directly: the product is added to it.
            hidden.addmm_(recurrent[k], hh, beta=int(len(given) == 1))
            if size < steps.batch:
                for tensor, new in zip(given, back, strict=True):
                    tensor[:size] = new[:size]
            else:
                given, back = back, given
        in_rows = reversed(chunk) if steps.reverse else chunk
        sums.add(_span(rows, chunk), grad_gates, [before[0][k] for k in in_rows])
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

    def add(self, span: slice, grad_gates: Tensor, before: list[Tensor]) -> None:
        """Add what the rows of some steps contribute."""
        part = grad_gates[span]
        of_input = self.cell.from_input(part)
        if self.data is not None:
            torch.mm(of_input, self.weights, out=self.data[span])
        if self.needed[1]:
            self.ih.addmm_(of_input.t(), self.input[span])
        if self.needed[2]:
            self.hh.addmm_(self.cell.from_hidden(part).t(), torch.cat(before))
        if self.needed[3] or self.needed[4]:
            self.bias += part.sum(0)

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
