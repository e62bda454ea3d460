"""How far networks that differ in their seed alone answer differently."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from ogive.study.outcomes.mistakes import NO_ANSWER

__all__ = ["Disagreement", "disagreement"]


@dataclass(frozen=True)
class Disagreement:
    """Predictions of several trainings compared, pair by pair.

    Parameters
    ----------
    pairs : int
        Number of pairs of trainings that answer every row.
    share : float
        Mean share of the rows that two of them predict differently.
    if_independent : float
        What that share would be if their mistakes fell on rows and classes independently.
    relative : float or None
        `share` divided by `if_independent`: 1 where two networks have nothing in common but their
        accuracy, 0 where they are the same. None where nobody makes a mistake.
    """

    pairs: int
    share: float
    if_independent: float
    relative: float | None


def disagreement(
    mistakes: Sequence[Mapping[int, int]], *, rows: int, classes: int
) -> Disagreement | None:
    r"""Return how far trainings that differ in their seed disagree about the test rows.

    Two networks with error rates :math:`e_1, e_2` whose mistakes were independent of each other and
    even over the K − 1 wrong classes would disagree on a share of
    :math:`e_1 + e_2 - e_1 e_2 \frac{K}{K - 1}` of the rows. Networks agree more than that, as rows
    that are hard for one are hard for all. As a worse network disagrees more whatever its
    activation, it is the ratio of the two that activations are compared by.

    Parameters
    ----------
    mistakes : sequence of mapping of int to int
        For each training, the wrong predictions: class by row, as
        `ogive.study.outcomes.mistakes.decode` restores them. What is not there was right. A
        training that has no answer to some row is left out: two without an answer neither agree
        nor differ.
    rows : int
        Rows of the test part.
    classes : int
        Number K of classes, 2 or more.

    Returns
    -------
    Disagreement or None
        None of fewer than two trainings that answer every row.

    Raises
    ------
    ValueError
        If a row is out of range, or there are too few classes.

    References
    ----------
    The independent case as the base line is that of S. Fort, H. Hu and B. Lakshminarayanan (2019),
    "Deep ensembles: a loss landscape perspective", arXiv:1912.02757, with classes for their
    distributions.

    Examples
    --------
    >>> found = disagreement([{0: 1, 5: 2}, {0: 1, 7: 2}], rows=10, classes=3)
    >>> found.share, round(found.if_independent, 2), round(found.relative, 2)
    (0.2, 0.34, 0.59)
    """
    if classes < 2:
        raise ValueError(f"classes must be at least 2, not {classes!r}")
    for own in mistakes:
        for row in own:
            if not 0 <= row < rows:
                raise ValueError(f"row {row} is not among {rows} rows")
    answering = [own for own in mistakes if NO_ANSWER not in own.values()]
    pairs = list(combinations(answering, 2))
    if not pairs:
        return None
    share = math.fsum(_differing(*pair) / rows for pair in pairs) / len(pairs)
    expected = math.fsum(
        len(a) / rows + len(b) / rows - len(a) * len(b) / rows**2 * classes / (classes - 1)
        for a, b in pairs
    ) / len(pairs)
    return Disagreement(len(pairs), share, expected, share / expected if expected > 0 else None)


def _differing(first: Mapping[int, int], second: Mapping[int, int]) -> int:
    """Return on how many rows two trainings predict different classes."""
    both = first.keys() & second.keys()
    alike = sum(first[row] == second[row] for row in both)
    return len(first) + len(second) - len(both) - alike
