"""Groups that cannot be told apart, where others print a bold winner."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ogive.study.statistics.multiplicity import holm
from ogive.study.statistics.paired import Difference, paired_difference

__all__ = ["Groups", "Pair", "group", "letters", "maximal_groups"]


@dataclass(frozen=True)
class Pair:
    """Two activations compared.

    Parameters
    ----------
    first, second : str
        Labels.
    difference : Difference or None
        Of first minus second over the seeds that both have; None where they share none.
    p_holm : float or None
        Adjusted over all pairs; None where a p-value cannot be had.
    """

    first: str
    second: str
    difference: Difference | None
    p_holm: float | None


@dataclass(frozen=True)
class Groups:
    """Which activations cannot be told apart.

    Parameters
    ----------
    order : tuple of str
        Labels, from the highest to the lowest: by their means, and where they do not all have the
        same seeds, by the least squares fit of an effect of each label and one of each seed. None
        stands behind one that it is better than.
    groups : tuple of tuple of str
        The largest sets in which no two differ, best first, each in the order above. One
        activation may be in several.
    letters : dict of str to str
        The groups of each, as letters: two share a letter exactly when they do not differ.
    pairs : tuple of Pair
        Every comparison.
    """

    order: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    letters: dict[str, str]
    pairs: tuple[Pair, ...]

    def better(self, level: float = 0.05) -> frozenset[tuple[str, str]]:
        """Return every (better, worse) whose adjusted p-value is below `level`.

        Parameters
        ----------
        level : float
            Between 0 and 1.

        Returns
        -------
        frozenset of (str, str)
            Pairs of labels.
        """
        return _better(self.pairs, level)


def group(samples: Mapping[str, Mapping[int, float]], *, level: float = 0.05) -> Groups:
    """Compare every two activations, and group those that do not differ.

    Every pair is compared over the seeds that both have, by the t test of their paired
    differences, and Holm's adjustment covers all pairs: the chance that one pair or more is put
    apart by mistake is at most `level`. What is reported are the largest sets in which no pair
    differs, the compact letter display of Piepho (2004). 'Does not differ' is not transitive: the
    first may be told from the third and the second from neither. So groups may overlap, and being
    in one group is no proof of being equal. A pair without a p-value, such as one with fewer than
    two seeds in common, is not told apart.

    Parameters
    ----------
    samples : mapping of str to mapping of int to float
        For each label, the value by seed; the higher is the better.
    level : float
        Level of the family of all pairs, between 0 and 1.

    Returns
    -------
    Groups
        Equals stand in the order given; a label without values comes last. A label with more seeds
        than another is not ordered by its mean over all of them, for some seeds are easier than
        others: see `Groups`.

    Raises
    ------
    ValueError
        If a value is not finite or `level` is out of range.

    References
    ----------
    H.-P. Piepho (2004), "An algorithm for a letter-based representation of all-pairwise
    comparisons", Journal of Computational and Graphical Statistics 13, 456-466.

    Examples
    --------
    >>> grouped = group({
    ...     "relu": {0: 0.97, 1: 0.98, 2: 0.97, 3: 0.96},
    ...     "gelu": {0: 0.98, 1: 0.97, 2: 0.98, 3: 0.97},
    ...     "sigmoid": {0: 0.71, 1: 0.70, 2: 0.72, 3: 0.70},
    ... })
    >>> grouped.groups
    (('gelu', 'relu'), ('sigmoid',))
    >>> grouped.letters
    {'relu': 'a', 'gelu': 'a', 'sigmoid': 'b'}
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level!r}")
    labels = list(samples)
    differences: list[tuple[str, str, Difference | None]] = []
    for i, first in enumerate(labels):
        for second in labels[i + 1 :]:
            common = sorted(samples[first].keys() & samples[second].keys())
            difference = None
            if common:
                difference = paired_difference(
                    [samples[first][seed] for seed in common],
                    [samples[second][seed] for seed in common],
                )
            differences.append((first, second, difference))
    adjusted = holm([None if d is None else d.p for _, _, d in differences])
    pairs = tuple(Pair(*each, p) for each, p in zip(differences, adjusted, strict=True))
    better = _better(pairs, level)
    order = _ordered(samples, better)
    groups = maximal_groups(order, better)
    by_label = letters(groups)
    return Groups(tuple(order), groups, {label: by_label[label] for label in labels}, pairs)


def _better(pairs: Sequence[Pair], level: float) -> frozenset[tuple[str, str]]:
    found = set()
    for pair in pairs:
        if pair.p_holm is not None and pair.p_holm < level and pair.difference is not None:
            two = (pair.first, pair.second)
            found.add(two if pair.difference.mean > 0 else two[::-1])
    return frozenset(found)


def _ordered(
    samples: Mapping[str, Mapping[int, float]], better: Collection[tuple[str, str]]
) -> list[str]:
    """Return the labels from the highest effect to the lowest, none behind one it is better than.

    Seeds that are not the same for all can make the comparison of a pair and the effects, which
    take account of all other labels, contradict each other; the comparison is what is reported.
    """
    effects = _effects(samples)
    left = sorted(samples, key=lambda label: (not samples[label], -effects[label]))
    order = []
    while left:
        # Of a circle, which only pairs over different seeds could form, the highest.
        beaten = {worse for first, worse in better if first in left}
        order.append(next((label for label in left if label not in beaten), left[0]))
        left.remove(order[-1])
    return order


def _effects(samples: Mapping[str, Mapping[int, float]]) -> dict[str, float]:
    """Return what each label adds to its seeds, by least squares.

    A value is taken for the sum of an effect of its label and one of its seed. With the same seeds
    for all the effects are the means, but for a constant; of two labels they differ by the mean of
    the paired differences, whatever other seeds one of them has.
    """
    seeds = sorted({seed for values in samples.values() for seed in values})
    cells = [
        (row, len(samples) + seeds.index(seed), value)
        for row, values in enumerate(samples.values())
        for seed, value in values.items()
    ]
    values = np.array([value for _, _, value in cells], np.float64)
    design = np.zeros((len(cells), len(samples) + len(seeds)))
    for number, (label, seed, _) in enumerate(cells):
        design[number, [label, seed]] = 1
    # Around their mean, so that labels which no seed joins with others keep their places, too.
    middle = values.mean() if cells else 0.0
    effects = np.linalg.lstsq(design, values - middle, rcond=None)[0][: len(samples)]
    # Equal means stay equal: the last digits are those of the solution and not of the data.
    digits = 12 - math.ceil(math.log10(abs(values).max(initial=0) or 1.0))
    return {
        label: round(float(effect), digits) for label, effect in zip(samples, effects, strict=True)
    }


def maximal_groups(
    order: Sequence[str], apart: Collection[tuple[str, str]]
) -> tuple[tuple[str, ...], ...]:
    """Return the largest sets of labels in which no two are told apart.

    They are the maximal cliques of the graph that joins what is not told apart (C. Bron and J.
    Kerbosch (1973), Communications of the ACM 16, 575-577, with a pivot).

    Parameters
    ----------
    order : sequence of str
        Labels, each once, best first.
    apart : collection of (str, str)
        Pairs that are told apart, in either order.

    Returns
    -------
    tuple of tuple of str
        Each group in the order given; groups by their first member, then their second, and so on.

    Raises
    ------
    ValueError
        If a label is given twice, or a pair names one that is not there.

    Examples
    --------
    >>> maximal_groups(["a", "b", "c"], {("a", "c")})
    (('a', 'b'), ('b', 'c'))
    """
    rank = {label: i for i, label in enumerate(order)}
    if len(rank) != len(order):
        raise ValueError(f"each label must be given once, not as in {list(order)!r}")
    joined = {i: set(range(len(order))) - {i} for i in range(len(order))}
    for pair in apart:
        for label in pair:
            if label not in rank:
                raise ValueError(f"there is no {label!r} among {', '.join(order)}")
        first, second = (rank[label] for label in pair)
        joined[first].discard(second)
        joined[second].discard(first)
    found: list[tuple[int, ...]] = []

    def extend(clique: set[int], candidates: set[int], seen: set[int]) -> None:
        if not candidates and not seen:
            found.append(tuple(sorted(clique)))
            return
        pivot = max(candidates | seen, key=lambda i: (len(joined[i] & candidates), -i))
        for i in sorted(candidates - joined[pivot]):
            extend(clique | {i}, candidates & joined[i], seen & joined[i])
            candidates = candidates - {i}
            seen = seen | {i}

    if order:
        extend(set(), set(range(len(order))), set())
    return tuple(tuple(order[i] for i in clique) for clique in sorted(found))


def letters(groups: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return the letters of each label: a for the first group, b for the second, and so on.

    Parameters
    ----------
    groups : sequence of sequence of str
        As `maximal_groups` returns them. After z come aa, ab, ..., joined by commas.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> letters([["relu", "gelu"], ["gelu", "tanh"]])
    {'relu': 'a', 'gelu': 'ab', 'tanh': 'b'}
    """
    names: dict[str, list[str]] = {}
    for i, members in enumerate(groups):
        for label in members:
            names.setdefault(label, []).append(_letter(i))
    separator = "," if len(groups) > 26 else ""
    return {label: separator.join(own) for label, own in names.items()}


def _letter(i: int) -> str:
    first, last = divmod(i, 26)
    return (_letter(first - 1) if first else "") + chr(ord("a") + last)
