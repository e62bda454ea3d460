"""The check-up's page: one HTML file with every finding and the figures behind it."""

from __future__ import annotations

import math

import numpy as np

from ogive.health.figures import figures
from ogive.health.findings import Finding, Severity
from ogive.health.history import ActivationHistory, History
from ogive.health.progress import progress_of
from ogive.page.frame import environment, glyph
from ogive.page.landscape import Landscape, map_png
from ogive.page.style import PALETTE
from ogive.page.wording import counted

__all__ = ["build_page", "headline"]


_ROUNDING = 1e-6
"""Of a network of float32: a landscape that is no higher is flat."""


def headline(findings: list[Finding]) -> str:
    """Say in a sentence what was found.

    Parameters
    ----------
    findings : list of Finding

    Returns
    -------
    str

    Examples
    --------
    >>> from ogive.health.page import headline
    >>> headline([])
    'Nothing is wrong that this check-up knows of.'
    """
    for severity in (Severity.ERROR, Severity.WARNING):
        some = [finding for finding in findings if finding.severity == severity]
        if len(some) == 1:
            return some[0].title
        if some:
            title = some[0].title
            return f"{counted(len(some), severity.word)}: {title[0].lower()}{title[1:]}"
    return "Nothing is wrong that this check-up knows of."


def build_page(history: History, findings: list[Finding], title: str) -> str:
    """Return the page as one self-contained HTML document.

    Parameters
    ----------
    history : History
    findings : list of Finding
    title : str
        What was checked, such as the name of a script.

    Returns
    -------
    str
        HTML without a reference to anything outside itself.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib or Jinja2 is missing: ``pip install "ogive[study]"``.
    """
    templates = environment("ogive.health")
    from markupsafe import Markup

    html: str = templates.get_template("checkup.html.j2").render(
        title=title,
        palette=PALETTE,
        glyph=Markup(glyph()),
        headline=headline(findings),
        findings=findings,
        figures=[Markup(each) for each in figures(history)],
        landscape=_landscape(history),
        history=history,
        progress=progress_of(history),
        rows=[_row(each) for each in history.by_depth()],
        counted=counted,
    )
    return html


def _landscape(history: History) -> dict[str, str] | None:
    """Return the picture of the network over a plane, with what its colours leave out."""
    if history.landscape is None:
        return None
    output = np.array(history.landscape)
    if not np.isfinite(output).all():
        return None
    if np.ptp(output) <= _ROUNDING * np.abs(output).max():
        output = np.full_like(output, output.mean())
    picture = Landscape(output)
    return {
        "address": map_png(picture),
        "mean": f"{picture.mean:.3g}".replace("-", "−"),
        "spread": f"{picture.spread:.2g}",
    }


def _row(each: ActivationHistory) -> dict[str, str]:
    """Return what the table has of one activation, in its last sample."""
    dead = each.dead(min(5, len(each.steps)))
    return {
        "label": each.label,
        "units": f"{each.units or '–'}",
        "rms": _number(each.rms),
        "gradient": _number(each.gradient_rms),
        "share": _number(each.share),
        "slope": _number(each.slope),
        "dead": "–" if dead is None or each.gate else f"{dead.mean():.0%}",
    }


def _number(values: list[float]) -> str:
    if not values or math.isnan(values[-1]):
        return "–"
    return f"{values[-1]:.2g}".replace("-", "−")
