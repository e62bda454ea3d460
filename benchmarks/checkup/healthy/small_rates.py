"""Learning rates at both ends of what converges."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from data import digits, tabular
from program import Outcome, healthy
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, Optimizer

from .parts import accuracy, batches, fit, gather, perceptron, standardised


def _rate(
    seed: int,
    make: Callable[..., Optimizer],
    activation: type[nn.Module],
    norm: type[nn.Module] | None,
    steps: int,
    batch: int,
) -> Outcome:
    """Train with a rate that is small or large, and converges."""
    torch.manual_seed(seed)
    data = standardised(digits())
    model = perceptron(64, 128, 128, 10, activation=activation, norm=norm)
    fit(model, make(model.parameters()), data, steps, batch=batch)
    return accuracy(model, data)


RATES = [
    healthy("mlp", f"rate-{name}")(
        partial(_rate, make=make, activation=activation, norm=norm, steps=steps, batch=batch)
    )
    for name, make, activation, norm, steps, batch in (
        ("adam-1e-4", partial(Adam, lr=1e-4), nn.ReLU, None, 500, 32),
        ("adam-3e-4-layernorm", partial(Adam, lr=3e-4), nn.GELU, nn.LayerNorm, 250, 64),
        ("adamw-1e-4-batchnorm", partial(AdamW, lr=1e-4), nn.ReLU, nn.BatchNorm1d, 400, 32),
        ("adam-1e-2", partial(Adam, lr=1e-2), nn.ReLU, None, 200, 64),
        ("sgd-1e-2", partial(SGD, lr=1e-2), nn.ReLU, None, 1200, 16),
        ("sgd-1e-3-momentum", partial(SGD, lr=1e-3, momentum=0.9), nn.Tanh, None, 600, 32),
        ("sgd-one-batchnorm", partial(SGD, lr=1.0), nn.ReLU, nn.BatchNorm1d, 200, 64),
        ("sgd-half-tanh", partial(SGD, lr=0.5), nn.Tanh, None, 250, 64),
        ("adam-2e-2-batchnorm", partial(Adam, lr=2e-2), nn.SiLU, nn.BatchNorm1d, 200, 128),
    )
]


@healthy("mlp", "rate-warm-up-from-1e-6")
def warm_up_from_nothing(seed: int) -> Outcome:
    """A warm-up that begins with next to nothing and takes half of the training."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 64, 10)
    optimizer = AdamW(model.parameters(), 1e-6)
    for step, (x, y) in enumerate(batches(data.x, data.y, 64, 300)):
        for group in optimizer.param_groups:
            group["lr"] = 1e-6 + min(step / 150, 1) * 3e-3
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return accuracy(model, data)


@healthy("mlp", "rate-small-for-large-network")
def large_network(seed: int) -> Outcome:
    """Four layers of 512 with 2e-4, as large networks want."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 512, 512, 512, 512, 10, activation=nn.GELU)
    fit(model, AdamW(model.parameters(), 2e-4), data, 200)
    return accuracy(model, data)


@healthy("mlp", "rate-small-logistic-regression")
def small_regression(seed: int) -> Outcome:
    """A linear model whose loss falls slowly and all the time."""
    torch.manual_seed(seed)
    data = tabular("wine")
    model = nn.Linear(13, 3)
    fit(model, SGD(model.parameters(), 1e-2), data, 600, batch=16)
    return accuracy(model, data)


PROGRAMS = gather(globals())
