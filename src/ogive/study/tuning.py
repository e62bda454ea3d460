"""The tuned protocol: the same small budget for each activation, chosen on the validation part."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ogive.study.activation import Activation
from ogive.study.declaration import Setting, Study
from ogive.study.quantity import Quantity
from ogive.study.spec import RunSpec

__all__ = ["FIRST_SEED", "Choice", "choose", "trials"]

FIRST_SEED = 1_000_000
"""Trials have seeds from here on, which no comparison uses: what was chosen for its luck with one
draw must not be judged on the same draw."""


@dataclass(frozen=True)
class Choice:
    """What tuning chose for one cell.

    Attributes
    ----------
    learning_rate, gain : float
        The best pair on the validation part.
    validation : float or None
        Mean there of what the study compares, over the seeds of tuning; None where that is the
        loss, and a trial has none.
    at_edge : bool
        Whether it lies at an end of what was tried, so that a better one may lie beyond.
    """

    learning_rate: float
    gain: float
    validation: float | None
    at_edge: bool


def trials(study: Study, setting: Setting, activation: Activation) -> Iterator[RunSpec]:
    """Yield the runs of the budget for one cell; none of them sees the test part.

    Parameters
    ----------
    study : Study
        Whose budget.
    setting : Setting
        Model, initialisation and recipe.
    activation : Activation

    Yields
    ------
    RunSpec
        Seed by seed, rate by rate, gain by gain.

    Examples
    --------
    >>> study = Study()
    >>> tried = list(trials(study, study.settings()[0], study.activations[0]))
    >>> len(tried) == study.tuning.trials
    True
    """
    budget = study.tuning
    base = replace(study.spec(setting, activation, 0), part="validation")
    for number in range(budget.seeds):
        for rate in budget.rates:
            for gain in budget.gains:
                yield replace(
                    base,
                    seed=FIRST_SEED + number,
                    gain=gain,
                    recipe=base.recipe.at(rate * base.recipe.learning_rate),
                )


def choose(
    declared: float,
    tried: Sequence[RunSpec],
    stored: Mapping[str, dict[str, Any]],
    quantity: Quantity,
) -> Choice | None:
    """Return the pair that is the best on the validation part after the last epoch.

    Of equals the one that is better by the other quantity is taken, and then the one nearest to
    the `declared` learning rate and the gain 1. A run that diverged counts as it is scored (see
    `ogive.study.evaluation.judge_outputs`), with an infinite loss where it has none.

    Parameters
    ----------
    declared : float
        The learning rate of the recipe.
    tried : sequence of RunSpec
        The trials of one cell.
    stored : mapping of str to dict
        Runs that are there, by key.
    quantity : {"accuracy", "loss"}
        By whose mean over the seeds a pair is judged: what the study compares (`compared_by`).

    Returns
    -------
    Choice or None
        None while a trial is missing.
    """
    if any(spec.key not in stored for spec in tried):
        return None
    results: dict[tuple[float, float], list[dict[str, Any]]] = {}
    for spec in tried:
        pair = (spec.recipe.learning_rate, spec.gain)
        results.setdefault(pair, []).append(stored[spec.key]["validation"])

    def quality(pair: tuple[float, float]) -> tuple[float, float, float]:
        found = results[pair]
        losses = [math.inf if each["loss"] is None else each["loss"] for each in found]
        rate, gain = pair
        distance = abs(math.log(rate / declared)) + abs(math.log(gain))
        scores = _mean([each["accuracy"] for each in found]), -_mean(losses)
        first, second = scores if quantity == "accuracy" else scores[::-1]
        return first, second, -distance

    best = max(results, key=quality)
    edge = any(
        len(tried_values) > 1 and chosen in (min(tried_values), max(tried_values))
        for chosen, tried_values in zip(
            best, ({rate for rate, _ in results}, {gain for _, gain in results}), strict=True
        )
    )
    score = abs(quality(best)[0])
    return Choice(*best, score if math.isfinite(score) else None, edge)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
