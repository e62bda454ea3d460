"""How healthy the training was: the gradient by depth, and what the check-up found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ogive.page.wording import listing, rough
from ogive.study.figures.gradient import gradient_panels, share_panels
from ogive.study.report.context import Context
from ogive.study.report.section import (
    Block,
    Column,
    Figures,
    Prose,
    Section,
    Sentences,
    Table,
)
from ogive.study.results import SettingResult

__all__ = ["gradient_sentences", "health"]

_LEAST = 0.005
"""A share below which there is nothing to show."""

_READINGS = {
    "start": "RMS of the loss's gradient at each activation's outputs, of seed 0, on a logarithmic "
    "scale that all panels share, from left to right as the gradient travels: a line that falls is "
    "a gradient that vanishes, and its name stands at what is left.",
    "end": "After training a whole line sinks where the loss has become small; its slope is what "
    "matters.",
}

_SEVERE = ("error", "warning")

_SHARES = {
    "saturation": "Saturated outputs, which pass next to no gradient on",
    "dead": "Dead units, which pass none on at all",
}


def health(context: Context) -> Section | None:
    """Return the page on health; None where no signal was recorded."""
    settings = [r for r in context.watched if _calls(r)]
    if not settings:
        return None
    titles = {result.number: _title(context, result) for result in settings}
    blocks: list[Block] = [
        Prose(
            "A layer learns from the gradient that arrives there. It travels from the output back "
            "to the input, and each layer multiplies it by its weights and by the slope of its "
            "activation: at most ¼ for a sigmoid, 1 for a ReLU that is on."
        )
    ]
    if sentences := gradient_sentences(context):
        blocks.append(Sentences(sentences))
    # Two activations say nothing of depth where deeper networks do.
    deep = [result for result in settings if _calls(result) > 2]
    panels = gradient_panels(deep or settings, titles, context.styles)
    blocks += [
        Figures(chosen, "gradient", reading)
        for time, reading in _READINGS.items()
        if (chosen := [panel.picture for panel in panels if panel.time == time])
    ]
    if pictures := [panel.picture for panel in share_panels(deep, titles, context.styles)]:
        blocks.append(
            Figures(
                pictures,
                "between",
                "How much of the variance of an activation's outputs lies between samples and not "
                "between units: near 0, the network says the same of every input.",
            )
        )
    blocks += _checkup(context, settings, titles)
    if note := context.note(context.watched, len(context.results.settings)):
        blocks.append(Prose(note, note=True))
    return Section("gradient", "How healthy the training was", "Health", blocks)


def gradient_sentences(context: Context) -> list[str]:
    """Return how much of the gradient reaches the first activation of the deepest networks.

    Parameters
    ----------
    context : Context

    Returns
    -------
    list of str
        One sentence a setting with the most activations, for the activation that loses most and
        the reference, before training.
    """
    settings = [result for result in context.watched if _calls(result)]
    most = max(map(_calls, settings), default=0)
    sentences = []
    for result in settings:
        if _calls(result) < most or most < 2:
            continue
        reached = {
            cell.name: share
            for cell in result.cells
            if cell.outcomes.signals is not None
            and (share := cell.outcomes.signals.start.reach) is not None
        }
        faintest = sorted(reached, key=lambda name: reached[name])[:1]
        reference = context.results.reference
        names = [n for n in dict.fromkeys((*faintest, reference)) if n in reached]
        if names:
            said = listing([f"{rough(reached[name])} with {name}" for name in names])
            sentences.append(
                f"Through the {most} activations of {result.setting.model} with "
                f"{result.setting.initialization} initialisation, the first receives, before "
                f"training, this share of the last one's gradient: {said}."
            )
    return list(dict.fromkeys(sentences))


def _calls(result: SettingResult) -> int:
    """Return how many activations a pass through the network calls."""
    return max(
        (
            len(cell.outcomes.signals.start.gradient_rms)
            for cell in result.cells
            if cell.outcomes.signals is not None
        ),
        default=0,
    )


def _title(context: Context, result: SettingResult) -> str:
    """Return a title that says which initialisation, where the settings differ in it."""
    setting = result.setting
    several = len({r.setting.protocol for r in context.watched}) > 1
    tuned = f", {setting.protocol}" if several else ""
    return f"{setting.model}, {setting.initialization} init{tuned}"


def _checkup(
    context: Context, settings: Sequence[SettingResult], titles: Mapping[int, str]
) -> list[Block]:
    found: dict[tuple[str, str, str], list[str]] = {}
    looked = False
    for result in settings:
        for cell in result.cells:
            if cell.outcomes.checkup is None:
                continue
            looked = True
            for severity, title in cell.outcomes.checkup.findings:
                if severity not in _SEVERE:
                    continue
                key = (titles[result.number], severity, title)
                found.setdefault(key, []).append(cell.name)
    if not looked:
        return []
    blocks: list[Block] = [
        table
        for kind, heading in _SHARES.items()
        if (table := _shares(context, settings, titles, kind, heading)) is not None
    ]
    if found:
        columns = [Column(name, number=False) for name in ("Setting", "", "Finding", "With")]
        rows = [("", [*key, listing(list(dict.fromkeys(n)))]) for key, n in found.items()]
        heading = "What the check-up found, in the runs of seed 0"
        reading = "Warnings and errors; what it noted beside them is in the exported files."
        blocks.append(Table(columns, rows, heading=heading, reading=reading))
    else:
        blocks.append(Prose("The check-up had no warning for the runs of seed 0."))
    return blocks


def _shares(
    context: Context,
    settings: Sequence[SettingResult],
    titles: Mapping[int, str],
    kind: str,
    heading: str,
) -> Table | None:
    """Return the mean and the most over the activations; None where there is next to nothing."""
    rows = []
    for cell in context.results.main.cells:
        most = 0.0
        texts: list[object] = [context.named(cell)]
        for result in settings:
            found = result.cell(cell.label).outcomes.checkup
            shares = [] if found is None else _known(getattr(found, kind))
            texts.append(f"{100 * sum(shares) / len(shares):.1f}" if shares else "–")
            if shares:
                texts[-1] = f"{texts[-1]} ({100 * max(shares):.1f})"
                most = max(most, *shares)
        if most >= _LEAST:
            rows.append(("", texts))
    if not rows:
        return None
    return Table(
        [Column("Activation", number=False), *(Column(titles[r.number], "%") for r in settings)],
        rows,
        heading=heading,
        reading="At the last look of the check-up at the network of seed 0: the mean over its "
        "activations, and in brackets the most of any of them. Activations with less than "
        f"{100 * _LEAST:g} % everywhere are left out.",
    )


def _known(shares: Iterable[float | None]) -> list[float]:
    return [share for share in shares if share is not None]
