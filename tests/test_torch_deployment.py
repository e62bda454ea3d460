"""Networks with Ogive's modules exported, translated to ONNX, compiled, and over two processes."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from onnx.reference import ReferenceEvaluator
from torch_subjects import TORCHS_OWN_WARNINGS

from ogive import catalog
from ogive.torch import nn

pytestmark = TORCHS_OWN_WARNINGS

# Of a probability; the others take any number.
OF_PROBABILITIES = {"logit", "odds", "log1mexp"}
NAMES = [name for name in nn.MODULES if name not in OF_PROBABILITIES]


class Every(torch.nn.Module):
    """All activations side by side, behind a linear layer, and their weighted sum."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(4, 6)
        self.activations = torch.nn.ModuleList(nn.activation(name) for name in NAMES)
        self.probabilities = torch.nn.ModuleList(nn.activation(n) for n in OF_PROBABILITIES)
        self.softmax, self.log_softmax = nn.Softmax(dim=1), nn.LogSoftmax(dim=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.linear(x)
        total = self.softmax(hidden) + self.log_softmax(hidden)
        for weight, activation in enumerate(self.activations, 1):
            total = total + activation(hidden) * (1.0 / weight)
        inside = hidden.square() / (1.0 + hidden.square()) * 0.9 + 0.05
        for activation in self.probabilities:
            total = total + activation(inside)
        return total


@pytest.fixture
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return Every().eval()


def batch(size: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(size, 4, generator=torch.Generator().manual_seed(seed))


def test_every_function_is_in_the_network():
    assert set(NAMES) | OF_PROBABILITIES == set(catalog.CATALOG)


@pytest.mark.parametrize("strict", [False, True])
def test_export_with_a_batch_of_any_size(network: torch.nn.Module, strict: bool):
    size = torch.export.Dim("size", min=2, max=64)
    program = torch.export.export(network, (batch(5),), dynamic_shapes=({0: size},), strict=strict)
    targets = {str(node.target) for node in program.graph.nodes}
    assert not any("ogive" in target for target in targets), "not torch's own operations"
    for size in (3, 17):
        torch.testing.assert_close(program.module()(batch(size)), network(batch(size)))


def test_onnx(network: torch.nn.Module, tmp_path: Path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own, of its dependencies
        program = torch.onnx.export(
            network,
            (batch(5),),
            dynamo=True,
            verbose=False,
            dynamic_shapes=({0: torch.export.Dim("size", min=2, max=64)},),
        )
    file = tmp_path / "network.onnx"
    program.save(file)
    model = ReferenceEvaluator(str(file))
    x = batch(7)
    (got,) = model.run(None, {model.input_names[0]: x.numpy()})
    np.testing.assert_allclose(got, network(x).detach().numpy(), rtol=1e-4, atol=1e-5)


def test_a_chain_compiles_to_one_kernel():
    from torch._inductor import metrics

    def chain(x: torch.Tensor) -> torch.Tensor:
        return nn.functional.gelu(nn.functional.silu(nn.functional.tanh(x * 2.0)) + 1.0)

    x = torch.randn(1000)
    torch.compiler.reset()
    metrics.reset()
    compiled = torch.compile(chain, fullgraph=True)
    torch.testing.assert_close(compiled(x), chain(x))
    assert metrics.generated_kernel_count == 1
    torch.compiler.reset()


PROCESS = """
import sys
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from ogive.torch import nn

rank, file = int(sys.argv[1]), sys.argv[2]
torch.set_num_threads(1)
dist.init_process_group("gloo", init_method=f"file://{file}", rank=rank, world_size=2)
torch.manual_seed(0)
network = torch.nn.Sequential(
    torch.nn.Linear(4, 6), nn.Swish(), torch.nn.Linear(6, 6), nn.GELU(), torch.nn.Linear(6, 6),
    nn.PReLU(6), nn.ReLU(inplace=True), torch.nn.Linear(6, 3),
).double()
x = torch.randn(8, 4, dtype=torch.float64)
target = torch.arange(8) % 3
loss = nn.CrossEntropyLoss()
loss(network(x), target).backward()
whole = [p.grad.clone() for p in network.parameters()]
network.zero_grad()
spread = DistributedDataParallel(network)
half = slice(4 * rank, 4 * rank + 4)
for _ in range(2):
    network.zero_grad()
    loss(spread(x[half]), target[half]).backward()
for p, expected in zip(network.parameters(), whole, strict=True):
    torch.testing.assert_close(p.grad, expected)
dist.destroy_process_group()
print("the same")
"""


def test_two_processes_find_the_gradients_of_one(tmp_path: Path):
    file = tmp_path / "meeting"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(rank), str(file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out) == (0, "the same\n"), err
