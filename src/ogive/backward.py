"""The derivative of every function times a gradient, in one pass, under the same name.

``ogive.backward.sigmoid(grad_output, x)`` is ``grad_output * ogive.grad.sigmoid(x)``, rounded once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ogive.catalog import CATALOG
from ogive.parametric import public
from ogive.rows import gradients

__all__ = [*CATALOG, *gradients.__all__]

globals().update(public("backward"))
globals().update({name: getattr(gradients, name) for name in gradients.__all__})

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
