"""Gradients that are not reset: each step adds to the gradients of all steps before.

Measure: whether the gradients of an optimiser's parameters were 0 before any backward pass of a
step. Threshold: none. Persistence: every sampled step but the first, at least five. Remedy:
optimizer.zero_grad().

Source: the documentation of torch.optim.Optimizer.zero_grad.
"""

from __future__ import annotations

from ogive.health.checks.judged import PERSISTENT
from ogive.health.findings import Finding, Severity
from ogive.health.history import History
from ogive.health.progress import Progress


def check(history: History, progress: Progress) -> list[Finding]:
    """Judge whether gradients begin at 0.

    Parameters
    ----------
    history : History
    progress : Progress

    Returns
    -------
    list of Finding
        At most one.
    """
    kept = len(history.kept_gradients)
    if kept < PERSISTENT or kept < len(history.sampled) - 1:
        return []
    return [
        Finding(
            "gradients are not reset",
            Severity.ERROR,
            "Gradients of earlier steps are still there when a step begins.",
            [
                f"In {kept} of {len(history.sampled)} sampled steps no gradient was 0 before the "
                "backward pass."
            ],
            "Call optimizer.zero_grad() before each backward pass.",
            "torch.optim.Optimizer.zero_grad",
        )
    ]
