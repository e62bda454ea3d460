"""Checks of networks that do not learn.

`Checkup` watches a training run and says what is wrong; `signal` measures activations and gradients
by depth; every check stands in a file of `checks`.
"""

from __future__ import annotations

from ogive.extras import require

require("ogive.health", "torch", extra="torch")

from ogive.health.checkup import Checkup  # noqa: E402
from ogive.health.findings import Finding, Severity  # noqa: E402

__all__ = ["Checkup", "Finding", "Severity"]
