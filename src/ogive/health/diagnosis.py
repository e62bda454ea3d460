"""From a history to findings: all checks, and one root cause for each chain."""

from __future__ import annotations

from ogive.health.checks import CHECKS
from ogive.health.findings import Finding
from ogive.health.history import History
from ogive.health.progress import progress_of

__all__ = ["CAUSES", "diagnose"]

CAUSES: dict[str, tuple[str, ...]] = {
    "not finite": ("updates too large", "exploding gradient", "initialisation", "input scale"),
    "vanishing gradient": (
        *("units are alike", "dead units", "initialisation", "saturation", "input scale"),
    ),
    "exploding gradient": ("initialisation", "input scale"),
    "saturation": ("initialisation", "input scale", "updates too large"),
    "input collapse": (
        *("units are alike", "saturation", "updates too large", "dead units"),
        *("vanishing gradient", "initialisation", "input scale"),
    ),
    "dead units": ("updates too large", "initialisation", "input scale"),
    "updates too large": ("initialisation",),
}
"""What may be behind a finding, the likeliest first: told as its cause where both are found."""


def diagnose(history: History) -> list[Finding]:
    """Judge a training run.

    Parameters
    ----------
    history : History

    Returns
    -------
    list of Finding
        The gravest first. A finding that another one explains is among its `consequences`.
    """
    if not history.sampled:
        return []
    progress = progress_of(history)
    found = [finding for check in CHECKS for finding in check(history, progress)]
    return with_causes(found)


def with_causes(found: list[Finding]) -> list[Finding]:
    """Put findings under what explains them.

    Parameters
    ----------
    found : list of Finding

    Returns
    -------
    list of Finding
        A cause is as severe as its gravest consequence.

    Examples
    --------
    >>> from ogive.health.diagnosis import with_causes
    >>> from ogive.health.findings import Finding, Severity
    >>> cause = Finding("initialisation", Severity.INFO, "…", [], "…", "")
    >>> (root,) = with_causes([cause, Finding("saturation", Severity.ERROR, "…", [], "…", "")])
    >>> root.kind, root.severity.word, [each.kind for each in root.consequences]
    ('initialisation', 'error', ['saturation'])
    """
    by_kind = {finding.kind: finding for finding in found}
    roots: list[Finding] = []
    parents: dict[int, Finding] = {}
    for finding in found:
        cause = next((by_kind[k] for k in CAUSES.get(finding.kind, ()) if k in by_kind), None)
        if cause is None or _leads_to(parents, cause, finding):
            roots.append(finding)
        else:
            parents[id(finding)] = cause
    for finding in found:
        root = finding
        while id(root) in parents:
            root = parents[id(root)]
        if root is not finding:
            root.consequences.append(finding)
            root.severity = max(root.severity, finding.severity)
    return sorted(roots, key=lambda finding: -finding.severity)


def _leads_to(parents: dict[int, Finding], start: Finding, wanted: Finding) -> bool:
    """Whether a finding is already explained, in the end, by the wanted one."""
    while id(start) in parents:
        start = parents[id(start)]
    return start is wanted
