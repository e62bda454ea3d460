"""Whether the settings order the activations alike."""

from __future__ import annotations

from ogive.study.report.context import Context
from ogive.study.report.section import Column, Section, Sentences, Table
from ogive.study.results.naming import sentence_case
from ogive.study.results.ranks import Agreement

__all__ = ["ranks"]


def ranks(context: Context) -> Section | None:
    """Return the rank correlations; None of a single setting."""
    found = context.results.agreements
    if not found:
        return None
    known = {(each.first, each.second): each for each in found}
    numbers = sorted({n for pair in known for n in pair})
    titles = {n: context.results.setting(n).title for n in numbers}
    rows = []
    for one in numbers:
        texts: list[object] = [titles[one]]
        for other in numbers:
            pair = known.get((min(one, other), max(one, other)))
            texts.append("" if pair is None or one == other else _cell(pair))
        rows.append(("", texts))
    return Section(
        "ranks",
        "Whether the settings agree",
        "Agreement",
        [
            Sentences(_sentences(found, titles)),
            Table(
                [Column("Setting", number=False), *(Column(titles[n]) for n in numbers)],
                rows,
                reading="Kendall's rank correlation of the mean results: 1 is the same order of "
                "the activations, 0 no relation, −1 the reverse. Below it the 95 % interval over "
                "the seeds. Where activations are about equal, their order is noise and the "
                "correlation falls short.",
            ),
        ],
    )


def _cell(found: Agreement) -> object:
    from markupsafe import Markup

    correlation = found.correlation
    if correlation.tau is None:
        return "–"
    text = _number(correlation.tau)
    if correlation.lower is None or correlation.upper is None:
        return text
    interval = f"{_number(correlation.lower)} to {_number(correlation.upper)}"
    return Markup("{}<small>{}</small>").format(text, interval)


def _number(value: float) -> str:
    text = f"{value:.2f}".replace("-", "−")
    return text if float(f"{value:.2f}") else "0.00"


def _sentences(found: tuple[Agreement, ...], titles: dict[int, str]) -> list[str]:
    known = [each for each in found if each.correlation.tau is not None]
    if not known:
        return ["The orders cannot be compared: in some setting all means are equal."]
    least = min(known, key=lambda each: each.correlation.tau or 0.0)
    most = max(known, key=lambda each: each.correlation.tau or 0.0)
    if least is most:
        return [_said(least, titles)]
    return [_said(most, titles), _said(least, titles)]


def _said(found: Agreement, titles: dict[int, str]) -> str:
    correlation = found.correlation
    assert correlation.tau is not None
    names = f"{titles[found.first]} and {titles[found.second]}"
    related = correlation.p is not None and correlation.p < 0.05
    how = (
        "order the activations alike, beyond chance"
        if related and correlation.tau > 0
        else "order them in reverse, beyond chance"
        if related
        else "show no agreement on the order of the activations that chance could not bring about"
    )
    return f"{sentence_case(names)} {how} (τ {_number(correlation.tau)})."
