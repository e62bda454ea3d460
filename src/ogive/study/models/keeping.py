"""What a run of a network shows: the order of its layers, and gains for functions without a record.

The catalogue names no initialisation for a person's own function. What keeps the size of the signal
through layer and function is the gain 1 / sqrt(E[f(z)²]), z standard normal (the argument of K. He
et al. 2015, *Delving deep into rectifiers*, section 2.2, for any f). The mean is taken over a fixed
draw of z in the shape in which the network calls the function: one that mixes a row's entries, or
has a parameter for each channel, is what it is at that place.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ogive.study.evaluation import evaluating
from ogive.study.seeding import seed_for, stream
from ogive.study.sites import Sites
from ogive.torch.init.running import as_found, run, watching

__all__ = ["called_in_turn", "keeping_gains"]

ENTRIES = 1 << 16
"""Of the draw, at least: the gain of ReLU then comes out within half a percent."""


def called_in_turn(
    network: nn.Module, layers: Mapping[str, nn.Module], example: Tensor
) -> list[str]:
    """Return the names of the layers that `network` calls, in the order of their last calls.

    Parameters
    ----------
    network : torch.nn.Module
        Is run once in evaluation mode, and is afterwards as it was.
    layers : mapping of str to torch.nn.Module
        Layers of it.
    example : torch.Tensor
        Rows of inputs.

    Returns
    -------
    list of str
        Without the layers that are not called.

    Examples
    --------
    >>> network = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 4))
    >>> called_in_turn(network, {"2": network[2], "0": network[0]}, torch.ones(1, 2))
    ['0', '2']
    """
    names = {id(layer): name for name, layer in layers.items()}
    calls = [names[id(module)] for module, _ in _calls(network, layers.values(), example)]
    return list(dict.fromkeys(reversed(calls)))[::-1]


def keeping_gains(
    network: nn.Module, sites: Sites, layers: Mapping[str, nn.Module], example: Tensor
) -> dict[str, float]:
    """Return for each layer the gain that suits the activation called next.

    Parameters
    ----------
    network : torch.nn.Module
        Is run once in evaluation mode, and is afterwards as it was.
    sites : Sites
        The places of its activations.
    layers : mapping of str to torch.nn.Module
        The layers that an activation follows.
    example : torch.Tensor
        Rows of inputs.

    Returns
    -------
    dict of str to float
        1 where the mean square is 0 or not finite, or no activation is called behind the layer.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> sites = Sites(Activation("relu"))
    >>> network = nn.Sequential(nn.Linear(2, 3), sites())
    >>> gain = keeping_gains(network, sites, {"0": network[0]}, torch.ones(1, 2))["0"]
    >>> abs(gain - 2**0.5) < 0.01
    True
    """
    names = {id(layer): name for name, layer in layers.items()}
    calls = _calls(network, [*layers.values(), *sites.made], example)
    known: dict[tuple[int, torch.Size], float] = {}
    gains = dict.fromkeys(layers, 1.0)
    waiting: set[str] = set()
    for module, shape in calls:
        if id(module) in names:
            waiting.add(names[id(module)])
            continue
        place = id(module), shape
        if place not in known:
            known[place] = _gain(module, shape)
        gains |= dict.fromkeys(waiting, known[place])
        waiting.clear()
    return gains


def _calls(
    network: nn.Module, modules: Collection[nn.Module], example: Tensor
) -> list[tuple[nn.Module, torch.Size]]:
    """Return the calls of some modules in turn, each with the shape of its input."""
    calls: list[tuple[nn.Module, torch.Size]] = []

    def before(module: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        given = [*arguments, *named.values()]
        calls.append((module, given[0].shape))

    watched = watching(modules, before, lambda *_: None)
    with evaluating(network), as_found(network), torch.no_grad(), watched:
        run(network, example)
    return calls


def _gain(module: nn.Module, shape: torch.Size) -> float:
    # A copy: what it draws, counts or keeps must change nothing in the network.
    twin = copy.deepcopy(module).eval()
    rows = max(shape[0], math.ceil(ENTRIES / max(1, math.prod(shape[1:]))))
    inputs = torch.randn((rows, *shape[1:]), generator=stream("keeping", 0))
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed_for("keeping", 0))
        square = twin(inputs).double().square().mean().item()
    return 1 / math.sqrt(square) if 0 < square < math.inf else 1.0
