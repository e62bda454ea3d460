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
        Mean over the runs that have a finite value at that epoch; None where there is none.
    sd : tuple of float or None
        Standard deviation over these runs; None below two of them.
    n : tuple of int
        How many runs these are. It falls where a run has diverged.
    """

    mean: tuple[float | None, ...]
    sd: tuple[float | None, ...]
    n: tuple[int, ...]

    @property
    def last(self) -> float | None:
        """Mean after the last epoch; None where there is none."""
        return self.mean[-1] if self.mean else None


def curve(runs: Sequence[dict[str, Any]], quantity: str, epochs: int) -> Curve:
    """Return the curve of a quantity of stored runs over `epochs`."""
    curves = [run["curves"][quantity] for run in runs]
    summaries = [
        summarize([c[epoch] for c in curves if epoch < len(c) and c[epoch] is not None])
        for epoch in range(epochs)
    ]
    return Curve(
        mean=tuple(summary.mean for summary in summaries),
        sd=tuple(summary.sd for summary in summaries),
        n=tuple(summary.n for summary in summaries),
    )
