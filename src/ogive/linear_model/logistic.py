"""Logistic regression: binary, multinomial and multi-label, by what the target is."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin

from ogive.linear_model import validation
from ogive.linear_model.firth import fit_firth
from ogive.linear_model.inferred import Inferences
from ogive.linear_model.minimise import Minimum, minimise
from ogive.linear_model.objective import PenalisedLoss
from ogive.linear_model.predictions import Predictions
from ogive.linear_model.prepared import Prepared, prepared
from ogive.linear_model.report import report_of, warn_of
from ogive.linear_model.separable import warn_of_separation
from ogive.linear_model.targets import Outputs, names_of
from ogive.linear_model.threads import blas_alone, limited_threads, threads_of
from ogive.linear_model.weighting import with_weight

Array = Any


# scikit-learn has no types, and strict type checkers refuse a base that has none.
class LogisticRegression(Inferences, Predictions, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression, at its optimum within few passes over the data.

    Minimised is the mean loss plus α ((1 - l1_ratio) / 2 |w|² + l1_ratio |w|₁), whose mean is
    weighted by the sample weights, and whose intercept is free.  The target decides: two classes
    are binary (one score, the sigmoid of which is the probability of the second), more classes are
    multinomial (one score for each, and their softmax), and an indicator matrix is multi-label
    (an independent binary problem for every label, all fitted in the same passes).

    Parameters
    ----------
    C : float, optional
        As scikit-learn's: α = 1 / (C times the sum of the sample weights, class weights included).
        `numpy.inf` for no penalty. Default 1.
    l1_ratio : float, optional
        Between 0, the default, for L2 and 1 for L1.
    alpha : float, optional
        α itself, in the place of C.
    tol : float, optional
        What the largest entry of the gradient of the objective above may be. Default 1e-6.
    fit_intercept : bool, optional
        Whether scores have an intercept. Default True.
    class_weight : dict, list of dict, "balanced" or None, optional
        What the weights of the rows of every class are multiplied with; "balanced" by n / (classes
        times rows of the class), rows counted by their weights. For several labels of the keys 0
        and 1, for all labels or a list of one for each.
    firth : bool, optional
        Whether the log-likelihood is corrected by half the logarithm of the determinant of the
        information (Firth, 1993): coefficients are finite where classes are separable, and less
        biased in small samples. For two classes or labels, without a penalty. Default False.
    warm_start : bool, optional
        Whether `fit` begins at the coefficients of the last one, if their shapes are the same.
        Default False.
    max_iter : int, optional
        At most so many iterations. Default 1000.
    n_jobs : int, optional
        As many threads `fit` may use, of Ogive and of BLAS. Without it they keep their own limits.
    verbose : int, optional
        1 prints a line for every pass, and the report. Default 0.

    Attributes
    ----------
    classes_ : ndarray of shape (classes,), or list of ndarray
        The classes. Of several labels a list of [0, 1] for each, as scikit-learn has it where
        there are several outputs.
    coef_ : ndarray of float64
        Of shape (1, features), (classes, features) or (labels, features). Of several classes they
        sum to 0 but where an L1 penalty decides otherwise.
    intercept_ : ndarray of float64
        Of shape (1,), (classes,) or (labels,). Of several classes they sum to 0. -inf for a class
        of more than two whose rows have no weight, infinite for a label that all rows have, or
        none: then coefficients are 0, and probabilities 0 or 1. The others' are what they are
        without it.
    n_iter_ : ndarray of int32
        Of shape (1,), or (labels,).
    separation_ : list of Separation or None
        Of a fit without a penalty, for every label that was fitted, or of all classes: which
        direction separates, and which rows are on the boundary; None where none does.
    solver_report_ : SolverReport
        How the optimum was reached, and how well.
    n_features_in_ : int
        Features seen by `fit`.
    feature_names_in_ : ndarray of str
        Their names, where there are any.

    Notes
    -----
    float32 features stay as they are in memory; sums over rows are of float64, and so are the
    coefficients. The solver is L-BFGS preconditioned by the Gram matrix, or by the Hessian where
    progress is slow, and its proximal form where there is an L1 penalty.

    Source: J. Nocedal, S. J. Wright (2006), Numerical optimization, chapter 7; parameters and
    attributes those of scikit-learn's `LogisticRegression`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from ogive.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression().fit(X, y)
    >>> float(model.score(X, y)), model.solver_report_.reason
    (0.9733333333333334, 'converged')
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        l1_ratio: float = 0.0,
        alpha: float | None = None,
        tol: float = 1e-6,
        fit_intercept: bool = True,
        class_weight: Any = None,
        firth: bool = False,
        warm_start: bool = False,
        max_iter: int = 1000,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.C = C
        self.l1_ratio = l1_ratio
        self.alpha = alpha
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.firth = firth
        self.warm_start = warm_start
        self.max_iter = max_iter
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> Any:
        """Fit coefficients and intercepts.

        Parameters
        ----------
        X : array_like, sparse matrix, data frame, path, numpy.memmap or Dask collection
            Features, of shape (n, features). Arrays of float32 and float64 of any layout, CSR and
            CSC are not copied. What is not in memory is read anew on each pass: a path of a .npy
            file, of a Parquet file or of a folder of them, a memory map, a Dask array or data
            frame, whose blocks are passed over where the scheduler has them.
        y : array_like or sparse matrix, shape (n,) or (n, labels)
            Classes, or an indicator matrix of 0 and 1. Beside Parquet also the name of its column,
            or a list of names; beside a .npy file the path of another; beside a Dask collection
            another one.
        sample_weight : array_like, optional
            Of shape (n,), or as y is given.
        offset : array_like, optional
            Added to the scores: of shape (n,), of several classes (n, classes), of several labels
            (n, labels), or as y is given.

        Returns
        -------
        LogisticRegression
            This one.

        Raises
        ------
        ValueError
            Before any pass: for parameters out of range, features or weights that are not finite,
            shapes that do not fit, or fewer than two classes that have weight. Features that are
            not in memory are found not to be finite by the first pass.
        FileNotFoundError, TypeError
            For a path that is not there; for features that are no real numbers.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            Where the optimum was not reached, and after an interruption from the keyboard, which
            leaves the coefficients of the last iteration.
        SeparationWarning
            Without a penalty, where a direction separates the classes: then there is no optimum.
        UserWarning
            For a label that all rows have, or none.

        Examples
        --------
        >>> from ogive.linear_model import LogisticRegression
        >>> model = LogisticRegression(C=10.0).fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])
        >>> model.coef_.round(3)
        array([[0.815]])
        """
        validation.check_parameters(self)
        threads = threads_of(self.n_jobs)
        given = prepared(self, X, y, sample_weight, offset, reset=True)
        target, totals = given.target, given.totals
        if self.firth:
            validation.check_firth(self.C, self.alpha, target.kind)
        # Without an intercept, a penalty keeps all parameters finite.
        kept = with_weight(target, totals) if self.fit_intercept else np.ones(target.outputs, bool)
        with limited_threads(threads):
            objective, l1 = self._objective(given, kept)
            with blas_alone(prod(objective.rows.shape)):
                found = self._minimise(objective, l1, self._start(objective, kept))
            self._keep(found, target, totals, kept, bool(l1.any()))
            self.solver_report_ = report_of(found, _preconditioner(objective, found))
            if self.verbose:
                print(self.solver_report_)
            told = self._tell_of_separation(objective, l1, found, names_of(target, kept))
        if not told:
            warn_of(self.solver_report_, self.tol)
        return self

    def _tell_of_separation(
        self, objective: PenalisedLoss, l1: Array, found: Minimum, names: list[str]
    ) -> bool:
        """Look for a direction that separates; whether there is one, which a warning says."""
        penalised = objective.penalty.any() or l1.any() or self.firth
        if penalised or found.reason == "interrupted":
            self.__dict__.pop("separation_", None)
            return False
        self.separation_ = warn_of_separation(
            objective.rows,
            found.parameters,
            bool(self.fit_intercept),
            getattr(self, "feature_names_in_", None),
            names,
            converged=found.reason == "converged",
            stacklevel=4,
        )
        return any(one is not None for one in self.separation_)

    def _objective(self, given: Prepared, kept: Array) -> tuple[PenalisedLoss, Array]:
        """Return what is minimised but for the L1 penalty, and that penalty's strengths."""
        totals = given.totals_of(kept)
        total = totals.sum(1)
        penalty = validation.penalty_of(self.C, self.alpha, total)
        shares = totals / total[:, None]
        if not self.fit_intercept:
            # Where a fit without intercepts begins, all classes are alike.
            shares = np.full_like(shares, 1.0 / totals.shape[1])
        if given.target.kind != "multinomial":
            shares = shares[:, 1:]
        # Beyond these the logarithms of odds would be no use as intercepts.
        shares = np.clip(shares, 1e-12, 1.0 - 1e-12)
        kind = _Told if self.verbose else PenalisedLoss
        smooth = penalty * (1.0 - self.l1_ratio)
        objective = kind(given.rows(kept), smooth, total, shares, bool(self.fit_intercept))
        return objective, penalty * self.l1_ratio

    def _start(self, objective: PenalisedLoss, kept: Array) -> Array:
        start = objective.start()
        if not (self.warm_start and hasattr(self, "coef_")):
            return start
        coef = self.coef_.toarray() if sparse.issparse(self.coef_) else self.coef_
        if coef.shape != (len(kept), start.shape[2] - 1):
            return start
        before: Array = np.column_stack([coef, self.intercept_])[kept].reshape(start.shape)
        finite = np.isfinite(before[..., -1])
        before[..., -1] = np.where(finite, before[..., -1], start[..., -1])
        if not self.fit_intercept:
            before[..., -1] = 0.0
        return before

    def _minimise(self, objective: PenalisedLoss, l1: Array, start: Array) -> Minimum:
        if self.firth:
            return fit_firth(
                objective.rows,
                objective.total_weight,
                bool(self.fit_intercept),
                self.tol,
                self.max_iter,
            )
        if not l1.any():
            return minimise(objective, start, self.tol, self.max_iter)
        # Loaded where it is needed.
        from ogive.linear_model.elastic import minimise_elastic

        return minimise_elastic(objective, l1, start, self.tol, self.max_iter)

    def _keep(
        self, found: Minimum, target: Outputs, totals: Array, kept: Array, sparsely: bool
    ) -> None:
        parameters = found.parameters
        if target.kind == "multinomial":
            # Softmax is blind to what all classes share; L2 removes it, an L1 penalty decides.
            mean = parameters.mean(1, keepdims=True)
            mean[..., :-1] *= not sparsely
            parameters = parameters - mean
        parameters = parameters.reshape(-1, parameters.shape[2])
        self.coef_ = np.zeros((len(kept), parameters.shape[1] - 1))
        self.intercept_ = np.full(len(kept), -np.inf)
        if target.kind == "multilabel":
            self.intercept_[totals[:, 0] == 0.0] = np.inf
        self.coef_[kept], self.intercept_[kept] = parameters[:, :-1], parameters[:, -1]
        self.n_iter_ = np.zeros(len(totals), np.int32)
        self.n_iter_[kept if len(totals) > 1 else slice(None)] = found.iterations
        self.classes_ = target.classes

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        return tags


class _Told(PenalisedLoss):
    """Prints a line for every pass."""

    def evaluate(self, parameters: Array, problems: Array) -> tuple[Array, Array]:
        values, gradients = super().evaluate(parameters, problems)
        print(
            f"pass over {len(problems)} problem(s): objective {values.mean():.10g}, "
            f"gradient {np.abs(gradients).max():.3g}"
        )
        return values, gradients


def _preconditioner(objective: PenalisedLoss, found: Minimum) -> str:
    which = "Hessian" if found.renewals else "Gram matrix"
    diagonal = objective.diagonal if found.renewals else objective.diagonal_first
    return f"diagonal of the {which}" if diagonal else which
