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
    main, others = results.main, results.compared[1:]
    said = verdict(main, results.measure)
    if not others or not main.comparisons:
        return said
    everywhere = [_sides(result, results.measure) for result in (main, *others)]
    if all(sides == everywhere[0] for sides in everywhere):
        place = "both settings" if len(others) == 1 else f"all {count(len(others) + 1)} settings"
        return f"In {place}: {said}"
    return f"{said[:-1]} ({main.title})."


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
    compared = [cell for cell in result.cells if cell.p_holm is not None]
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
    if asks_for_depth(results):
        return [*depth_sentences(results), *_visible(main, measure), *_diverged(results)]
    sentences = [*_differences(main, measure), *_best(main, measure), *_visible(main, measure)]
    sentences += [
        f"{sentence_case(r.title)}: {verdict(r, measure)}"
        for r in results.compared
        if r is not main
    ]
    sentences += _diverged(results)
    return sentences


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
    same = [c.name for c in result.cells if c.p_holm is not None and not result.differs(c)]
    compared = [cell for cell in result.cells if cell.p_holm is not None]
    if len(same) > _NAMED and len(same) == len(compared):
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
    """Return which activations cannot be told from the one with the best mean."""
    groups = result.groups
    if groups is None or len(groups.order) < 3:
        return []
    best, *others = groups.order
    better = groups.better()
    apart = [label for label in others if (best, label) in better]
    same = [result.cell(label).name for label in others if label not in apart]
    cell = result.cell(best)
    end = "highest" if measure.higher_is_better else "lowest"
    if not same:
        return [
            f"{cell.name} has the {end} mean, {measure.said(cell.mean)}, and differs from every "
            "other activation."
        ]
    if len(same) == len(others):
        return [
            f"The {end} mean is that of {cell.name}, {measure.said(cell.mean)}, but no activation "
            "can be told apart from it: there is no winner."
        ]
    names = listing(same) if len(same) <= _NAMED else f"{count(len(same))} others"
    return [
        f"The {end} mean is that of {cell.name}, {measure.said(cell.mean)}; {names} cannot "
        f"be told apart from it, so that {'neither' if len(same) == 1 else 'none of them'} is a "
        "winner."
    ]


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
        "Smaller ones stay invisible."
    ]


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
