"""Whether what is installed in a network is what it is called: looked at before it is trained.

A published comparison of activations has trained a ReLU under the name of PDELU, whose input was
clipped in place, an identity under that of leaky ReLU, whose slope was 1, and networks whose number
of channels went into the slope (docs/installed.md has the sources). None of that shows in a table
of accuracies. So each network is run once on a few rows, each activation is evaluated as it sits
in it, and the study stops with the reason where something is not what it is called.

The parts: `places`, one pass that is watched; `sharing`, who calls and who holds what; `learning`,
whether training can do anything with it; `left`, activations that stayed when the others were
replaced; `values`, one evaluation; `trial`, the grid and what must come out; `recorded` and
`unrecorded`, activations with and without a record; `resemblance`, what it is instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from ogive import catalog
from ogive.study.data import Dataset
from ogive.study.engines.base import RefusedError
from ogive.study.installed.learning import check_head, check_shapes, check_weights
from ogive.study.installed.left import check_left
from ogive.study.installed.places import places_of, watched
from ogive.study.installed.recorded import check_recorded
from ogive.study.installed.sharing import check_calls, check_parameters, check_sharing
from ogive.study.installed.unrecorded import check_unrecorded
from ogive.study.installed.values import one_line
from ogive.study.model import Model
from ogive.study.models.build import make
from ogive.study.seeding import seed_for
from ogive.study.sites import Sites
from ogive.study.spec import RunSpec

__all__ = ["inspect"]


def inspect(spec: RunSpec, dataset: Dataset) -> None:
    """Look at the network of `spec`, and refuse it with the reason.

    Parameters
    ----------
    spec : RunSpec
        Of any run of the network with this activation; nothing is trained.
    dataset : Dataset
        What it will be trained on; the first rows of the training part go through the network.

    Raises
    ------
    RefusedError
        If the network cannot be made or run, a place is not called, an activation was left that
        is not the study's, a learned parameter is shared or not trained, or a place computes
        something else than its name says. The message says which place, and why, in one line.

    Examples
    --------
    >>> from ogive.study import RunSpec
    >>> spec = RunSpec(activation="gelu", model="mlp:16x2")
    >>> inspect(spec, spec.data.load())
    """
    with torch.random.fork_rng(devices=[]):
        network, sites = _made(spec, dataset)
        torch.manual_seed(seed_for("inspection", spec.seed))
        label = spec.activation.label
        recurrent, keeps = _as_declared(spec.model)
        check_shapes(network)
        places = places_of(network, sites)
        # As an optimiser would have them, which is made before the first pass.
        registered = frozenset(map(id, network.parameters()))
        seen = watched(network, sites, places, dataset, spec)
        check_calls(label, places, seen)
        check_sharing(label, places, recurrent=recurrent)
        check_left(network, places, seen, keeps)
        check_parameters(spec.activation, registered, places)
        check_weights(network, places, seen, registered)
        check_head(spec.activation.record, seen.outputs, seen.targets)
        check: Callable[..., None] = (
            check_unrecorded if spec.activation.record is None else check_recorded
        )
        for place in places:
            check(spec.activation, place)


def _made(spec: RunSpec, dataset: Dataset) -> tuple[nn.Module, Sites]:
    try:
        network, sites = make(spec.model, spec.activation, dataset.shape, spec.seed)
    except ValueError as error:
        raise RefusedError(" ".join(str(error).split())) from error
    except Exception as error:  # whatever a person's own code raises
        raise RefusedError(f"the network cannot be made: {one_line(error)}") from error
    return network.train(), sites


def _as_declared(model: Model) -> tuple[bool, frozenset[str]]:
    """Return whether places are called once a time step, and which functions belong to the network.

    A kind that is known says so in its table, or has an option for it, a person's own function by
    attributes.
    """
    source: Any = model.kind or model.loaded()
    given = getattr(source, "keeps", ())
    names = (given,) if isinstance(given, str) else tuple(given)
    if chosen := dict(model.options).get("keeps"):
        names += tuple(str(chosen).split("+"))
    try:
        keeps = frozenset(catalog.get(name).name for name in names)
    except (TypeError, ValueError) as error:
        raise RefusedError(f"what {model} keeps is no function of the catalogue: {error}") from None
    return bool(getattr(source, "recurrent", False)), keeps
