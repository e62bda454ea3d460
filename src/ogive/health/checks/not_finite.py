"""Values that are not finite.

Measure: losses of all steps; moments, gradients and parameters of the sampled ones; every operation
of the first step and of the step after a find. Threshold: one infinity or NaN, but for minus
infinity, by which scores are masked, and for gradients of a scaled loss, whose overflow a
GradScaler handles. Persistence: one sample; overflows of a scaled loss in most of the samples.
Remedy: by the first place that has one.

Source: P. Micikevicius et al. (2018), Mixed precision training, ICLR, for loss scaling.
"""

from __future__ import annotations

from math import isfinite

from ogive.health.findings import Finding, Severity
from ogive.health.history import History, Incident
from ogive.health.progress import Progress

_REMEDIES = {
    "input": "Look for missing values or divisions by 0 in the data.",
    "parameter": "Lower the learning rate or clip the gradients; look at the step before, "
    "with --first or --every so that it is sampled.",
    "forward": "Keep this operation's argument away from its pole (an epsilon under a root or in "
    "a logarithm or denominator), or compute it in a wider type.",
    "backward": "Keep this operation's argument away from where its derivative is infinite: an "
    "epsilon under a root or norm, torch.where on the argument and not on the result.",
    "gradient": "Clip the gradients, lower the learning rate, and look at the loss for poles.",
    "loss": "Lower the learning rate or clip the gradients, and look at the data; --every 1 shows "
    "the operation.",
}


def check(history: History, progress: Progress) -> list[Finding]:
    """Judge what is not finite.

    Parameters
    ----------
    history : History
    progress : Progress

    Returns
    -------
    list of Finding
        At most one.
    """
    scaled = {i.step for i in history.incidents if i.scaled and i.kind in ("gradient", "backward")}
    overflows = 2 * len(scaled) > len(history.sampled)
    incidents = [i for i in history.incidents if i.step not in scaled or overflows]
    losses = [step for step, value in history.losses if not isfinite(value)]
    first = min(incidents, key=lambda i: (i.step, _RANK[i.kind]), default=None)
    if first is None and not losses:
        return []
    evidence = []
    if losses:
        evidence.append(
            f"The loss is not finite from step {losses[0]} on."
            if len(losses) > 1
            else f"The loss is not finite in step {losses[0]}."
        )
    kind, where = "loss", "the loss"
    if first is not None and (not losses or first.step <= losses[0] or first.kind == "input"):
        kind, where = first.kind, first.where
        evidence.insert(0, f"First seen in step {first.step}: {_said(first)}.")
    elif first is not None:
        evidence.append(f"In step {first.step}: {_said(first)}.")
        if first.kind in ("forward", "input"):
            kind, where = first.kind, first.where
    last = [p for p in history.parameters.values() if p.gradient_rms and losses]
    before = [
        (p.name, max(g for s, g in zip(p.steps, p.gradient_rms, strict=True) if s < losses[0]))
        for p in last
        if any(s < losses[0] and isfinite(g) for s, g in zip(p.steps, p.gradient_rms, strict=True))
    ]
    if before:
        name, size = max(before, key=lambda pair: pair[1])
        evidence.append(f"Largest gradient before that: RMS {size:.3g}, at {name}.")
    return [
        Finding(
            "not finite",
            Severity.ERROR,
            f"Values are not finite, first at {where}.",
            evidence,
            _REMEDIES[kind],
            "IEEE 754",
            [where],
        )
    ]


_RANK = {"input": 0, "parameter": 1, "forward": 2, "backward": 3, "gradient": 4, "loss": 5}


def _said(incident: Incident) -> str:
    words = {
        "input": "the input",
        "parameter": "the parameter",
        "forward": "the result of",
        "backward": "the gradient that leaves",
        "gradient": "the gradient of",
        "loss": "the loss,",
    }
    return f"{words[incident.kind]} {incident.where}"
