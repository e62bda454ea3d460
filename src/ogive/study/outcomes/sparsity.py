"""Sparsity: the share of an activation's outputs that are 0, or hardly more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from ogive.study.calls import told
from ogive.study.evaluation import outputs_of
from ogive.study.outcomes.rows import SPARSE
from ogive.study.sites import Sites
from ogive.study.tensors import Tensors

__all__ = ["SMALL", "sparsity"]

SMALL = 0.01
"""What is small, as a share of the RMS of the outputs of the same call."""


def sparsity(network: nn.Module, sites: Sites, test: Tensors) -> dict[str, list[float | None]]:
    """Return the sparsity of a network's activations, in the order in which they are called.

    Parameters
    ----------
    network : torch.nn.Module
        What is measured, in evaluation mode.
    sites : Sites
        The places of its activations.
    test : Tensors
        The first `SPARSE` rows count.

    Returns
    -------
    dict
        ``zero``: the share of outputs that are exactly 0; ``small``: of those whose size is at
        most 1 % of the RMS; an entry for each call, as `ogive.study.signal` has them. None where
        an output is not finite.

    Examples
    --------
    >>> import torch
    >>> from ogive.study.activation import Activation
    >>> sites = Sites(Activation("relu"))
    >>> network = nn.Sequential(sites())
    >>> part = Tensors(torch.tensor([[-1.0, 2.0, 1e-3, -2.0]]), torch.tensor([0]))
    >>> sparsity(network, sites, part)
    {'zero': [0.5], 'small': [0.75]}
    """
    calls: list[tuple[int, tuple[float, float] | None]] = []
    with _observed(sites, calls):
        outputs_of(network, test.head(SPARSE).inputs)
    found = [calls[index][1] for index in told([place for place, _ in calls])]
    return {
        "zero": [None if shares is None else shares[0] for shares in found],
        "small": [None if shares is None else shares[1] for shares in found],
    }


@contextmanager
def _observed(sites: Sites, calls: list[tuple[int, tuple[float, float] | None]]) -> Iterator[None]:
    """Note every call of the activations: which module, and its shares."""

    def look(module: nn.Module, arguments: object, output: Tensor) -> None:
        calls.append((id(module), _shares(output)))

    handles = [module.register_forward_hook(look) for module in sites.made]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _shares(output: Tensor) -> tuple[float, float] | None:
    sizes = output.detach().double().abs()
    if not sizes.isfinite().all():
        return None
    rms = sizes.square().mean().sqrt()
    # "At most", not "below": outputs that are all 0 have the RMS 0, and are small.
    return (sizes == 0).double().mean().item(), (sizes <= SMALL * rms).double().mean().item()
