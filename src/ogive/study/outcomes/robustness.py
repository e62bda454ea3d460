"""Robustness: how accurate a network stays when noise is added to its inputs."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ogive.study.evaluation import judge_outputs, outputs_of
from ogive.study.outcomes.rows import NOISY
from ogive.study.seeding import stream
from ogive.study.tensors import Tensors

__all__ = ["NOISE", "robustness"]

NOISE = (0.1, 0.2, 0.5, 1.0)
"""Standard deviations of the noise; those of the inputs are 1."""

_AT_A_TIME = 500


def robustness(
    network: nn.Module, test: Tensors, noise: tuple[float, ...] = NOISE
) -> dict[str, Any]:
    """Return the accuracy of `network` with Gaussian noise on its inputs.

    The noise is the same for every network, and at every level the same but for its size.

    Parameters
    ----------
    network : torch.nn.Module
        What is measured, in evaluation mode.
    test : Tensors
        Standardised inputs and their classes; the first `NOISY` rows count.
    noise : tuple of float
        Standard deviations.

    Returns
    -------
    dict
        ``noise`` and ``accuracy``, a list each. As everywhere a row without a finite answer is
        worth a blind guess.

    Examples
    --------
    >>> network = nn.Linear(2, 2, bias=False)
    >>> _ = network.weight.data.copy_(torch.eye(2))
    >>> part = Tensors(torch.tensor([[3.0, -3.0], [-3.0, 3.0]]), torch.tensor([0, 1]))
    >>> robustness(network, part, noise=(0.1, 0.2))
    {'noise': [0.1, 0.2], 'accuracy': [1.0, 1.0]}
    """
    part = test.head(NOISY)
    draws = stream("noise", 0)
    outputs: list[list[torch.Tensor]] = [[] for _ in noise]
    for rows in torch.split(part.inputs, _AT_A_TIME):
        drawn = torch.randn(rows.shape, generator=draws)
        for size, found in zip(noise, outputs, strict=True):
            found.append(outputs_of(network, rows + size * drawn))
    accuracy = [judge_outputs(torch.cat(found), part.targets).accuracy for found in outputs]
    return {"noise": list(noise), "accuracy": accuracy}
