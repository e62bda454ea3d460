"""Stored runs assembled into what the report shows.

The figures are functions of the declaration and the stored runs alone: the same runs give the
same `Results`, whatever the order in which they were made. Only `seconds_per_epoch` and
`environments` tell of the machine.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ogive.study.declaration import RunSpec, Study
from ogive.study.statistics import Difference, holm, paired_difference, summarize
from ogive.study.store import Run


@dataclass(frozen=True)
class Curve:
    """One quantity over the epochs, over the seeds.

    Parameters
    ----------
    mean : tuple of float or None
        Mean over the runs that have a finite value at that epoch; None where there is none.
    sd : tuple of float or None
        Standard deviation over these runs; None below two of them.
    n : tuple of int
        How many runs these are. It falls where a run has diverged.
    """

    mean: tuple[float | None, ...]
    sd: tuple[float | None, ...]
    n: tuple[int, ...]


@dataclass(frozen=True)
class ActivationResult:
    """One activation in the main grid.

    Parameters
    ----------
    activation : str
        Its name in the catalogue.
    n : int
        Runs present, of the study's ``seeds``.
    diverged : int
        How many of them ended in a loss that is not finite. They count with the accuracy of the
        network they ended with, a row without a finite answer being worth a blind guess.
    accuracies : tuple of (int, float)
        Seed and test accuracy in [0, 1], by ascending seed.
    mean, sd : float or None
        Of the test accuracy; sd None below two runs, mean None without a run.
    difference : Difference or None
        Paired difference in test accuracy from the reference, over the seeds that both have;
        None for the reference itself and without a pair.
    p_holm : float or None
        Its p-value adjusted over all comparisons with the reference.
    seconds_per_epoch : float or None
        Median over the runs of each run's median.
    train_loss, validation_loss, validation_accuracy : Curve
        One point an epoch.
    """

    activation: str
    n: int
    diverged: int
    accuracies: tuple[tuple[int, float], ...]
    mean: float | None
    sd: float | None
    difference: Difference | None
    p_holm: float | None
    seconds_per_epoch: float | None
    train_loss: Curve
    validation_loss: Curve
    validation_accuracy: Curve


@dataclass(frozen=True)
class Signal:
    """RMS by depth, first hidden layer to last; None where it is not finite."""

    activation_rms: tuple[float | None, ...]
    gradient_rms: tuple[float | None, ...]


@dataclass(frozen=True)
class DepthResult:
    """One cell of the depth grid, trained from seed 0.

    Parameters
    ----------
    activation : str
        Its name in the catalogue.
    depth : int
        Number of hidden layers.
    initialization : {"default", "matched"}
        How it began.
    outcome : {"finished", "diverged"}
        How it ended.
    accuracy : float
        Test accuracy in [0, 1].
    train_loss : tuple of float or None
        One value an epoch.
    start, end : Signal
        Before the first step and after the last.
    """

    activation: str
    depth: int
    initialization: str
    outcome: str
    accuracy: float
    train_loss: tuple[float | None, ...]
    start: Signal
    end: Signal


@dataclass(frozen=True)
class Results:
    """What a study found.

    Parameters
    ----------
    study : Study
        What was asked.
    activations : tuple of ActivationResult
        In the order of the declaration.
    depth : tuple of DepthResult
        The cells present, in the order of `Study.depth_runs`.
    missing : tuple of RunSpec
        Runs that the study asks for and the store lacks.
    comparisons : int
        Size of the family that Holm's adjustment covers.
    environments : tuple of dict
        The different environments that the runs were made in, each once.
    """

    study: Study
    activations: tuple[ActivationResult, ...]
    depth: tuple[DepthResult, ...]
    missing: tuple[RunSpec, ...]
    comparisons: int
    environments: tuple[dict[str, str], ...]

    def activation(self, name: str) -> ActivationResult:
        """Return the result of the activation `name`.

        Raises
        ------
        ValueError
            If the study has no such activation.
        """
        for result in self.activations:
            if result.activation == name:
                return result
        raise ValueError(f"the study has no activation {name!r}")


def assemble(study: Study, runs: Iterable[Run]) -> Results:
    """Return the results of `study` from stored `runs`; runs of other studies are ignored.

    Parameters
    ----------
    study : Study
        The declaration.
    runs : iterable of dict
        Stored runs, in any order: `Store.runs()`.

    Returns
    -------
    Results
        Of what is there; `Results.missing` names the rest.

    Examples
    --------
    >>> len(assemble(Study(seeds=1, depths=()), []).missing)
    7
    """
    stored = {run["key"]: run for run in runs}
    wanted = study.runs()
    results = [_compare(study, activation, stored) for activation in study.activations]
    adjusted = holm([result.difference.p if result.difference else None for result in results])
    present = [stored[spec.key] for spec in wanted if spec.key in stored]
    environments = sorted({tuple(sorted(run["environment"].items())) for run in present})
    return Results(
        study=study,
        activations=tuple(
            replace(result, p_holm=p) for result, p in zip(results, adjusted, strict=True)
        ),
        depth=tuple(
            _depth_cell(spec, stored[spec.key]) for spec in study.depth_runs() if spec.key in stored
        ),
        missing=tuple(spec for spec in wanted if spec.key not in stored),
        comparisons=sum(p is not None for p in adjusted),
        environments=tuple(dict(items) for items in environments),
    )


def _by_seed(study: Study, activation: str, stored: dict[str, Run]) -> dict[int, Run]:
    return {
        spec.seed: stored[spec.key]
        for spec in study.main_runs()
        if spec.activation == activation and spec.key in stored
    }


def _compare(study: Study, activation: str, stored: dict[str, Run]) -> ActivationResult:
    runs = _by_seed(study, activation, stored)
    reference = _by_seed(study, study.reference, stored)
    pairs = [seed for seed in runs if seed in reference]
    difference = None
    if pairs and activation != study.reference:
        difference = paired_difference(
            [runs[seed]["test"]["accuracy"] for seed in pairs],
            [reference[seed]["test"]["accuracy"] for seed in pairs],
        )
    accuracies = tuple((seed, run["test"]["accuracy"]) for seed, run in runs.items())
    summary = summarize([accuracy for _, accuracy in accuracies])
    seconds = [run["timing"]["seconds_per_epoch"] for run in runs.values()]
    epochs = study.protocol.epochs
    return ActivationResult(
        activation=activation,
        n=summary.n,
        diverged=sum(run["outcome"] == "diverged" for run in runs.values()),
        accuracies=accuracies,
        mean=summary.mean,
        sd=summary.sd,
        difference=difference,
        p_holm=None,
        seconds_per_epoch=statistics.median(seconds) if seconds else None,
        train_loss=_curve(runs.values(), "train_loss", epochs),
        validation_loss=_curve(runs.values(), "validation_loss", epochs),
        validation_accuracy=_curve(runs.values(), "validation_accuracy", epochs),
    )


def _curve(runs: Iterable[Run], quantity: str, epochs: int) -> Curve:
    curves = [run["curves"][quantity] for run in runs]
    summaries = [
        summarize([c[epoch] for c in curves if epoch < len(c) and c[epoch] is not None])
        for epoch in range(epochs)
    ]
    return Curve(
        mean=tuple(summary.mean for summary in summaries),
        sd=tuple(summary.sd for summary in summaries),
        n=tuple(summary.n for summary in summaries),
    )


def _depth_cell(spec: RunSpec, run: Run) -> DepthResult:
    start, end = (
        Signal(tuple(signal["activation_rms"]), tuple(signal["gradient_rms"]))
        for signal in (run["signal"]["start"], run["signal"]["end"])
    )
    return DepthResult(
        activation=spec.activation,
        depth=spec.depth,
        initialization=spec.initialization,
        outcome=run["outcome"],
        accuracy=run["test"]["accuracy"],
        train_loss=tuple(run["curves"]["train_loss"]),
        start=start,
        end=end,
    )
