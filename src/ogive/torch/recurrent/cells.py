"""One step of an LSTM or a GRU as modules: torch's own classes with another computation."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ogive.torch.recurrent.layer import run_layer, under_autocast
from ogive.torch.recurrent.portable import State, Weights
from ogive.torch.recurrent.steps import Steps

__all__ = ["GRUCell", "LSTMCell"]


def _computable(cell: nn.RNNCellBase, input: Any, state: Any) -> bool:
    """Whether everything fits, on the CPU; the rest is torch's to refuse or to compute."""
    tensors = (input, *state)
    if not all(isinstance(tensor, Tensor) for tensor in tensors):
        return False
    weight, leading = cell.weight_ih, tuple(input.shape[:-1])
    return (
        input.dim() in (1, 2)
        and (input.is_cpu or input.is_meta)
        and not under_autocast(input)
        and input.shape[-1] == cell.input_size
        and input.numel() > 0
        and all(tuple(part.shape) == (*leading, cell.hidden_size) for part in state)
        and all(
            tensor.dtype == weight.dtype and tensor.device == weight.device for tensor in tensors
        )
    )


def _step(mode: str, cell: nn.RNNCellBase, input: Tensor, state: State) -> State:
    weights = Weights(cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)
    if input.dim() == 1:
        rows = _step(mode, cell, input.unsqueeze(0), tuple([part.unsqueeze(0) for part in state]))
        return tuple([part.squeeze(0) for part in rows])
    _, *last = run_layer(mode, input, state, weights, Steps((input.shape[0],), reverse=False))
    return tuple(last)


class LSTMCell(nn.LSTMCell):
    """`torch.nn.LSTMCell` with fused gates, and gradients of saturated gates that are not lost.

    Parameters
    ----------
    input_size, hidden_size : int
        How many features the input has, and how many units the cell.
    bias : bool, optional
        Whether it has biases.
    device, dtype : optional
        Of the weights.

    Notes
    -----
    Shapes: input (N, input_size) or (input_size), h and c (N, hidden_size) or (hidden_size).
    Error and memory: as `ogive.torch.recurrent.LSTM` has them.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.recurrent import LSTMCell
    >>> h, c = LSTMCell(10, 20)(torch.ones(3, 10))
    >>> h.shape, c.shape
    (torch.Size([3, 20]), torch.Size([3, 20]))
    """

    def forward(
        self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Take one step: (h', c')."""
        state: Any = hx
        if hx is None and isinstance(input, Tensor):
            zeros = input.new_zeros(*input.shape[:-1], self.hidden_size)
            state = (zeros, zeros)
        if not isinstance(state, tuple | list) or len(state) != 2:
            return super().forward(input, hx)
        if not _computable(self, input, state):
            return super().forward(input, hx)
        hidden, memory = _step("LSTM", self, input, tuple(state))
        return hidden, memory


class GRUCell(nn.GRUCell):
    """`torch.nn.GRUCell` with fused gates, and gradients of saturated gates that are not lost.

    Parameters
    ----------
    input_size, hidden_size : int
        How many features the input has, and how many units the cell.
    bias : bool, optional
        Whether it has biases.
    device, dtype : optional
        Of the weights.

    Notes
    -----
    Shapes: input (N, input_size) or (input_size), h (N, hidden_size) or (hidden_size).
    Error and memory: as `ogive.torch.recurrent.GRU` has them.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.recurrent import GRUCell
    >>> GRUCell(10, 20)(torch.ones(3, 10)).shape
    torch.Size([3, 20])
    """

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """Take one step: h'."""
        state: Any = hx
        if hx is None and isinstance(input, Tensor):
            state = input.new_zeros(*input.shape[:-1], self.hidden_size)
        if not _computable(self, input, (state,)):
            return super().forward(input, hx)
        (hidden,) = _step("GRU", self, input, (state,))
        return hidden
