"""SciPy: the ufuncs of scipy.special, and its functions of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from scipy import special

from ogive.bench.work import Array, Call, Work

__all__ = ["contender"]


def _gelu(x: Array, out: Array) -> Array:
    """Multiply x by the normal distribution function, which keeps the tail that 1 + erf loses."""
    np.multiply(x, special.ndtr(x, out=out), out=out)
    return out


_CALLS: Mapping[tuple[str, str], Callable[[Array, Array], Call]] = {
    ("sigmoid", "value"): lambda x, out: partial(special.expit, x, out=out),
    ("logit", "value"): lambda x, out: partial(special.logit, x, out=out),
    ("log_sigmoid", "value"): lambda x, out: partial(special.log_expit, x, out=out),
    ("softplus", "grad"): lambda x, out: partial(special.expit, x, out=out),
    ("gelu", "value"): lambda x, out: partial(_gelu, x, out),
    ("softmax", "value"): lambda x, out: partial(special.softmax, x, axis=-1),
    ("log_softmax", "value"): lambda x, out: partial(special.log_softmax, x, axis=-1),
    ("logsumexp", "value"): lambda x, out: partial(special.logsumexp, x, axis=-1),
}


def contender(work: Work) -> Call | None:
    """Return the call that does the work with SciPy, or None where it has no such function."""
    if (work.name, work.kind) == ("softplus", "value") and hasattr(special, "softplus"):
        return partial(special.softplus, work.x, out=work.out)  # since SciPy 1.16
    make = _CALLS.get((work.name, work.kind))
    return None if make is None else make(work.x, work.out)
