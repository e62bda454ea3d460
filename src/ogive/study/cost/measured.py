"""The record of one measurement of costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ogive.study.cost.alone import alone
from ogive.study.cost.network import in_network
from ogive.study.cost.others import BUSY, Others
from ogive.study.cost.spec import CostSpec
from ogive.study.data import Dataset
from ogive.study.environment import environment
from ogive.study.machine import Machine
from ogive.torch.autograd import EXTENSION

__all__ = ["measured"]


def measured(spec: CostSpec, dataset: Dataset, *, effort: float = 1.0) -> dict[str, Any]:
    """Measure what `spec` asks for, with one thread, and return the record.

    Parameters
    ----------
    spec : CostSpec
        What to measure; of this machine.
    dataset : Dataset
        The data that it names.
    effort : float
        Factor on the time that it takes, about one second for an activation.

    Returns
    -------
    dict
        ``key`` and ``spec``; ``alone``: see `ogive.study.cost.alone.alone`; ``network``: see
        `ogive.study.cost.network.in_network`; ``rounds``: how many were ``made`` and, of them,
        ``disturbed``, and how many readings of the ``network`` count, at least; ``busy``:
        cores that other processes used meanwhile (None where the system does not tell);
        ``flagged``: whether times are to be taken with caution, because that is above 0.1 or every
        second round was disturbed; ``extension``: whether Ogive's functions were called by way of
        `ogive.torch.extension`; ``environment``.

    Raises
    ------
    ValueError
        If `spec` is of another machine.
    """
    here = Machine.this()
    if spec.machine != here:
        raise ValueError(f"these are the costs on {spec.machine}; this is {here}")
    with _one_thread():
        others = Others()
        by_itself, readings = alone(spec.activations, effort=effort)
        inside, more = in_network(spec, dataset, effort=effort)
        busy = others.share()
    made = sum(each.rounds for each in readings + more)
    disturbed = sum(each.disturbed for each in readings + more)
    counted = min(len(times) for each in more for times in each.seconds.values())
    return {
        "key": spec.key,
        "spec": spec.to_dict(),
        "alone": by_itself,
        "network": inside,
        "rounds": {"made": made, "disturbed": disturbed, "network": counted},
        "busy": busy,
        "flagged": (busy is not None and busy > BUSY) or 2 * disturbed > made,
        "extension": EXTENSION is not None,
        "environment": environment(),
    }


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread, and a random state of its own; both come back afterwards.

    Not under torch's deterministic algorithms: what is measured is what a step costs anywhere.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            yield
    finally:
        torch.set_num_threads(threads)
