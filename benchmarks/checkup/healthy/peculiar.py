"""Healthy, though one figure or another looks odd."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from data import Data, digits, tabular
from program import Outcome, healthy
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from .parts import accuracy, batches, binary_accuracy, fit, gather, loader, perceptron, standardised


@healthy("mlp", "peculiar-one-linear-layer")
def one_layer(seed: int) -> Outcome:
    """Multinomial logistic regression from zero weights."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Linear(64, 10)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    fit(model, SGD(model.parameters(), 0.5), data, 300)
    return accuracy(model, data)


@healthy("mlp", "peculiar-deep-linear")
def deep_linear(seed: int) -> Outcome:
    """Three linear layers and no activation, as in studies of how networks learn."""
    torch.manual_seed(seed)
    data = digits()
    model = nn.Sequential(nn.Linear(64, 32), nn.Linear(32, 32), nn.Linear(32, 10))
    fit(model, SGD(model.parameters(), 0.1, momentum=0.9), data, 250)
    return accuracy(model, data)


@healthy("mlp", "peculiar-plateau-first")
def plateau(seed: int) -> Outcome:
    """Small initial weights: the loss stays for a while and then falls."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 64, 64, 10, activation=nn.Tanh)
    for p in model.parameters():
        nn.init.normal_(p, std=0.02)
    fit(model, SGD(model.parameters(), 0.1, momentum=0.9), data, 400)
    return accuracy(model, data)


@healthy("mlp", "peculiar-parity-plateau")
def parity(seed: int) -> Outcome:
    """The parity of three of twelve bits, which no single bit tells of."""
    torch.manual_seed(seed)
    x = torch.randint(2, (4000, 12)).float() * 2 - 1
    y = (x[:, :3].prod(1) > 0).long()
    data = Data(x[:3000], y[:3000], x[3000:], y[3000:])
    model = perceptron(12, 128, 2)
    fit(model, Adam(model.parameters(), 3e-3), data, 400, batch=128)
    return accuracy(model, data)


@healthy("mlp", "peculiar-third-dead")
def third_dead(seed: int) -> Outcome:
    """A network a third of whose units say zero for all inputs at the start, and stay so."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 192, 96, 10)
    with torch.no_grad():
        model[0].bias[:64] = -10.0
        model[2].bias[:32] = -10.0
    fit(model, Adam(model.parameters(), 2e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "peculiar-many-zeros-relu")
def sparse_codes(seed: int) -> Outcome:
    """Biases of -0.3, so that most rectifiers are off for most inputs."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 512, 10)
    nn.init.constant_(model[0].bias, -0.3)
    fit(model, Adam(model.parameters(), 2e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "peculiar-top-k-units")
def top_k(seed: int) -> Outcome:
    """Only the sixteen largest of 128 hidden units are let through."""
    torch.manual_seed(seed)
    data = digits()

    class TopK(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.enter, self.leave = nn.Linear(64, 128), nn.Linear(128, 10)

        def forward(self, x: Tensor) -> Tensor:
            hidden = self.enter(x)
            value, place = hidden.topk(16, dim=1)
            return self.leave(torch.zeros_like(hidden).scatter(1, place, value))

    model = TopK()
    fit(model, Adam(model.parameters(), 3e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "peculiar-sparse-inputs")
def sparse_inputs(seed: int) -> Outcome:
    """Bags of words: of 400 columns, some ten are not zero."""
    torch.manual_seed(seed)
    topic = torch.randint(5, (2400,))
    chance = torch.softmax(2 * torch.randn(5, 400), 1)
    words = torch.multinomial(chance[topic], 12, replacement=True)
    x = torch.zeros(2400, 400).scatter_add(1, words, torch.ones(2400, 12))
    data = Data(x[:1800], topic[:1800], x[1800:], topic[1800:])
    model = perceptron(400, 64, 5, dropout=0.3)
    fit(model, Adam(model.parameters(), 5e-3), data, 150)
    return accuracy(model, data)


@healthy("mlp", "peculiar-sixty-steps")
def sixty_steps(seed: int) -> Outcome:
    """Sixty steps and no more."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 10, activation=nn.GELU)
    fit(model, Adam(model.parameters(), 1e-2), data, 60, batch=128)
    return accuracy(model, data)


@healthy("mlp", "peculiar-noisy-labels")
def noisy_labels(seed: int) -> Outcome:
    """A third of the labels are wrong: the loss stays high, the network is good."""
    torch.manual_seed(seed)
    data = digits()
    wrong = torch.rand(len(data.y)) < 0.33
    y = torch.where(wrong, torch.randint(10, data.y.shape), data.y)
    model = perceptron(64, 64, 10, dropout=0.2)
    noisy = Data(data.x, y, data.test_x, data.test_y)
    fit(model, AdamW(model.parameters(), 2e-3, weight_decay=0.1), noisy, 200)
    return accuracy(model, data, 0.85)


@healthy("mlp", "peculiar-batches-of-four")
def batches_of_four(seed: int) -> Outcome:
    """Four samples a step: a loss that jumps about."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 64, 10)
    fit(model, SGD(model.parameters(), 0.05), data, 1200, batch=4)
    return accuracy(model, data)


@healthy("mlp", "peculiar-one-sample-a-step")
def one_sample(seed: int) -> Outcome:
    """Online learning: one sample a step."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 48, 10, activation=nn.Tanh)
    for i in torch.randperm(len(data.x)):
        model.zero_grad()
        F.cross_entropy(model(data.x[i]), data.y[i]).backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= 0.05 * p.grad
    optimizer = SGD(model.parameters(), 0.03)
    for i in torch.randperm(len(data.x)):
        optimizer.zero_grad()
        F.cross_entropy(model(data.x[i]), data.y[i]).backward()
        optimizer.step()
    return accuracy(model, data)


@healthy("mlp", "peculiar-full-batch")
def full_batch(seed: int) -> Outcome:
    """All samples, the same at every step."""
    torch.manual_seed(seed)
    data = standardised(digits())
    model = perceptron(64, 64, 32, 10)
    optimizer = SGD(model.parameters(), 0.2, momentum=0.9)
    for _ in range(150):
        optimizer.zero_grad()
        F.cross_entropy(model(data.x), data.y).backward()
        optimizer.step()
    return accuracy(model, data)


@healthy("mlp", "peculiar-memorised")
def memorised(seed: int) -> Outcome:
    """Fifty samples learned by heart: the loss goes to nothing, and so do the gradients."""
    torch.manual_seed(seed)
    data = tabular("wine")
    model = perceptron(13, 128, 128, 3)
    x, y = data.x[:50], data.y[:50]
    optimizer = Adam(model.parameters(), 5e-3)
    for _ in range(300):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return accuracy(model, data, 0.85)


@healthy("mlp", "peculiar-epoch-loader-remainder")
def remainder(seed: int) -> Outcome:
    """A loader whose last batch has three samples, and evaluation after every epoch."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 96, 10, norm=nn.BatchNorm1d)
    optimizer = Adam(model.parameters(), 3e-3)
    for _epoch in range(8):
        model.train()
        for x, y in loader(data, 64):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            F.cross_entropy(model(data.test_x), data.test_y)
    return accuracy(model, data)


@healthy("mlp", "peculiar-cold-temperature")
def temperature(seed: int) -> Outcome:
    """A cosine classifier: unit vectors, and logits of -16 to 16."""
    torch.manual_seed(seed)
    data = digits()

    class Cosine(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = perceptron(64, 128, 32)
            self.centres = nn.Parameter(torch.randn(10, 32))

        def forward(self, x: Tensor) -> Tensor:
            return 16 * F.normalize(self.body(x)) @ F.normalize(self.centres).T

    model = Cosine()
    fit(model, Adam(model.parameters(), 2e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "peculiar-unused-head")
def unused_head(seed: int) -> Outcome:
    """A head that a later task will train, and that gets no gradient now."""
    torch.manual_seed(seed)
    data = digits()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(64, 96), nn.ReLU())
            self.digit, self.later = nn.Linear(96, 10), nn.Linear(96, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.digit(self.body(x))

    model = Net()
    fit(model, Adam(model.parameters(), 2e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "peculiar-saturated-gates")
def gates(seed: int) -> Outcome:
    """Soft decisions of a tree of depth four: sigmoids that are meant to become 0 or 1."""
    torch.manual_seed(seed)
    data = standardised(digits())

    class Tree(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.decide = nn.Linear(64, 15)
            self.leaves = nn.Parameter(torch.randn(16, 10) * 0.1)

        def forward(self, x: Tensor) -> Tensor:
            right = torch.sigmoid(self.decide(x))
            reach = torch.ones(len(x), 1)
            for depth in range(4):
                here = right[:, 2**depth - 1 : 2 ** (depth + 1) - 1]
                reach = torch.stack([reach * (1 - here), reach * here], 2).flatten(1)
            return reach @ self.leaves

    model = Tree()
    fit(model, Adam(model.parameters(), 0.03), data, 300)
    return accuracy(model, data, 0.8)


@healthy("mlp", "peculiar-binarised-straight-through")
def binarised(seed: int) -> Outcome:
    """Signs for hidden units, with the gradient let through where the input is small."""
    torch.manual_seed(seed)
    data = standardised(digits())

    class Sign(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return torch.where(x >= 0, 1.0, -1.0)

        @staticmethod
        def backward(ctx: Any, gradient: Tensor) -> Tensor:
            (x,) = ctx.saved_tensors
            return gradient * (x.abs() <= 1)

    class Binary(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return Sign.apply(x)

    model = perceptron(64, 256, 256, 10, activation=Binary, norm=nn.BatchNorm1d)
    fit(model, Adam(model.parameters(), 3e-3), data, 250)
    return accuracy(model, data)


@healthy("mlp", "peculiar-softmax-inside")
def softmax_inside(seed: int) -> Outcome:
    """A mixture of eight experts whose gate is a softmax in the middle of the network."""
    torch.manual_seed(seed)
    data = digits()

    class Mixture(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gate = nn.Linear(64, 8)
            self.experts = nn.ModuleList(perceptron(64, 24, 10) for _ in range(8))

        def forward(self, x: Tensor) -> Tensor:
            weight = self.gate(x).softmax(1)
            each = torch.stack([expert(x) for expert in self.experts], 1)
            return (weight.unsqueeze(2) * each).sum(1)

    model = Mixture()
    fit(model, Adam(model.parameters(), 3e-3), data, 250)
    return accuracy(model, data)


def _radial(seed: int, sharpness: float) -> Outcome:
    """Gaussian radial basis functions around samples, most of them near zero."""
    torch.manual_seed(seed)
    data = digits()
    centres = data.x[torch.randperm(len(data.x))[:150]].clone()

    class Radial(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.centres = nn.Parameter(centres)
            self.out = nn.Linear(150, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(torch.exp(-sharpness * torch.cdist(x, self.centres) ** 2))

    model = Radial()
    fit(model, Adam(model.parameters(), 2e-2), data, 250)
    return accuracy(model, data)


RADIAL = [healthy("mlp", "peculiar-radial-basis")(partial(_radial, sharpness=0.3))]


@healthy("mlp", "peculiar-summed-loss")
def summed_loss(seed: int) -> Outcome:
    """A loss summed over the batch, with a rate that is small for it."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 10)
    criterion = nn.CrossEntropyLoss(reduction="sum")
    optimizer = SGD(model.parameters(), 0.2 / 64, momentum=0.5)
    fit(model, optimizer, data, 250, loss=criterion)
    return accuracy(model, data)


@healthy("mlp", "peculiar-maximised-likelihood")
def maximised(seed: int) -> Outcome:
    """The log likelihood, which is below zero, is maximised."""
    torch.manual_seed(seed)
    data = tabular("breast_cancer")
    y, test_y = data.y.float(), data.test_y.float()
    model = perceptron(30, 32, 1, activation=nn.Tanh)
    optimizer = SGD(model.parameters(), 0.1, momentum=0.9, maximize=True)
    for inputs, target in batches(data.x, y, 32, 150):
        score = model(inputs).squeeze(1)
        likelihood = (target * F.logsigmoid(score) + (1 - target) * F.logsigmoid(-score)).mean()
        optimizer.zero_grad()
        likelihood.backward()
        optimizer.step()
    return binary_accuracy(model, Data(data.x, y, data.test_x, test_y))


@healthy("mlp", "peculiar-curriculum")
def curriculum(seed: int) -> Outcome:
    """Two classes first, then five, then all: the loss rises twice."""
    torch.manual_seed(seed)
    data = digits()
    model = perceptron(64, 128, 64, 10)
    optimizer = Adam(model.parameters(), 2e-3)
    for classes, steps in ((2, 60), (5, 80), (10, 200)):
        known = data.y < classes
        for x, y in batches(data.x[known], data.y[known], 64, steps):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    return accuracy(model, data)


@healthy("mlp", "peculiar-policy-gradient")
def policy_gradient(seed: int) -> Outcome:
    """A bandit with digits for contexts: the reward is 1 for the right arm."""
    torch.manual_seed(seed)
    data = digits()
    known, test = data.y < 4, data.test_y < 4
    few = Data(data.x[known], data.y[known], data.test_x[test], data.test_y[test])
    policy = perceptron(64, 64, 4, activation=nn.Tanh)
    optimizer, baseline = Adam(policy.parameters(), 1e-2), 0.25
    for x, y in batches(few.x, few.y, 128, 300):
        chosen = torch.distributions.Categorical(logits=policy(x))
        arm = chosen.sample()
        reward = (arm == y).float()
        loss = -(chosen.log_prob(arm) * (reward - baseline)).mean() - 0.01 * chosen.entropy().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        baseline = 0.9 * baseline + 0.1 * reward.mean().item()
    return accuracy(policy, few, 0.85)


@healthy("mlp", "peculiar-value-iteration")
def q_learning(seed: int) -> Outcome:
    """Q-learning of a walk on a line with a target network."""
    torch.manual_seed(seed)
    states = 12

    def network() -> nn.Sequential:
        return nn.Sequential(nn.Linear(states, 32), nn.ReLU(), nn.Linear(32, 2))

    online, target = network(), network()
    target.load_state_dict(online.state_dict())
    optimizer, eye = Adam(online.parameters(), 5e-3), torch.eye(states)
    for step in range(400):
        place, action = torch.randint(states, (64,)), torch.randint(2, (64,))
        after = (place + 2 * action - 1).clamp(0, states - 1)
        reward = (after == states - 1).float()
        with torch.no_grad():
            goal = reward + 0.8 * (1 - reward) * target(eye[after]).amax(1)
        value = online(eye[place]).gather(1, action[:, None]).squeeze(1)
        loss = F.smooth_l1_loss(value, goal)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 20 == 19:
            target.load_state_dict(online.state_dict())
    with torch.no_grad():
        best = online(eye[:-1]).amax(1)
    truth = torch.tensor([0.8 ** (states - 2 - s) for s in range(states - 1)])
    error = math.sqrt((best - truth).square().mean().item())
    return Outcome("error of values", error, 0.1, higher=False)


PROGRAMS = gather(globals())
