"""How far the gradient reaches: its RMS layer by layer, from the last hidden layer to the first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ogive.page.labels import label_ends
from ogive.page.style import MUTED, LineStyle, panel, svg
from ogive.page.ticks import decades
from ogive.page.wording import rough

if TYPE_CHECKING:
    from ogive.study.results import DepthResult, Signal

#: A gradient this many decades below the largest is drawn at the lower edge.
_DECADES = 14

_INITIALIZATIONS = {"default": "default initialisation", "matched": "matched initialisation"}
_TIMES = {"start": "before training", "end": "after training"}


@dataclass(frozen=True)
class Panel:
    """One of the small multiples.

    Attributes
    ----------
    depth : int
        Number of hidden layers.
    initialization, time : str
        ``"default"`` or ``"matched"``; ``"start"`` or ``"end"``.
    svg : str
    """

    depth: int
    initialization: str
    time: str
    svg: str


def reach(signal: Signal) -> float | None:
    """Return how much of the gradient arrives: its RMS at the first layer over that at the last.

    Parameters
    ----------
    signal : ogive.study.results.Signal

    Returns
    -------
    float or None
        None where either is not finite or the last is zero.

    Examples
    --------
    >>> from ogive.study.results import Signal
    >>> reach(Signal(activation_rms=(1.0, 1.0, 1.0), gradient_rms=(1e-6, 1e-3, 1.0)))
    1e-06
    """
    values = _gradient(signal)
    if not values or not math.isfinite(values[0]) or not values[-1] > 0:
        return None
    return values[0] / values[-1]


def gradient_panels(cells: Sequence[DepthResult], styles: Mapping[str, LineStyle]) -> list[Panel]:
    """Draw the RMS of the gradient by depth, one panel a depth, initialisation and moment.

    All panels share one logarithmic scale, so that heights compare across them. The layers run
    from the last to the first, the way the gradient travels: the names then stand where the
    lines have fanned out.

    Parameters
    ----------
    cells : sequence of ogive.study.results.DepthResult
    styles : mapping of str to LineStyle

    Returns
    -------
    list of Panel
        Deepest networks first; before training, then after; default beside matched initialisation.
    """
    limits = _limits(cells)
    if limits is None:
        return []
    grid: dict[tuple[int, str], dict[str, DepthResult]] = {}
    for cell in cells:
        grid.setdefault((cell.depth, cell.initialization), {})[cell.activation] = cell
    return [
        Panel(depth, initialization, time, _draw(row, styles, depth, initialization, time, limits))
        for depth in sorted({cell.depth for cell in cells}, reverse=True)
        for time in _TIMES
        for initialization in _INITIALIZATIONS
        if (row := grid.get((depth, initialization)))
    ]


def _gradient(signal: Signal) -> list[float]:
    """RMS of the gradient, first layer to last; NaN where it is not finite."""
    return [math.nan if value is None else float(value) for value in signal.gradient_rms]


def _limits(cells: Sequence[DepthResult]) -> tuple[float, float] | None:
    """Return the common range: all that is finite and positive, but no more than `_DECADES`."""
    values = [
        value
        for cell in cells
        for signal in (cell.start, cell.end)
        for value in _gradient(signal)
        if math.isfinite(value) and value > 0
    ]
    if not values:
        return None
    high = max(values)
    low = max(min(values), high * 10.0**-_DECADES)
    margin = 10 ** (0.04 * max(1.0, math.log10(high / low)))
    return low / margin, high * margin


def _draw(
    row: Mapping[str, DepthResult],
    styles: Mapping[str, LineStyle],
    depth: int,
    initialization: str,
    time: str,
    limits: tuple[float, float],
) -> str:
    wide = depth > 3
    reached: list[str] = []
    with panel(*(400, 300) if wide else (250, 250), (46, 98, 44, 42)) as axes:
        ends: dict[str, tuple[float, float]] = {}
        for name, cell in row.items():
            style = styles[name]
            signal = cell.start if time == "start" else cell.end
            values = [max(value, limits[0]) for value in _gradient(signal)]
            axes.plot(
                range(1, len(values) + 1),
                values,
                color=style.hex,
                linestyle=style.linestyle,
                marker=style.marker,
                markersize=4.5,
                markeredgewidth=0,
                clip_on=False,
                linewidth=2.6 if name in ("relu", "sigmoid") else 1.6,
                zorder=3 if name in ("relu", "sigmoid") else 2.5,
            )
            ends[name] = (1, values[0])
            if (ratio := reach(signal)) is not None:
                reached.append(f"{name} {rough(ratio)}")
        axes.set_yscale("log")
        axes.set_ylim(*limits)
        decades(axes)
        axes.set_xlim(depth + 0.25, 1)
        axes.set_xticks(_layers(depth))
        axes.set_xlabel("hidden layer, last to first" if wide else "layer, last to first")
        axes.set_title(_INITIALIZATIONS[initialization].capitalize(), pad=20)
        axes.annotate(
            _TIMES[time],
            xy=(0, 1),
            xycoords="axes fraction",
            xytext=(0, 8),
            textcoords="offset points",
            color=MUTED,
        )
        label_ends(axes, ends, styles)
        return svg(
            axes,
            f"gradient-{depth}-{initialization}-{time}",
            f"RMS of the gradient by hidden layer, {depth} layers, "
            f"{_INITIALIZATIONS[initialization]}, {_TIMES[time]}. "
            f"First layer over last: {', '.join(reached)}.",
        )


def _layers(depth: int) -> list[int]:
    """Ticks: every layer while there is room, then every few, always the first and the last."""
    step = max(1, math.ceil(depth / 10))
    return [1, *(layer for layer in range(step + 1, depth - step // 2, step)), depth]
