"""Convolutional networks on the digits and on clothes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import torch
from data import Data, digits, fashion
from program import Outcome, healthy
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, RMSprop
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR

from ogive.torch import nn as ogive_nn

from .parts import accuracy, batches, fit, gather, loader


@healthy("cnn", "cnn-plain-digits")
def plain(seed: int) -> Outcome:
    """Two convolutions, two poolings, two linear layers, in functional style."""
    torch.manual_seed(seed)
    data = digits(images=True)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
            self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
            self.fc1 = nn.Linear(32 * 2 * 2, 64)
            self.fc2 = nn.Linear(64, 10)

        def forward(self, x: Tensor) -> Tensor:
            x = F.max_pool2d(F.relu(self.conv1(x)), 2)
            x = F.max_pool2d(F.relu(self.conv2(x)), 2)
            x = torch.flatten(x, 1)
            x = F.relu(self.fc1(x))
            return self.fc2(x)

    model = Net()
    criterion = nn.CrossEntropyLoss()
    optimizer = Adam(model.parameters(), lr=2e-3)
    for _epoch in range(8):
        model.train()
        for images, labels in loader(data, 64):
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
    return accuracy(model, data)


def _activation(seed: int, activation: Callable[[], nn.Module], rate: float) -> Outcome:
    """Train three convolutions with an activation behind each."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), activation(),
        nn.Conv2d(16, 24, 3, stride=2, padding=1), activation(),
        nn.Conv2d(24, 32, 3, padding=1), activation(),
        nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip
    fit(model, Adam(model.parameters(), rate), data, 150)
    return accuracy(model, data)


ACTIVATIONS = [
    healthy("cnn", f"cnn-{name}")(partial(_activation, activation=activation, rate=rate))
    for name, activation, rate in (
        ("leaky-relu", partial(nn.LeakyReLU, 0.2), 2e-3),
        ("elu", nn.ELU, 2e-3),
        ("gelu", nn.GELU, 2e-3),
        ("prelu", partial(nn.PReLU, 1), 3e-3),
        ("silu-ogive", ogive_nn.SiLU, 3e-3),
        ("relu-inplace", partial(nn.ReLU, True), 2e-3),
        ("tanh", nn.Tanh, 2e-3),
    )
]


@healthy("cnn", "cnn-lenet-tanh")
def lenet(seed: int) -> Outcome:
    """LeNet with tanh and average pooling."""
    torch.manual_seed(seed)
    data = fashion(3000)
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip
    fit(model, Adam(model.parameters(), 2e-3), data, 200)
    return accuracy(model, data, 0.72)


@healthy("cnn", "cnn-fashion-relu")
def clothes(seed: int) -> Outcome:
    """Clothes with momentum."""
    torch.manual_seed(seed)
    data = fashion()
    model = nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2), nn.ReLU(), nn.Conv2d(16, 32, 3, stride=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(800, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip
    optimizer = SGD(model.parameters(), 0.05, momentum=0.9)
    fit(model, optimizer, data, 250)
    return accuracy(model, data, 0.72)


@healthy("cnn", "cnn-fashion-batchnorm")
def clothes_batchnorm(seed: int) -> Outcome:
    """Convolution, BatchNorm, rectifier, and cosine annealing."""
    torch.manual_seed(seed)
    data = fashion()

    def block(fan_in: int, fan_out: int) -> list[nn.Module]:
        convolution = nn.Conv2d(fan_in, fan_out, 3, stride=2, padding=1, bias=False)
        return [convolution, nn.BatchNorm2d(fan_out), nn.ReLU(inplace=True)]

    model = nn.Sequential(
        *block(1, 16), *block(16, 32), *block(32, 64), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(64, 10),
    )  # fmt: skip
    optimizer = SGD(model.parameters(), 0.1, momentum=0.9, weight_decay=5e-4, nesterov=True)
    fit(model, optimizer, data, 200, schedule=CosineAnnealingLR(optimizer, 200))
    return accuracy(model, data, 0.75)


@healthy("cnn", "cnn-batchnorm-digits")
def batchnorm(seed: int) -> Outcome:
    """A stack of five with BatchNorm."""
    torch.manual_seed(seed)
    data = digits(images=True)
    layers: list[nn.Module] = []
    for fan_in, fan_out in ((1, 16), (16, 16), (16, 32), (32, 32), (32, 32)):
        layers += [nn.Conv2d(fan_in, fan_out, 3, padding=1), nn.BatchNorm2d(fan_out), nn.ReLU()]
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))
    fit(model, Adam(model.parameters(), 5e-3), data, 150)
    return accuracy(model, data)


@healthy("cnn", "cnn-depthwise-separable")
def separable(seed: int) -> Outcome:
    """Depthwise and pointwise convolutions, relu6, as in the first MobileNet."""
    torch.manual_seed(seed)
    data = digits(images=True)

    def block(fan_in: int, fan_out: int, stride: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(fan_in, fan_in, 3, stride, 1, groups=fan_in, bias=False),
            nn.BatchNorm2d(fan_in),
            nn.ReLU6(inplace=True),
            nn.Conv2d(fan_in, fan_out, 1, bias=False),
            nn.BatchNorm2d(fan_out),
            nn.ReLU6(inplace=True),
        )

    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), block(16, 32, 1), block(32, 64, 2), block(64, 64, 1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(64, 10),
    )  # fmt: skip
    fit(model, RMSprop(model.parameters(), 2e-3), data, 150)
    return accuracy(model, data)


@healthy("cnn", "cnn-groupnorm")
def groupnorm(seed: int) -> Outcome:
    """GroupNorm and silu, batches of sixteen."""
    torch.manual_seed(seed)
    data = digits(images=True)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            sizes = [1, 16, 32, 32]
            pairs = list(pairwise(sizes))
            self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairs)
            self.norms = nn.ModuleList(nn.GroupNorm(4, b) for _, b in pairs)
            self.head = nn.Linear(32, 10)

        def forward(self, x: Tensor) -> Tensor:
            for convolution, norm in zip(self.convolutions, self.norms, strict=True):
                x = F.silu(norm(convolution(x)))
            return self.head(x.mean(dim=(2, 3)))

    model = Net()
    fit(model, AdamW(model.parameters(), 5e-3), data, 300, batch=16)
    return accuracy(model, data)


@healthy("cnn", "cnn-instance-norm")
def instance_norm(seed: int) -> Outcome:
    """Instance normalisation with learned scales."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = nn.Sequential(
        nn.Conv2d(1, 24, 3, padding=1), nn.InstanceNorm2d(24, affine=True), nn.LeakyReLU(0.1),
        nn.Conv2d(24, 32, 3, padding=1), nn.InstanceNorm2d(32, affine=True), nn.LeakyReLU(0.1),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip
    fit(model, Adam(model.parameters(), 2e-3), data, 120)
    return accuracy(model, data)


@healthy("cnn", "cnn-global-max-pooling")
def global_max(seed: int) -> Outcome:
    """The largest value of each channel, through which few places get a gradient."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
        nn.Conv2d(64, 64, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip
    fit(model, Adam(model.parameters(), 2e-3), data, 200, batch=48)
    return accuracy(model, data)


@healthy("cnn", "cnn-dilated")
def dilated(seed: int) -> Outcome:
    """Dilations of 1, 2 and 3, no pooling."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ELU(), nn.Conv2d(16, 16, 3, padding=2, dilation=2),
        nn.ELU(), nn.Conv2d(16, 16, 3, padding=3, dilation=3), nn.ELU(), nn.Flatten(),
        nn.Linear(1024, 10),
    )  # fmt: skip
    fit(model, Adam(model.parameters(), 1e-3), data, 150)
    return accuracy(model, data)


@healthy("cnn", "cnn-relu-before-average-pooling")
def squeeze(seed: int) -> Outcome:
    """SqueezeNet: fire modules, and rectifier and average pooling after the last convolution."""
    torch.manual_seed(seed)
    data = digits(images=True)

    class Fire(nn.Module):
        def __init__(self, fan_in: int, squeezed: int, expanded: int) -> None:
            super().__init__()
            self.squeeze = nn.Conv2d(fan_in, squeezed, 1)
            self.expand1 = nn.Conv2d(squeezed, expanded, 1)
            self.expand3 = nn.Conv2d(squeezed, expanded, 3, padding=1)
            self.activation = nn.ReLU(inplace=True)

        def forward(self, x: Tensor) -> Tensor:
            x = self.activation(self.squeeze(x))
            return torch.cat(
                [self.activation(self.expand1(x)), self.activation(self.expand3(x))], 1
            )

    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(inplace=True), Fire(32, 8, 24), nn.MaxPool2d(2),
        Fire(48, 12, 32), nn.Dropout(0.1), nn.Conv2d(64, 10, 1), nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    fit(model, Adam(model.parameters(), 3e-3), data, 250)
    return accuracy(model, data)


@healthy("cnn", "cnn-densely-connected")
def dense(seed: int) -> Outcome:
    """Every layer sees all before it."""
    torch.manual_seed(seed)
    data = digits(images=True)

    class Layer(nn.Module):
        def __init__(self, fan_in: int) -> None:
            super().__init__()
            self.norm = nn.BatchNorm2d(fan_in)
            self.convolution = nn.Conv2d(fan_in, 8, 3, padding=1, bias=False)

        def forward(self, x: Tensor) -> Tensor:
            return torch.cat([x, self.convolution(torch.relu(self.norm(x)))], 1)

    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), *(Layer(16 + 8 * i) for i in range(5)),
        nn.BatchNorm2d(56), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(56, 10),
    )  # fmt: skip
    optimizer = SGD(model.parameters(), 0.1, momentum=0.9)
    schedule = OneCycleLR(optimizer, 0.2, total_steps=150)
    fit(model, optimizer, data, 150, schedule=schedule)
    return accuracy(model, data)


@healthy("cnn", "cnn-vgg-dropout")
def vgg(seed: int) -> Outcome:
    """Pairs of convolutions, pooling, dropout of channels and of units."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = nn.Sequential(
        nn.Conv2d(1, 24, 3, padding=1), nn.ReLU(), nn.Conv2d(24, 24, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Dropout2d(0.1),
        nn.Conv2d(24, 48, 3, padding=1), nn.ReLU(), nn.Conv2d(48, 48, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(192, 128), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(128, 10),
    )  # fmt: skip
    fit(model, Adam(model.parameters(), 2e-3), data, 200, batch=48)
    return accuracy(model, data)


@healthy("cnn", "cnn-inception")
def inception(seed: int) -> Outcome:
    """Branches of different size side by side."""
    torch.manual_seed(seed)
    data = digits(images=True)

    class Inception(nn.Module):
        def __init__(self, fan_in: int) -> None:
            super().__init__()
            self.one = nn.Conv2d(fan_in, 8, 1)
            self.three = nn.Sequential(
                nn.Conv2d(fan_in, 8, 1), nn.ReLU(), nn.Conv2d(8, 16, 3, padding=1)
            )
            self.five = nn.Sequential(
                nn.Conv2d(fan_in, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 5, padding=2)
            )
            self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(fan_in, 8, 1))

        def forward(self, x: Tensor) -> Tensor:
            parts = [self.one(x), self.three(x), self.five(x), self.pool(x)]
            return torch.cat(parts, 1).relu()

    model = nn.Sequential(
        Inception(1), nn.MaxPool2d(2), Inception(40), nn.Flatten(), nn.Linear(640, 10)
    )
    fit(model, Adam(model.parameters(), 2e-3), data, 150)
    return accuracy(model, data)


@healthy("cnn", "cnn-along-one-axis")
def one_axis(seed: int) -> Outcome:
    """Convolutions along the rows, columns for channels."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(
        nn.Unflatten(1, (8, 8)), nn.Conv1d(8, 32, 3, padding=1), nn.BatchNorm1d(32), nn.ReLU(),
        nn.Conv1d(32, 64, 3, padding=1), nn.BatchNorm1d(64), nn.ReLU(), nn.Flatten(),
        nn.Linear(512, 10),
    )  # fmt: skip
    fit(model, Adam(model.parameters(), 2e-3), data, 150)
    return accuracy(model, data)


@healthy("cnn", "cnn-causal-temporal")
def temporal(seed: int) -> Outcome:
    """A temporal convolutional network: causal, dilated, gated, residual; the next of a series."""
    torch.manual_seed(seed)

    class Gated(nn.Module):
        def __init__(self, dilation: int) -> None:
            super().__init__()
            self.pad = dilation
            self.filter = nn.Conv1d(16, 16, 2, dilation=dilation)
            self.gate = nn.Conv1d(16, 16, 2, dilation=dilation)
            self.out = nn.Conv1d(16, 16, 1)

        def forward(self, x: Tensor) -> Tensor:
            padded = F.pad(x, (self.pad, 0))
            return x + self.out(torch.tanh(self.filter(padded)) * torch.sigmoid(self.gate(padded)))

    model = nn.Sequential(
        nn.Conv1d(1, 16, 1), Gated(1), Gated(2), Gated(4), Gated(8), nn.ReLU(), nn.Conv1d(16, 1, 1)
    )
    optimizer = Adam(model.parameters(), 3e-3)

    def series(size: int) -> Tensor:
        time = torch.arange(65) * 0.2 + torch.rand(size, 1) * 20
        wave = torch.sin(time) + 0.5 * torch.sin(2.7 * time + torch.rand(size, 1) * 6)
        return wave[:, None]

    for _ in range(200):
        x = series(32)
        optimizer.zero_grad()
        F.mse_loss(model(x[..., :-1]), x[..., 1:]).backward()
        optimizer.step()
    with torch.no_grad():
        x = series(200)
        error = F.mse_loss(model(x[..., :-1]), x[..., 1:]).item()
    return Outcome("test squared error", error, 0.03, higher=False)


@healthy("cnn", "cnn-unet-segmentation")
def unet(seed: int) -> Outcome:
    """A small U-Net that finds the ink in noisy images, pixel by pixel."""
    torch.manual_seed(seed)
    data = digits(images=True)

    def double(fan_in: int, fan_out: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(fan_in, fan_out, 3, padding=1), nn.BatchNorm2d(fan_out), nn.ReLU(True),
            nn.Conv2d(fan_out, fan_out, 3, padding=1), nn.BatchNorm2d(fan_out), nn.ReLU(True),
        )  # fmt: skip

    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down1, self.down2, self.middle = double(1, 8), double(8, 16), double(16, 32)
            self.up2, self.up1 = nn.ConvTranspose2d(32, 16, 2, 2), nn.ConvTranspose2d(16, 8, 2, 2)
            self.join2, self.join1 = double(32, 16), double(16, 8)
            self.out = nn.Conv2d(8, 1, 1)

        def forward(self, x: Tensor) -> Tensor:
            a = self.down1(x)
            b = self.down2(F.max_pool2d(a, 2))
            c = self.middle(F.max_pool2d(b, 2))
            b = self.join2(torch.cat([b, self.up2(c)], 1))
            a = self.join1(torch.cat([a, self.up1(b)], 1))
            return self.out(a)

    model = UNet()
    optimizer = Adam(model.parameters(), 5e-3)
    for x, _ in batches(data.x, data.y, 32, 120):
        ink = (x > 0.5).float()
        optimizer.zero_grad()
        output = model(x + 0.2 * torch.randn_like(x))
        F.binary_cross_entropy_with_logits(output, ink).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        x = data.test_x
        said = model(x + 0.2 * torch.randn_like(x)) > 0
        right = (said == (x > 0.5)).float().mean().item()
    return Outcome("test accuracy of pixels", right, 0.9)


@healthy("cnn", "cnn-pixel-shuffle")
def pixel_shuffle(seed: int) -> Outcome:
    """Images of twice the size from small ones, by a correction of the plain enlargement."""
    torch.manual_seed(seed)
    data = digits(images=True)
    body = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.PReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.PReLU(),
        nn.Conv2d(32, 4, 3, padding=1), nn.PixelShuffle(2),
    )  # fmt: skip

    def enlarge(small: Tensor) -> Tensor:
        return body(small) + F.interpolate(small, scale_factor=2.0, mode="bilinear")

    optimizer = Adam(body.parameters(), 2e-3)
    for x, _ in batches(data.x, data.y, 64, 250):
        optimizer.zero_grad()
        F.l1_loss(enlarge(F.avg_pool2d(x, 2)), x).backward()
        optimizer.step()
    with torch.no_grad():
        small = F.avg_pool2d(data.test_x, 2)
        plain = F.mse_loss(F.interpolate(small, scale_factor=2.0, mode="bilinear"), data.test_x)
        ratio = F.mse_loss(enlarge(small), data.test_x) / plain
    return Outcome("error relative to enlargement", ratio.item(), 0.7, higher=False)


@healthy("cnn", "cnn-augmented")
def augmented(seed: int) -> Outcome:
    """Shifts and noise, label smoothing, weight decay, one cycle."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = nn.Sequential(
        nn.Conv2d(1, 24, 3, padding=1, bias=False), nn.BatchNorm2d(24), nn.GELU(),
        nn.Conv2d(24, 48, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(48), nn.GELU(),
        nn.Flatten(), nn.Dropout(0.2), nn.Linear(768, 10),
    )  # fmt: skip
    optimizer = AdamW(model.parameters(), 1e-3, weight_decay=0.05)
    schedule = OneCycleLR(optimizer, 1e-2, total_steps=200)
    for x, y in batches(data.x, data.y, 64, 200):
        moved = torch.roll(x, int(torch.randint(-1, 2, ())), int(torch.randint(2, 4, ())))
        output = model(moved + 0.05 * torch.randn_like(x))
        loss = F.cross_entropy(output, y, label_smoothing=0.1)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    return accuracy(model, data)


@healthy("cnn", "cnn-channels-last")
def channels_last(seed: int) -> Outcome:
    """The memory format of channels last, and Ogive's cross-entropy."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.Hardswish(), nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.Hardswish(), nn.Flatten(), nn.Linear(512, 10),
    ).to(memory_format=torch.channels_last)  # fmt: skip
    shaped = Data(
        data.x.contiguous(memory_format=torch.channels_last), data.y, data.test_x, data.test_y
    )
    optimizer = AdamW(model.parameters(), 3e-3)
    fit(model, optimizer, shaped, 150, loss=ogive_nn.CrossEntropyLoss())
    return accuracy(model, data)


@healthy("cnn", "cnn-orthogonal-no-bias")
def orthogonal(seed: int) -> Outcome:
    """Orthogonal kernels, no biases, tanh."""
    torch.manual_seed(seed)
    data = digits(images=True)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Conv2d(1, 9, 3, padding=1, bias=False)
            self.b = nn.Conv2d(9, 27, 3, stride=2, padding=1, bias=False)
            self.c = nn.Linear(27 * 16, 10, bias=False)
            for weight in self.parameters():
                nn.init.orthogonal_(weight)

        def forward(self, x: Tensor) -> Tensor:
            return self.c(torch.tanh(self.b(torch.tanh(self.a(x)))).flatten(1))

    model = Net()
    fit(model, SGD(model.parameters(), 0.1, momentum=0.9), data, 150)
    return accuracy(model, data)


PROGRAMS = gather(globals())
