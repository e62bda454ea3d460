"""Networks for images: what is published of them, where activations stand, how they are drawn."""

import math
import sys

import pytest
import timm_networks
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ogive.study import Grid, Study
from ogive.study.activation import Activation
from ogive.study.data import Dataset, Part, Shape
from ogive.study.engines.base import RefusedError
from ogive.study.installed import inspect
from ogive.study.model import Model
from ogive.study.models import from_timm, resnet
from ogive.study.models.build import build, make
from ogive.study.models.fitting import check_sides
from ogive.study.models.images import he_, scaled
from ogive.study.models.known import MODELS
from ogive.study.models.senet import SqueezeExcitation
from ogive.study.sites import Sites
from ogive.study.spec import RunSpec
from ogive.torch.init.called import called_activations
from ogive.torch.init.layers import weight_layers

COLOUR = Shape("images", (3, 32, 32), 10)
GREY = Shape("images", (1, 28, 28), 10)
DIGITS = Shape("images", (1, 8, 8), 10)

PUBLISHED = {
    # Parameters with 10 classes. The seven of the survey: the models of
    # https://github.com/kuangliu/pytorch-cifar, counted; VGG-16 beside them in the form with
    # batch normalisation. Places: the calls of ReLU there.
    "resnet18": (11_173_962, 17),
    "resnet50": (23_520_842, 49),
    "senet18": (11_260_354, 25),
    "vgg16": (14_728_266, 13),
    "googlenet": (6_166_250, 64),
    "mobilenet": (3_217_226, 27),
    "densenet121": (6_956_298, 120),
}

NARROW = {
    "cnn:4-8-8": 7,
    "cnn:4-8-8:norm=none": 7,
    "resnet8:0.25": 7,
    "resnet18:0.0625": 17,
    "resnet50:0.03125": 49,
    "senet18:0.0625": 25,
    "vgg16:0.0625": 13,
    "googlenet:0.0625": 64,
    "mobilenet:0.0625": 27,
    "densenet121:0.0625": 120,
}
"""Networks small enough for a test, and their places."""

SMALLEST = {
    "cnn": 6,
    "resnet8": 3,
    "resnet18": 5,
    "resnet50": 5,
    "senet18": 5,
    "vgg16": 17,
    "googlenet": 3,
    "mobilenet": 9,
    "densenet121": 5,
}
"""Shortest side that each takes."""


def made(word, shape=COLOUR, activation="relu", seed=0):
    return make(Model.read(word), Activation.read(activation), shape, seed)


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def images(shape, rows=4, seed=0):
    return torch.randn(rows, *shape.inputs, generator=torch.Generator().manual_seed(seed))


def dataset(shape):
    part = Part(images(shape).numpy(), torch.arange(4).numpy())
    return Dataset("images", part, part, part, shape.classes)


# ---- what is published


def test_every_network_for_images_is_tested_here():
    assert {name.partition(":")[0] for name in NARROW} == set(SMALLEST)
    assert set(SMALLEST) | {"timm"} == {
        name for name, kind in MODELS.items() if kind.takes == ("images",)
    }


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_as_many_as_published(name):
    # On the device "meta" nothing is drawn.
    with torch.device("meta"):
        sites = Sites(Activation("relu"))
        network = Model.read(name).loaded()(sites, COLOUR, width=1.0)
    assert (parameters(network), len(sites.made)) == PUBLISHED[name]


@pytest.mark.parametrize(
    ("blocks", "millions"), [(3, 0.27), (5, 0.46), (7, 0.66), (9, 0.85), (18, 1.7)]
)
def test_the_family_of_resnet8_has_the_sizes_of_the_paper(blocks, millions):
    # He et al. (2016), table 6: ResNet-20 to ResNet-110.
    with torch.device("meta"):
        network = resnet.of_cifar(Sites(Activation("relu")), COLOUR, blocks=blocks, width=1.0)
    digits = 1 if millions > 1 else 2
    assert round(parameters(network) / 1e6, digits) == millions
    layers = [each for each in network.modules() if isinstance(each, nn.Conv2d | nn.Linear)]
    assert len(layers) == 6 * blocks + 2


def test_resnet8_has_no_parameters_in_its_shortcuts():
    # 432 + 3 stages of 2 convolutions each + norms + the linear layer, counted by hand.
    convolutions = 9 * (3 * 16 + 2 * 16 * 16 + 16 * 32 + 32 * 32 + 32 * 64 + 64 * 64)
    norms = 2 * (3 * 16 + 2 * 32 + 2 * 64)
    assert parameters(made("resnet8")[0]) == convolutions + norms + 64 * 10 + 10


# ---- the places of activations


@pytest.mark.parametrize("word", NARROW)
def test_each_place_has_its_own_activation_and_is_called_once(word):
    network, sites = made(word, activation="prelu")
    calls = []
    for site in sites.made:
        site.register_forward_hook(lambda module, *_: calls.append(module))
    network(images(COLOUR))
    assert calls == [each for each in network.modules() if each in set(sites.made)]
    assert len(calls) == len(set(calls)) == len(sites.made) == NARROW[word]
    slopes = {id(parameter) for site in sites.made for parameter in site.parameters()}
    assert len(slopes) == NARROW[word]


@pytest.mark.parametrize("word", NARROW)
def test_what_follows_each_layer_is_seen(word):
    network, _ = made(word, activation="softsign")
    layers = weight_layers(network)
    seen = called_activations(network.eval(), layers, images(COLOUR), strict=True)
    followed = {name: None if found is None else found[0].name for name, found in seen.items()}
    assert followed.pop("head") is None
    if word.startswith("senet18"):
        # Neither norm nor activation stands behind the last block; a gate's sigmoid is its own.
        assert followed.pop("stage4.1.conv2") is None
        gates = [followed.pop(name) for name in list(followed) if name.endswith("excite")]
        assert gates == ["sigmoid"] * 8
    assert set(followed.values()) == {"softsign"}


@pytest.mark.parametrize("word", NARROW)
def test_nothing_but_the_activation_is_found_in_the_network(word):
    inspect(RunSpec(model=word, activation="gelu"), dataset(COLOUR))


@pytest.mark.parametrize("word", NARROW)
def test_a_gated_unit_has_no_place(word):
    with pytest.raises(ValueError, match="swiglu is a gated unit"):
        Study(activations=("relu", "swiglu"), grids=(Grid(models=(word,)),))


# ---- sizes


@given(
    name=st.sampled_from(sorted(SMALLEST)),
    height=st.integers(1, 24),
    width=st.integers(1, 24),
    channels=st.integers(1, 3),
)
@settings(max_examples=40, deadline=None)
def test_images_are_taken_from_the_shortest_side_on(name, height, width, channels):
    shape = Shape("images", (channels, height, width), 3)
    model = Model.read(next(word for word in NARROW if word.partition(":")[0] == name))
    fits = min(height, width) >= SMALLEST[name]
    if fits:
        network, _ = make(model, Activation("relu"), shape, 0)
        assert network(images(shape, rows=2)).shape == (2, 3)
    else:
        least = f"at least {SMALLEST[name]} pixels, not {height} × {width}"
        with pytest.raises(ValueError, match=least):
            make(model, Activation("relu"), shape, 0)


@given(halvings=st.integers(1, 6), side=st.integers(1, 70))
def test_the_shortest_side_has_two_pixels_before_every_halving(halvings, side):
    sides = [side]
    for _ in range(halvings - 1):
        sides.append(math.ceil(sides[-1] / 2))
    shape = Shape("images", (1, side, 70), 10)
    if min(sides) >= 2:
        check_sides("a network", shape, halvings)
    else:
        with pytest.raises(ValueError, match="sides of at least"):
            check_sides("a network", shape, halvings)


@pytest.mark.parametrize("name", sorted(set(SMALLEST) - {"cnn"}))
def test_width_scales_the_channels(name):
    with torch.device("meta"):
        whole, half = (
            Model.read(name).loaded()(Sites(Activation("relu")), COLOUR, width=width)
            for width in (1.0, 0.5)
        )
    for one, other in zip(weight_layers(whole).values(), weight_layers(half).values(), strict=True):
        assert other.weight.shape[0] * 2 == one.weight.shape[0] or one.weight.shape[0] == 10
    # A product of two channels each: a quarter, but for what has one of them, or none.
    assert 0.2 < parameters(half) / parameters(whole) < 0.5


@given(channels=st.integers(1, 2048), width=st.floats(1 / 32, 4))
def test_scaled_channels(channels, width):
    assert scaled(channels, width) >= 1
    assert abs(scaled(channels, width) - channels * width) <= 1
    assert scaled(channels, 1.0) == channels


def test_a_width_of_nothing_is_refused():
    with pytest.raises(ValueError, match="resnet18: width must be a finite number of at least"):
        Model.read("resnet18:0")


# ---- the initial draw


@pytest.mark.parametrize("word", NARROW)
def test_the_default_draw_does_not_look_at_the_activation(word):
    first, *others = (
        [layer.weight for layer in weight_layers(made(word, activation=name, seed=3)[0]).values()]
        for name in ("relu", "sigmoid", "swish", "prelu")
    )
    for other in others:
        assert all(torch.equal(a, b) for a, b in zip(first, other, strict=True))
    again = weight_layers(made(word, seed=4)[0]).values()
    assert not any(torch.equal(a, b.weight) for a, b in zip(first, again, strict=True))


def test_what_an_activation_draws_does_not_move_the_draws_of_the_layers(tmp_path):
    (tmp_path / "drawing.py").write_text(
        "import torch\n"
        "class Drawn(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.slope = torch.nn.Parameter(torch.rand(7))\n"
        "    def forward(self, input):\n"
        "        return input.clamp(min=0) * self.slope.mean()\n"
    )
    theirs, ours = (
        weight_layers(made("resnet8:0.25", activation=activation)[0]).values()
        for activation in (f"{tmp_path / 'drawing.py'}:Drawn", "relu")
    )
    assert all(torch.equal(a.weight, b.weight) for a, b in zip(theirs, ours, strict=True))


def test_convolutions_are_drawn_by_the_rule_of_he():
    # 30,000 numbers: their variance is within 5 % but once in 10⁹ or so.
    for groups, inputs in ((1, 48), (3333, 1)):
        layer = he_(nn.Conv2d(inputs * groups, 3333 if groups > 1 else 70, 3, groups=groups))
        assert abs(layer.weight.var().item() * inputs * 9 / 2 - 1) < 0.05
        assert not layer.bias.any()


@pytest.mark.parametrize("initialization", ["default", "matched", "lsuv"])
@pytest.mark.parametrize("word", NARROW)
def test_gradients_reach_every_parameter(word, initialization):
    spec = RunSpec(model=word, activation="swish", initialization=initialization, seed=1)
    example = images(COLOUR, rows=8)
    network, sites = build(spec, COLOUR, example)
    twin, _ = build(spec, COLOUR, example)
    states = zip(network.state_dict().values(), twin.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in states)
    outputs = network(example)
    assert outputs.shape == (8, 10)
    nn.functional.cross_entropy(outputs, torch.arange(8)).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name
    assert len(sites.made) == NARROW[word]


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "prelu"])
@pytest.mark.parametrize("initialization", ["default", "matched", "lsuv"])
@pytest.mark.parametrize("word", ["cnn:4-8", "resnet8:0.25", "densenet121:0.0625"])
def test_activations_and_draws_on_the_smallest_images(word, initialization, activation):
    spec = RunSpec(model=word, activation=activation, initialization=initialization)
    example = images(DIGITS, rows=16)
    network, _ = build(spec, DIGITS, example)
    outputs = network(example)
    assert outputs.shape == (16, 10)
    assert outputs.isfinite().all()
    assert outputs.std() > 0


# ---- parts


def test_a_subsampled_shortcut_keeps_every_second_pixel():
    shortcut = resnet.Subsample(2, 1)
    x = torch.arange(18.0).reshape(1, 2, 3, 3)
    expected = torch.tensor([[[[0, 2], [6, 8]], [[9, 11], [15, 17]], [[0, 0], [0, 0]]]])
    assert torch.equal(shortcut(x), expected.float())


def test_a_gate_is_a_sigmoid_whatever_the_activation():
    unit = SqueezeExcitation(Sites(Activation("relu")), 32)
    x = images(Shape("images", (32, 5, 5), 2))
    share = unit(x) / x
    assert ((share > 0) & (share < 1)).all()
    # One gate for all pixels of a channel, of the means of all channels.
    torch.testing.assert_close(share, share[:, :, :1, :1].expand_as(share))
    hidden = torch.relu(unit.squeeze.weight[:, :, 0, 0] @ x.mean(dim=(2, 3))[0] + unit.squeeze.bias)
    gate = torch.sigmoid(unit.excite.weight[:, :, 0, 0] @ hidden + unit.excite.bias)
    torch.testing.assert_close(share[0, :, 0, 0], gate)


def test_the_logits_of_the_small_network_are_scaled():
    whole, part = (made(f"cnn:4-8{scale}", GREY)[0] for scale in ("", ":scale=0.25"))
    torch.testing.assert_close(part(images(GREY)), whole(images(GREY)) / 4)
    assert repr(part.scale) == "Scaled(0.25)"


# ---- timm


@pytest.fixture
def timm():
    timm_networks.create("test_resnet")  # leaves timm imported, with torchvision or without it


def theirs(network, shape=COLOUR, activation="swish", seed=0):
    return made(f"timm:{network}", shape, activation, seed)


@pytest.mark.usefixtures("timm")
@pytest.mark.parametrize(
    ("network", "shape", "places"),
    [
        ("test_resnet", COLOUR, 12),
        ("test_resnet", DIGITS, 12),
        ("resnet10t", GREY, 11),
        ("test_efficientnet", GREY, 11),
        ("test_vit", COLOUR, 6),
        ("test_convnext", COLOUR, 9),
        ("regnetx_002", DIGITS, 40),
    ],
)
def test_networks_of_timm_take_the_activation_everywhere(network, shape, places):
    built, sites = theirs(network, shape)
    assert len(sites.made) == places
    assert len({id(parameter) for site in sites.made for parameter in site.parameters()}) == places
    state = built.state_dict()
    other = theirs(network, shape, "relu")[0].state_dict()
    assert all(torch.equal(state[name], value) for name, value in other.items())
    outputs = built.train()(images(shape))
    assert outputs.shape == (4, 10)
    outputs.square().sum().backward()
    assert all(parameter.grad is not None for parameter in built.parameters())


@pytest.mark.usefixtures("timm")
@pytest.mark.parametrize(
    ("network", "shape", "reason"),
    [
        ("resnett18", COLOUR, "timm has no network 'resnett18'; did you mean 'resnet18'"),
        ("resnet18.a1_in1k", COLOUR, "timm has no network 'resnet18.a1_in1k'"),
        ("ghostnet_050", COLOUR, "ghostnet_050 has its activation built in"),
        ("convmixer_768_32", COLOUR, "convmixer_768_32 has its activation built in"),
        ("nf_resnet26", COLOUR, "nf_resnet26 cannot be made with another activation"),
    ],
)
def test_what_timm_cannot_make_is_refused_with_the_reason(network, shape, reason):
    with pytest.raises(ValueError, match=reason):
        theirs(network, shape)


@pytest.mark.usefixtures("timm")
@pytest.mark.parametrize(
    ("word", "shape", "reason"),
    [
        ("test_resnet", GREY, None),
        ("test_efficientnet", COLOUR, None),
        ("seresnet18", COLOUR, "relu .* beside the 17 places that are replaced"),
        ("seresnet18:keeps=relu", COLOUR, None),
        ("test_vit", GREY, "cannot be run: .*divisible by patch"),
        ("test_convnext", DIGITS, "cannot be run: .*Kernel size"),
    ],
)
def test_networks_of_timm_are_inspected(word, shape, reason):
    spec = RunSpec(model=f"timm:{word}", activation="gelu")
    if reason is None:
        inspect(spec, dataset(shape))
    else:
        with pytest.raises(RefusedError, match=reason):
            inspect(spec, dataset(shape))


@pytest.mark.usefixtures("timm")
def test_a_network_of_timm_is_the_one_that_timm_makes():
    built, _ = theirs("test_resnet", activation="relu")
    original = timm_networks.create("test_resnet", num_classes=10)
    original.load_state_dict(built.state_dict())
    torch.testing.assert_close(built.eval()(images(COLOUR)), original.eval()(images(COLOUR)))


@pytest.mark.usefixtures("timm")
def test_a_name_that_timm_does_not_have_is_refused_when_it_is_declared():
    with pytest.raises(
        ValueError, match="timm has no network 'resnett18'; did you mean 'resnet18'"
    ):
        Model.read("timm:resnett18")


def test_what_timm_needs_and_is_not_there_is_named(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError("No module named 'torchvision.ops'", name="torchvision.ops")

    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setattr(from_timm.importlib, "import_module", missing)
    with pytest.raises(
        ModuleNotFoundError,
        match=r'^model \'timm\' needs torchvision: pip install "ogive\[timm\]"$',
    ):
        from_timm.check_name("resnet18")


@pytest.mark.usefixtures("timm")
def test_the_words_of_the_networks():
    for word in ("cnn:16-32-64", "resnet18", "resnet18:width=0.5", "timm:test_vit"):
        assert str(Model.read(word)) == word
    assert Model.read("resnet18:0.5") == Model.read("resnet18:width=0.5")
    assert str(Model.read("timm:network=test_vit")) == "timm:test_vit"


def test_a_library_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr("ogive.extras.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r'model \'timm\' needs timm: .*"ogive\[timm\]"'):
        Model.read("timm:resnet18")
