"""A check-up of a training run, in code: one line around the loop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from ogive.health.diagnosis import diagnose
from ogive.health.findings import Finding, Severity
from ogive.health.history import History
from ogive.health.schedule import Schedule
from ogive.health.watch import Watch

__all__ = ["Checkup"]


class Checkup:
    """Watch a training run, and say what is wrong with the network.

    Parameters
    ----------
    model : torch.nn.Module or iterable of torch.nn.Module, optional
        The networks; if none are given, those that are called.
    optimizer : torch.optim.Optimizer or iterable of torch.optim.Optimizer, optional
        The optimisers whose steps count; if none are given, all.
    first, every : int, optional
        The first so many steps are looked at, then each step whose number is a multiple of
        `every`.
    picture : bool, optional
        Whether the network is run over a plane through three of its inputs before its first step,
        to be drawn.

    Attributes
    ----------
    history : History
        What was seen; complete after the end.
    findings : list of Finding
        After the end: the gravest first, each with its evidence, remedy and consequences.

    Raises
    ------
    TypeError
        If a model is no module, an optimiser no optimiser, or `first` or `every` no whole number.
    ValueError
        If `first` is negative or `every` is not positive.
    RuntimeError
        If a check-up is running already.

    Notes
    -----
    Training goes on as without it, bit for bit, but where `torch.compile` is used: sampled steps
    run eagerly, and what a compiler makes of a network may round otherwise. Nothing is kept of
    activations but a few moments for each unit.

    Source: the measures and thresholds of each check stand in `ogive.health.checks`.

    Examples
    --------
    >>> import torch
    >>> from ogive.health import Checkup
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Softmax(1))
    >>> optimizer = torch.optim.SGD(model.parameters(), 0.1)
    >>> with Checkup(model, optimizer) as checkup:
    ...     for _ in range(3):
    ...         optimizer.zero_grad()
    ...         output = model(torch.ones(8, 4))
    ...         target = torch.zeros(8, dtype=torch.long)
    ...         torch.nn.functional.cross_entropy(output, target).backward()
    ...         _ = optimizer.step()
    >>> [finding.kind for finding in checkup.findings]
    ['softmax before cross-entropy']
    """

    _running: Checkup | None = None

    def __init__(
        self,
        model: nn.Module | Iterable[nn.Module] = (),
        optimizer: torch.optim.Optimizer | Iterable[torch.optim.Optimizer] = (),
        *,
        first: int = 10,
        every: int = 50,
        picture: bool = False,
    ) -> None:
        models = _all("model", model, nn.Module)
        optimizers = _all("optimizer", optimizer, torch.optim.Optimizer)
        self._watch = Watch(Schedule(first, every), models, optimizers, picture=picture)
        self.history: History = self._watch.history
        self.findings: list[Finding] = []

    def __enter__(self) -> Checkup:
        """Begin to watch."""
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop, and judge what was seen, also where the training ended with an exception."""
        self.stop()

    def start(self) -> None:
        """Begin to watch; what ``with`` does."""
        if Checkup._running is not None:
            raise RuntimeError("a check-up is running already; one at a time watches a process")
        Checkup._running = self
        self._watch.start()

    def stop(self) -> None:
        """Stop watching, and judge what was seen."""
        if Checkup._running is not self:
            return
        Checkup._running = None
        self._watch.stop()
        group, history = self._watch.group, self.history
        self.judge(history if group is None else group.exchange(history))

    def judge(self, history: History) -> None:
        """Take a history for what was seen, and judge it."""
        self.history = history
        self.findings = diagnose(history)

    @property
    def speaks(self) -> bool:
        """Whether this process tells what was found: the only one, or the first of several."""
        return self._watch.group is None or self._watch.group.rank == 0

    @property
    def worst(self) -> Severity | None:
        """The severity of the gravest finding; None without findings."""
        return max((finding.severity for finding in self.findings), default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return findings and history as what JSON has, but for NaN and infinities."""
        return {
            "findings": [finding.to_dict() for finding in self.findings],
            "history": self.history.to_dict(),
        }


def _all(what: str, given: Any, kind: type) -> list[Any]:
    found = [given] if isinstance(given, kind) else list(given) if _iterable(given) else [given]
    for each in found:
        if not isinstance(each, kind):
            raise TypeError(f"{what} must be a {kind.__name__}, not {type(each).__name__}")
    return found


def _iterable(given: Any) -> bool:
    return isinstance(given, Iterable) and not isinstance(given, str)
