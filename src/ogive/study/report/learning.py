"""How they learn: curves, and the time to a target."""

from __future__ import annotations

from ogive.page.wording import duration, listing
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
            shown = _reading(settings) if last else ""
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
    if seconds:
        alone = "; the page on cost has what was measured alone" if context.results.costs else ""
        blocks.append(
            Figures(
                seconds,
                "target",
                "The same in seconds of training. Other runs may have shared the machine when "
                f"these were taken{alone}.",
                machine=True,
            )
        )
    blocks += [Prose(said, note=True) for each in settings if (said := _aimless(context, each))]
    if not blocks:
        return None
    if context.left_out:
        blocks.append(Prose(context.left_out, note=True))
    return Section("curves", "How they learn", "Learning", blocks)


def _reading(settings: list[SettingResult]) -> str:
    """Return how curves are read, and the points that stand for one epoch."""
    epochs = [result.setting.recipe.epochs for result in settings]
    said = []
    if max(epochs) > 1:
        said.append(
            "The mean over the seeds, by epoch; the band is one standard deviation either side. "
            "Losses are on a logarithmic scale. The accuracy axis leaves out the first steep "
            "epochs, so that the end can be read. No epoch is chosen: the network after the last "
            "one is the one that is tested."
        )
    if min(epochs) == 1:
        said.append(
            "One epoch makes no curve: the points are the mean over the seeds after it, the lines "
            "one standard deviation either side."
        )
    return " ".join(said) + _diverged(settings)


def _diverged(settings: list[SettingResult]) -> str:
    """Return what curves show of runs that diverged; empty where none did."""
    lost = [
        f"{cell.name} ({cell.diverged} of {cell.n}{f', {result.title}' if result.title else ''})"
        for result in settings
        for cell in result.cells
        if cell.diverged
    ]
    if not lost:
        return ""
    return (
        f" Runs diverged with {listing(lost)}: from there on they have no loss, and the mean is "
        "that of the others; their accuracy stays what they ended with."
    )


def _aimless(context: Context, result: SettingResult) -> str:
    """Return why a setting has no target; empty where it has one or the reference no run."""
    measure, reference = context.results.measure, context.results.reference
    ending = result.cell(result.reference).validation(measure)
    if result.target is not None or not ending.values:
        return ""
    where = f"{context.title(result)}: no time to a target is told, for"
    aim, guess = ending.aim(measure), ending.guess(measure)
    if aim is None:
        return f"{where} {reference} has a run without a finite loss."
    if measure.higher_is_better:
        return (
            f"{where} {100 * SHARE:.0f} % of {reference}'s final validation accuracy are "
            f"{100 * aim:.2f} %, not clearly more than a blind guess ({100 * guess:.2f} %)."
        )
    return (
        f"{where} {reference}'s final validation loss divided by {SHARE:g} is {aim:.4f} nats, not "
        f"less than that of a blind guess ({guess:.4f})."
    )


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
    if result.target is None or all(dot.value is None for dot in dots.values()):
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
        )
    ]
