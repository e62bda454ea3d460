"""What activations cost, as it was measured on one machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ogive.study.cost.spec import CostSpec, cost_specs
from ogive.study.declaration import Setting, Study
from ogive.study.machine import Machine
from ogive.study.model import Model
from ogive.study.spec import spec_key

__all__ = ["Cost", "CostRow", "Timing", "costs_of"]


@dataclass(frozen=True)
class Timing:
    """Readings of one call, taken in turns with those of all other activations.

    Attributes
    ----------
    best, median : float
        Nanoseconds for each element of an activation alone; seconds for a batch in a network.
    """

    best: float
    median: float


@dataclass(frozen=True)
class CostRow:
    """The cost of one activation.

    Attributes
    ----------
    in_cache, beyond_cache : (Timing, Timing) or None
        Forward alone, and forward with backward, on a tensor that fits in the cache and on one
        that does not; None for code that cannot be called by itself.
    bytes_kept : float or None
        Bytes that one element of its result makes the backward pass keep.
    forward, step : Timing
        Of the network: a pass over a batch, and a step of training.
    bytes_kept_per_row : float
        What one row more makes the backward pass of the network keep.
    parameters, learned : int
        Of the network; those of them that are the activations' own.
    """

    in_cache: tuple[Timing, Timing] | None
    beyond_cache: tuple[Timing, Timing] | None
    bytes_kept: float | None
    forward: Timing
    step: Timing
    bytes_kept_per_row: float
    parameters: int
    learned: int


@dataclass(frozen=True)
class Cost:
    """The cost of the study's activations, alone and in one network.

    Attributes
    ----------
    model : Model
        The network.
    batch_size, optimizer, momentum, precision
        What else a step was measured with.
    rows : dict of str to CostRow
        By label.
    rounds : int
        How many readings of the network count, at least.
    busy : float or None
        Cores that other processes used meanwhile; None where it cannot be known.
    flagged : bool
        Whether the machine was so busy that times are to be taken with care.
    machine : Machine
        Where it was measured.
    """

    model: Model
    batch_size: int
    optimizer: str
    momentum: float
    precision: str
    rows: dict[str, CostRow]
    rounds: int
    busy: float | None
    flagged: bool
    machine: Machine

    def fits(self, setting: Setting) -> bool:
        """Tell whether it is the cost of a setting's network under its recipe.

        Parameters
        ----------
        setting : Setting

        Returns
        -------
        bool
            Model, batch size, optimiser, momentum and precision have to be the same.
        """
        recipe = setting.recipe
        asked = (recipe.batch_size, recipe.optimizer, recipe.momentum, recipe.precision)
        had = (self.batch_size, self.optimizer, self.momentum, self.precision)
        return setting.model == self.model and asked == had


def costs_of(
    study: Study, records: Iterable[Mapping[str, Any]], here: Machine | None = None
) -> tuple[Cost, ...]:
    """Return the costs of the networks of `study`, from the stored records of costs.

    Where a network was measured more than once, on several machines or with other activations, the
    record that covers most of the study's activations counts, each with its parameters and its
    code; of equals the one whose machine is most like this one: its processor, then how many of
    its versions; and then the one whose key comes first.

    Parameters
    ----------
    study : Study
        Whose networks and activations.
    records : iterable of mapping
        In any order, of whatever studies and machines.
    here : Machine, optional
        The machine on which it is asked; this one by default.

    Returns
    -------
    tuple of Cost
        In the order of the settings; without the networks of which there is no record.
    """
    here = here or Machine.this()
    known: dict[str, list[Mapping[str, Any]]] = {}
    for record in sorted(records, key=lambda record: str(record["key"])):
        known.setdefault(_measured(record["spec"]), []).append(record)

    def fitness(record: Mapping[str, Any]) -> tuple[int, bool, int]:
        machine = record["spec"]["machine"]
        alike = sum(machine[key] == value for key, value in here.to_dict().items())
        return len(_covered(study, record)), machine["cpu"] == here.cpu, alike

    found = []
    for spec in cost_specs(study):
        # The first of equals, in the order of the keys.
        best = max(known.get(_measured(spec.to_dict()), ()), key=fitness, default=None)
        if best is not None and _covered(study, best):
            found.append(_cost(spec, best, _covered(study, best)))
    return tuple(found)


def _measured(spec: Mapping[str, Any]) -> str:
    """Return a name of all that a measurement depends on but the machine and the activations."""
    return spec_key({k: v for k, v in spec.items() if k not in ("machine", "activations")})


def _covered(study: Study, record: Mapping[str, Any]) -> list[str]:
    """Return the labels of the study's activations that a record has: not of code that changed."""
    there = record["spec"]["activations"]
    return [each.label for each in study.activations if each.to_dict() in there]


def _cost(spec: CostSpec, record: Mapping[str, Any], labels: Iterable[str]) -> Cost:
    rows = {label: _row(record["alone"], record["network"], label) for label in labels}
    single = all(row.step.best == row.step.median for row in rows.values())
    return Cost(
        model=spec.model,
        batch_size=spec.batch_size,
        optimizer=spec.optimizer,
        momentum=spec.momentum,
        precision=spec.precision,
        rows=rows,
        # Older records do not say; where every best is the median there was one.
        rounds=record["rounds"].get("network", 1 if single else 3),
        busy=record["busy"],
        flagged=record["flagged"],
        machine=Machine(**record["spec"]["machine"]),
    )


def _row(alone: Mapping[str, Any], network: Mapping[str, Any], label: str) -> CostRow:
    by_itself, inside = alone.get(label), network[label]
    return CostRow(
        in_cache=_both(by_itself, "in_cache"),
        beyond_cache=_both(by_itself, "beyond_cache"),
        bytes_kept=None if by_itself is None else by_itself["bytes_kept"],
        forward=Timing(**inside["forward"]),
        step=Timing(**inside["step"]),
        bytes_kept_per_row=inside["bytes_kept_per_row"],
        parameters=inside["parameters"],
        learned=inside["learned"],
    )


def _both(by_itself: Mapping[str, Any] | None, size: str) -> tuple[Timing, Timing] | None:
    if by_itself is None or size not in by_itself:
        return None
    found = by_itself[size]
    return Timing(**found["forward"]), Timing(**found["forward_backward"])
