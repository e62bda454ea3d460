"""Checks of networks that do not learn; so far the signal by depth, in `ogive.health.signal`."""

from __future__ import annotations

from ogive.extras import require

require("ogive.health", "torch", extra="torch")
