"""Missing or wrong nonlinearity: a network that is one linear map, a softmax between layers.

Measure: whether any two layers of the graph have something nonlinear between them, and whether a
layer's input is a softmax's output. Threshold: none; the graph proves it. Persistence: one sample.
Single pairs of layers without a nonlinearity are frequent in healthy networks (low ranks,
bottlenecks, projections) and are no finding. Remedy: an activation.

Source: the product of matrices is a matrix.
"""

from __future__ import annotations

from ogive.health.checks.judged import lowered
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
    if history.softmax_before:
        return [
            Finding(
                "softmax between layers",
                lowered(Severity.ERROR, progress),
                "A softmax stands between layers, where an activation should be.",
                [
                    f"The input of {layer} is what came out of a softmax."
                    for layer in history.softmax_before
                ],
                "Use an activation that treats each unit by itself, such as relu or gelu.",
                "units of a softmax share 1 among them, and with it the gradient",
                list(history.softmax_before),
            )
        ]
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
