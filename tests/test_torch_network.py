"""Whole networks and scripts: a changed import, a loaded checkpoint, a compiled network."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch
from torch_subjects import TORCHS_OWN_WARNINGS, Subject

from ogive.torch import nn

pytestmark = TORCHS_OWN_WARNINGS


@pytest.fixture(autouse=True)
def _forget_compiled_code() -> Iterator[None]:
    yield
    torch.compiler.reset()


def build(module) -> torch.nn.Module:
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3),
        torch.nn.BatchNorm2d(4),
        module.SiLU(inplace=True),
        torch.nn.Flatten(),
        torch.nn.Linear(4 * 36, 8),
        module.GELU(),
        torch.nn.Linear(8, 3),
        module.LogSoftmax(dim=1),
    )


def test_a_checkpoint_loads_and_the_network_is_the_same():
    theirs = build(torch.nn).double()
    own = build(nn).double()
    own.load_state_dict(theirs.state_dict())
    x = torch.randn(5, 1, 8, 8, dtype=torch.float64)
    target = torch.tensor([0, 1, 2, 0, 1])
    losses = [torch.nn.functional.nll_loss(network(x), target) for network in (theirs, own)]
    torch.testing.assert_close(*losses)
    for loss in losses:
        loss.backward()
    for a, b in zip(theirs.parameters(), own.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad)


SCRIPT = """
import torch
import {package}.nn as nn
import {package}.nn.functional as F
from {package}.nn import Linear, Module, init
from {package}.nn.functional import softplus


class Network(Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv1d(2, 4, 3, padding=1)
        self.slopes = nn.PReLU(4)
        self.scale = nn.Parameter(torch.ones(1))
        self.head = Linear(4, 3)
        init.zeros_(self.head.bias)

    def forward(self, x):
        x = self.slopes(self.convolution(x))
        x = F.hardtanh(F.elu_(x * self.scale), -3.0, 3.0)
        x = F.dropout(F.rrelu(x, training=self.training), 0.5, self.training)
        x = softplus(F.adaptive_avg_pool1d(x, 1).flatten(1))
        return F.log_softmax(self.head(x), dim=1)


torch.manual_seed(0)
network = Network()
optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
x, target = torch.randn(8, 2, 6), torch.arange(8) % 3
for _ in range(3):
    optimizer.zero_grad()
    loss = F.nll_loss(network(x), target)
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
"""


def test_a_script_with_its_imports_changed_trains_the_same_network():
    states = []
    for package in ("torch", "ogive.torch"):
        names: dict[str, object] = {}
        exec(SCRIPT.format(package=package), names)
        states.append(names["network"].state_dict())
    torch.testing.assert_close(states[0], states[1])


def test_all_other_names_are_torchs():
    theirs = {name for name in dir(torch.nn) if not name.startswith("_")}
    assert theirs <= set(dir(nn))
    assert set(nn.__all__) <= set(dir(nn))
    for name in theirs - set(vars(nn)):
        assert getattr(nn, name) is getattr(torch.nn, name)
    with pytest.raises(
        AttributeError, match=r"module 'ogive\.torch\.nn' has no attribute 'Rectifier'"
    ):
        nn.Rectifier  # noqa: B018


# The mean in ABReLU makes of it no elementwise function, but it has one argument like the others.
MODULES = [(name, nn.activation(name).double()) for name in nn.MODULES]


def test_a_network_of_every_module_compiles_without_a_break():
    # In training RReLU draws, and the compiler draws its own.
    network = torch.nn.ModuleList(module for _, module in MODULES).eval()

    def every(*arguments: torch.Tensor) -> list[torch.Tensor]:
        return [module(x * 1.0) for module, x in zip(network, arguments, strict=True)]

    compiled = torch.compile(every, backend="aot_eager", fullgraph=True)
    arguments = [
        Subject(name).sample(2, 3, dtype=torch.float64).requires_grad_() for name, _ in MODULES
    ]
    operands = [*arguments, *network.parameters()]
    results = [function(*arguments) for function in (compiled, every)]
    slopes = [torch.autograd.grad(sum(y.sum() for y in ys), operands) for ys in results]
    for (name, _), *pair in zip(MODULES, *results, strict=True):
        torch.testing.assert_close(*pair, rtol=1e-12, atol=1e-14, msg=lambda m, n=name: f"{n}: {m}")
    torch.testing.assert_close(*slopes, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("package", ["ogive.torch", "ogive.health"])
def test_without_torch_the_error_says_what_to_install(package: str):
    code = f"import sys; sys.modules['torch'] = None; import {package}.nn"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 1
    told = f'ModuleNotFoundError: {package} needs torch: pip install "ogive[torch]"'
    assert result.stderr.splitlines()[-1] == told
