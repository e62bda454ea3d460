"""The signal by depth of a study's network, at the places of its activations."""

from __future__ import annotations

from torch import nn

from ogive.health.signal import signal_by_depth
from ogive.study.calls import told
from ogive.study.evaluation import cross_entropy, finite
from ogive.study.sites import Sites
from ogive.study.tensors import Tensors

__all__ = ["signal"]


def signal(network: nn.Module, sites: Sites, part: Tensors) -> dict[str, list[float | None]]:
    """Return what `signal_by_depth` measures on `part`, first activation to last.

    Parameters
    ----------
    network : torch.nn.Module
        From a batch of inputs to logits.
    sites : Sites
        Its places of activations.
    part : Tensors
        The rows on which it is measured.

    Returns
    -------
    dict
        ``activation_rms``, ``gradient_rms`` and ``between_sample_share``, a list each, with an
        entry for each call of an activation, in that order (of a place that a recurrent network
        calls at every step, those that `ogive.study.calls.told` chooses); a number that is not
        finite is None.
    """
    made = {id(module) for module in sites.made}
    names = [name for name, module in network.named_modules() if id(module) in made]
    measured = signal_by_depth(network, part.inputs, part.targets, cross_entropy, layers=names)
    calls = told([name.partition("#")[0] for name in measured.names])
    return {
        field: [finite(getattr(measured, field)[call]) for call in calls]
        for field in ("activation_rms", "gradient_rms", "between_sample_share")
    }
