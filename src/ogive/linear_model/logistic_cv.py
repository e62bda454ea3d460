"""Logistic regression whose penalty is chosen by cross-validation, all folds in the same passes."""

from __future__ import annotations

import warnings
from functools import partial
from math import prod
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import get_scorer
from sklearn.model_selection import check_cv
from sklearn.utils._param_validation import Interval, validate_parameter_constraints
from sklearn.utils.validation import _num_samples, check_is_fitted

from ogive.linear_model import validation
from ogive.linear_model.design import rows_of
from ogive.linear_model.logistic import LogisticRegression
from ogive.linear_model.path import Path, fit_path
from ogive.linear_model.predictions import Predictions
from ogive.linear_model.rows import Observed
from ogive.linear_model.sources import is_stored
from ogive.linear_model.targets import Target, target_of
from ogive.linear_model.threads import blas_alone, limited_threads, threads_of
from ogive.linear_model.weighting import weights_of

Array = Any

_SHARED = ("tol", "fit_intercept", "class_weight", "n_jobs", "verbose")
_CONSTRAINTS: dict[str, list[Any]] = {
    "Cs": [Interval(Integral, 1, None, closed="left"), "array-like"],
    "cv": ["cv_object"],
    "scoring": [str, callable, None],
    "refit": ["boolean"],
    "max_iter": [Interval(Integral, 0, None, closed="left")],
    **{name: validation.CONSTRAINTS[name] for name in _SHARED},
}


# scikit-learn has no types, and strict type checkers refuse a base that has none.
class LogisticRegressionCV(Predictions, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression with an L2 penalty that cross-validation chooses.

    All folds are fitted together, each along its own path from the strongest penalty to the
    weakest, and share every pass over the data.  What is minimised, and what the target decides,
    is as for `LogisticRegression`; of several labels one penalty is chosen for all.

    Parameters
    ----------
    Cs : int or array_like of float, optional
        Inverses of the penalty, as scikit-learn's: α = 1 / (C times the sum of the weights of the
        rows that are fitted). An integer for so many from 1e-4 to 1e4. Default 10.
    cv : int, splitter or iterable, optional
        As scikit-learn's: an integer for so many folds, stratified but for several labels.
        Default 5.
    scoring : str, callable or None, optional
        A scorer of scikit-learn's. Without one the accuracy, which of several labels is the share
        of rows with all labels right; "neg_log_loss" takes notice of probabilities.
    refit : bool, optional
        Whether all rows are fitted again with the best C. Otherwise coefficients are the mean over
        the folds, each with its best C. Default True.
    tol : float, optional
        What the largest entry of the gradient of the mean objective may be. Default 1e-6.
    fit_intercept : bool, optional
        Whether scores have an intercept. Default True.
    class_weight : dict, list of dict, "balanced" or None, optional
        As for `LogisticRegression`; "balanced" by the classes of all rows.
    max_iter : int, optional
        At most so many iterations for one fold and penalty. Default 1000.
    n_jobs : int, optional
        As many threads `fit` may use, of Ogive and of BLAS.
    verbose : int, optional
        1 prints what the path took. Default 0.

    Attributes
    ----------
    classes_ : ndarray of shape (classes,), or list of ndarray
        As for `LogisticRegression`.
    coef_ : ndarray of float64
        Of shape (1, features), (classes, features) or (labels, features).
    intercept_ : ndarray of float64
        Of shape (1,), (classes,) or (labels,).
    Cs_ : ndarray of shape (Cs,)
        All C.
    C_ : float
        The best; without `refit` the mean of the folds' best.
    scores_ : ndarray of shape (folds, Cs)
        Of the rows that a fold was not fitted to.
    coefs_paths_ : ndarray of shape (folds, Cs, scores, features + 1)
        Coefficients of all fits, without the last column if there are no intercepts.
    n_iter_ : ndarray of int32, shape (folds, Cs)
        Iterations, from the optimum of the C before; of several labels the most.
    passes_ : int
        Passes over all rows, of all fits together.
    n_features_in_ : int
        Features seen by `fit`.
    feature_names_in_ : ndarray of str
        Their names, where there are any.

    Notes
    -----
    `C_`, `scores_`, `coefs_paths_` and `n_iter_` have the shapes of scikit-learn's with
    `use_legacy_attributes=False`, without the axis of `l1_ratios`, of which there are none.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from ogive.linear_model import LogisticRegressionCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LogisticRegressionCV(scoring="neg_log_loss").fit(X, y)
    >>> model.scores_.shape, round(float(model.scores_.mean(0).max()), 2)
    ((5, 10), -0.11)
    """

    def __init__(
        self,
        *,
        Cs: Any = 10,
        cv: Any = None,
        scoring: Any = None,
        refit: bool = True,
        tol: float = 1e-6,
        fit_intercept: bool = True,
        class_weight: Any = None,
        max_iter: int = 1000,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.Cs = Cs
        self.cv = cv
        self.scoring = scoring
        self.refit = refit
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.max_iter = max_iter
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None, groups: Any = None
    ) -> Any:
        """Fit all folds at all C, choose, and fit all rows.

        Parameters
        ----------
        X : array_like, sparse matrix or data frame, shape (n, features)
            Features.
        y : array_like or sparse matrix, shape (n,) or (n, labels)
            Classes, or an indicator matrix of 0 and 1.
        sample_weight : array_like, optional
            Of shape (n,): in the fits and in the scores.
        offset : array_like, optional
            Added to the scores: of shape (n,), of several classes (n, classes), of several labels
            (n, labels). Only without `scoring`, for scorers know nothing of it.
        groups : array_like, optional
            Of shape (n,), for a `cv` that asks for groups.

        Returns
        -------
        LogisticRegressionCV
            This one.

        Raises
        ------
        ValueError
            Before any pass: for parameters out of range, C that are not positive, features or
            weights that are not finite, shapes that do not fit, a fold whose rows lack a class.
        TypeError
            For a path or a Dask collection.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            Where a fit did not reach its optimum.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from ogive.linear_model import LogisticRegressionCV
        >>> model = LogisticRegressionCV(Cs=[0.1, 1.0]).fit(*load_iris(return_X_y=True))
        >>> model.C_, model.coef_.shape
        (1.0, (3, 4))
        """
        Cs, scorer = self._checked(offset)
        if is_stored(X) and not isinstance(X, np.ndarray):
            raise TypeError(
                "LogisticRegressionCV fits arrays in memory, for folds take their rows from "
                f"anywhere: got {type(X).__name__}. LogisticRegression takes what is stored."
            )
        X, y = validation.checked_features(self, X, y, reset=True)
        target = target_of(y)
        sample = validation.checked_sample_weight(sample_weight, X)
        weight, _ = weights_of(target, self.class_weight, sample)
        offset = validation.checked_offset(offset, X.shape[0], target.outputs)
        observed = Observed(target.codes, weight, offset)
        splits = list(check_cv(self.cv, y, classifier=True).split(X, y, groups))
        train = np.zeros((len(splits), _num_samples(X)), np.bool_)
        for own, (rows, _) in zip(train, splits, strict=True):
            own[rows] = True
        fit = partial(
            fit_path,
            partial(rows_of, X),
            observed,
            classes=target.outputs if target.kind == "multinomial" else 1,
            fit_intercept=bool(self.fit_intercept),
            tol=self.tol,
            max_iter=self.max_iter,
        )
        with limited_threads(threads_of(self.n_jobs)), blas_alone(prod(X.shape)):
            path = fit(train, _alphas(Cs, train, weight))
            flat = path.parameters.reshape(*path.parameters.shape[:2], -1, X.shape[1] + 1)
            self.classes_ = target.classes
            self.scores_ = np.array(
                [
                    self._scores_of(fold, X, y, sample, offset, test, scorer)
                    for fold, (_, test) in zip(flat, splits, strict=True)
                ]
            )
            paths, chosen = [path], self._choose(Cs, path)
            if self.refit:
                everything = np.ones((1, len(observed.weight)), np.bool_)
                alpha = _alphas(np.array([self.C_]), everything, weight)
                paths.append(fit(everything, alpha, start=chosen[None]))
                chosen = paths[-1].parameters[0, 0]
        self._keep(flat, chosen, path, Cs)
        self.passes_ = sum(one.passes for one in paths)
        self._tell(paths, target)
        return self

    def _checked(self, offset: Any) -> tuple[Array, Any]:
        """Return all C and the scorer."""
        validate_parameter_constraints(
            _CONSTRAINTS, self.get_params(deep=False), caller_name=type(self).__name__
        )
        Cs = np.logspace(-4, 4, self.Cs) if isinstance(self.Cs, Integral) else self.Cs
        Cs = np.asarray(Cs, np.float64)
        if Cs.ndim != 1 or not len(Cs) or not (Cs > 0).all():
            raise ValueError(f"Cs must be a positive integer or a list of positive C: {self.Cs!r}")
        if self.scoring is not None and offset is not None:
            raise ValueError("A scorer knows no offset: leave out one of scoring and offset")
        return Cs, None if self.scoring is None else get_scorer(self.scoring)

    def _scores_of(
        self, fold: Array, X: Any, y: Any, sample: Array, offset: Array, test: Array, scorer: Any
    ) -> list[float]:
        """Return the scores of a fold at every C."""
        rows, right, weight = X[test], _rows(y, test), sample[test]
        plain = offset.shape == (1, 1)
        found = []
        for parameters in fold:
            model = _model(self.classes_, parameters)
            if scorer is None:
                there = None if plain else offset[test]
                found.append(model.score(rows, right, weight, there))
            elif (sample == sample[0]).all():
                found.append(float(scorer(model, rows, right)))
            else:
                found.append(float(scorer(model, rows, right, sample_weight=weight)))
        return found

    def _choose(self, Cs: Array, path: Path) -> Array:
        """Find the best C, and return the folds' mean there."""
        if self.refit:
            best = np.full(len(self.scores_), self.scores_.sum(0).argmax())
        else:
            best = self.scores_.argmax(1)
        self.C_ = float(Cs[best].mean())
        chosen: Array = path.parameters[np.arange(len(best)), best].mean(0)
        return chosen

    def _keep(self, flat: Array, chosen: Array, path: Path, Cs: Array) -> None:
        chosen = chosen.reshape(-1, chosen.shape[-1])
        self.coef_, self.intercept_ = chosen[:, :-1].copy(), chosen[:, -1].copy()
        self.coefs_paths_ = flat if self.fit_intercept else flat[..., :-1]
        self.n_iter_ = path.iterations.max(2).astype(np.int32)
        self.Cs_ = Cs

    def _tell(self, paths: list[Path], target: Target) -> None:
        reasons = np.concatenate([path.reasons.ravel() for path in paths])
        sizes = np.concatenate([path.sizes.ravel() for path in paths])
        if self.verbose:
            print(f"{len(reasons)} fits of a {target.kind} target in {self.passes_} passes")
        failed = (reasons != "converged") & ~(sizes <= self.tol)
        if failed.any():
            warnings.warn(
                f"LogisticRegressionCV failed to converge in {failed.sum()} of {len(failed)} fits "
                f"({', '.join(sorted(set(reasons[failed].tolist())))}): the largest entry of a "
                f"gradient is {sizes[failed].max():.3g}, above tol={self.tol:g}. Increase "
                "max_iter, leave out the largest C, or centre and scale the features",
                ConvergenceWarning,
                stacklevel=3,
            )

    def score(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> float:
        """Return the score that `scoring` chose by.

        Parameters
        ----------
        X : array_like, sparse matrix or data frame, shape (n, features)
            Features.
        y : array_like, shape (n,) or (n, labels)
            What is right.
        sample_weight : array_like, optional
            Of shape (n,).
        offset : array_like, optional
            Added to the scores; only without `scoring`.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            For an offset next to `scoring`.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from ogive.linear_model import LogisticRegressionCV
        >>> X, y = load_iris(return_X_y=True)
        >>> model = LogisticRegressionCV(Cs=3, scoring="neg_log_loss").fit(X, y)
        >>> round(model.score(X, y), 2)
        -0.04
        """
        check_is_fitted(self)
        if self.scoring is None:
            return super().score(X, y, sample_weight, offset)
        if offset is not None:
            raise ValueError("A scorer knows no offset: leave out one of scoring and offset")
        more = {} if sample_weight is None else {"sample_weight": sample_weight}
        return float(get_scorer(self.scoring)(self, X, y, **more))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        return tags


def _alphas(Cs: Array, train: Array, weight: Array) -> Array:
    """Return penalties, of shape (folds, labels or 1, Cs): labels may weigh differently."""
    total = train @ weight
    return np.stack([validation.penalty_of(C, None, total) for C in Cs], -1)


def _model(classes: Any, parameters: Array) -> LogisticRegression:
    """Return parameters as an estimator, for scorers."""
    model = LogisticRegression()
    model.classes_ = classes
    model.coef_, model.intercept_ = parameters[:, :-1], parameters[:, -1]
    model.n_features_in_ = model.coef_.shape[1]
    return model


def _rows(y: Any, rows: Array) -> Any:
    return y[rows] if hasattr(y, "shape") else np.asarray(y)[rows]
