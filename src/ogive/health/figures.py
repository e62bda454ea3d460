"""The figures behind the findings: sizes by depth and over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ogive.health.checks.judged import PERSISTENT, weights
from ogive.health.history import ActivationHistory, History
from ogive.page.style import GRID, MUTED, PALETTE, panel, svg
from ogive.page.ticks import decades, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["figures"]

_MOMENTS = (("sky", "o"), ("blue", "s"), ("vermillion", "D"))
_LOWEST = 1e-12
"""As a share of the largest: what is smaller is drawn at the edge."""


def figures(history: History) -> list[str]:
    """Draw what was seen of a training run.

    Parameters
    ----------
    history : History

    Returns
    -------
    list of str
        SVG elements: the loss; gradient and activations by depth and over time; slopes and dead
        units by depth; the updates over time. Those for which something was seen.
    """
    drawn = [
        _losses(history),
        _by_depth(
            history, "gradient-by-depth", "Gradient by depth", "RMS of the gradient",
            lambda each: each.gradient_rms,
        ),
        _by_depth(
            history, "activation-by-depth", "Activation by depth", "RMS of the activation",
            lambda each: each.rms,
        ),
        _slopes(history),
        _over_time(
            history, "gradient-over-time", "Gradient over time", "RMS of the gradient",
            lambda each: each.gradient_rms,
        ),
        _over_time(
            history, "activation-over-time", "Activation over time", "RMS of the activation",
            lambda each: each.rms,
        ),
        _updates(history),
        _dead(history),
    ]  # fmt: skip
    return [each for each in drawn if each is not None]


def _colour(name: str) -> str:
    return PALETTE[name][0]


def _losses(history: History) -> str | None:
    pairs = [(step, value) for step, value in history.losses if math.isfinite(value)]
    if len(pairs) < 2:
        return None
    steps, values = zip(*pairs, strict=True)
    kept = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), 600)).astype(int))
    with panel(400, 260, (54, 16, 42, 36)) as axes:
        axes.plot(
            np.array(steps)[kept], np.array(values)[kept], color=_colour("ink"), linewidth=1.2
        )
        if min(values) > 0 and max(values) / min(values) > 30:
            _logarithmic(axes, values)
        axes.set_title("Loss", pad=14)
        axes.set_xlabel("step")
        return svg(
            axes,
            "loss",
            f"Loss by step, from {values[0]:.4g} to {values[-1]:.4g}.",
        )


def _moments(history: History) -> list[int]:
    """Return the samples that are drawn: the first, one in the middle, the last."""
    last = len(history.sampled) - 1
    half = 0.5 * history.sampled[last]
    middle = min(range(last + 1), key=lambda i: abs(history.sampled[i] - half))
    return sorted({0, middle, last})


def _at(each: ActivationHistory, values: Sequence[float], step: int) -> float:
    try:
        return values[each.steps.index(step)]
    except ValueError:
        return math.nan


def _by_depth(
    history: History,
    name: str,
    title: str,
    label: str,
    of: Callable[[ActivationHistory], list[float]],
    *,
    log: bool = True,
) -> str | None:
    chain = [each for each in history.by_depth() if not each.recurrent and not each.gate]
    if len(chain) < 2 or not history.sampled:
        return None
    lines = []
    for sample in _moments(history):
        step = history.sampled[sample]
        lines.append((step, [_at(each, of(each), step) for each in chain]))
    shown = [v for _, values in lines for v in values if math.isfinite(v) and (v > 0 or not log)]
    if not shown:
        return None
    floor = max(shown) * _LOWEST
    with panel(400, 260, (54, 16, 42, 36)) as axes:
        for (colour, marker), (step, values) in zip(_MOMENTS, lines, strict=False):
            heights = [max(v, floor) if log and math.isfinite(v) else v for v in values]
            axes.plot(
                range(1, len(chain) + 1),
                heights,
                color=_colour(colour),
                marker=marker,
                markersize=4,
                linewidth=1.6,
                label=f"step {step}",
            )
        if log:
            _logarithmic(axes, [max(v, floor) for v in shown])
        axes.set_title(title, pad=14)
        axes.set_xlabel("activation, first to last")
        axes.set_ylabel(label)
        _whole_ticks(axes, len(chain))
        _legend(axes)
        first, last = lines[-1][1][0], lines[-1][1][-1]
        return svg(
            axes,
            name,
            f"{label} by depth: {first:.3g} at {chain[0].label}, {last:.3g} at {chain[-1].label} "
            "in the last sample.",
        )


def _slopes(history: History) -> str | None:
    """Draw the mean slope over the steepest of every activation, gates as well."""
    chain = [each for each in history.by_depth() if any(math.isfinite(s) for s in each.slope)]
    if not chain:
        return None
    with panel(400, 260, (54, 16, 42, 36)) as axes:
        for (colour, marker), sample in zip(_MOMENTS, _moments(history), strict=False):
            step = history.sampled[sample]
            axes.plot(
                range(1, len(chain) + 1),
                [_at(each, each.slope, step) for each in chain],
                color=_colour(colour),
                marker=marker,
                markersize=4,
                linewidth=1.6,
                label=f"step {step}",
            )
        axes.set_ylim(0, 1.05)
        axes.set_title("Slope: 1 is steepest, 0 is flat", pad=14)
        axes.set_xlabel("activation, first to last")
        axes.set_ylabel("mean slope / steepest")
        _whole_ticks(axes, len(chain))
        _legend(axes)
        return svg(axes, "slope-by-depth", "Mean slope of each activation over its steepest.")


def _over_time(
    history: History,
    name: str,
    title: str,
    label: str,
    of: Callable[[ActivationHistory], list[float]],
) -> str | None:
    chain = [each for each in history.by_depth() if not each.recurrent and not each.gate]
    chosen = [chain[i] for i in sorted({0, len(chain) // 2, len(chain) - 1})] if chain else []
    shown = [v for each in chosen for v in of(each) if math.isfinite(v) and v > 0]
    if len(history.sampled) < 3 or not shown:
        return None
    with panel(400, 260, (54, 16, 42, 36)) as axes:
        for (colour, marker), each in zip(_MOMENTS, chosen, strict=False):
            axes.plot(
                each.steps,
                [v if v > 0 else math.nan for v in of(each)],
                color=_colour(colour),
                marker=marker,
                markersize=3,
                linewidth=1.4,
                label=each.label,
            )
        _logarithmic(axes, shown)
        axes.set_title(title, pad=14)
        axes.set_xlabel("step")
        axes.set_ylabel(label)
        _legend(axes)
        return svg(axes, name, f"{label} at the first, a middle and the last activation, by step.")


def _updates(history: History) -> str | None:
    """Draw the median and the range of the weights' changes over their size."""
    by_step: dict[int, list[float]] = {}
    for each in weights(history):
        for step, change, size in zip(each.steps, each.update_rms, each.rms, strict=True):
            if size > 0 and change > 0 and math.isfinite(change / size):
                by_step.setdefault(step, []).append(change / size)
    steps = sorted(by_step)
    if len(steps) < 3:
        return None
    low, middle, high = (
        [float(np.quantile(by_step[step], share)) for step in steps] for share in (0.0, 0.5, 1.0)
    )
    with panel(400, 260, (54, 16, 42, 36)) as axes:
        axes.fill_between(steps, low, high, color=_colour("grid"), linewidth=0)
        axes.plot(steps, middle, color=_colour("green"), marker="o", markersize=3, linewidth=1.6)
        axes.axhline(1e-3, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        _logarithmic(axes, [*low, *high, 1e-3])
        axes.set_title("Update ratio", pad=14)
        axes.set_xlabel("step")
        axes.set_ylabel("change / weight")
        return svg(
            axes,
            "updates",
            f"Change of a weight in a step over its size, median {middle[-1]:.2g} in the last "
            "sample; usual is 0.001, the dashed line.",
        )


def _dead(history: History) -> str | None:
    """Draw the share of units that were dead in each of the last samples."""
    found = [
        (each, dead)
        for each in history.by_depth()
        if not each.gate and (dead := each.dead(min(PERSISTENT, len(each.steps)))) is not None
    ]
    if not found:
        return None
    shares = [float(dead.mean()) for _, dead in found]
    with panel(400, 260, (54, 16, 42, 36)) as axes:
        axes.bar(range(1, len(shares) + 1), shares, color=_colour("purple"), width=0.6)
        axes.set_ylim(0, 1.05)
        percent(axes)
        axes.set_title("Dead units", pad=14)
        axes.set_xlabel("activation, first to last")
        _whole_ticks(axes, len(shares))
        most, worst = max(zip(shares, found, strict=True), key=lambda pair: pair[0])
        return svg(
            axes,
            "dead-units",
            f"Share of units that were dead in the last samples; most at {worst[0].label}: "
            f"{most:.0%}.",
        )


def _logarithmic(axes: Axes, values: Sequence[float]) -> None:
    low, high = min(values), max(values)
    room = 10 ** (0.06 * max(1.0, math.log10(high / low) if low > 0 else 1.0))
    axes.set_yscale("log")
    axes.set_ylim(low / room, high * room)
    decades(axes)


def _whole_ticks(axes: Axes, number: int) -> None:
    step = max(1, math.ceil(number / 10))
    axes.set_xticks(range(1, number + 1, step))


def _legend(axes: Axes) -> None:
    axes.legend(
        loc="best", frameon=True, framealpha=0.85, edgecolor=GRID, facecolor="none", fontsize=9
    )
