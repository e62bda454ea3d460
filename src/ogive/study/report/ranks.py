"""Whether the settings order the activations alike."""

from __future__ import annotations

from ogive.page.wording import count
from ogive.study.report.context import Context
from ogive.study.report.section import Column, Section, Sentences, Table
from ogive.study.results.naming import sentence_case
from ogive.study.results.ranks import Agreement, least_adjusted
from ogive.study.results.setting import LEVEL

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
                "correlation falls short. What is said to be beyond chance is so after Holm's "
                "adjustment over all pairs of settings.",
            ),
        ],
    )


def _cell(found: Agreement) -> object:
    from markupsafe import Markup

    correlation = found.correlation
    if correlation is None:
        return "shared runs"
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
    shared = [_pair(each, titles) for each in found if each.shared]
    said = []
    if shared:
        those = "share" if len(shared) == 1 else "each share"
        said.append(
            f"{sentence_case('; '.join(shared))} {those} runs, where tuning kept the declared "
            "recipe: their orders have the same luck in them and are not held against each other."
        )
    known = [each for each in found if _tau(each) is not None]
    if not known:
        if len(shared) < len(found):
            said.append("The orders cannot be compared: in some setting all means are equal.")
        return said
    if least_adjusted(found) >= LEVEL:
        most = max(each.correlation.n for each in found if each.correlation is not None)
        pairs = sum(not each.shared for each in found)
        many = f"{count(pairs)} pair{'' if pairs == 1 else 's'} of settings"
        return [
            *said,
            f"With {count(most)} activations and {many} even the same order can be chance: no "
            "agreement could be told from it.",
        ]
    least = min(known, key=lambda each: _tau(each) or 0.0)
    greatest = max(known, key=lambda each: _tau(each) or 0.0)
    extremes = [greatest] if least is greatest else [greatest, least]
    return [*said, *(_said(each, titles) for each in extremes)]


def _tau(found: Agreement) -> float | None:
    return None if found.correlation is None else found.correlation.tau


def _pair(found: Agreement, titles: dict[int, str]) -> str:
    return f"{titles[found.first]} and {titles[found.second]}"


def _said(found: Agreement, titles: dict[int, str]) -> str:
    tau = _tau(found)
    assert tau is not None
    how = (
        "order the activations alike, beyond chance"
        if found.beyond_chance and tau > 0
        else "order them in reverse, beyond chance"
        if found.beyond_chance
        else "show no agreement on the order of the activations that chance could not bring about"
    )
    return f"{sentence_case(_pair(found, titles))} {how} (τ {_number(tau)})."
