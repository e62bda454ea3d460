"""The same functions in plain array operations, for any array namespace.

This is the portable path: NumPy, torch on any device and under `torch.compile`, `jax.numpy`,
and other namespaces with NumPy's names. `NAME(x, *parameters)` is the value,
`grad_NAME(x, *parameters)` the derivative, and `grad_NAME_PARAMETER(x, *parameters)` the
derivative with respect to a parameter that is learned. No branch depends on data, so that all of
them can be traced and fused; they are differentiable too, without NaN from the branch not taken.

The forms keep their relative accuracy in both tails and give the limits at ±inf. Their error is
that of a few rounded operations in the dtype of the argument, not the bound of the native ones.
The namespace is found from the type of the argument and never imported for the first time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ogive.formulas import adaptive, logistic, rectifier, smooth
from ogive.formulas.namespace import namespace_of

FORMULAS: dict[str, Any] = {
    name: thing
    for family in (logistic, rectifier, smooth, adaptive)
    for name, thing in vars(family).items()
    if getattr(thing, "__module__", None) == family.__name__ and not name.startswith("_")
}
"""Every formula by its name: what the modules of the families define."""

__all__ = ["FORMULAS", "namespace_of", *FORMULAS]

globals().update(FORMULAS)

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
