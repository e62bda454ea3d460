"""From stored runs to results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ogive.study.declaration import Setting, Study
from ogive.study.plan import Cell, plan
from ogive.study.quantity import compared_by
from ogive.study.results.cell import Found
from ogive.study.results.costs import Cost, costs_of
from ogive.study.results.depth import DepthSeries, depth_series
from ogive.study.results.measure import ACCURACY, LOSS, Measure
from ogive.study.results.naming import activation_names, setting_titles
from ogive.study.results.outcomes import mistakes_of
from ogive.study.results.ranks import Agreement, agreements
from ogive.study.results.setting import SettingResult, setting_result
from ogive.study.spec import RunSpec
from ogive.study.store import Run

__all__ = ["Results", "assemble"]


@dataclass(frozen=True)
class Results:
    """What a study found.

    Attributes
    ----------
    study : Study
        What was asked.
    measure : Measure
        What its activations are compared by: test accuracy, or test loss of a language model.
    settings : tuple of SettingResult
        In the order of the declaration.
    depths : tuple of DepthSeries
        Perceptrons that differ in their depth alone.
    agreements : tuple of Agreement
        How far the settings agree on the order of the activations.
    costs : tuple of Cost
        One a network, where the cost was measured.
    total : int
        Runs that the study asks for by now, trials of tuning included.
    missing : tuple of RunSpec
        Those of them that the store lacks.
    later : int
        Runs that will be asked for when the missing ones are there, as far as can be told.
    environments : tuple of dict
        The different environments that the runs were made in, each once.
    trials : tuple of dict
        The stored runs of tuning.
    """

    study: Study
    measure: Measure
    settings: tuple[SettingResult, ...]
    depths: tuple[DepthSeries, ...]
    agreements: tuple[Agreement, ...]
    costs: tuple[Cost, ...]
    total: int
    missing: tuple[RunSpec, ...]
    later: int
    environments: tuple[dict[str, str], ...]
    trials: tuple[Run, ...] = field(repr=False)

    @property
    def main(self) -> SettingResult:
        """The first setting that compares its activations; the first of all where none does."""
        return self.compared[0]

    @property
    def compared(self) -> tuple[SettingResult, ...]:
        """The settings that compare their activations; the first of all where none does."""
        return _comparing(self.settings)

    @property
    def names(self) -> tuple[str, ...]:
        """Short names of the activations, in the order of the declaration."""
        return tuple(cell.name for cell in self.main.cells)

    @property
    def reference(self) -> str:
        """Short name of the activation that the others are compared with."""
        return self.main.cell(self.study.reference).name

    def setting(self, number: int) -> SettingResult:
        """Return the setting with this place in the study, from 1."""
        return self.settings[number - 1]


def assemble(study: Study, runs: Iterable[Run]) -> Results:
    """Return the results of `study` from stored `runs`; runs of other studies are ignored.

    Parameters
    ----------
    study : Study
        The declaration.
    runs : iterable of dict
        Stored runs and costs, in any order: `Store.runs()`.

    Returns
    -------
    Results
        Of what is there; `Results.missing` names the rest.

    Examples
    --------
    >>> from ogive.study import Grid
    >>> len(assemble(Study(grids=(Grid(seeds=1),)), []).missing)
    7
    """
    records = {run["key"]: run for run in runs}
    costs = [run for run in records.values() if run["spec"].get("kind") == "cost"]
    stored = {key: run for key, run in records.items() if run["spec"].get("kind") != "cost"}
    asked = plan(study, stored)
    wanted = asked.specs()
    present = [stored[spec.key] for spec in wanted if spec.key in stored]
    mistakes = mistakes_of(present)
    there = Found(
        measure=LOSS if compared_by(study.data) == LOSS.key else ACCURACY,
        stored=stored,
        mistakes=mistakes,
        classes=_classes(present),
    )
    settings = _settings(study, asked.cells, there)
    environments = sorted({tuple(sorted(run["environment"].items())) for run in present})
    return Results(
        study=study,
        measure=there.measure,
        settings=settings,
        depths=depth_series(settings, there.classes),
        agreements=agreements(_comparing(settings), there.measure),
        costs=costs_of(study, costs),
        total=len(wanted),
        missing=tuple(spec for spec in wanted if spec.key not in stored),
        later=asked.later,
        environments=tuple(dict(items) for items in environments),
        trials=tuple(run for run in present if run["spec"]["part"] == "validation"),
    )


def _settings(study: Study, cells: Sequence[Cell], there: Found) -> tuple[SettingResult, ...]:
    declared = study.settings()
    names = activation_names(study.activations)
    grouped: dict[Setting, list[Cell]] = {setting: [] for setting in declared}
    for cell in cells:
        grouped[cell.setting].append(cell)
    compared = [setting for setting in declared if setting.seeds.most > 1]
    titles = setting_titles(declared)
    if len(compared) > 1:
        # What tells them from each other is enough; one alone has to be told from the rest.
        titles |= setting_titles(compared)
    return tuple(
        setting_result(
            setting, grouped[setting], titles[setting], number, names, study.reference, there
        )
        for number, setting in enumerate(declared, 1)
    )


def _comparing(settings: tuple[SettingResult, ...]) -> tuple[SettingResult, ...]:
    return tuple(result for result in settings if result.compares) or settings[:1]


def _classes(present: Sequence[Run]) -> int:
    """Return the number of classes of the data."""
    return max((run["data"]["classes"] for run in present), default=2)
