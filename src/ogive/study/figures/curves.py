"""Loss and accuracy by epoch: one panel each, the mean over the seeds and their spread."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ogive.page.labels import label_ends
from ogive.page.style import LineStyle, panel, svg
from ogive.page.ticks import decades, percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ogive.study.results import ActivationResult, Curve

    Line = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]

#: Attribute of an `ActivationResult`, title of the panel, whether the axis is logarithmic.
_PANELS = (
    ("train_loss", "Training loss", True),
    ("validation_loss", "Validation loss", True),
    ("validation_accuracy", "Validation accuracy", False),
)


def learning_curves(
    results: Sequence[ActivationResult], styles: Mapping[str, LineStyle]
) -> list[str]:
    """Draw training loss, validation loss and validation accuracy by epoch.

    The band spans one standard deviation either side of the mean, where there are two runs or more.

    Parameters
    ----------
    results : sequence of ogive.study.results.ActivationResult
    styles : mapping of str to LineStyle

    Returns
    -------
    list of str
        One SVG element a panel; empty where no run has a value.
    """
    pictures = []
    for key, title, logarithmic in _PANELS:
        lines = {r.activation: _line(getattr(r, key), logarithmic) for r in results}
        present = {name: line for name, line in lines.items() if np.isfinite(line[0]).any()}
        if present:
            pictures.append(_panel(present, styles, key, title, logarithmic))
    return pictures


def _line(curve: Curve, logarithmic: bool) -> Line:
    """Return mean, lower and upper edge of the band; NaN where there is no value."""
    mean = np.array([math.nan if value is None else value for value in curve.mean])
    sd = np.array([0.0 if value is None else value for value in curve.sd])
    low = mean - sd
    # A band that reaches below zero has no place on a logarithmic axis: it is cut a decade down.
    return mean, (np.maximum(low, 0.1 * mean) if logarithmic else low), mean + sd


def _last(mean: NDArray[np.float64]) -> tuple[int, float]:
    """Return epoch and value of the last point of a line."""
    last = int(np.flatnonzero(np.isfinite(mean))[-1])
    return last + 1, float(mean[last])


def _panel(
    lines: Mapping[str, Line],
    styles: Mapping[str, LineStyle],
    key: str,
    title: str,
    logarithmic: bool,
) -> str:
    epochs = max(len(mean) for mean, _, _ in lines.values())
    x = np.arange(1, epochs + 1)
    with panel(330, 300, (46, 94, 44, 34)) as axes:
        for name, (mean, low, high) in lines.items():
            style = styles[name]
            axes.fill_between(x, low, high, color=style.hex, alpha=0.14, lw=0)
            axes.plot(
                x,
                mean,
                color=style.hex,
                linestyle=style.linestyle,
                marker=style.marker if np.isfinite(mean).sum() == 1 else "",
                linewidth=2.2 if name in ("relu", "sigmoid") else 1.7,
                zorder=3 if name in ("relu", "sigmoid") else 2.5,
            )
        axes.set_title(title, pad=14)
        axes.set_xlabel("epoch")
        axes.set_xlim(1, max(epochs, 2))
        axes.set_xticks(_epoch_ticks(epochs))
        if logarithmic:
            axes.set_yscale("log")
            decades(axes)
        else:
            axes.set_ylim(*_accuracy_limits(lines))
            percent(axes)
        ends = {name: _last(mean) for name, (mean, _, _) in lines.items()}
        label_ends(axes, ends, styles)
        said = ", ".join(f"{name} {value:.3g}" for name, (_, value) in ends.items())
        return svg(
            axes,
            f"curve-{key.replace('_', '-')}",
            f"{title} by epoch for each activation; at the end: {said}.",
        )


def _accuracy_limits(lines: Mapping[str, Line]) -> tuple[float, float]:
    """Leave the first steep epochs out of view where they would flatten all that follows.

    The lower end is the worst mean after a third of the training, rounded down to 5 points.
    """
    worst = min(
        float(np.nanmin(mean[len(mean) // 3 :], initial=1.0)) for mean, _, _ in lines.values()
    )
    best = max(float(np.nanmax(high)) for _, _, high in lines.values())
    low = max(0.0, math.floor((worst - 0.005) * 20) / 20)
    return low, min(1.0, best + 0.05 * (best - low) + 1e-3)


def _epoch_ticks(epochs: int) -> list[int]:
    """Return the first epoch, the last, and round numbers between."""
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**9) if epochs / s <= 6)
    between = [tick for tick in range(step, epochs, step) if 1 + step / 2 < tick]
    return [1, *(tick for tick in between if epochs - tick > step / 2), max(epochs, 2)]
