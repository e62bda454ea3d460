"""Initialisation: the right scheme for each layer, the right spread, reproducible draws."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from ogive import catalog
from ogive.torch import init, nn
from ogive.torch.init import SCHEMES, init_network_, init_weight_

RELU = math.sqrt(2.0)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sd_of(record: catalog.Function, outputs: int, inputs: int, gain: float) -> float:
    fan = (outputs + inputs) / 2 if record.initializer.startswith("xavier") else inputs
    return gain / math.sqrt(fan)


@pytest.mark.parametrize("name", list(catalog.CATALOG))
def test_weights_have_the_catalogues_distribution(name: str):
    record = catalog.get(name)
    outputs, inputs = 400, 500
    weight = init_weight_(torch.empty(outputs, inputs), name, generator=generator())
    sd = sd_of(record, outputs, inputs, record.gain)
    count = weight.numel()
    assert abs(weight.mean().item()) < 5 * sd / math.sqrt(count)
    assert weight.std().item() == pytest.approx(sd, rel=5 / math.sqrt(2 * count))
    kurtosis = (weight / weight.std()).pow(4).mean().item()
    # 9/5 for a uniform distribution, 3 for a normal one.
    assert kurtosis == pytest.approx(
        1.8 if record.initializer.endswith("uniform") else 3.0, abs=0.1
    )


def test_draws_are_those_of_torch():
    for name, theirs, arguments in (
        ("relu", torch.nn.init.kaiming_normal_, {"nonlinearity": "relu"}),
        ("tanh", torch.nn.init.xavier_uniform_, {"gain": 5 / 3}),
        (None, torch.nn.init.xavier_uniform_, {}),
    ):
        ours = init_weight_(torch.empty(30, 20, 3), name, generator=generator(4))
        expected = theirs(torch.empty(30, 20, 3), **arguments, generator=generator(4))
        assert torch.equal(ours, expected), name


def test_name_alias_record_and_module_are_the_same():
    draws = [
        init_weight_(torch.empty(8, 9), which, generator=generator())
        for which in ("silu", "swish", catalog.get("silu"), nn.SiLU(), torch.nn.SiLU())
    ]
    for draw in draws[1:]:
        assert torch.equal(draw, draws[0])


def test_a_modules_parameters_count():
    plain = init_weight_(torch.empty(8, 9), "leaky_relu", generator=generator())
    steep = init_weight_(torch.empty(8, 9), torch.nn.LeakyReLU(1.0), generator=generator())
    torch.testing.assert_close(steep * math.sqrt(2 / (1 + 0.01**2)), plain)


@pytest.mark.parametrize("initializer", ["kaiming", "lecun", "xavier"])
@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_every_scheme(initializer: str, kind: str):
    record = replace(catalog.get("relu"), initializer=f"{initializer}_{kind}", gain=1.5)
    weight = init_weight_(torch.empty(300, 500), record, generator=generator())
    assert weight.std().item() == pytest.approx(sd_of(record, 300, 500, 1.5), rel=0.01)
    kurtosis = (weight / weight.std()).pow(4).mean().item()
    assert kurtosis == pytest.approx(1.8 if kind == "uniform" else 3.0, abs=0.1)
    with pytest.raises(ValueError, match="unknown initialiser 'zeros'"):
        init_weight_(torch.empty(3, 3), replace(record, initializer="zeros"))


# Whole networks


def spreads(network: torch.nn.Module) -> list[float]:
    """Each weight's standard deviation times sqrt(fan-in): the gain, if it is square."""
    return [
        parameter.std().item() * math.sqrt(parameter[0].numel())
        for name, parameter in network.named_parameters()
        if name.endswith("weight") and parameter.dim() > 1
    ]


@pytest.mark.parametrize("module", [nn, torch.nn], ids=["ogive", "torch"])
def test_each_layer_gets_the_activation_that_follows(module):
    network = torch.nn.Sequential(
        torch.nn.Linear(200, 200),
        torch.nn.BatchNorm1d(200),
        module.Tanh(),
        torch.nn.Dropout(),
        torch.nn.Linear(200, 200),
        module.ReLU(inplace=True),
        torch.nn.Linear(200, 200),
        module.LeakyReLU(1.0),
        torch.nn.Linear(200, 200),
    )
    batch_norm = network[1].weight
    before = batch_norm.clone()
    assert init_network_(network, generator=generator()) is network
    assert spreads(network) == pytest.approx([5 / 3, RELU, 1.0, 1.0], rel=0.03)
    for layer in network:
        if isinstance(layer, torch.nn.Linear):
            assert not layer.bias.any()
    assert torch.equal(batch_norm, before)


def test_a_given_activation_is_for_every_layer():
    network = torch.nn.Sequential(torch.nn.Linear(200, 200), torch.nn.Linear(200, 200, bias=False))
    for which in ("relu", catalog.get("relu"), torch.nn.ReLU()):
        init_network_(network, which, generator())
        assert spreads(network) == pytest.approx([RELU, RELU], rel=0.03)


@pytest.mark.parametrize(
    ("ending", "gain"),
    [
        ([], 1.0),
        ([torch.nn.Sigmoid()], 1.0),
        ([torch.nn.LogSigmoid()], 1.0),
        ([torch.nn.Softmax(1)], 1.0),
        ([torch.nn.ReLU()], RELU),
        ([torch.nn.Tanh()], 5 / 3),
    ],
    ids=lambda case: str(case),
)
def test_the_last_layer(ending: list[torch.nn.Module], gain: float):
    network = torch.nn.Sequential(torch.nn.Linear(200, 200), *ending)
    assert spreads(init_network_(network, generator=generator())) == pytest.approx([gain], rel=0.03)


def test_hidden_sigmoids_get_their_gain():
    network = torch.nn.Sequential(
        torch.nn.Linear(200, 200), torch.nn.Sigmoid(), torch.nn.Linear(200, 200)
    )
    assert spreads(init_network_(network, generator=generator())) == pytest.approx(
        [4.0, 1.0], rel=0.03
    )


def test_a_shared_activation_counts_at_each_place():
    shared = torch.nn.ReLU()
    network = torch.nn.Sequential(
        torch.nn.Linear(200, 200), shared, torch.nn.Linear(200, 200), shared
    )
    assert spreads(init_network_(network, generator=generator())) == pytest.approx(
        [RELU, RELU], rel=0.03
    )


@pytest.mark.parametrize(
    "layer",
    [
        torch.nn.Conv1d(40, 50, 5),
        torch.nn.Conv2d(40, 50, 3),
        torch.nn.Conv3d(10, 20, 3),
        torch.nn.Conv2d(40, 60, 3, groups=2),
        torch.nn.ConvTranspose1d(40, 50, 5),
        torch.nn.ConvTranspose2d(40, 50, 3),
        torch.nn.ConvTranspose3d(10, 20, 3),
        torch.nn.ConvTranspose2d(40, 60, 3, groups=2),
    ],
    ids=lambda layer: str(layer).partition("(")[0] + str(layer.groups),
)
def test_convolutions_count_the_inputs_that_reach_an_output(layer: torch.nn.Module):
    assert init_network_(layer, "relu", generator()) is layer
    inputs = layer.in_channels // layer.groups * math.prod(layer.kernel_size)
    assert layer.weight.std().item() == pytest.approx(RELU / math.sqrt(inputs), rel=0.05)
    assert not layer.bias.any()


@pytest.mark.parametrize("groups", [1, 2])
def test_a_transposed_convolution_keeps_the_signal(groups: int):
    layer = torch.nn.ConvTranspose1d(60, 60, 5, padding=4, groups=groups)
    init_network_(layer, "leaky_relu", generator(), scheme="lecun_normal")
    with torch.no_grad():
        output = layer(torch.randn(64, 60, 64, generator=generator(1)))
    gain = catalog.get("leaky_relu").gain
    # Without the two outer outputs on each side, which fewer inputs reach.
    assert output[..., 4:-4].square().mean().sqrt().item() == pytest.approx(gain, rel=0.05)


# Schemes by name


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_scheme_changes_the_law_and_not_the_gain(scheme: str):
    shape, record = (400, 400), catalog.get("silu")
    weight = init_weight_(torch.empty(shape), "silu", scheme=scheme, generator=generator())
    assert weight.std().item() * 20 == pytest.approx(record.gain, rel=0.01)
    network = torch.nn.Sequential(torch.nn.Linear(400, 400), nn.SiLU(), torch.nn.Linear(400, 1))
    init_network_(network, generator=generator(), scheme=scheme)
    assert torch.equal(network[0].weight, weight)
    if scheme == record.initializer:
        assert torch.equal(init_weight_(torch.empty(shape), "silu", generator=generator()), weight)
    if scheme == "orthogonal":
        torch.testing.assert_close(weight @ weight.T, record.gain**2 * torch.eye(400))
    else:
        theirs = getattr(init, f"{scheme}_")
        gain = {"nonlinearity": "silu"} if "kaiming" in scheme else {"gain": record.gain}
        assert torch.equal(theirs(torch.empty(shape), **gain, generator=generator()), weight)


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_fan_out_counts_outputs_and_takes_the_gradients_gain(kind: str):
    layers: list[torch.nn.Module] = []
    for width in (128, 512, 128, 512, 128, 512):
        layers += [torch.nn.Linear(640 - width, width, bias=False), nn.GELU()]
    network = torch.nn.Sequential(*layers)
    init_network_(network, generator=generator(), scheme=f"kaiming_{kind}", mode="fan_out")
    for layer in layers[::2]:
        expected = init.calculate_gain("gelu", mode="gradient") / math.sqrt(layer.out_features)
        assert layer.weight.std().item() == pytest.approx(expected, rel=0.01)


def test_orthogonal_in_every_layout():
    plain = init_weight_(
        torch.empty(6, 4, 3, 3), "relu", scheme="orthogonal", generator=generator()
    )
    expected = torch.nn.init.orthogonal_(torch.empty(6, 4, 3, 3), RELU, generator=generator())
    assert torch.equal(plain, expected)
    last = torch.empty(6, 4, 3, 3).to(memory_format=torch.channels_last)
    init_weight_(last, "relu", scheme="orthogonal", generator=generator())
    assert torch.equal(last, plain)
    half = torch.empty(6, 4, 3, 3, dtype=torch.bfloat16)
    init_weight_(half, "relu", scheme="orthogonal", generator=generator())
    assert torch.equal(half, plain.bfloat16())
    # Each group of a convolution is a matrix of its own; so is each of a transposed one.
    for layer in (
        torch.nn.Conv1d(6, 6, 5, groups=3),
        torch.nn.ConvTranspose1d(6, 6, 5, groups=3),
    ):
        init_network_(layer, generator=generator(), scheme="orthogonal")
        for part in layer.weight.detach().chunk(3):
            if isinstance(layer, torch.nn.ConvTranspose1d):
                part = part.transpose(0, 1)
            rows = part.flatten(1)
            torch.testing.assert_close(rows @ rows.T, torch.eye(2))


def test_draws_are_reproducible_and_leave_the_global_state_alone():
    def network() -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.ELU(), torch.nn.Linear(5, 2))

    one, other = network(), network()
    state = torch.get_rng_state()
    init_network_(one, generator=generator(7))
    init_network_(other, generator=generator(7))
    assert torch.equal(torch.get_rng_state(), state)
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
    init_network_(other, generator=generator(8))
    assert not torch.equal(one[0].weight, other[0].weight)
    torch.manual_seed(3)
    init_network_(one)
    torch.manual_seed(3)
    init_network_(other)
    assert torch.equal(one[0].weight, other[0].weight)


# The fixed point of silu and gelu is unstable: a chance deviation grows with the depth.
@pytest.mark.parametrize(
    ("name", "depth"),
    [("tanh", 50), ("relu", 50), ("leaky_relu", 50), ("elu", 50), ("silu", 10), ("gelu", 10)],
)
def test_the_signal_survives_many_layers(name: str, depth: int):
    layers: list[torch.nn.Module] = []
    for _ in range(depth):
        layers += [torch.nn.Linear(256, 256), nn.activation(name)]
    network = init_network_(torch.nn.Sequential(*layers), generator=generator())
    x = torch.randn(64, 256, generator=generator(1))
    with torch.no_grad():
        rms = network(x).square().mean().sqrt().item()
    assert 0.1 < rms < 10.0


# What cannot be told


def test_strict_refuses_before_anything_is_changed():
    network = torch.nn.Sequential(
        torch.nn.Linear(9, 9),
        torch.nn.ReLU(),
        torch.nn.Linear(9, 9),
        torch.nn.Linear(9, 9),
        torch.nn.ReLU(),
        torch.nn.Linear(9, 2),
    )
    before = copy_of(network)
    with pytest.raises(ValueError, match="between layer '2' and the next"):
        init_network_(network)
    assert_equal(network, before)


def test_not_strict_takes_the_next_that_is_registered():
    network = torch.nn.Sequential(
        torch.nn.Linear(200, 200),
        torch.nn.Linear(200, 200),
        torch.nn.Softmax(1),
        torch.nn.Tanh(),
        torch.nn.Linear(200, 200),
        torch.nn.Linear(200, 200),
    )
    init_network_(network, generator=generator(), strict=False)
    assert spreads(network) == pytest.approx([5 / 3, 5 / 3, 1.0, 1.0], rel=0.03)


def test_an_activation_that_the_catalogue_lacks():
    network = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.GLU(), torch.nn.Linear(2, 2))
    with pytest.raises(ValueError, match="no record of GLU; it has: sigmoid"):
        init_network_(network)


def copy_of(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


def assert_equal(network: torch.nn.Module, values: dict[str, torch.Tensor]) -> None:
    for name, value in network.state_dict().items():
        assert torch.equal(value, values[name]), name


def test_weights_that_cannot_be_drawn():
    lazy = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.ReLU(), torch.nn.LazyLinear(3))
    before = lazy[0].weight.clone()
    with pytest.raises(ValueError, match="layer '2' has no weight yet"):
        init_network_(lazy)
    assert torch.equal(lazy[0].weight, before)
    computed = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 3))
    with pytest.raises(ValueError, match="is computed from other parameters"):
        init_network_(computed)
    with pytest.raises(ValueError, match="ReLU has no linear or convolution layer"):
        init_network_(torch.nn.ReLU())


def test_bad_input():
    weight = torch.zeros(3, 3)
    with pytest.raises(ValueError, match="no function is called 'rleu'; did you mean relu"):
        init_weight_(weight, "rleu")
    with pytest.raises(ValueError, match="at least two dimensions"):
        init_weight_(torch.zeros(3), "relu")
    with pytest.raises(ValueError, match=r"scheme is one of xavier_uniform, .* not 'zeros'"):
        init_weight_(weight, "relu", scheme="zeros")
    with pytest.raises(TypeError, match="scheme is a string or None, not int 1"):
        init_network_(torch.nn.Linear(2, 2), scheme=1)
    with pytest.raises(ValueError, match="mode is 'fan_in' or 'fan_out', not 'fan'"):
        init_weight_(weight, "relu", mode="fan")
    for scheme in (None, "xavier_normal", "lecun_normal", "orthogonal"):
        with pytest.raises(ValueError, match="mode='fan_out' is for scheme='kaiming_uniform'"):
            init_weight_(weight, "relu", scheme=scheme, mode="fan_out")
    with pytest.raises(TypeError, match=r"takes a torch\.Tensor, not list"):
        init_weight_([[1.0]], "relu")
    with pytest.raises(TypeError, match=r"takes a torch\.nn\.Module, not Tensor"):
        init_network_(weight)
    with pytest.raises(TypeError, match="the name of a function is a string"):
        init_network_(torch.nn.Linear(2, 2), 3)
    assert not weight.any()
