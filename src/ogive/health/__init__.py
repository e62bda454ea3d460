"""Checks of networks that do not learn; so far the signal by depth, in `ogive.health.signal`."""

from __future__ import annotations

# First of all, so that a missing torch is named with what to install.
import ogive.torch  # noqa: F401  (for its error only)
