"""What several checks ask of a history: persistence over samples, depth, severity."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, nan

import numpy as np

from ogive.health.findings import Severity
from ogive.health.history import ActivationHistory, History, ParameterHistory
from ogive.health.progress import Progress

__all__ = ["at_end", "at_start", "hidden", "lowered", "weights"]

PERSISTENT = 5
"""Samples over which a measure must hold."""


def at_start(values: Sequence[float]) -> float:
    """Return the median of the first samples; NaN if there are none that are finite."""
    return _median(values[:PERSISTENT])


def at_end(values: Sequence[float]) -> float:
    """Return the median of the last samples; NaN if there are none that are finite."""
    return _median(values[-PERSISTENT:])


def _median(values: Sequence[float]) -> float:
    finite = [value for value in values if isfinite(value)]
    return float(np.median(finite)) if finite else nan


def hidden(history: History) -> list[ActivationHistory]:
    """Return the activations that carry the signal to a layer, from the inputs on: no gates."""
    return [each for each in history.by_depth() if not (each.gate or each.recurrent or each.head)]


def weights(history: History) -> list[ParameterHistory]:
    """Return the parameters that are matrices or kernels."""
    return [each for each in history.parameters.values() if len(each.shape) > 1]


def lowered(severity: Severity, progress: Progress) -> Severity:
    """Return a severity: a warning at most where the loss falls, information where it fell far."""
    if progress.falls_far:
        return Severity.INFO
    return min(severity, Severity.WARNING) if progress.falls else severity
