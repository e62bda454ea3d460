"""What the test part says of a trained network: its outcomes, put together."""

from __future__ import annotations

from typing import Any

from torch import nn

from ogive.study.evaluation import judge_outputs, outputs_of
from ogive.study.outcomes.calibration import calibration
from ogive.study.outcomes.mistakes import encode, wrong_answers
from ogive.study.outcomes.robustness import robustness
from ogive.study.outcomes.sparsity import sparsity
from ogive.study.sites import Sites
from ogive.study.tensors import Tensors

__all__ = ["outcomes"]


def outcomes(network: nn.Module, sites: Sites, test: Tensors) -> dict[str, Any]:
    """Return what the test part says of a trained network.

    Parameters
    ----------
    network : torch.nn.Module
        After its last step.
    sites : Sites
        The places of its activations.
    test : Tensors
        The test part.

    Returns
    -------
    dict
        ``test``: accuracy and loss; ``calibration``, ``mistakes``, ``robustness``, ``sparsity``:
        see the modules of these names. Of tokens, mistakes and robustness are None.

    Examples
    --------
    >>> import torch
    >>> from ogive.study.activation import Activation
    >>> sites = Sites(Activation("relu"))
    >>> network = nn.Sequential(nn.Linear(4, 8), sites(), nn.Linear(8, 3))
    >>> part = Tensors(torch.randn(20, 4), torch.zeros(20, dtype=torch.int64))
    >>> list(outcomes(network, sites, part))
    ['test', 'calibration', 'mistakes', 'robustness', 'sparsity']
    """
    logits = outputs_of(network, test.inputs)
    tokens = not test.inputs.is_floating_point()
    return {
        "test": judge_outputs(logits, test.targets).to_dict(),
        "calibration": calibration(logits, test.targets),
        "mistakes": None if tokens else encode(wrong_answers(logits, test.targets)),
        "robustness": None if tokens else robustness(network, test),
        "sparsity": sparsity(network, sites, test),
    }
