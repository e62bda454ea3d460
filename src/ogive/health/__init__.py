"""Checks of networks that do not learn.

`Checkup` watches a training run and says what is wrong; `signal` measures activations and gradients
by depth; every check stands in a file of `checks`.
"""

from __future__ import annotations

from ogive.extras import require

try:
    from ogive.health.checkup import Checkup
    from ogive.health.findings import Finding, Severity
except ModuleNotFoundError:
    require("ogive.health", "torch", extra="torch")
    raise

__all__ = ["Checkup", "Finding", "Severity"]
