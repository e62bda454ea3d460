"""What a solver did, and the warning where it did not arrive."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from sklearn.exceptions import ConvergenceWarning

from ogive.linear_model.minimise import Minimum

_ENDED = {
    "converged": "converged",
    "iterations": "stopped at the most iterations allowed",
    "precision": "stopped where rounding allows no step further",
    "interrupted": "interrupted",
}


@dataclass(frozen=True)
class SolverReport:
    """What the solver of a fit did.

    Attributes
    ----------
    reason : str
        "converged"; "iterations": `max_iter` was reached; "precision": no step lowers the
        objective any more; "interrupted": from the keyboard.
    iterations : int
        Taken; of several labels the most.
    passes : int
        Over all rows, for the objective and its gradient.
    renewals : int
        Hessians computed on the way.
    gradient : float
        The largest entry of the gradient of the mean objective; of several labels the largest.
    objective : float
        The penalised mean loss; of several labels their mean.
    history : tuple of float
        `gradient` after every iteration, of what had not converged before.
    preconditioner : str
        What stands for the inverse Hessian.

    Examples
    --------
    >>> from ogive.linear_model import SolverReport
    >>> print(SolverReport("converged", 2, 3, 0, 1e-9, 0.5, (0.1, 1e-4, 1e-9), "Gram matrix"))
    converged: 2 iterations, 3 passes, 0 Hessians renewed
    gradient 1e-09 (largest entry), objective 0.5
    preconditioner: Gram matrix
    """

    reason: str
    iterations: int
    passes: int
    renewals: int
    gradient: float
    objective: float
    history: tuple[float, ...]
    preconditioner: str

    def __str__(self) -> str:
        return (
            f"{_ENDED[self.reason]}: {self.iterations} iterations, {self.passes} passes, "
            f"{self.renewals} Hessians renewed\n"
            f"gradient {self.gradient:.3g} (largest entry), objective {self.objective:.10g}\n"
            f"preconditioner: {self.preconditioner}"
        )


def report_of(found: Minimum, preconditioner: str) -> SolverReport:
    """Return the report of a minimisation.

    Parameters
    ----------
    found : ogive.linear_model.minimise.Minimum
        Where it ended.
    preconditioner : str
        What stood for the inverse Hessian.

    Returns
    -------
    SolverReport

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model.minimise import Minimum
    >>> from ogive.linear_model.report import report_of
    >>> found = Minimum(np.zeros((1, 1, 2)), np.array([0.5]), np.array([1e-9]), np.array([3]), 4)
    >>> report_of(found, "Gram matrix").passes
    4
    """
    return SolverReport(
        found.reason,
        int(found.iterations.max()),
        found.passes,
        found.renewals,
        float(found.sizes.max()),
        float(found.values.mean()),
        tuple(found.history),
        preconditioner,
    )


def warn_of(report: SolverReport, tol: float) -> None:
    """Say where a fit ended before its optimum, and what helps.

    Parameters
    ----------
    report : SolverReport
        Of the fit.
    tol : float
        What the gradient was to fall below.

    Warns
    -----
    sklearn.exceptions.ConvergenceWarning
        Unless it converged, or no step was left where the gradient is within `tol`.

    Examples
    --------
    >>> from ogive.linear_model import SolverReport
    >>> from ogive.linear_model.report import warn_of
    >>> warn_of(SolverReport("converged", 2, 3, 0, 1e-9, 0.5, (1e-9,), "Gram matrix"), 1e-6)
    """
    beside = "above" if report.gradient > tol else "within"
    where = f"the largest entry of its gradient is {report.gradient:.3g}, {beside} tol={tol:g}"
    if report.reason == "iterations":
        text = (
            f"LogisticRegression failed to converge after {report.iterations} iterations "
            f"(max_iter): {where}. Increase max_iter, or tol if this is near enough. "
            "Without a penalty, separable classes have no optimum: decrease C."
        )
    elif report.reason == "precision" and report.gradient > tol:
        text = (
            "LogisticRegression failed to converge: no step lowers the objective beyond its "
            f"rounding errors, and {where}. Features far from 0 next to their spread, or of very "
            "different scales, lose digits: centre and scale them (StandardScaler), or increase "
            "tol."
        )
    elif report.reason == "interrupted":
        text = (
            f"LogisticRegression failed to converge: interrupted after {report.iterations} "
            f"iterations, and {where}. Its attributes are those of the last iteration; "
            "warm_start=True goes on from there."
        )
    else:
        return
    warnings.warn(text, ConvergenceWarning, stacklevel=3)
