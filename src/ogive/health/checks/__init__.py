"""The checks, one in a file: each says what is measured, where the threshold is and why."""

from __future__ import annotations

from collections.abc import Callable

from ogive.health.checks import (
    collapse,
    dead,
    facts,
    gradient,
    heads,
    initialization,
    kept_gradients,
    nonlinearity,
    not_finite,
    saturation,
    scale,
    update,
)
from ogive.health.findings import Finding
from ogive.health.history import History
from ogive.health.progress import Progress

__all__ = ["CHECKS"]

CHECKS: tuple[Callable[[History, Progress], list[Finding]], ...] = tuple(
    module.check
    for module in (
        heads,
        not_finite,
        kept_gradients,
        nonlinearity,
        initialization,
        scale,
        update,
        gradient,
        saturation,
        collapse,
        dead,
        facts,
    )
)
"""Each takes a history and how its loss went, and gives findings; causes before consequences."""
