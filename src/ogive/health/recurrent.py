"""The gates of LSTM and GRU, which torch keeps to itself: computed again from the weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

__all__ = ["gates"]

LSTM_GATES = (("input gate", "sigmoid"), ("forget gate", "sigmoid"), ("candidate", "tanh"),
              ("output gate", "sigmoid"))  # fmt: skip
GRU_GATES = (("reset gate", "sigmoid"), ("update gate", "sigmoid"), ("candidate", "tanh"))


def gates(
    module: nn.LSTM | nn.GRU, input: Tensor | PackedSequence, state: Any = None
) -> Iterator[tuple[str, str, Tensor]]:
    r"""Compute the gates that a recurrent module had in a call.

    Parameters
    ----------
    module : torch.nn.LSTM or torch.nn.GRU
    input : torch.Tensor or PackedSequence
        Of the call.
    state : torch.Tensor or tuple of torch.Tensor, optional
        What the call began with.

    Yields
    ------
    tuple of (str, str, torch.Tensor)
        The gate's name, such as "l0 forget gate" or "l1 reverse candidate", the function that it
        is of, and its values, shape (steps of all sequences, hidden_size).

    Notes
    -----
    For an LSTM the gates are :math:`\sigma(W_i x_t + U_i h_{t-1} + b_i)` and alike; for a GRU the
    candidate is :math:`\tanh(W_n x_t + b_n + r_t (U_n h_{t-1} + c_n))`. The states
    :math:`h_{t-1}` are found by running each layer once more, without its dropout, so that no
    random number is drawn.

    Source: S. Hochreiter, J. Schmidhuber (1997), Neural Comput. 9; K. Cho et al. (2014), EMNLP.

    Examples
    --------
    >>> import torch
    >>> from ogive.health.recurrent import gates
    >>> found = gates(torch.nn.GRU(3, 2), torch.zeros(5, 1, 3))
    >>> [(name, function, tuple(values.shape)) for name, function, values in found][0]
    ('l0 reset gate', 'sigmoid', (5, 2))
    """
    with torch.no_grad():
        if isinstance(input, PackedSequence):
            padded, lengths = pad_packed_sequence(input)
        else:
            padded = input.detach()
            if padded.dim() == 2:
                padded = padded.unsqueeze(1)
            elif module.batch_first:
                padded = padded.transpose(0, 1)
            lengths = None
        states = _states(module, state, padded)
        yield from _layers(module, padded, states, lengths)


def _states(module: nn.LSTM | nn.GRU, state: Any, padded: Tensor) -> tuple[Tensor, ...]:
    """Return the first states of all layers, shape (layers x directions, batch, size)."""
    if state is None:
        number = module.num_layers * (2 if module.bidirectional else 1)
        size = module.proj_size or module.hidden_size
        first = padded.new_zeros(number, padded.shape[1], size)
        second = padded.new_zeros(number, padded.shape[1], module.hidden_size)
        return (first, second) if isinstance(module, nn.LSTM) else (first,)
    given = state if isinstance(state, tuple | list) else (state,)
    return tuple(s.detach().unsqueeze(1) if s.dim() == 2 else s.detach() for s in given)


def _layers(
    module: nn.LSTM | nn.GRU,
    padded: Tensor,
    states: tuple[Tensor, ...],
    lengths: Tensor | None,
) -> Iterator[tuple[str, str, Tensor]]:
    directions = ("", "_reverse") if module.bidirectional else ("",)
    layer_input = padded
    for layer in range(module.num_layers):
        outputs = []
        for direction, suffix in enumerate(directions):
            place = layer * len(directions) + direction
            first = tuple(state[place : place + 1] for state in states)
            weights = _weights(module, f"_l{layer}{suffix}")
            inputs = _turned(layer_input, lengths) if suffix else layer_input
            output, found = _one(module, inputs, first, weights)
            name = f"l{layer}{suffix.replace('_', ' ')}"
            for (gate, function), values in found:
                valid = values.flatten(0, 1) if lengths is None else _valid(values, lengths)
                yield f"{name} {gate}", function, valid
            outputs.append(_turned(output, lengths) if suffix else output)
        layer_input = outputs[0] if len(outputs) == 1 else torch.cat(outputs, -1)


def _weights(module: nn.Module, suffix: str) -> dict[str, Tensor | None]:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
    found = {name: getattr(module, name + suffix, None) for name in names}
    return {name: None if tensor is None else tensor.detach() for name, tensor in found.items()}


def _one(
    module: nn.LSTM | nn.GRU,
    inputs: Tensor,
    first: tuple[Tensor, ...],
    weights: dict[str, Tensor | None],
) -> tuple[Tensor, list[tuple[tuple[str, str], Tensor]]]:
    """Run one layer in one direction: its output, and its gates at every step."""
    held = [tensor for tensor in weights.values() if tensor is not None]
    options = (held, weights["bias_ih"] is not None, 1, 0.0, False, False, False)
    is_lstm = isinstance(module, nn.LSTM)
    run: Any = torch.lstm if is_lstm else torch.gru
    output: Tensor = run(inputs, first if is_lstm else first[0], *options)[0]
    before = torch.cat([first[0].to(output.dtype), output[:-1]])
    ih, hh = weights["weight_ih"], weights["weight_hh"]
    assert ih is not None
    assert hh is not None
    ahead = functional.linear(inputs, ih, weights["bias_ih"])
    back = functional.linear(before, hh, weights["bias_hh"])
    if is_lstm:
        parts = (ahead + back).chunk(4, -1)
        values = [getattr(torch, f)(part) for (_, f), part in zip(LSTM_GATES, parts, strict=True)]
        return output, list(zip(LSTM_GATES, values, strict=True))
    x, h = ahead.chunk(3, -1), back.chunk(3, -1)
    reset, update = torch.sigmoid(x[0] + h[0]), torch.sigmoid(x[1] + h[1])
    candidate = torch.tanh(x[2] + reset * h[2])
    return output, list(zip(GRU_GATES, (reset, update, candidate), strict=True))


def _turned(values: Tensor, lengths: Tensor | None) -> Tensor:
    """Return sequences, each from its last step to its first; what is padding stays behind."""
    if lengths is None:
        return values.flip(0)
    steps = torch.arange(len(values), device=values.device).unsqueeze(1)
    lengths = lengths.to(values.device)
    order = torch.where(steps < lengths, lengths - 1 - steps, steps)
    return values.gather(0, order.unsqueeze(-1).expand_as(values))


def _valid(values: Tensor, lengths: Tensor) -> Tensor:
    steps = torch.arange(len(values), device=values.device).unsqueeze(1)
    return values[steps < lengths.to(values.device)]
