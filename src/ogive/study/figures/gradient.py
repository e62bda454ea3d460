"""How far the gradient reaches: its RMS call by call, from the last activation to the first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ogive.page.picture import Picture
from ogive.page.style import LineStyle
from ogive.page.wording import rough
from ogive.study.figures.lines import Axis, Line, line_panel

if TYPE_CHECKING:
    from ogive.study.results.setting import SettingResult
    from ogive.study.results.signal import Signal

__all__ = ["GradientPanel", "gradient_panels", "layer_ticks", "share_panels"]

#: A gradient this many decades below the largest is drawn at the lower edge.
_DECADES = 14

_TIMES = {"start": "before training", "end": "after training"}


@dataclass(frozen=True)
class GradientPanel:
    """One of the small multiples.

    Attributes
    ----------
    number : int
        Of the setting.
    time : {"start", "end"}
        Before the first step, or after the last.
    picture : Picture
    """

    number: int
    time: str
    picture: Picture


def gradient_panels(
    settings: Sequence[SettingResult], titles: Mapping[int, str], styles: Mapping[str, LineStyle]
) -> list[GradientPanel]:
    """Draw the RMS of the gradient by depth, one panel a setting and moment.

    All panels share one logarithmic scale, so that heights compare across them. The calls run from
    the last to the first, the way the gradient travels: the names then stand where the lines have
    fanned out.

    Parameters
    ----------
    settings : sequence of SettingResult
        Those without a signal are passed over.
    titles : mapping of int to str
        What each panel is called, by the setting's number.
    styles : mapping of str to LineStyle

    Returns
    -------
    list of GradientPanel
        Before training, then after, setting by setting.
    """
    limits = _limits(signal for result in settings for signal in _signals(result))
    if limits is None:
        return []
    return [
        GradientPanel(result.number, time, found)
        for result in settings
        for time in _TIMES
        if (found := _gradient(result, titles[result.number], styles, time, limits)) is not None
    ]


def share_panels(
    settings: Sequence[SettingResult], titles: Mapping[int, str], styles: Mapping[str, LineStyle]
) -> list[GradientPanel]:
    """Draw the share of the variance that is between samples, before training, call by call.

    Parameters
    ----------
    settings, titles, styles
        As for `gradient_panels`.

    Returns
    -------
    list of GradientPanel
        One a setting.
    """
    panels = []
    for result in settings:
        lines = {
            cell.name: Line(range(1, len(values) + 1), values)
            for cell in result.cells
            if cell.outcomes.signals is not None
            and (values := _numbers(cell.outcomes.signals.start.between_sample_share))
        }
        lines = {name: line for name, line in lines.items() if line.present}
        if not lines:
            continue
        calls = max(len(line.x) for line in lines.values())
        said = ", ".join(f"{n} {100 * line.end(calls)[1]:.3g} %" for n, line in lines.items())
        drawn = line_panel(
            lines,
            styles,
            Axis(
                "activation, first to last",
                (1 if calls > 1 else 0.5, calls + 0.25 if calls > 1 else 1.5),
                [(tick, str(tick)) for tick in layer_ticks(calls)],
                y="share",
                limits=(0, 1.02),
            ),
            name=f"between-{result.number}",
            title=titles[result.number],
            subtitle="variance between samples, before training",
            description=f"Share of the variance between samples; at the last activation: {said}.",
            bold=(result.cell(result.reference).name,),
            markers=calls <= 20,
        )
        panels.append(GradientPanel(result.number, "start", drawn))
    return panels


def layer_ticks(depth: int) -> list[int]:
    """Return every layer while there is room, then every few, always the first and the last.

    Parameters
    ----------
    depth : int
        Number of layers.

    Returns
    -------
    list of int
        Ascending, from 1 to `depth`.

    Examples
    --------
    >>> layer_ticks(20)
    [1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20]
    """
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 10**9) if depth <= 10 * step)
    between = range(step, depth - step // 2, step)
    return list(dict.fromkeys((1, *(k for k in between if k > 1 + step / 3), depth)))


def _signals(result: SettingResult) -> Iterable[Signal]:
    for cell in result.cells:
        if cell.outcomes.signals is not None:
            yield cell.outcomes.signals.start
            yield cell.outcomes.signals.end


def _numbers(values: Iterable[float | None]) -> list[float]:
    return [math.nan if value is None else float(value) for value in values]


def _limits(signals: Iterable[Signal]) -> tuple[float, float] | None:
    """Return the common range: all that is finite and positive, but no more than `_DECADES`."""
    values = [
        value
        for signal in signals
        for value in _numbers(signal.gradient_rms)
        if math.isfinite(value) and value > 0
    ]
    if not values:
        return None
    high = max(values)
    low = max(min(values), high * 10.0**-_DECADES)
    margin = 10 ** (0.04 * max(1.0, math.log10(high / low)))
    return low / margin, high * margin


def _gradient(
    result: SettingResult,
    title: str,
    styles: Mapping[str, LineStyle],
    time: str,
    limits: tuple[float, float],
) -> Picture | None:
    lines: dict[str, Line] = {}
    reached: list[str] = []
    for cell in result.cells:
        if cell.outcomes.signals is None:
            continue
        signal: Signal = getattr(cell.outcomes.signals, time)
        values = [max(value, limits[0]) for value in _numbers(signal.gradient_rms)]
        lines[cell.name] = Line(range(1, len(values) + 1), values)
        if (share := signal.reach) is not None:
            reached.append(f"{cell.name} {rough(share)}")
    lines = {name: line for name, line in lines.items() if line.present}
    if not lines:
        return None
    calls = max(len(line.x) for line in lines.values())
    return line_panel(
        lines,
        styles,
        Axis(
            "activation, last to first",
            (calls + 0.25, 1) if calls > 1 else (1.5, 0.5),
            [(tick, str(tick)) for tick in layer_ticks(calls)],
            y="log",
            limits=limits,
        ),
        name=f"gradient-{result.number}-{time}",
        title=title,
        subtitle=_TIMES[time],
        description=f"RMS of the gradient by activation, {title}, {_TIMES[time]}. "
        f"First over last: {', '.join(reached)}.",
        bold=(result.cell(result.reference).name,),
        markers=calls <= 20,
    )
