"""Weights that begin alike, so that the units of a layer stay alike."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from data import digits, tabular
from program import Outcome, sick
from torch import Tensor, nn

from sick.parts import (
    RowReader,
    accuracy,
    batches,
    draw,
    fit,
    linear_chain,
    rows,
)

_SYMMETRIC = ("units are alike", "initialisation")


@sick(
    "mlp",
    "mlp-zero-weights-tanh",
    *_SYMMETRIC,
    origin="TheDeepChecker: symmetric initialisation",
)
def zero_weights_tanh(seed: int) -> Outcome:
    """All weights and biases begin at 0, with tanh."""
    torch.manual_seed(seed)
    data = digits()
    model = linear_chain(64, 64, 32, 10, between=nn.Tanh)
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.SGD(model.parameters(), 0.1), epochs=15)
    return accuracy(model, data)


@sick(
    "mlp",
    "mlp-zero-weights-relu",
    *_SYMMETRIC,
    "dead units",
    origin="Humbatova et al. (2020): wrong initialisation of weights",
)
def zero_weights_relu(seed: int) -> Outcome:
    """All weights and biases begin at 0, where a relu has no slope."""
    torch.manual_seed(seed)
    data = tabular("wine")

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.third = (
                nn.Linear(13, 32), nn.Linear(32, 16), nn.Linear(16, 3),
            )  # fmt: skip
            for layer in (self.first, self.second, self.third):
                layer.weight.data.fill_(0.0)
                layer.bias.data.zero_()

        def forward(self, x: Tensor) -> Tensor:
            x = F.relu(self.first(x))
            x = F.relu(self.second(x))
            answer: Tensor = self.third(x)
            return answer

    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=16, epochs=30)
    return accuracy(model, data)


@sick(
    "mlp",
    "mlp-constant-weights-sigmoid",
    *_SYMMETRIC,
    origin="TheDeepChecker: symmetric initialisation",
)
def constant_weights(seed: int) -> Outcome:
    """nn.init.constant_(weight, 0.05) in all layers of a network of sigmoids."""
    torch.manual_seed(seed)
    data = digits()
    model = linear_chain(64, 64, 64, 10, between=nn.Sigmoid)
    draw(model, lambda weight: nn.init.constant_(weight, 0.05))
    fit(model, F.cross_entropy, data, torch.optim.Adam(model.parameters(), 1e-2), epochs=15)
    return accuracy(model, data)


@sick(
    "cnn",
    "cnn-constant-kernels",
    *_SYMMETRIC,
    origin="TheDeepChecker: symmetric initialisation",
)
def constant_kernels(seed: int) -> Outcome:
    """All kernels begin with the same number, and so does the last layer."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Conv2d(16, 32, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(32, 10),
    )  # fmt: skip

    def initialise(module: nn.Module) -> None:
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.weight.data.fill_(0.1)
            module.bias.data.fill_(0.0)

    model.apply(initialise)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=32, epochs=5)
    return accuracy(model, data, 0.75)


@sick(
    "rnn",
    "lstm-zero-weights",
    *_SYMMETRIC,
    origin="Humbatova et al. (2020): wrong initialisation of weights",
)
def lstm_zero(seed: int) -> Outcome:
    """All parameters of an LSTM and of its last layer begin at 0."""
    torch.manual_seed(seed)
    data = rows()
    model = RowReader(nn.LSTM)
    for parameter in model.parameters():
        parameter.data.zero_()
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.Adam(model.parameters(), 5e-3), epochs=12)
    return accuracy(model, data)


@sick(
    "rnn",
    "gru-constant-weights",
    *_SYMMETRIC,
    origin="TheDeepChecker: symmetric initialisation",
)
def gru_constant(seed: int) -> Outcome:
    """Every parameter of a GRU and of its last layer begins at 0.1."""
    torch.manual_seed(seed)
    data = rows()
    model = RowReader(nn.GRU, size=48)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.1)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=32, epochs=8)
    return accuracy(model, data)


class _RowAttention(nn.Module):
    """Attention over the rows of a digit, without normalisation."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.embed = nn.Linear(8, width)
        self.place = nn.Parameter(torch.zeros(8, width))
        self.q, self.k, self.v = (nn.Linear(width, width) for _ in range(3))
        self.up, self.down = nn.Linear(width, 64), nn.Linear(64, width)
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x) + self.place
        h = h + F.scaled_dot_product_attention(self.q(h), self.k(h), self.v(h))
        h = h + self.down(F.relu(self.up(h)))
        answer: Tensor = self.head(h.mean(1))
        return answer


@sick(
    "transformer",
    "attention-constant-weights",
    *_SYMMETRIC,
    origin="TheDeepChecker: symmetric initialisation",
)
def attention_constant(seed: int) -> Outcome:
    """Every matrix of a transformer begins with 0.05."""
    torch.manual_seed(seed)
    data = rows()
    model = _RowAttention()
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.constant_(module.weight, 0.05)
            nn.init.zeros_(module.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for x, y in batches(data.x, data.y, 64, 12):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return accuracy(model, data, 0.75)


@sick(
    "mlp",
    "mlp-tiny-weights-relu",
    "initialisation",
    "input collapse",
    "vanishing gradient",
    origin="TheDeepChecker: unstable initialisation",
)
def tiny_weights(seed: int) -> Outcome:
    """A standard deviation of 0.001, six relus deep."""
    torch.manual_seed(seed)
    data = digits()
    model = linear_chain(64, 64, 64, 64, 64, 64, 64, 10, between=nn.ReLU)
    draw(model, lambda weight: nn.init.normal_(weight, std=0.001))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for x, y in batches(data.x, data.y, 64, 10):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return accuracy(model, data)
