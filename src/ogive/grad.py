"""The derivative of every function in the catalogue, under the same name.

``ogive.grad.sigmoid(x)`` is the derivative of ``ogive.sigmoid`` at x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ogive.catalog import CATALOG
from ogive.parametric import public

__all__ = list(CATALOG)

globals().update(public("grad"))

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
