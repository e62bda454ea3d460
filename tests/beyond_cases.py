"""Data sets for fits beyond memory, and fits of them in memory to be compared with."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import special

from ogive.linear_model.census import Census, Encoding
from ogive.linear_model.in_memory import DenseRows
from ogive.linear_model.minimise import Minimum, minimise
from ogive.linear_model.objective import PenalisedLoss
from ogive.linear_model.rows import Rows
from ogive.linear_model.sources import Opened

ALPHA = 0.01
KINDS = ("binary", "multinomial", "multilabel")


class Case(NamedTuple):
    x: Any
    y: Any
    weight: Any
    offset: Any


def case(kind: str, n: int = 700, features: int = 5, dtype: Any = np.float64) -> Case:
    rng = np.random.default_rng(len(kind))
    x = (rng.standard_normal((n, features)) * 2.0 + 1.0).astype(dtype)
    vectors = {"binary": 1, "multinomial": 3, "multilabel": 4}[kind]
    scores = (x - 1.0) @ rng.standard_normal((features, vectors)) / 2.0
    if kind == "multinomial":
        y: Any = np.array(["ash", "birch", "cedar"])[
            (scores + rng.gumbel(size=scores.shape)).argmax(1)
        ]
    else:
        y = (rng.random(scores.shape) < special.expit(scores)).astype(int)
        if kind == "binary":
            y = np.where(y[:, 0], 7, 3)
        else:
            # One label is hard and another easy: some are found before others.
            y[:, 0] = (scores[:, 0] > 0) ^ (rng.random(n) < 0.01)
    offset = rng.standard_normal((n, vectors) if vectors > 1 else n)
    return Case(x, y, rng.integers(0, 3, n).astype(float), offset)


def fitted(
    rows: Rows, totals: tuple[Any, Any], tol: float = 1e-10, watch: Any = None, alpha: float = ALPHA
) -> Minimum:
    total, base = totals
    loss = PenalisedLoss(rows, np.full(len(total), alpha), total, base, True)
    found = minimise(loss, loss.start(), tol, 200, watch)
    assert found.reason == "converged", found
    if base.shape[1] > 1:
        # What is added to all scores of a softmax changes nothing.
        found.parameters[..., -1] -= found.parameters[..., -1].mean(1, keepdims=True)
    return found


def fit(opened: Opened, class_weight: Any = None, **options: Any) -> Minimum:
    census = opened.census
    rows = opened.rows(census.encoding(class_weight))
    return fitted(rows, totals_of(census, class_weight), **options)


def totals_of(census: Census, class_weight: Any = None) -> tuple[Any, Any]:
    """Total weights, and the weighted share of every class; of labels that of the positive one."""
    weight = census.weight if class_weight is None else census.weight * class_weight
    total = weight.sum(1)
    base = weight / total[:, None]
    return total, base[:, 1:] if len(census.classes) == 2 else base


def in_memory(data: Case, class_weight: Any = None) -> Minimum:
    """The fit of the whole, its targets encoded without the code that is tested."""
    labels = data.y.astype(bool) if data.y.ndim == 2 else None
    classes = np.unique(data.y)
    if labels is None and len(classes) == 2:
        labels = (data.y == classes[1])[:, None]
    weight = np.ones(len(data.y)) if data.weight is None else data.weight
    codes = np.searchsorted(classes, data.y) if data.y.ndim == 1 else None
    if class_weight is not None:
        weight = weight * np.asarray(class_weight)[codes]
    hot = np.eye(len(classes))[codes] if labels is None else labels
    base = weight @ hot / weight.sum()
    base = base[None] if labels is None else base[:, None]
    total = np.full(len(base), weight.sum())
    seen = Encoding(classes, data.y.ndim == 2).observed(data.y, weight, data.offset)
    target: Any = codes if labels is None else labels
    np.testing.assert_array_equal(seen.target, target)
    return fitted(DenseRows(data.x.astype(np.float64), seen), (total, base))


def check(found: Minimum, data: Case, class_weight: Any = None, atol: float = 1e-8) -> None:
    wanted = in_memory(data, class_weight)
    np.testing.assert_allclose(found.parameters, wanted.parameters, atol=atol)
    assert np.abs(found.values - wanted.values).max() < 1e-12
