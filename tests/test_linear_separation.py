"""Separation: by hand, planted, against the whole linear programme, and where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, sparse, special

from ogive.linear_model import separation
from ogive.linear_model.in_memory import Blocks, DenseRows, SparseRows
from ogive.linear_model.minimise import minimise
from ogive.linear_model.objective import PenalisedLoss
from ogive.linear_model.rows import Observed
from ogive.linear_model.separable import SeparationWarning, warn_of_separation
from ogive.linear_model.separation import (
    Separation,
    UndecidedError,
    find_separation,
    suspect,
)


def observed(y: Any, weight: Any = None, offset: Any = None) -> Observed:
    y = np.asarray(y)
    n = len(y)
    weight = np.ones((n, 1)) if weight is None else np.asarray(weight, float).reshape(n, -1)
    offset = np.zeros((1, 1)) if offset is None else np.asarray(offset, float).reshape(n, -1)
    return Observed(y.reshape(n, -1) if y.dtype == bool else y.astype(np.int64), weight, offset)


def fitted(rows: Any, classes: int, bias: bool = True, tol: float = 1e-6) -> Any:
    """Where an unpenalised fit ends."""
    seen = rows.observed
    weight = seen.weight[:, 0]
    if classes == 1:
        base = (weight @ seen.target / weight.sum())[:, None]
    else:
        base = (weight @ np.eye(classes)[seen.target] / weight.sum())[None]
    base = np.clip(base, 1e-3, 1 - 1e-3)
    many = len(base)
    target = PenalisedLoss(rows, np.zeros(many), np.full(many, weight.sum()), base, bias)
    return minimise(target, target.start(), tol, 100).parameters


def find(x: Any, y: Any, classes: int = 1, bias: bool = True, **options: Any) -> Any:
    """Decide from three places, which must agree; check what the direction does."""
    seen = observed(y, **options)
    rows = DenseRows(np.asarray(x, float), seen)
    start = np.zeros((1, classes, rows.shape[1] + 1))
    noise = np.random.default_rng(0).standard_normal(start.shape)
    answers = [
        find_separation(rows, at, bias)[0] for at in (fitted(rows, classes, bias), start, noise)
    ]
    kinds = {None if a is None else (a.kind, a.rows, a.boundary, a.classes) for a in answers}
    assert len(kinds) == 1, answers
    for found in answers:
        if found is not None:
            check(rows, found, bias)
    return answers[0]


def check(rows: DenseRows, found: Separation, bias: bool) -> None:
    """The direction separates as it says."""
    seen = rows.observed
    counts = seen.weight[:, 0] > 0
    x = rows.matrix[counts]
    scores = x @ found.direction[:, :-1].T + found.direction[:, -1]
    if len(found.direction) == 1:
        least = np.where(seen.target[counts, 0], 1, -1) * scores[:, 0]
        worst = least
    else:
        own = np.eye(len(found.direction), dtype=bool)[seen.target[counts]]
        margins = np.where(own, np.inf, scores[own][:, None] - scores)
        least, worst = margins.min(1), np.where(own, -np.inf, margins).max(1)
    sizes = np.abs(x) @ np.abs(found.direction[:, :-1]).T + np.abs(found.direction[:, -1])
    rounding = 1e-9 * sizes.max()
    assert least.min() >= -rounding
    assert worst.max() > rounding
    assert (least <= rounding).sum() == found.boundary
    assert (found.boundary == 0) == (found.kind == "complete")
    assert found.rows == counts.sum()
    if not bias:
        assert not found.direction[:, -1].any()


def whole_programme(x: Any, y: Any, classes: int, bias: bool) -> str | None:
    """The answer by two other programmes over all pairs at once, after Konis."""
    z = np.column_stack([x, np.ones(len(x))]) if bias else np.asarray(x, float)
    if classes == 1:
        pairs = z * np.where(y, 1.0, -1.0)[:, None]
    else:
        eye = np.eye(classes)
        of_rows = zip(z, y, strict=True)
        others = [(row, c, k) for row, c in of_rows for k in range(classes) if k != c]
        pairs = np.array([np.kron(eye[c] - eye[k], row) for row, c, k in others])
    m = pairs.shape[1]
    some = optimize.linprog(-pairs.sum(0), A_ub=-pairs, b_ub=np.zeros(len(pairs)), bounds=(-1, 1))
    if -some.fun < 1e-6:
        return None
    least = np.column_stack([-pairs, np.ones(len(pairs))])
    every = optimize.linprog(
        np.append(np.zeros(m), -1.0), A_ub=least, b_ub=np.zeros(len(pairs)),
        bounds=[(-1, 1)] * m + [(None, 1)],
    )  # fmt: skip
    return "complete" if -every.fun > 1e-6 else "quasi-complete"


LINE = np.arange(6.0)[:, None]
HALF = np.array([0, 0, 0, 1, 1, 1], bool)


def test_a_line_that_is_cut() -> None:
    found = find(LINE, HALF)
    assert (found.kind, found.rows, found.boundary) == ("complete", 6, 0)
    assert found.direction[0, 0] > 0
    assert 2.0 < -found.direction[0, 1] / found.direction[0, 0] < 3.0
    assert found.features == ("x1",)


def test_a_line_with_a_tie_at_the_cut() -> None:
    found = find(np.array([[0.0], [1], [2], [2], [3], [4]]), HALF)
    assert (found.kind, found.boundary) == ("quasi-complete", 2)
    np.testing.assert_allclose(found.direction, [[1.0, -2.0]], atol=1e-12)


def test_a_line_without_a_cut() -> None:
    assert find(LINE, np.array([0, 1, 0, 1, 0, 1], bool)) is None


def test_without_a_bias_the_cut_is_at_zero() -> None:
    assert find(LINE + 1.0, HALF, bias=False) is None
    assert find(LINE - 2.5, HALF, bias=False).kind == "complete"
    assert find(LINE - 2.0, ~HALF, bias=False).boundary == 1
    assert find(LINE - 3.0, HALF, bias=False).boundary == 1


def test_a_feature_of_one_label_only() -> None:
    """The usual case: a rare indicator whose rows are all positive."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 3))
    y = rng.random(300) < special.expit(x[:, 0])
    rare = np.zeros(300)
    rare[np.flatnonzero(y)[:2]] = 1.0
    found = find(np.column_stack([x, rare]), y)
    assert (found.kind, found.boundary) == ("quasi-complete", 298)
    assert found.features == ("x4",)
    np.testing.assert_allclose(found.direction, [[0, 0, 0, 1, 0]], atol=1e-9)


def test_one_label_only_is_separated_by_the_bias() -> None:
    found = find(LINE, np.ones(6, bool))
    assert found.kind == "complete"


def test_duplicates_do_not_matter() -> None:
    x = np.array([[0.0], [1], [2], [2], [3], [4]])
    found = find(np.repeat(x, 400, axis=0), np.repeat(HALF, 400))
    assert (found.kind, found.rows, found.boundary) == ("quasi-complete", 2400, 800)


def test_rows_of_no_weight_do_not_count() -> None:
    x = np.append(LINE, [[100.0], [-100.0]], axis=0)
    y = np.append(HALF, [False, True])
    assert find(x, y) is None
    assert find(x, y, weight=np.append(np.full(6, 1e-3), [0.0, 0.0])).kind == "complete"


def test_offsets_do_not_matter() -> None:
    offset = np.array([50.0, -3, 9, -50, 0, 8])
    assert find(LINE, HALF, offset=offset).kind == "complete"
    assert find(LINE, np.array([0, 1, 0, 1, 0, 1], bool), offset=offset) is None


def test_collinear_features_are_no_separation() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((50, 2))
    y = rng.random(50) < 0.5
    x = np.column_stack([x, x @ [1.0, 2.0], np.full(50, 3.0), np.zeros(50)])
    assert find(x, y) is None


def test_more_features_than_rows() -> None:
    x = np.random.default_rng(2).standard_normal((8, 12))
    assert find(x, np.arange(8) % 2 == 0).kind == "complete"


def test_three_classes_on_a_line() -> None:
    """In between is the largest score of two slopes, and none of them on the line itself."""
    y = np.repeat([0, 1, 2], 3)
    found = find(np.arange(9.0)[:, None], y, 3)
    assert (found.kind, found.classes) == ("complete", ("0", "1", "2"))
    np.testing.assert_allclose(found.direction.sum(0), 0.0, atol=1e-9)


def test_one_class_of_three_that_is_apart() -> None:
    """0 and 1 are mixed; 2 is far from both: A and A's quasi-complete separation."""
    x = np.array([0.0, 1, 2, 3, 0, 1, 2, 3, 9, 10])[:, None]
    y = np.array([0, 1, 0, 1, 1, 0, 1, 0, 2, 2])
    found = find(x, y, 3)
    assert (found.kind, found.boundary) == ("quasi-complete", 8)
    assert found.classes == ("0", "1", "2")


def test_three_mixed_classes() -> None:
    rng = np.random.default_rng(3)
    assert find(rng.standard_normal((60, 2)), rng.integers(0, 3, 60), 3) is None


@given(st.integers(0, 10**6), st.integers(1, 4), st.sampled_from(["none", "ties", "gap"]),
       st.booleans(), st.booleans())  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_planted_direction_is_found(
    seed: int, features: int, plant: str, bias: bool, several: bool
) -> None:
    """On a lattice, where ties are many; and the kind is that of the whole programme."""
    rng = np.random.default_rng(seed)
    classes = 3 if several else 1
    x = rng.integers(-2, 3, (25, features)).astype(float)
    truth = rng.integers(-2, 3, (max(classes, 2), features + 1)).astype(float)
    truth[:, -1] *= bias
    scores = x @ truth[:, :-1].T + truth[:, -1]
    best = scores == scores.max(1, keepdims=True)
    y = (best * rng.random(best.shape)).argmax(1)  # any of the best
    if plant == "gap":
        x, y = x[best.sum(1) == 1], y[best.sum(1) == 1]
        if len(x) == 0:
            return
    if plant == "none":
        y = rng.integers(0, max(classes, 2), 25)
    target = y if several else y.astype(bool)
    found = find(x, target, classes, bias)
    assert (found and found.kind) == whole_programme(x, target, classes, bias)
    if plant == "gap":
        assert found.kind == "complete"
    if plant == "ties" and np.ptp(scores, axis=1).any():
        assert found is not None


@pytest.mark.parametrize("power", [-6, 6])
@pytest.mark.parametrize("shift", [0.0, 1e4])
def test_units_do_not_matter(power: int, shift: float) -> None:
    rng = np.random.default_rng(4)
    x = rng.standard_normal((200, 3))
    cut = x[:, 0] - 0.5 * x[:, 1] > 0.2
    scale = np.array([1.0, 10.0**power, 10.0**-power])
    assert find((x + shift) * scale, cut).kind == "complete"
    assert find((x + shift) * scale, rng.random(200) < 0.5) is None


def test_many_rows_need_few_programmes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programme is of few rows, and none is needed where a fit has converged."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((20000, 5))
    y = rng.random(20000) < special.expit(2.0 * x[:, 0])
    sizes = []
    original = separation.maximal_direction

    def counted(vectors: Any, *rest: Any) -> Any:
        sizes.append(len(vectors))
        return original(vectors, *rest)

    monkeypatch.setattr(separation, "maximal_direction", counted)
    rows = DenseRows(x, observed(y))
    assert find_separation(rows, fitted(rows, 1), True) == [None]
    assert not sizes
    assert find_separation(rows, np.zeros((1, 1, 6)), True) == [None]
    assert len(sizes) <= 2
    assert max(sizes) <= 400
    sizes.clear()
    # One row of the wrong side, at the boundary, and a feature that singles out another.
    rare = np.zeros(20000)
    rare[np.argmax(y)] = 1.0
    rows = DenseRows(np.column_stack([x, rare]), observed(y))
    found = find_separation(rows, fitted(rows, 1), True)[0]
    assert found is not None
    assert found.boundary == 19999
    assert len(sizes) <= 6
    assert max(sizes) <= 2000


@pytest.mark.parametrize("classes", [1, 3])
def test_a_converged_fit_is_not_suspect(classes: int) -> None:
    rng = np.random.default_rng(6)
    x = rng.standard_normal((400, 3)) + 5.0
    y = (
        rng.random(400) < special.expit(3 * x[:, 0] - 15)
        if classes == 1
        else rng.integers(0, 3, 400)
    )
    rows = DenseRows(x, observed(y))
    best = fitted(rows, classes)
    assert suspect(rows, best, True).tolist() == [False]
    # Far from the optimum nothing is proven.
    assert suspect(rows, 100.0 * best, True).tolist() == [True]


@given(st.integers(0, 10**6), st.sampled_from([1e-2, 1e-4, 1e-6, 1e-9]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_what_is_separable_is_always_suspect(seed: int, tol: float, several: bool) -> None:
    """Wherever the fit stopped."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-2, 3, (40, 2)).astype(float)
    rare = np.zeros(40)
    y = rng.integers(0, 3, 40) if several else rng.random(40) < 0.5
    rare[rng.choice(np.flatnonzero(y == y[0]), 1)] = 1.0
    rows = DenseRows(np.column_stack([x, rare]), observed(y))
    best = fitted(rows, 3 if several else 1, tol=tol)
    assert suspect(rows, best, True).tolist() == [True]


@pytest.mark.parametrize("layout", ["float32", "sparse", "blocks"])
@pytest.mark.parametrize("classes", [1, 3])
def test_layouts_agree(layout: str, classes: int) -> None:
    rng = np.random.default_rng(7)
    x = rng.integers(-3, 4, (90, 3)).astype(float)
    cut = x[:, 0] + x[:, 1]
    y = cut > 0 if classes == 1 else np.digitize(cut, [-1, 1])
    tied = rng.random(90) < 0.5
    y = np.where(cut == 0, tied, y) if classes == 1 else np.where(cut == 1, 1 + tied, y)
    y = y.astype(bool) if classes == 1 else y
    seen = observed(y)
    if layout == "float32":
        rows: Any = DenseRows(x.astype(np.float32), seen)
    elif layout == "sparse":
        rows = SparseRows(sparse.csc_array(x), seen)
    else:
        parts = [slice(0, 40), slice(40, None)]
        rows = Blocks([DenseRows(x[part], seen.of_rows(part)) for part in parts])
    wanted = find(x, y, classes)
    found = find_separation(rows, np.zeros((1, classes, 4)), True)[0]
    assert wanted.kind == "quasi-complete"
    assert found is not None
    assert (found.kind, found.boundary) == (wanted.kind, wanted.boundary)


def test_labels_one_by_one() -> None:
    y = np.column_stack([HALF, [0, 1, 0, 1, 0, 1], np.ones(6), [0, 0, 0, 1, 1, 0]]).astype(bool)
    weight = np.ones((6, 4))
    weight[5, 3] = 0.0
    rows = DenseRows(LINE, Observed(y, weight, np.zeros((1, 1))))
    names = ["half", "alternating", "all", "weighted"]
    found = find_separation(rows, np.zeros((4, 1, 2)), True, class_names=names)
    kinds = [None if f is None else (f.kind, f.rows, f.classes) for f in found]
    assert kinds == [
        ("complete", 6, ("half",)),
        None,
        ("complete", 6, ("all",)),
        ("complete", 5, ("weighted",)),
    ]


def test_messages() -> None:
    x = np.column_stack([LINE, [5.0, 1, 6, 0, 4, 3]])
    rows = DenseRows(x, observed(np.array([0, 0, 1, 0, 1, 1], bool)))
    found = find_separation(rows, np.zeros((1, 1, 3)), True, ["dose", "age"])[0]
    assert found is not None
    assert "complete separation" in found.message
    assert sorted(found.features) == ["age", "dose"]
    assert f"combination of {', '.join(found.features)} tells all 6 rows apart" in found.message
    alone = Separation("complete", np.array([[0.0, 1.0]]), ("1",), 6, 0, ())
    assert "the intercept alone tells all 6 rows apart" in alone.message
    quasi = find(np.array([[0.0], [1], [2], [2], [3], [4]]), HALF)
    assert (
        "a threshold of x1 tells 4 of 6 rows apart and is undecided on the others" in quasi.message
    )
    several = find(np.arange(9.0)[:, None], np.repeat([0, 1, 2], 3), 3)
    assert "classes 0, 1, 2" in several.message
    assert "Firth" not in several.message
    many = Separation("complete", np.ones((1, 8)), ("1",), 9, 0, tuple("abcdefg"))
    assert "a, b, c, d, e and 2 more" in many.message


def test_what_is_not_decided_is_said() -> None:
    rng = np.random.default_rng(8)
    y = rng.random(2100) < 0.5
    rows = SparseRows(sparse.random_array((2100, 2001), density=0.001, rng=rng), observed(y))
    with pytest.raises(UndecidedError, match="more than 2000 parameters"):
        find_separation(rows, np.zeros((1, 1, 2002)), True)
    x = rng.standard_normal((400, 30))
    hard = DenseRows(x, observed(rng.random(400) < 0.5))
    with pytest.raises(UndecidedError, match="longer than 0 seconds"):
        find_separation(hard, np.zeros((1, 1, 31)), True, time_limit=0.0)


def test_a_fit_warns_of_what_separates() -> None:
    y = np.column_stack([HALF, [0, 1, 0, 1, 0, 1]]).astype(bool)
    rows = DenseRows(LINE, Observed(y, np.ones((6, 1)), np.zeros((1, 1))))
    with pytest.warns(SeparationWarning, match="Label half: the data is separable") as caught:
        found = warn_of_separation(rows, np.zeros((2, 1, 2)), True, ["dose"], ["half", "b"], True)
    assert len(caught) == 1
    assert [f is None for f in found] == [False, True]


def test_a_fit_warns_of_what_is_not_decided_if_it_has_not_converged() -> None:
    rng = np.random.default_rng(8)
    matrix = sparse.random_array((2100, 2001), density=0.001, rng=rng)
    rows = SparseRows(matrix.tocsr(), observed(rng.random(2100) < 0.5))
    start = np.zeros((1, 1, 2002))
    assert warn_of_separation(rows, start, True, None, ["1"], converged=True) == [None]
    with pytest.warns(SeparationWarning, match="has not converged, perhaps because"):
        warn_of_separation(rows, start, True, None, ["1"], converged=False)
