"""Networks that are one linear map."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from data import digits, fashion
from program import Outcome, sick
from torch import Tensor, nn

from sick.parts import accuracy, batches, binary, circles, fit

_LINEAR = "no nonlinearity"


@sick("mlp", "mlp-no-activations", _LINEAR, origin="DeepFD: wrong activation function")
def no_activations(seed: int) -> Outcome:
    """Four layers with nothing between them, for two rings of points."""
    torch.manual_seed(seed)
    data = circles()
    model = nn.Sequential(nn.Linear(2, 32), nn.Linear(32, 32), nn.Linear(32, 16), nn.Linear(16, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=32, epochs=6)
    return accuracy(model, data)


@sick(
    "mlp",
    "mlp-activation-not-used",
    _LINEAR,
    origin="bug reports: a relu whose result is thrown away",
)
def activation_not_used(seed: int) -> Outcome:
    """forward() calls F.relu(x), and forgets to take what it returns."""
    torch.manual_seed(seed)
    data = circles()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc1, self.fc2, self.fc3 = nn.Linear(2, 24), nn.Linear(24, 24), nn.Linear(24, 1)

        def forward(self, x: Tensor) -> Tensor:
            x = self.fc1(x)
            F.relu(x)
            x = self.fc2(x)
            F.relu(x)
            answer: Tensor = self.fc3(x)
            return answer

    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for x, y in batches(data.x, data.y.float(), 32, 8):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(x)[:, 0], y).backward()
        optimizer.step()
    return binary(model, data.test_x, data.test_y, 0.9)


@sick(
    "mlp", "mlp-batch-norm-but-no-activation", _LINEAR, origin="DeepFD: wrong activation function"
)
def norm_but_no_activation(seed: int) -> Outcome:
    """Batch normalisation and dropout stand between the layers, and no activation."""
    torch.manual_seed(seed)
    data = circles()
    model = nn.Sequential(
        nn.Linear(2, 64), nn.BatchNorm1d(64), nn.Dropout(0.1), nn.Linear(64, 32),
        nn.BatchNorm1d(32), nn.Linear(32, 2),
    )  # fmt: skip
    fit(
        model, F.cross_entropy, data, torch.optim.AdamW(model.parameters(), 5e-3), size=50, epochs=8
    )
    return accuracy(model, data)


@sick("cnn", "cnn-no-activations", _LINEAR, origin="DeepFD: wrong activation function")
def cnn_no_activations(seed: int) -> Outcome:
    """Convolutions and average pooling; all of it is linear."""
    torch.manual_seed(seed)
    data = fashion(3000)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 8, 5, stride=2)
            self.conv2 = nn.Conv2d(8, 16, 3)
            self.pool = nn.AvgPool2d(2)
            self.fc1, self.fc2 = nn.Linear(400, 64), nn.Linear(64, 10)

        def forward(self, x: Tensor) -> Tensor:
            x = self.pool(self.conv2(self.conv1(x)))
            x = torch.flatten(x, 1)
            answer: Tensor = self.fc2(self.fc1(x))
            return answer

    model = Net()
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.Adam(model.parameters(), 1e-3), epochs=6)
    return accuracy(model, data, 0.75)


@sick(
    "cnn", "cnn-batch-norm-but-no-activation", _LINEAR, origin="DeepFD: wrong activation function"
)
def cnn_norm_but_no_activation(seed: int) -> Outcome:
    """Convolutions with batch normalisation, strides, and a choice of activation that is None."""
    torch.manual_seed(seed)
    data = digits(images=True)

    def block(before: int, after: int, activation: type[nn.Module] | None = None) -> nn.Sequential:
        layers = [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after)]
        return nn.Sequential(*layers, activation() if activation else nn.Identity())

    model = nn.Sequential(
        block(1, 8), block(8, 16), nn.Conv2d(16, 16, 2, stride=2), nn.Flatten(), nn.Linear(256, 1)
    )

    def by_three(numbers: Tensor) -> Tensor:
        return (numbers % 3 == 0).float()

    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for x, y in batches(data.x, by_three(data.y), 32, 4):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(model(x).flatten(), y).backward()
        optimizer.step()
    return binary(model, data.test_x, by_three(data.test_y), 0.95)


@sick("rnn", "rnn-without-tanh", _LINEAR, origin="DeepFD: wrong activation function")
def rnn_without_tanh(seed: int) -> Outcome:
    """A recurrence h = W x + U h, to tell whether the first and the last bit differ."""
    torch.manual_seed(seed)
    bits = torch.randint(2, (1600, 6))
    x = (2.0 * bits - 1.0).unsqueeze(-1)
    y = (bits[:, 0] != bits[:, -1]).float()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.i2h, self.h2h = nn.Linear(1, 32), nn.Linear(32, 32)
            self.h2o = nn.Linear(32, 1)

        def forward(self, x: Tensor) -> Tensor:
            hidden = torch.zeros(x.size(0), 32)
            for t in range(x.size(1)):
                hidden = self.i2h(x[:, t]) + self.h2h(hidden)
            answer: Tensor = self.h2o(hidden)
            return answer

    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    criterion = nn.BCEWithLogitsLoss()
    for inputs, target in batches(x[:1200], y[:1200], 40, 8):
        optimizer.zero_grad()
        criterion(model(inputs)[:, 0], target).backward()
        optimizer.step()
    return binary(model, x[1200:], y[1200:], 0.9)
