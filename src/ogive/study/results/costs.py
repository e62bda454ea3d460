"""What activations cost, as it was measured on one machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ogive.study.declaration import Setting, Study
from ogive.study.model import Model

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
    batch_size, optimizer, precision
        What else a step was measured with.
    rows : dict of str to CostRow
        By label.
    busy : float or None
        Cores that other processes used meanwhile; None where it cannot be known.
    flagged : bool
        Whether the machine was so busy that times are to be taken with care.
    environment : dict of str to str
        The machine.
    """

    model: Model
    batch_size: int
    optimizer: str
    precision: str
    rows: dict[str, CostRow]
    busy: float | None
    flagged: bool
    environment: dict[str, str]

    def fits(self, setting: Setting) -> bool:
        """Tell whether it is the cost of a setting's network under its recipe."""
        return _measured(setting) == (self.model, self.batch_size, self.optimizer, self.precision)


_Measured = tuple[Model, int, str, str]


def _measured(setting: Setting) -> _Measured:
    recipe = setting.recipe
    return setting.model, recipe.batch_size, recipe.optimizer, recipe.precision


def costs_of(study: Study, records: Iterable[Mapping[str, Any]]) -> tuple[Cost, ...]:
    """Return the costs of the networks of `study`, from the stored records of costs.

    Where a network was measured more than once, on several machines or with other activations, the
    record that covers most of the study's activations counts, and of equals the one whose key comes
    first.
    """
    labels = {activation.label for activation in study.activations}
    found: dict[_Measured, tuple[int, Mapping[str, Any]]] = {}
    for record in sorted(records, key=lambda record: str(record["key"])):
        spec = record["spec"]
        if spec["data"] != study.data.to_dict():
            continue
        model = Model.from_dict(spec["model"])
        what = (model, spec["batch_size"], spec["optimizer"], spec["precision"])
        covered = len(labels & record["network"].keys())
        if covered > found.get(what, (0, None))[0]:
            found[what] = (covered, record)
    wanted = dict.fromkeys(_measured(setting) for setting in study.settings())
    return tuple(
        Cost(
            *what,
            rows={
                activation.label: _row(record["alone"], record["network"], activation.label)
                for activation in study.activations
                if activation.label in record["network"]
            },
            busy=record["busy"],
            flagged=record["flagged"],
            environment=dict(record["environment"]),
        )
        for what in wanted
        if what in found
        for _, record in [found[what]]
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
