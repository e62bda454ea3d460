"""One quantity over the epochs, over the seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ogive.study.statistics import summarize

__all__ = ["Curve", "curve"]


@dataclass(frozen=True)
class Curve:
    """One quantity over the epochs, over the seeds.

    Parameters
    ----------
    mean : tuple of float or None
        Mean over the runs that have a value at that epoch; None where there is none.
    sd : tuple of float or None
        Standard deviation over these runs; None below two of them.
    n : tuple of int
        How many runs these are. For a loss it falls where a run has diverged.
    """

    mean: tuple[float | None, ...]
    sd: tuple[float | None, ...]
    n: tuple[int, ...]


def curve(runs: Sequence[dict[str, Any]], quantity: str, epochs: int) -> Curve:
    """Return the curve of a quantity of stored runs over `epochs`.

    A run that has diverged trains no further. Its accuracy stays that of the network it ended with,
    as in the tables; a loss it has none. Without it, one collapse would lift the mean of the rest.

    Parameters
    ----------
    runs : sequence of dict
        Of one cell.
    quantity : {"train_loss", "validation_loss", "validation_accuracy"}
        Its name in a stored run.
    epochs : int
        How many the curve has.

    Returns
    -------
    Curve

    Examples
    --------
    >>> runs = [{"curves": {"validation_accuracy": c}} for c in ([0.5, 0.9], [0.1])]
    >>> curve(runs, "validation_accuracy", 2).mean
    (0.3, 0.5)
    """
    curves = [run["curves"][quantity] for run in runs]
    if quantity == "validation_accuracy":
        curves = [[*c, *c[-1:] * (epochs - len(c))] for c in curves]
    summaries = [
        summarize([c[epoch] for c in curves if epoch < len(c) and c[epoch] is not None])
        for epoch in range(epochs)
    ]
    return Curve(
        mean=tuple(summary.mean for summary in summaries),
        sd=tuple(summary.sd for summary in summaries),
        n=tuple(summary.n for summary in summaries),
    )
