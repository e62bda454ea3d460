"""Steps that are far too large or too small."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from data import digits, fashion, tabular
from program import Outcome, sick
from torch import Tensor, nn

from sick.parts import (
    LanguageModel,
    RowReader,
    accuracy,
    batches,
    explained,
    fit,
    linear_chain,
    next_character,
    rows,
    small_cnn,
    windows,
)


@sick(
    "mlp",
    "mlp-sgd-rate-100",
    "updates too large",
    "dead units",
    "not finite",
    origin="DeepFD: learning rate too high",
)
def sgd_rate_100(seed: int) -> Outcome:
    """Stochastic gradient descent with a learning rate of 100."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(
        nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
    )
    fit(
        model, nn.CrossEntropyLoss(), data, torch.optim.SGD(model.parameters(), lr=100.0), epochs=15
    )
    return accuracy(model, data)


@sick(
    "mlp",
    "mlp-rmsprop-rate-1",
    "updates too large",
    origin="AUTOTRAINER: oscillating loss",
)
def rmsprop_rate_1(seed: int) -> Outcome:
    """RMSprop with a learning rate of 1 and tanh."""
    torch.manual_seed(seed)
    data = digits()
    model = linear_chain(64, 100, 50, 10, between=nn.Tanh)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1.0)
    fit(model, F.cross_entropy, data, optimizer, size=32, epochs=4)
    return accuracy(model, data)


@sick(
    "mlp",
    "mlp-regression-diverges",
    "updates too large",
    "not finite",
    origin="UMLAUT: learning rate out of common range",
)
def regression_diverges(seed: int) -> Outcome:
    """A regression by stochastic gradient descent with a learning rate of 5."""
    torch.manual_seed(seed)
    data = tabular("diabetes")
    model = nn.Sequential(nn.Linear(10, 64), nn.LeakyReLU(), nn.Linear(64, 1), nn.Flatten(0))
    fit(model, nn.MSELoss(), data, torch.optim.SGD(model.parameters(), lr=5.0), size=32, epochs=10)
    return explained(model, data, 0.25)


@sick(
    "cnn",
    "cnn-adam-rate-2",
    "updates too large",
    "dead units",
    origin="DeepFD: learning rate too high",
)
def adam_rate_2(seed: int) -> Outcome:
    """Adam with a learning rate of 2."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = small_cnn()
    optimizer = torch.optim.Adam(model.parameters(), lr=2.0)
    for x, y in batches(data.x, data.y, 64, 5):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return accuracy(model, data)


@sick(
    "cnn",
    "cnn-momentum-kills-relus",
    "dead units",
    "updates too large",
    "not finite",
    origin="AUTOTRAINER: dying ReLU",
)
def momentum_kills(seed: int) -> Outcome:
    """Momentum and a learning rate of 3 drive all relus to where they are 0."""
    torch.manual_seed(seed)
    data = fashion(3000)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=3), nn.ReLU(True), nn.Conv2d(8, 16, 3, stride=2), nn.ReLU(True),
        nn.Flatten(), nn.Linear(144, 64), nn.ReLU(True), nn.Linear(64, 10),
    )  # fmt: skip
    optimizer = torch.optim.SGD(model.parameters(), lr=3.0, momentum=0.9)
    fit(model, nn.CrossEntropyLoss(), data, optimizer, size=32, epochs=2)
    return accuracy(model, data, 0.7)


@sick(
    "rnn",
    "lstm-adam-rate-3",
    "updates too large",
    origin="DeepFD: learning rate too high",
)
def lstm_rate_3(seed: int) -> Outcome:
    """An LSTM and Adam with a learning rate of 3."""
    torch.manual_seed(seed)
    data = rows()
    model = RowReader(nn.LSTM)
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.Adam(model.parameters(), lr=3.0), epochs=12)
    return accuracy(model, data)


@sick(
    "transformer",
    "language-model-rate-1",
    "updates too large",
    "dead units",
    origin="DeepFD: learning rate too high",
)
def language_model_rate_1(seed: int) -> Outcome:
    """A language model and AdamW with a learning rate of 1."""
    torch.manual_seed(seed)
    model = LanguageModel()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.0)
    for x, y in windows(64, 16, 160):
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return next_character(model, 0.33)


# Too small.


@sick(
    "mlp",
    "mlp-sgd-rate-1e-9",
    "updates too small",
    origin="DeepFD: learning rate too low",
)
def sgd_rate_tiny(seed: int) -> Outcome:
    """Stochastic gradient descent with a learning rate of 1e-9."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    fit(model, nn.CrossEntropyLoss(), data, torch.optim.SGD(model.parameters(), lr=1e-9), epochs=15)
    return accuracy(model, data)


@sick(
    "cnn",
    "cnn-adam-rate-1e-10",
    "updates too small",
    origin="AUTOTRAINER: slow convergence",
)
def adam_rate_tiny(seed: int) -> Outcome:
    """Adam with a learning rate of 1e-10."""
    torch.manual_seed(seed)
    data = digits(images=True)
    model = small_cnn(activation=nn.SiLU)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-10)
    fit(model, F.cross_entropy, data, optimizer, size=32, epochs=4)
    return accuracy(model, data)


@sick(
    "transformer",
    "language-model-rate-1e-9",
    "updates too small",
    origin="DeepFD: learning rate too low",
)
def language_model_rate_tiny(seed: int) -> Outcome:
    """A language model and AdamW with a learning rate of 1e-9."""
    torch.manual_seed(seed)
    model = LanguageModel()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-9)
    for x, y in windows(64, 16, 160):
        optimizer.zero_grad()
        logits = model(x)
        F.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1)).backward()
        optimizer.step()
    return next_character(model, 0.33)


@sick(
    "rnn",
    "lstm-schedule-at-each-batch",
    "updates too small",
    origin="Lornatang/SRGAN-PyTorch#1",
)
def schedule_at_each_batch(seed: int) -> Outcome:
    """ExponentialLR with gamma 0.5 is stepped at each batch: soon the learning rate is 0."""
    torch.manual_seed(seed)
    data = rows()
    model = RowReader(nn.LSTM)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    for x, y in batches(data.x, data.y, 64, 12):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        scheduler.step()
    return accuracy(model, data, 0.85)


@sick(
    "mlp",
    "mlp-zero-grad-before-the-step",
    "updates too small",
    origin="TheDeepChecker: untrained parameters",
)
def zero_grad_before_step(seed: int) -> Outcome:
    """zero_grad stands between backward and step, so that no step changes anything."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in batches(data.x, data.y, 64, 15):
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.zero_grad(set_to_none=False)
        optimizer.step()
    return accuracy(model, data)


@sick(
    "cnn",
    "cnn-optimizer-of-another-network",
    "updates too small",
    origin="spro/practical-pytorch#9",
)
def optimizer_of_another(seed: int) -> Outcome:
    """The network is built anew after its optimiser, which goes on with the old parameters."""
    torch.manual_seed(seed)
    data = digits(images=True)

    class Net(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, channels, 3)
            self.fc = nn.Linear(channels * 9, 10)

        def forward(self, x: Tensor) -> Tensor:
            x = F.max_pool2d(F.relu(self.conv(x)), 2)
            answer: Tensor = self.fc(x.flatten(1))
            return answer

    model = Net(16)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    model = Net(32)
    for x, y in batches(data.x, data.y, 64, 8):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return accuracy(model, data, 0.85)
