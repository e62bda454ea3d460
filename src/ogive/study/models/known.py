"""The networks that a study knows by name: what they take, and where they are built.

Nothing here loads torch, so that a declaration is read and checked in a moment.
"""

from __future__ import annotations

from dataclasses import dataclass

from ogive.study.models.fitting import (
    Fitting,
    fits_charlm,
    fits_cnn,
    fits_transformer,
    halves,
)
from ogive.study.options import Option

__all__ = ["MODELS", "MOST_LAYERS", "ModelKind"]

MOST_LAYERS = 1000
"""Layers or blocks of one network at most: ten thousand take minutes before anything is trained."""


@dataclass(frozen=True)
class ModelKind:
    """One kind of network.

    Parameters
    ----------
    name : str
        Its name in a declaration.
    summary : str
        What it is, for the list of models and the report.
    takes : tuple of str
        Kinds of data that it can be fed: "vectors", "images", "sequences", "tokens".
    builder : str
        The function that makes it, as ``module:function``: ``build(sites, shape, **options)``.
    options : tuple of Option
        What can be chosen; the first may be given without its name.
    gated : bool
        Whether its activations may be gated units.
    modules : tuple of str
        Libraries that it needs beside torch, as they are imported; the extra that brings them has
        the name of the kind.
    weight : float
        How long a pass over one row takes, relative to a linear layer of a small network.
    keeps : tuple of str
        Functions of the catalogue that belong to the network, and stay whatever the activation is.
    recurrent : bool
        Whether a place is called once a time step.
    fits : callable
        Refuses the shape of data and options that do not go together: ``fits(shape, **options)``.
    named : str
        The function, as ``module:function``, that refuses options when they are declared:
        ``named(**options)``; empty where the table says all.
    """

    name: str
    summary: str
    takes: tuple[str, ...]
    builder: str
    options: tuple[Option, ...] = ()
    gated: bool = False
    modules: tuple[str, ...] = ()
    weight: float = 1.0
    keeps: tuple[str, ...] = ()
    recurrent: bool = False
    fits: Fitting | None = None
    named: str = ""


def _table(*kinds: ModelKind) -> dict[str, ModelKind]:
    return {kind.name: kind for kind in kinds}


def _of_images(name: str, module: str, summary: str, weight: float, halvings: int) -> ModelKind:
    """Return a published network, in its form for small images."""
    return ModelKind(
        name=name,
        summary=f"{summary}, for small images",
        takes=("images",),
        builder=f"ogive.study.models.{module}:{name}",
        options=(Option("width", "number", 1.0, "a factor on all channels", least=1 / 32),),
        weight=weight,
        fits=halves(name, halvings),
    )


MODELS: dict[str, ModelKind] = _table(
    ModelKind(
        name="mlp",
        summary="a multi-layer perceptron",
        takes=("vectors", "images", "sequences"),
        builder="ogive.study.models.mlp:build",
        options=(
            Option("widths", "widths", (128, 128), "units of each hidden layer", most=MOST_LAYERS),
            Option(
                "norm",
                "choice",
                "none",
                "before each activation",
                choices=("none", "batch", "layer"),
            ),
        ),
    ),
    ModelKind(
        name="lstm",
        summary="LSTM layers, whose candidate and output have the activation; images by rows",
        takes=("sequences", "images"),
        builder="ogive.study.models.recurrent:lstm",
        options=(
            Option("width", "whole", 64, "units of each layer"),
            Option("layers", "whole", 1, "recurrent layers upon each other", most=MOST_LAYERS),
        ),
        weight=40.0,
        keeps=("sigmoid",),
        recurrent=True,
    ),
    ModelKind(
        name="gru",
        summary="layers of gated recurrent units, whose candidate has the activation; images by "
        "rows",
        takes=("sequences", "images"),
        builder="ogive.study.models.recurrent:gru",
        options=(
            Option("width", "whole", 64, "units of each layer"),
            Option("layers", "whole", 1, "recurrent layers upon each other", most=MOST_LAYERS),
        ),
        weight=25.0,
        keeps=("sigmoid",),
        recurrent=True,
    ),
    ModelKind(
        name="transformer",
        summary="a small transformer, with the activation in its feed-forward parts",
        takes=("images", "sequences"),
        builder="ogive.study.models.transformer:build",
        options=(
            Option("width", "whole", 64, "features of a token"),
            Option("depth", "whole", 2, "blocks", most=MOST_LAYERS),
            Option("heads", "whole", 4, "heads of each attention; they divide the width"),
            Option(
                "patch", "whole", 4, "side of an image's square tokens; 0 for its rows", least=0
            ),
        ),
        gated=True,
        weight=110.0,
        fits=fits_transformer,
    ),
    ModelKind(
        name="charlm",
        summary="a language model of characters: a transformer that sees what stands before",
        takes=("tokens",),
        builder="ogive.study.models.charlm:build",
        options=(
            Option("width", "whole", 128, "features of a token"),
            Option("depth", "whole", 4, "blocks", most=MOST_LAYERS),
            Option("heads", "whole", 4, "heads of each attention; they divide the width"),
            Option("dropout", "number", 0.0, "share set to 0 in training, below 1", least=0),
            Option("tied", "flag", False, "the output layer's weight is the embedding's"),
        ),
        gated=True,
        weight=830.0,
        fits=fits_charlm,
    ),
    ModelKind(
        name="cnn",
        summary="a small convolutional network, in the manner of airbench",
        takes=("images",),
        builder="ogive.study.models.cnn:build",
        options=(
            Option("widths", "widths", (16, 32, 64), "channels of each block", most=16),
            Option("norm", "choice", "batch", "before each activation", choices=("batch", "none")),
            Option("scale", "number", 1.0, "of the logits; airbench has 1/9", least=0.001),
        ),
        weight=55.0,
        fits=fits_cnn,
    ),
    _of_images("resnet8", "resnet", "a residual network of 8 layers", 150.0, 2),
    _of_images("resnet18", "resnet", "a residual network of 18 layers", 4700.0, 3),
    _of_images("resnet50", "resnet", "a residual network of 50 layers with bottlenecks", 9300.0, 3),
    _of_images(
        "senet18", "senet", "a residual network of 18 layers whose channels are weighed", 4700.0, 3
    ),
    _of_images(
        "vgg16", "vgg", "13 convolutions one after the other, and a linear layer", 3300.0, 5
    ),
    _of_images("googlenet", "googlenet", "nine modules of convolutions side by side", 16000.0, 2),
    _of_images("mobilenet", "mobilenet", "depthwise separable convolutions", 1150.0, 4),
    _of_images(
        "densenet121", "densenet", "layers that each take all that was before them", 9600.0, 3
    ),
    ModelKind(
        name="timm",
        summary="a network of timm, by its name there",
        takes=("images",),
        builder="ogive.study.models.from_timm:build",
        options=(
            Option("network", "text", "resnet18", "its name in timm"),
            Option("keeps", "text", "", "functions of its own that stay: relu+hard_sigmoid"),
        ),
        modules=("timm",),
        named="ogive.study.models.from_timm:check_name",
        weight=1000.0,
    ),
)
