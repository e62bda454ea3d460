"""Ogive: the sigmoid and everything built on it.

Activation functions as true NumPy ufuncs, their derivatives in `ogive.grad`, the derivatives
times a gradient in `ogive.backward`, and what is known of them in `ogive.catalog`. Importing
this package loads NumPy and nothing heavier; `ogive.torch`, `ogive.health` and `ogive.study` are
imported by their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ogive import backward, catalog, grad, losses, probabilities
from ogive.config import __version__, get_num_threads, set_num_threads, show_config
from ogive.parametric import public
from ogive.rows import log_softmax, logsumexp, softmax, softmin, sparsemax

__all__ = [
    *catalog.CATALOG,
    "__version__",
    "backward",
    "catalog",
    "expit",
    "get_num_threads",
    "grad",
    "log_expit",
    "log_softmax",
    "logsumexp",
    "losses",
    "probabilities",
    "set_num_threads",
    "show_config",
    "softmax",
    "softmin",
    "sparsemax",
]

globals().update(public("value"))
# SciPy's names of two of them.
globals().update(expit=globals()["sigmoid"], log_expit=globals()["log_sigmoid"])

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
