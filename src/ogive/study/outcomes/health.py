"""Health: what the check-up of `ogive.health` says of one training as it goes on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ogive.catalog import CATALOG
from ogive.health import Checkup
from ogive.health.checks.judged import PERSISTENT
from ogive.health.history import ActivationHistory
from ogive.study.activation import GATED, Activation

__all__ = ["Examination", "examined"]


@dataclass
class Examination:
    """What a check-up found; `result` is None while it has not ended, and where there was none."""

    result: dict[str, Any] | None = None


@contextmanager
def examined(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    activation: Activation,
    *,
    wanted: bool = True,
) -> Iterator[Examination]:
    """Watch the training within; it goes on as without, bit for bit.

    Parameters
    ----------
    network : torch.nn.Module
        The network that is trained.
    optimizer : torch.optim.Optimizer
        What trains it.
    activation : Activation
        What was put into its places.
    wanted : bool
        Whether there is to be a check-up at all. A process has room for one at a time: within
        somebody's own there is none.

    Yields
    ------
    Examination
        After the end its ``result`` has ``findings`` (kind, severity and title of each, the
        gravest first) and, for each layer after which the activation was recognised, from the
        inputs on: ``layers``, their names; ``saturation``, of functions that are flat at both
        ends, 1 − (the mean of |f'| over its maximum) in the last step that was looked at: 0 where
        they work at their steepest, 1 where they are flat; ``dead``, the share of units that
        passed no gradient on in any of the last five steps that were looked at. None where it
        has no meaning or could not be told.

    Examples
    --------
    >>> network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    >>> optimizer = torch.optim.SGD(network.parameters(), 0.1)
    >>> with examined(network, optimizer, Activation("relu")) as examination:
    ...     for _ in range(3):
    ...         optimizer.zero_grad()
    ...         targets = torch.zeros(16, dtype=torch.int64)
    ...         nn.functional.cross_entropy(network(torch.randn(16, 4)), targets).backward()
    ...         _ = optimizer.step()
    >>> examination.result["layers"], len(examination.result["saturation"])
    (['0'], 1)
    """
    examination = Examination()
    checkup = _started(network, optimizer) if wanted else None
    if checkup is None:
        yield examination
        return
    try:
        yield examination
    finally:
        checkup.stop()
    examination.result = _result(checkup, activation)


def _started(network: nn.Module, optimizer: torch.optim.Optimizer) -> Checkup | None:
    checkup = Checkup(network, optimizer)
    try:
        checkup.start()
    except RuntimeError:
        return None
    return checkup


def _result(checkup: Checkup, activation: Activation) -> dict[str, Any]:
    seen = [each for each in checkup.history.by_depth() if _meant(each, activation)]
    return {
        "findings": [
            {"kind": each.kind, "severity": each.severity.word, "title": each.title}
            for each in checkup.findings
        ],
        "layers": [each.layer for each in seen],
        "saturation": [_saturation(each) for each in seen],
        "dead": [_dead(each) for each in seen],
    }


def _meant(each: ActivationHistory, activation: Activation) -> bool:
    """Tell whether it is the study's activation, and no gate or head of the network's own."""
    if each.head or each.recurrent or each.gate != activation.gated:
        return False
    name = GATED.get(activation.record or "", activation.record)
    # A person's own may be recognised as whatever it is, if it claims to be nothing.
    return name is None or each.name == name


def _saturation(each: ActivationHistory) -> float | None:
    # The same functions as the check-up judges: half of relu's units are flat, as they should be.
    if tuple(CATALOG[each.name].saturates) != ("-inf", "+inf"):
        return None
    slope = each.slope[-1] if each.slope else math.nan
    return 1 - slope if math.isfinite(slope) else None


def _dead(each: ActivationHistory) -> float | None:
    dead = each.dead(min(PERSISTENT, len(each.steps)))
    return None if dead is None else float(dead.mean())
