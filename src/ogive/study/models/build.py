"""A network from a spec: built, initialised, ready to be trained.

What 'the same initial draw' means. Under "default" the network's own initialisation draws from
the run's seed. It does not look at the activation: every activation starts from identical weights.

Under "matched" each layer's weights are drawn as the catalogue asks for the activation that
follows it, and the laws differ in kind (uniform for Xavier, normal for Kaiming) and in scale. The
values that are drawn are then put in an order that is the same for every activation: the weight
that is the largest of its layer for one is so for all. Activations of one initialiser start from
weights that are equal up to one factor; across kinds their correlation is about 0.98. Each
layer's weights are independent of each other, so that putting them in another independent order
leaves their law as it was. Biases are 0. A person's own activation without a record gets normal
weights with the gain 1 / sqrt(E[f(z)²]), z standard normal, which keeps the size of the signal:
`ogive.study.models.keeping`.

Under "lsuv" (layer-sequential unit variance) an orthogonal draw, the same for every activation, is
scaled on the first rows of the training part.

The layers before and behind a gated unit are of other sizes than those of the other activations.
All other layers begin alike under "matched", and under "default" in the networks that are known by
name (in a person's own, what is drawn behind a gate is another draw); under "lsuv" gated units are
paired with each other only.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ogive.study.activation import Activation
from ogive.study.data import Shape
from ogive.study.model import Model
from ogive.study.models.keeping import called_in_turn, keeping_gains
from ogive.study.seeding import seed_for, stream
from ogive.study.sites import Sites
from ogive.study.spec import RunSpec
from ogive.torch.init import lsuv_
from ogive.torch.init.called import called_activations
from ogive.torch.init.layers import draw_layer_, weight_layers
from ogive.torch.init.nonlinearity import Found
from ogive.torch.init.weight import choose

__all__ = ["build", "initialise_", "make"]

STAND_IN = "softsign"
"""Put in an activation's place while it is looked at which layers it follows: a function that no
network has of its own."""


def make(model: Model, activation: Activation, shape: Shape, seed: int) -> tuple[nn.Module, Sites]:
    """Return a network as its own initialisation draws it, and its places of activations.

    Parameters
    ----------
    model : Model
        Which network.
    activation : Activation
        What is put into its places.
    shape : Shape
        Of the data.
    seed : int
        Of the draw.

    Returns
    -------
    network : torch.nn.Module
        In float32; it ends in logits.
    sites : Sites
        What was put in.

    Raises
    ------
    ValueError
        If it cannot be made for these data; if a person's own function returns no network, or has
        no place for an activation.

    Examples
    --------
    >>> shape = Shape("vectors", (4,), 3)
    >>> network, sites = make(Model.read("mlp:8x2"), Activation("relu"), shape, 0)
    >>> len(sites.made)
    2
    """
    model.check_shape(shape)
    sites = Sites(activation)
    builder = model.loaded()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for("default", seed))
        if model.kind is not None:
            network = builder(sites, shape, **dict(model.options))
        else:
            network = builder(sites, **_asked(builder, shape))
    if not isinstance(network, nn.Module):
        raise ValueError(f"{model} returned no torch.nn.Module, but {type(network).__name__}")
    if not sites.made:
        raise ValueError(f"{model} makes no activation: it has no place for {activation.label}")
    return network.to(torch.float32), sites


def _asked(builder: object, shape: Shape) -> dict[str, object]:
    """Return what of the data's shape a person's function asks for, by the names of arguments."""
    offered = {"input_shape": shape.inputs, "classes": shape.classes, "shape": shape}
    assert callable(builder)
    return {
        name: value
        for name, value in offered.items()
        if name in inspect.signature(builder).parameters
    }


def build(spec: RunSpec, shape: Shape, example: Tensor) -> tuple[nn.Module, Sites]:
    """Return the freshly initialised network of `spec`, and its places of activations.

    Parameters
    ----------
    spec : RunSpec
        Model, activation, initialisation, gain and seed.
    shape : Shape
        Of the data.
    example : torch.Tensor
        The first rows of the training part, on which "lsuv" measures and "matched" sees which
        layers an activation follows.

    Returns
    -------
    network : torch.nn.Module
        In float32 and in training mode; it ends in logits.
    sites : Sites
        What was put in.
    """
    network, sites = make(spec.model, spec.activation, shape, spec.seed)
    initialise_(network, sites, spec, shape, example)
    return network.train(), sites


@torch.no_grad()
def initialise_(
    network: nn.Module, sites: Sites, spec: RunSpec, shape: Shape, example: Tensor
) -> None:
    """Draw the weights as `spec` asks, and multiply them by its gain.

    Parameters
    ----------
    network : torch.nn.Module
        As `make` returned it; its weights are changed.
    sites : Sites
        Its places of activations.
    spec : RunSpec
        Names the initialisation, the gain and the seed.
    shape : Shape
        Of the data.
    example : torch.Tensor, shape (rows, ...)
        The first rows of the training part.
    """
    layers = weight_layers(network)
    if spec.initialization == "lsuv":
        lsuv_(network, example, generator=stream("lsuv", spec.seed))
    elif spec.initialization == "matched":
        followed = _followed(spec.model, spec.activation, shape, example)
        laws = {name: _law(found, sites) for name, found in followed.items() if name in layers}
        without = {name: layers[name] for name, law in laws.items() if law is None}
        gains = keeping_gains(network, sites, without, example) if without else {}
        known = {name: law or ("kaiming_normal", gains[name]) for name, law in laws.items()}
        _match_(layers, known, spec.seed)
    if spec.gain != 1:
        last = called_in_turn(network, layers, example)[-1:]
        # The last layer's scale is that of the logits, which no activation follows.
        for name, layer in layers.items():
            if name not in last:
                weight = layer.weight
                assert isinstance(weight, Tensor)
                weight.mul_(spec.gain)


_SEEN: dict[tuple[Model, Activation, Shape], Mapping[str, Found | None]] = {}


def _followed(
    model: Model, activation: Activation, shape: Shape, example: Tensor
) -> Mapping[str, Found | None]:
    """Return for each layer what follows it, the stand-in being what is compared.

    Nothing stands in for a gated unit, which takes two inputs for each output. No record follows
    the layer before one, then, and it is drawn as a layer that no activation follows.
    """
    seen = (model, activation if activation.gated else Activation(STAND_IN), shape)
    if seen not in _SEEN:
        twin, _ = make(model, seen[1], shape, 0)
        _SEEN[seen] = called_activations(twin.eval(), weight_layers(twin), example, strict=False)
    return _SEEN[seen]


def _law(found: Found | None, sites: Sites) -> tuple[str, float] | None:
    """Return initialiser and gain for what follows a layer; None if that has no record."""
    if found is None or found[0].name != STAND_IN:
        return choose(found, None, "fan_in")
    activation = sites.activation
    record = activation.function
    if record is None:
        return None
    return choose((record, record.defaults() | dict(activation.parameters)), None, "fan_in")


def _match_(
    layers: Mapping[str, nn.Module], laws: Mapping[str, tuple[str, float]], seed: int
) -> None:
    """Draw the weights that suit the activation, in the order that suits the pairing."""
    for name, layer in layers.items():
        # Streams of each layer's own: how much one draws depends on its size, and a gated unit's
        # layers are of another.
        draws = stream(f"matched {name}", seed)
        order = stream(f"matched order {name}", seed)
        scheme, gain = laws[name]
        draw_layer_(layer, scheme, gain, "fan_in", draws)
        weight = layer.weight
        assert isinstance(weight, Tensor)
        place = torch.randperm(weight.numel(), generator=order)
        weight.view(-1)[place] = weight.flatten().sort().values
