"""What an activation costs in a network: a pass forward, a step of training, memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ogive.study.activation import Activation
from ogive.study.cost.memory import kept_bytes
from ogive.study.cost.rounds import Clock, Timings, in_turns
from ogive.study.cost.spec import CostSpec
from ogive.study.data import Dataset
from ogive.study.models.build import build
from ogive.study.spec import RunSpec
from ogive.study.tensors import Tensors, as_tensors, laid_out_
from ogive.study.training import SIGNAL_ROWS, loss_of, optimizer_for

__all__ = ["in_network"]

_SECONDS = {"forward": 0.2, "step": 0.35}
"""For each activation."""


def in_network(
    spec: CostSpec, dataset: Dataset, *, effort: float = 1.0, clock: Clock | None = None
) -> tuple[dict[str, dict[str, Any]], list[Timings]]:
    """Measure the network of `spec` with each activation in its places, all in turns.

    Parameters
    ----------
    spec : CostSpec
        What to measure.
    dataset : Dataset
        Whose first training rows the network is given.
    effort : float
        Factor on the time that it takes.
    clock : Clock, optional
        What time is read from.

    Returns
    -------
    costs : dict
        By label, ``forward`` (of one batch, in evaluation mode, no gradient wanted) and ``step``
        (of training with one batch: forward, backward, optimiser): best and median, seconds;
        ``bytes_kept_per_row``: kept for the backward pass, as what one row more adds;
        ``parameters``; ``learned``: those of them that are the activations' own.
    timings : list of Timings
        The readings.
    """
    made = {
        activation.label: _Network.made(spec, activation, dataset)
        for activation in spec.activations
    }
    timings = []
    costs: dict[str, dict[str, Any]] = {label: one.counts() for label, one in made.items()}
    for way in ("forward", "step"):
        for one in made.values():
            # Once, not at every call: it walks through the whole network.
            one.network.train(way == "step")
        calls = {label: getattr(one, way) for label, one in made.items()}
        found = in_turns(calls, effort * len(calls) * _SECONDS[way], clock)
        timings.append(found)
        for label in calls:
            costs[label][way] = found.of(label)
    return costs, timings


@dataclass(frozen=True, eq=False)
class _Network:
    """One network, ready to be trained on one batch."""

    spec: CostSpec
    network: nn.Module
    optimizer: torch.optim.Optimizer
    batch: Tensors
    learned: int

    @classmethod
    def made(cls, spec: CostSpec, activation: Activation, dataset: Dataset) -> _Network:
        rows = as_tensors(dataset.train)
        run = RunSpec(data=spec.data, model=spec.model, activation=activation, recipe=spec.recipe)
        network, sites = build(run, dataset.shape, rows.inputs[:SIGNAL_ROWS])
        layout = laid_out_(network, dataset)
        inputs, targets = rows.inputs[: spec.batch_size], rows.targets[: spec.batch_size]
        if inputs.dim() == 4:
            inputs = inputs.contiguous(memory_format=layout)
        optimizer = optimizer_for(network, sites, spec.recipe)
        for group in optimizer.param_groups:
            # The same arithmetic, and the weights stay: thousands of steps on one batch would
            # bring its gradient down to numbers that processors are slow with.
            group["lr"] = 0.0
        own = {id(each): each for module in sites.made for each in module.parameters()}
        learned = sum(parameter.numel() for parameter in own.values())
        return cls(spec, network, optimizer, Tensors(inputs, targets), learned)

    def forward(self) -> Tensor:
        """Make one pass, for its result alone."""
        precision = self.spec.precision
        with (
            torch.no_grad(),
            torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"),
        ):
            found: Tensor = self.network(self.batch.inputs)
        return found

    def step(self) -> None:
        """Make one step of training."""
        torch.autograd.backward(self._loss(self.batch))
        self.optimizer.step()
        # At the end, so that only the network whose turn it is holds gradients.
        self.optimizer.zero_grad(set_to_none=True)

    def _loss(self, batch: Tensors) -> Tensor:
        return loss_of(self.network, batch.inputs, batch.targets, self.spec.recipe)

    def counts(self) -> dict[str, Any]:
        """Return what is counted and not timed."""
        self.network.train()
        return {
            "bytes_kept_per_row": self._bytes_kept_per_row(),
            "parameters": sum(parameter.numel() for parameter in self.network.parameters()),
            "learned": self.learned,
        }

    def _bytes_kept_per_row(self) -> float:
        """Return what one more row adds, so that what is kept once for a batch does not count."""
        half = max(2, len(self.batch) // 2)
        more, fewer = self._kept(2 * half), self._kept(half)
        return (more - fewer) / half

    def _kept(self, rows: int) -> int:
        inputs, targets = self.batch.inputs, self.batch.targets
        times = -(-rows // len(inputs))
        # Copies, whose storages hold no more than these rows.
        part = Tensors(
            torch.cat([inputs] * times)[:rows].clone(),
            torch.cat([targets] * times)[:rows].clone(),
        )
        beside = [*self.network.parameters(), *self.network.buffers(), part.inputs, part.targets]
        return kept_bytes(lambda: self._loss(part), beside)
