"""The size of a step: how much of a weight one update changes.

Measure: RMS of the change over RMS of the weight, the median over all matrices and kernels.
Threshold: above 0.3 steps are too large, below 1e-7 nothing moves. About 1e-3 is usual; with Adam's
first steps or small weights 0.1 is healthy. Persistence: the median of the last five samples, and
at least five. Remedy: another learning rate.

Source: A. Karpathy, notes of CS231n, "ratio of weights:updates".
"""

from __future__ import annotations

from math import isfinite

import numpy as np

from ogive.health.checks.judged import PERSISTENT, lowered, weights
from ogive.health.findings import Finding, Severity
from ogive.health.history import History, ParameterHistory
from ogive.health.progress import Progress

LARGE = 0.3
SMALL = 1e-7


def update_ratio(parameter: ParameterHistory) -> float:
    """Return the median of the last samples' changes over weights; NaN if there are too few.

    Parameters
    ----------
    parameter : ParameterHistory

    Returns
    -------
    float
    """
    pairs = zip(parameter.update_rms[-PERSISTENT:], parameter.rms[-PERSISTENT:], strict=True)
    found = [u / w for u, w in pairs if w > 0 and isfinite(u) and isfinite(w)]
    return float(np.median(found)) if len(found) >= PERSISTENT else float("nan")


def check(history: History, progress: Progress) -> list[Finding]:
    """Judge the size of the steps.

    Parameters
    ----------
    history : History
    progress : Progress

    Returns
    -------
    list of Finding
        At most one.
    """
    if history.stepped and history.reached and not set(history.stepped) & set(history.reached):
        return [
            Finding(
                "updates too small",
                Severity.ERROR,
                "The optimiser holds none of the parameters that the loss depends on.",
                [
                    f"It holds {', '.join(history.stepped[:3])} …; gradients reach "
                    f"{', '.join(history.reached[:3])} …"
                ],
                "Make the optimiser of this network's parameters, after the last of its layers.",
                "the graph of the loss",
            )
        ]
    found = [(r, p.name) for p in weights(history) if isfinite(r := update_ratio(p))]
    if not found:
        return []
    middle = float(np.median([ratio for ratio, _ in found]))
    rates = sorted({rate for sample in history.learning_rates[-PERSISTENT:] for rate in sample})
    said = ", ".join(f"{rate:.3g}" for rate in rates) or "unknown"
    evidence = [
        f"Median change of a weight in one step: {middle:.2g} of its size (usual: about 1e-3); "
        f"learning rate {said}.",
        progress.words.capitalize() + ".",
    ]
    source = "Karpathy, CS231n"
    if middle > LARGE:
        return [
            Finding(
                "updates too large",
                lowered(Severity.ERROR, progress),
                "Each step changes the weights by a large part of their size.",
                evidence,
                "Lower the learning rate by a factor of 10 to 100, or clip the gradients.",
                source,
                [name for _, name in found],
            )
        ]
    if middle < SMALL:
        return [
            Finding(
                "updates too small",
                lowered(Severity.ERROR, progress),
                "The steps do not change the weights.",
                evidence,
                "Raise the learning rate, and look whether gradients reach the weights.",
                source,
                [name for _, name in found],
            )
        ]
    return []
