"""What a study found, in words.

Which activations differ, which cannot be told apart, and how small a difference
could have been seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from ogive.page.wording import count, counted, listing, p_value
from ogive.study.depths import asks_for_depth, depth_headline, depth_sentences
from ogive.study.results import CellResult, Measure, Results, SettingResult
from ogive.study.results.naming import sentence_case
from ogive.study.statistics import Difference

__all__ = ["answer", "headline", "verdict"]

_MANY = 4
"""Differences beyond which a sentence for each is more than anybody reads."""

_NAMED = 8
"""Names beyond which a number stands for them."""


def headline(results: Results) -> str:
    """Return the answer in one or two sentences.

    Parameters
    ----------
    results : Results

    Returns
    -------
    str
    """
    if asks_for_depth(results):
        return depth_headline(results)
    main, measure, settings = results.main, results.measure, results.compared
    said = verdict(main, measure)
    if len(settings) == 1 or not any(result.comparisons for result in settings):
        return said
    ready = [result for result in settings if result.comparisons and not result.unfinished]
    agree = main in ready and len({_outcome(result, measure) for result in ready}) == 1
    if agree and len(ready) == len(settings):
        number = len(settings)
        return f"In {'both' if number == 2 else f'all {count(number)}'} settings: {said}"
    if agree and len(ready) > 1:
        said = f"In {count(len(ready))} of {count(len(settings))} settings: {said}"
    else:
        said = f"{said[:-1]} ({main.title})."
    return " ".join([said, *_open(settings)])


def _outcome(
    result: SettingResult, measure: Measure
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return who does worse and who better than the reference, of whom."""
    return *_sides(result, measure), frozenset(cell.name for cell in result.compared)


def _open(settings: Sequence[SettingResult]) -> list[str]:
    """Return which settings lack runs, and which have them all and nothing to compare."""
    unfinished = [result.title for result in settings if result.unfinished]
    empty = [r.title for r in settings if not r.unfinished and not r.comparisons]
    sentences = []
    for what, titles in (("Runs are missing", unfinished), ("Nothing can be compared", empty)):
        where = "; ".join(titles) if len(titles) <= _MANY else f"{count(len(titles))} settings"
        if titles:
            sentences.append(f"{what} in {where}.")
    return sentences


def verdict(result: SettingResult, measure: Measure) -> str:
    """Return what one setting says, in a sentence.

    Parameters
    ----------
    result : SettingResult
    measure : Measure
        What is compared.

    Returns
    -------
    str
    """
    reference = result.cell(result.reference).name
    compared = result.compared
    if not result.begun:
        return "No run has finished yet."
    if len(result.cells) == 1:
        return f"Only {reference} was trained: there is nothing to compare it with."
    if not compared:
        if any(cell.diverged for cell in result.cells) and not measure.higher_is_better:
            return "Nothing can be compared: runs without a finite loss have none to compare."
        return (
            "Nothing can be said yet: a comparison needs at least two seeds that both activations "
            "have finished."
        )
    worse, better = _sides(result, measure)
    same = [cell.name for cell in compared if not result.differs(cell)]
    parts = [
        _names(_ordered(result, names), word, reference)
        for names, word in ((worse, "worse"), (better, "better"))
        if names
    ]
    sentence = "; ".join(parts)
    if not sentence:
        return f"{_none_of(same)} be told apart from {reference}{_left_out(result)}."
    if not same:
        return f"{sentence}{_left_out(result)}."
    rest = same[0] if len(same) == 1 else f"the other {count(len(same))}"
    return f"{sentence}; {rest} cannot be told apart from {reference}{_left_out(result)}."


def _none_of(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} cannot"
    none = "Neither" if len(names) == 2 else "None"
    return f"{none} of the other {count(len(names))} activations can"


def _left_out(result: SettingResult) -> str:
    """Return who diverged and so has nothing to compare."""
    names = [cell.name for cell in result.cells if cell.diverged and cell.mean is None]
    if not names:
        return ""
    return f"; {listing(names)} diverged and {'is' if len(names) == 1 else 'are'} not compared"


def answer(results: Results) -> list[str]:
    """Return the answer in plain sentences, each with its numbers.

    Parameters
    ----------
    results : Results

    Returns
    -------
    list of str
    """
    main, measure = results.main, results.measure
    others = [result for result in results.compared if result is not main]
    failures = [*_diverged(results), *_failing(results)]
    visible = [*_of(main, _visible(main, measure)), *_visible_elsewhere(others, measure)]
    if asks_for_depth(results):
        return [*depth_sentences(results), *visible, *failures]
    found = [*_differences(main, measure), *_best(main, measure)]
    verdicts = [f"{sentence_case(r.title)}: {verdict(r, measure)}" for r in others]
    return [*_of(main, found), *visible, *verdicts, *failures]


def _of(result: SettingResult, sentences: Sequence[str]) -> list[str]:
    """Return sentences with the setting that they are about, where a study has several."""
    begin = f"{sentence_case(result.title)}: " if result.title else ""
    return [f"{begin}{sentence}" for sentence in sentences]


def _sides(result: SettingResult, measure: Measure) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that do worse, and those that do better, than the reference."""
    found = [c for c in result.cells if result.differs(c) and c.difference is not None]
    gains = {c.name: measure.gain(c.difference.mean) for c in found if c.difference is not None}
    worse = frozenset(name for name, gain in gains.items() if gain < 0)
    return worse, frozenset(gains) - worse


def _ordered(result: SettingResult, names: frozenset[str]) -> list[str]:
    """Return names by the size of their difference, the largest first."""
    return [cell.name for cell in _by_size(result.cells) if cell.name in names]


def _by_size(cells: Sequence[CellResult]) -> list[CellResult]:
    return sorted(cells, key=lambda c: -abs(c.difference.mean) if c.difference else 0.0)


def _names(names: Sequence[str], word: str, reference: str) -> str:
    if len(names) > _MANY + 1:
        return f"{count(len(names))} do {word} than {reference}, {names[0]} most of all"
    return f"{listing(names)} {'does' if len(names) == 1 else 'do'} {word} than {reference}"


def _differences(result: SettingResult, measure: Measure) -> list[str]:
    reference = result.cell(result.reference).name
    found = _by_size([c for c in result.cells if result.differs(c) and c.difference is not None])
    sentences = [_difference(cell, measure, reference) for cell in found[:_MANY]]
    if rest := found[_MANY:]:
        said = [
            f"{cell.name} ({measure.difference(cell.difference.mean)})"
            for cell in rest
            if cell.difference is not None
        ]
        sentences.append(
            f"{listing(said)} {'differs' if len(said) == 1 else 'differ'} from {reference} too; "
            f"in {measure.step}."
        )
    same = [cell.name for cell in result.compared if not result.differs(cell)]
    if len(same) > _NAMED and len(same) == len(result.compared):
        sentences.append(
            f"{_none_of(same)} be told apart from {reference} by this study. "
            "That is not the same as being equal."
        )
    elif same:
        sentences.append(
            f"{listing(same)} cannot be told apart from {reference} by this study. "
            "That is not the same as being equal."
        )
    return sentences


def _difference(cell: CellResult, measure: Measure, reference: str) -> str:
    difference = cell.difference
    assert difference is not None
    direction = "below" if difference.mean < 0 else "above"
    text = (
        f"{cell.name} reaches {measure.said(cell.mean)} on the test part, "
        f"{measure.size(difference.mean)} {measure.step} {direction} {reference}"
    )
    return f"{text} ({_certainty(difference, measure)}, Holm-adjusted p {_p(cell.p_holm)})."


def _certainty(difference: Difference, measure: Measure) -> str:
    if difference.lower is None or difference.upper is None:
        return "alike with every seed"
    low, high = measure.difference(difference.lower), measure.difference(difference.upper)
    return f"95 % interval {low} to {high}"


def _p(p: float | None) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"=\N{NO-BREAK SPACE}{text}"


def _best(result: SettingResult, measure: Measure) -> list[str]:
    """Return which activations cannot be told from the best one, all pairs compared.

    That is a larger family than the comparisons with the reference, so that it asks for more.
    """
    groups = result.groups
    if groups is None or len(groups.order) < 3:
        return []
    best, *others = groups.order
    better = groups.better()
    apart = [label for label in others if (best, label) in better or (label, best) in better]
    same = [label for label in others if label not in apart]
    cell = result.cell(best)
    pairs = sum(pair.p_holm is not None for pair in groups.pairs)
    asks = ""
    if any(_told_by_reference(result, cell, result.cell(label)) for label in same):
        asks = f", which asks for more than those with {result.cell(result.reference).name} alone"
    start = f"{_highest(result, groups.order, measure)} With all {pairs} pairs compared{asks}, "
    if not same:
        return [f"{start}it differs from every other activation."]
    if not apart:
        return [f"{start}no activation can be told apart from it: there is no winner among all."]
    names = [result.cell(label).name for label in same]
    who = listing(names) if len(names) <= _NAMED else f"{count(len(names))} others"
    return [
        f"{start}{who} cannot be told apart from it, so that "
        f"{'neither' if len(names) == 1 else 'none of them'} is a winner."
    ]


def _highest(result: SettingResult, order: Sequence[str], measure: Measure) -> str:
    end = "highest" if measure.higher_is_better else "lowest"
    cells = [result.cell(label) for label in order]
    if len({tuple(seed for seed, _ in cell.values) for cell in cells}) > 1:
        # A mean over other seeds is another thing: they may be easier ones.
        return f"Over the seeds that activations have in common, {cells[0].name} comes out {end}."
    return f"The {end} mean is that of {cells[0].name}, {measure.said(cells[0].mean)}."


def _told_by_reference(result: SettingResult, *two: CellResult) -> bool:
    """Tell whether one of two is the reference, and the other differs from it by its own family."""
    labels = {cell.label for cell in two}
    return result.reference in labels and any(result.differs(cell) for cell in two)


def _visible(result: SettingResult, measure: Measure) -> list[str]:
    found = result.visible
    if found is None:
        return []
    seeds = max(cell.n for cell in result.cells)
    return [
        f"With {counted(seeds, 'seed')} and {counted(result.comparisons, 'comparison')}, the "
        "smallest difference that could have been told from chance was typically "
        f"{measure.size(found.typical)} {measure.step} ({measure.size(found.least)} to "
        f"{measure.size(found.most)}, depending on the activation). A true difference of "
        f"{measure.size(found.surely)} would be found by four studies of this size in five. "
        f"Smaller ones stay invisible{' there' if result.title else ''}."
    ]


def _visible_elsewhere(others: Sequence[SettingResult], measure: Measure) -> list[str]:
    typical = [result.visible.typical for result in others if result.visible is not None]
    if not typical:
        return []
    low, high = measure.size(min(typical)), measure.size(max(typical))
    span = low if low == high else f"{low} to {high}"
    where = "the other setting" if len(typical) == 1 else f"{count(len(typical))} other settings"
    return [f"In {where} it was typically {span} {measure.step}."]


def _diverged(results: Results) -> list[str]:
    counted_as = (
        "these runs count with the accuracy that they ended with"
        if results.measure.higher_is_better
        else "a loss that is not finite cannot be compared, and so these activations are not"
    )
    sentences = []
    for result in results.compared:
        said = [f"{c.name} ({c.diverged} of {c.n})" for c in result.cells if c.diverged]
        if said:
            where = f", {result.title}" if result.title else ""
            sentences.append(f"Training diverged with {listing(said)}{where}; {counted_as}.")
    return sentences


def _failing(results: Results) -> list[str]:
    """Return a warning where some runs of an activation failed and others did not."""
    said = []
    for result in results.compared:
        names = [f"{c.name} ({result.failed[c.label]} of {c.n})" for c in result.failing]
        if names:
            where = f" in {result.title}" if result.title else ""
            said.append(f"{listing(names)}{where}")
    if not said:
        return []
    shown = "; ".join(said[:_MANY])
    more = f"; and in {counted(len(said) - _MANY, 'further setting')}" if said[_MANY:] else ""
    return [
        f"Some runs failed and others of the same activation did not: {shown}{more}. A run fails "
        "that diverges, or ends less than half way from a blind guess to the best accuracy of its "
        "setting. So few seeds do not show how often that happens, and no interval of a mean or "
        "p-value here covers it."
    ]
