"""Which runs a study asks for, given those that are there.

Later runs follow from the results of earlier ones where activations are tuned or seeds are added.
The plan is a function of the declaration and the stored runs alone, so that a study that was
stopped goes on as it would have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ogive.study.activation import Activation
from ogive.study.declaration import Setting, Study
from ogive.study.sequential import seeds_now
from ogive.study.spec import RunSpec
from ogive.study.tuning import Choice, choose, trials

__all__ = ["Cell", "Plan", "plan"]

Run = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """One activation in one setting: its runs, as far as they are known.

    Attributes
    ----------
    setting, activation
        Where it stands.
    trials : tuple of RunSpec
        Runs of the tuned protocol; empty under drop-in.
    choice : Choice or None
        What tuning chose; None under drop-in, and while trials are missing.
    specs : tuple of RunSpec
        The runs that are compared, by ascending seed; none while trials are missing.
    """

    setting: Setting
    activation: Activation
    trials: tuple[RunSpec, ...]
    choice: Choice | None
    specs: tuple[RunSpec, ...]


@dataclass(frozen=True)
class Plan:
    """What a study asks for by now.

    Attributes
    ----------
    cells : tuple of Cell
        Setting by setting, activation by activation.
    later : int
        Runs that will be asked for when those of the plan are there, as far as can be told.
    """

    cells: tuple[Cell, ...]
    later: int

    def specs(self) -> list[RunSpec]:
        """Return every run once, in the order in which they are best made.

        The runs of every setting are spread evenly over the whole, so that progress is even, a
        study stopped early has some of everything, and no long run comes last.
        """
        groups: dict[tuple[Any, ...], list[RunSpec]] = {}
        for cell in self.cells:
            for spec in (*cell.trials, *cell.specs):
                groups.setdefault((cell.setting.identity, spec.part), []).append(spec)
        placed: dict[str, tuple[float, RunSpec]] = {}
        for group in groups.values():
            # Seed by seed, so that every activation has its first run before one has its second.
            ordered = sorted(group, key=lambda spec: spec.seed)
            for position, spec in enumerate(ordered):
                placed.setdefault(spec.key, ((position + 0.5) / len(ordered), spec))
        return [spec for _, spec in sorted(placed.values(), key=lambda pair: pair[0])]


def plan(study: Study, stored: Mapping[str, Run]) -> Plan:
    """Return what `study` asks for, given the `stored` runs by key.

    Parameters
    ----------
    study : Study
        The declaration.
    stored : mapping of str to dict
        Runs that are there.

    Returns
    -------
    Plan

    Examples
    --------
    >>> from ogive.study import Grid, Study
    >>> len(plan(Study(grids=(Grid(seeds=3),)), {}).specs())
    21
    """
    cells: list[Cell] = []
    later = 0
    for setting in study.settings():
        tuned = setting.protocol == "tuned"
        chosen: dict[str, tuple[tuple[RunSpec, ...], Choice | None]] = {}
        for activation in study.activations:
            tried = tuple(trials(study, setting, activation)) if tuned else ()
            chosen[activation.label] = (
                tried,
                choose(setting.recipe.learning_rate, tried, stored) if tuned else None,
            )

        def spec(activation: Activation, seed: int) -> RunSpec | None:
            base = study.spec(setting, activation, seed)  # noqa: B023 - called in this round only
            if not tuned:  # noqa: B023
                return base
            choice = chosen[activation.label][1]  # noqa: B023
            if choice is None:
                return None
            return replace(base, gain=choice.gain, recipe=base.recipe.at(choice.learning_rate))

        number = seeds_now(study, setting, spec, stored)
        for activation in study.activations:
            tried, choice = chosen[activation.label]
            specs = [spec(activation, seed) for seed in range(number)]
            known = tuple(each for each in specs if each is not None)
            later += len(specs) - len(known)
            cells.append(Cell(setting, activation, tried, choice, known))
    return Plan(tuple(cells), later)
