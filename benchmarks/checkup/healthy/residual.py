"""Networks with sums around their layers."""

from __future__ import annotations

import math

import torch
from data import digits
from program import Outcome, healthy
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR

from .parts import accuracy, fit, gather, perceptron


class _Post(nn.Module):
    """The first residual block: rectifier behind the sum."""

    def __init__(self, fan_in: int, fan_out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(fan_in, fan_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(fan_out)
        self.conv2 = nn.Conv2d(fan_out, fan_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(fan_out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or fan_in != fan_out:
            self.downsample = nn.Sequential(
                nn.Conv2d(fan_in, fan_out, 1, stride, bias=False), nn.BatchNorm2d(fan_out)
            )

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.downsample(x)
        return self.relu(out)


def _ten(*body: nn.Module, width: int) -> nn.Sequential:
    return nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10))


@healthy("cnn", "residual-post-activation")
def post(seed: int) -> Outcome:
    """A residual network of seven layers."""
    torch.manual_seed(seed)
    data = digits(images=True)
    stem = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
    model = _ten(stem, _Post(16, 16), _Post(16, 32, 2), _Post(32, 32), width=32)
    optimizer = SGD(model.parameters(), 0.1, momentum=0.9, weight_decay=1e-4)
    fit(model, optimizer, data, 120, schedule=CosineAnnealingLR(optimizer, 120))
    return accuracy(model, data)


@healthy("cnn", "residual-zero-last-norm")
def zero_norm(seed: int) -> Outcome:
    """The last scale of every branch begins with zero."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = _ten(
        nn.Conv2d(1, 16, 3, padding=1), _Post(16, 16), _Post(16, 32, 2), _Post(32, 32), width=32
    )
    for module in model.modules():
        if isinstance(module, _Post):
            nn.init.zeros_(module.bn2.weight)
        elif isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    fit(model, Adam(model.parameters(), 3e-3), data, 120)
    return accuracy(model, data)


@healthy("cnn", "residual-pre-activation")
def pre(seed: int) -> Outcome:
    """Norm and rectifier before the convolutions."""
    torch.manual_seed(seed)
    data = digits(images=True)

    class Pre(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.norms = nn.ModuleList([nn.BatchNorm2d(width) for _ in range(2)])
            self.convolutions = nn.ModuleList(
                [nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2)]
            )

        def forward(self, x: Tensor) -> Tensor:
            out = x
            for norm, convolution in zip(self.norms, self.convolutions, strict=True):
                out = convolution(F.relu(norm(out)))
            return x + out

    model = _ten(
        nn.Conv2d(1, 16, 3, padding=1), Pre(16), Pre(16), Pre(16), nn.BatchNorm2d(16), nn.ReLU(),
        width=16,
    )  # fmt: skip
    fit(model, SGD(model.parameters(), 0.1, momentum=0.9), data, 150)
    return accuracy(model, data)


@healthy("cnn", "residual-squeeze-and-excite")
def squeeze_excite(seed: int) -> Outcome:
    """Channels weighted by sigmoids of their means."""
    torch.manual_seed(seed)
    data = digits(images=True)

    class SE(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.SiLU(),
                nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width),
            )  # fmt: skip
            self.down, self.up = nn.Linear(width, width // 4), nn.Linear(width // 4, width)

        def forward(self, x: Tensor) -> Tensor:
            out = self.body(x)
            weight = torch.sigmoid(self.up(F.relu(self.down(out.mean((2, 3))))))
            return F.silu(x + out * weight[:, :, None, None])

    model = _ten(nn.Conv2d(1, 16, 3, padding=1), SE(16), nn.MaxPool2d(2), SE(16), width=16)
    fit(model, Adam(model.parameters(), 5e-3), data, 150)
    return accuracy(model, data)


@healthy("cnn", "residual-inverted")
def inverted(seed: int) -> Outcome:
    """MobileNet's inverted residuals with hardswish and hard sigmoid gates."""
    torch.manual_seed(seed)
    data = digits(images=True)

    class Inverted(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            wide = 3 * width
            self.expand = nn.Sequential(
                nn.Conv2d(width, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.Hardswish(True),
                nn.Conv2d(wide, wide, 3, padding=1, groups=wide, bias=False),
                nn.BatchNorm2d(wide), nn.Hardswish(True),
            )  # fmt: skip
            self.gate = nn.Sequential(
                nn.AdaptiveAvgPool2d(1), nn.Conv2d(wide, 8, 1), nn.ReLU(), nn.Conv2d(8, wide, 1),
                nn.Hardsigmoid(),
            )  # fmt: skip
            self.project = nn.Sequential(
                nn.Conv2d(wide, width, 1, bias=False), nn.BatchNorm2d(width)
            )

        def forward(self, x: Tensor) -> Tensor:
            out = self.expand(x)
            return x + self.project(out * self.gate(out))

    model = _ten(
        nn.Conv2d(1, 16, 3, padding=1), nn.Hardswish(), Inverted(16), nn.AvgPool2d(2),
        Inverted(16), nn.Hardswish(), width=16,
    )  # fmt: skip
    fit(model, AdamW(model.parameters(), 1e-2), data, 150)
    return accuracy(model, data)


@healthy("cnn", "residual-convnext")
def convnext(seed: int) -> Outcome:
    """ConvNeXt: depthwise kernels, LayerNorm over channels, small scales of the branches."""
    torch.manual_seed(seed)
    data = digits(images=True)

    class Block(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.depthwise = nn.Conv2d(width, width, 5, padding=2, groups=width)
            self.norm = nn.LayerNorm(width)
            self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
            self.scale = nn.Parameter(1e-2 * torch.ones(width))

        def forward(self, x: Tensor) -> Tensor:
            out = self.depthwise(x).permute(0, 2, 3, 1)
            out = self.down(F.gelu(self.up(self.norm(out))))
            return x + (self.scale * out).permute(0, 3, 1, 2)

    model = _ten(nn.Conv2d(1, 24, 2, stride=2), Block(24), Block(24), Block(24), width=24)
    fit(model, AdamW(model.parameters(), 5e-3, weight_decay=0.05), data, 250)
    return accuracy(model, data)


@healthy("cnn", "residual-stochastic-depth")
def stochastic_depth(seed: int) -> Outcome:
    """Branches that are left out of the training at random."""
    torch.manual_seed(seed)
    data = digits(images=True)

    class Maybe(nn.Module):
        def __init__(self, width: int, chance: float) -> None:
            super().__init__()
            self.chance = chance
            self.branch = nn.Sequential(
                nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(),
                nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width),
            )  # fmt: skip

        def forward(self, x: Tensor) -> Tensor:
            if self.training:
                if torch.rand(()) > self.chance:
                    return x
                return x + self.branch(x)
            return x + self.chance * self.branch(x)

    model = _ten(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), Maybe(16, 0.9), Maybe(16, 0.8), Maybe(16, 0.7),
        width=16,
    )  # fmt: skip
    fit(model, Adam(model.parameters(), 5e-3), data, 250)
    return accuracy(model, data)


class _Branch(nn.Module):
    def __init__(self, width: int, activation: nn.Module, norm: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width) if norm else nn.Identity()
        self.a, self.b, self.activation = (
            nn.Linear(width, width),
            nn.Linear(width, width),
            activation,
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.b(self.activation(self.a(self.norm(x))))


@healthy("mlp", "residual-mlp-normed")
def mlp_normed(seed: int) -> Outcome:
    """Eight branches of a perceptron, each behind a LayerNorm."""
    torch.manual_seed(seed)
    data = digits()
    blocks = [_Branch(64, nn.GELU(), True) for _ in range(8)]
    model = nn.Sequential(nn.Linear(64, 64), *blocks, nn.LayerNorm(64), nn.Linear(64, 10))
    fit(model, AdamW(model.parameters(), 1e-3), data, 200)
    return accuracy(model, data)


@healthy("mlp", "residual-mlp-zero-branches")
def mlp_zero(seed: int) -> Outcome:
    """Ten branches without norms whose last layers begin with zero weights."""
    torch.manual_seed(seed)
    data = digits()
    blocks = [_Branch(96, nn.ReLU(), False) for _ in range(10)]
    for block in blocks:
        nn.init.zeros_(block.b.weight)
        nn.init.zeros_(block.b.bias)
    model = nn.Sequential(nn.Linear(64, 96), *blocks, nn.Linear(96, 10))
    fit(model, Adam(model.parameters(), 1e-3), data, 200)
    return accuracy(model, data)


@healthy("mlp", "residual-mlp-rezero")
def rezero(seed: int) -> Outcome:
    """Twelve branches, each times a number that begins with zero."""
    torch.manual_seed(seed)
    data = digits()

    class ReZero(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(64, 64)
            self.alpha = nn.Parameter(torch.zeros(()))

        def forward(self, x: Tensor) -> Tensor:
            return x + self.alpha * torch.relu(self.linear(x))

    model = nn.Sequential(nn.Linear(64, 64), *(ReZero() for _ in range(12)), nn.Linear(64, 10))
    fit(model, Adam(model.parameters(), 3e-3), data, 200)
    return accuracy(model, data)


@healthy("mlp", "residual-mlp-scaled-by-depth")
def scaled_by_depth(seed: int) -> Outcome:
    """Sixteen branches with last layers smaller by the root of their number."""
    torch.manual_seed(seed)
    data = digits()
    blocks = [_Branch(64, nn.Tanh(), False) for _ in range(16)]
    for block in blocks:
        with torch.no_grad():
            block.b.weight.div_(math.sqrt(16))
    model = nn.Sequential(nn.Linear(64, 64), *blocks, nn.Linear(64, 10))
    fit(model, AdamW(model.parameters(), 1e-3), data, 200)
    return accuracy(model, data)


@healthy("mlp", "residual-mlp-concatenated")
def concatenated(seed: int) -> Outcome:
    """The inputs go to every layer beside what is before it."""
    torch.manual_seed(seed)
    data = digits()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(64, 64)
            self.more = nn.ModuleList(nn.Linear(128, 64) for _ in range(4))
            self.last = perceptron(128, 32, 10)

        def forward(self, x: Tensor) -> Tensor:
            hidden = F.softplus(self.first(x), beta=3)
            for layer in self.more:
                hidden = F.softplus(layer(torch.cat([hidden, x], 1)), beta=3)
            return self.last(torch.cat([hidden, x], 1))

    model = Net()
    fit(model, Adam(model.parameters(), 2e-3), data, 250)
    return accuracy(model, data)


PROGRAMS = gather(globals())
