"""How the gates of a cell lie in a row, and how torch's weights are to be laid for it.

The native passes take four blocks a row, each a sum of products that are added up in place before
they are read: none of them is held apart.
"""

from __future__ import annotations

from torch import Tensor

from ogive import _core
from ogive.torch.recurrent.portable import Weights


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
