"""What several sick programs are made of. Nothing here has a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from data import Data, digits, text
from program import Outcome
from torch import Tensor, nn

__all__ = [
    "LanguageModel",
    "RowReader",
    "accuracy",
    "batches",
    "binary",
    "binary_loss",
    "circles",
    "draw",
    "explained",
    "fit",
    "hits",
    "linear_chain",
    "memory",
    "next_character",
    "raw",
    "rows",
    "small_cnn",
    "waves",
    "windows",
]


# Data.


def batches(x: Tensor, y: Tensor, size: int = 64, epochs: int = 1) -> Iterator[tuple[Any, Any]]:
    """Yield shuffled batches."""
    for _ in range(epochs):
        for part in torch.randperm(len(x)).split(size):
            yield x[part], y[part]


def rows() -> Data:
    """Return the digits as sequences of eight rows of eight pixels."""
    data = digits(images=True)
    return replace(data, x=data.x.squeeze(1), test_x=data.test_x.squeeze(1))


def raw(name: str) -> Data:
    """Return a table of scikit-learn as it comes, nothing standardised."""
    from sklearn import datasets

    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    cut = len(x) * 3 // 4
    target = y.astype(np.float32 if name == "diabetes" else np.int64)[order]
    table = torch.from_numpy(x[order].astype(np.float32))
    return Data(
        table[:cut], torch.from_numpy(target[:cut]), table[cut:], torch.from_numpy(target[cut:])
    )


def waves(number: int = 1200, length: int = 24) -> Data:
    """Return sine waves, shape (number, length, 1), and the value that comes next, in [-1, 1]."""
    generator = torch.Generator().manual_seed(3)
    phase = torch.rand(number, 1, generator=generator) * 2 * torch.pi
    speed = 0.2 + 0.4 * torch.rand(number, 1, generator=generator)
    whole = torch.sin(phase + speed * torch.arange(length + 1))
    x, y, cut = whole[:, :-1].unsqueeze(-1), whole[:, -1], number * 3 // 4
    return Data(x[:cut], y[:cut], x[cut:], y[cut:])


def memory(number: int = 2000, length: int = 50, symbols: int = 4) -> Data:
    """Return sequences whose first entry is to be told at the end; noise comes between."""
    generator = torch.Generator().manual_seed(4)
    y = torch.randint(symbols, (number,), generator=generator)
    x = torch.zeros(number, length, symbols + 1)
    x[torch.arange(number), 0, y] = 1.0
    x[:, 1:, -1] = torch.randn(number, length - 1, generator=generator)
    cut = number * 3 // 4
    return Data(x[:cut], y[:cut], x[cut:], y[cut:])


def circles(number: int = 1200) -> Data:
    """Return two rings of points, one within the other, which no line tells apart."""
    from sklearn.datasets import make_circles

    x, y = make_circles(number, noise=0.08, factor=0.5, random_state=0)
    points, which = torch.from_numpy(x.astype(np.float32)), torch.from_numpy(y)
    cut = number * 3 // 4
    return Data(points[:cut], which[:cut], points[cut:], which[cut:])


def windows(length: int, size: int, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield stretches of a text, and what follows each of their characters."""
    codes = text()[0]
    for _ in range(steps):
        starts = torch.randint(len(codes) * 9 // 10 - length, (size, 1))
        chosen = codes[starts + torch.arange(length + 1)]
        yield chosen[:, :-1], chosen[:, 1:]


# Networks.


def linear_chain(*sizes: int, between: Callable[[], nn.Module]) -> nn.Sequential:
    """Return linear layers with an activation between each two."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), between()]
    return nn.Sequential(*layers[:-1])


def small_cnn(outputs: int = 10, activation: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    """Return a convolutional network for the digits."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        activation(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        activation(),
        nn.Flatten(),
        nn.Linear(32 * 16, outputs),
    )


class RowReader(nn.Module):
    """Reads a sequence, and answers by the last state."""

    def __init__(
        self,
        kind: type[nn.RNNBase],
        inputs: int = 8,
        size: int = 64,
        outputs: int = 10,
        **more: Any,
    ) -> None:
        super().__init__()
        self.rnn = kind(inputs, size, batch_first=True, **more)
        self.head = nn.Linear(size, outputs)

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = self.head(self.rnn(x)[0][:, -1])
        return answer


class LanguageModel(nn.Module):
    """A small transformer: logits of the next character, shape (n, length, characters)."""

    def __init__(self, width: int = 64, layers: int = 2, length: int = 64) -> None:
        super().__init__()
        characters = len(text()[1])
        self.embed = nn.Embedding(characters, width)
        self.place = nn.Embedding(length, width)
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Linear(width, characters)

    def forward(self, x: Tensor) -> Tensor:
        length = x.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(length)
        hidden = self.embed(x) + self.place(torch.arange(length))
        answer: Tensor = self.head(self.encoder(hidden, mask, is_causal=True))
        return answer


def draw(model: nn.Module, initialise: Callable[[Tensor], Any]) -> None:
    """Draw all matrices and kernels of a network."""
    for parameter in model.parameters():
        if parameter.dim() > 1:
            initialise(parameter)


# Training and measuring.


def fit(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    data: Data,
    optimizer: torch.optim.Optimizer,
    *,
    size: int = 64,
    epochs: int = 8,
) -> None:
    """Train in the plainest way."""
    model.train()
    for x, y in batches(data.x, data.y, size, epochs):
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()


def hits(predicted: Tensor, truth: Tensor, enough: float = 0.9) -> Outcome:
    """Return the share of right answers."""
    return Outcome("test accuracy", (predicted == truth).float().mean().item(), enough)


@torch.no_grad()
def accuracy(model: nn.Module, data: Data, enough: float = 0.9) -> Outcome:
    """Return the share of right answers of a network with an output for each class."""
    model.eval()
    return hits(model(data.test_x).argmax(1), data.test_y, enough)


@torch.no_grad()
def binary(model: nn.Module, x: Tensor, y: Tensor, enough: float, limit: float = 0.0) -> Outcome:
    """Return the share of right answers of a network with one output; limit 0.5 if it is p."""
    model.eval()
    return hits(model(x).flatten() > limit, y.flatten() > 0.5, enough)


@torch.no_grad()
def binary_loss(model: nn.Module, x: Tensor, y: Tensor, enough: float) -> Outcome:
    """Return the binary cross-entropy of a network with one logit."""
    model.eval()
    loss = nn.functional.binary_cross_entropy_with_logits(model(x).flatten(), y.flatten().float())
    return Outcome("test loss in nats", loss.item(), enough, higher=False)


@torch.no_grad()
def explained(model: nn.Module, data: Data, enough: float) -> Outcome:
    """Return the share of the targets' variance that a network explains."""
    model.eval()
    error = (model(data.test_x).flatten() - data.test_y.flatten()).square().mean()
    share = 1.0 - error / data.test_y.float().var()
    return Outcome("explained variance of the test", share.item(), enough)


@torch.no_grad()
def next_character(model: nn.Module, enough: float, length: int = 64) -> Outcome:
    """Return how often the next character is foretold, in text that was held out."""
    model.eval()
    codes = text()[0]
    held = codes[len(codes) * 9 // 10 :]
    chosen = held[: 64 * (length + 1)].view(64, length + 1)
    return hits(model(chosen[:, :-1]).argmax(-1), chosen[:, 1:], enough)
