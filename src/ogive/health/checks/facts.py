"""What is only told: activations that are not centred at 0, and what activations cost.

ReLU and sigmoid are never centred, and no evidence was found that this predicts failure. So nothing
is judged here.
"""

from __future__ import annotations

from collections import Counter

from ogive.catalog import CATALOG
from ogive.health.checks.judged import hidden
from ogive.health.findings import Finding, Severity
from ogive.health.history import History
from ogive.health.progress import Progress


def check(history: History, progress: Progress) -> list[Finding]:
    """Tell which activations there are.

    Parameters
    ----------
    history : History
    progress : Progress

    Returns
    -------
    list of Finding
        At most one, an info.
    """
    names = Counter(each.name for each in hidden(history))
    off = [name for name in names if not CATALOG[name].zero_centred]
    if not off:
        return []
    return [
        Finding(
            "not centred at 0",
            Severity.INFO,
            f"Activations that are not centred at 0: {', '.join(sorted(off))}.",
            ["Not known to predict failure; told, never warned of."],
            "None is needed.",
            "LeCun et al. (1998), section 4.4",
        )
    ]
