"""The optimum beside that of glum, which minimises the same objective by other means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from glum import GeneralizedLinearRegressor
from scipy import sparse
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import scale

from ogive.linear_model import LogisticRegression


def data() -> tuple[Any, Any, Any, Any]:
    """Features, target, weights and offsets."""
    x, y = load_breast_cancer(return_X_y=True)
    rng = np.random.default_rng(0)
    return scale(x), y, rng.integers(0, 4, len(y)).astype(float), rng.standard_normal(len(y))


CASES: dict[str, dict[str, Any]] = {
    "weak L2": {"alpha": 1e-4, "l1_ratio": 0.0},
    "strong L2": {"alpha": 1.0, "l1_ratio": 0.0},
    "L1": {"alpha": 0.02, "l1_ratio": 1.0},
    "elastic net": {"alpha": 0.01, "l1_ratio": 0.4},
    "no intercept": {"alpha": 0.01, "l1_ratio": 0.4, "fit_intercept": False},
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("thin", [False, True])
def test_the_optimum_is_glums(case: str, weighted: bool, thin: bool) -> None:
    x, y, weight, offset = data()
    more = {"sample_weight": weight, "offset": offset} if weighted else {}
    if thin:
        x = sparse.csr_matrix(np.where(np.abs(x) < 1.0, 0.0, x))
    peer = GeneralizedLinearRegressor(
        family="binomial", gradient_tol=1e-11, max_iter=10_000, **CASES[case]
    )
    wanted = peer.fit(x, y, **more)
    found = LogisticRegression(tol=1e-11, **CASES[case]).fit(x, y, **more)
    np.testing.assert_allclose(found.coef_[0], wanted.coef_, atol=1e-6)
    np.testing.assert_allclose(found.intercept_[0], wanted.intercept_, atol=1e-6)
    assert ((found.coef_[0] == 0.0) == (wanted.coef_ == 0.0)).all()
