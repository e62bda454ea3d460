"""Activations are seen however they are written, with the moments that NumPy finds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from ogive.catalog import CATALOG  # noqa: E402
from ogive.health.graph import nodes_before, plain_name  # noqa: E402
from ogive.health.heads import losses_among  # noqa: E402
from ogive.health.moments import Copied, mean_of_units, measure, some_samples  # noqa: E402
from ogive.health.names import Names  # noqa: E402
from ogive.health.recognised import activations_among  # noqa: E402
from ogive.health.sites import linear_pairs, nodes_of_head, softmax_before  # noqa: E402

import ogive.torch.nn.functional as ours  # noqa: E402  # isort: skip

WRITTEN: dict[str, tuple[str, Callable[[Tensor], Tensor]]] = {
    "F.relu": ("relu", F.relu),
    "torch.relu": ("relu", torch.relu),
    "x.relu()": ("relu", lambda x: x.relu()),
    "x.relu_()": ("relu", lambda x: x.relu_()),
    "nn.ReLU(inplace)": ("relu", nn.ReLU(inplace=True)),
    "x.clamp(min=0)": ("relu", lambda x: x.clamp(min=0)),
    "x.clamp_min(0)": ("relu", lambda x: x.clamp_min(0.0)),
    "torch.maximum": ("relu", lambda x: torch.maximum(x, torch.zeros(()))),
    "F.threshold": ("relu", lambda x: F.threshold(x, 0.0, 0.0)),
    "F.relu6": ("relu6", F.relu6),
    "x.clamp(0, 6)": ("relu6", lambda x: x.clamp(0, 6)),
    "F.leaky_relu": ("leaky_relu", lambda x: F.leaky_relu(x, 0.2)),
    "nn.PReLU": ("prelu", nn.PReLU()),
    "F.elu": ("elu", F.elu),
    "F.selu": ("selu", F.selu),
    "F.celu": ("celu", lambda x: F.celu(x, 0.5)),
    "F.gelu": ("gelu", F.gelu),
    "F.gelu(tanh)": ("gelu_tanh", lambda x: F.gelu(x, approximate="tanh")),
    "F.silu": ("silu", F.silu),
    "x * sigmoid(x)": ("silu", lambda x: x * torch.sigmoid(x)),
    "sigmoid(x) * x": ("silu", lambda x: torch.sigmoid(x) * x),
    "F.mish": ("mish", F.mish),
    "F.softplus": ("softplus", F.softplus),
    "F.softsign": ("softsign", F.softsign),
    "x / (1 + |x|)": ("softsign", lambda x: x / (1 + x.abs())),
    "torch.sigmoid": ("sigmoid", torch.sigmoid),
    "x.sigmoid_()": ("sigmoid", lambda x: x.sigmoid_()),
    "F.tanh": ("tanh", torch.tanh),
    "x.tanh()": ("tanh", lambda x: x.tanh()),
    "F.hardtanh": ("hard_tanh", F.hardtanh),
    "F.hardsigmoid": ("hard_sigmoid", F.hardsigmoid),
    "F.hardswish": ("hard_swish", F.hardswish),
    "F.logsigmoid": ("log_sigmoid", F.logsigmoid),
    "F.tanhshrink": ("tanhshrink", F.tanhshrink),
    "ogive relu": ("relu", ours.relu),
    "ogive gelu": ("gelu", ours.gelu),
    "ogive sigmoid": ("sigmoid", ours.sigmoid),
    "ogive tanh": ("tanh", torch.tanh),
}


def _input() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return (3 * torch.randn(40, 7, generator=generator)).requires_grad_()


@pytest.mark.parametrize("written", WRITTEN)
def test_an_activation_is_seen_however_it_is_written(written: str) -> None:
    name, function = WRITTEN[written]
    result = function(_input() * 1.0)
    found = activations_among(nodes_before([result.sum().grad_fn]))
    assert [each.name for each in found] == [name]


@pytest.mark.parametrize("written", [w for w in WRITTEN if WRITTEN[w][0] != "tanhshrink"])
def test_the_moments_are_those_of_the_result(written: str) -> None:
    _, function = WRITTEN[written]
    result = function(_input() * 1.0)
    (found,) = activations_among(nodes_before([result.sum().grad_fn]))
    with torch.no_grad():
        figures = [each.double().numpy() for each in measure(found, -1)]
    expected = result.detach().double().numpy()
    if not figures:
        assert plain_name(found.node).startswith("Eager"), "only an extension keeps to itself"
        return
    np.testing.assert_allclose(figures[0], expected.mean(0), rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(figures[1], expected.var(0), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    "written", [w for w, (name, _) in WRITTEN.items() if CATALOG[name].saturates and name != "relu"]
)
def test_the_slope_is_the_derivative_over_its_maximum(written: str) -> None:
    name, function = WRITTEN[written]
    given = _input()
    result = function(given * 1.0)
    (found,) = activations_among(nodes_before([result.sum().grad_fn]))
    with torch.no_grad():
        figures = measure(found, -1)
    if len(figures) < 3:
        assert not figures
        return
    result.sum().backward()
    assert given.grad is not None
    expected = (given.grad.abs() / CATALOG[name].max_derivative).mean(0)
    torch.testing.assert_close(figures[2], expected, rtol=1e-4, atol=1e-5)


def test_units_of_relu_are_alive_or_dead_by_their_mean() -> None:
    x = torch.tensor([[-1.0, -2.0, 3.0], [-0.5, 1.0, 2.0]], requires_grad=True)
    (found,) = activations_among(nodes_before([(x * 1.0).relu().sum().grad_fn]))
    with torch.no_grad():
        assert measure(found, -1)[2].tolist() == [0.0, 1.0, 1.0]


def test_a_sigmoid_that_scales_another_signal_is_a_gate() -> None:
    x, y = _input(), _input()
    result = torch.tanh(y) * torch.sigmoid(x)
    found = activations_among(nodes_before([result.sum().grad_fn]))
    assert {(each.name, each.gate) for each in found} == {("tanh", False), ("sigmoid", True)}


def test_a_limit_for_safety_is_no_activation() -> None:
    result = torch.log(torch.sigmoid(_input()).clamp(1e-7, 1 - 1e-7))
    found = activations_among(nodes_before([result.sum().grad_fn]))
    assert [each.name for each in found] == ["sigmoid"]


def test_large_tensors_are_sampled_and_channels_are_units() -> None:
    assert some_samples(torch.zeros(8, 3, 4, 4)).shape == (8, 3, 4, 4)
    assert some_samples(torch.zeros(4096, 1024)).shape == (128, 1024)
    assert some_samples(torch.zeros(20, 10**5)).shape == (20, 10**5)
    values = torch.arange(24.0).reshape(2, 3, 4)
    assert mean_of_units(values, 1).flatten().tolist() == values.mean((0, 2)).tolist()
    assert mean_of_units(values, -1).flatten().tolist() == values.mean((0, 1)).tolist()


def test_everything_comes_home_in_its_place_whatever_its_type() -> None:
    copied = Copied()
    places = [
        copied.add(torch.full((n,), float(n), dtype=dtype))
        for n, dtype in (
            (2, torch.float32),
            (3, torch.float64),
            (1, torch.bfloat16),
            (4, torch.float32),
        )
    ]
    copied.fetch()
    last = copied.add(torch.tensor(7.0))
    copied.fetch()
    for place, n in zip(places, (2, 3, 1, 4), strict=True):
        assert copied[place].tolist() == [float(n)] * n
    assert copied[last].tolist() == [7.0]


K = 5
_TARGET = torch.arange(6) % K
HEADS: dict[str, tuple[str, str | None, Callable[[Tensor], Tensor]]] = {
    "cross_entropy": ("cross_entropy", None, lambda x: F.cross_entropy(x, _TARGET)),
    "softmax": (
        "cross_entropy", "softmax", lambda x: F.cross_entropy(x.softmax(1), _TARGET)
    ),
    "softmax behind a view": (
        "cross_entropy",
        "softmax",
        lambda x: F.cross_entropy(x.view(2, 3, K).softmax(-1).view(-1, K).float(), _TARGET),
    ),
    "sigmoid": ("cross_entropy", "sigmoid", lambda x: F.cross_entropy(x.sigmoid(), _TARGET)),
    "smoothed": (
        "cross_entropy",
        "softmax",
        lambda x: F.cross_entropy(x.softmax(1), _TARGET, label_smoothing=0.1),
    ),
    "log_softmax twice": (
        "cross_entropy", "log_softmax", lambda x: F.cross_entropy(x.log_softmax(1), _TARGET)
    ),
    "nll": ("cross_entropy", None, lambda x: F.nll_loss(x.log_softmax(1), _TARGET)),
    "nll of softmax": ("nll_loss", "softmax", lambda x: F.nll_loss(x.softmax(1), _TARGET)),
    "nll of log": ("nll_loss", None, lambda x: F.nll_loss(x.softmax(1).log(), _TARGET)),
    "bce": (
        "binary_cross_entropy", "sigmoid",
        lambda x: F.binary_cross_entropy(x.sigmoid(), torch.ones(6, K)),
    ),
    "bce with logits": (
        "binary_cross_entropy_with_logits", None,
        lambda x: F.binary_cross_entropy_with_logits(x, torch.ones(6, K)),
    ),
    "sigmoid and bce with logits": (
        "binary_cross_entropy_with_logits", "sigmoid",
        lambda x: F.binary_cross_entropy_with_logits(x.sigmoid()[:, 0], torch.ones(6)),
    ),
    "mse": ("mse_loss", None, lambda x: F.mse_loss(x, torch.ones(6, K))),
    "l1": ("l1_loss", "sigmoid", lambda x: F.l1_loss(x.sigmoid(), torch.ones(6, K))),
}  # fmt: skip


@pytest.mark.parametrize("written", HEADS)
def test_a_loss_tells_what_was_applied_before(written: str) -> None:
    loss, applied, head = HEADS[written]
    weight = torch.randn(K, K, requires_grad=True)
    result = head(torch.randn(6, K) @ weight)
    (found,) = losses_among(nodes_before([result.grad_fn]))
    assert (found.name, found.applied) == (loss, applied)


def test_a_softmax_over_the_samples_is_told() -> None:
    weight = torch.randn(K, K, requires_grad=True)
    scores = F.log_softmax(torch.randn(6, K) @ weight, dim=0)
    (found,) = losses_among(nodes_before([F.nll_loss(scores, _TARGET).grad_fn]))
    assert found.over_batch
    scores = F.log_softmax(torch.randn(6, K) @ weight, dim=-1)
    (found,) = losses_among(nodes_before([F.nll_loss(scores, _TARGET).grad_fn]))
    assert not found.over_batch


@pytest.mark.filterwarnings("ignore:Using a target size")
def test_shapes_that_differ_are_told() -> None:
    weight = torch.randn(4, 1, requires_grad=True)
    x = torch.randn(6, 4)
    (found,) = losses_among(nodes_before([F.mse_loss(x @ weight, torch.randn(6)).grad_fn]))
    assert found.broadcast
    (found,) = losses_among(nodes_before([F.mse_loss((x @ weight)[:, 0], torch.randn(6)).grad_fn]))
    assert not found.broadcast


def _sites(model: nn.Module, x: Tensor) -> tuple[list[tuple[str, str]], bool, list[str]]:
    names = Names()
    names.see(model)
    nodes = nodes_before([model(x).sum().grad_fn])
    return *linear_pairs(nodes, names), softmax_before(nodes, names)


def test_what_stands_between_layers_is_told() -> None:
    x = torch.randn(6, 4)

    def of(*parts: nn.Module) -> tuple[list[tuple[str, str]], bool, list[str]]:
        return _sites(nn.Sequential(*parts), x)

    first, last = nn.Linear(4, 5), nn.Linear(5, 3)
    assert of(first, nn.ReLU(), last) == ([], True, [])
    assert of(first, last) == ([("0", "1")], False, [])
    assert of(first, nn.BatchNorm1d(5), nn.Dropout(0.5), last) == ([("0", "3")], False, [])
    assert of(first, nn.Softmax(1), last) == ([], True, ["2"])
    assert of(first, nn.LayerNorm(5), last) == ([], True, [])
    assert of(first) == ([], False, [])


def test_attention_has_no_softmax_between_layers() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    _, nonlinear, softmax = _sites(layer, torch.randn(3, 5, 8))
    assert nonlinear
    assert softmax == []


def test_what_no_layer_comes_after_belongs_to_the_loss() -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.Sigmoid(), nn.Linear(5, 1), nn.Sigmoid())
    loss = F.binary_cross_entropy(model(torch.randn(6, 4)), torch.ones(6, 1))
    head = nodes_of_head([loss.grad_fn])
    found = activations_among(nodes_before([loss.grad_fn]))
    assert [each.node in head for each in found] == [False, True]
