"""Frozen parts, fine-tuning, low-rank layers, teachers and several tasks."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

import torch
from data import Data, digits
from program import Outcome, healthy
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from .parts import accuracy, batches, fit, gather, perceptron


@cache
def _halves() -> tuple[Data, Data]:
    """Return the digits 0 to 4, and 5 to 9 as classes 0 to 4."""
    data = digits()
    parts = []
    for low in (0, 5):
        kept, test = (data.y // 5) * 5 == low, (data.test_y // 5) * 5 == low
        parts.append(
            Data(data.x[kept], data.y[kept] - low, data.test_x[test], data.test_y[test] - low)
        )
    return parts[0], parts[1]


def _taught(data: Data, classes: int, *hidden: int, steps: int = 200) -> nn.Sequential:
    """Return a network that knows its task, as a checkpoint would have it."""
    model = perceptron(64, *hidden, classes)
    fit(model, Adam(model.parameters(), 3e-3), data, steps)
    return model


@healthy("mlp", "transfer-frozen-backbone")
def frozen(seed: int) -> Outcome:
    """A backbone that knows five digits, frozen, and a new head for the other five."""
    torch.manual_seed(seed)
    first, second = _halves()
    body = _taught(first, 5, 256)[:-1]
    for p in body.parameters():
        p.requires_grad = False
    model = nn.Sequential(body, nn.Linear(256, 5))
    fit(model, Adam(model[1].parameters(), 1e-2), second, 200, batch=32)
    return accuracy(model, second, 0.85)


@healthy("mlp", "transfer-frozen-without-gradient")
def frozen_no_grad(seed: int) -> Outcome:
    """The backbone is called under no_grad, in evaluation mode."""
    torch.manual_seed(seed)
    first, second = _halves()
    body = _taught(first, 5, 96)[:-1].eval()
    head = perceptron(96, 32, 5, activation=nn.Tanh)
    optimizer = Adam(head.parameters(), 5e-3)
    for x, y in batches(second.x, second.y, 32, 150):
        with torch.no_grad():
            features = body(x)
        optimizer.zero_grad()
        F.cross_entropy(head(features), y).backward()
        optimizer.step()
    return accuracy(lambda x: head(body(x)), second, 0.85)


@healthy("mlp", "transfer-zero-head-fine-tuning")
def zero_head(seed: int) -> Outcome:
    """All layers are tuned, with a new head that begins with zeros."""
    torch.manual_seed(seed)
    first, second = _halves()
    body, head = _taught(first, 5, 128, 64)[:-1], nn.Linear(64, 5)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    model = nn.Sequential(body, head)
    optimizer = AdamW(
        [{"params": body.parameters(), "lr": 1e-3}, {"params": head.parameters(), "lr": 5e-3}]
    )
    fit(model, optimizer, second, 250, batch=32)
    return accuracy(model, second)


@healthy("mlp", "transfer-gradual-unfreezing")
def unfreezing(seed: int) -> Outcome:
    """First the head, then the last layer, then all."""
    torch.manual_seed(seed)
    first, second = _halves()
    model = _taught(first, 5, 128, 64)
    model[-1] = nn.Linear(64, 5)
    for p in model.parameters():
        p.requires_grad_(False)
    for part in (model[-1], model[2], model[0]):
        for p in part.parameters():
            p.requires_grad_(True)
        optimizer = Adam([p for p in model.parameters() if p.requires_grad], 2e-3)
        fit(model, optimizer, second, 60, batch=32)
    return accuracy(model, second)


class _LowRank(nn.Module):
    """A frozen layer and a correction of rank four, whose second factor begins with zeros."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.down = nn.Linear(linear.in_features, 4, bias=False)
        self.up = nn.Linear(4, linear.out_features, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) + 2 * self.up(self.down(x))


@healthy("mlp", "transfer-low-rank-adapters")
def low_rank(seed: int) -> Outcome:
    """Low-rank corrections of every hidden layer, and a new head."""
    torch.manual_seed(seed)
    first, second = _halves()
    model = _taught(first, 5, 128, 64)
    model[0], model[2], model[4] = _LowRank(model[0]), _LowRank(model[2]), nn.Linear(64, 5)
    trained = [p for p in model.parameters() if p.requires_grad]
    fit(model, AdamW(trained, 5e-3), second, 200, batch=32)
    return accuracy(model, second)


@healthy("mlp", "transfer-bottleneck-adapters")
def adapters(seed: int) -> Outcome:
    """Small residual networks behind frozen layers, zero at the start."""
    torch.manual_seed(seed)
    first, second = _halves()

    class Adapter(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.net = perceptron(width, 16, width, activation=nn.GELU)
            nn.init.zeros_(self.net[-1].weight)
            nn.init.zeros_(self.net[-1].bias)

        def forward(self, x: Tensor) -> Tensor:
            return x + self.net(x)

    body = _taught(first, 5, 128, 64)[:-1].requires_grad_(False)
    model = nn.Sequential(*body[:2], Adapter(128), *body[2:], Adapter(64), nn.Linear(64, 5))
    trained = [p for p in model.parameters() if p.requires_grad]
    fit(model, Adam(trained, 3e-3), second, 200, batch=32)
    return accuracy(model, second)


@healthy("mlp", "transfer-biases-only")
def biases_only(seed: int) -> Outcome:
    """Only biases and the head are tuned."""
    torch.manual_seed(seed)
    first, second = _halves()
    model = _taught(first, 5, 256)
    model[-1] = nn.Linear(256, 5)
    for name, p in model[:-1].named_parameters():
        p.requires_grad_("bias" in name)
    trained = [p for p in model.parameters() if p.requires_grad]
    fit(model, Adam(trained, 1e-2), second, 250, batch=32)
    return accuracy(model, second, 0.85)


@healthy("mlp", "transfer-from-a-good-checkpoint")
def good_checkpoint(seed: int) -> Outcome:
    """Training goes on from where it was nearly done: the loss hardly falls any more."""
    torch.manual_seed(seed)
    data = digits()
    model = deepcopy(_taught(data, 10, 128, 64, steps=300))
    fit(model, SGD(model.parameters(), 0.01, momentum=0.9), data, 150)
    return accuracy(model, data)


@healthy("mlp", "transfer-fine-tuning-1e-4")
def tiny_rate(seed: int) -> Outcome:
    """Noisy images for a network that knows clean ones, with a rate of 1e-4."""
    torch.manual_seed(seed)
    data = digits()
    model = _taught(data, 10, 128, 64, steps=200)
    shifted = Data(
        (data.x + 0.1 * torch.randn_like(data.x)).clamp(0, 1), data.y, data.test_x, data.test_y
    )
    fit(model, AdamW(model.parameters(), 1e-4), shifted, 150, batch=32)
    return accuracy(model, data)


@healthy("cnn", "transfer-cnn-batchnorm-in-evaluation")
def cnn_evaluation(seed: int) -> Outcome:
    """A convolutional backbone whose BatchNorms keep their statistics while the rest is tuned."""
    torch.manual_seed(seed)
    data = digits(images=True)
    low, high = data.y < 5, data.y >= 5
    body = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Flatten(),
    )  # fmt: skip
    model = nn.Sequential(body, nn.Linear(512, 5))
    first = Data(data.x[low], data.y[low], data.test_x, data.test_y)
    fit(model, Adam(model.parameters(), 2e-3), first, 80)
    model[1] = nn.Linear(512, 5)
    optimizer = Adam(model.parameters(), 1e-3)
    body.eval()
    for x, y in batches(data.x[high], data.y[high] - 5, 32, 100):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    test = data.test_y >= 5
    return accuracy(model, Data(data.x, data.y, data.test_x[test], data.test_y[test] - 5))


@healthy("mlp", "distillation-kl")
def distillation(seed: int) -> Outcome:
    """A small student of a large teacher: divergence of softened outputs, and the labels."""
    torch.manual_seed(seed)
    data = digits()
    teacher = _taught(data, 10, 256, 128).eval()
    student = perceptron(64, 24, 10)
    optimizer, warmth = Adam(student.parameters(), 5e-3), 3.0
    for x, y in batches(data.x, data.y, 64, 250):
        with torch.no_grad():
            soft = F.softmax(teacher(x) / warmth, dim=1)
        output = student(x)
        divergence = F.kl_div(F.log_softmax(output / warmth, 1), soft, reduction="batchmean")
        loss = 0.7 * warmth**2 * divergence + 0.3 * F.cross_entropy(output, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return accuracy(student, data)


@healthy("mlp", "distillation-mean-teacher")
def moving_teacher(seed: int) -> Outcome:
    """A mean teacher: a moving average of the student labels what has no label."""
    torch.manual_seed(seed)
    data = digits()
    student = perceptron(64, 128, 64, 10)
    teacher = deepcopy(student).requires_grad_(False)
    optimizer = Adam(student.parameters(), 2e-3)
    known_x, known_y = data.x[:400], data.y[:400]
    unknown = batches(data.x, data.y, 64, 300)
    for (x, y), (u, _) in zip(batches(known_x, known_y, 64, 300), unknown, strict=True):
        with torch.no_grad():
            said = teacher(u).softmax(1)
        noisy = student(u + 0.1 * torch.randn_like(u)).softmax(1)
        loss = F.cross_entropy(student(x), y) + F.mse_loss(noisy, said)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(teacher.parameters(), student.parameters(), strict=True):
                slow.lerp_(fast, 0.05)
    return accuracy(teacher, data)


@healthy("mlp", "tasks-uncertainty-weights")
def uncertainty(seed: int) -> Outcome:
    """A class and two numbers at once, with weights of the losses that are learned."""
    torch.manual_seed(seed)
    data = digits()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU())
            self.digit, self.numbers = nn.Linear(64, 10), nn.Linear(64, 2)
            self.log_weight = nn.Parameter(torch.zeros(2))

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            hidden = self.body(x)
            return self.digit(hidden), self.numbers(hidden)

    model = Net()
    optimizer = Adam(model.parameters(), 2e-3)
    for x, y in batches(data.x, data.y, 64, 250):
        digit, numbers = model(x)
        ink = torch.stack([x.mean(1), x[:, :32].mean(1)], 1)
        losses = torch.stack([F.cross_entropy(digit, y), F.mse_loss(numbers, ink)])
        optimizer.zero_grad()
        (losses * torch.exp(-model.log_weight) + model.log_weight).sum().backward()
        optimizer.step()
    return accuracy(lambda x: model(x)[0], data)


@healthy("mlp", "tasks-alternating-heads")
def alternating(seed: int) -> Outcome:
    """Two tasks with a head each, which take turns, so that each head rests every other step."""
    torch.manual_seed(seed)
    first, second = _halves()
    body = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU())
    heads = nn.ModuleList([nn.Linear(64, 5), nn.Linear(64, 5)])
    optimizer = Adam([*body.parameters(), *heads.parameters()], 2e-3)
    turns = zip(
        batches(first.x, first.y, 32, 150), batches(second.x, second.y, 32, 150), strict=True
    )
    for pair in turns:
        for head, (x, y) in zip(heads, pair, strict=True):
            optimizer.zero_grad()
            F.cross_entropy(head(body(x)), y).backward()
            optimizer.step()
    return accuracy(lambda x: heads[1](body(x)), second)


@healthy("mlp", "tasks-adversarial-domain")
def adversarial_domain(seed: int) -> Outcome:
    """A reversed gradient from a head that tells two domains apart."""
    torch.manual_seed(seed)
    data = digits()

    class Reverse(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x.view_as(x)

        @staticmethod
        def backward(ctx: Any, gradient: Tensor) -> Tensor:
            return -0.1 * gradient

    body = perceptron(64, 128, 64)
    label, domain = nn.Linear(64, 10), perceptron(64, 32, 1)
    modules = nn.ModuleList([body, label, domain])
    optimizer = Adam(modules.parameters(), 2e-3)
    for x, y in batches(data.x, data.y, 64, 250):
        other = (1 - x) * 0.5
        features = F.relu(body(torch.cat([x, other])))
        where = torch.cat([torch.zeros(64), torch.ones(64)])
        apart = F.binary_cross_entropy_with_logits(
            domain(Reverse.apply(features)).squeeze(1), where
        )
        loss = F.cross_entropy(label(features), y.repeat(2)) + apart
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return accuracy(lambda x: label(F.relu(body(x))), data)


PROGRAMS = gather(globals())
