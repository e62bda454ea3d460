"""Weights so large that activations work where they are flat."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from data import digits
from program import Outcome, sick
from torch import Tensor, nn

from sick.parts import (
    LanguageModel,
    RowReader,
    accuracy,
    draw,
    fit,
    linear_chain,
    next_character,
    rows,
    windows,
)

_LARGE = ("saturation", "initialisation")


@sick("mlp", "mlp-tanh-normal-weights", *_LARGE, origin="TheDeepChecker: saturated activations")
def tanh_normal(seed: int) -> Outcome:
    """Weights of standard deviation 1, drawn with torch.randn, into four layers of tanh."""
    torch.manual_seed(seed)
    data = digits()
    sizes = (64, 128, 128, 128, 128, 10)
    weights = [torch.randn(a, b).requires_grad_() for a, b in pairwise(sizes)]
    biases = [torch.zeros(b, requires_grad=True) for b in sizes[1:]]
    optimizer = torch.optim.SGD([*weights, *biases], lr=0.01)

    def network(x: Tensor) -> Tensor:
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            x = torch.tanh(x @ weight + bias)
        return x @ weights[-1] + biases[-1]

    for _epoch in range(8):
        for part in torch.randperm(len(data.x)).split(64):
            loss = F.cross_entropy(network(data.x[part]), data.y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        right = network(data.test_x).argmax(1) == data.test_y
    return Outcome("test accuracy", right.float().mean().item(), 0.85)


@sick(
    "mlp",
    "mlp-sigmoid-wide-weights",
    *_LARGE,
    origin="DeepDiagnosis: saturated activation",
)
def sigmoid_wide(seed: int) -> Outcome:
    """nn.init.normal_(std=5) into three layers of sigmoids."""
    torch.manual_seed(seed)
    data = digits()
    model = linear_chain(64, 64, 64, 64, 10, between=nn.Sigmoid)
    draw(model, lambda weight: nn.init.normal_(weight, std=5.0))
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.Adam(model.parameters(), 3e-3), epochs=17)
    return accuracy(model, data)


@sick(
    "cnn",
    "cnn-hardtanh-normal-kernels",
    *_LARGE,
    origin="TheDeepChecker: saturated activations",
)
def hardtanh_normal(seed: int) -> Outcome:
    """Kernels of standard deviation 3 before three layers of Hardtanh."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.Hardtanh(), nn.Conv2d(16, 16, 3, padding=1),
        nn.Hardtanh(), nn.Conv2d(16, 16, 3, padding=1), nn.Hardtanh(), nn.AvgPool2d(4),
        nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, 0.0, 3.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=64, epochs=6)
    return accuracy(model, data, 0.85)


@sick("rnn", "lstm-weights-times-30", *_LARGE, origin="TheDeepChecker: saturated activations")
def lstm_times_30(seed: int) -> Outcome:
    """The weights of an LSTM are drawn thirty times too large."""
    torch.manual_seed(seed)
    data = rows()
    model = RowReader(nn.LSTM)
    with torch.no_grad():
        for parameter in model.rnn.parameters():
            parameter.mul_(30.0)
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.Adam(model.parameters(), 5e-3), epochs=12)
    return accuracy(model, data)


@sick("rnn", "gru-weights-of-two", *_LARGE, origin="TheDeepChecker: saturated activations")
def gru_wide(seed: int) -> Outcome:
    """nn.init.normal_(std=2) for all matrices of a GRU."""
    torch.manual_seed(seed)
    data = rows()
    model = RowReader(nn.GRU, num_layers=2)
    draw(model.rnn, lambda weight: nn.init.normal_(weight, std=2.0))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    fit(model, F.cross_entropy, data, optimizer, size=64, epochs=8)
    return accuracy(model, data, 0.85)


@sick("rnn", "rnn-tanh-wide-weights", *_LARGE, origin="TheDeepChecker: saturated activations")
def rnn_wide(seed: int) -> Outcome:
    """A simple recurrent network, written with linear layers and tanh, with uniform weights."""
    torch.manual_seed(seed)
    data = rows()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.enter, self.again = nn.Linear(8, 64), nn.Linear(64, 64)
            self.leave = nn.Linear(64, 10)
            nn.init.uniform_(self.enter.weight, -3.0, 3.0)
            nn.init.uniform_(self.again.weight, -3.0, 3.0)

        def forward(self, x: Tensor) -> Tensor:
            h = torch.zeros(len(x), 64)
            for row in x.unbind(1):
                h = (self.enter(row) + self.again(h)).tanh()
            answer: Tensor = self.leave(h)
            return answer

    model = Net()
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.SGD(model.parameters(), 0.05), epochs=10)
    return accuracy(model, data, 0.8)


@sick(
    "transformer",
    "language-model-tanh-wide-weights",
    *_LARGE,
    origin="TheDeepChecker: saturated activations",
)
def transformer_wide(seed: int) -> Outcome:
    """A language model with tanh in its feed-forward layers, all weights drawn by randn."""
    torch.manual_seed(seed)
    model = LanguageModel()
    for layer in model.encoder.layers:
        layer.activation = torch.tanh
    draw(model.encoder, nn.init.normal_)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    for x, y in windows(64, 16, 160):
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return next_character(model, 0.3)
