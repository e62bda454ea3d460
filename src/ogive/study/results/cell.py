"""One activation in one setting."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ogive.study.activation import Activation
from ogive.study.plan import Cell
from ogive.study.results.curve import Curve, curve
from ogive.study.results.measure import Measure
from ogive.study.results.outcomes import Outcomes, outcomes
from ogive.study.results.target import Ending, Time
from ogive.study.statistics import (
    Difference,
    Summary,
    Superiority,
    paired_difference,
    summarize,
    superiority,
)
from ogive.study.store import Run
from ogive.study.tuning import Choice

__all__ = ["CellResult", "Found", "cell_result", "compared"]


@dataclass(frozen=True)
class Found:
    """What is there of a study.

    Attributes
    ----------
    measure : Measure
        What its activations are compared by.
    stored : mapping of str to dict
        Runs by key.
    mistakes : mapping of str to mapping of int to int
        Wrong predictions, by key.
    classes : int
        Number of classes of the data.
    """

    measure: Measure
    stored: Mapping[str, Run]
    mistakes: Mapping[str, Mapping[int, int]]
    classes: int


@dataclass(frozen=True)
class CellResult:
    """One activation in one setting.

    Attributes
    ----------
    activation : Activation
        What was trained.
    name : str
        What it is called in figures and sentences.
    asked : int
        Runs that the study asks for by now.
    diverged : int
        How many of those present ended in a loss that is not finite. They count with the accuracy
        of the network they ended with, a row without a finite answer being worth a blind guess. A
        loss cannot count like that: what is compared by it stays uncompared where a run diverged.
    values : tuple of (int, float)
        Seed and the compared quantity, by ascending seed.
    mean, sd : float or None
        Of these values; sd None below two, mean None without one or where a run has none.
    accuracy, loss : Summary
        On the test part, of all runs that have a finite value.
    difference : Difference or None
        Paired difference from the reference, over the seeds that both have; None for the reference
        itself and without a pair.
    p_holm : float or None
        Its p-value, adjusted over the comparisons of the setting.
    superiority : Superiority or None
        How likely one training is better than one of the reference.
    choice : Choice or None
        What tuning chose, under the tuned protocol.
    tried : int
        Trials of tuning that are there.
    seconds_per_epoch : float or None
        Median over the runs of each run's median.
    time : Time or None
        How long to the setting's target.
    train_loss, validation_loss, validation_accuracy : Curve
        One point an epoch.
    outcomes : Outcomes
        What was measured of the trained networks.
    runs : tuple of dict
        The stored runs, by ascending seed.
    """

    activation: Activation
    name: str
    asked: int
    diverged: int
    values: tuple[tuple[int, float], ...]
    mean: float | None
    sd: float | None
    accuracy: Summary
    loss: Summary
    difference: Difference | None
    p_holm: float | None
    superiority: Superiority | None
    choice: Choice | None
    tried: int
    seconds_per_epoch: float | None
    time: Time | None
    train_loss: Curve
    validation_loss: Curve
    validation_accuracy: Curve
    outcomes: Outcomes
    runs: tuple[Run, ...] = field(repr=False)

    @property
    def label(self) -> str:
        """The activation as a declaration names it."""
        return self.activation.label

    @property
    def n(self) -> int:
        """Runs that are there."""
        return len(self.runs)

    def validation(self, measure: Measure) -> Ending:
        """Return what its runs end with on the validation part."""
        sizes = [run["data"] for run in self.runs]
        return Ending(
            values=tuple(measure.of(run["validation"]) for run in self.runs),
            rows=min((data["rows"]["validation"] for data in sizes), default=0),
            classes=max((data["classes"] for data in sizes), default=2),
        )


def cell_result(cell: Cell, name: str, found: Found) -> CellResult:
    """Return what is there of one cell, before it is compared with others.

    Parameters
    ----------
    cell : Cell
        Of the plan.
    name : str
        Its short name.
    found : Found
        What is there of the study.

    Returns
    -------
    CellResult
        Without a difference from the reference.
    """
    measure, stored = found.measure, found.stored
    runs = tuple(stored[spec.key] for spec in cell.specs if spec.key in stored)
    judged = [(run["spec"]["seed"], measure.of(run["test"])) for run in runs]
    values = tuple((seed, value) for seed, value in judged if value is not None)
    whole = len(values) == len(runs)
    summary = summarize([value for _, value in values]) if whole else Summary(0, None, None)
    seconds = [run["timing"]["seconds_per_epoch"] for run in runs]
    epochs = max((spec.recipe.epochs for spec in cell.specs), default=0)
    return CellResult(
        activation=cell.activation,
        name=name,
        asked=len(cell.specs),
        diverged=sum(run["outcome"] == "diverged" for run in runs),
        values=values,
        mean=summary.mean,
        sd=summary.sd,
        accuracy=_summary(runs, "accuracy"),
        loss=_summary(runs, "loss"),
        difference=None,
        p_holm=None,
        superiority=None,
        choice=cell.choice,
        tried=sum(spec.key in stored for spec in cell.trials),
        seconds_per_epoch=statistics.median(seconds) if seconds else None,
        time=None,
        train_loss=curve(runs, "train_loss", epochs),
        validation_loss=curve(runs, "validation_loss", epochs),
        validation_accuracy=curve(runs, "validation_accuracy", epochs),
        outcomes=outcomes(runs, found.mistakes, found.classes),
        runs=runs,
    )


def compared(cell: CellResult, reference: CellResult, measure: Measure) -> CellResult:
    """Return the cell with its paired difference from the reference of its setting.

    Parameters
    ----------
    cell : CellResult
        As `cell_result` returned it.
    reference : CellResult
        Of the same setting.
    measure : Measure
        What is compared.

    Returns
    -------
    CellResult
        As it is where either has no mean, or they share no seed; p is not adjusted yet.
    """
    if cell.mean is None or reference.mean is None:
        return cell
    here, there = dict(cell.values), dict(reference.values)
    seeds = [seed for seed in here if seed in there]
    if not seeds:
        return cell
    return replace(
        cell,
        difference=paired_difference([here[s] for s in seeds], [there[s] for s in seeds]),
        superiority=superiority(
            [measure.gain(value) for value in here.values()],
            [measure.gain(value) for value in there.values()],
        ),
    )


def _summary(runs: tuple[Run, ...], key: str) -> Summary:
    return summarize([run["test"][key] for run in runs if run["test"][key] is not None])
