"""Who fits, and how each is asked for the same objective and the same gradient."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Array = Any


class Penalty(NamedTuple):
    """alpha ((1 - l1_ratio) / 2 |w|² + l1_ratio |w|₁), next to a mean loss of `rows` rows."""

    alpha: float
    l1_ratio: float
    rows: int


OURS = {"ogive float64": np.float64, "ogive float32": np.float32}
SKLEARN = ("newton-cholesky", "newton-cg", "lbfgs", "liblinear", "sag", "saga")
L1 = ("skglm", "glum", "liblinear", "saga")
# Those whose tolerance is no gradient are asked for more until their gradient is small enough.
STRICTER = dict.fromkeys(("liblinear", "sag", "saga", "skglm", "glum"), (1.0, 0.01, 0.0001))


def contenders(x: Any, y: Any, penalty: Penalty) -> list[str]:
    """Who can fit a set: the likely fastest first, so that others may be given up beside them."""
    thin = not isinstance(x, np.ndarray)
    if penalty.l1_ratio:
        return [*OURS, *L1]
    classes = len(np.unique(y)) if y.ndim == 1 else 2
    left_out = {"newton-cholesky"} if thin else {"saga"}
    if classes > 2:
        left_out.add("liblinear")
        if x.shape[1] * classes > 5000:
            left_out.add("newton-cholesky")
    return [*OURS, *(peer for peer in SKLEARN if peer not in left_out)]


def estimator(contender: str, penalty: Penalty, tol: float, labels: bool) -> Any:
    """An estimator that has not been fitted."""
    alpha, l1_ratio, rows = penalty
    if contender in OURS:
        from ogive.linear_model import LogisticRegression

        return LogisticRegression(alpha=alpha, l1_ratio=l1_ratio, tol=tol, max_iter=10_000)
    if contender == "skglm":
        from skglm import SparseLogisticRegression

        return SparseLogisticRegression(alpha=alpha, tol=tol, max_iter=1000, max_epochs=100_000)
    if contender == "glum":
        from glum import GeneralizedLinearRegressor

        return GeneralizedLinearRegressor(
            family="binomial", alpha=alpha, l1_ratio=l1_ratio, gradient_tol=tol, max_iter=10_000
        )
    from sklearn.linear_model import LogisticRegression as Peer
    from sklearn.multiclass import OneVsRestClassifier

    peer = Peer(
        C=1.0 / (alpha * rows), l1_ratio=l1_ratio, solver=contender, tol=tol, max_iter=100_000
    )
    if contender == "liblinear":
        # It penalises the intercept, the less the larger its feature is.
        peer.set_params(intercept_scaling=1000.0)
    return OneVsRestClassifier(peer) if labels else peer


def warm_up(contender: str, thin: bool) -> None:
    """Let what is compiled at the first call be compiled."""
    if contender == "skglm":
        from scipy import sparse

        x = np.random.default_rng(0).standard_normal((50, 3))
        model = estimator(contender, Penalty(1e-3, 1.0, 50), 1e-3, labels=False)
        model.fit(sparse.csr_matrix(x) if thin else x, (x[:, 0] > 0).astype(np.int64))


def coefficients(fitted: Any) -> tuple[Any, Any, int]:
    """Coefficients, intercepts and iterations."""
    parts = getattr(fitted, "estimators_", [fitted])
    coef = np.concatenate([np.atleast_2d(part.coef_) for part in parts])
    intercept = np.concatenate([np.atleast_1d(part.intercept_) for part in parts])
    return coef, intercept, int(max(np.max(part.n_iter_) for part in parts))
