"""Networks that say the same of every sample."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from data import digits
from program import Outcome, sick
from torch import Tensor, nn

from sick.parts import accuracy, batches, draw, fit, linear_chain, rows

_FLAT = ("input collapse", "vanishing gradient")


@sick("mlp", "mlp-softmax-between-layers", *_FLAT, origin="DeepFD: wrong activation function")
def softmax_between(seed: int) -> Outcome:
    """nn.Softmax after each hidden layer: every unit gives about one over their number."""
    torch.manual_seed(seed)
    data = digits()
    model = linear_chain(64, 128, 128, 64, 10, between=lambda: nn.Softmax(dim=1))
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.Adam(model.parameters(), 1e-3), epochs=15)
    return accuracy(model, data, 0.8)


@sick("cnn", "cnn-softmax-between-layers", *_FLAT, origin="DeepFD: wrong activation function")
def softmax_between_convolutions(seed: int) -> Outcome:
    """F.softmax over the channels instead of a relu."""
    torch.manual_seed(seed)
    data = digits(images=True)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 16, 3)
            self.conv2 = nn.Conv2d(16, 32, 3)
            self.fc1 = nn.Linear(512, 64)
            self.fc2 = nn.Linear(64, 10)

        def forward(self, x: Tensor) -> Tensor:
            x = F.softmax(self.conv1(x), dim=1)
            x = F.softmax(self.conv2(x), dim=1)
            x = F.softmax(self.fc1(x.flatten(1)), dim=1)
            answer: Tensor = self.fc2(x)
            return answer

    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=32, epochs=4)
    return accuracy(model, data)


@sick(
    "mlp",
    "mlp-twenty-layers-default-weights",
    *_FLAT,
    "initialisation",
    origin="AUTOTRAINER: vanishing gradient",
)
def twenty_layers(seed: int) -> Outcome:
    """Twenty layers of relus with torch's own initialisation, which shrinks the signal."""
    torch.manual_seed(seed)
    data = digits()
    model = linear_chain(*([64] * 21), 10, between=nn.ReLU)
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.Adam(model.parameters(), 1e-3), epochs=15)
    return accuracy(model, data, 0.8)


@sick(
    "mlp",
    "mlp-weight-decay-of-a-half",
    *_FLAT,
    origin="bug reports: weight_decay taken for a learning rate's decay",
)
def weight_decay(seed: int) -> Outcome:
    """weight_decay=0.5 shrinks all weights to nothing."""
    torch.manual_seed(seed)
    data = digits()
    model = linear_chain(64, 64, 64, 10, between=nn.Tanh)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.5)
    fit(model, F.cross_entropy, data, optimizer, size=32, epochs=8)
    return accuracy(model, data)


class _Attend(nn.Module):
    """Attention and two layers, without normalisation and without a way around them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        attention = F.softmax(q @ k.mT / q.shape[-1] ** 0.5, dim=-1)
        answer: Tensor = self.down(F.gelu(self.up(attention @ v)))
        return answer


@sick(
    "transformer",
    "attention-without-residuals",
    *_FLAT,
    origin="Dong et al. (2021): attention without residual connections",
)
def without_residuals(seed: int) -> Outcome:
    """Eight layers of attention with no residual connections and no normalisation."""
    torch.manual_seed(seed)
    data = rows()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Linear(8, 32)
            self.place = nn.Parameter(torch.randn(8, 32))
            self.layers = nn.Sequential(*[_Attend(32) for _ in range(8)])
            self.head = nn.Linear(32, 10)

        def forward(self, x: Tensor) -> Tensor:
            answer: Tensor = self.head(self.layers(self.embed(x) + self.place).mean(1))
            return answer

    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=64, epochs=6)
    return accuracy(model, data, 0.8)


@sick(
    "mlp",
    "mlp-large-biases-sigmoid",
    *_FLAT,
    "saturation",
    "initialisation",
    origin="TheDeepChecker: wrong initialisation of biases",
)
def large_biases(seed: int) -> Outcome:
    """Biases drawn around 8 by nn.init.normal_(bias, 8): each sigmoid says nearly 1."""
    torch.manual_seed(seed)
    data = digits()
    model = linear_chain(64, 64, 64, 10, between=nn.Sigmoid)
    draw(model, nn.init.xavier_uniform_)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            nn.init.normal_(parameter, 8.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for x, y in batches(data.x, data.y, 64, 10):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return accuracy(model, data)
