"""LSTM and GRU as modules: torch's own classes with another computation."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from ogive.torch.recurrent.layer import under_autocast
from ogive.torch.recurrent.portable import State, Weights
from ogive.torch.recurrent.stack import run_stack

__all__ = ["GRU", "LSTM"]


def _state_of(module: nn.RNNBase, hx: Any) -> State | None:
    """Return a state as a tuple of tensors; None where it is not what the module takes."""
    state = (hx,) if isinstance(module, nn.GRU) else hx
    number = 1 if isinstance(module, nn.GRU) else 2
    if not isinstance(state, tuple | list) or len(state) != number:
        return None
    return tuple(state) if all(isinstance(part, Tensor) for part in state) else None


def _state_shapes(module: nn.RNNBase, batch: int) -> list[tuple[int, int, int]]:
    layers = module.num_layers * (2 if module.bidirectional else 1)
    hidden = (layers, batch, module.proj_size or module.hidden_size)
    return [hidden] if isinstance(module, nn.GRU) else [hidden, (layers, batch, module.hidden_size)]


def _weights(module: nn.RNNBase) -> list[list[Weights]]:
    """Return a module's weights by layer and direction."""
    suffixes = ("", "_reverse") if module.bidirectional else ("",)
    kinds = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if module.bias else [])]

    def of(layer: int, suffix: str) -> Weights:
        found = [getattr(module, f"{kind}_l{layer}{suffix}") for kind in kinds]
        weights = Weights(*found)
        if module.proj_size:
            weights = weights._replace(hr=getattr(module, f"weight_hr_l{layer}{suffix}"))
        return weights

    return [[of(layer, suffix) for suffix in suffixes] for layer in range(module.num_layers)]


def _computable(module: nn.RNNBase, data: Tensor, state: State, shapes: list[Any]) -> bool:
    """Whether everything fits, on the CPU.

    What does not fit is torch's to refuse; autocast and other devices, whose own libraries know
    the whole layer, are torch's to compute.
    """
    weight = module.weight_ih_l0
    return (
        (data.is_cpu or data.is_meta)
        and not under_autocast(data)
        and data.shape[-1] == module.input_size
        and data.numel() > 0
        and data.is_floating_point()
        and [tuple(part.shape) for part in state] == shapes
        and all(
            part.dtype == weight.dtype and part.device == weight.device for part in (data, *state)
        )
    )


def _results(module: nn.RNNBase, data: Tensor, state: State, sizes: tuple[int, ...]) -> Any:
    """Run the module's layers over rows; outputs, and the state as the module returns it."""
    dropout = module.dropout if module.training else 0.0
    outputs, *last = run_stack(module.mode, data, state, _weights(module), sizes, dropout)
    return outputs, tuple(last)


def _of_packed(module: nn.RNNBase, input: PackedSequence, hx: Any) -> Any:
    """Run a module over a packed sequence; None where the arguments do not fit."""
    data, batch_sizes, order, back = input
    if data.dim() != 2:
        return None
    sizes = tuple(batch_sizes.tolist())
    shapes = _state_shapes(module, sizes[0])
    state = tuple([data.new_zeros(s) for s in shapes]) if hx is None else _state_of(module, hx)
    if state is None or not _computable(module, data, state, shapes):
        return None
    if hx is not None and order is not None:
        state = tuple([part.index_select(1, order) for part in state])
    outputs, last = _results(module, data, state, sizes)
    if back is not None:
        last = tuple([part.index_select(1, back) for part in last])
    return PackedSequence(outputs, batch_sizes, order, back), last


def _of_tensor(module: nn.RNNBase, input: Tensor, hx: Any) -> Any:
    """Run a module over a tensor; None where the arguments do not fit."""
    if input.dim() not in (2, 3):
        return None
    batched = input.dim() == 3
    swapped = module.batch_first and batched
    data = input.transpose(0, 1) if swapped else input if batched else input.unsqueeze(1)
    length, batch = data.shape[:2]
    shapes = _state_shapes(module, batch)
    if hx is None:
        state: State | None = tuple([data.new_zeros(shape) for shape in shapes])
    else:
        state = _state_of(module, hx)
        if state is not None and not batched:
            state = tuple([part.unsqueeze(1) for part in state])
    if state is None or not _computable(module, data, state, shapes):
        return None
    rows = data.reshape(length * batch, -1)
    outputs, last = _results(module, rows, state, (batch,) * length)
    output = outputs.view(length, batch, -1)
    if not batched:
        return output.squeeze(1), tuple([part.squeeze(1) for part in last])
    return (output.transpose(0, 1) if swapped else output), last


def _run(module: nn.RNNBase, input: Any, hx: Any) -> Any:
    """Run a module: (outputs, states); None where the arguments do not fit.

    The compiler refuses every `torch.nn.LSTM` and `GRU`, and what derives from them, unless
    `torch._dynamo.config.allow_rnn` is set, and leaves them to be run as they are. It is kept from
    compiling what they call, step by step, then.
    """
    if torch.compiler.is_compiling() or "torch._dynamo" not in sys.modules:
        return _compute(module, input, hx)
    return _unseen()(module, input, hx)


@cache
def _unseen() -> Any:
    # torch does not annotate it.
    disable: Callable[..., Any] = torch.compiler.disable
    return disable(_compute)


def _compute(module: nn.RNNBase, input: Any, hx: Any) -> Any:
    if isinstance(input, PackedSequence):
        return _of_packed(module, input, hx)
    return _of_tensor(module, input, hx) if isinstance(input, Tensor) else None


class LSTM(nn.LSTM):
    """`torch.nn.LSTM` with fused gates, and gradients of saturated gates that are not lost.

    Constructor, attributes, weights, initialisation and results are torch's; so are the errors
    that bad arguments raise. `docs/torch_recurrent.md` says what is fused, what is kept for the
    gradient, and which arguments torch itself computes.

    Parameters
    ----------
    input_size, hidden_size : int
        How many features a step has, and how many units a layer.
    num_layers : int, optional
        How many layers there are.
    bias : bool, optional
        Whether they have biases.
    batch_first : bool, optional
        Whether the batch, not the time, is the first dimension of input and output.
    dropout : float, optional
        The probability with which outputs of all layers but the last are dropped in training.
    bidirectional : bool, optional
        Whether each layer reads the sequence backwards too.
    proj_size : int, optional
        Where positive, the hidden state is projected to so many features.
    device, dtype : optional
        Of the weights.

    Raises
    ------
    TypeError, ValueError
        As torch's class raises them.

    Notes
    -----
    Shapes: input (T, N, input_size), (N, T, input_size) with `batch_first`, (T, input_size)
    without a batch, or a `PackedSequence`; h and c (layers directions, N, units).

    Memory: six numbers a unit and step are kept for the gradient: the four gates before their
    activations, and both states.

    Error: the elementwise part is good to 3 ulp a step; the rest is that of the matrix products.

    Source: Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9 (1997).

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.recurrent import LSTM
    >>> output, (h, c) = LSTM(10, 20, num_layers=2)(torch.ones(5, 3, 10))
    >>> output.shape, h.shape
    (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]))
    """

    # torch declares overloads and gives them one implementation without annotations.
    def forward(self, input: Any, hx: Any = None) -> Any:
        """Run over a sequence: the outputs of the last layer, and (h, c) after the last step."""
        results = _run(self, input, hx)
        return super().forward(input, hx) if results is None else results


class GRU(nn.GRU):
    """`torch.nn.GRU` with fused gates, and gradients of saturated gates that are not lost.

    Constructor, attributes, weights, initialisation and results are torch's; so are the errors
    that bad arguments raise. `docs/torch_recurrent.md` says what is fused, what is kept for the
    gradient, and which arguments torch itself computes.

    Parameters
    ----------
    input_size, hidden_size : int
        How many features a step has, and how many units a layer.
    num_layers : int, optional
        How many layers there are.
    bias : bool, optional
        Whether they have biases.
    batch_first : bool, optional
        Whether the batch, not the time, is the first dimension of input and output.
    dropout : float, optional
        The probability with which outputs of all layers but the last are dropped in training.
    bidirectional : bool, optional
        Whether each layer reads the sequence backwards too.
    device, dtype : optional
        Of the weights.

    Raises
    ------
    TypeError, ValueError
        As torch's class raises them.

    Notes
    -----
    Shapes: input (T, N, input_size), (N, T, input_size) with `batch_first`, (T, input_size)
    without a batch, or a `PackedSequence`; h (layers directions, N, units).

    Memory: five numbers a unit and step are kept for the gradient: the gates before their
    activations, the two shares of the candidate apart, and the state.

    Error: the elementwise part is good to 3 ulp a step, with the argument of the candidate's tanh
    rounded; the rest is that of the matrix products.

    Source: Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical
    machine translation", arXiv 1406.1078.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.recurrent import GRU
    >>> output, h = GRU(10, 20, bidirectional=True)(torch.ones(5, 3, 10))
    >>> output.shape, h.shape
    (torch.Size([5, 3, 40]), torch.Size([2, 3, 20]))
    """

    # torch declares overloads and gives them one implementation without annotations.
    def forward(self, input: Any, hx: Any = None) -> Any:
        """Run over a sequence: the outputs of the last layer, and h after the last step."""
        results = _run(self, input, hx)
        if results is None:
            return super().forward(input, hx)
        outputs, (hidden,) = results
        return outputs, hidden
