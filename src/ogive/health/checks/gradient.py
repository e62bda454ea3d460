"""Vanishing and exploding gradients.

Measure: the RMS of the loss's gradient at the first activation over that at the last, in the order
of the graph. Threshold: below 2e-3 the gradient vanishes, above 500 it explodes. Measured at
initialisation, healthy networks lie between 0.08 and 39, sick ones at 4e-4 and less or at 1.8e3
and more; the ratio of the weights' gradients, which other tools use, tells them not apart.
Persistence: the median of the first five samples, or of the last five. Remedy: initialisation
matched to the activation, normalisation, residual connections.

Source: X. Glorot, Y. Bengio (2010), AISTATS, figures 6 and 7; for the measure, K. He et al. (2015).
"""

from __future__ import annotations

from math import isfinite, nan

from ogive.health.checks.judged import at_end, at_start, hidden, lowered
from ogive.health.findings import Finding, Severity
from ogive.health.history import ActivationHistory, History
from ogive.health.progress import Progress

VANISHING = 2e-3
EXPLODING = 500.0
_FEWEST = 3  # activations, for there to be a depth


def ratios(history: History) -> list[float]:
    """Return the gradient's RMS at the first activation over that at the last, for each sample.

    Parameters
    ----------
    history : History

    Returns
    -------
    list of float
        NaN where it cannot be told; empty if there are fewer than three activations.
    """
    chain = _chain(history)
    if len(chain) < _FEWEST:
        return []
    first, last = _by_step(chain[0]), _by_step(chain[-1])
    return [
        first[step] / last[step] if step in first and last.get(step, 0.0) > 0 else nan
        for step in history.sampled
    ]


def _beyond(found: list[float]) -> bool:
    start, end = at_start(found), at_end(found)
    return min(start, end) < VANISHING or max(start, end) > EXPLODING


def _through_time(history: History, progress: Progress) -> list[Finding]:
    """Judge a recurrent network: many healthy ones forget, so that it must not learn either."""
    if progress.falls:
        return []
    for each in hidden(history):
        ratio = at_end(each.through_time)
        if ratio < VANISHING or ratio > EXPLODING:
            way = "vanishes" if ratio < VANISHING else "grows"
            return [
                Finding(
                    "vanishing gradient" if ratio < VANISHING else "exploding gradient",
                    Severity.ERROR,
                    f"The gradient {way} on its way back through time.",
                    [
                        f"{each.label}: gradient at the first call over that at the last: "
                        f"{ratio:.3g}.",
                        progress.words.capitalize() + ".",
                    ],
                    "Use an LSTM or GRU, orthogonal recurrent weights, or shorter sequences.",
                    "R. Pascanu, T. Mikolov, Y. Bengio (2013), ICML",
                    [each.label],
                )
            ]
    return []


def _chain(history: History) -> list[ActivationHistory]:
    found = hidden(history)
    # An activation that no gradient reaches is no part of the way.
    return [a for a in found if any(isfinite(g) and g > 0 for g in a.gradient_rms)] or found


def _by_step(activation: ActivationHistory) -> dict[int, float]:
    return dict(zip(activation.steps, activation.gradient_rms, strict=True))


def check(history: History, progress: Progress) -> list[Finding]:
    """Judge how far the gradient reaches.

    Parameters
    ----------
    history : History
    progress : Progress

    Returns
    -------
    list of Finding
        At most one.
    """
    found = ratios(history)
    if not found or not _beyond(found):
        return _through_time(history, progress)
    start, end = at_start(found), at_end(found)
    chain = _chain(history)
    where = [chain[0].label, chain[-1].label]
    evidence = [
        f"RMS of the gradient at {where[0]} over that at {where[1]}: {start:.3g} at the "
        f"beginning, {end:.3g} at the end.",
        progress.words.capitalize() + ".",
    ]
    source = "Glorot and Bengio (2010); thresholds measured on healthy and sick networks"
    if min(start, end) < VANISHING:
        return [
            Finding(
                "vanishing gradient",
                lowered(Severity.ERROR, progress),
                "The gradient vanishes on its way to the first layers.",
                evidence,
                "Initialise for the activation (ogive.torch.init.init_network_), use one whose "
                "slope is near 1, or add normalisation or residual connections.",
                source,
                where,
            )
        ]
    if max(start, end) > EXPLODING:
        return [
            Finding(
                "exploding gradient",
                lowered(Severity.ERROR, progress),
                "The gradient grows on its way to the first layers.",
                evidence,
                "Initialise for the activation (ogive.torch.init.init_network_), add "
                "normalisation, or clip the gradients.",
                source,
                where,
            )
        ]
    return []
