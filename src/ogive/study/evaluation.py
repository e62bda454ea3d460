"""How good a network is on one part of the data."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ogive.study.tensors import Tensors

__all__ = [
    "Judgement",
    "cross_entropy",
    "evaluating",
    "finite",
    "judge",
    "judge_outputs",
    "outputs_of",
]

ROWS = 1000
"""Rows that a network is given at a time: enough for speed, few enough for memory."""


@dataclass(frozen=True)
class Judgement:
    """How good a network is on one part of the data.

    Attributes
    ----------
    accuracy : float
        In [0, 1].
    loss : float or None
        Mean cross-entropy in nats; None where it is not finite.
    """

    accuracy: float
    loss: float | None

    def to_dict(self) -> dict[str, float | None]:
        """Return both as plain JSON values."""
        return {"accuracy": self.accuracy, "loss": self.loss}


def judge(network: nn.Module, part: Tensors) -> Judgement:
    """Return accuracy and mean cross-entropy of `network` on `part`; see `judge_outputs`.

    Parameters
    ----------
    network : torch.nn.Module
        Is put into evaluation mode meanwhile.
    part : Tensors
        The inputs that it is given, and their classes.

    Returns
    -------
    Judgement
    """
    return judge_outputs(outputs_of(network, part.inputs), part.targets)


@torch.no_grad()
def outputs_of(network: nn.Module, inputs: Tensor) -> Tensor:
    """Return the logits of `network`, in evaluation mode, for all rows of `inputs`.

    Parameters
    ----------
    network : torch.nn.Module
        From a batch of inputs to logits; its mode is afterwards as it was.
    inputs : torch.Tensor, shape (rows, ...)
        Given in batches of `ROWS`.

    Returns
    -------
    torch.Tensor of float32, shape (rows, ..., classes)
        Without a gradient.

    Examples
    --------
    >>> outputs_of(nn.Linear(3, 2), torch.ones(5, 3)).shape
    torch.Size([5, 2])
    """
    with evaluating(network):
        return torch.cat([network(rows).float() for rows in torch.split(inputs, ROWS)])


def judge_outputs(outputs: Tensor, targets: Tensor) -> Judgement:
    """Return accuracy and mean cross-entropy of logits.

    Parameters
    ----------
    outputs : torch.Tensor, shape (..., classes)
        Logits.
    targets : torch.Tensor of int64, shape (...)
        Classes.

    Returns
    -------
    Judgement
        Its loss is None where that is not finite.

    Notes
    -----
    A row for which the network gives no finite answer is worth 1 / classes, a blind guess. Leaving
    a diverged run out instead would favour whichever activation diverges most, and calling
    every such row wrong would put it below a network that has learned nothing.

    Examples
    --------
    >>> outputs = torch.tensor([[2.0, 0.0], [float("nan"), 0.0]])
    >>> judge_outputs(outputs, torch.tensor([0, 1]))
    Judgement(accuracy=0.75, loss=None)
    """
    flat, wanted = outputs.flatten(0, -2), targets.flatten()
    answered = flat.isfinite().all(dim=1)
    right = (flat.argmax(dim=1) == wanted) & answered
    guessed = int((~answered).sum()) / flat.shape[1]
    loss = cross_entropy(outputs, targets).item()
    return Judgement((int(right.sum()) + guessed) / len(wanted), finite(loss))


def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross-entropy of logits.

    Parameters
    ----------
    outputs : torch.Tensor, shape (..., classes)
        Logits.
    targets : torch.Tensor of int64, shape (...)
        Classes.

    Returns
    -------
    torch.Tensor, shape ()
        In nats.

    Examples
    --------
    >>> round(cross_entropy(torch.zeros(1, 4), torch.tensor([0])).item(), 4)  # log 4
    1.3863
    """
    return nn.functional.cross_entropy(outputs.flatten(0, -2), targets.flatten())


def finite(value: float) -> float | None:
    """Return a number, or None where it is not finite: JSON has no other word for that.

    Parameters
    ----------
    value : float

    Returns
    -------
    float or None

    Examples
    --------
    >>> finite(1.5), finite(math.nan)
    (1.5, None)
    """
    return value if math.isfinite(value) else None


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode, and afterwards each module into the one it was in.

    Dropout is off then, and activations that draw in training have their mean.
    """
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
