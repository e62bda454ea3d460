"""The signal by depth: right numbers, in any network, which is left as it was found."""

from __future__ import annotations

import json
import math
import random

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from ogive.health.signal import SignalByDepth, signal_by_depth
from ogive.torch import nn
from ogive.torch.init import init_network_


def batch(rows: int = 16, columns: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return (
        torch.randn(rows, columns, generator=generator),
        torch.randint(0, 3, (rows,), generator=generator),
    )


def mlp(module=nn, **arguments: bool) -> torch.nn.Sequential:
    torch.manual_seed(1)
    return torch.nn.Sequential(
        torch.nn.Linear(6, 8),
        module.ReLU(**arguments),
        torch.nn.Linear(8, 7),
        module.SiLU(**arguments),
        torch.nn.Linear(7, 5),
        module.Tanh(),
        torch.nn.Linear(5, 3),
    )


def rms(x: torch.Tensor) -> float:
    return math.sqrt((x.detach().double() ** 2).mean().item())


def share(x: torch.Tensor) -> float:
    x = x.detach().double().numpy()
    return float(np.var(x, axis=0).mean() / np.mean(x**2))


def assert_close(found: SignalByDepth, expected: SignalByDepth) -> None:
    assert found.names == expected.names
    for field in ("activation_rms", "gradient_rms", "between_sample_share"):
        # No absolute tolerance: a gradient may be as small as it likes.
        assert getattr(found, field) == pytest.approx(getattr(expected, field), rel=1e-6, abs=0)


def brute_force(layers: list[torch.nn.Module], inputs, targets, measured) -> list[list[float]]:
    """RMS of outputs and of gradients, and shares, with every output kept and autograd.grad."""
    outputs, x = [], inputs
    for layer in layers:
        x = layer(x)
        if isinstance(layer, measured):
            outputs.append(x)
    gradients = torch.autograd.grad(cross_entropy(x, targets), outputs)
    return [[rms(a) for a in outputs], [rms(g) for g in gradients], [share(a) for a in outputs]]


ACTIVATIONS = (torch.nn.ReLU, torch.nn.SiLU, torch.nn.Tanh)


@pytest.mark.parametrize("module", [nn, torch.nn], ids=["ogive", "torch"])
def test_against_brute_force(module):
    network, (inputs, targets) = mlp(module), batch()
    found = signal_by_depth(network, inputs, targets, cross_entropy)
    expected = brute_force(list(network), inputs, targets, ACTIVATIONS)
    assert found.names == ("1", "3", "5")
    assert list(found.activation_rms) == pytest.approx(expected[0], rel=1e-6, abs=0)
    assert list(found.gradient_rms) == pytest.approx(expected[1], rel=1e-6, abs=0)
    assert list(found.between_sample_share) == pytest.approx(expected[2], rel=1e-6, abs=0)


def test_in_place_activations_give_the_same():
    inputs, targets = batch()
    plain = signal_by_depth(mlp(), inputs, targets, cross_entropy)
    in_place = signal_by_depth(mlp(inplace=True), inputs, targets, cross_entropy)
    assert_close(in_place, plain)


def test_operations_in_place_behind_an_activation_do_not_disturb():
    class Residual(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(1)
            self.first, self.last = torch.nn.Linear(6, 6), torch.nn.Linear(6, 3)
            self.act = nn.ReLU()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.act(self.first(x))
            y += x
            y *= 3.0
            return self.last(y)

    network, (inputs, targets) = Residual(), batch()
    found = signal_by_depth(network, inputs, targets, cross_entropy)
    y = network.act(network.first(inputs))
    loss = cross_entropy(network.last((y + inputs) * 3.0), targets)
    (gradient,) = torch.autograd.grad(loss, y)
    assert found.activation_rms == pytest.approx((rms(y),), rel=1e-6, abs=0)
    assert found.gradient_rms == pytest.approx((rms(gradient),), rel=1e-6, abs=0)


def test_shared_modules_have_an_entry_for_each_call():
    act, middle = nn.Tanh(), torch.nn.Linear(6, 6)
    network = torch.nn.Sequential(middle, act, middle, act, torch.nn.Linear(6, 3))
    inputs, targets = batch()
    found = signal_by_depth(network, inputs, targets, cross_entropy)
    expected = brute_force(list(network), inputs, targets, torch.nn.Tanh)
    assert found.names == ("1", "1#2")
    assert list(found.activation_rms) == pytest.approx(expected[0], rel=1e-6, abs=0)
    assert list(found.gradient_rms) == pytest.approx(expected[1], rel=1e-6, abs=0)


def test_order_is_that_of_the_calls():
    class Crossed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.late, self.early = nn.Tanh(), nn.ReLU()
            self.linear = torch.nn.Linear(6, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.late(self.linear(self.early(x)))

    found = signal_by_depth(Crossed(), *batch(), cross_entropy)
    assert found.names == ("early", "late")


def test_gradients_far_below_float32s_square_root():
    class Scale(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 1e-30

    network = torch.nn.Sequential(torch.nn.Linear(6, 3), nn.Tanh(), Scale())
    inputs, targets = batch()
    found = signal_by_depth(network, inputs, targets, cross_entropy)
    plain = signal_by_depth(network[:2], inputs, targets, cross_entropy)
    assert 0.0 < found.gradient_rms[0] < 1e-29
    # With logits of almost 0 the gradient there is (softmax - one-hot) / batch: 1/3 and -2/3.
    assert found.gradient_rms[0] == pytest.approx(1e-30 * math.sqrt(2 / 9) / 16, rel=1e-5, abs=0)
    assert plain.gradient_rms[0] > 1e-3


def test_float64_extremes():
    network = torch.nn.Sequential(torch.nn.Linear(2, 2), nn.ReLU()).double()
    for size in (1e-200, 1e200):

        def loss(y: torch.Tensor, _: None, size: float = size) -> torch.Tensor:
            return (y * size).sum()

        with torch.no_grad():
            network[0].weight.copy_(torch.eye(2, dtype=torch.float64) * size)
            network[0].bias.zero_()
        inputs = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)
        found = signal_by_depth(network, inputs, None, loss)
        assert found.activation_rms[0] / size == pytest.approx(math.sqrt(30 / 4), rel=1e-12, abs=0)
        assert found.gradient_rms[0] / size == pytest.approx(1.0, rel=1e-12, abs=0)
        assert found.between_sample_share[0] == pytest.approx(1 / 7.5, rel=1e-12, abs=0)


def test_a_vanishing_and_a_collapsed_network_are_seen():
    def deep(name: str) -> torch.nn.Module:
        layers: list[torch.nn.Module] = []
        for _ in range(10):
            layers += [torch.nn.Linear(64, 64), nn.activation(name)]
        return torch.nn.Sequential(*layers, torch.nn.Linear(64, 3))

    torch.manual_seed(0)
    inputs, targets = batch(64, 64)
    sick = signal_by_depth(deep("sigmoid"), inputs, targets, cross_entropy)
    healthy_network = init_network_(deep("relu"), generator=torch.Generator().manual_seed(0))
    healthy = signal_by_depth(healthy_network, inputs, targets, cross_entropy)
    assert sick.gradient_rms[0] / sick.gradient_rms[-1] < 4e-4
    assert 0.08 < healthy.gradient_rms[0] / healthy.gradient_rms[-1] < 39
    assert min(sick.between_sample_share) < 8e-6
    assert min(healthy.between_sample_share) > 1.4e-3


def test_an_activation_without_influence_has_gradient_zero():
    class Idle(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.idle, self.linear = nn.Tanh(), nn.ReLU(), torch.nn.Linear(6, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.linear(x)
            self.idle(y)
            return self.used(y)

    found = signal_by_depth(Idle(), *batch(), cross_entropy)
    assert found.names == ("idle", "used")
    assert found.gradient_rms[0] == 0.0
    assert found.gradient_rms[1] > 0.0


@pytest.mark.parametrize("frozen", ["first", "all"])
@pytest.mark.parametrize("inplace", [False, True])
def test_frozen_layers_give_the_same(frozen: str, inplace: bool):
    inputs, targets = batch()
    expected = signal_by_depth(mlp(), inputs, targets, cross_entropy)
    network = mlp(inplace=inplace)
    for parameter in (network[0] if frozen == "first" else network).parameters():
        parameter.requires_grad_(False)
    assert_close(signal_by_depth(network, inputs, targets, cross_entropy), expected)
    assert [p.requires_grad for p in network[0].parameters()] == [False, False]


def test_named_layers():
    network, (inputs, targets) = mlp(), batch()
    found = signal_by_depth(network, inputs, targets, cross_entropy, layers=["0", "4"])
    expected = brute_force(list(network)[:], inputs, targets, torch.nn.Linear)
    assert found.names == ("0", "4")
    assert list(found.activation_rms) == pytest.approx(
        [expected[0][0], expected[0][2]], rel=1e-6, abs=0
    )
    assert list(found.gradient_rms) == pytest.approx(
        [expected[1][0], expected[1][2]], rel=1e-6, abs=0
    )


def test_convolutions_and_inputs_of_other_kinds():
    class Two(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.act, self.head = (
                torch.nn.Conv2d(1, 4, 3),
                nn.GELU(),
                torch.nn.Linear(4, 3),
            )

        def forward(self, image: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
            return self.head(self.act(self.conv(image)).mean((2, 3)) * scale)

    network, targets = Two(), torch.tensor([0, 1, 2, 0])
    image, scale = torch.randn(4, 1, 6, 6), torch.rand(4, 1)
    found = [
        signal_by_depth(network, given, targets, cross_entropy).to_dict()
        for given in ((image, scale), [image, scale], {"scale": scale, "image": image})
    ]
    assert found[0] == found[1] == found[2]
    y = network.act(network.conv(image))
    assert found[0]["activation_rms"] == pytest.approx([rms(y)], rel=1e-6, abs=0)
    assert found[0]["between_sample_share"] == pytest.approx([share(y)], rel=1e-6, abs=0)


def test_checkpointed_parts_count_once():
    class Checkpointed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = mlp()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.utils.checkpoint.checkpoint(self.body, x, use_reentrant=False)

    inputs, targets = batch()
    found = signal_by_depth(Checkpointed(), inputs, targets, cross_entropy)
    plain = signal_by_depth(mlp(), inputs, targets, cross_entropy)
    assert found.names == ("body.1", "body.3", "body.5")
    assert found.gradient_rms == pytest.approx(plain.gradient_rms, rel=1e-6, abs=0)


def test_half_precision():
    inputs, targets = batch()
    plain = signal_by_depth(mlp(), inputs, targets, cross_entropy)
    found = signal_by_depth(mlp().bfloat16(), inputs.bfloat16(), targets, cross_entropy)
    assert found.gradient_rms == pytest.approx(plain.gradient_rms, rel=0.05, abs=0)


def test_a_compiled_model_is_measured_through_its_original():
    network, (inputs, targets) = mlp(), batch()
    compiled = torch.compile(network, backend="eager")
    found = signal_by_depth(compiled, inputs, targets, cross_entropy)
    assert found == signal_by_depth(network, inputs, targets, cross_entropy)


# Left as it was found


class Stateful(torch.nn.Module):
    """Batch normalisation, dropout, a buffer that is replaced, and random numbers."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.first, self.norm = torch.nn.Linear(6, 8), torch.nn.BatchNorm1d(8)
        self.act, self.drop = nn.ReLU(inplace=True), torch.nn.Dropout(0.5)
        self.head = torch.nn.Linear(8, 3)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls = self.calls + 1
        return self.head(self.drop(self.act(self.norm(self.first(x)))))


def state_of(network: torch.nn.Module) -> dict[str, object]:
    return {
        "values": {name: value.tolist() for name, value in network.state_dict().items()},
        "identities": {name: id(value) for name, value in network.named_buffers()},
        "gradients": [None if p.grad is None else p.grad.tolist() for p in network.parameters()],
        "modes": [part.training for part in network.modules()],
        "hooks": [len(part._forward_hooks) for part in network.modules()],
        "random": torch.get_rng_state().tolist(),
        "python": random.getstate(),
        "grad mode": torch.is_grad_enabled(),
    }


def fails(output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    raise ArithmeticError("the loss failed")


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_found(training: bool):
    network, (inputs, targets) = Stateful().train(training), batch()
    network.drop.train(True)
    cross_entropy(network(inputs), targets).backward()
    before = state_of(network)
    found = signal_by_depth(network, inputs, targets, cross_entropy)
    assert state_of(network) == before
    assert signal_by_depth(network, inputs, targets, cross_entropy) == found
    with pytest.raises(ArithmeticError):
        signal_by_depth(network, inputs, targets, fails)
    assert state_of(network) == before
    assert inputs.grad is None
    with torch.no_grad():
        assert signal_by_depth(network, inputs, targets, cross_entropy) == found
        assert not torch.is_grad_enabled()


def test_a_failing_forward_leaves_the_model_as_found():
    network = Stateful()
    network.head = torch.nn.Linear(7, 3)
    before = state_of(network)
    with pytest.raises(RuntimeError, match="shape"):
        signal_by_depth(network, *batch(), cross_entropy)
    assert state_of(network) == before


def test_hooks_of_others_stay():
    network, calls = mlp(), []
    network[1].register_forward_hook(lambda *_: calls.append(1))
    signal_by_depth(network, *batch(), cross_entropy)
    network(batch()[0])
    assert len(calls) == 2


# The record


def test_to_dict_is_fit_for_json():
    found = signal_by_depth(mlp(), *batch(), cross_entropy)
    restored = json.loads(json.dumps(found.to_dict()))
    assert SignalByDepth(**{key: tuple(value) for key, value in restored.items()}) == found
    with pytest.raises(AttributeError):
        found.names = ()


def test_numbers_that_are_not_finite():
    network = torch.nn.Sequential(torch.nn.Linear(6, 3), nn.ReLU())
    inputs, targets = batch()
    inputs[0, 0] = torch.nan
    found = signal_by_depth(network, inputs, targets, cross_entropy)
    assert math.isnan(found.activation_rms[0])
    assert math.isnan(found.between_sample_share[0])
    inputs[0, 0] = torch.inf
    with torch.no_grad():
        network[0].weight.fill_(1.0)
    assert signal_by_depth(network, inputs, targets, cross_entropy).activation_rms[0] == math.inf


def test_all_zero_activations():
    network = torch.nn.Sequential(torch.nn.Linear(6, 3), nn.ReLU())
    with torch.no_grad():
        network[0].weight.zero_()
        network[0].bias.fill_(-1.0)
    found = signal_by_depth(network, *batch(), cross_entropy)
    assert found.activation_rms == found.between_sample_share == (0.0,)


# Bad input


def test_what_cannot_be_measured():
    network, (inputs, targets) = mlp(), batch()

    def measure(model=network, x=inputs, loss=cross_entropy, **keywords):
        return signal_by_depth(model, x, targets[: len(x)], loss, **keywords)

    with pytest.raises(TypeError, match=r"takes a torch\.nn\.Module, not function"):
        measure(measure)
    with pytest.raises(ValueError, match="Linear has no activation module"):
        measure(torch.nn.Linear(6, 3))
    with pytest.raises(ValueError, match="at least two samples"):
        measure(x=inputs[:1])
    with pytest.raises(ValueError, match="no module 'tanh'; it has: "):
        measure(layers=["tanh"])
    with pytest.raises(ValueError, match="layers is a sequence"):
        measure(layers="1")
    with pytest.raises(ValueError, match="one element, not \\(16, 3\\)"):
        measure(loss=lambda y, t: y)
    with pytest.raises(ValueError, match="one element, not float"):
        measure(loss=lambda y, t: 1.0)
    with pytest.raises(ValueError, match="does not depend on the model"):
        measure(loss=lambda y, t: y.detach().sum())


def test_modules_that_are_never_called_or_without_gradients():
    class Unused(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act, self.linear = nn.Tanh(), torch.nn.Linear(6, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.linear(x)

    class Silent(Unused):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                return self.act(self.linear(x))

    class Whole(Unused):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.act(x).long()
            return self.linear(x)

    with pytest.raises(ValueError, match="none of the measured modules was called: act"):
        signal_by_depth(Unused(), *batch(), cross_entropy)
    with pytest.raises(ValueError, match="gradients switched off"):
        signal_by_depth(Silent(), *batch(), cross_entropy)

    class Cast(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.long()

    network = torch.nn.Sequential(torch.nn.Linear(6, 3), Cast())
    with pytest.raises(TypeError, match=r"output of '1' must be a floating-point tensor"):
        signal_by_depth(network, *batch(), cross_entropy, layers=["1"])
