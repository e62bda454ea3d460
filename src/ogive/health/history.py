"""What was seen of a training run, as plain numbers on the host: what the checks judge."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ogive.health.moments import Units

__all__ = ["ActivationHistory", "HeadHistory", "History", "Incident", "ParameterHistory"]

NAN = math.nan

FLAT = 1e-4
"""The mean relative slope of a unit that passes no gradient on."""


@dataclass
class ActivationHistory:
    """One activation over the samples; calls of one step that have the same layer are together.

    Attributes
    ----------
    name : str
        Its function in the catalogue.
    layer : str
        The layer before it.
    order : int
        Its place from the inputs on.
    gate : bool
        Whether it only scales another signal.
    recurrent : bool
        Whether it is a gate of an LSTM or GRU module.
    head : bool
        Whether no layer comes after it, so that it belongs to the loss.
    units : int
    steps : list of int
        The steps in which it was seen; one entry for each in all lists that follow.
    rms, share, slope, gradient_rms : list of float
        sqrt(E[a²]), the between-sample share, the mean slope over the steepest, and the RMS of
        the gradient there; NaN where it could not be told.
    through_time : list of float
        For an activation that one step calls many times, one after the other, the size of the
        gradient at the first call over that at the last.
    spread : list of float
        The standard deviation, over the units, of the units' means and variances, as a share of
        the largest of them: 0 where all units do the same.
    last_alive : list of int
        For each unit the last of `steps` (its index) in which its slope was not 0; -1 if never.
    moments : list of (Units or None)
        The moments of each sample; kept only where several processes train, to be joined.
    """

    name: str
    layer: str
    order: float
    gate: bool = False
    recurrent: bool = False
    head: bool = False
    units: int = 0
    steps: list[int] = field(default_factory=list)
    rms: list[float] = field(default_factory=list)
    share: list[float] = field(default_factory=list)
    slope: list[float] = field(default_factory=list)
    gradient_rms: list[float] = field(default_factory=list)
    through_time: list[float] = field(default_factory=list)
    spread: list[float] = field(default_factory=list)
    last_alive: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    moments: list[Units | None] = field(default_factory=list, repr=False)

    def add(
        self,
        step: int,
        units: Units | None,
        slope: np.ndarray | None,
        gradient_rms: float,
        through_time: float = NAN,
    ) -> None:
        """Add a sample.

        Parameters
        ----------
        step : int
        units : Units or None
            Its moments, if they are known.
        slope : ndarray or None
            The mean relative slope of each unit, if it is known.
        gradient_rms, through_time : float
        """
        self.steps.append(step)
        rms, share, spread = (NAN, NAN, NAN) if units is None else units.summary()
        self.rms.append(rms)
        self.share.append(share)
        self.spread.append(spread)
        self.slope.append(NAN if slope is None else float(slope.sum()) / len(slope))
        self.gradient_rms.append(gradient_rms)
        self.through_time.append(through_time)
        if slope is None:
            return
        if len(self.last_alive) != len(slope):
            self.units = len(slope)
            self.last_alive = np.full(len(slope), -1, np.int64)
        self.last_alive[~(slope <= FLAT)] = len(self.steps) - 1

    @property
    def label(self) -> str:
        """How it is called in a finding: ``relu after features.3``."""
        return self.layer if self.recurrent else f"{self.name} after {self.layer}"

    def dead(self, samples: int) -> np.ndarray | None:
        """Return which units were dead in all of the last samples.

        Parameters
        ----------
        samples : int

        Returns
        -------
        ndarray of bool, shape (units,), or None
            None if there are fewer samples, or slopes are unknown.
        """
        if len(self.steps) < samples or not len(self.last_alive):
            return None
        result: np.ndarray = self.last_alive < len(self.steps) - samples
        return result


@dataclass
class ParameterHistory:
    """One parameter over the samples.

    Attributes
    ----------
    name : str
    shape : tuple of int
    steps : list of int
    rms, gradient_rms, update_rms : list of float
        Before the step; NaN where there was no gradient.
    """

    name: str
    shape: tuple[int, ...]
    steps: list[int] = field(default_factory=list)
    rms: list[float] = field(default_factory=list)
    gradient_rms: list[float] = field(default_factory=list)
    update_rms: list[float] = field(default_factory=list)


@dataclass
class HeadHistory:
    """A loss and what was applied before it.

    Attributes
    ----------
    loss : str
    applied, activation : str or None
        As `ogive.health.heads.Loss` has them.
    classes : int or None
    over_batch, broadcast : bool
    steps : list of int
    target_low, target_high, prediction_low, prediction_high : float
    difference_low, difference_high : float
        Over all samples; NaN where nothing was saved.
    """

    loss: str
    applied: str | None
    activation: str | None
    classes: int | None
    over_batch: bool
    broadcast: bool
    steps: list[int] = field(default_factory=list)
    target_low: float = NAN
    target_high: float = NAN
    prediction_low: float = NAN
    prediction_high: float = NAN
    difference_low: float = NAN
    difference_high: float = NAN


@dataclass
class Incident:
    """Something that is not finite.

    Attributes
    ----------
    step : int
    kind : str
        "parameter", "input", "forward", "backward", "gradient" or "loss".
    where : str
        In words.
    scaled : bool
        Whether the loss was scaled, so that an overflow of gradients is no fault.
    """

    step: int
    kind: str
    where: str
    scaled: bool = False


@dataclass
class History:
    """A training run as it was seen.

    Attributes
    ----------
    steps : int
        Of the optimiser that made most.
    sampled : list of int
    networks : list of str
    optimizers : list of str
    learning_rates : list of list of float
        For each sample the rates of all groups.
    losses : list of (int, float)
        Step and value of every backward pass.
    activations, parameters, heads
        Histories by key.
    incidents : list of Incident
    input_rms : list of float
        RMS of what enters the first layer with parameters, for each sample.
    stepped : list of str
        The parameters that optimisers hold.
    reached : list of str
        The parameters that a gradient reaches.
    kept_gradients : list of int
        Steps whose gradients still held those of the step before.
    nonlinear : bool
        Whether there is any operation between layers that is not linear.
    linear_pairs : list of (str, str)
        Layers that follow each other without anything nonlinear between.
    softmax_before : list of str
        Layers whose input is what came out of a softmax.
    ranks : int
        How many processes were seen.
    landscape : list of list of float, or None
        The output of the network over a plane of inputs before its first step, if asked for.
    notes : list of str
        What could not be looked at, and why.
    """

    steps: int = 0
    sampled: list[int] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)
    optimizers: list[str] = field(default_factory=list)
    learning_rates: list[list[float]] = field(default_factory=list)
    losses: list[tuple[int, float]] = field(default_factory=list)
    activations: dict[str, ActivationHistory] = field(default_factory=dict)
    parameters: dict[str, ParameterHistory] = field(default_factory=dict)
    heads: dict[str, HeadHistory] = field(default_factory=dict)
    incidents: list[Incident] = field(default_factory=list)
    input_rms: list[float] = field(default_factory=list)
    stepped: list[str] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)
    kept_gradients: list[int] = field(default_factory=list)
    nonlinear: bool = False
    linear_pairs: list[tuple[str, str]] = field(default_factory=list)
    softmax_before: list[str] = field(default_factory=list)
    ranks: int = 1
    landscape: list[list[float]] | None = None
    notes: list[str] = field(default_factory=list)

    def by_depth(self) -> list[ActivationHistory]:
        """Return the activations from the inputs to the loss."""
        return sorted(self.activations.values(), key=lambda each: each.order)

    def note(self, text: str) -> None:
        """Add a note, once."""
        if text not in self.notes:
            self.notes.append(text)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as lists and numbers, fit for JSON but for NaN and infinities."""
        result = asdict(self)
        for each in result["activations"].values():
            each["last_alive"] = each["last_alive"].tolist()
            del each["moments"]
        return result
