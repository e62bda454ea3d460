"""Gains for a person's own functions, and which layer of a person's own network is the last."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from ogive.study import Recipe, RunSpec  # noqa: E402
from ogive.study.activation import Activation  # noqa: E402
from ogive.study.data import Shape  # noqa: E402
from ogive.study.model import Model  # noqa: E402
from ogive.study.models.build import build, make  # noqa: E402
from ogive.study.models.keeping import called_in_turn, keeping_gains  # noqa: E402
from ogive.study.training import optimizer_for, train  # noqa: E402
from ogive.torch.init.layers import weight_layers  # noqa: E402

OWN = '''
import torch
from torch import nn


class Relu(nn.Module):
    def forward(self, x):
        return torch.where(x > 0, x, torch.zeros_like(x))


class OverMaximum(nn.Module):
    """Mixes the entries of a row, which is allowed; rows it keeps apart."""

    def forward(self, x):
        return torch.where(x > 0, x, torch.zeros_like(x)) / x.amax(dim=1, keepdim=True)


class ByChannel(nn.Module):
    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.full((1, 16), 0.25))

    def forward(self, x):
        return torch.where(x > 0, x, self.slope * x)


class Counting(nn.Module):
    """Draws as it is trained, and counts its calls."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        slope = torch.rand(()) if self.training else 0.25
        return torch.where(x > 0, x, slope * x)


def head_first(activation):
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(24, 10)
            self.body = nn.Linear(64, 24)
            self.activation = activation()

        def forward(self, x):
            return self.head(self.activation(self.body(x.flatten(1))))

    return Network()
'''
DIGITS = Shape("images", (1, 8, 8), 10)
EXAMPLE = torch.randn(32, 1, 8, 8, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def own(tmp_path):
    file = tmp_path / "own.py"
    file.write_text(OWN)
    return lambda name: f"{file}:{name}"


def built(activation, model="mlp:16x2", **words):
    spec = RunSpec(model=model, activation=activation, initialization="matched", **words)
    return build(spec, DIGITS, EXAMPLE)


def gains(reference, model="mlp:64x2"):
    network, sites = make(Model.read(model), Activation.read(reference), DIGITS, 0)
    layers = dict(list(weight_layers(network).items())[:-1])
    return list(keeping_gains(network, sites, layers, EXAMPLE).values())


def test_the_gain_keeps_the_mean_square(own):
    for gain in gains(own("Relu")):
        assert gain == pytest.approx(2**0.5, rel=0.01)
    # Against a draw of another generator, in the shape of the layer.
    z = torch.randn(4000, 64, generator=torch.Generator().manual_seed(2)).double()
    mixed = z.clamp(min=0) / z.amax(dim=1, keepdim=True)
    for gain in gains(own("OverMaximum")):
        assert gain == pytest.approx(mixed.square().mean().item() ** -0.5, rel=0.02)


def test_weights_are_drawn_with_that_gain(own):
    network, _ = built(own("OverMaximum"), model="mlp:256x2")
    first, second, last = weight_layers(network).values()
    wanted = gains(own("OverMaximum"), model="mlp:256x2")
    for layer, gain in zip((first, second), wanted, strict=True):
        fan = layer.weight.shape[1]
        assert layer.weight.std().item() * fan**0.5 == pytest.approx(gain, rel=0.03)
    assert last.weight.std().item() * 16 < wanted[0] / 2


def test_a_parameter_for_each_channel_gets_what_it_is_called_with(own):
    run = train(RunSpec(model="mlp:16x1", activation=own("ByChannel"), recipe=Recipe(epochs=1)))
    assert run["outcome"] == "finished"


def test_the_draw_depends_on_the_spec_alone(own):
    torch.manual_seed(1)
    first, _ = built(own("Counting"))
    torch.manual_seed(2)
    state = torch.get_rng_state()
    second, sites = built(own("Counting"))
    assert torch.equal(torch.get_rng_state(), state)
    assert first.training
    assert second.training
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)
    assert [made.calls.item() for made in sites.made] == [0, 0]


def test_the_last_layer_is_the_one_called_last(own):
    model = own("head_first")
    plain, _ = built("relu", model=model)
    scaled, _ = built("relu", model=model, gain=2.0)
    assert torch.equal(scaled.head.weight, plain.head.weight)
    assert torch.equal(scaled.body.weight, 2 * plain.body.weight)


@pytest.mark.parametrize(
    "word",
    ["mlp:8x3", "cnn:4-4-8", "resnet8", "mobilenet", "densenet121", "googlenet", "transformer:16"],
)
def test_of_networks_known_by_name_the_last_is_registered_last(word):
    model = Model.read(word)
    shape = Shape("images", (1, 32, 32), 10)
    network, _ = make(model, Activation.read("relu"), shape, 0)
    layers = weight_layers(network)
    example = torch.randn(2, 1, 32, 32)
    assert called_in_turn(network, layers, example)[-1] == list(layers)[-1]


def test_no_parameter_of_an_activation_decays(own):
    network, sites = make(Model.read("mlp:16x2"), Activation.read(own("ByChannel")), DIGITS, 0)
    optimizer = optimizer_for(network, sites, Recipe(optimizer="adamw", weight_decay=0.1))
    decaying = {
        id(parameter)
        for group in optimizer.param_groups
        if group["weight_decay"]
        for parameter in group["params"]
    }
    assert decaying == {id(layer.weight) for layer in weight_layers(network).values()}
    slopes = {id(made.slope) for made in sites.made}
    assert not decaying & slopes
    named = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    assert named == {id(parameter) for parameter in network.parameters()}


def test_networks_are_left_as_they_were():
    network = nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2)
    )
    network[1].eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert called_in_turn(network, weight_layers(network), torch.randn(6, 4)) == ["0", "4"]
    assert [module.training for module in network] == [True, False, True, True, True]
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])
