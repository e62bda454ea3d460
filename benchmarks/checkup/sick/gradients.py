"""Gradients that vanish or explode on their way to the first layers."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from data import digits, fashion
from program import Outcome, sick
from torch import Tensor, nn

from sick.parts import (
    accuracy,
    batches,
    draw,
    fit,
    linear_chain,
    rows,
)

_VANISHING = ("vanishing gradient", "input collapse")
_EXPLODING = ("exploding gradient", "initialisation")


@sick("mlp", "mlp-nine-sigmoids", *_VANISHING, origin="AUTOTRAINER: vanishing gradient")
def nine_sigmoids(seed: int) -> Outcome:
    """Nine layers of sigmoids, drawn as torch does."""
    torch.manual_seed(seed)
    data = digits()
    model = linear_chain(64, *([64] * 9), 10, between=nn.Sigmoid)
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.Adam(model.parameters(), 1e-3), epochs=15)
    return accuracy(model, data, 0.8)


@sick("cnn", "cnn-fourteen-sigmoids", *_VANISHING, origin="AUTOTRAINER: vanishing gradient")
def fourteen_sigmoids(seed: int) -> Outcome:
    """Fourteen convolutions with torch.sigmoid after each."""
    torch.manual_seed(seed)
    data = digits(images=True)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            channels = [1] + [8] * 14
            self.convs = nn.ModuleList(
                [nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(channels)]
            )
            self.fc = nn.Linear(128, 10)

        def forward(self, x: Tensor) -> Tensor:
            for conv in self.convs:
                x = torch.sigmoid(conv(x))
            answer: Tensor = self.fc(F.avg_pool2d(x, 2).flatten(1))
            return answer

    model = Net()
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.Adam(model.parameters(), 1e-3), epochs=4)
    return accuracy(model, data, 0.8)


@sick(
    "mlp",
    "mlp-small-weights-tanh",
    *_VANISHING,
    "initialisation",
    origin="DeepDiagnosis: vanishing gradient",
)
def small_weights_tanh(seed: int) -> Outcome:
    """Twelve layers of tanh with weights of standard deviation 0.02."""
    torch.manual_seed(seed)
    data = digits()
    model = linear_chain(64, *([48] * 12), 10, between=nn.Tanh)
    for parameter in model.parameters():
        nn.init.normal_(parameter, 0.0, 0.02)
    fit(model, F.cross_entropy, data, torch.optim.RMSprop(model.parameters(), 1e-3), epochs=15)
    return accuracy(model, data, 0.65)


@sick(
    "cnn",
    "cnn-small-kernels-relu",
    *_VANISHING,
    "initialisation",
    origin="TheDeepChecker: vanishing gradient",
)
def small_kernels(seed: int) -> Outcome:
    """Seven convolutions with kernels of standard deviation 0.01, without normalisation."""
    torch.manual_seed(seed)
    data = fashion(3000)
    layers: list[nn.Module] = [nn.Conv2d(1, 12, 4, stride=4), nn.ReLU()]
    for _ in range(6):
        layers += [nn.Conv2d(12, 12, 3, padding=1), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(588, 10))
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.normal_(module.weight, std=0.01)
            nn.init.zeros_(module.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=64, epochs=3)
    return accuracy(model, data, 0.65)


@sick(
    "transformer",
    "attention-stack-small-weights",
    *_VANISHING,
    "initialisation",
    origin="TheDeepChecker: vanishing gradient",
)
def small_attention(seed: int) -> Outcome:
    """Feed-forward layers of tanh over attention, weights of 0.02, and no way around them."""
    torch.manual_seed(seed)
    data = rows()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Linear(8, 32)
            self.attention = nn.ModuleList(
                [nn.MultiheadAttention(32, 4, batch_first=True) for _ in range(5)]
            )
            self.layers = nn.ModuleList([nn.Linear(32, 32) for _ in range(5)])
            self.head = nn.Linear(32, 10)

        def forward(self, x: Tensor) -> Tensor:
            x = self.embed(x)
            for attention, layer in zip(self.attention, self.layers, strict=True):
                x = torch.tanh(layer(attention(x, x, x, need_weights=False)[0]))
            answer: Tensor = self.head(x.mean(1))
            return answer

    model = Net()
    draw(model, lambda weight: nn.init.trunc_normal_(weight, std=0.02))
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.AdamW(model.parameters(), 2e-3), epochs=10)
    return accuracy(model, data, 0.6)


# Exploding.


@sick("mlp", "mlp-normal-weights-relu", *_EXPLODING, origin="AUTOTRAINER: exploding gradient")
def normal_weights_relu(seed: int) -> Outcome:
    """Eight layers of relus with weights of standard deviation 1."""
    torch.manual_seed(seed)
    data = digits()
    model = linear_chain(64, *([100] * 8), 10, between=nn.ReLU)
    draw(model, nn.init.normal_)
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.SGD(model.parameters(), 0.01), epochs=6)
    return accuracy(model, data)


@sick("cnn", "cnn-normal-kernels", *_EXPLODING, origin="AUTOTRAINER: exploding gradient")
def normal_kernels(seed: int) -> Outcome:
    """Eight convolutions whose kernels have standard deviation 0.5."""
    torch.manual_seed(seed)
    data = digits(images=True)
    channels = [1] + [12] * 8
    layers: list[nn.Module] = []
    for before, after in pairwise(channels):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.LeakyReLU(0.1)]
    model = nn.Sequential(*layers, nn.AvgPool2d(2), nn.Flatten(), nn.Linear(192, 10))
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            torch.nn.init.normal_(module.weight, 0, 0.5)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=64, epochs=4)
    return accuracy(model, data)


@sick(
    "mlp",
    "mlp-forty-residual-blocks",
    *_EXPLODING,
    origin="Zhang et al. (2019): residual networks without normalisation",
)
def forty_blocks(seed: int) -> Outcome:
    """Forty residual blocks drawn after He, neither scaled nor normalised: the signal doubles."""
    torch.manual_seed(seed)
    data = digits()

    class Block(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.fc1, self.fc2 = nn.Linear(width, width), nn.Linear(width, width)
            for layer in (self.fc1, self.fc2):
                nn.init.kaiming_normal_(layer.weight)

        def forward(self, x: Tensor) -> Tensor:
            return x + self.fc2(F.relu(self.fc1(F.relu(x))))

    model = nn.Sequential(nn.Linear(64, 48), *[Block(48) for _ in range(40)], nn.Linear(48, 10))
    fit(model, F.cross_entropy, data, torch.optim.Adam(model.parameters(), lr=1e-3), epochs=5)
    return accuracy(model, data, 0.8)


class _Unnormalised(nn.Module):
    """Attention and two layers around which the signal goes, without normalisation."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        x = x + self.out(F.scaled_dot_product_attention(q, k, v))
        return x + self.down(F.relu(self.up(x)))


@sick(
    "transformer",
    "attention-wide-without-norm",
    *_EXPLODING,
    origin="DeepDiagnosis: exploding tensor",
)
def attention_without_norm(seed: int) -> Outcome:
    """Eight blocks of a transformer without normalisation, with weights of 0.4."""
    torch.manual_seed(seed)
    data = rows()
    blocks = nn.Sequential(*[_Unnormalised(32) for _ in range(8)])
    draw(blocks, lambda weight: nn.init.normal_(weight, std=0.4))
    model = nn.Sequential(nn.Linear(8, 32), blocks, nn.Flatten(), nn.Linear(256, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for x, y in batches(data.x, data.y, 64, 5):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return accuracy(model, data)


@sick(
    "mlp",
    "mlp-xavier-with-gain-five",
    *_EXPLODING,
    origin="TheDeepChecker: unstable initialisation",
)
def gain_five(seed: int) -> Outcome:
    """nn.init.xavier_normal_(gain=5) before nine layers of SiLU."""
    torch.manual_seed(seed)
    data = digits()
    model = linear_chain(64, *([64] * 9), 10, between=nn.SiLU)
    draw(model, lambda weight: nn.init.xavier_normal_(weight, gain=5.0))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for x, y in batches(data.x, data.y, 64, 6):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return accuracy(model, data)
