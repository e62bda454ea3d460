"""One setting: all activations under the same conditions, one table of the report."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ogive.study.declaration import Setting
from ogive.study.plan import Cell
from ogive.study.results.cell import CellResult, Found, cell_result, compared
from ogive.study.results.target import Target, target, time_to
from ogive.study.results.trained import least_accuracy, trained
from ogive.study.statistics import (
    Difference,
    Groups,
    detectable_difference,
    group,
    holm,
    smallest_called,
)

__all__ = ["LEVEL", "SettingResult", "Visible", "setting_result"]

LEVEL = 0.05
"""Of every family of comparisons."""


@dataclass(frozen=True)
class Visible:
    """The smallest differences that the comparisons of a setting could have shown.

    Attributes
    ----------
    typical, least, most : float
        Median, smallest and largest over the comparisons of what would have been called real: a
        true difference of that size is called so by about half of all such studies.
    surely : float
        Median of the true differences that four out of five such studies call real.
    """

    typical: float
    least: float
    most: float
    surely: float


@dataclass(frozen=True)
class SettingResult:
    """All activations in one setting.

    Attributes
    ----------
    setting : Setting
        Model, initialisation, protocol and seeds.
    title : str
        What tells it from the study's other settings; empty where there are none.
    number : int
        Its place in the study, from 1.
    reference : str
        Label of the activation that the others are compared with.
    cells : tuple of CellResult
        In the order of the declaration.
    comparisons : int
        Size of the family that Holm's adjustment covers: the comparisons of this setting.
    groups : Groups or None
        Which activations cannot be told apart, by label; None without a comparison.
    visible : Visible or None
        None where no comparison has an interval.
    target : Target or None
        What counts as arrived in time to a target.
    failed : dict of str to int
        By label, how many runs diverged or did not train: see `least_accuracy`, here of the runs of
        this setting.
    """

    setting: Setting
    title: str
    number: int
    reference: str
    cells: tuple[CellResult, ...]
    comparisons: int
    groups: Groups | None
    visible: Visible | None
    target: Target | None
    failed: dict[str, int]

    @property
    def compares(self) -> bool:
        """Whether its seeds allow a comparison at all; one seed serves pictures only."""
        return self.setting.seeds.most > 1

    @property
    def begun(self) -> bool:
        """Whether any run of it is there."""
        return any(cell.n for cell in self.cells)

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Short names of the activations that lack runs: all of them, or some."""
        return tuple(cell.name for cell in self.cells if not 0 < cell.n == cell.asked)

    @property
    def compared(self) -> tuple[CellResult, ...]:
        """The cells that could be compared with the reference."""
        return tuple(cell for cell in self.cells if cell.p_holm is not None)

    @property
    def failing(self) -> tuple[CellResult, ...]:
        """The cells of which some runs failed and others did not."""
        return tuple(cell for cell in self.cells if 0 < self.failed[cell.label] < cell.n)

    def cell(self, label: str) -> CellResult:
        """Return the result of the activation with this label.

        Parameters
        ----------
        label : str

        Returns
        -------
        CellResult

        Raises
        ------
        ValueError
            If the study has no such activation.
        """
        for cell in self.cells:
            if cell.label == label:
                return cell
        raise ValueError(f"the study has no activation {label!r}")

    def differs(self, cell: CellResult) -> bool:
        """Whether a cell differs from the reference after Holm's adjustment, at 5 %."""
        return cell.p_holm is not None and cell.p_holm < LEVEL


def setting_result(
    setting: Setting,
    cells: Sequence[Cell],
    title: str,
    number: int,
    names: Mapping[str, str],
    reference: str,
    there: Found,
) -> SettingResult:
    """Return the results of one setting.

    Parameters
    ----------
    setting : Setting
        The conditions.
    cells : sequence of Cell
        Its cells in the plan, one an activation.
    title, number
        See `SettingResult`.
    names : mapping of str to str
        Short names by label.
    reference : str
        Label.
    there : Found
        What is there of the study.

    Returns
    -------
    SettingResult
    """
    measure = there.measure
    alone = [cell_result(cell, names[cell.activation.label], there) for cell in cells]
    base = next(cell for cell in alone if cell.label == reference)
    found = [cell if cell is base else compared(cell, base, measure) for cell in alone]
    adjusted = holm([None if cell.difference is None else cell.difference.p for cell in found])
    found = [replace(cell, p_holm=p) for cell, p in zip(found, adjusted, strict=True)]
    comparisons = sum(p is not None for p in adjusted)
    goal = target(base.validation(measure), measure)
    if goal is not None:
        found = [replace(cell, time=time_to(goal, cell.runs, measure)) for cell in found]
    gains = {
        cell.label: {seed: measure.gain(value) for seed, value in cell.values}
        for cell in found
        if cell.mean is not None
    }
    return SettingResult(
        setting=setting,
        title=title,
        number=number,
        reference=reference,
        cells=tuple(found),
        comparisons=comparisons,
        groups=group(gains, level=LEVEL) if comparisons else None,
        visible=_visible([cell.difference for cell in found], comparisons),
        target=goal,
        failed=_failed(found, there.classes),
    )


def _failed(cells: Sequence[CellResult], classes: int) -> dict[str, int]:
    accuracies = [run["test"]["accuracy"] for cell in cells for run in cell.runs]
    least = least_accuracy(accuracies, classes)
    return {cell.label: sum(not trained(run, least) for run in cell.runs) for cell in cells}


def _visible(differences: Sequence[Difference | None], comparisons: int) -> Visible | None:
    spreads = [(sd, d.n) for d in differences if d is not None and (sd := _spread(d)) is not None]
    if not spreads:
        return None
    called = sorted(smallest_called(sd, n, comparisons=comparisons) for sd, n in spreads)
    surely = [detectable_difference(sd, n, comparisons=comparisons) for sd, n in spreads]
    return Visible(statistics.median(called), called[0], called[-1], statistics.median(surely))


def _spread(difference: Difference) -> float | None:
    """Return the standard deviation of the paired differences, from their 95 % interval."""
    if difference.lower is None or difference.upper is None:
        return None
    from scipy.special import stdtrit

    half = (difference.upper - difference.lower) / 2
    return half * math.sqrt(difference.n) / float(stdtrit(difference.n - 1, 1 - LEVEL / 2))
