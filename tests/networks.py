"""Networks of many kinds, whose forward methods hide what follows which layer."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Mlp(nn.Module):
    """Two hidden layers and a head, with any function between them."""

    def __init__(self, function: Callable[[Tensor], Tensor], width: int = 16) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, width), nn.Linear(width, width)
        self.head = nn.Linear(width, 3)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.function(self.second(self.function(self.first(x)))))


class ResidualBlock(nn.Module):
    """Two convolutions and a projection, one ReLU in place for all, a sum in place."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.project = nn.Conv2d(inputs, outputs, 1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.conv2(self.relu(self.norm1(self.conv1(x)))))
        y += self.project(x)
        return self.relu(y)


def residual() -> nn.Sequential:
    """A small residual network for images of three channels."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        ResidualBlock(4, 8),
        ResidualBlock(8, 8),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(8, 5),
    )


class GatedTransformer(nn.Module):
    """Attention and a gated feed-forward part, normalisation and scores written out by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.mix = nn.Linear(8, 24), nn.Linear(8, 8)
        self.gate, self.up, self.down = nn.Linear(8, 16), nn.Linear(8, 16), nn.Linear(16, 8)
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        query, key, value = self.qkv(self.normalised(x)).chunk(3, dim=-1)
        scores = (query @ key.transpose(-1, -2) / 8**0.5).softmax(dim=-1)
        x = x + self.mix(scores @ value)
        h = self.normalised(x)
        x = x + self.down(F.silu(self.gate(h)) * self.up(h))
        return {"logits": self.head(self.normalised(x).mean(dim=1))}

    def normalised(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(dim=-1, keepdim=True) + 1e-6)


class SqueezeExcitation(nn.Module):
    """A convolution whose channels a sigmoid of themselves weights; a sigmoid at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.squeeze, self.excite = nn.Linear(8, 4), nn.Linear(4, 8)
        self.head = nn.Linear(8, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        weights = torch.sigmoid(self.excite(F.relu(self.squeeze(y.mean(dim=(2, 3))))))
        y = torch.tanh(y * weights[:, :, None, None])
        return torch.sigmoid(self.head(y.mean(dim=(2, 3))))


class Forgetful(nn.Module):
    """Has a layer that it never calls."""

    def __init__(self) -> None:
        super().__init__()
        self.used, self.idle = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return self.used(x)
