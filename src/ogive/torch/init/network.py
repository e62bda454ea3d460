"""A whole network, each layer as the activation that follows it asks."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ogive.torch.init.called import called_activations
from ogive.torch.init.draws import FanMode
from ogive.torch.init.layers import draw_layer_, weight_layers
from ogive.torch.init.nonlinearity import Found, Nonlinearity, resolve
from ogive.torch.init.registered import registered_activations
from ogive.torch.init.weight import check_choice, choose

__all__ = ["init_network_"]


def init_network_(
    module: nn.Module,
    activation: Nonlinearity | None = None,
    generator: torch.Generator | None = None,
    *,
    strict: bool = True,
    example_inputs: Any = None,
    scheme: str | None = None,
    mode: FanMode = "fan_in",
) -> nn.Module:
    """Initialise every linear and convolution layer of a network as its activation asks.

    Parameters
    ----------
    module : torch.nn.Module
        The network, or a part of it.
    activation : str, ogive.catalog.Function or torch.nn.Module, optional
        If given, every weight layer is initialised for it. If None, each layer is initialised for
        the activation that follows it: the one called on its output, if there are
        `example_inputs`, and otherwise the module registered behind it. The last layer, with no
        activation behind it or only one that makes probabilities (sigmoid, softmax), gets Xavier
        with gain 1.
    generator : torch.Generator, optional
        The source of the draws; torch's global one if None.
    strict : bool, optional
        What to do where it cannot be told which activation a layer has: if True, raise before
        anything is changed; if False, take the first activation called on its output (without
        example inputs: the next registered anywhere behind the layer), and gain 1 where there is
        none.
    example_inputs : torch.Tensor, sequence or mapping, optional
        Inputs on which the network is run once, as ``module(inputs)``, ``module(*inputs)`` or
        ``module(**inputs)``, to see which activation is called on which layer's output: as a
        module or as a function, of Ogive or of torch, in place or not, through normalisation,
        dropout, pooling, changes of shape, sums and products.
    scheme : str, optional
        The law of the draws of all layers, one of `SCHEMES`; by default the one that the
        catalogue names for each layer's activation.
    mode : {"fan_in", "fan_out"}, optional
        As for `init_weight_`.

    Returns
    -------
    torch.nn.Module
        `module`. Biases are 0; parameters of other layers are left as they were.

    Raises
    ------
    TypeError
        If an argument is of none of these types.
    ValueError
        If there is no weight layer, the activation, scheme or mode is unknown, a layer has no
        weight yet (lazy) or one that is computed from others (parametrised), both `activation`
        and `example_inputs` are given, or, if `strict`, a layer's activation cannot be told.

    Notes
    -----
    Without example inputs only modules are seen, not calls of functions in a `forward`.

    With example inputs the network runs in its mode (training or evaluation) without gradients;
    buffers, such as the running statistics of batch normalisation, and torch's random state are
    put back. The outputs of all operations are held until the end of that run: the memory of a
    forward pass in training. A layer whose output reaches several activations that differ, or a
    nonlinear operation that the catalogue lacks, is one whose activation cannot be told; where an
    activation and a path without one (a residual connection) both follow, the activation counts.
    Softmax, and so the scores of an attention, count as no activation.

    The growth of the signal along residual connections is not treated: a block's last layer gets
    the gain of what follows the sum. `nn.MultiheadAttention` keeps its input projection.

    A fan counts neither strides nor, backwards, groups, as in torch; `lsuv_` measures instead.

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
    if activation is not None and example_inputs is not None:
        raise ValueError("give activation= or example_inputs=, which finds the activations itself")
    check_choice(scheme, mode)
    following: dict[str, Found | None]
    if activation is not None:
        found = resolve(activation)
        layers = weight_layers(module)
        following = dict.fromkeys(layers, found)
    else:
        layers = weight_layers(module)
        if example_inputs is not None:
            following = called_activations(module, layers, example_inputs, strict=strict)
        else:
            following = {
                name: None if part is None else resolve(part)
                for name, part in registered_activations(module, strict)
            }
    plan = {name: choose(following[name], scheme, mode) for name in layers}
    for name, (named, gain) in plan.items():
        draw_layer_(layers[name], named, gain, mode, generator)
    return module
