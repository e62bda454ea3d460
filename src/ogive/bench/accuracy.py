"""Which contenders may be called accurate: their largest error, measured beside their time.

A fast formula that has lost its digits does less work.  So that a table can name the fastest
accurate peer beside the fastest, every contender is held against Ogive in float64, whose own
bounds the tests hold against exact results.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ogive.bench import peers
from ogive.bench.work import LOSSES, ROWS, Array, Arrays

__all__ = ["ACCURATE_ULP", "largest_errors", "points"]

ACCURATE_ULP = 8.0
"""Three bits: a peer that loses more anywhere in the ordinary range does not count as accurate."""

# As a share of the root: within it an error of half an ulp anywhere on the way is magnified.
_AROUND_A_ROOT = 0.3


def points(name: str) -> Array:
    """Return where a function is looked at: the ordinary range, with both tails and the roots.

    Examples
    --------
    >>> float(points("sigmoid").max()), float(points("logit").max()) < 1
    (80.0, True)
    """
    if name in ("logit", "odds"):
        near = np.geomspace(1e-6, 0.5, 1000, endpoint=False)
        low = np.concatenate([near, 0.5 - near[near < 0.4]])
        return np.sort(np.concatenate([low, 1 - low]))
    # None of these is 0 or another round number, where a derivative may be a matter of convention.
    tail = np.geomspace(1e-4, 80.0, 1500)
    if name == "log1mexp":
        return tail
    return np.unique(np.concatenate([-tail, tail, np.linspace(-20.0, 20.0, 2000)]))


def largest_errors(name: str, kind: str, dtype: str, names: Sequence[str]) -> dict[str, float]:
    """Measure the largest error of every contender, in ulp of the dtype.

    Results next to the subnormal numbers are left out, and so is the neighbourhood of every root
    but those at 0 and logit's: its distance is not representable, and nobody gets it right.

    Parameters
    ----------
    name : str
    kind : {'value', 'grad', 'backward'}
    dtype : {'float32', 'float64'}
    names : sequence of str
        The peers that may compete.

    Returns
    -------
    dict of str to float
        By contender; empty for functions of rows and losses.
    """
    if name in (*ROWS, *LOSSES):
        return {}
    # Rounded to the narrower type first, so that both compute at the very same points.
    x = np.unique(points(name).astype(np.float32)).astype(np.float64)
    with np.errstate(all="ignore"):
        exact = Arrays(x.size, "float64", given=x)
        truth = np.array(peers.contenders(name, kind, exact, (), yardsticks=False)["ogive"]())
        arrays = Arrays(x.size, dtype, given=x)
        calls = peers.contenders(name, kind, arrays, names, yardsticks=False)
        information = np.finfo(dtype)
        judged = np.isfinite(truth) & (np.abs(truth) > float(information.tiny) * 2.0**24)
        judged &= np.abs(truth) < float(information.max)
        if (name, kind) != ("logit", "value"):
            judged &= ~_around_roots(x, truth)
        unit = np.spacing(np.abs(truth[judged]).astype(dtype)).astype(np.float64)
        errors = {}
        for contender, call in calls.items():
            result = np.asarray(call()).astype(np.float64)[judged]
            error = np.abs(result - truth[judged]) / unit
            errors[contender] = float(np.max(np.where(np.isnan(error), np.inf, error), initial=0))
    return errors


def _around_roots(x: Array, truth: Array) -> Array:
    """Tell which points are near a change of sign other than at 0."""
    roots = x[1:][(truth[1:] * truth[:-1] < 0) & (np.abs(x[1:]) > 1e-3)]
    near: Array = np.any(np.abs(x[:, None] / roots - 1) < _AROUND_A_ROOT, axis=1)
    return near
