"""One contender on one set, in a process of its own: prints one line of JSON.

python benchmarks/linear/one.py SET CONTENDER FOLDER TOLERANCE REPEATS
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from check import objective_and_gradient
from data import load
from sklearn.linear_model import LogisticRegression as Peer
from sklearn.multiclass import OneVsRestClassifier

C = 1.0
# Solvers whose tolerance is no gradient are asked for more until their gradient is small enough.
STRICTER = (1.0, 1e-2, 1e-4)
OURS = {"ogive float64": np.float64, "ogive float32": np.float32}
PEERS = ("lbfgs", "newton-cg", "newton-cholesky", "liblinear", "sag", "saga")


def contenders(name: str, x: Any, y: Any) -> list[str]:
    """Who can fit a set."""
    multinomial = y.ndim == 1 and len(np.unique(y)) > 2
    thin = not isinstance(x, np.ndarray)
    left_out = {"saga"} if not thin else {"newton-cholesky"}
    if multinomial:
        left_out.add("liblinear")
    if multinomial and x.shape[1] * len(np.unique(y)) > 5000:
        left_out.add("newton-cholesky")
    if name == "one-hot":
        left_out |= {"sag", "saga"}  # which do not arrive where features are not scaled
    return [*OURS, *(peer for peer in PEERS if peer not in left_out)]


def estimator(contender: str, tol: float, labels: bool) -> Any:
    if contender in OURS:
        from ogive.linear_model import LogisticRegression

        return LogisticRegression(C=C, tol=tol, max_iter=10_000)
    peer = Peer(C=C, solver=contender, tol=tol, max_iter=100_000)
    if contender == "liblinear":
        # It penalises the intercept, the less the larger its feature is.
        peer.set_params(intercept_scaling=1000.0)
    return OneVsRestClassifier(peer) if labels else peer


def coefficients(fitted: Any) -> tuple[Any, Any, int]:
    """Coefficients, intercepts and iterations."""
    parts = getattr(fitted, "estimators_", [fitted])
    coef = np.concatenate([part.coef_ for part in parts])
    intercept = np.concatenate([part.intercept_ for part in parts])
    return coef, intercept, int(max(np.max(part.n_iter_) for part in parts))


def main() -> None:
    name, contender, folder, tolerance, repeats = sys.argv[1:]
    tol = float(tolerance)
    x, y = load(name, Path(folder))
    if contender in OURS:
        x = x.astype(OURS[contender], copy=False)
    stricter = STRICTER if contender in ("liblinear", "sag", "saga") else STRICTER[:1]
    before = resource.getrusage(resource.RUSAGE_SELF)
    warnings.simplefilter("ignore")
    for factor in stricter:
        walls, cpus, fitted = [], [], None
        for _ in range(int(repeats)):
            fitted = estimator(contender, tol * factor, y.ndim == 2)
            cpu, wall = time.process_time(), time.perf_counter()
            fitted.fit(x, y)
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
        after = resource.getrusage(resource.RUSAGE_SELF)
        coef, intercept, iterations = coefficients(fitted)
        objective, gradient = objective_and_gradient(x, y, coef, intercept, C)
        if gradient <= 1.01 * tol:
            break
    report = getattr(fitted, "solver_report_", None)
    found = {
        "best": min(walls),
        "median": median(walls),
        "cpu": min(cpus),
        "memory": after.ru_maxrss / 1024.0,  # MiB
        "fit_memory": (after.ru_maxrss - before.ru_maxrss) / 1024.0,
        "iterations": iterations,
        "passes": None if report is None else report.passes,
        "objective": objective,
        "gradient": gradient,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
