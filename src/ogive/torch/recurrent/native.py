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

from typing import Any

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
    def from_input(data: Tensor, weights: Weights) -> Tensor:
        """Return the gates' share of the input, and of both biases: (rows, 4 units)."""
        if weights.bias_ih is None or weights.bias_hh is None:
            return torch.mm(data, weights.ih.t())
        return torch.addmm(weights.bias_ih + weights.bias_hh, data, weights.ih.t())

    @staticmethod
    def recurrent(gates: Tensor) -> Tensor:
        """Return the columns that the hidden state contributes to."""
        return gates

    @staticmethod
    def input_gradient(grad_gates: Tensor, weights: Weights) -> Tensor:
        """Return the gradient of the input."""
        return torch.mm(grad_gates, weights.ih)

    @staticmethod
    def of_input(grad_gates: Tensor, factor: Tensor) -> Tensor:
        """Return the gradient of the input weights; of the bias, where the factor is ones."""
        return torch.mm(grad_gates.t(), factor)


class Gru:
    """How a GRU's gates lie in a row of four blocks: x, r, z, y.

    The input contributes to the first three and the hidden state to the last three, where torch's
    weights have the order r, z, n: so each product is of one block of columns.
    """

    forward_pass = _core.gru_cell
    backward_pass = _core.backward_gru_cell

    @staticmethod
    def from_input(data: Tensor, weights: Weights) -> Tensor:
        """Return the gates' share of the input, and of both biases: (rows, 4 units)."""
        units = weights.hh.shape[1]
        bias = data.new_zeros(4 * units)
        if weights.bias_ih is not None and weights.bias_hh is not None:
            bias[: 3 * units] += weights.bias_ih.roll(units)
            bias[units:] += weights.bias_hh
        gates = bias.repeat(data.shape[0], 1)
        gates[:, : 3 * units].addmm_(data, weights.ih.roll(units, 0).t())
        return gates

    @staticmethod
    def recurrent(gates: Tensor) -> Tensor:
        """Return the columns that the hidden state contributes to."""
        return gates[:, gates.shape[1] // 4 :]

    @staticmethod
    def input_gradient(grad_gates: Tensor, weights: Weights) -> Tensor:
        """Return the gradient of the input."""
        units = weights.hh.shape[1]
        return torch.mm(grad_gates[:, : 3 * units], weights.ih.roll(units, 0))

    @staticmethod
    def of_input(grad_gates: Tensor, factor: Tensor) -> Tensor:
        """Return the gradient of the input weights; of the bias, where the factor is ones."""
        units = grad_gates.shape[1] // 4
        return torch.mm(grad_gates[:, : 3 * units].t(), factor).roll(-units, 0)


CELL: dict[str, type[Lstm] | type[Gru]] = {"LSTM": Lstm, "GRU": Gru}


def _blocks(gates: Tensor) -> Array:
    """Show gates as an array of shape (rows, 4, units)."""
    return gates.numpy().reshape(gates.shape[0], 4, -1)


def run_forward(
    mode: str, data: Tensor, state: State, weights: Weights, steps: Steps
) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
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
    outputs : torch.Tensor
        The hidden state after every step, of shape (rows, units).
    cells : tuple of torch.Tensor
        The cell's state after every step, an LSTM's only.
    """
    cell = CELL[mode]
    gates = cell.from_input(data, weights)
    recurrent, hh = cell.recurrent(gates), weights.hh.t()
    states = tuple([gates.new_empty(data.shape[0], weights.hh.shape[1]) for _ in state])
    blocks, arrays = _blocks(gates), [tensor.numpy() for tensor in states]
    # An LSTM's pass reads the cell's state only, a GRU's the hidden state.
    read = len(state) - 1
    hidden, running = state[0], view(state[read])
    # Of sequences of several lengths, the states of those that have ended, or not yet begun, wait.
    waiting = None if steps.even else tuple([tensor.clone() for tensor in state])
    for begin, end in steps.rows():
        if waiting is not None:
            hidden = waiting[0][: end - begin]
            running = waiting[read].numpy()[: end - begin]
        recurrent[begin:end].addmm_(hidden, hh)
        results = tuple([array[begin:end] for array in arrays])
        cell.forward_pass(blocks[begin:end], running, out=results)
        hidden, running = states[0][begin:end], results[read]
        if waiting is not None:
            for tensor, new in zip(waiting, states, strict=True):
                tensor[: end - begin] = new[begin:end]
    return gates, states[0], states[1:]


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


def run_backward(
    mode: str,
    grads: tuple[Tensor, ...],
    gates: Tensor,
    states: State,
    before: State,
    recurrent_weights: Tensor,
    steps: Steps,
) -> tuple[Tensor, State]:
    """Take the gradients of a layer's results back through time.

    Parameters
    ----------
    mode : {"LSTM", "GRU"}
        The kind of cell.
    grads : tuple of torch.Tensor
        Those of the outputs, of shape (rows, units), and of each state after the last step.
    gates, states : torch.Tensor, tuple of torch.Tensor
        What `run_forward` gave.
    before : tuple of torch.Tensor
        For every row, the states that its step started from.
    recurrent_weights : torch.Tensor
        W_hh.
    steps : Steps
        Which rows belong to which step.

    Returns
    -------
    grad_gates : torch.Tensor
        Of the shape of `gates`.
    grad_state : tuple of torch.Tensor
        The gradients of the state before the first step.
    """
    cell = CELL[mode]
    grad_gates = torch.empty_like(gates)
    recurrent = cell.recurrent(grad_gates)
    blocks, grad_blocks = _blocks(gates), _blocks(grad_gates)
    read = tuple([tensor.numpy() for tensor in (before[-1], *states[1:])])
    grad_output = (grads[0] if grads[0].stride(-1) == 1 else grads[0].contiguous()).numpy()
    # The gradients of the state that each step is given, and, in turn, those that it gives back.
    given = tuple([grad.clone() for grad in grads[1:]])
    back = tuple([torch.empty_like(grad) for grad in given])
    for begin, end in reversed(steps.rows()):
        size = end - begin
        taken = tuple([tensor.numpy()[:size] for tensor in given])
        hidden, passed = back[0][:size], back[-1].numpy()[:size]
        cell.backward_pass(
            blocks[begin:end],
            *[array[begin:end] for array in read],
            grad_output[begin:end],
            *taken,
            out=(grad_blocks[begin:end], passed),
        )
        # A GRU hands part of the gradient of h on directly: the product is added to it.
        hidden.addmm_(recurrent[begin:end], recurrent_weights, beta=int(len(given) == 1))
        if size < steps.batch:
            for tensor, new in zip(given, back, strict=True):
                tensor[:size] = new[:size]
        else:
            given, back = back, given
    return grad_gates, given
