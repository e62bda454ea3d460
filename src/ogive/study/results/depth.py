"""Perceptrons of several depths: how the accuracy, and the gradient, go with depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ogive.study.model import Model
from ogive.study.recipe import Recipe
from ogive.study.results.cell import CellResult
from ogive.study.results.setting import SettingResult
from ogive.study.results.trained import least_accuracy, trained

__all__ = ["DepthPoint", "DepthSeries", "depth_series"]


@dataclass(frozen=True)
class DepthPoint:
    """One activation at one depth.

    Attributes
    ----------
    depth : int
        Number of hidden layers.
    cell : CellResult
        What was found there.
    """

    depth: int
    cell: CellResult

    @property
    def accuracy(self) -> float | None:
        """Mean test accuracy."""
        return self.cell.accuracy.mean

    @property
    def reach(self) -> float | None:
        """Share of the gradient that reaches the first layer before training, of seed 0."""
        signals = self.cell.outcomes.signals
        return None if signals is None else signals.start.reach


@dataclass(frozen=True)
class DepthSeries:
    """Networks that differ in their depth alone.

    Attributes
    ----------
    family : Model
        The network with one layer, which names what they have in common.
    initialization, protocol : str
        How they began and were trained.
    lines : dict of str to tuple of DepthPoint
        By short name of the activation, shallow to deep.
    unfinished : tuple of (str, int)
        Short name and depth of the cells that lack runs: all of them, or some.
    least : float
        The accuracy from which on a run counts as one that works; see `least_accuracy`. It is the
        same for all series of one family.
    """

    family: Model
    initialization: str
    protocol: str
    lines: dict[str, tuple[DepthPoint, ...]]
    unfinished: tuple[tuple[str, int], ...]
    least: float

    @property
    def depths(self) -> tuple[int, ...]:
        """All depths, ascending."""
        return tuple(sorted({p.depth for points in self.lines.values() for p in points}))

    @property
    def trains(self) -> bool:
        """Whether any run works."""
        return any(self.working(p) for points in self.lines.values() for p in points)

    def working(self, point: DepthPoint) -> int:
        """Return how many runs of a point work."""
        return sum(trained(run, self.least) for run in point.cell.runs)

    def works(self, point: DepthPoint) -> bool:
        """Tell whether training works at a point: more than half of its runs do."""
        return 2 * self.working(point) > point.cell.n

    def stops(self, name: str) -> int | None:
        """Return the depth from which on training no longer works; None where the deepest does.

        Depths without a run are passed over.

        Parameters
        ----------
        name : str
            Short name of the activation.

        Returns
        -------
        int or None
            A number of hidden layers.
        """
        stop = None
        for point in reversed(self.lines[name]):
            if self.works(point):
                break
            stop = point.depth
        return stop

    def dips(self, name: str) -> tuple[int, ...]:
        """Return the depths at which training does not work though it does at a deeper one.

        Parameters
        ----------
        name : str
            Short name of the activation.

        Returns
        -------
        tuple of int
            Numbers of hidden layers, ascending.
        """
        working = [point.depth for point in self.lines[name] if self.works(point)]
        deepest = max(working, default=0)
        return tuple(p.depth for p in self.lines[name] if p.depth < deepest and not self.works(p))


def depth_series(settings: Sequence[SettingResult], classes: int) -> tuple[DepthSeries, ...]:
    """Return the series of perceptrons that exist at two depths or more.

    Parameters
    ----------
    settings : sequence of SettingResult
        Of a study.
    classes : int
        Number of classes of its data: one in so many is guessed right.

    Returns
    -------
    tuple of DepthSeries
        In the order of the study.
    """
    found: dict[tuple[Model, str, str, Recipe], list[SettingResult]] = {}
    for result in settings:
        setting = result.setting
        model = setting.model
        widths = dict(model.options).get("widths")
        if model.depth is None or not isinstance(widths, tuple) or len(set(widths)) != 1:
            continue
        family = model.but(widths=widths[:1])
        key = (family, setting.initialization, setting.protocol, setting.recipe)
        found.setdefault(key, []).append(result)
    several = {
        key: sorted(members, key=lambda member: member.setting.model.depth or 0)
        for key, members in found.items()
        if sum(member.begun for member in members) > 1
    }
    accuracies: dict[Model, list[float]] = {}
    for (family, *_), members in several.items():
        runs = [run for member in members for cell in member.cells for run in cell.runs]
        accuracies.setdefault(family, []).extend(run["test"]["accuracy"] for run in runs)
    series = []
    for (family, initialization, protocol, _), members in several.items():
        lines: dict[str, list[DepthPoint]] = {}
        unfinished: list[tuple[str, int]] = []
        for member in members:
            depth = member.setting.model.depth or 0
            unfinished += [(name, depth) for name in member.unfinished]
            for cell in member.cells:
                if cell.n:
                    lines.setdefault(cell.name, []).append(DepthPoint(depth, cell))
        kept = {name: tuple(points) for name, points in lines.items()}
        least = least_accuracy(accuracies[family], classes)
        series.append(DepthSeries(family, initialization, protocol, kept, tuple(unfinished), least))
    return tuple(series)
