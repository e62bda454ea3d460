"""How they learn: curves, and the time to a target."""

from __future__ import annotations

from ogive.page.wording import duration
from ogive.study.figures.curves import learning_curves
from ogive.study.figures.dots import Dot, dot_panel
from ogive.study.report.context import Context
from ogive.study.report.section import Block, Drawing, Figures, Prose, Section
from ogive.study.results import SettingResult
from ogive.study.results.target import SHARE, Time

__all__ = ["learning"]


def learning(context: Context) -> Section | None:
    """Return curves and times; None where no run has finished an epoch."""
    blocks: list[Block] = []
    settings = [r for r in context.pictured if any(c.n for c in r.cells)]
    for result in settings:
        if pictures := learning_curves(result, context.styles):
            last = result is settings[-1]
            reading = (
                "The mean over the seeds, by epoch; the band is one standard deviation either "
                "side. Losses are on a logarithmic scale. The accuracy axis leaves out the first "
                "steep epochs, so that the end can be read. No epoch is chosen: the network after "
                "the last one is the one that is tested."
            )
            shown = reading if last else ""
            blocks.append(
                Figures(
                    pictures,
                    "curve",
                    shown,
                    "three",
                    heading=context.title(result) if result.title else "",
                )
            )
    epochs, seconds = [], []
    for result in settings:
        epochs += _epochs(context, result)
        seconds += _seconds(context, result)
    if epochs:
        blocks.append(
            Figures(
                epochs,
                "target",
                f"Epochs until {_goal(context)}: the median over the seeds, and the first and the "
                "last of them. A run that does not arrive counts as later than all that do.",
                heading="Time to a target",
            )
        )
        blocks.append(
            Figures(
                seconds,
                "target",
                "The same in seconds of training. These were taken while other runs shared the "
                "machine; the page on cost has what was measured alone.",
                machine=True,
            )
        )
    if not blocks:
        return None
    if context.left_out:
        blocks.append(Prose(context.left_out, note=True))
    return Section("curves", "How they learn", "Learning", blocks)


def _goal(context: Context) -> str:
    reference = context.results.reference
    if context.results.measure.higher_is_better:
        return f"{100 * SHARE:.0f} % of {reference}'s final validation accuracy are reached"
    return f"the validation loss is down to {reference}'s final one divided by {SHARE:g}"


def _target(context: Context, result: SettingResult) -> str:
    assert result.target is not None
    value = result.target.value
    if context.results.measure.higher_is_better:
        return f"to a validation accuracy of {100 * value:.2f} %"
    return f"to a validation loss of {value:.4f} nats"


def _epochs(context: Context, result: SettingResult) -> list[Drawing]:
    dots = {
        cell.name: Dot(cell.time.epochs, cell.time.least, cell.time.most, _said(cell.time))
        for cell in result.cells
        if cell.time is not None
    }
    if not dots or result.target is None:
        return []
    said = ", ".join(f"{name} {dot.said}" for name, dot in dots.items())
    return [
        dot_panel(
            dots,
            context.styles,
            name=f"target-{result.number}-epochs",
            title=context.title(result),
            subtitle=_target(context, result),
            axis="epochs",
            description=f"Epochs {_target(context, result)}: {said}.",
            zero=True,
            width=536,
        )
    ]


def _said(time: Time) -> str:
    if time.epochs is None:
        return f"{time.reached} of {time.n} arrive"
    less = "" if time.reached == time.n else f" ({time.reached} of {time.n})"
    return f"{time.epochs:g}{less}"


def _seconds(context: Context, result: SettingResult) -> list[Drawing]:
    dots = {
        cell.name: Dot(cell.time.seconds, said=duration(cell.time.seconds))
        for cell in result.cells
        if cell.time is not None
    }
    if not dots or result.target is None:
        return []
    said = ", ".join(f"{name} {dot.said}" for name, dot in dots.items())
    return [
        dot_panel(
            dots,
            context.styles,
            name=f"target-{result.number}-seconds",
            title=context.title(result),
            subtitle=_target(context, result),
            axis="seconds of training",
            description=f"Seconds {_target(context, result)}: {said}.",
            zero=True,
            width=536,
        )
    ]
