"""Missing or wrong nonlinearity: a network that is one linear map.

Measure: whether any two layers of the graph have something nonlinear between them. Threshold:
none; the graph proves it. Persistence: one sample. Single pairs of layers without one are frequent
in healthy networks (low ranks, bottlenecks, projections) and are told as information, if at all.

Source: the product of matrices is a matrix.
"""

from __future__ import annotations

from ogive.health.findings import Finding, Severity
from ogive.health.history import History
from ogive.health.progress import Progress


def check(history: History, progress: Progress) -> list[Finding]:
    """Judge whether there is a nonlinearity.

    Parameters
    ----------
    history : History
    progress : Progress

    Returns
    -------
    list of Finding
        At most one.
    """
    pairs = history.linear_pairs
    if not pairs or history.nonlinear:
        return []
    return [
        Finding(
            "no nonlinearity",
            Severity.ERROR,
            "The network has no nonlinearity: all of its layers are one linear map.",
            [
                f"{first} is followed by {second} with nothing nonlinear between."
                for first, second in pairs
            ],
            "Put an activation between the layers, such as relu or gelu.",
            "the product of matrices is a matrix",
            [second for _, second in pairs],
        )
    ]
