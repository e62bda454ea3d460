"""Functions of a row of numbers: softmax and its relatives, along any axis or several."""

from __future__ import annotations

from ogive.rows.logsumexp import logsumexp
from ogive.rows.softmax import log_softmax, softmax, softmin
from ogive.rows.sparsemax import sparsemax

__all__ = ["log_softmax", "logsumexp", "softmax", "softmin", "sparsemax"]
