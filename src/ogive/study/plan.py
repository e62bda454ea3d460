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
from ogive.study.quantity import compared_by
from ogive.study.sequential import seeds_now
from ogive.study.spec import RunSpec
from ogive.study.store import Run
from ogive.study.tuning import Choice, choose, trials

__all__ = ["Cell", "Plan", "plan"]


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
    found = [_cells(study, setting, stored) for setting in study.settings()]
    return Plan(
        tuple(cell for cells, _ in found for cell in cells), sum(later for _, later in found)
    )


def _cells(study: Study, setting: Setting, stored: Mapping[str, Run]) -> tuple[list[Cell], int]:
    """Return the cells of one setting, and how many of their runs are not known yet."""
    tuned = setting.protocol == "tuned"
    tried = {a: tuple(trials(study, setting, a)) if tuned else () for a in study.activations}
    rate = setting.recipe.learning_rate
    choices = {
        a: choose(rate, tried[a], stored, compared_by(study.data)) if tuned else None
        for a in study.activations
    }

    def spec(activation: Activation, seed: int) -> RunSpec | None:
        base = study.spec(setting, activation, seed)
        if not tuned:
            return base
        choice = choices[activation]
        if choice is None:
            return None
        return replace(base, gain=choice.gain, recipe=base.recipe.at(choice.learning_rate))

    number = seeds_now(study, setting, spec, stored)
    cells: list[Cell] = []
    for activation in study.activations:
        specs = (spec(activation, seed) for seed in range(number))
        known = tuple(each for each in specs if each is not None)
        cells.append(Cell(setting, activation, tried[activation], choices[activation], known))
    return cells, number * len(cells) - sum(len(cell.specs) for cell in cells)
