"""Perceptrons that are more than a row of layers."""

from __future__ import annotations

import torch
from data import digits
from program import Outcome, healthy
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from ogive.torch import init as ogive_init
from ogive.torch import nn as ogive_nn

from .parts import accuracy, fit, gather, perceptron, standardised


@healthy("mlp", "mlp-shared-activation-module")
def shared_activation(seed: int) -> Outcome:
    """One activation and one dropout module for all layers."""
    torch.manual_seed(seed)
    data = digits()
    act, drop = nn.ReLU(), nn.Dropout(0.1)
    model = nn.Sequential(
        nn.Linear(64, 100), act, drop, nn.Linear(100, 100), act, drop, nn.Linear(100, 100), act,
        nn.Linear(100, 10),
    )  # fmt: skip
    fit(model, Adam(model.parameters(), 2e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "mlp-shared-layer")
def shared_layer(seed: int) -> Outcome:
    """A hidden layer that is used four times."""
    torch.manual_seed(seed)
    data = digits()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.enter, self.again, self.leave = (
                nn.Linear(64, 96),
                nn.Linear(96, 96),
                nn.Linear(96, 10),
            )

        def forward(self, x: Tensor) -> Tensor:
            x = torch.tanh(self.enter(x))
            for _ in range(4):
                x = torch.tanh(self.again(x)) + x
            return self.leave(x)

    model = Net()
    fit(model, Adam(model.parameters(), 1e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "mlp-maxout")
def maxout(seed: int) -> Outcome:
    """Maxout: the largest of four pieces."""
    torch.manual_seed(seed)
    data = digits()

    class Maxout(nn.Module):
        def __init__(self, fan_in: int, fan_out: int) -> None:
            super().__init__()
            self.pieces = nn.Linear(fan_in, 4 * fan_out)

        def forward(self, x: Tensor) -> Tensor:
            return self.pieces(x).unflatten(1, (-1, 4)).amax(2)

    model = nn.Sequential(Maxout(64, 64), nn.Dropout(0.2), Maxout(64, 64), nn.Linear(64, 10))
    fit(model, Adam(model.parameters(), 2e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "mlp-glu")
def glu(seed: int) -> Outcome:
    """Gated linear units."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(
        nn.Linear(64, 192), nn.GLU(), nn.Linear(96, 192), nn.GLU(), nn.Linear(96, 10)
    )
    fit(model, Adam(model.parameters(), 3e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "mlp-highway")
def highway(seed: int) -> Outcome:
    """A highway network, its gates biased to carry."""
    torch.manual_seed(seed)
    data = digits()

    class Highway(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.change, self.gate = nn.Linear(width, width), nn.Linear(width, width)
            nn.init.constant_(self.gate.bias, -2.0)

        def forward(self, x: Tensor) -> Tensor:
            gate = torch.sigmoid(self.gate(x))
            return gate * F.relu(self.change(x)) + (1 - gate) * x

    model = nn.Sequential(nn.Linear(64, 64), *(Highway(64) for _ in range(8)), nn.Linear(64, 10))
    fit(model, Adam(model.parameters(), 3e-3), data, 300)
    return accuracy(model, data)


@healthy("mlp", "mlp-mixer")
def mixer(seed: int) -> Outcome:
    """A mixer of the rows of the images."""
    torch.manual_seed(seed)
    data = digits()

    class Block(nn.Module):
        def __init__(self, patches: int, width: int) -> None:
            super().__init__()
            self.norm_tokens, self.norm_channels = nn.LayerNorm(width), nn.LayerNorm(width)
            self.tokens = perceptron(patches, 32, patches, activation=nn.GELU)
            self.channels = perceptron(width, 2 * width, width, activation=nn.GELU)

        def forward(self, x: Tensor) -> Tensor:
            x = x + self.tokens(self.norm_tokens(x).transpose(1, 2)).transpose(1, 2)
            return x + self.channels(self.norm_channels(x))

    class Mixer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Linear(8, 32)
            self.blocks = nn.Sequential(Block(8, 32), Block(8, 32))
            self.norm, self.head = nn.LayerNorm(32), nn.Linear(32, 10)

        def forward(self, x: Tensor) -> Tensor:
            x = self.blocks(self.embed(x.unflatten(1, (8, 8))))
            return self.head(self.norm(x).mean(1))

    model = Mixer()
    fit(model, AdamW(model.parameters(), 3e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "mlp-ogive-modules")
def ogive_modules(seed: int) -> Outcome:
    """Ogive's activations and cross-entropy."""
    torch.manual_seed(seed)
    data = digits()
    model = ogive_nn.Sequential(
        ogive_nn.Linear(64, 128),
        ogive_nn.SiLU(),
        ogive_nn.Linear(128, 64),
        ogive_nn.GELU(),
        ogive_nn.Linear(64, 10),
    )
    fit(model, Adam(model.parameters(), 2e-3), data, 250, loss=ogive_nn.CrossEntropyLoss())
    return accuracy(model, data)


@healthy("mlp", "mlp-ogive-initialisation")
def ogive_initialisation(seed: int) -> Outcome:
    """Ten tanh layers that Ogive initialises."""
    torch.manual_seed(seed)
    data = standardised(digits())
    model = perceptron(64, *[96] * 9, 10, activation=nn.Tanh)
    ogive_init.init_network_(model, example_inputs=data.x[:64])
    fit(model, AdamW(model.parameters(), 1e-3, weight_decay=0.1), data, 300)
    return accuracy(model, data)


PROGRAMS = gather(globals())
