"""Perceptrons of every usual activation, depth and initialisation."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from data import digits, tabular
from program import Outcome, healthy
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

from .parts import accuracy, batches, fit, gather, loader, perceptron, standardised

Make = Callable[..., Optimizer]


def _of_activation(
    seed: int, activation: Callable[[], nn.Module], hidden: tuple[int, ...], make: Make
) -> Outcome:
    """Train a perceptron with torch's own initialisation."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, *hidden, 10, activation=activation)
    fit(model, make(model.parameters()), data, 300)
    return accuracy(model, data)


ACTIVATIONS = [
    healthy("mlp", f"mlp-{name}")(
        partial(_of_activation, activation=activation, hidden=hidden, make=make)
    )
    for name, activation, hidden, make in (
        ("relu", nn.ReLU, (128, 64), partial(Adam, lr=1e-3)),
        ("leaky-relu", partial(nn.LeakyReLU, 0.2), (256, 128, 64), partial(SGD, lr=0.2)),
        ("elu", nn.ELU, (100, 100, 100), partial(Adam, lr=2e-3)),
        ("celu", nn.CELU, (80, 40), partial(SGD, lr=0.05, momentum=0.9)),
        ("gelu", nn.GELU, (256,), partial(AdamW, lr=3e-3)),
        ("silu", nn.SiLU, (96, 96, 96, 96), partial(Adam, lr=2e-3)),
        ("mish", nn.Mish, (64, 64), partial(RMSprop, lr=1e-3)),
        ("tanh", nn.Tanh, (128, 128), partial(SGD, lr=0.1, momentum=0.9)),
        ("softplus", nn.Softplus, (128, 64), partial(Adam, lr=2e-3)),
        ("softsign", nn.Softsign, (128,), partial(Adam, lr=5e-3)),
        ("hardtanh", nn.Hardtanh, (128, 64), partial(SGD, lr=0.1, momentum=0.9)),
        ("relu6", nn.ReLU6, (128, 128), partial(Adam, lr=1e-3)),
        ("prelu", nn.PReLU, (128, 64), partial(Adam, lr=1e-3)),
        ("rrelu", nn.RReLU, (100, 50), partial(Adam, lr=2e-3)),
        ("hardswish", nn.Hardswish, (128, 64), partial(Adam, lr=2e-3)),
        ("logsigmoid", nn.LogSigmoid, (64,), partial(Adam, lr=3e-3)),
    )
]


@healthy("mlp", "mlp-sigmoid-one-hidden")
def sigmoid_one_hidden(seed: int) -> Outcome:
    """The perceptron of the textbooks, by steepest descent."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(nn.Linear(64, 50), nn.Sigmoid(), nn.Linear(50, 10))
    fit(model, SGD(model.parameters(), 1.0), data, 400, batch=32)
    return accuracy(model, data)


@healthy("mlp", "mlp-sigmoid-two-hidden-xavier")
def sigmoid_two_hidden(seed: int) -> Outcome:
    """Two sigmoid layers with Glorot's initialisation and Adam."""
    torch.manual_seed(seed)
    data = standardised(digits())

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Linear(64, 64), nn.Linear(64, 32), nn.Linear(32, 10)
            for layer in (self.a, self.b, self.c):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

        def forward(self, x: Tensor) -> Tensor:
            return self.c(torch.sigmoid(self.b(torch.sigmoid(self.a(x)))))

    model = Net()
    fit(model, Adam(model.parameters(), 5e-3), data, 300)
    return accuracy(model, data)


@healthy("mlp", "mlp-selu-alpha-dropout")
def selu_alpha_dropout(seed: int) -> Outcome:
    """A self-normalising network: LeCun's initialisation, standardised inputs, alpha dropout."""
    torch.manual_seed(seed)
    data = standardised(digits())
    layers: list[nn.Module] = []
    for fan_in in (64, 128, 128, 128, 128):
        layers += [nn.Linear(fan_in, 128), nn.SELU(), nn.AlphaDropout(0.05)]
    model = nn.Sequential(*layers, nn.Linear(128, 10))
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
            nn.init.zeros_(module.bias)
    fit(model, Adam(model.parameters(), 5e-4), data, 300)
    return accuracy(model, data)


@healthy("mlp", "mlp-functional-relu")
def functional_relu(seed: int) -> Outcome:
    """A subclass that calls torch.nn.functional."""
    torch.manual_seed(seed)
    data = digits()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc1 = nn.Linear(64, 120)
            self.fc2 = nn.Linear(120, 84)
            self.fc3 = nn.Linear(84, 10)

        def forward(self, x: Tensor) -> Tensor:
            x = F.relu(self.fc1(x))
            x = F.relu(self.fc2(x))
            return self.fc3(x)

    model = Net()
    criterion = nn.CrossEntropyLoss()
    optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _epoch in range(8):
        for inputs, labels in loader(data, 32):
            optimizer.zero_grad()
            outputs = model(inputs)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
    return accuracy(model, data)


@healthy("mlp", "mlp-method-relu")
def method_relu(seed: int) -> Outcome:
    """Activations as methods of the tensor."""
    torch.manual_seed(seed)
    data = digits()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(64, 100), nn.Linear(100, 100)])
            self.out = nn.Linear(100, 10)

        def forward(self, x: Tensor) -> Tensor:
            for layer in self.layers:
                x = layer(x).relu()
            return self.out(x)

    model = Net()
    fit(model, Adam(model.parameters(), 2e-3), data, 200)
    return accuracy(model, data)


@healthy("mlp", "mlp-clamp")
def clamp(seed: int) -> Outcome:
    """Rectifiers written as clamp(min=0)."""
    torch.manual_seed(seed)
    data = digits()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w1 = nn.Parameter(torch.randn(64, 96) * math.sqrt(2 / 64))
            self.b1 = nn.Parameter(torch.zeros(96))
            self.w2 = nn.Parameter(torch.randn(96, 10) * math.sqrt(1 / 96))
            self.b2 = nn.Parameter(torch.zeros(10))

        def forward(self, x: Tensor) -> Tensor:
            hidden = (x @ self.w1 + self.b1).clamp(min=0)
            return hidden @ self.w2 + self.b2

    model = Net()
    fit(model, SGD(model.parameters(), 0.2), data, 300)
    return accuracy(model, data)


@healthy("mlp", "mlp-maximum-with-zero")
def maximum(seed: int) -> Outcome:
    """Rectifiers written as the larger of two tensors."""
    torch.manual_seed(seed)
    data = digits()
    first, second, third = nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 10)
    zero = torch.zeros(())

    def model(x: Tensor) -> Tensor:
        x = torch.maximum(first(x), zero)
        x = torch.maximum(second(x), zero)
        return third(x)

    weights = [p for layer in (first, second, third) for p in layer.parameters()]
    optimizer = Adam(weights, 2e-3)
    for x, y in batches(data.x, data.y, 64, 250):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return accuracy(model, data)


@healthy("mlp", "mlp-swish-by-hand")
def swish_by_hand(seed: int) -> Outcome:
    """The swish written out."""
    torch.manual_seed(seed)
    data = digits()

    class Swish(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * torch.sigmoid(x)

    model = perceptron(64, 96, 96, 10, activation=Swish)
    fit(model, Adam(model.parameters(), 2e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "mlp-gelu-by-hand")
def gelu_by_hand(seed: int) -> Outcome:
    """The tanh approximation of GELU, as in the first GPT's source."""
    torch.manual_seed(seed)
    data = digits()

    class NewGELU(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            inner = math.sqrt(2.0 / math.pi) * (x + 0.044715 * torch.pow(x, 3.0))
            return 0.5 * x * (1.0 + torch.tanh(inner))

    model = perceptron(64, 128, 128, 10, activation=NewGELU)
    fit(model, AdamW(model.parameters(), 1e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "mlp-lecun-tanh")
def lecun_tanh(seed: int) -> Outcome:
    """LeCun's 1.7159 tanh(2/3 x) on standardised inputs."""
    torch.manual_seed(seed)
    data = standardised(digits())

    class Scaled(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return 1.7159 * torch.tanh(2 / 3 * x)

    model = perceptron(64, 100, 100, 10, activation=Scaled)
    fit(model, SGD(model.parameters(), 0.03, momentum=0.9), data, 250)
    return accuracy(model, data)


@healthy("mlp", "mlp-sine-activation")
def sine_activation(seed: int) -> Outcome:
    """Sines between linear layers, without the high frequencies of implicit representations."""
    torch.manual_seed(seed)
    data = digits()
    first, second, last = nn.Linear(64, 128), nn.Linear(128, 64), nn.Linear(64, 10)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([first, second, last])

        def forward(self, x: Tensor) -> Tensor:
            return last(torch.sin(second(torch.sin(first(x)))))

    model = Net()
    fit(model, Adam(model.parameters(), 2e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "mlp-inplace")
def inplace(seed: int) -> Outcome:
    """Rectifiers that write into their input, and a dropout before one that does too."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(
        nn.Linear(64, 128),
        nn.Dropout(0.2, inplace=True),
        nn.ReLU(inplace=True),
        nn.Linear(128, 128),
        nn.LeakyReLU(0.1, inplace=True),
        nn.Linear(128, 10),
    )
    fit(model, Adam(model.parameters(), 2e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "mlp-inplace-functions")
def inplace_functions(seed: int) -> Outcome:
    """torch.relu_ and Tensor.tanh_."""
    torch.manual_seed(seed)
    data = digits()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up, self.across, self.down = (
                nn.Linear(64, 90),
                nn.Linear(90, 90),
                nn.Linear(90, 10),
            )

        def forward(self, x: Tensor) -> Tensor:
            x = torch.relu_(self.up(x))
            return self.down(self.across(x).tanh_())

    model = Net()
    fit(model, Adam(model.parameters(), 2e-3), data, 250)
    return accuracy(model, data)


def _deep(
    seed: int,
    depth: int,
    width: int,
    activation: Callable[[], nn.Module],
    start: Callable[[Tensor], object],
    norm: Callable[[int], nn.Module] | None,
    make: Make,
) -> Outcome:
    """Train a deep perceptron on standardised digits with an initialisation that suits it."""
    torch.manual_seed(seed)
    data = standardised(digits())
    model = perceptron(64, *[width] * (depth - 1), 10, activation=activation, norm=norm)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            start(module.weight)
            nn.init.zeros_(module.bias)
    fit(model, make(model.parameters()), data, 300)
    return accuracy(model, data)


DEEP = [
    healthy("mlp", name)(
        partial(
            _deep,
            depth=depth,
            width=width,
            activation=activation,
            start=start,
            norm=norm,
            make=make,
        )
    )
    for name, depth, width, activation, start, norm, make in (
        (
            "mlp-12-layers-he-relu",
            12,
            96,
            nn.ReLU,
            partial(nn.init.kaiming_normal_, nonlinearity="relu"),
            None,
            partial(Adam, lr=5e-4),
        ),
        (
            "mlp-8-layers-xavier-tanh",
            8,
            100,
            nn.Tanh,
            partial(nn.init.xavier_uniform_, gain=5 / 3),
            None,
            partial(Adam, lr=5e-4),
        ),
        (
            "mlp-6-layers-orthogonal-elu",
            6,
            96,
            nn.ELU,
            partial(nn.init.orthogonal_, gain=1.2),
            None,
            partial(Adam, lr=1e-3),
        ),
        (
            "mlp-8-layers-orthogonal-tanh-sgd",
            8,
            80,
            nn.Tanh,
            partial(nn.init.orthogonal_, gain=1.1),
            None,
            partial(SGD, lr=0.05, momentum=0.9),
        ),
        (
            "mlp-10-layers-batchnorm-relu",
            10,
            64,
            nn.ReLU,
            partial(nn.init.kaiming_uniform_, nonlinearity="relu"),
            nn.BatchNorm1d,
            partial(SGD, lr=0.05, momentum=0.9),
        ),
        (
            "mlp-12-layers-layernorm-gelu",
            12,
            64,
            nn.GELU,
            nn.init.xavier_normal_,
            nn.LayerNorm,
            partial(AdamW, lr=1e-3),
        ),
        (
            "mlp-8-layers-he-leaky",
            8,
            128,
            partial(nn.LeakyReLU, 0.01),
            partial(nn.init.kaiming_normal_, a=0.01),
            None,
            partial(SGD, lr=0.02, momentum=0.9),
        ),
        (
            "mlp-12-layers-lecun-selu",
            12,
            80,
            nn.SELU,
            partial(nn.init.kaiming_normal_, nonlinearity="linear"),
            None,
            partial(Adam, lr=3e-4),
        ),
        (
            "mlp-6-layers-he-silu",
            6,
            96,
            nn.SiLU,
            partial(nn.init.kaiming_normal_, nonlinearity="relu"),
            None,
            partial(Adam, lr=1e-3),
        ),
        (
            "mlp-5-layers-truncated-normal-gelu",
            5,
            128,
            nn.GELU,
            partial(nn.init.trunc_normal_, std=0.1),
            None,
            partial(AdamW, lr=1e-3, weight_decay=0.05),
        ),
    )
]


@healthy("mlp", "mlp-wide")
def wide(seed: int) -> Outcome:
    """One hidden layer of two thousand units."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 2048, 10)
    fit(model, Adam(model.parameters(), 3e-4), data, 200)
    return accuracy(model, data)


@healthy("mlp", "mlp-narrow")
def narrow(seed: int) -> Outcome:
    """Layers of ten and eight units on the wines."""
    torch.manual_seed(seed)
    data = tabular("wine")
    model = perceptron(13, 10, 8, 3, activation=nn.Tanh)
    fit(model, Adam(model.parameters(), 1e-2), data, 200, batch=16)
    return accuracy(model, data)


@healthy("mlp", "mlp-iris-relu")
def iris_relu(seed: int) -> Outcome:
    """The irises, sixteen units, all flowers in a batch."""
    torch.manual_seed(seed)
    data = tabular("iris")
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = Adam(model.parameters(), 0.01)
    for _ in range(200):
        loss = F.cross_entropy(model(data.x), data.y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return accuracy(model, data, 0.85)


PROGRAMS = gather(globals())
