"""Layer-sequential unit variance: what it reaches, and that it leaves nothing else behind."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import Forgetful, GatedTransformer, Mlp, residual
from torch import Tensor
from torch.nn import functional as F

from ogive.torch import init, nn


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def variances(network: torch.nn.Module, data: Any) -> dict[str, float]:
    """The variance of the first output of every weight layer, measured by hooks."""
    found: dict[str, float] = {}

    def watch(name: str) -> Callable[..., None]:
        def hook(module: Any, inputs: Any, output: Tensor) -> None:
            found.setdefault(name, output.double().var(correction=0).item())

        return hook

    handles = [
        module.register_forward_hook(watch(name))
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Linear | torch.nn.Conv2d)
    ]
    training = network.training
    with torch.no_grad():
        network.eval()(data)
    network.train(training)
    for handle in handles:
        handle.remove()
    return found


def deep(name: str, depth: int) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for _ in range(depth):
        layers += [torch.nn.Linear(32, 32), nn.activation(name)]
    return torch.nn.Sequential(*layers)


NETWORKS = [
    (lambda: Mlp(F.silu), (64, 8)),
    (lambda: Mlp(lambda x: F.relu(x, inplace=True)), (64, 8)),
    (lambda: deep("gelu", 20), (64, 32)),
    (residual, (8, 3, 12, 12)),
    (GatedTransformer, (8, 5, 8)),
]


@pytest.mark.parametrize("scheme", ["orthogonal", "kaiming_normal", None])
@pytest.mark.parametrize(
    ("build", "shape"), NETWORKS, ids=["silu", "inplace", "gelu", "residual", "transformer"]
)
def test_every_layer_has_unit_variance(build: Any, shape: Any, scheme: str | None) -> None:
    torch.manual_seed(0)
    network, data = build(), 3.0 * torch.randn(shape) + 1.0
    drawn = None if scheme else {k: v.clone() for k, v in network.state_dict().items()}
    # Biases that are kept need more divisions.
    scales = init.lsuv_(
        network, data, tolerance=1e-3, scheme=scheme, max_iterations=50, generator=generator()
    )
    measured = variances(network, data)
    assert list(scales) == list(measured)
    for name, variance in measured.items():
        assert variance == pytest.approx(1.0, abs=1e-3), name
        assert scales[name].after == pytest.approx(variance, rel=1e-5)
        if scheme is None:
            expected = scales[name].scale * drawn[f"{name}.weight"]
            torch.testing.assert_close(network.get_submodule(name).weight.data, expected)
        else:
            assert scales[name].iterations <= 1
            after = scales[name].before * scales[name].scale ** 2
            assert after == pytest.approx(scales[name].after, rel=1e-4)


def test_orthogonal_weights_stay_orthogonal() -> None:
    network = deep("tanh", 2)
    scales = init.lsuv_(network, torch.randn(64, 32), tolerance=1e-3, generator=generator())
    weight = network[2].weight.detach()
    expected = scales["2"].scale ** 2 * torch.eye(32)
    torch.testing.assert_close(weight @ weight.T, expected, rtol=1e-4, atol=1e-5)


def test_within_the_tolerance_nothing_is_scaled() -> None:
    network = deep("relu", 3)
    init.lsuv_(network, torch.randn(64, 32, generator=generator()), tolerance=1e-3)
    before = [parameter.clone() for parameter in network.parameters()]
    scales = init.lsuv_(network, torch.randn(64, 32, generator=generator()), scheme=None)
    assert all((s.iterations, s.scale, s.before) == (0, 1.0, s.after) for s in scales.values())
    for parameter, values in zip(network.parameters(), before, strict=True):
        assert torch.equal(parameter, values)


@settings(max_examples=25, deadline=None)
@given(factor=st.floats(2.0**-30, 2.0**30))
def test_the_scale_of_the_weights_before_does_not_matter(factor: float) -> None:
    network, other = deep("silu", 2).double(), deep("silu", 2).double()
    data = torch.randn(16, 32, generator=generator()).double()
    init.init_network_(network, generator=generator(1))
    init.init_network_(other, generator=generator(1))
    with torch.no_grad():
        other[2].weight.mul_(factor)
    for each in (network, other):
        init.lsuv_(each, data, tolerance=1e-9, scheme=None)
    for one, two in zip(network.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-8, atol=1e-8)


def test_the_signal_survives_where_no_gain_is_stable() -> None:
    data = torch.randn(64, 32, generator=generator(1))
    network = deep("silu", 50)
    init.init_network_(network, generator=generator())
    with torch.no_grad():
        drifted = network(data).square().mean().sqrt().item()
    init.lsuv_(network, data, generator=generator())
    with torch.no_grad():
        held = network(data).square().mean().sqrt().item()
    assert not 0.1 < drifted < 10.0
    # E[silu(z)²] of a unit normal argument is 0.356.
    assert held == pytest.approx(math.sqrt(0.356), rel=0.15)


def test_the_attention_of_torch() -> None:
    network = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    before = network.self_attn.in_proj_weight.clone()
    data = torch.randn(16, 5, 8)
    scales = init.lsuv_(network, data, tolerance=1e-3)
    assert list(scales) == ["self_attn.out_proj", "linear1", "linear2"]
    assert torch.equal(network.self_attn.in_proj_weight, before)
    output, _ = network.eval().self_attn(data, data, data)
    assert output.var(correction=0).item() == pytest.approx(1.0, abs=1e-3)


def test_the_first_call_decides_for_shared_layers_and_weights() -> None:
    shared = torch.nn.Linear(32, 32)
    network = torch.nn.Sequential(shared, torch.nn.Tanh(), shared, torch.nn.Linear(32, 32))
    network[3].weight = shared.weight
    data = torch.randn(64, 32)
    assert list(init.lsuv_(network, data, tolerance=1e-3)) == ["0"]
    assert shared(data).var(correction=0).item() == pytest.approx(1.0, abs=1e-3)


def test_everything_else_is_as_it_was() -> None:
    network = residual()
    network.train()
    network[3].norm1.eval()
    modes = [module.training for module in network.modules()]
    buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
    norm = network[3].norm2.weight.clone()
    network[0].weight.grad = torch.ones_like(network[0].weight)
    state = torch.get_rng_state()
    init.lsuv_(network, torch.randn(8, 3, 12, 12, generator=generator()), generator=generator())
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in network.modules()] == modes
    for name, buffer in network.named_buffers():
        assert torch.equal(buffer, buffers[name]), name
    assert torch.equal(network[3].norm2.weight, norm)
    assert network[0].weight.grad.eq(1).all()
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert torch.is_grad_enabled()


def test_under_autocast() -> None:
    network, data = deep("relu", 3), 3.0 * torch.randn(64, 32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        # This call's weights, of which autocast keeps copies, are not those to scale.
        network(data)
        scales = init.lsuv_(network, data, tolerance=0.02)
    assert all(scale.iterations == 1 for scale in scales.values())
    assert all(scale.after == pytest.approx(1.0, abs=0.02) for scale in scales.values())
    # What autocast rounds is within the 8 bits of bfloat16 of what it is without.
    for variance in variances(network, data).values():
        assert variance == pytest.approx(1.0, abs=0.05)


def test_reproducible() -> None:
    one, other, data = residual(), residual(), torch.randn(4, 3, 12, 12)
    for network in (one, other):
        init.lsuv_(network, data, generator=generator(5))
    for name in ("0.weight", "4.conv2.weight", "8.weight"):
        assert torch.equal(one.get_parameter(name), other.get_parameter(name))


# Errors, after which weights are as they were


class Raising(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        raise KeyboardInterrupt


def dead_in_the_middle() -> torch.nn.Module:
    network = deep("relu", 3)
    network[1] = torch.nn.Threshold(1e6, 0.25)
    return network


@pytest.mark.parametrize(
    ("network", "data", "error", "message"),
    [
        (dead_in_the_middle(), torch.zeros(4, 32), ValueError, "layer '0' is dead: .* is 0 "),
        (deep("relu", 1), torch.full((4, 32), math.nan), ValueError, "layer '0' is not finite"),
        (deep("relu", 1), torch.full((4, 32), 3e38), ValueError, "layer '0' is not finite"),
        (Forgetful(), torch.randn(4, 8), ValueError, "does not call layer 'idle'"),
        (deep("relu", 1), torch.randn(4, 31), RuntimeError, "shapes cannot be multiplied"),
        (
            torch.nn.Sequential(torch.nn.Linear(32, 32), Raising()),
            torch.randn(4, 32),
            KeyboardInterrupt,
            None,
        ),
        (
            torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(4, 1)),
            torch.randn(1, 4),
            ValueError,
            "the output of layer '1' is 1 number: too small a batch",
        ),
    ],
    ids=["dead", "NaN", "overflow", "not called", "shapes", "interrupted", "one number"],
)
def test_all_or_nothing(network: Any, data: Any, error: Any, message: str | None) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.raises(error, match=message):
        init.lsuv_(network, data, generator=generator())
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert all(module.training for module in network.modules())


def test_a_layer_behind_dead_units() -> None:
    network = dead_in_the_middle()
    # Equal inputs, and one row of weights for every unit.
    network[2].weight.data.fill_(1.0)
    network[2].bias.data.zero_()
    with pytest.raises(ValueError, match="layer '2' is dead"):
        init.lsuv_(network, torch.randn(4, 32), scheme=None)


def test_unit_variance_that_is_out_of_reach() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(32, 32))
    network[0].bias.data.copy_(10.0 * torch.randn(32, generator=generator()))
    before = network[0].weight.clone()
    with pytest.raises(ValueError, match=r"layer '0' has variance [\d.]+ after 10 divisions"):
        init.lsuv_(network, torch.randn(64, 32), scheme=None)
    assert torch.equal(network[0].weight, before)


def test_bad_input() -> None:
    network, data = deep("relu", 1), torch.randn(4, 32)
    with pytest.raises(TypeError, match=r"lsuv_ takes a torch\.nn\.Module, not Tensor"):
        init.lsuv_(data, network)
    for tolerance in (0.0, 1.0, -0.1, math.nan):
        with pytest.raises(ValueError, match=f"tolerance is between 0 and 1, not {tolerance}"):
            init.lsuv_(network, data, tolerance=tolerance)
    with pytest.raises(TypeError, match="tolerance is a number, not str"):
        init.lsuv_(network, data, tolerance="0.1")
    with pytest.raises(TypeError, match=r"max_iterations is an integer, not 1\.5"):
        init.lsuv_(network, data, max_iterations=1.5)
    with pytest.raises(ValueError, match="max_iterations is at least 1, not 0"):
        init.lsuv_(network, data, max_iterations=0)
    with pytest.raises(ValueError, match="scheme is one of"):
        init.lsuv_(network, data, scheme="zeros")
    with pytest.raises(ValueError, match="ReLU has no linear or convolution layer"):
        init.lsuv_(torch.nn.ReLU(), data)
    with pytest.raises(ValueError, match="layer '0' is on the device meta"):
        init.lsuv_(torch.nn.Sequential(torch.nn.Linear(3, 3, device="meta")), data)
    with pytest.raises(ValueError, match="layer '0' has no weight yet"):
        init.lsuv_(torch.nn.Sequential(torch.nn.LazyLinear(3)), data)
