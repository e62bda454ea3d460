"""Input collapse: a layer says nearly the same of every sample.

Measure: the variance of an activation's output over the batch as a share of its second moment,
smallest layer. Threshold: 1e-4; healthy networks were measured at 1.4e-3 and more, collapsed ones
at 8e-6 and less. Persistence: the median of the last five samples, and at least five. Remedy:
initialisation, inputs of mean 0 and variance 1, an activation that is centred at 0.

Source: S. Schoenholz, J. Gilmer, S. Ganguli, J. Sohl-Dickstein (2017), Deep information
propagation, ICLR.
"""

from __future__ import annotations

from ogive.health.checks.judged import PERSISTENT, at_end, hidden, lowered
from ogive.health.findings import Finding, Severity
from ogive.health.history import History
from ogive.health.progress import Progress

COLLAPSED = 1e-4


def check(history: History, progress: Progress) -> list[Finding]:
    """Judge whether layers tell samples apart.

    Parameters
    ----------
    history : History
    progress : Progress

    Returns
    -------
    list of Finding
        At most one.
    """
    shares = [
        (at_end(each.share), each) for each in hidden(history) if len(each.steps) >= PERSISTENT
    ]
    low = [(share, each) for share, each in shares if share < COLLAPSED]
    if not low:
        return []
    share, least = min(low, key=lambda pair: pair[0])
    return [
        Finding(
            "input collapse",
            lowered(Severity.ERROR, progress),
            "A layer gives nearly the same output for every sample.",
            [
                f"Variance between samples at {least.label}: {share:.2g} of the second moment "
                f"(healthy networks: 1e-3 and more).",
                progress.words.capitalize() + ".",
            ],
            "Initialise for the activation, scale the inputs to mean 0 and variance 1, or take an "
            "activation centred at 0 (tanh for sigmoid).",
            "Schoenholz et al. (2017); threshold measured on healthy and sick networks",
            [each.label for _, each in low],
        )
    ]
