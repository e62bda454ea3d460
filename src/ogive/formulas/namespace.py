"""What the portable formulas need of an array namespace, and how they find it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

Array = Any
"""An array of whichever namespace."""

Namespace = Any
"""A module with NumPy's names: exp, expm1, log, log1p, sqrt, tanh, cosh, abs, where, clip."""

SATURATED_EXP = 1000.0
"""Beyond it exp(-|x|) has vanished in every dtype; arguments are held within it wherever a limit
would otherwise be inf times 0."""


def namespace_of(x: Array) -> Namespace:
    """Find the array namespace of an array, among the modules that its owner has imported.

    Parameters
    ----------
    x : array_like
        An array of NumPy, torch, JAX or of a library with ``__array_namespace__``.

    Returns
    -------
    module
        `torch`, `jax.numpy`, the namespace that the array names, or `numpy`.

    Examples
    --------
    >>> import numpy as np
    >>> from ogive import formulas
    >>> formulas.namespace_of(np.ones(2)) is np
    True
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(x, torch.Tensor):
        return torch
    if type(x).__module__.partition(".")[0] in ("jax", "jaxlib"):
        return sys.modules["jax"].numpy
    if hasattr(x, "__array_namespace__"):
        return x.__array_namespace__()
    import numpy

    return numpy


def _numpy_erfc(x: Array) -> Array:
    """SciPy's erfc in the dtype of the argument; element by element where there is no SciPy."""
    import numpy as np

    try:
        complement = import_module("scipy.special").erfc
    except ImportError:
        import math

        complement = np.frompyfunc(math.erfc, 1, 1)
    return np.asarray(complement(x)).astype(np.result_type(x, np.float16), copy=False)


def erfc(x: Array, xp: Namespace) -> Array:
    """Evaluate the complementary error function in a namespace."""
    if hasattr(xp, "erfc"):  # torch
        return xp.erfc(x)
    root = xp.__name__.partition(".")[0]
    if root == "jax":
        return import_module("jax.scipy.special").erfc(x)
    if root == "cupy":
        return import_module("cupyx.scipy.special").erfc(x)
    return _numpy_erfc(x)


def magnitude(x: Array, xp: Namespace) -> Array:
    """|x| with the derivative 1 at 0, where the `abs` of torch and JAX has 0.

    The functions are smooth at 0 although they are written in |x|: a one-sided derivative of every
    branch gives theirs, the mean of both sides does not.
    """
    return xp.where(x < 0, -x, x)


def times(factor: Array, x: Array, xp: Namespace) -> Array:
    """Multiply x by a factor; 0 times an infinity is 0, the limit of 0 times x."""
    vanishing = (factor == 0) & (xp.abs(x) == float("inf"))
    return factor * xp.where(vanishing, 0.0, x)


def polynomial(coefficients: Sequence[Array], x: Array) -> Array:
    """Σ coefficients[k] xᵏ by Horner's rule."""
    *rest, result = coefficients
    for coefficient in reversed(rest):
        result = result * x + coefficient
    return result
