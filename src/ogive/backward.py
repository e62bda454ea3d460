"""The derivative of every function times a gradient, in one pass, under the same name.

``ogive.backward.sigmoid(grad_output, x)`` is ``grad_output * ogive.grad.sigmoid(x)``, rounded once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ogive.catalog import CATALOG
from ogive.parametric import public

__all__ = list(CATALOG)

globals().update(public("backward"))

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
