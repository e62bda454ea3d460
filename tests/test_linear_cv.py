"""LogisticRegressionCV beside scikit-learn's: paths, scores, the choice."""

from __future__ import annotations

import doctest
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV as Peer
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold
from sklearn.preprocessing import scale
from sklearn.utils.estimator_checks import parametrize_with_checks

from ogive.linear_model import LogisticRegression, LogisticRegressionCV

CS = [1e-3, 0.1, 1.0, 30.0]


def binary() -> tuple[Any, Any]:
    x, y = load_breast_cancer(return_X_y=True)
    return scale(x[:, :10]), y


def iris() -> tuple[Any, Any]:
    x, y = load_iris(return_X_y=True)
    return scale(x), y


SETS = {"binary": binary, "iris": iris}


def peer(**parameters: Any) -> Any:
    return Peer(
        solver="newton-cholesky",
        tol=1e-11,
        max_iter=1000,
        use_legacy_attributes=False,
        l1_ratios=(0.0,),
        **{"scoring": None, **parameters},
    )


CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "log-loss": {"scoring": "neg_log_loss"},
    "no intercept": {"fit_intercept": False},
    "no refit": {"refit": False},
    "balanced": {"class_weight": "balanced"},
    "other folds": {"cv": StratifiedKFold(3, shuffle=True, random_state=0)},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", SETS)
def test_paths_scores_and_choice_are_scikit_learns(name: str, case: str) -> None:
    x, y = SETS[name]()
    own = LogisticRegressionCV(Cs=CS, tol=1e-9, **CASES[case]).fit(x, y)
    other = peer(Cs=CS, **CASES[case]).fit(x, y)
    paths = other.coefs_paths_[:, 0].copy()
    intercept = other.intercept_.copy()
    if name == "iris" and CASES[case].get("fit_intercept", True):
        # The sum of scikit-learn's intercepts is left as it comes out; ours is 0.
        paths[..., -1] -= paths[..., -1].mean(-1, keepdims=True)
        intercept -= intercept.mean()
    assert own.coefs_paths_.shape == paths.shape
    np.testing.assert_allclose(own.coefs_paths_, paths, atol=1e-5)
    np.testing.assert_allclose(own.scores_, other.scores_[:, 0], atol=1e-7)
    assert pytest.approx(other.C_) == own.C_
    np.testing.assert_allclose(own.coef_, other.coef_, atol=1e-5)
    np.testing.assert_allclose(own.intercept_, intercept, atol=1e-5)
    np.testing.assert_array_equal(own.predict(x), other.predict(x))
    assert own.score(x, y) == pytest.approx(other.score(x, y), abs=1e-6)
    assert own.n_iter_.shape == own.scores_.shape


def test_ten_penalties_by_default() -> None:
    x, y = binary()
    own = LogisticRegressionCV().fit(x, y)
    np.testing.assert_allclose(own.Cs_, np.logspace(-4, 4, 10))
    assert own.scores_.shape == (5, 10)
    again = LogisticRegression(C=own.C_).fit(x, y)
    np.testing.assert_allclose(own.decision_function(x), again.decision_function(x), atol=1e-2)
    assert own.passes_ < own.n_iter_.sum() / 2


def test_sample_weights_are_repetitions() -> None:
    x, y = binary()
    times = np.random.default_rng(0).integers(1, 4, len(y))
    groups = np.arange(len(y)) % 4
    weighted = LogisticRegressionCV(Cs=CS, tol=1e-9, cv=GroupKFold(4), scoring="neg_log_loss")
    repeated = clone(weighted)
    weighted.fit(x, y, sample_weight=times, groups=groups)
    repeated.fit(x.repeat(times, 0), y.repeat(times), groups=groups.repeat(times))
    order = [int(np.abs(weighted.scores_ - fold).max(1).argmin()) for fold in repeated.scores_]
    assert sorted(order) == [0, 1, 2, 3]
    np.testing.assert_allclose(weighted.scores_[order], repeated.scores_, atol=1e-7)
    assert weighted.C_ == repeated.C_
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-6)


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_labels_share_a_penalty(class_weight: Any) -> None:
    x, y = binary()
    both = np.column_stack([y, x[:, 0] + np.random.default_rng(0).standard_normal(len(y)) > 1])
    own = LogisticRegressionCV(Cs=CS, cv=KFold(3), tol=1e-9, class_weight=class_weight)
    own.fit(x, both.astype(int))
    assert own.coefs_paths_.shape == (3, 4, 2, 11)
    assert own.predict(x).shape == both.shape
    for label, target in enumerate(both.T):
        alone = clone(own).fit(x, target)
        np.testing.assert_allclose(own.coefs_paths_[:, :, [label]], alone.coefs_paths_, atol=1e-6)


def test_sparse_float32_and_frames() -> None:
    import pandas as pd

    x, y = binary()
    own = LogisticRegressionCV(Cs=CS).fit(x, y)
    for other in (sparse.csr_array(x), x.astype(np.float32), pd.DataFrame(x).add_prefix("f")):
        found = LogisticRegressionCV(Cs=CS).fit(other, y)
        np.testing.assert_allclose(found.scores_, own.scores_, atol=0.01)
        np.testing.assert_allclose(found.coefs_paths_[:, 1], own.coefs_paths_[:, 1], atol=1e-4)
    assert list(found.feature_names_in_) == [f"f{i}" for i in range(10)]


def test_an_offset_is_in_the_fits_and_in_the_scores() -> None:
    x, y = binary()
    offset = np.random.default_rng(0).standard_normal(len(y))
    own = LogisticRegressionCV(Cs=CS, cv=KFold(3), tol=1e-9).fit(x, y, offset=offset)
    train, test = next(KFold(3).split(x))
    alone = LogisticRegression(C=CS[1], tol=1e-9).fit(x[train], y[train], offset=offset[train])
    np.testing.assert_allclose(own.coefs_paths_[0, 1, :, :-1], alone.coef_, atol=1e-6)
    assert own.scores_[0, 1] == alone.score(x[test], y[test], offset=offset[test])
    with pytest.raises(ValueError, match="scorer knows no offset"):
        LogisticRegressionCV(scoring="accuracy").fit(x, y, offset=offset)


@pytest.mark.parametrize("Cs", [0, -1, [], [0.0], [1.0, -1.0], [[1.0]], [np.nan], "ten"])
def test_bad_penalties(Cs: Any) -> None:
    with pytest.raises(ValueError, match="Cs"):
        LogisticRegressionCV(Cs=Cs).fit(*binary())


def test_bad_folds_and_targets() -> None:
    x, y = binary()
    by_class = np.argsort(y)
    with pytest.raises(ValueError, match="fold 0 lacks a class"):
        LogisticRegressionCV(cv=[(by_class[-300:], by_class[:-300])]).fit(x, y)
    with pytest.raises(ValueError, match="only one class"):
        LogisticRegressionCV().fit(x, np.ones(len(x)))
    with pytest.raises(ValueError, match="nothing"):
        LogisticRegressionCV(scoring="nothing").fit(x, y)


def test_too_few_iterations_are_said() -> None:
    with pytest.warns(ConvergenceWarning, match="of 21 fits .iterations.*above tol"):
        LogisticRegressionCV(Cs=CS, max_iter=1).fit(*binary())


@parametrize_with_checks([LogisticRegressionCV(Cs=[0.01, 0.1], cv=3, tol=1e-10)])
def test_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def test_the_examples_run() -> None:
    result = doctest.testmod(import_module("ogive.linear_model.logistic_cv"))
    assert result.attempted > 0
    assert result.failed == 0
