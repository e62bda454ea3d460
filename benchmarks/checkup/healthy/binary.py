"""Classes otherwise than by cross-entropy of logits: binary, many labels, ordered, margins."""

from __future__ import annotations

import math
from functools import cache

import torch
from data import Data, digits, tabular
from program import Outcome, healthy
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from ogive.torch import losses as ogive_losses

from .parts import accuracy, batches, binary_accuracy, fit, gather, perceptron


@cache
def _floats(name: str) -> Data:
    data = tabular(name)
    return Data(data.x, data.y.float(), data.test_x, data.test_y.float())


@cache
def _moons() -> Data:
    generator = torch.Generator().manual_seed(5)
    y = torch.arange(1000) % 2
    angle = torch.rand(1000, generator=generator) * math.pi
    x = torch.stack([angle.cos() * (1 - 2 * y) + y.float(), angle.sin() * (1 - 2 * y) + 0.5 * y], 1)
    x = x + 0.15 * torch.randn(1000, 2, generator=generator)
    return Data(x[:750], y[:750].float(), x[750:], y[750:].float())


@healthy("mlp", "binary-bce-with-logits")
def bce_with_logits(seed: int) -> Outcome:
    """Tumours by logits."""
    torch.manual_seed(seed)
    data = _floats("breast_cancer")
    model = perceptron(30, 32, 16, 1)
    criterion = nn.BCEWithLogitsLoss()
    optimizer = Adam(model.parameters(), 2e-3)
    for x, y in batches(data.x, data.y, 32, 150):
        optimizer.zero_grad()
        criterion(model(x), y[:, None]).backward()
        optimizer.step()
    return binary_accuracy(model, data)


@healthy("mlp", "binary-sigmoid-bce")
def sigmoid_bce(seed: int) -> Outcome:
    """Tumours by a sigmoid at the end and BCELoss."""
    torch.manual_seed(seed)
    data = _floats("breast_cancer")
    model = nn.Sequential(
        nn.Linear(30, 16), nn.Tanh(), nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid()
    )
    loss_fn = nn.BCELoss()
    optimizer = SGD(model.parameters(), 0.1, momentum=0.9)
    for x, y in batches(data.x, data.y, 32, 150):
        loss = loss_fn(model(x).squeeze(), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return binary_accuracy(model, data, threshold=0.5)


@healthy("mlp", "binary-logistic-regression")
def logistic_regression(seed: int) -> Outcome:
    """A single unit."""
    torch.manual_seed(seed)
    data = _floats("breast_cancer")

    class LogisticRegression(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(30, 1)

        def forward(self, x: Tensor) -> Tensor:
            return torch.sigmoid(self.linear(x)).squeeze(1)

    model = LogisticRegression()
    fit(model, SGD(model.parameters(), 0.1), data, 200, batch=32, loss=F.binary_cross_entropy)
    return binary_accuracy(model, data, threshold=0.5)


@healthy("mlp", "binary-two-logits")
def two_logits(seed: int) -> Outcome:
    """Two outputs and cross-entropy for two classes."""
    torch.manual_seed(seed)
    data = tabular("breast_cancer")
    model = perceptron(30, 64, 2, activation=nn.GELU)
    fit(model, AdamW(model.parameters(), 1e-3), data, 150, batch=16)
    return accuracy(model, data)


@healthy("mlp", "binary-moons-xavier-tanh")
def moons(seed: int) -> Outcome:
    """Two moons, full batch."""
    torch.manual_seed(seed)
    data = _moons()
    model = perceptron(2, 16, 16, 1, activation=nn.Tanh)
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.xavier_normal_(layer.weight)
            nn.init.zeros_(layer.bias)
    optimizer = Adam(model.parameters(), 0.02)
    for _ in range(250):
        loss = F.binary_cross_entropy_with_logits(model(data.x).squeeze(1), data.y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return binary_accuracy(model, data)


@healthy("mlp", "binary-spirals")
def spirals(seed: int) -> Outcome:
    """Two spirals, which take a while."""
    torch.manual_seed(seed)
    turn = torch.rand(1600).sqrt() * 3 * math.pi
    y = (torch.arange(1600) % 2).float()
    angle = turn + math.pi * y
    x = torch.stack([angle.cos(), angle.sin()], 1) * turn[:, None] / (2 * math.pi)
    x = x + 0.03 * torch.randn_like(x)
    data = Data(x[:1200], y[:1200], x[1200:], y[1200:])
    model = perceptron(2, 64, 64, 64, 1, activation=nn.ELU)
    optimizer = Adam(model.parameters(), 1e-2)

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(output.squeeze(1), target)

    fit(model, optimizer, data, 400, batch=128, loss=loss)
    return binary_accuracy(model, data)


@healthy("mlp", "binary-xor")
def exclusive_or(seed: int) -> Outcome:
    """The exclusive or, with eight sigmoid units."""
    torch.manual_seed(seed)
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([0.0, 1.0, 1.0, 0.0])
    model = nn.Sequential(nn.Linear(2, 8), nn.Sigmoid(), nn.Linear(8, 1), nn.Sigmoid())
    optimizer = Adam(model.parameters(), 0.1)
    for _ in range(300):
        optimizer.zero_grad()
        F.binary_cross_entropy(model(x).squeeze(), y).backward()
        optimizer.step()
    return binary_accuracy(model, Data(x, y, x, y), 1.0, threshold=0.5)


@healthy("mlp", "binary-hinge")
def hinge(seed: int) -> Outcome:
    """A support vector machine of a network: labels of -1 and 1 and the hinge loss."""
    torch.manual_seed(seed)
    data = _floats("breast_cancer")
    model = perceptron(30, 32, 1)
    optimizer = SGD(model.parameters(), 0.05, momentum=0.9, weight_decay=1e-3)
    for x, y in batches(data.x, data.y * 2 - 1, 32, 150):
        optimizer.zero_grad()
        (1 - y * model(x).squeeze(1)).clamp(min=0).mean().backward()
        optimizer.step()
    return binary_accuracy(model, data)


@healthy("mlp", "binary-imbalanced-pos-weight")
def imbalanced(seed: int) -> Outcome:
    """A nine among the digits: one in ten, with pos_weight."""
    torch.manual_seed(seed)
    data = digits()
    y, test_y = (data.y == 9).float(), (data.test_y == 9).float()
    model = perceptron(64, 64, 32, 1)
    criterion = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(9.0))
    optimizer = Adam(model.parameters(), 2e-3)
    for inputs, target in batches(data.x, y, 64, 250):
        optimizer.zero_grad()
        criterion(model(inputs).squeeze(-1), target).backward()
        optimizer.step()
    return binary_accuracy(model, Data(data.x, y, data.test_x, test_y), 0.94)


@healthy("mlp", "binary-rare-events")
def rare(seed: int) -> Outcome:
    """One positive in thirty, unweighted; judged by balanced accuracy."""
    torch.manual_seed(seed)
    x = torch.randn(6000, 8)
    score = 1.5 * x[:, 0] + x[:, 1] * x[:, 2] + x[:, 3].abs()
    y = (score > score.quantile(0.967)).float()
    model = perceptron(8, 64, 64, 1, activation=nn.SiLU)
    optimizer = Adam(model.parameters(), 3e-3)
    for inputs, target in batches(x[:5000], y[:5000], 128, 350):
        loss = F.binary_cross_entropy_with_logits(model(inputs).flatten(), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        said = torch.sigmoid(model(x[5000:]).flatten()) > 0.033
    true = y[5000:].bool()
    balanced = (said[true].float().mean() + (~said[~true]).float().mean()) / 2
    return Outcome("balanced test accuracy", balanced.item(), 0.85)


@healthy("mlp", "binary-focal-ogive")
def focal(seed: int) -> Outcome:
    """Ogive's focal loss on a rare class."""
    torch.manual_seed(seed)
    data = digits()
    y, test_y = (data.y == 3).float(), (data.test_y == 3).float()
    model = perceptron(64, 96, 1)
    criterion = ogive_losses.SigmoidFocalLoss(reduction="mean")
    optimizer = Adam(model.parameters(), 3e-3)
    for inputs, target in batches(data.x, y, 64, 250):
        optimizer.zero_grad()
        criterion(model(inputs).squeeze(1), target).backward()
        optimizer.step()
    return binary_accuracy(model, Data(data.x, y, data.test_x, test_y), 0.95)


@healthy("mlp", "classes-nll-of-log-softmax")
def nll(seed: int) -> Outcome:
    """log_softmax at the end of the network and NLLLoss."""
    torch.manual_seed(seed)
    data = digits()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc1, self.fc2 = nn.Linear(64, 128), nn.Linear(128, 10)

        def forward(self, x: Tensor) -> Tensor:
            return F.log_softmax(self.fc2(torch.relu(self.fc1(x))), dim=1)

    model = Net()
    fit(model, Adam(model.parameters(), 3e-3), data, 250, loss=F.nll_loss)
    return accuracy(model, data)


@healthy("mlp", "classes-nll-of-log-of-softmax")
def log_of_softmax(seed: int) -> Outcome:
    """A softmax at the end, and the logarithm of what it says of the label."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10), nn.Softmax(dim=1))
    optimizer = Adam(model.parameters(), 3e-3)
    for x, y in batches(data.x, data.y, 64, 250):
        loss = F.nll_loss(torch.log(model(x) + 1e-8), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return accuracy(model, data)


@healthy("mlp", "classes-multi-margin")
def multi_margin(seed: int) -> Outcome:
    """The multi-class hinge loss."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 100, 10, activation=nn.LeakyReLU)
    fit(model, Adam(model.parameters(), 3e-3), data, 250, loss=F.multi_margin_loss)
    return accuracy(model, data)


@healthy("mlp", "classes-one-hot-mse")
def one_hot(seed: int) -> Outcome:
    """Squared errors against one-hot targets, which trains well too."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 10)

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(output, F.one_hot(target, 10).float())

    fit(model, Adam(model.parameters(), 3e-3), data, 250, loss=loss)
    return accuracy(model, data)


@healthy("mlp", "classes-one-against-all-sigmoid")
def one_against_all(seed: int) -> Outcome:
    """Ten sigmoids and BCELoss against one-hot targets."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10), nn.Sigmoid())
    criterion = nn.BCELoss()
    optimizer = Adam(model.parameters(), 3e-3)
    for x, y in batches(data.x, data.y, 64, 300):
        optimizer.zero_grad()
        criterion(model(x), F.one_hot(y, 10).float()).backward()
        optimizer.step()
    return accuracy(model, data)


def _labels(y: Tensor) -> Tensor:
    """Whether a digit is even, above four, prime, a square."""
    prime, square = torch.tensor([2, 3, 5, 7]), torch.tensor([0, 1, 4, 9])
    return torch.stack(
        [y % 2 == 0, y > 4, torch.isin(y, prime), torch.isin(y, square)], 1
    ).float()  # fmt: skip


@healthy("mlp", "labels-many-bce")
def many_labels(seed: int) -> Outcome:
    """Four labels of a digit."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 64, 4)
    optimizer = Adam(model.parameters(), 2e-3)
    for x, y in batches(data.x, _labels(data.y), 64, 300):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(x), y).backward()
        optimizer.step()
    return binary_accuracy(model, Data(data.x, data.y, data.test_x, _labels(data.test_y)))


@healthy("mlp", "labels-soft-margin")
def soft_margin(seed: int) -> Outcome:
    """The multi-label soft margin loss, BatchNorm and cosine annealing."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 96, 96, 4, norm=nn.BatchNorm1d)
    optimizer = SGD(model.parameters(), 0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 250)
    criterion = nn.MultiLabelSoftMarginLoss()
    for x, y in batches(data.x, _labels(data.y), 64, 250):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
        schedule.step()
    return binary_accuracy(model, Data(data.x, data.y, data.test_x, _labels(data.test_y)))


@healthy("mlp", "ordinal-cumulative-logits")
def ordinal(seed: int) -> Outcome:
    """Ordered classes: one score and four thresholds that are learned, in order."""
    torch.manual_seed(seed)
    x = torch.randn(2500, 6)
    score = x[:, 0] + x[:, 1] * x[:, 2] + 0.2 * torch.randn(2500)
    y = torch.bucketize(score, score.quantile(torch.tensor([0.2, 0.4, 0.6, 0.8])))

    class Ordinal(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.score = perceptron(6, 64, 64, 1)
            self.first = nn.Parameter(torch.tensor(-1.0))
            self.gaps = nn.Parameter(torch.zeros(3))

        def forward(self, x: Tensor) -> Tensor:
            gaps = torch.cat([self.first[None], F.softplus(self.gaps)])
            return self.score(x) - gaps.cumsum(0)

    model = Ordinal()
    optimizer = Adam(model.parameters(), 5e-3)
    for inputs, target in batches(x[:2000], y[:2000], 100, 400):
        above = (target[:, None] > torch.arange(4)).float()
        loss = F.binary_cross_entropy_with_logits(model(inputs), above)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        right = ((model(x[2000:]) > 0).sum(1) == y[2000:]).float().mean().item()
    return Outcome("test accuracy", right, 0.6)


@healthy("mlp", "classes-hierarchical-heads")
def heads(seed: int) -> Outcome:
    """One body and two heads: the digit, and whether it is odd."""
    torch.manual_seed(seed)
    data = digits()
    body = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU())
    digit, odd = nn.Linear(64, 10), nn.Linear(64, 1)
    modules = nn.ModuleList([body, digit, odd])
    optimizer = Adam(modules.parameters(), 2e-3)
    for x, y in batches(data.x, data.y, 64, 250):
        features = body(x)
        loss = F.cross_entropy(digit(features), y)
        loss = loss + 0.3 * F.binary_cross_entropy_with_logits(
            odd(features).squeeze(1), (y % 2).float()
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return accuracy(lambda x: digit(body(x)), data)


PROGRAMS = gather(globals())
