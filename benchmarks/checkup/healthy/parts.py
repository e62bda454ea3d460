"""What the programs share: batches, the plainest loop, measures of what was learned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import torch
from data import Data, text
from program import Outcome, Program
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

__all__ = [
    "accuracy",
    "batches",
    "binary_accuracy",
    "explained",
    "fit",
    "gather",
    "loader",
    "nats",
    "perceptron",
    "standardised",
    "windows",
]

Loss = Callable[[Tensor, Tensor], Tensor]


def gather(namespace: dict[str, Any]) -> list[Program]:
    """Return the programs of a file: those that are named, and those in lists."""
    found: list[Program] = []
    for value in namespace.values():
        if isinstance(value, Program):
            found.append(value)
        elif isinstance(value, list):
            found.extend(each for each in value if isinstance(each, Program))
    return found


def batches(x: Tensor, y: Tensor, size: int, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield so many shuffled batches, epoch after epoch; what is left of an epoch is dropped."""
    done = 0
    while True:
        order = torch.randperm(len(x))
        for start in range(0, len(x) - size + 1, size):
            if done == steps:
                return
            done += 1
            part = order[start : start + size]
            yield x[part], y[part]


def loader(data: Data, size: int) -> DataLoader[tuple[Tensor, ...]]:
    """Return a loader of shuffled batches of an epoch."""
    return DataLoader(TensorDataset(data.x, data.y), batch_size=size, shuffle=True)


def perceptron(
    *sizes: int,
    activation: Callable[[], nn.Module] = nn.ReLU,
    norm: Callable[[int], nn.Module] | None = None,
    dropout: float = 0.0,
) -> nn.Sequential:
    """Return linear layers with, between them, a norm, an activation and a dropout."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes[:-1]):
        layers.append(nn.Linear(fan_in, fan_out))
        if norm is not None:
            layers.append(norm(fan_out))
        layers.append(activation())
        if dropout:
            layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear(*sizes[-2:]))


def fit(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    data: Data,
    steps: int,
    *,
    batch: int = 64,
    loss: Loss = F.cross_entropy,
    schedule: Any = None,
    clip: float = 0.0,
) -> None:
    """Train as every tutorial does."""
    model.train()
    for x, y in batches(data.x, data.y, batch, steps):
        optimizer.zero_grad()
        loss(model(x), y).backward()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        if schedule is not None:
            schedule.step()


@torch.no_grad()
def accuracy(model: Callable[[Tensor], Tensor], data: Data, enough: float = 0.9) -> Outcome:
    """Measure the share of test samples that the largest output is right for."""
    if isinstance(model, nn.Module):
        model.eval()
    right = (model(data.test_x).argmax(1) == data.test_y).float().mean().item()
    return Outcome("test accuracy", right, enough)


@torch.no_grad()
def binary_accuracy(
    model: Callable[[Tensor], Tensor], data: Data, enough: float = 0.9, threshold: float = 0.0
) -> Outcome:
    """Measure the share of outputs that are on the right side of a threshold."""
    if isinstance(model, nn.Module):
        model.eval()
    output = model(data.test_x).reshape(data.test_y.shape)
    right = ((output > threshold) == (data.test_y > 0.5)).float().mean().item()
    return Outcome("test accuracy", right, enough)


@torch.no_grad()
def explained(model: Callable[[Tensor], Tensor], data: Data, enough: float) -> Outcome:
    """Measure the share of the variance of the test's targets that is explained."""
    if isinstance(model, nn.Module):
        model.eval()
    output = model(data.test_x).reshape(data.test_y.shape)
    rest = (output - data.test_y).square().mean() / data.test_y.var(unbiased=False)
    return Outcome("test R2", 1 - rest.item(), enough)


def standardised(data: Data) -> Data:
    """Return the data with every column of the training's rows of mean 0 and variance 1."""
    mean, deviation = data.x.mean(0), data.x.std(0).clamp(min=1e-2)
    return Data((data.x - mean) / deviation, data.y, (data.test_x - mean) / deviation, data.test_y)


def windows(length: int, size: int, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield windows of the text's first nine tenths, and the same moved on by a character."""
    numbers = text()[0]
    train = numbers[: len(numbers) * 9 // 10]
    for _ in range(steps):
        start = torch.randint(len(train) - length - 1, (size, 1)) + torch.arange(length + 1)
        chunk = train[start]
        yield chunk[:, :-1], chunk[:, 1:]


@torch.no_grad()
def nats(model: Callable[[Tensor], Tensor], length: int, enough: float) -> Outcome:
    """Measure the loss, in nats a character, on the last tenth of the text.

    The model's output has the classes last.
    """
    if isinstance(model, nn.Module):
        model.eval()
    numbers = text()[0]
    test = numbers[len(numbers) * 9 // 10 :]
    chunks = test[: 100 * (length + 1)].reshape(100, length + 1)
    logits = model(chunks[:, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1), chunks[:, 1:].flatten()).item()
    return Outcome("test loss in nats", loss, enough, higher=False)
