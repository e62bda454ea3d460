"""What must not change a fit, or change it in a known way, whatever the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ogive.linear_model import LogisticRegression

KINDS = ("binary", "multinomial", "multilabel")
PENALTIES: tuple[dict[str, Any], ...] = (
    {"alpha": 0.02},
    {"alpha": 0.01, "l1_ratio": 0.7},
    {"alpha": 0.02, "fit_intercept": False},
    {"C": 0.5, "class_weight": "balanced"},
)
TOL = 1e-9
# Curvatures of the least penalty times this are within the tolerance of the gradient.
NEAR = 2e-6

seeds = st.integers(0, 10**6)
kinds = st.sampled_from(KINDS)
penalties = st.sampled_from(PENALTIES)
few = settings(max_examples=15, deadline=None)


def draw(kind: str, seed: int, n: int = 80, features: int = 4) -> tuple[Any, Any]:
    """Features of unlike scales, correlated, and what they say of a target, noisily."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, features)) @ rng.uniform(-1.0, 1.0, (features, features))
    x = x * rng.uniform(0.5, 2.0, features) + rng.uniform(-2.0, 2.0, features)
    vectors = 3 if kind != "binary" else 1
    scores = x @ rng.standard_normal((features, vectors)) + rng.logistic(size=(n, vectors))
    if kind == "multinomial":
        y: Any = scores.argmax(1)
        y[:3] = [0, 1, 2]  # all classes are there
        return x, y
    y = (scores > np.median(scores, 0)).astype(int)
    return x, y[:, 0] if kind == "binary" else y


def fit(x: Any, y: Any, penalty: dict[str, Any], weight: Any = None) -> Any:
    return LogisticRegression(tol=TOL, **penalty).fit(x, y, weight)


def same(found: Any, wanted: Any, columns: Any = slice(None)) -> None:
    np.testing.assert_allclose(found.coef_[:, columns], wanted.coef_, atol=NEAR)
    np.testing.assert_allclose(found.intercept_, wanted.intercept_, atol=4.0 * NEAR)


@few
@given(kinds, penalties, seeds)
def test_the_order_of_rows(kind: str, penalty: dict[str, Any], seed: int) -> None:
    x, y = draw(kind, seed)
    order = np.random.default_rng(seed + 1).permutation(len(x))
    same(fit(x[order], y[order], penalty), fit(x, y, penalty))


@few
@given(kinds, penalties, seeds)
def test_the_order_of_columns(kind: str, penalty: dict[str, Any], seed: int) -> None:
    x, y = draw(kind, seed)
    order = np.random.default_rng(seed + 1).permutation(x.shape[1])
    same(fit(x[:, order], y, penalty), fit(x, y, penalty), np.argsort(order))


@few
@given(kinds, penalties, seeds)
def test_a_weight_is_a_number_of_rows(kind: str, penalty: dict[str, Any], seed: int) -> None:
    x, y = draw(kind, seed)
    times = np.random.default_rng(seed + 1).integers(0, 4, len(x))
    times[:3] = 1
    repeated = fit(np.repeat(x, times, 0), np.repeat(y, times, 0), penalty)
    same(fit(x, y, penalty, times.astype(float)), repeated)


@few
@given(kinds, penalties, seeds, st.floats(0.01, 100.0))
def test_all_weights_times_a_factor(
    kind: str, penalty: dict[str, Any], seed: int, factor: float
) -> None:
    """alpha is beside a mean, and C beside a sum."""
    x, y = draw(kind, seed)
    weight = np.random.default_rng(seed + 1).uniform(0.1, 2.0, len(x))
    other = dict(penalty)
    if "C" in other:
        other["C"] /= factor
    same(fit(x, y, other, factor * weight), fit(x, y, penalty, weight))


@few
@given(kinds, st.sampled_from(PENALTIES[:2]), seeds)
def test_where_a_feature_has_its_origin(kind: str, penalty: dict[str, Any], seed: int) -> None:
    """Intercepts are free, and take it up."""
    x, y = draw(kind, seed)
    by = np.random.default_rng(seed + 1).uniform(-10.0, 10.0, x.shape[1])
    found, wanted = fit(x + by, y, penalty), fit(x, y, penalty)
    np.testing.assert_allclose(found.coef_, wanted.coef_, atol=NEAR)
    moved = found.intercept_ + found.coef_ @ by
    moved -= moved.mean() * (kind == "multinomial")
    wanted = wanted.intercept_ - wanted.intercept_.mean() * (kind == "multinomial")
    np.testing.assert_allclose(moved, wanted, atol=1e-4)


@few
@given(kinds, seeds, st.lists(st.integers(-6, 6), min_size=4, max_size=4))
def test_the_units_of_features(kind: str, seed: int, powers: list[int]) -> None:
    """Without a penalty, probabilities do not depend on them."""
    x, y = draw(kind, seed, n=150)
    rng = np.random.default_rng(seed + 1)
    y = np.where(rng.random(y.shape) < 0.2, rng.permutation(y), y)  # nothing separates it
    units = 10.0 ** np.array(powers)
    found = LogisticRegression(C=np.inf, tol=TOL).fit(x * units, y)
    wanted = LogisticRegression(C=np.inf, tol=TOL).fit(x, y)
    np.testing.assert_allclose(found.predict_proba(x * units), wanted.predict_proba(x), atol=1e-4)


@few
@given(kinds, penalties, seeds)
def test_the_sign_of_a_feature(kind: str, penalty: dict[str, Any], seed: int) -> None:
    x, y = draw(kind, seed)
    signs = np.array([1.0, -1.0, 1.0, -1.0])
    found, wanted = fit(x * signs, y, penalty), fit(x, y, penalty)
    np.testing.assert_allclose(found.coef_ * signs, wanted.coef_, atol=NEAR)


@few
@given(penalties, seeds)
def test_the_names_of_two_classes(penalty: dict[str, Any], seed: int) -> None:
    x, y = draw("binary", seed)
    found, wanted = fit(x, 1 - y, penalty), fit(x, y, penalty)
    np.testing.assert_allclose(found.coef_, -wanted.coef_, atol=NEAR)
    np.testing.assert_allclose(found.intercept_, -wanted.intercept_, atol=4.0 * NEAR)


@few
@given(penalties, seeds)
def test_the_names_of_classes(penalty: dict[str, Any], seed: int) -> None:
    x, y = draw("multinomial", seed)
    order = np.random.default_rng(seed + 1).permutation(3)
    found, wanted = fit(x, order[y], penalty), fit(x, y, penalty)
    np.testing.assert_allclose(found.coef_[order], wanted.coef_, atol=NEAR)
    np.testing.assert_allclose(
        found.predict_proba(x)[:, order], wanted.predict_proba(x), atol=4.0 * NEAR
    )


@few
@given(kinds, penalties, seeds)
def test_features_of_single_precision(kind: str, penalty: dict[str, Any], seed: int) -> None:
    """The optimum is that of the numbers they are, not one that is less exact."""
    x, y = draw(kind, seed)
    short = x.astype(np.float32)
    same(fit(short, y, penalty), fit(short.astype(np.float64), y, penalty))


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_twice_shares_its_coefficient(kind: str) -> None:
    """An L2 penalty is least where the halves are equal, and without one they are found too."""
    x, y = draw(kind, 3)
    twice = np.column_stack([x, x[:, 0]])
    found = fit(twice, y, {"alpha": 0.02}).coef_
    np.testing.assert_allclose(found[:, 0], found[:, -1], atol=NEAR)
