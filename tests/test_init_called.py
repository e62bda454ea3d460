"""Which activation follows which layer, seen by running networks of many kinds."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from networks import Forgetful, GatedTransformer, Mlp, SqueezeExcitation, residual
from torch import Tensor
from torch.nn import functional as F

from ogive.torch import functional, init, nn
from ogive.torch.init.called import called_activations
from ogive.torch.init.layers import weight_layers


def called(network: torch.nn.Module, inputs: Any, strict: bool = True) -> dict[str, Any]:
    """By layer: the name of its activation, and the parameters if there are any."""
    found = called_activations(network, weight_layers(network), inputs, strict=strict)
    return {
        layer: activation and (activation[0].name, *activation[1].values())
        for layer, activation in found.items()
    }


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (F.relu, ("relu",)),
        (lambda x: F.relu(x, inplace=True), ("relu",)),
        (lambda x: x.relu_(), ("relu",)),
        (lambda x: torch.relu(x), ("relu",)),
        (lambda x: F.relu(x.view(-1), inplace=True).view(x.shape), ("relu",)),
        (lambda x: (F.relu(x.view(-1), inplace=True), x)[1], ("relu",)),
        (lambda x: x.clamp(min=0), ("relu",)),
        (lambda x: torch.clip(x, 0, 6), ("relu6",)),
        (lambda x: x.clamp(-1, 2), ("hard_tanh", -1, 2)),
        (lambda x: F.hardtanh(x, max_val=2.0), ("hard_tanh", -1.0, 2.0)),
        (lambda x: x.tanh(), ("tanh",)),
        (torch.sigmoid, ("sigmoid",)),
        (torch.special.expit, ("sigmoid",)),
        (lambda x: F.leaky_relu(x, 0.25), ("leaky_relu", 0.25)),
        (lambda x: F.elu(x, alpha=0.5), ("elu", 0.5)),
        (lambda x: F.softplus(x, 2.0), ("softplus", 2.0)),
        (lambda x: F.threshold(x, 0.5, 0.25), ("threshold", 0.5, 0.25)),
        (lambda x: F.softshrink(x, 0.25), ("softshrink", 0.25)),
        (lambda x: F.prelu(x, torch.tensor([0.5])), ("prelu", 0.5)),
        (F.gelu, ("gelu",)),
        (lambda x: F.gelu(x, approximate="tanh"), ("gelu_tanh",)),
        (F.silu, ("silu",)),
        (F.mish, ("mish",)),
        (F.selu, ("selu",)),
        (F.hardswish, ("hard_swish",)),
        (F.logsigmoid, ("log_sigmoid",)),
        (nn.GELU(), ("gelu",)),
        (nn.LeakyReLU(0.5), ("leaky_relu", 0.5)),
        (torch.nn.SiLU(inplace=True), ("silu",)),
        (functional.relu, ("relu",)),
        (lambda x: functional.elu(x, 0.5), ("elu", 0.5)),
        (lambda x: functional.hardtanh(x, -2.0, 2.0), ("hard_tanh", -2.0, 2.0)),
        (lambda x: functional.swish(x, 2.0), ("swish", 2.0)),
        (functional.quick_gelu, ("quick_gelu",)),
        (nn.Swish(beta=1.5), ("swish", 1.5)),
        (lambda x: F.relu(F.dropout(F.layer_norm(x, (16,)))), ("relu",)),
        (lambda x: F.relu(torch.cat([x[:, :8], x[:, 8:].clone()], dim=1) / 2 + 1), ("relu",)),
        (lambda x: x, None),
    ],
)
def test_functions_and_modules(function: Any, expected: Any) -> None:
    found = called(Mlp(function), torch.randn(4, 8))
    assert found == {"first": expected, "second": expected, "head": None}


def test_a_residual_network() -> None:
    expected = dict.fromkeys(weight_layers(residual()), ("relu",)) | {"8": None}
    assert called(residual(), torch.randn(2, 3, 12, 12)) == expected


@pytest.mark.parametrize("name", ["relu", "gelu"])
@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_torchs_transformer(name: str, norm_first: bool, training: bool) -> None:
    layer = torch.nn.TransformerEncoderLayer(
        8, 2, 16, activation=name, batch_first=True, norm_first=norm_first
    )
    network = torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).train(training)
    expected = {}
    for block in ("layers.0", "layers.1"):
        expected |= {f"{block}.self_attn.out_proj": None}
        expected |= {f"{block}.linear1": (name,), f"{block}.linear2": None}
    assert called(network, torch.randn(2, 5, 8)) == expected


def test_gates_scores_and_normalisation_by_hand() -> None:
    expected = dict.fromkeys(("qkv", "mix", "gate", "up", "down", "head")) | {"gate": ("silu",)}
    assert called(GatedTransformer(), torch.randn(2, 5, 8)) == expected


def test_a_sigmoid_counts_within_and_not_at_the_end() -> None:
    assert called(SqueezeExcitation(), torch.randn(2, 3, 8, 8)) == {
        "conv": ("tanh",),
        "squeeze": ("relu",),
        "excite": ("sigmoid",),
        "head": None,
    }


def test_order_of_calls_and_not_of_registration() -> None:
    class Crossed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last, self.first = torch.nn.Linear(4, 2), torch.nn.Linear(8, 4)
            self.tanh = torch.nn.Tanh()

        def forward(self, x: Tensor) -> Tensor:
            return self.last(self.tanh(self.first(x)))

    network = Crossed()
    assert called(network, torch.randn(3, 8)) == {"last": None, "first": ("tanh",)}
    with pytest.raises(ValueError, match="between layer 'last' and the next: give example_inputs="):
        init.init_network_(network)


def test_shared_modules_and_weights() -> None:
    shared, relu = torch.nn.Linear(8, 8), torch.nn.ReLU()
    network = torch.nn.Sequential(shared, relu, shared, relu, torch.nn.Linear(8, 8), torch.nn.ELU())
    assert called(network, torch.randn(3, 8)) == {"0": ("relu",), "4": ("elu", 1.0)}
    network[4].weight = shared.weight
    assert called(network, torch.randn(3, 8)) == {"0": ("relu",), "4": ("elu", 1.0)}


def test_layers_that_are_called_as_functions() -> None:
    class Functional(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.linear = torch.nn.Conv1d(2, 4, 3), torch.nn.Linear(6, 6)

        def forward(self, x: Tensor) -> Tensor:
            x = F.softsign(F.conv1d(x, self.conv.weight, padding=1))
            return F.linear(x, self.linear.weight).relu()

    assert called(Functional(), torch.randn(1, 2, 6)) == {
        "conv": ("softsign",),
        "linear": ("relu",),
    }


def test_a_layer_with_code_of_its_own() -> None:
    class Standardised(torch.nn.Linear):
        def forward(self, input: Tensor) -> Tensor:
            weight = (self.weight - self.weight.mean()) / self.weight.std()
            return torch.from_numpy((input @ weight.T + self.bias).numpy().copy())

    network = torch.nn.Sequential(Standardised(8, 8), torch.nn.Tanh(), Standardised(8, 2))
    assert called(network, torch.randn(3, 8)) == {"0": ("tanh",), "2": None}


def test_softmax_and_recurrence_are_no_activations() -> None:
    scores = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Softmax(1), torch.nn.Linear(8, 2))
    assert called(scores, torch.randn(3, 8)) == {"0": None, "2": None}
    recurrent = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.GRU(8, 4))
    assert called(recurrent, torch.randn(3, 8)) == {"0": None}


# What cannot be told


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (torch.sin, "sin"),
        (torch.square, "square"),
        (lambda x: x * x, "mul"),
        (lambda x: x * torch.sigmoid(x), "a product with its own sigmoid"),
        (lambda x: torch.sigmoid(1.702 * x) * x, "a product with its own sigmoid"),
        (lambda x: x * (x > 0), "gt"),
        (lambda x: torch.where(x > 0, x, 0.1 * x), "gt"),
        (lambda x: torch.maximum(x, torch.zeros(())), "maximum"),
        (lambda x: torch.max(x, torch.zeros(())), "max"),
        (lambda x: x / (1 + x.abs()), "abs"),
        (lambda x: F.glu(torch.cat([x, x], dim=1)), "glu"),
        (lambda x: torch.sigmoid(torch.sin(x)), "sin"),
    ],
)
def test_what_the_catalogue_lacks(function: Any, what: str) -> None:
    with pytest.raises(ValueError, match=f"layer 'first' goes through {what}, of which"):
        called(Mlp(function), torch.randn(4, 8))
    assert set(called(Mlp(function), torch.randn(4, 8), strict=False)) == {
        "first",
        "second",
        "head",
    }


def test_two_activations_of_one_layer() -> None:
    shared = torch.nn.Linear(8, 8)
    network = torch.nn.Sequential(shared, torch.nn.ReLU(), shared, torch.nn.ELU(0.5))
    with pytest.raises(ValueError, match=r"different activations, relu and elu\{'alpha': 0.5\}"):
        called(network, torch.randn(3, 8))
    assert called(network, torch.randn(3, 8), strict=False) == {"0": ("relu",)}


def test_layers_that_are_not_seen() -> None:
    with pytest.raises(ValueError, match="do not show what follows layer 'idle'"):
        called(Forgetful(), torch.randn(3, 8))
    assert called(Forgetful(), torch.randn(3, 8), strict=False) == {"used": None, "idle": None}
    through_numpy = Mlp(lambda x: torch.from_numpy(x.numpy().clip(0)))
    with pytest.raises(ValueError, match="do not show what follows layer 'first'"):
        called(through_numpy, torch.randn(3, 8))


# The whole


def test_a_network_is_initialised_for_what_it_calls() -> None:
    network = Mlp(lambda x: F.elu(x, 0.5), width=400)
    generator = torch.Generator().manual_seed(0)
    assert init.init_network_(network, None, generator, example_inputs=torch.randn(2, 8)) is network
    gain = init.calculate_gain("elu", 0.5)
    assert network.second.weight.std().item() * 20 == pytest.approx(gain, rel=0.01)
    assert network.head.weight.std().item() == pytest.approx((2 / 403) ** 0.5, rel=0.05)
    assert not network.first.bias.any()


@pytest.mark.parametrize("form", ["tensor", "sequence", "mapping"])
def test_every_form_of_inputs(form: str) -> None:
    x = torch.randn(2, 8)
    inputs = {"tensor": x, "sequence": (x,), "mapping": {"x": x}}[form]
    assert called(Mlp(F.relu), inputs)["first"] == ("relu",)


def test_the_run_leaves_no_trace() -> None:
    network = residual().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    called(network, torch.randn(2, 3, 12, 12, generator=torch.Generator()))
    assert torch.equal(torch.get_rng_state(), state)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name
    for module in network.modules():
        assert module.training
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
    assert all(parameter.grad is None for parameter in network.parameters())


def test_nothing_is_changed_by_an_error() -> None:
    network = Mlp(torch.sin)
    before = [parameter.clone() for parameter in network.parameters()]
    with pytest.raises(ValueError, match="goes through sin"):
        init.init_network_(network, example_inputs=torch.randn(2, 8))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        init.init_network_(network, example_inputs=torch.randn(2, 9))
    with pytest.raises(ValueError, match="give activation= or example_inputs="):
        init.init_network_(network, "relu", example_inputs=torch.randn(2, 8))
    for parameter, values in zip(network.parameters(), before, strict=True):
        assert torch.equal(parameter, values)
    for module in network.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
