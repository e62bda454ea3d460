"""Saturation: an activation works where it is flat.

Measure: the mean of |f'| over its maximum, over samples and units: 1 where the activation passes
the gradient on as well as it can, 0 where it is flat. One definition for sigmoid, tanh, the hard
forms and the gates of LSTM and GRU, which are computed again from the weights. Threshold: 0.2 where
it is so from the beginning on (0.08 for gates, which are to be open or shut), 0.05 (0.02) where the
network has learned it: trained LSTMs of healthy language models have candidates at 0.1.
Persistence: the medians of the first and of the last five samples. Remedy: smaller weights, inputs
of variance 1.

Source: X. Glorot, Y. Bengio (2010), section 3. Networks of gain 5/3 begin at 0.4 (21 % of tanh
beyond 0.97), sick ones at 0.06 (90 %).
"""

from __future__ import annotations

from ogive.catalog import CATALOG
from ogive.health.checks.judged import PERSISTENT, at_end, at_start, lowered
from ogive.health.findings import Finding, Severity
from ogive.health.history import History
from ogive.health.progress import Progress

SLOPE = 0.2
SLOPE_OF_GATES = 0.08
LEARNED = 0.25
"""Of these thresholds, for what began with a slope above them."""
_BOTH = ("-inf", "+inf")


def check(history: History, progress: Progress) -> list[Finding]:
    """Judge where activations work.

    Parameters
    ----------
    history : History
    progress : Progress

    Returns
    -------
    list of Finding
        At most one, of all layers.
    """
    found = []
    for each in history.by_depth():
        if tuple(CATALOG[each.name].saturates) != _BOTH or len(each.steps) < PERSISTENT:
            continue
        if each.head:
            continue  # an output that is sure of itself
        slope, least = at_end(each.slope), SLOPE_OF_GATES if each.gate else SLOPE
        if slope < (least if at_start(each.slope) < least else LEARNED * least):
            found.append((slope, each))
    if not found:
        return []
    return [
        Finding(
            "saturation",
            lowered(Severity.ERROR, progress),
            "An activation is saturated: where it works it is flat.",
            [
                f"{each.label}: mean slope {slope:.2g} of the steepest in the last {PERSISTENT} "
                "samples."
                for slope, each in found
            ]
            + [progress.words.capitalize() + "."],
            "Make the weights before it smaller (ogive.torch.init), scale the inputs to variance "
            "1, or normalise.",
            "Glorot and Bengio (2010)",
            [each.label for _, each in found],
        )
    ]
