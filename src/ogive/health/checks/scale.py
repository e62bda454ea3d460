"""The scale of the inputs.

Measure: the RMS of what enters the first layer, where no normalisation comes before. Threshold:
above 20, or below 0.01. Persistence: the median of the first five samples. Information by itself;
the cause, where the network does not learn or activations saturate. Remedy: mean 0, variance 1.

Source: Y. LeCun, L. Bottou, G. Orr, K.-R. Müller (1998), Efficient BackProp, section 4.3.
"""

from __future__ import annotations

from ogive.health.checks.judged import at_start, lowered
from ogive.health.findings import Finding, Severity
from ogive.health.history import History
from ogive.health.progress import Progress

LARGE = 20.0
SMALL = 0.01


def check(history: History, progress: Progress) -> list[Finding]:
    """Judge the size of the inputs.

    Parameters
    ----------
    history : History
    progress : Progress

    Returns
    -------
    list of Finding
        At most one.
    """
    size = at_start(history.input_rms)
    # Of inputs that are 0 nothing is known: the first state of a recurrent layer is.
    if not (size > LARGE or 0.0 < size < SMALL):
        return []
    return [
        Finding(
            "input scale",
            lowered(Severity.WARNING, progress),
            f"The inputs are {'large' if size > LARGE else 'small'}.",
            [f"RMS of what enters the first layer: {size:.3g}.", progress.words.capitalize() + "."],
            "Scale every feature to mean 0 and variance 1, images to [0, 1] or less.",
            "LeCun et al. (1998)",
        )
    ]
