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
from ogive.study.results.protocols import protocol_pairs, same_runs
from ogive.study.statistics import Difference

__all__ = ["answer", "beyond_possible", "headline", "verdict"]

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
    agreeing, number = len(_agreeing(results)), len(settings)
    if agreeing == number:
        which = "both" if number == 2 else f"all {count(number)}"
        return f"In {which} settings: {_clause(main, measure)}."
    if agreeing:
        said = f"In {count(agreeing)} of {count(number)} settings: {_clause(main, measure)}."
    else:
        said = f"{said[:-1]} ({main.title})."
    return " ".join([said, *_open(settings)])


def _agreeing(results: Results) -> list[SettingResult]:
    """Return the settings that have all their runs, if the main one is among them and all agree.

    Empty for fewer than two: the headline speaks for these and no others.
    """
    ready = [r for r in results.compared if r.comparisons and not r.unfinished]
    outcomes = {_outcome(result, results.measure) for result in ready}
    return ready if len(ready) > 1 and results.main in ready and len(outcomes) == 1 else []


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
    clause = _clause(result, measure)
    # A name stays as it is written.
    named = any(clause.startswith((f"{cell.name} ", f"{cell.name},")) for cell in result.cells)
    return f"{clause if named else clause[:1].upper() + clause[1:]}."


def _clause(result: SettingResult, measure: Measure) -> str:
    """Return what one setting says as it stands after a colon."""
    reference = result.cell(result.reference).name
    compared = result.compared
    if not result.begun:
        return "no run has finished yet"
    if len(result.cells) == 1:
        return f"only {reference} was trained: there is nothing to compare it with"
    if not compared:
        if any(cell.diverged for cell in result.cells) and not measure.higher_is_better:
            return "nothing can be compared: runs without a finite loss have none to compare"
        return (
            "nothing can be said yet: a comparison needs at least two seeds that both activations "
            "have finished"
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
        return f"{_none_of(same)} be told apart from {reference}{_left_out(result)}"
    if not same:
        return f"{sentence}{_left_out(result)}"
    rest = same[0] if len(same) == 1 else f"the other {count(len(same))}"
    return f"{sentence}; {rest} cannot be told apart from {reference}{_left_out(result)}"


def _none_of(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} cannot"
    none = "neither" if len(names) == 2 else "none"
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
    repeats = _repeats(results)
    shown = [tuned for _, tuned in repeats]
    others = [r for r in results.compared if r is not main and r not in shown]
    failures = [*_diverged(results), *_failing(results)]
    visible = [
        *_of(main, _visible(main, measure)),
        *_visible_elsewhere(main, others, measure),
    ]
    if asks_for_depth(results):
        return [*depth_sentences(results), *visible, *failures]
    found = [*_differences(main, measure), *_best(main, measure)]
    agreeing = _agreeing(results)
    verdicts = [
        f"{sentence_case(result.title)}: {_clause(result, measure)}."
        for result in others
        if result not in agreeing
    ]
    return [*_of(main, found), *visible, *verdicts, *_repeated(repeats), *failures]


def _repeats(results: Results) -> list[tuple[SettingResult, SettingResult]]:
    """Return the settings of which tuning kept the recipe, each after the one that it repeats."""
    pairs = protocol_pairs(results.compared)
    return [(one, r) for one, r in pairs if one is not None and same_runs(one, r)]


def _repeated(repeats: Sequence[tuple[SettingResult, SettingResult]]) -> list[str]:
    kept = "tuning kept the declared recipe for every activation"
    if len(repeats) > _MANY:
        return [
            f"In {count(len(repeats))} tuned settings {kept}: their runs, and so their tables and "
            "figures, are those of drop-in."
        ]
    return [
        f"{sentence_case(tuned.title)}: {kept}; its runs, and so its tables and figures, are those "
        f"of {untuned.title}."
        for untuned, tuned in repeats
    ]


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
            f"{sentence_case(_none_of(same))} be told apart from {reference} by this study. "
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


_SMALLEST = "the smallest difference that could have been told from chance"


def _visible(result: SettingResult, measure: Measure) -> list[str]:
    """Return how small a difference could have been seen, where any that can be could."""
    found = result.visible
    if found is None:
        return []
    seeds = max(cell.n for cell in result.cells)
    start = f"With {counted(seeds, 'seed')} and {counted(result.comparisons, 'comparison')}, "
    if found.least > measure.largest:
        return [f"{start}{_BLIND}: it would have had to be {_more_than_possible(measure)}."]
    typical, least, most, surely = (
        measure.size(size) if size <= measure.largest else ""
        for size in (found.typical, found.least, found.most, found.surely)
    )
    if not typical:
        return [
            f"{start}with most activations {_BLIND}: it would have had to be "
            f"{_more_than_possible(measure)}. With the one that varied least {least} "
            f"{measure.step} would have been enough."
        ]
    largest = most or _more_than_possible(measure)
    span = "" if least == most else f" ({least} to {largest}, depending on the activation)"
    sure = (
        f"A true difference of {surely} would be found by four studies of this size in five. "
        f"Smaller ones stay invisible{' there' if result.title else ''}."
        if surely
        else "Even the largest that is possible would be missed by one study of this size in five."
    )
    return [f"{start}{_SMALLEST} was typically {typical} {measure.step}{span}. {sure}"]


_BLIND = "this study could not have told any difference from chance"


def _more_than_possible(measure: Measure) -> str:
    return f"more than the {_largest(measure)} that are possible"


def _largest(measure: Measure) -> str:
    return f"{measure.scale * measure.largest:g} {measure.step}"


def _visible_elsewhere(
    main: SettingResult, others: Sequence[SettingResult], measure: Measure
) -> list[str]:
    typical = [result.visible.typical for result in others if result.visible is not None]
    possible = [size for size in typical if size <= measure.largest]
    sentences = []
    if possible:
        low, high = measure.size(min(possible)), measure.size(max(possible))
        span = low if low == high else f"{low} to {high}"
        told = main.visible is not None and main.visible.typical <= measure.largest
        what = "it" if told else _SMALLEST
        where = _elsewhere(len(possible), len(others))
        sentences.append(f"In {where} {what} was typically {span} {measure.step}.")
    if blind := len(typical) - len(possible):
        where = _elsewhere(blind, len(others))
        sentences.append(
            f"In {where} a difference would typically have had to be "
            f"{_more_than_possible(measure)}."
        )
    return sentences


def _elsewhere(number: int, others: int) -> str:
    if number == 1:
        return "the other setting" if others == 1 else "one other setting"
    return f"{count(number)} other settings"


def beyond_possible(results: Results) -> str:
    """Return what is to be known of intervals that reach beyond every possible difference.

    Parameters
    ----------
    results : Results

    Returns
    -------
    str
        A sentence; empty where no interval does.
    """
    measure = results.measure
    ends = [
        end
        for result in results.compared
        for cell in result.cells
        if cell.difference is not None
        for end in (cell.difference.lower, cell.difference.upper)
        if end is not None
    ]
    if all(abs(end) <= measure.largest for end in ends):
        return ""
    return (
        f"No difference is larger than {_largest(measure)}: an interval that reaches beyond is "
        "what Student's t makes of so few seeds, and says that next to nothing is known."
    )


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
