"""Dead units: units that pass no gradient on, whatever the sample.

Measure: for each unit or channel, whether its activation's slope was 0 (at most 1e-4 of the
steepest) for all samples and positions of a batch; never the share of zeros, which is a half in
every healthy network of ReLUs. Threshold: 90 % of a layer's units. Persistence: dead in each of the
last five samples, for one batch cannot tell; a whole layer, behind which nothing learns any more,
in the last two. Remedy: a smaller learning rate, initialisation, an
activation with a slope on both sides.

Source: L. Lu, Y. Shin, Y. Su, G. Karniadakis (2020), Dying ReLU and initialization, Commun. Comput.
Phys. 28.
"""

from __future__ import annotations

from ogive.health.checks.judged import PERSISTENT, lowered
from ogive.health.findings import Finding, Severity
from ogive.health.history import History
from ogive.health.progress import Progress

SHARE = 0.9
_ONE_SIDED = frozenset({("-inf",), ("+inf",)})


def check(history: History, progress: Progress) -> list[Finding]:
    """Judge units that do nothing.

    Parameters
    ----------
    history : History
    progress : Progress

    Returns
    -------
    list of Finding
        At most one, of all layers.
    """
    from ogive.catalog import CATALOG

    found = []
    for each in history.by_depth():
        if each.gate or each.head or tuple(CATALOG[each.name].saturates) not in _ONE_SIDED:
            continue
        for samples, share in ((PERSISTENT, SHARE), (2, 1.0)):
            dead = each.dead(samples)
            if dead is not None and dead.mean() >= share:
                found.append((float(dead.mean()), samples, each))
                break
    if not found:
        return []
    whole = any(share == 1.0 for share, *_ in found)
    return [
        Finding(
            "dead units",
            lowered(Severity.ERROR if whole else Severity.WARNING, progress),
            "Units are dead: they give no gradient for any sample.",
            [
                f"{each.label}: {share:.0%} of {each.units} units in each of the last "
                f"{samples} samples."
                for share, samples, each in found
            ]
            + [progress.words.capitalize() + "."],
            "Lower the learning rate, initialise anew (He), or use leaky_relu, elu or gelu.",
            "Lu et al. (2020)",
            [each.label for *_, each in found],
        )
    ]
