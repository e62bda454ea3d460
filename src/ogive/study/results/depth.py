"""Perceptrons of several depths: how the accuracy, and the gradient, go with depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ogive.study.model import Model
from ogive.study.recipe import Recipe
from ogive.study.results.cell import CellResult
from ogive.study.results.setting import SettingResult

__all__ = ["WORKS", "DepthPoint", "DepthSeries", "depth_series"]

WORKS = 0.5
"""Training counts as working where the accuracy is at least this share of the way from a blind
guess to the best accuracy that any activation reached at any depth of the networks compared."""


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
    least : float
        The accuracy from which on training counts as working; see `WORKS`.
    """

    family: Model
    initialization: str
    protocol: str
    lines: dict[str, tuple[DepthPoint, ...]]
    least: float

    @property
    def depths(self) -> tuple[int, ...]:
        """All depths, ascending."""
        return tuple(sorted({p.depth for points in self.lines.values() for p in points}))

    def works(self, point: DepthPoint) -> bool:
        """Tell whether training works at a point."""
        return point.accuracy is not None and point.accuracy >= self.least

    def stops(self, name: str) -> int | None:
        """Return the depth from which on training no longer works; None where the deepest does."""
        points = [p for p in self.lines[name] if p.accuracy is not None]
        stop = None
        for point in reversed(points):
            if self.works(point):
                break
            stop = point.depth
        return stop


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
    series = []
    for (family, initialization, protocol, _), members in found.items():
        lines: dict[str, list[DepthPoint]] = {}
        for member in sorted(members, key=lambda m: m.setting.model.depth or 0):
            for cell in member.cells:
                if cell.n:
                    depth = member.setting.model.depth or 0
                    lines.setdefault(cell.name, []).append(DepthPoint(depth, cell))
        if len({p.depth for points in lines.values() for p in points}) > 1:
            kept = {name: tuple(points) for name, points in lines.items()}
            series.append((family, initialization, protocol, kept))
    best: dict[Model, float] = {}
    for family, _, _, lines_ in series:
        for point in (p for points in lines_.values() for p in points):
            best[family] = max(best.get(family, 0.0), point.accuracy or 0.0)
    guess = 1 / classes
    least = {family: guess + WORKS * (most - guess) for family, most in best.items()}
    return tuple(DepthSeries(*each, least[each[0]]) for each in series)
