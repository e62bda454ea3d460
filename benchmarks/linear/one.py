"""One contender on one set, in a process of its own: prints one line of JSON.

python benchmarks/linear/one.py FOLDER SET CONTENDER TOLERANCE
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from check import objective_and_gradient
from contenders import OURS, STRICTER, Penalty, coefficients, estimator, warm_up
from data import load

# Fits are repeated for so many seconds; but for the only one, the first is not counted.
SECONDS = 1.0
MOST = 30


def fits(contender: str, penalty: Penalty, tol: float, x: Any, y: Any) -> tuple[Any, list[Any]]:
    """Fit again and again: the last fit, and wall and CPU seconds of each."""
    times: list[Any] = []
    fitted: Any = None
    while len(times) < MOST and sum(wall for wall, _ in times) < SECONDS:
        fitted = estimator(contender, penalty, tol, y.ndim == 2)
        cpu, wall = time.process_time(), time.perf_counter()
        fitted.fit(x, y)
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
    return fitted, times[len(times) > 1 :]


def peak() -> float:
    """The most memory that this process has had, in MiB; the system's own count outlives exec."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024.0


def main() -> None:
    folder, name, contender, tolerance = sys.argv[1:]
    tol = float(tolerance)
    x, y, l1_ratio, alpha = load(name, Path(folder))
    penalty = Penalty(alpha, l1_ratio, x.shape[0])
    if contender in OURS:
        x = x.astype(OURS[contender], copy=False)
    warnings.simplefilter("ignore")
    warm_up(contender, not isinstance(x, np.ndarray))
    before = peak()
    for factor in STRICTER.get(contender, (1.0,)):
        fitted, times = fits(contender, penalty, tol * factor, x, y)
        after = peak()
        coef, intercept, iterations = coefficients(fitted)
        objective, gradient = objective_and_gradient(x, y, coef, intercept, alpha, l1_ratio)
        if gradient <= 1.01 * tol:
            break
    report = getattr(fitted, "solver_report_", None)
    found = {
        "walls": [wall for wall, _ in times],
        "cpu": min(cpu for _, cpu in times),
        "memory": after,
        "fit_memory": after - before,
        "iterations": iterations,
        "passes": None if report is None else report.passes,
        "objective": objective,
        "gradient": gradient,
        "nonzero": int((coef != 0.0).sum()),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
