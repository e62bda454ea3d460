"""Every usual optimiser, schedule and trick of the step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from functools import partial

import torch
from data import digits, tabular
from program import Outcome, healthy
from torch import Tensor, nn, optim
from torch.nn import functional as F
from torch.optim import lr_scheduler
from torch.optim.swa_utils import SWALR, AveragedModel, get_ema_multi_avg_fn, update_bn

from .parts import accuracy, batches, fit, gather, loader, perceptron, standardised

Make = Callable[[Iterable[nn.Parameter]], optim.Optimizer]


def _with(seed: int, make: Make, activation: type[nn.Module], steps: int) -> Outcome:
    """Train one network with an optimiser."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 64, 10, activation=activation)
    fit(model, make(model.parameters()), data, steps)
    return accuracy(model, data)


OPTIMIZERS = [
    healthy("mlp", f"optimizer-{name}")(
        partial(_with, make=make, activation=activation, steps=steps)
    )
    for name, make, activation, steps in (
        ("sgd-lr-half", partial(optim.SGD, lr=0.5), nn.ReLU, 250),
        ("nesterov", partial(optim.SGD, lr=0.05, momentum=0.9, nesterov=True), nn.ELU, 200),
        (
            "sgd-weight-decay",
            partial(optim.SGD, lr=0.05, momentum=0.9, weight_decay=5e-4),
            nn.ReLU,
            250,
        ),
        ("adamw-weight-decay", partial(optim.AdamW, lr=3e-3, weight_decay=0.1), nn.GELU, 200),
        ("amsgrad", partial(optim.Adam, lr=2e-3, amsgrad=True), nn.Tanh, 200),
        ("adam-beta-95", partial(optim.Adam, lr=3e-3, betas=(0.9, 0.95)), nn.SiLU, 200),
        ("rmsprop-momentum", partial(optim.RMSprop, lr=5e-4, momentum=0.9), nn.ReLU, 200),
        ("adagrad", partial(optim.Adagrad, lr=0.02), nn.ReLU, 250),
        ("adadelta", partial(optim.Adadelta, lr=1.0), nn.ReLU, 350),
        ("adamax", partial(optim.Adamax, lr=5e-3), nn.ELU, 200),
        ("nadam", partial(optim.NAdam, lr=2e-3), nn.ReLU, 200),
        ("radam", partial(optim.RAdam, lr=5e-3), nn.ReLU, 250),
        ("adafactor", partial(optim.Adafactor, lr=0.02), nn.ReLU, 300),
        ("asgd", partial(optim.ASGD, lr=0.3), nn.Tanh, 300),
        ("adam-single-tensor", partial(optim.Adam, lr=2e-3, foreach=False), nn.ReLU, 200),
        ("adam-fused", partial(optim.AdamW, lr=2e-3, fused=True), nn.SiLU, 200),
    )
]


@healthy("mlp", "optimizer-rprop-full-batch")
def rprop(seed: int) -> Outcome:
    """Resilient propagation, all samples at once."""
    torch.manual_seed(seed)
    data = tabular("wine")
    model = perceptron(13, 24, 3, activation=nn.Sigmoid)
    optimizer = optim.Rprop(model.parameters(), lr=0.01)
    for _ in range(100):
        optimizer.zero_grad()
        F.cross_entropy(model(data.x), data.y).backward()
        optimizer.step()
    return accuracy(model, data)


@healthy("mlp", "optimizer-lbfgs")
def lbfgs(seed: int) -> Outcome:
    """L-BFGS with a closure, full batch, a small penalty."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 32, 10, activation=nn.Tanh)
    optimizer = optim.LBFGS(model.parameters(), lr=0.5, max_iter=2, history_size=10)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data.x), data.y)
        loss = loss + 1e-4 * sum(p.square().sum() for p in model.parameters())
        loss.backward()
        return loss

    for _ in range(80):
        optimizer.step(closure)
    return accuracy(model, data)


@healthy("mlp", "optimizer-closure-of-sgd")
def closure_of_sgd(seed: int) -> Outcome:
    """A closure given to SGD."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 100, 10)
    optimizer = optim.SGD(model.parameters(), 0.1, momentum=0.9)
    for x, y in batches(data.x, data.y, 64, 200):

        def closure(x: Tensor = x, y: Tensor = y) -> Tensor:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            return loss

        optimizer.step(closure)
    return accuracy(model, data)


@healthy("mlp", "optimizer-muon-and-adam")
def muon(seed: int) -> Outcome:
    """Muon for the hidden matrices and AdamW for the rest."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 128, 10)
    hidden = [p for p in list(model.parameters())[:-2] if p.ndim == 2]
    rest = [p for p in model.parameters() if all(p is not h for h in hidden)]
    optimizers = [optim.Muon(hidden, lr=0.02), optim.AdamW(rest, lr=2e-3)]
    for x, y in batches(data.x, data.y, 64, 200):
        for optimizer in optimizers:
            optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        for optimizer in optimizers:
            optimizer.step()
    return accuracy(model, data)


@healthy("mlp", "optimizer-for-body-and-for-head")
def two_optimizers(seed: int) -> Outcome:
    """SGD for the body, Adam for the head."""
    torch.manual_seed(seed)
    data = standardised(digits())
    body, head = nn.Sequential(nn.Linear(64, 96), nn.ReLU()), nn.Linear(96, 10)
    of_body, of_head = optim.SGD(body.parameters(), 0.05, 0.9), optim.Adam(head.parameters(), 2e-3)
    for x, y in batches(data.x, data.y, 64, 200):
        of_body.zero_grad()
        of_head.zero_grad()
        F.cross_entropy(head(body(x)), y).backward()
        of_body.step()
        of_head.step()
    return accuracy(lambda x: head(body(x)), data)


@healthy("mlp", "optimizer-parameter-groups")
def groups(seed: int) -> Outcome:
    """No decay for biases and norms, and a smaller rate for the first layer."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 96, 96, 10, activation=nn.GELU, norm=nn.LayerNorm)
    first = list(model[0].parameters())
    matrices = [p for p in list(model.parameters())[2:] if p.ndim > 1]
    vectors = [p for p in list(model.parameters())[2:] if p.ndim == 1]
    optimizer = optim.AdamW(
        [
            {"params": first, "lr": 5e-4},
            {"params": matrices, "weight_decay": 0.05},
            {"params": vectors, "weight_decay": 0.0},
        ],
        lr=2e-3,
    )
    fit(model, optimizer, data, 250)
    return accuracy(model, data)


@healthy("mlp", "optimizer-by-hand")
def by_hand(seed: int) -> Outcome:
    """Steepest descent written out, without an optimiser, as a first lesson has it."""
    torch.manual_seed(seed)
    data = digits()
    w1 = (torch.randn(64, 64) / 8).requires_grad_()
    b1 = torch.zeros(64, requires_grad=True)
    w2 = (torch.randn(64, 10) / 8).requires_grad_()
    b2 = torch.zeros(10, requires_grad=True)

    def model(x: Tensor) -> Tensor:
        return torch.tanh(x @ w1 + b1) @ w2 + b2

    for x, y in batches(data.x, data.y, 64, 300):
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        with torch.no_grad():
            for parameter in (w1, b1, w2, b2):
                assert parameter.grad is not None
                parameter -= 0.3 * parameter.grad
                parameter.grad.zero_()
    return accuracy(model, data)


@healthy("mlp", "optimizer-by-hand-of-a-module")
def by_hand_of_a_module(seed: int) -> Outcome:
    """A module whose parameters are moved by hand."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    for x, y in batches(data.x, data.y, 32, 300):
        model.zero_grad()
        F.cross_entropy(model(x), y).backward()
        with torch.no_grad():
            for p in model.parameters():
                p.sub_(p.grad, alpha=0.2)
    return accuracy(model, data)


@healthy("mlp", "optimizer-of-gradients-asked-for")
def asked_for(seed: int) -> Outcome:
    """torch.autograd.grad, and gradients put in place for the optimiser."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 96, 10, activation=nn.SiLU)
    weights = list(model.parameters())
    optimizer = optim.Adam(weights, 3e-3)
    for x, y in batches(data.x, data.y, 64, 200):
        gradients = torch.autograd.grad(F.cross_entropy(model(x), y), weights)
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.grad = gradient
        optimizer.step()
    return accuracy(model, data)


@healthy("mlp", "optimizer-sharpness-aware")
def sharpness_aware(seed: int) -> Outcome:
    """Sharpness-aware minimisation: two backward passes a step."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 96, 64, 10)
    optimizer = optim.SGD(model.parameters(), 0.1, momentum=0.9)
    for x, y in batches(data.x, data.y, 64, 200):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
        moves = [0.05 * p.grad / (norm + 1e-12) for p in model.parameters()]
        with torch.no_grad():
            for p, move in zip(model.parameters(), moves, strict=True):
                p.add_(move)
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        with torch.no_grad():
            for p, move in zip(model.parameters(), moves, strict=True):
                p.sub_(move)
        optimizer.step()
    return accuracy(model, data)


@healthy("mlp", "optimizer-clipped-norm")
def clipped_norm(seed: int) -> Outcome:
    """Clipping of the norm that acts at nearly every step."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 128, 10)
    fit(model, optim.SGD(model.parameters(), 0.5), data, 250, clip=0.5)
    return accuracy(model, data)


@healthy("mlp", "optimizer-clipped-values")
def clipped_values(seed: int) -> Outcome:
    """Clipping of every gradient's value."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 96, 96, 10, activation=nn.Tanh)
    optimizer = optim.SGD(model.parameters(), 0.1, momentum=0.9)
    for x, y in batches(data.x, data.y, 64, 250):
        optimizer.zero_grad(set_to_none=False)
        F.cross_entropy(model(x), y).backward()
        nn.utils.clip_grad_value_(model.parameters(), 0.1)
        optimizer.step()
    return accuracy(model, data)


@healthy("mlp", "optimizer-accumulated-gradients")
def accumulated(seed: int) -> Outcome:
    """Gradients of four batches of sixteen, then a step."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 64, 10)
    optimizer = optim.AdamW(model.parameters(), 3e-3)
    for i, (x, y) in enumerate(batches(data.x, data.y, 16, 600)):
        (F.cross_entropy(model(x), y) / 4).backward()
        if i % 4 == 3:
            optimizer.step()
            optimizer.zero_grad()
    return accuracy(model, data)


@healthy("mlp", "optimizer-moving-average-of-weights")
def moving_average(seed: int) -> Outcome:
    """An exponential moving average of the weights, which is what is tested."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 10)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.98))
    optimizer = optim.Adam(model.parameters(), 3e-3)
    for x, y in batches(data.x, data.y, 64, 300):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        average.update_parameters(model)
    return accuracy(average, data)


@healthy("mlp", "optimizer-stochastic-weight-averaging")
def swa(seed: int) -> Outcome:
    """SWA with BatchNorm, whose statistics are made anew at the end."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 96, 10, norm=nn.BatchNorm1d)
    average = AveragedModel(model)
    optimizer = optim.SGD(model.parameters(), 0.1, momentum=0.9)
    cosine = lr_scheduler.CosineAnnealingLR(optimizer, 8)
    constant = SWALR(optimizer, swa_lr=0.05, anneal_epochs=2)
    epochs = loader(data, 64)
    for epoch in range(14):
        for x, y in epochs:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        if epoch >= 8:
            average.update_parameters(model)
            constant.step()
        else:
            cosine.step()
    update_bn(epochs, average)
    return accuracy(average, data)


@healthy("mlp", "optimizer-lookahead")
def lookahead(seed: int) -> Outcome:
    """Every five steps, half the way back to slow weights."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 96, 64, 10, activation=nn.Mish)
    slow = deepcopy(model)
    optimizer = optim.Adam(model.parameters(), 5e-3)
    for step, (x, y) in enumerate(batches(data.x, data.y, 64, 250), 1):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        if step % 5 == 0:
            with torch.no_grad():
                for fast, kept in zip(model.parameters(), slow.parameters(), strict=True):
                    kept.lerp_(fast, 0.5)
                    fast.copy_(kept)
    return accuracy(model, data)


Schedule = Callable[[optim.Optimizer], lr_scheduler.LRScheduler]


def _scheduled(seed: int, rate: float, schedule: Schedule, sgd: bool) -> Outcome:
    """Train with a schedule of 300 steps."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 64, 10)
    weights = model.parameters()
    optimizer = optim.SGD(weights, rate, 0.9) if sgd else optim.AdamW(weights, rate)
    fit(model, optimizer, data, 300, schedule=schedule(optimizer))
    return accuracy(model, data)


def _warm_up_and_cosine(optimizer: optim.Optimizer) -> lr_scheduler.LRScheduler:
    warm_up = lr_scheduler.LinearLR(optimizer, 0.01, total_iters=40)
    cosine = lr_scheduler.CosineAnnealingLR(optimizer, 260)
    return lr_scheduler.SequentialLR(optimizer, [warm_up, cosine], [40])


SCHEDULES = [
    healthy("mlp", f"schedule-{name}")(partial(_scheduled, rate=rate, schedule=schedule, sgd=sgd))
    for name, rate, schedule, sgd in (
        ("cosine", 0.1, partial(lr_scheduler.CosineAnnealingLR, T_max=300), True),
        (
            "one-cycle",
            0.01,
            partial(lr_scheduler.OneCycleLR, max_lr=0.01, total_steps=301),
            False,
        ),
        ("warm-up-and-cosine", 0.005, _warm_up_and_cosine, False),
        ("steps", 0.1, partial(lr_scheduler.MultiStepLR, milestones=[120, 220]), True),
        ("exponential", 0.1, partial(lr_scheduler.ExponentialLR, gamma=0.99), True),
        (
            "warm-restarts",
            0.01,
            partial(lr_scheduler.CosineAnnealingWarmRestarts, T_0=60, T_mult=2),
            False,
        ),
        (
            "cyclic",
            0.1,
            partial(lr_scheduler.CyclicLR, base_lr=0.01, max_lr=0.1, step_size_up=50),
            True,
        ),
        (
            "inverse-square-root",
            0.01,
            partial(
                lr_scheduler.LambdaLR,
                lr_lambda=lambda step: min((step + 1) / 30, ((step + 1) / 30) ** -0.5),
            ),
            False,
        ),
    )
]


@healthy("mlp", "schedule-on-plateau")
def on_plateau(seed: int) -> Outcome:
    """The rate halved when the test loss stops falling, with early stopping's copy."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 64, 64, 10, dropout=0.1)
    optimizer = optim.Adam(model.parameters(), 5e-3)
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    best, kept = float("inf"), deepcopy(model.state_dict())
    for _epoch in range(12):
        model.train()
        for x, y in loader(data, 64):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            loss = F.cross_entropy(model(data.test_x), data.test_y).item()
        schedule.step(loss)
        if loss < best:
            best, kept = loss, deepcopy(model.state_dict())
    model.load_state_dict(kept)
    return accuracy(model, data)


PROGRAMS = gather(globals())
