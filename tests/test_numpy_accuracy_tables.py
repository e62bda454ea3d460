"""NumPy's published accuracy tables, replayed where an Ogive function is the tabled one.

tanh is tabled as such. At and below 0 elu, celu and pdelu are expm1, and their derivatives exp.
arctanh(x) is logit((1 + x) / 2) / 2, and both halvings are exact. log1p is no Ogive function of the
same argument, but log1p(u) is softplus(log(u)) above 0 and log1mexp(-log(-u)) below: taken in
float64, the logarithm's error is far below an ulp of float32.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy_tables import table
from truth import Exact, ulp_errors

import ogive
from ogive.catalog import CATALOG, Kind

Map = Callable[[np.ndarray], np.ndarray]

# The smallest part of a table, exp at and below 0 in float32, has 68 rows.
FEWEST_ROWS = 60
# The tables hold the exact results rounded to nearest.
TABLE_ROUNDING = 0.5


def _everywhere(x: np.ndarray) -> np.ndarray:
    return np.full(x.shape, True)


def _not_above_zero(x: np.ndarray) -> np.ndarray:
    return ~(x > 0)


def _sum_with_one_is_exact(x: np.ndarray) -> np.ndarray:
    # Not 0, of which the sum forgets the sign.
    inside = np.where(np.abs(x) <= 1, x, 0)
    return (inside != 0) & ((1 + inside) - 1 == inside)


def _nonzero_number(u: np.ndarray) -> np.ndarray:
    return (u != 0) & ~np.isnan(u)


def _log1p(u: np.ndarray) -> np.ndarray:
    logarithm = np.log(np.abs(u.astype(np.float64)))
    return np.where(u < 0, ogive.log1mexp(-logarithm), ogive.softplus(logarithm)).astype(u.dtype)


@dataclass(frozen=True)
class Replay:
    """What stands for a tabled function, on which of its arguments, under whose error bound."""

    tabled: str
    kind: Kind
    name: str
    call: Map
    where: Map = _everywhere
    dtypes: tuple[str, ...] = ("float32", "float64")
    note: str = ""


REPLAYS = (
    Replay("tanh", "value", "tanh", lambda x: ogive.tanh(x)),
    Replay("expm1", "value", "elu", lambda x: ogive.elu(x), _not_above_zero),
    Replay("expm1", "value", "celu", lambda x: ogive.celu(x), _not_above_zero),
    Replay("expm1", "value", "pdelu", lambda x: ogive.pdelu(x, t=1.0), _not_above_zero),
    Replay(
        "expm1",
        "grad",
        "elu",
        lambda x: ogive.grad.elu(x, wrt="alpha"),
        _not_above_zero,
        note="-alpha",
    ),
    Replay("exp", "grad", "elu", lambda x: ogive.grad.elu(x), _not_above_zero),
    Replay("exp", "grad", "celu", lambda x: ogive.grad.celu(x), _not_above_zero),
    Replay("exp", "grad", "pdelu", lambda x: ogive.grad.pdelu(x, t=1.0), _not_above_zero),
    Replay(
        "arctanh", "value", "logit", lambda x: ogive.logit((1 + x) / 2) / 2, _sum_with_one_is_exact
    ),
    Replay("log1p", "value", "softplus", _log1p, _nonzero_number, ("float32",), "-log1mexp"),
)


@pytest.mark.parametrize(
    ("replay", "dtype"),
    [
        pytest.param(replay, dtype, id=f"{replay.tabled}-{replay.kind}-{name}-{dtype}")
        for replay in REPLAYS
        for dtype in replay.dtypes
        for name in [replay.name + replay.note]
    ],
)
def test_table(replay: Replay, dtype: str) -> None:
    published = table(replay.tabled, dtype)
    here = replay.where(published.x)
    x, y = published.x[here], published.y[here]
    assert x.size >= FEWEST_ROWS
    got = replay.call(x)
    assert got.dtype == dtype
    bound = CATALOG[replay.name].error_bound[replay.kind, dtype]
    allowed = min(published.allowed, bound + TABLE_ROUNDING)
    errors = ulp_errors(got, Exact.of(y), dtype)
    worst = int(np.argmax(errors))
    assert errors[worst] <= allowed, (errors[worst], x[worst], got[worst], y[worst])
    zero = y == 0
    assert (np.signbit(got) == np.signbit(y))[zero].all(), (x[zero], got[zero])
