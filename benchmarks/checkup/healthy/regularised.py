"""Perceptrons with dropout, norms, penalties, and labels that are not plain."""

from __future__ import annotations

import torch
from data import digits, tabular
from program import Outcome, healthy
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm, weight_norm
from torch.optim import SGD, Adam, AdamW

from .parts import accuracy, batches, fit, gather, perceptron, standardised


@healthy("mlp", "mlp-dropout")
def dropout(seed: int) -> Outcome:
    """Dropout of a fifth behind every hidden layer."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 128, 10, dropout=0.2)
    fit(model, Adam(model.parameters(), 2e-3), data, 300)
    return accuracy(model, data)


@healthy("mlp", "mlp-dropout-of-half")
def dropout_of_half(seed: int) -> Outcome:
    """Dropout as first published: a fifth of the inputs and half of the hidden units."""
    torch.manual_seed(seed)
    data = digits()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = nn.ModuleList([nn.Linear(64, 256), nn.Linear(256, 256)])
            self.out = nn.Linear(256, 10)

        def forward(self, x: Tensor) -> Tensor:
            x = F.dropout(x, 0.2, self.training)
            for layer in self.hidden:
                x = F.dropout(F.relu(layer(x)), 0.5, self.training)
            return self.out(x)

    model = Net()
    fit(model, Adam(model.parameters(), 2e-3), data, 300)
    return accuracy(model, data)


@healthy("mlp", "mlp-weight-norm")
def weight_normalised(seed: int) -> Outcome:
    """Weight normalisation of every layer."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(
        weight_norm(nn.Linear(64, 128)),
        nn.ReLU(),
        weight_norm(nn.Linear(128, 64)),
        nn.ReLU(),
        weight_norm(nn.Linear(64, 10)),
    )
    fit(model, Adam(model.parameters(), 3e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "mlp-spectral-norm")
def spectrally_normalised(seed: int) -> Outcome:
    """Spectral normalisation of the hidden layers."""
    torch.manual_seed(seed)
    data = standardised(digits())
    model = nn.Sequential(
        spectral_norm(nn.Linear(64, 128)),
        nn.LeakyReLU(0.1),
        spectral_norm(nn.Linear(128, 128)),
        nn.LeakyReLU(0.1),
        nn.Linear(128, 10),
    )
    fit(model, Adam(model.parameters(), 2e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "mlp-batchnorm-before-relu")
def batchnorm_before(seed: int) -> Outcome:
    """BatchNorm between layer and rectifier, and no biases where it makes them useless."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(
        nn.Linear(64, 128, bias=False),
        nn.BatchNorm1d(128),
        nn.ReLU(),
        nn.Linear(128, 64, bias=False),
        nn.BatchNorm1d(64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )
    fit(model, SGD(model.parameters(), 0.1), data, 200)
    return accuracy(model, data)


@healthy("mlp", "mlp-batchnorm-after-sigmoid")
def batchnorm_after(seed: int) -> Outcome:
    """BatchNorm behind sigmoids."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(
        nn.Linear(64, 64),
        nn.Sigmoid(),
        nn.BatchNorm1d(64),
        nn.Linear(64, 64),
        nn.Sigmoid(),
        nn.BatchNorm1d(64),
        nn.Linear(64, 10),
    )
    fit(model, Adam(model.parameters(), 3e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "mlp-rms-norm")
def rms_norm(seed: int) -> Outcome:
    """Root-mean-square normalisation and silu."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 96, 96, 96, 10, activation=nn.SiLU, norm=nn.RMSNorm)
    fit(model, AdamW(model.parameters(), 2e-3), data, 200)
    return accuracy(model, data)


@healthy("mlp", "mlp-unscaled-inputs-batchnorm")
def unscaled_inputs(seed: int) -> Outcome:
    """Columns of very different scale, which a first BatchNorm puts right."""
    torch.manual_seed(seed)
    data = tabular("wine")
    scale, shift = torch.logspace(-2, 3, 13), torch.linspace(-500.0, 1000.0, 13)
    x, test_x = data.x * scale + shift, data.test_x * scale + shift
    model = nn.Sequential(
        nn.BatchNorm1d(13), nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(),
        nn.Linear(16, 3),
    )  # fmt: skip
    raw = type(data)(x, data.y, test_x, data.test_y)
    fit(model, Adam(model.parameters(), 5e-3), raw, 200, batch=32)
    return accuracy(model, raw)


@healthy("mlp", "mlp-l1-penalty")
def l1_penalty(seed: int) -> Outcome:
    """An L1 penalty on the weights, which makes many of them small."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 100, 10)
    optimizer = Adam(model.parameters(), 3e-3)
    for x, y in batches(data.x, data.y, 64, 300):
        optimizer.zero_grad()
        penalty = sum(p.abs().sum() for name, p in model.named_parameters() if "weight" in name)
        (F.cross_entropy(model(x), y) + 1e-4 * penalty).backward()
        optimizer.step()
    return accuracy(model, data)


@healthy("mlp", "mlp-l2-penalty")
def l2_penalty(seed: int) -> Outcome:
    """A quadratic penalty by hand."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 64, 10, activation=nn.Tanh)
    optimizer = SGD(model.parameters(), 0.1, momentum=0.9)
    for x, y in batches(data.x, data.y, 64, 250):
        loss = F.cross_entropy(model(x), y)
        loss = loss + 0.5e-3 * sum(p.pow(2).sum() for p in model.parameters())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return accuracy(model, data)


@healthy("mlp", "mlp-label-smoothing")
def label_smoothing(seed: int) -> Outcome:
    """Smoothed labels."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 64, 10)
    fit(
        model,
        Adam(model.parameters(), 2e-3),
        data,
        250,
        loss=nn.CrossEntropyLoss(label_smoothing=0.1),
    )
    return accuracy(model, data)


@healthy("mlp", "mlp-soft-targets")
def soft_targets(seed: int) -> Outcome:
    """Probabilities for targets: nine tenths for the label, the rest for its neighbours."""
    torch.manual_seed(seed)
    data = digits()
    table = torch.eye(10) * 0.9 + 0.05 * (torch.eye(10).roll(1, 1) + torch.eye(10).roll(-1, 1))
    model = perceptron(64, 96, 96, 10, activation=nn.ELU)
    optimizer = Adam(model.parameters(), 2e-3)
    for x, y in batches(data.x, data.y, 64, 250):
        optimizer.zero_grad()
        F.cross_entropy(model(x), table[y]).backward()
        optimizer.step()
    return accuracy(model, data)


@healthy("mlp", "mlp-mixup")
def mixup(seed: int) -> Outcome:
    """Mixtures of two samples, and of their losses."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 128, 10)
    optimizer = Adam(model.parameters(), 2e-3)
    beta = torch.distributions.Beta(0.4, 0.4)
    for x, y in batches(data.x, data.y, 64, 300):
        share, other = beta.sample(), torch.randperm(len(x))
        output = model(share * x + (1 - share) * x[other])
        loss = share * F.cross_entropy(output, y) + (1 - share) * F.cross_entropy(output, y[other])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return accuracy(model, data)


@healthy("mlp", "mlp-class-weights")
def class_weights(seed: int) -> Outcome:
    """Classes of very different size, weighted by the inverse of it."""
    torch.manual_seed(seed)
    data = digits()
    keep = (data.y % 2 == 0) | (torch.rand(len(data.y)) < 0.15)
    x, y = data.x[keep], data.y[keep]
    weight = len(y) / (10 * torch.bincount(y, minlength=10).float())
    model = perceptron(64, 128, 64, 10)
    fit(
        model,
        Adam(model.parameters(), 2e-3),
        type(data)(x, y, data.test_x, data.test_y),
        250,
        loss=nn.CrossEntropyLoss(weight),
    )
    return accuracy(model, data, 0.85)


@healthy("mlp", "mlp-noise-injection")
def noise_injection(seed: int) -> Outcome:
    """Normal noise on inputs and hidden units."""
    torch.manual_seed(seed)
    data = digits()

    class Noise(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x + 0.1 * torch.randn_like(x) if self.training else x

    model = nn.Sequential(
        Noise(), nn.Linear(64, 128), nn.ReLU(), Noise(), nn.Linear(128, 64), nn.ReLU(), Noise(),
        nn.Linear(64, 10),
    )  # fmt: skip
    fit(model, Adam(model.parameters(), 2e-3), data, 250)
    return accuracy(model, data)


PROGRAMS = gather(globals())
