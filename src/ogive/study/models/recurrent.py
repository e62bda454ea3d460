"""Classifiers with recurrent layers, LSTM and GRU, whose tanh is what is compared.

The equations are those of `torch.nn.LSTM` and `torch.nn.GRU`: with tanh in the places, and the
same weights, the outputs are the same. The gates stay sigmoid, since they are shares of 0 to 1.
What is not as in torch:

- The layers that feed the gates and those that feed the candidate are layers of their own, so that
  an initialisation can suit each to the function that follows it.
- An LSTM has one bias where torch adds two of the same meaning. A GRU keeps the second one of its
  candidate, which the reset gate multiplies.
- The state before the first step is 0, and so the first step has no product with it.

Sources: S. Hochreiter and J. Schmidhuber (1997), Long short-term memory; F. A. Gers, J.
Schmidhuber and F. Cummins (2000), Learning to forget; K. Cho et al. (2014), Learning phrase
representations using RNN encoder-decoder, arXiv 1406.1078.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ogive.study.data import Shape
from ogive.study.models.steps import as_steps, steps_of
from ogive.study.sites import Sites

__all__ = ["GRULayer", "LSTMLayer", "gru", "lstm"]


class LSTMLayer(nn.Module):
    """One layer of an LSTM: (steps, rows, inputs) to (steps, rows, width).

    Parameters
    ----------
    sites : Sites
        Makes the activation of the candidate and that of the cell's output.
    inputs, width : int
        Features of a step, and units.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> layer = LSTMLayer(Sites(Activation("tanh")), 3, 5)
    >>> layer(torch.zeros(7, 2, 3)).shape
    torch.Size([7, 2, 5])
    """

    def __init__(self, sites: Sites, inputs: int, width: int) -> None:
        super().__init__()
        self.input_gates = nn.Linear(inputs, 3 * width)
        self.input_candidate = nn.Linear(inputs, width)
        self.recurrent_gates = nn.Linear(width, 3 * width, bias=False)
        self.recurrent_candidate = nn.Linear(width, width, bias=False)
        self.candidate_activation = sites()
        self.output_activation = sites()
        _draw_as_torch_does_(self, width)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the output of every step."""
        # What the inputs give is one product for all steps.
        gates = self.input_gates(inputs).unbind()
        candidates = self.input_candidate(inputs).unbind()
        outputs: list[Tensor] = []
        state: Tensor | None = None
        for gate, candidate in zip(gates, candidates, strict=True):
            if outputs:
                gate = gate + self.recurrent_gates(outputs[-1])
                candidate = candidate + self.recurrent_candidate(outputs[-1])
            enter, keep, leave = gate.sigmoid().chunk(3, dim=1)
            new = enter * self.candidate_activation(candidate)
            state = new if state is None else torch.addcmul(new, keep, state)
            outputs.append(leave * self.output_activation(state))
        return torch.stack(outputs)


class GRULayer(nn.Module):
    """One layer of gated recurrent units: (steps, rows, inputs) to (steps, rows, width).

    Parameters
    ----------
    sites : Sites
        Makes the activation of the candidate.
    inputs, width : int
        Features of a step, and units.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> layer = GRULayer(Sites(Activation("tanh")), 3, 5)
    >>> layer(torch.zeros(7, 2, 3)).shape
    torch.Size([7, 2, 5])
    """

    def __init__(self, sites: Sites, inputs: int, width: int) -> None:
        super().__init__()
        self.input_gates = nn.Linear(inputs, 2 * width)
        self.input_candidate = nn.Linear(inputs, width)
        self.recurrent_gates = nn.Linear(width, 2 * width, bias=False)
        self.recurrent_candidate = nn.Linear(width, width)
        self.candidate_activation = sites()
        _draw_as_torch_does_(self, width)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the output of every step."""
        gates = self.input_gates(inputs).unbind()
        candidates = self.input_candidate(inputs).unbind()
        outputs: list[Tensor] = []
        for gate, candidate in zip(gates, candidates, strict=True):
            if outputs:
                gate = gate + self.recurrent_gates(outputs[-1])
                past = self.recurrent_candidate(outputs[-1])
            else:
                past = self.recurrent_candidate.bias
            reset, keep = gate.sigmoid().chunk(2, dim=1)
            new = self.candidate_activation(torch.addcmul(candidate, reset, past))
            outputs.append(torch.lerp(new, outputs[-1], keep) if outputs else new - keep * new)
        return torch.stack(outputs)


@torch.no_grad()
def _draw_as_torch_does_(layer: nn.Module, width: int) -> None:
    """Draw weights and biases uniformly within 1 / sqrt(width), whatever their fan."""
    bound = width**-0.5
    for part in layer.children():
        if isinstance(part, nn.Linear):
            for parameter in part.parameters():
                parameter.uniform_(-bound, bound)


class _Classifier(nn.Module):
    """Layers over the steps, and the classes from what the last of them says at the last step."""

    def __init__(
        self,
        layer: Callable[[Sites, int, int], nn.Module],
        sites: Sites,
        shape: Shape,
        width: int,
        layers: int,
    ) -> None:
        super().__init__()
        _, features = steps_of(shape)
        sizes = [features] + [width] * (layers - 1)
        self.layers = nn.Sequential(*(layer(sites, size, width) for size in sizes))
        self.head = nn.Linear(width, shape.classes)

    def forward(self, inputs: Tensor) -> Tensor:
        # Steps first, so that what belongs to one of them lies together.
        steps = as_steps(inputs).transpose(0, 1).contiguous()
        logits: Tensor = self.head(self.layers(steps)[-1])
        return logits


def lstm(sites: Sites, shape: Shape, *, width: int, layers: int) -> nn.Module:
    """Return a classifier of sequences by LSTM layers.

    Parameters
    ----------
    sites : Sites
        Makes its activations: in each layer the candidate's, and the cell's on its way out. Each
        is one place, whatever the number of steps.
    shape : Shape
        Of the data; of pictures each row of pixels is a step.
    width : int
        Units of each layer.
    layers : int
        How many lie upon each other.

    Returns
    -------
    torch.nn.Module
        ``layers`` and the output layer ``head``, which reads the last step and ends in logits.
        Weights as `torch.nn.LSTM` draws them.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> shape = Shape("sequences", (7, 3), 10)
    >>> network = lstm(Sites(Activation("tanh")), shape, width=8, layers=2)
    >>> network(torch.zeros(4, 7, 3)).shape
    torch.Size([4, 10])
    """
    return _Classifier(LSTMLayer, sites, shape, width, layers)


def gru(sites: Sites, shape: Shape, *, width: int, layers: int) -> nn.Module:
    """Return a classifier of sequences by layers of gated recurrent units.

    Parameters
    ----------
    sites : Sites
        Makes its activations: the candidate's of each layer, one place for all steps.
    shape : Shape
        Of the data; of pictures each row of pixels is a step.
    width : int
        Units of each layer.
    layers : int
        How many lie upon each other.

    Returns
    -------
    torch.nn.Module
        ``layers`` and the output layer ``head``, which reads the last step and ends in logits.
        Weights as `torch.nn.GRU` draws them.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> shape = Shape("images", (1, 28, 28), 10)
    >>> network = gru(Sites(Activation("tanh")), shape, width=8, layers=1)
    >>> network(torch.zeros(4, 1, 28, 28)).shape
    torch.Size([4, 10])
    """
    return _Classifier(GRULayer, sites, shape, width, layers)
