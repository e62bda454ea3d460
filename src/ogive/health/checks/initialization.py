"""Initialisation: weights that are all alike, or far from the gain that their activation asks.

Measure: the spread of a layer's units (their means and variances), and RMS(w) sqrt(fan in) at the
first sample over the gain that the catalogue names for the activation that follows. Threshold: no
spread at all; a factor of 4 either way. Persistence: units alike in five samples; the gain at the
first. A gain alone is no fault, since many healthy networks are drawn otherwise: it is told as the
cause where the signal suffers, and as information else. Remedy: the initialiser of the catalogue.

Source: K. He et al. (2015), ICCV; X. Glorot, Y. Bengio (2010), AISTATS.
"""

from __future__ import annotations

from math import isfinite, prod, sqrt

from ogive.catalog import CATALOG
from ogive.health.checks.judged import PERSISTENT, hidden, lowered
from ogive.health.findings import Finding, Severity
from ogive.health.history import ActivationHistory, History
from ogive.health.progress import Progress

FACTOR = 4.0
_ALIKE = 1e-6


def check(history: History, progress: Progress) -> list[Finding]:
    """Judge how the weights were drawn.

    Parameters
    ----------
    history : History
    progress : Progress

    Returns
    -------
    list of Finding
    """
    alike = [
        each
        for each in history.by_depth()
        if not each.head and (_alike(each) or _never_woke(each, history))
    ]
    if alike:
        return [
            Finding(
                "units are alike",
                lowered(Severity.ERROR, progress),
                "All units of a layer do the same: their weights were not drawn at random.",
                [
                    f"{each.label}: all {each.units or ''} units have the same moments."
                    for each in alike
                ],
                "Draw the weights at random (ogive.torch.init.init_network_); only biases may "
                "begin at 0.",
                "symmetry: equal units get equal gradients",
                [each.label for each in alike],
            )
        ]
    return _gains(history)


def _alike(activation: ActivationHistory) -> bool:
    first = activation.spread[:PERSISTENT]
    awake = any(rms > 0 for rms in activation.rms)
    return (
        activation.units > 1
        and len(first) >= PERSISTENT
        and awake
        and all(spread < _ALIKE for spread in first)
    )


def _never_woke(activation: ActivationHistory, history: History) -> bool:
    """Whether the weights before an activation were 0, and its output has been so since."""
    parameter = history.parameters.get(f"{activation.layer}.weight")
    if parameter is None or len(parameter.shape) < 2 or len(activation.rms) < PERSISTENT:
        return False
    return parameter.rms[0] == 0.0 and not any(activation.rms)


def _gains(history: History) -> list[Finding]:
    found = []
    for each in hidden(history):
        gain = gain_at_start(each, history)
        wanted = CATALOG[each.name].gain_for(**CATALOG[each.name].defaults())
        if gain is None or not isfinite(wanted) or not wanted > 0:
            continue
        if not wanted / FACTOR <= gain <= wanted * FACTOR:
            name = CATALOG[each.name].initializer
            text = f"{each.layer}: gain {gain:.2g}; {each.name} asks {wanted:.3g} ({name})."
            found.append((each.layer, gain < wanted, text))
    if not found:
        return []
    small = sum(below for _, below, _ in found)
    how = "smaller" if small == len(found) else "larger or smaller" if small else "larger"
    return [
        Finding(
            "initialisation",
            Severity.INFO,
            f"Weights were drawn much {how} than their activation asks.",
            [text for *_, text in found],
            "ogive.torch.init.init_network_(model, example_inputs=...) draws each layer for the "
            "activation that follows it.",
            "He et al. (2015); Glorot and Bengio (2010)",
            [layer for layer, *_ in found],
        )
    ]


def gain_at_start(activation: ActivationHistory, history: History) -> float | None:
    """Return RMS(w) sqrt(fan in) of the layer before an activation, at the first sample.

    Parameters
    ----------
    activation : ActivationHistory
    history : History

    Returns
    -------
    float or None
        None if that layer has no matrix or kernel of its own.
    """
    parameter = history.parameters.get(f"{activation.layer}.weight")
    if parameter is None or len(parameter.shape) < 2 or not parameter.rms:
        return None
    if parameter.steps[0] != history.sampled[0]:
        return None
    return parameter.rms[0] * sqrt(prod(parameter.shape[1:]))
