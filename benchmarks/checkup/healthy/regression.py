"""Targets that are numbers: tables, curves, distributions, a differential equation."""

from __future__ import annotations

import math
from functools import cache, partial

import torch
from data import Data, tabular
from program import Outcome, healthy
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import LBFGS, SGD, Adam, AdamW

from .parts import Loss, batches, explained, fit, gather, perceptron


def _flat(loss: Loss) -> Loss:
    return lambda output, target: loss(output.squeeze(-1), target)


@cache
def _sine(noise: float = 0.05) -> Data:
    """Return points of a sine over three periods."""
    generator = torch.Generator().manual_seed(3)
    x = torch.rand(1200, 1, generator=generator) * 6 - 3
    y = torch.sin(3 * x[:, 0]) + noise * torch.randn(1200, generator=generator)
    return Data(x[:900], y[:900], x[900:], y[900:])


@cache
def _surface() -> Data:
    """Return points of Friedman's function of ten variables, five of which matter."""
    generator = torch.Generator().manual_seed(4)
    x = torch.rand(2000, 10, generator=generator)
    y = 10 * torch.sin(math.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2
    y = y + 10 * x[:, 3] + 5 * x[:, 4] + torch.randn(2000, generator=generator)
    return Data(x[:1500], y[:1500], x[1500:], y[1500:])


@healthy("mlp", "regression-linear-diabetes")
def linear(seed: int) -> Outcome:
    """Linear regression by steepest descent."""
    torch.manual_seed(seed)
    data = tabular("diabetes")
    model = nn.Linear(10, 1)
    fit(model, SGD(model.parameters(), 0.02), data, 200, batch=32, loss=_flat(F.mse_loss))
    return explained(model, data, 0.25)


def _diabetes(seed: int, loss: Loss, activation: type[nn.Module]) -> Outcome:
    """Train a small network, with weight decay, on the diabetics."""
    torch.manual_seed(seed)
    data = tabular("diabetes")
    model = perceptron(10, 32, 16, 1, activation=activation)
    optimizer = AdamW(model.parameters(), 3e-3, weight_decay=0.1)
    fit(model, optimizer, data, 120, batch=32, loss=_flat(loss))
    return explained(model, data, 0.25)


DIABETES = [
    healthy("mlp", f"regression-diabetes-{name}")(
        partial(_diabetes, loss=loss, activation=activation)
    )
    for name, loss, activation in (
        ("mse", F.mse_loss, nn.ReLU),
        ("l1", F.l1_loss, nn.Tanh),
        ("huber", nn.HuberLoss(delta=0.5), nn.SiLU),
        ("smooth-l1", F.smooth_l1_loss, nn.ELU),
    )
]


@healthy("mlp", "regression-sine-tanh")
def sine_tanh(seed: int) -> Outcome:
    """A sine by two tanh layers."""
    torch.manual_seed(seed)
    data = _sine()
    model = perceptron(1, 64, 64, 1, activation=nn.Tanh)
    fit(model, Adam(model.parameters(), 1e-2), data, 400, loss=_flat(F.mse_loss))
    return explained(model, data, 0.9)


@healthy("mlp", "regression-sine-relu-full-batch")
def sine_relu(seed: int) -> Outcome:
    """A sine by rectifiers, all points at once."""
    torch.manual_seed(seed)
    data = _sine()
    model = perceptron(1, 100, 100, 100, 1)
    optimizer = Adam(model.parameters(), 3e-3)
    for _ in range(400):
        optimizer.zero_grad()
        ((model(data.x).squeeze() - data.y) ** 2).mean().backward()
        optimizer.step()
    return explained(model, data, 0.9)


@healthy("mlp", "regression-sine-fourier-features")
def sine_fourier(seed: int) -> Outcome:
    """A sine from random Fourier features, with a step-wise schedule."""
    torch.manual_seed(seed)
    data = _sine(0.1)

    class Net(nn.Module):
        frequencies: Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("frequencies", torch.randn(1, 32) * 2)
            self.body = perceptron(64, 64, 1, activation=nn.SiLU)

        def forward(self, x: Tensor) -> Tensor:
            angles = x @ self.frequencies
            return self.body(torch.cat([angles.sin(), angles.cos()], 1))

    model = Net()
    optimizer = Adam(model.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 100, 0.3)
    fit(model, optimizer, data, 300, loss=_flat(F.mse_loss), schedule=schedule)
    return explained(model, data, 0.9)


@healthy("mlp", "regression-sine-lbfgs")
def sine_lbfgs(seed: int) -> Outcome:
    """L-BFGS with a closure and a line search."""
    torch.manual_seed(seed)
    data = _sine()
    model = perceptron(1, 24, 24, 1, activation=nn.Tanh)
    optimizer = LBFGS(model.parameters(), lr=1.0, max_iter=4, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.mse_loss(model(data.x)[:, 0], data.y)
        loss.backward()
        return loss

    for _ in range(80):
        optimizer.step(closure)
    return explained(model, data, 0.9)


@healthy("mlp", "regression-friedman-batchnorm")
def friedman(seed: int) -> Outcome:
    """Targets of mean 14 and deviation 5, as they come, with BatchNorm in the network."""
    torch.manual_seed(seed)
    data = _surface()
    model = perceptron(10, 64, 64, 1, norm=nn.BatchNorm1d)
    optimizer = Adam(model.parameters(), 1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 400)
    fit(model, optimizer, data, 400, loss=_flat(F.mse_loss), schedule=schedule)
    return explained(model, data, 0.8)


@healthy("mlp", "regression-friedman-standardised-target")
def friedman_standardised(seed: int) -> Outcome:
    """The same with targets standardised, one-cycle schedule and gelu."""
    torch.manual_seed(seed)
    raw = _surface()
    mean, deviation = raw.y.mean(), raw.y.std()
    data = Data(raw.x, (raw.y - mean) / deviation, raw.test_x, (raw.test_y - mean) / deviation)
    model = perceptron(10, 128, 64, 1, activation=nn.GELU)
    optimizer = AdamW(model.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=300)
    fit(model, optimizer, data, 300, loss=_flat(F.mse_loss), schedule=schedule)
    return explained(model, data, 0.8)


@healthy("mlp", "regression-gaussian-nll")
def gaussian_nll(seed: int) -> Outcome:
    """Mean and variance, the latter a softplus, by the normal likelihood."""
    torch.manual_seed(seed)
    data = _sine(0.2)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(1, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh())
            self.mean, self.spread = nn.Linear(64, 1), nn.Linear(64, 1)

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            hidden = self.body(x)
            return self.mean(hidden).squeeze(1), F.softplus(self.spread(hidden)).squeeze(1) + 1e-4

    model, criterion = Net(), nn.GaussianNLLLoss()
    optimizer = Adam(model.parameters(), 5e-3)
    for x, y in batches(data.x, data.y, 100, 400):
        optimizer.zero_grad()
        mean, variance = model(x)
        criterion(mean, y, variance).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
    return explained(lambda x: model(x)[0], data, 0.8)


@healthy("mlp", "regression-log-variance")
def log_variance(seed: int) -> Outcome:
    """Mean and log variance from one layer, terms weighted so that noise is no way out."""
    torch.manual_seed(seed)
    data = _sine(0.1)
    model = perceptron(1, 96, 96, 2, activation=nn.SiLU)
    optimizer = Adam(model.parameters(), 3e-3)
    for x, y in batches(data.x, data.y, 64, 400):
        mean, log_scale = model(x).unbind(1)
        nll = 0.5 * (y - mean) ** 2 * torch.exp(-log_scale) + 0.5 * log_scale
        loss = (nll * torch.exp(0.5 * log_scale).detach()).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return explained(lambda x: model(x)[:, 0], data, 0.7)


@healthy("mlp", "regression-quantiles")
def quantiles(seed: int) -> Outcome:
    """Three quantiles by the pinball loss."""
    torch.manual_seed(seed)
    data = _surface()
    levels = torch.tensor([0.1, 0.5, 0.9])
    mean, deviation = data.y.mean(), data.y.std()
    model = perceptron(10, 64, 64, 3)
    optimizer = Adam(model.parameters(), 5e-3)
    for x, y in batches(data.x, (data.y - mean) / deviation, 64, 300):
        error = y[:, None] - model(x)
        loss = torch.maximum(levels * error, (levels - 1) * error).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return explained(lambda x: model(x)[:, 1] * deviation + mean, data, 0.75)


@healthy("mlp", "regression-poisson-counts")
def poisson(seed: int) -> Outcome:
    """Counts by the Poisson likelihood of a log rate."""
    torch.manual_seed(seed)
    x = torch.rand(2000, 4) * 2 - 1
    rate = torch.exp(1 + x[:, 0] - 0.8 * x[:, 1] * x[:, 2])
    y = torch.poisson(rate)
    data = Data(x[:1500], y[:1500], x[1500:], rate[1500:])
    model = perceptron(4, 48, 48, 1, activation=nn.ELU)
    criterion = nn.PoissonNLLLoss(log_input=True)
    fit(model, Adam(model.parameters(), 3e-3), data, 300, loss=_flat(criterion))
    return explained(lambda x: model(x).exp(), data, 0.7)


@healthy("mlp", "regression-positive-softplus-output")
def positive(seed: int) -> Outcome:
    """A positive target through a softplus at the end."""
    torch.manual_seed(seed)
    x = torch.rand(1500, 3) * 2 - 1
    y = torch.exp(x.sum(1)) + 0.05 * torch.randn(1500).abs()
    data = Data(x[:1000], y[:1000], x[1000:], y[1000:])
    model = nn.Sequential(
        nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1), nn.Softplus()
    )
    fit(model, Adam(model.parameters(), 5e-3), data, 300, loss=_flat(F.mse_loss))
    return explained(model, data, 0.9)


@healthy("mlp", "regression-bounded-tanh-output")
def bounded(seed: int) -> Outcome:
    """A target in [-1, 1] through a tanh at the end, as for a steering angle."""
    torch.manual_seed(seed)
    x = torch.randn(1500, 6)
    y = 0.8 * torch.tanh(x[:, 0] * x[:, 1] + 0.5 * x[:, 2])
    data = Data(x[:1200], y[:1200], x[1200:], y[1200:])
    model = nn.Sequential(
        nn.Linear(6, 96), nn.ReLU(), nn.Linear(96, 96), nn.ReLU(), nn.Linear(96, 1), nn.Tanh()
    )
    fit(model, Adam(model.parameters(), 3e-3), data, 400, loss=_flat(F.mse_loss))
    return explained(model, data, 0.7)


@healthy("mlp", "regression-mixture-density")
def mixture_density(seed: int) -> Outcome:
    """Bishop's inverse problem: a mixture of five normals whose weights depend on the input."""
    torch.manual_seed(seed)
    t = torch.rand(2000, 1)
    x = t + 0.3 * torch.sin(2 * math.pi * t) + 0.05 * torch.randn(2000, 1)
    test_x, test_t, x, t = x[1500:], t[1500:], x[:1500], t[:1500]
    model = perceptron(1, 64, 64, 15, activation=nn.Tanh)

    def nll(x: Tensor, t: Tensor) -> Tensor:
        weight, mean, log_scale = model(x).chunk(3, 1)
        each = -0.5 * ((t - mean) / log_scale.exp()) ** 2 - log_scale - 0.5 * math.log(2 * math.pi)
        return -torch.logsumexp(F.log_softmax(weight, 1) + each, 1).mean()

    optimizer = Adam(model.parameters(), 5e-3)
    for inputs, target in batches(x, t, 128, 400):
        optimizer.zero_grad()
        nll(inputs, target).backward()
        optimizer.step()
    with torch.no_grad():
        return Outcome("test loss in nats", nll(test_x, test_t).item(), -0.4, higher=False)


@healthy("mlp", "regression-siren-picture")
def siren(seed: int) -> Outcome:
    """A sine representation network of an image, with its own initialisation."""
    torch.manual_seed(seed)
    axis = torch.linspace(-1, 1, 32)
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    picture = torch.sin(6 * grid[:, 0]) * torch.cos(4 * grid[:, 1]) + 0.3 * (grid.norm(dim=1) < 0.6)

    class Sine(nn.Module):
        def __init__(self, fan_in: int, fan_out: int, first: bool = False) -> None:
            super().__init__()
            self.linear = nn.Linear(fan_in, fan_out)
            bound = 1 / fan_in if first else math.sqrt(6 / fan_in) / 30
            nn.init.uniform_(self.linear.weight, -bound, bound)

        def forward(self, x: Tensor) -> Tensor:
            return torch.sin(30 * self.linear(x))

    model = nn.Sequential(Sine(2, 64, True), Sine(64, 64), Sine(64, 64), nn.Linear(64, 1))
    data = Data(grid, picture, grid, picture)
    optimizer = Adam(model.parameters(), 5e-4)
    fit(model, optimizer, data, 250, batch=256, loss=_flat(F.mse_loss))
    return explained(model, data, 0.9)


@healthy("mlp", "regression-physics-informed")
def physics_informed(seed: int) -> Outcome:
    """The damped oscillator from its equation alone, with derivatives inside of the loss."""
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Linear(1, 48), nn.Linear(48, 48), nn.Linear(48, 1)

        def forward(self, t: Tensor) -> Tensor:
            # The start, u(0) = 1 and u'(0) = 0, is built in.
            return 1 + t**2 * self.c(torch.sin(self.b(torch.sin(self.a(t)))))

    model = Net()
    optimizer = Adam(model.parameters(), 5e-3)
    for _ in range(400):
        t = (torch.rand(100, 1) * 3).requires_grad_()
        u = model(t)
        (first,) = torch.autograd.grad(u.sum(), t, create_graph=True)
        (second,) = torch.autograd.grad(first.sum(), t, create_graph=True)
        loss = (second + 0.4 * first + 4 * u).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    t = torch.linspace(0, 3, 100)[:, None]
    omega = math.sqrt(4 - 0.04)
    truth = torch.exp(-0.2 * t) * (torch.cos(omega * t) + 0.2 / omega * torch.sin(omega * t))
    return explained(model, Data(t, truth, t, truth), 0.9)


@healthy("mlp", "regression-many-outputs")
def many_outputs(seed: int) -> Outcome:
    """Two angles of a robot's arm and where its hand is."""
    torch.manual_seed(seed)
    angle = torch.rand(2000, 2) * math.pi / 2
    both = angle.sum(1)
    hand = torch.stack(
        [angle[:, 0].cos() + 0.7 * both.cos(), angle[:, 0].sin() + 0.7 * both.sin()], 1
    )
    data = Data(hand[:1500], angle[:1500], hand[1500:], angle[1500:])
    model = perceptron(2, 64, 64, 2, activation=nn.SiLU)
    fit(model, Adam(model.parameters(), 5e-3), data, 400, loss=F.mse_loss)
    return explained(model, data, 0.85)


@healthy("mlp", "regression-categorical-embeddings")
def categorical(seed: int) -> Outcome:
    """Embeddings of two categories beside numbers."""
    torch.manual_seed(seed)
    city, day, number = torch.randint(30, (3000,)), torch.randint(7, (3000,)), torch.randn(3000, 3)
    effect, week = torch.randn(30), torch.randn(7)
    y = effect[city] + week[day] * number[:, 0] + 0.1 * torch.randn(3000)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.city, self.day = nn.Embedding(30, 8), nn.Embedding(7, 4)
            self.body = perceptron(15, 64, 32, 1, dropout=0.05)

        def forward(self, x: Tensor) -> Tensor:
            parts = (self.city(x[:, 0].long()), self.day(x[:, 1].long()), x[:, 2:])
            return self.body(torch.cat(parts, 1)).squeeze(1)

    x = torch.cat([city[:, None], day[:, None], number], 1)
    data = Data(x[:2500], y[:2500], x[2500:], y[2500:])
    model = Net()
    fit(model, Adam(model.parameters(), 1e-2), data, 400, loss=F.mse_loss)
    return explained(model, data, 0.8)


@healthy("mlp", "regression-matrix-factorisation")
def matrix_factorisation(seed: int) -> Outcome:
    """Ratings by users and films, from two embeddings and their biases."""
    torch.manual_seed(seed)
    users, films = torch.randn(60, 3), torch.randn(50, 3)
    pairs = torch.cartesian_prod(torch.arange(60), torch.arange(50))[torch.randperm(3000)]
    rating = (users[pairs[:, 0]] * films[pairs[:, 1]]).sum(1) + 0.1 * torch.randn(3000)
    data = Data(pairs[:2500], rating[:2500], pairs[2500:], rating[2500:])

    class Factors(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.user, self.film = nn.Embedding(60, 8), nn.Embedding(50, 8)
            self.user_bias, self.film_bias = nn.Embedding(60, 1), nn.Embedding(50, 1)
            for table in (self.user, self.film):
                nn.init.normal_(table.weight, std=0.1)
            for table in (self.user_bias, self.film_bias):
                nn.init.zeros_(table.weight)

        def forward(self, x: Tensor) -> Tensor:
            user, film = x.unbind(1)
            score = (self.user(user) * self.film(film)).sum(1, keepdim=True)
            return (score + self.user_bias(user) + self.film_bias(film)).squeeze(1)

    model = Factors()
    optimizer = Adam(model.parameters(), 0.02, weight_decay=1e-5)
    fit(model, optimizer, data, 350, batch=128, loss=F.mse_loss)
    return explained(model, data, 0.7)


PROGRAMS = gather(globals())
