"""Loss and accuracy by epoch: one panel each, the mean over the seeds and their spread.

One epoch makes no curve: what it ended with is drawn as points.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ogive.page.picture import Picture
from ogive.page.style import LineStyle
from ogive.study.figures.dots import Dot, dot_panel
from ogive.study.figures.lines import Axis, Line, line_panel

if TYPE_CHECKING:
    from ogive.study.results.curve import Curve
    from ogive.study.results.setting import SettingResult

__all__ = ["learning_curves"]

#: Attribute of a `CellResult`, title of the panel, kind of its axis.
_PANELS = (
    ("train_loss", "Training loss", "log"),
    ("validation_loss", "Validation loss", "log"),
    ("validation_accuracy", "Validation accuracy", "share"),
)


def learning_curves(result: SettingResult, styles: Mapping[str, LineStyle]) -> list[Picture]:
    """Draw training loss, validation loss and validation accuracy by epoch.

    The band, or the line through a point, spans one standard deviation either side of the mean,
    where there are two runs or more.

    Parameters
    ----------
    result : ogive.study.results.SettingResult
    styles : mapping of str to LineStyle
        By short name.

    Returns
    -------
    list of Picture
        Empty where no run has a value.
    """
    pictures = []
    reference = result.cell(result.reference).name
    for key, title, kind in _PANELS:
        lines = {cell.name: _line(getattr(cell, key), kind) for cell in result.cells}
        present = {name: line for name, line in lines.items() if line.present}
        if not present:
            continue
        name = f"curve-{result.number}-{key.replace('_', '-')}"
        epochs = max(len(line.x) for line in present.values())
        if epochs == 1:
            pictures.append(_points(present, styles, kind, name, title))
            continue
        ends = {name: line.end(epochs)[1] for name, line in present.items()}
        said = ", ".join(f"{name} {value:.3g}" for name, value in ends.items())
        axis = Axis(
            "epoch",
            (1, epochs),
            [(tick, str(tick)) for tick in epoch_ticks(epochs)],
            y="log" if kind == "log" else "share",
            limits=None if kind == "log" else _accuracy_limits(present),
        )
        pictures.append(
            line_panel(
                present,
                styles,
                axis,
                name=name,
                title=title,
                description=f"{title} by epoch for each activation; at the end: {said}.",
                bold=(reference,),
                size=(345, 300),
            )
        )
    return pictures


def _points(
    lines: Mapping[str, Line], styles: Mapping[str, LineStyle], kind: str, name: str, title: str
) -> Picture:
    """Draw what the only epoch ended with."""
    share = kind == "share"
    dots = {
        key: Dot(
            line.y[0],
            line.low[0],
            line.high[0],
            f"{100 * line.y[0]:.4g} %" if share else f"{line.y[0]:.3g}",
        )
        for key, line in lines.items()
    }
    said = ", ".join(f"{key} {dot.said}" for key, dot in dots.items())
    return dot_panel(
        dots,
        styles,
        name=name,
        title=title,
        subtitle="after the only epoch",
        axis="%" if share else "loss",
        description=f"{title} after the only epoch, for each activation: {said}.",
        scale=100 if share else 1,
        width=345,
    )


def _line(curve: Curve, kind: str) -> Line:
    mean = np.array([math.nan if value is None else value for value in curve.mean])
    sd = np.array([0.0 if value is None else value for value in curve.sd])
    low = mean - sd
    # A band that reaches below zero has no place on a logarithmic axis: it is cut a decade down.
    low = np.maximum(low, 0.1 * mean) if kind == "log" else low
    x = range(1, len(mean) + 1)
    return Line(x, mean.tolist(), low.tolist(), (mean + sd).tolist())


def _accuracy_limits(lines: Mapping[str, Line]) -> tuple[float, float]:
    """Leave the first steep epochs out of view where they would flatten all that follows.

    The lower end is the worst mean after a third of the training, rounded down to 5 points.
    """
    worst = min(
        float(np.nanmin(np.array(line.y[len(line.y) // 3 :]), initial=1.0))
        for line in lines.values()
    )
    best = max(float(np.nanmax(np.array(line.high))) for line in lines.values())
    low = max(0.0, math.floor((worst - 0.005) * 20) / 20)
    return low, min(1.0, best + 0.05 * (best - low) + 1e-3)


def epoch_ticks(epochs: int) -> list[int]:
    """Return the first epoch, the last, and round numbers between, of two epochs or more.

    Examples
    --------
    >>> epoch_ticks(25)
    [1, 5, 10, 15, 20, 25]
    """
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**9) if epochs / s <= 6)
    between = [tick for tick in range(step, epochs, step) if 1 + step / 2 < tick]
    return [1, *(tick for tick in between if epochs - tick > step / 2), epochs]
