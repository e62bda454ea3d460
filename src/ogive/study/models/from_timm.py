"""Networks of timm by name, with another activation."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from torch import nn

from ogive.extras import require
from ogive.study.checked import nearest
from ogive.study.data import Shape
from ogive.study.sites import Sites

__all__ = ["act_layer", "build", "check_name"]


def build(sites: Sites, shape: Shape, *, network: str, keeps: str = "") -> nn.Module:
    """Return a network of timm, untrained, as timm initialises it.

    Parameters
    ----------
    sites : Sites
        Makes its activations; timm's networks take it as their ``act_layer``.
    shape : Shape
        Of the images. Networks for one size of images are asked for this one.
    network : str
        Its name, as ``timm.list_models()`` has it.
    keeps : str
        Functions that belong to the network and stay, as ``relu+hard_sigmoid``. It changes nothing
        here: `ogive.study.installed` refuses a network with others, and one that cannot be run on
        the images.

    Returns
    -------
    torch.nn.Module
        It ends in logits.

    Raises
    ------
    ValueError
        If timm has no such network, it takes no other activation, or it cannot be made for these
        images.

    Notes
    -----
    Source: R. Wightman, PyTorch image models, https://github.com/huggingface/pytorch-image-models.
    """
    check_name(network)
    timm = importlib.import_module("timm")
    asked: dict[str, Any] = {"num_classes": shape.classes, "in_chans": shape.inputs[0]}
    published = timm.get_pretrained_cfg(network)
    if published is not None and published.fixed_input_size:
        asked["img_size"] = shape.inputs[1:]
    try:
        made = timm.create_model(network, pretrained=False, act_layer=act_layer(sites), **asked)
    except (TypeError, ValueError, AssertionError, RuntimeError) as error:
        raise ValueError(_refusal(f"timm's {network}", shape, error)) from error
    if not isinstance(made, nn.Module) or not sites.made:
        raise ValueError(f"timm's {network} makes none of its activations by its act_layer")
    return made


def check_name(network: str, keeps: str = "") -> None:
    """Refuse a name that timm does not have.

    Parameters
    ----------
    network : str
        Its name, as ``timm.list_models()`` has it.
    keeps : str
        As of `build`; it is looked at where the network is.

    Raises
    ------
    ValueError
        If timm has no such network; the message names the nearest.
    ModuleNotFoundError
        If timm cannot be imported without something that is not installed, as torchvision; the
        message says how to get it.
    """
    try:
        timm = importlib.import_module("timm")
    except ModuleNotFoundError as error:
        if error.name:
            require("model 'timm'", error.name.partition(".")[0], extra="timm")
        raise
    names = timm.list_models()
    if network not in names:
        raise ValueError(f"timm has no network {network!r}{nearest(network, names)}")


def act_layer(sites: Sites) -> Callable[..., nn.Module]:
    """Return `sites` as timm takes it: as a function, with torch's ``inplace`` by place too.

    Parameters
    ----------
    sites : Sites
        Makes an activation at each call.

    Returns
    -------
    callable
        What a model of timm takes as ``act_layer``.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> sites = Sites(Activation("relu"))
    >>> made = act_layer(sites)(True)
    >>> made is sites.made[0]
    True
    """

    def activation(*arguments: Any, **more: Any) -> nn.Module:
        if len(arguments) == 1 and isinstance(arguments[0], bool):
            return sites(inplace=arguments[0], **more)
        return sites(*arguments, **more)

    return activation


def _refusal(label: str, shape: Shape, error: Exception) -> str:
    """Say why a network could not be made."""
    said = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, TypeError) and "act_layer" in said:
        return f"{label} has its activation built in: it takes no act_layer"
    size = " × ".join(map(str, shape.inputs))
    return f"{label} cannot be made with another activation for images of {size}: {said}"
