"""What a study found, in words.

Which activations differ, which cannot be told apart, and how small a difference
could have been seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from ogive.page.wording import (
    count,
    counted,
    counted_layers,
    listing,
    p_value,
    percentage,
    points,
    rough,
)
from ogive.study.figures.gradient import reach
from ogive.study.results import ActivationResult, Results
from ogive.study.statistics import Difference

LEVEL = 0.05


@dataclass(frozen=True)
class Visible:
    """The smallest differences in accuracy that a study could have called real.

    Attributes
    ----------
    typical, least, most : float
        Median, smallest and largest over the comparisons.
    """

    typical: float
    least: float
    most: float


def differs(result: ActivationResult) -> bool:
    """Whether an activation differs from the reference after Holm's adjustment, at 5 %."""
    return result.p_holm is not None and result.p_holm < LEVEL


def smallest_visible(results: Results) -> Visible | None:
    r"""Return the smallest differences that could have been told from nothing.

    A difference passes Holm's first step when it exceeds
    :math:`t_{n-1}(1 - \alpha / 2m) \, s / \sqrt n`, with the spread :math:`s` of the paired
    differences that was met. A true difference of just this size would be found by about
    half of all such studies.

    Parameters
    ----------
    results : Results

    Returns
    -------
    Visible or None
        None where no comparison has an interval.

    Examples
    --------
    >>> from ogive.study.declaration import Study
    >>> from ogive.study.results import assemble
    >>> smallest_visible(assemble(Study(seeds=1, depths=()), [])) is None
    True
    """
    differences = [r.difference for r in results.activations if r.difference is not None]
    sizes = sorted(
        size for d in differences if (size := _threshold(d, results.comparisons)) is not None
    )
    if not sizes:
        return None
    middle = len(sizes) // 2
    typical = sizes[middle] if len(sizes) % 2 else (sizes[middle - 1] + sizes[middle]) / 2
    return Visible(typical, sizes[0], sizes[-1])


def _threshold(difference: Difference, comparisons: int) -> float | None:
    if difference.lower is None or difference.upper is None:
        return None
    from scipy.special import stdtrit

    freedom = difference.n - 1
    half = (difference.upper - difference.lower) / 2
    widening = stdtrit(freedom, 1 - LEVEL / 2 / comparisons) / stdtrit(freedom, 1 - LEVEL / 2)
    return float(half * widening)


def headline(results: Results) -> str:
    """Return the answer in one or two sentences.

    Parameters
    ----------
    results : Results

    Returns
    -------
    str
    """
    reference = results.study.reference
    compared = [r for r in results.activations if r.p_holm is not None]
    others = [r for r in results.activations if r.activation != reference]
    if not any(r.n for r in results.activations):
        return "No run has finished yet."
    if not others:
        return f"Only {reference} was trained: there is nothing to compare it with."
    if not compared:
        return (
            "Nothing can be said yet: a comparison needs at least two seeds that both activations "
            "have finished."
        )
    worse = [r for r in compared if differs(r) and r.difference and r.difference.mean < 0]
    better = [r for r in compared if differs(r) and r.difference and r.difference.mean > 0]
    same = [r.activation for r in compared if not differs(r)]
    parts = [
        _names(group, word, reference) for group, word in ((worse, "worse"), (better, "better"))
    ]
    sentence = "; ".join(part for part in parts if part)
    if not sentence:
        if len(same) == 1:
            return f"{same[0]} cannot be told apart from {reference}."
        return (
            f"None of the other {count(len(same))} activations can be told apart from {reference}."
        )
    if not same:
        return f"{sentence}."
    rest = same[0] if len(same) == 1 else f"the other {count(len(same))}"
    return f"{sentence}; {rest} cannot be told apart from {reference}."


def _names(group: list[ActivationResult], word: str, reference: str) -> str:
    if not group:
        return ""
    ordered = sorted(group, key=lambda r: -abs(r.difference.mean if r.difference else 0.0))
    names = listing([r.activation for r in ordered])
    return f"{names} {'does' if len(group) == 1 else 'do'} {word} than {reference}"


def answer(results: Results) -> list[str]:
    """Return the answer in plain sentences, each with its numbers.

    Parameters
    ----------
    results : Results

    Returns
    -------
    list of str
    """
    reference = results.study.reference
    sentences = []
    found = [r for r in results.activations if differs(r) and r.difference is not None]
    for result in sorted(found, key=lambda r: -abs(r.difference.mean) if r.difference else 0.0):
        assert result.difference is not None
        sentences.append(_difference(result, result.difference, reference))
    same = [r.activation for r in results.activations if r.p_holm is not None and not differs(r)]
    if same:
        sentences.append(
            f"{listing(same)} cannot be told apart from {reference} by this study. "
            "That is not the same as being equal."
        )
    visible = smallest_visible(results)
    if visible is not None:
        sentences.append(
            f"With {counted(results.study.seeds, 'seed')} and "
            f"{counted(results.comparisons, 'comparison')}, the smallest difference that could "
            f"have been told from chance was typically {100 * visible.typical:.2f} percentage "
            f"points ({100 * visible.least:.2f} to {100 * visible.most:.2f}, depending on the "
            "activation). Smaller ones stay invisible."
        )
    if (deep := _depth_sentence(results)) is not None:
        sentences.append(deep)
    diverged = [
        f"{r.activation} ({r.diverged} of {r.n})" for r in results.activations if r.diverged
    ]
    if diverged:
        sentences.append(
            f"Training diverged with {listing(diverged)}; these runs count with the accuracy that "
            "they ended with."
        )
    return sentences


def _depth_sentence(results: Results) -> str | None:
    """Return what the deepest networks of sigmoid and of the reference reached."""
    if not results.depth:
        return None
    deepest = max(cell.depth for cell in results.depth)
    reached = {
        (cell.activation, cell.initialization): f"{percentage(cell.accuracy)} %"
        for cell in results.depth
        if cell.depth == deepest
    }
    said = [
        f"{name} reaches {reached[name, 'default']} with the default initialisation and "
        f"{reached[name, 'matched']} with the matched one"
        for name in dict.fromkeys(("sigmoid", results.study.reference))
        if {(name, "default"), (name, "matched")} <= reached.keys()
    ]
    if not said:
        return None
    return f"Through {counted_layers(deepest)}, {'; '.join(said)} (one seed each, so no test)."


def _difference(result: ActivationResult, difference: Difference, reference: str) -> str:
    direction = "below" if difference.mean < 0 else "above"
    size = f"{100 * abs(difference.mean):.2f}"
    text = (
        f"{result.activation} reaches {percentage(result.mean)} % on the test set, "
        f"{size} percentage points {direction} {reference}"
    )
    if difference.lower is None or difference.upper is None:
        return f"{text}, alike with every seed (Holm-adjusted p {_p(result.p_holm)})."
    interval = f"{points(difference.lower)} to {points(difference.upper)}"
    return f"{text} (95 % interval {interval}, Holm-adjusted p {_p(result.p_holm)})."


def _p(p: float | None) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"=\N{NO-BREAK SPACE}{text}"


def gradient_sentences(results: Results) -> list[str]:
    """Return how much of the gradient reaches the first layer of the deepest networks.

    Parameters
    ----------
    results : Results

    Returns
    -------
    list of str
        One sentence an initialisation, for sigmoid (or, without it, whatever loses most) and the
        reference, before training.
    """
    if not results.depth:
        return []
    deepest = max(cell.depth for cell in results.depth)
    sentences = []
    for initialization in ("default", "matched"):
        reached = {
            cell.activation: share
            for cell in results.depth
            if cell.depth == deepest
            and cell.initialization == initialization
            and (share := reach(cell.start)) is not None
        }
        faintest = sorted(reached, key=lambda name: reached[name])[:1]
        first = ["sigmoid"] if "sigmoid" in reached else faintest
        names = [n for n in dict.fromkeys((*first, results.study.reference)) if n in reached]
        if names:
            said = listing([f"{rough(reached[name])} with {name}" for name in names])
            sentences.append(
                f"Through {counted_layers(deepest)} with {initialization} initialisation, the "
                "first layer receives, before training, this share of the last one's gradient: "
                f"{said}."
            )
    return sentences
