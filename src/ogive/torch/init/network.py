"""Initialisation that fits the activation, as the catalogue names it.

The weights before an activation should be drawn so that the signal neither dies out nor explodes
through the layers; how large they must be depends on the activation. The catalogue holds for each
the scheme (Xavier, Kaiming, LeCun) and the gain, with the reason. The draws are `torch.nn.init`'s.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ogive import catalog
from ogive.torch.nn import recognise

__all__ = ["init_network_", "init_weight_"]

_WEIGHT_LAYERS = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_OUTPUT_FUNCTIONS = frozenset({"sigmoid", "logit", "log_sigmoid"})
"""Behind the last layer these turn scores into probabilities; no layer waits for their signal."""

_LINEAR = ("xavier_uniform", 1.0)
"""Scheme and gain of a layer that no activation follows."""

Activation = str | catalog.Function | nn.Module


def init_weight_(
    tensor: Tensor,
    activation: Activation | None = None,
    *,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Fill the weight of one layer as the activation behind it asks.

    Parameters
    ----------
    tensor : torch.Tensor
        The weight, of shape (outputs, inputs, ...): at least two dimensions.
    activation : str, ogive.catalog.Function or torch.nn.Module, optional
        A name or record of the catalogue (at default parameters), or a module (at its own). None
        for a layer that no activation follows: Xavier with gain 1.
    generator : torch.Generator, optional
        The source of the draws; torch's global one if None.

    Returns
    -------
    torch.Tensor
        `tensor`.

    Raises
    ------
    TypeError
        If an argument is of none of these types.
    ValueError
        If the activation is unknown, or `tensor` has fewer than two dimensions.

    Notes
    -----
    Xavier: variance 2 gain² / (inputs + outputs). Kaiming and LeCun: gain² / inputs; with the
    gain from the catalogue they are one rule. inputs and outputs count the kernel's elements too.

    Source: X. Glorot, Y. Bengio (2010), AISTATS; K. He et al. (2015), ICCV; Y. LeCun et al.
    (1998), Efficient BackProp.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.init import init_weight_
    >>> weight = init_weight_(torch.empty(300, 200), "relu")
    >>> abs(weight.std().item() - (2 / 200) ** 0.5) < 0.002
    True
    """
    scheme, gain = _LINEAR if activation is None else _scheme(activation)
    if not isinstance(tensor, Tensor):
        raise TypeError(f"init_weight_ takes a torch.Tensor, not {type(tensor).__name__}")
    if tensor.dim() < 2:
        raise ValueError(
            f"a weight has at least two dimensions, (outputs, inputs, ...), not {tensor.dim()}"
        )
    _draw_(tensor, scheme, gain, generator)
    return tensor


def init_network_(
    module: nn.Module,
    activation: Activation | None = None,
    generator: torch.Generator | None = None,
    *,
    strict: bool = True,
) -> nn.Module:
    """Initialise every linear and convolution layer of a network as its activation asks.

    Parameters
    ----------
    module : torch.nn.Module
        The network, or a part of it.
    activation : str, ogive.catalog.Function or torch.nn.Module, optional
        If given, every weight layer is initialised for it. If None, each layer is initialised for
        the activation module that follows it in the order of registration; the last layer, with
        no activation behind it or only one that makes probabilities (sigmoid, softmax), gets
        Xavier with gain 1.
    generator : torch.Generator, optional
        The source of the draws; torch's global one if None.
    strict : bool, optional
        What to do where the order of registration does not tell which activation a layer has: if
        True, raise before anything is changed; if False, take the next activation that is
        registered anywhere behind the layer, and gain 1 where there is none.

    Returns
    -------
    torch.nn.Module
        `module`. Biases are 0; parameters of other layers are left as they were.

    Raises
    ------
    TypeError
        If an argument is of none of these types.
    ValueError
        If there is no weight layer, the activation is unknown, a layer has no weight yet (lazy)
        or one that is computed from others (parametrised), or, if `strict`, a layer's activation
        cannot be told.

    Notes
    -----
    Only modules are seen, not calls of functions in a `forward`: for a network that uses these,
    give `activation`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.init import init_network_
    >>> network = torch.nn.Sequential(
    ...     torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)
    ... )
    >>> init_network_(network, generator=torch.Generator().manual_seed(0)) is network
    True
    """
    if not isinstance(module, nn.Module):
        raise TypeError(f"init_network_ takes a torch.nn.Module, not {type(module).__name__}")
    if activation is None:
        plan = list(_following(module, strict))
    else:
        scheme = _scheme(activation)
        plan = [(name, layer, scheme) for name, layer in _weight_layers(module)]
    if not plan:
        raise ValueError(
            f"{type(module).__name__} has no linear or convolution layer to initialise"
        )
    for name, layer, _ in plan:
        if isinstance(layer.weight, nn.parameter.UninitializedParameter):
            raise ValueError(f"layer {name!r} has no weight yet: run the network once first")
        if is_parametrized(layer, "weight"):
            raise ValueError(f"the weight of layer {name!r} is computed from other parameters")
    for _, layer, (scheme_name, gain) in plan:
        weight = layer.weight
        assert isinstance(weight, Tensor)
        # Transposed convolutions hold (inputs, outputs, ...).
        _draw_(
            weight.transpose(0, 1) if isinstance(layer, _TRANSPOSED) else weight,
            scheme_name,
            gain,
            generator,
        )
        if isinstance(layer.bias, Tensor):
            nn.init.zeros_(layer.bias)
    return module


def _weight_layers(module: nn.Module) -> list[tuple[str, nn.Module]]:
    return [
        (name, layer) for name, layer in module.named_modules() if isinstance(layer, _WEIGHT_LAYERS)
    ]


def _following(
    module: nn.Module, strict: bool
) -> Iterator[tuple[str, nn.Module, tuple[str, float]]]:
    """Yield each weight layer with the scheme and gain of the activation that follows it."""
    # Shared activations are registered, and therefore listed, at each of their places.
    modules = [
        (name, part)
        for name, part in module.named_modules(remove_duplicate=False)
        if isinstance(part, _WEIGHT_LAYERS) or _is_activation(part)
    ]
    layers = [place for place, (_, part) in enumerate(modules) if isinstance(part, _WEIGHT_LAYERS)]
    seen: set[int] = set()
    for place in layers:
        name, layer = modules[place]
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        behind = [part for _, part in modules[place + 1 :]]
        yield name, layer, _scheme_before(name, behind, place == layers[-1], strict)


def _scheme_before(
    name: str, behind: list[nn.Module], last: bool, strict: bool
) -> tuple[str, float]:
    """Return scheme and gain for the layer `name`, given the modules registered behind it."""
    if last:
        found = recognise(behind[0]) if behind else None
        if found is None or found[0].name in _OUTPUT_FUNCTIONS:
            return _LINEAR
        return _scheme(behind[0])
    if not strict:
        for part in behind:
            if not isinstance(part, _WEIGHT_LAYERS) and recognise(part) is not None:
                return _scheme(part)
        return _LINEAR
    if isinstance(behind[0], _WEIGHT_LAYERS):
        raise ValueError(
            f"no activation module is registered between layer {name!r} and the next: give "
            "activation=, or strict=False to take the next one registered"
        )
    return _scheme(behind[0])


def _is_activation(module: nn.Module) -> bool:
    """Whether a module is an activation, one that the catalogue has or another of torch's."""
    if recognise(module) is not None:
        return True
    return type(module).__module__ == "torch.nn.modules.activation" and not isinstance(
        module, nn.MultiheadAttention
    )


def _scheme(activation: Activation) -> tuple[str, float]:
    """Return the initialiser's name and its gain for an activation."""
    if isinstance(activation, nn.Module):
        found = recognise(activation)
        if found is None:
            known = ", ".join(catalog.CATALOG)
            raise ValueError(
                f"the catalogue has no record of {type(activation).__name__}; it has: {known}"
            )
        record, parameters = found
        return record.initializer, record.gain_for(**parameters)
    record = activation if isinstance(activation, catalog.Function) else catalog.get(activation)
    return record.initializer, record.gain


@torch.no_grad()
def _draw_(weight: Tensor, scheme: str, gain: float, generator: torch.Generator | None) -> None:
    if weight.numel() == 0:
        return
    if scheme == "xavier_uniform":
        nn.init.xavier_uniform_(weight, gain, generator=generator)
    elif scheme == "xavier_normal":
        nn.init.xavier_normal_(weight, gain, generator=generator)
    elif scheme in ("kaiming_normal", "lecun_normal"):
        nn.init.normal_(weight, 0.0, gain / math.sqrt(weight[0].numel()), generator=generator)
    elif scheme in ("kaiming_uniform", "lecun_uniform"):
        bound = math.sqrt(3.0) * gain / math.sqrt(weight[0].numel())
        nn.init.uniform_(weight, -bound, bound, generator=generator)
    else:
        raise ValueError(f"the catalogue names an unknown initialiser {scheme!r}")
