"""Inference as methods of an estimator."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ogive.linear_model import validation
from ogive.linear_model.inference import Inference, infer
from ogive.linear_model.prepared import prepared
from ogive.linear_model.summary import Summary
from ogive.linear_model.targets import names_of
from ogive.linear_model.weighting import with_weight

Array = Any


class Inferences:
    """The methods of an estimator that says how sure its coefficients are.

    An estimator keeps no rows, so that they are given again.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from ogive.linear_model import LogisticRegression
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LogisticRegression(C=float("inf")).fit(X[:, :2], y)
    >>> model.inference(X[:, :2], y).standard_errors.round(3)
    array([[0.101, 0.037, 1.774]])
    """

    classes_: Any
    coef_: Any
    intercept_: Array
    C: float
    alpha: float | None
    l1_ratio: float
    fit_intercept: bool
    class_weight: Any
    firth: bool

    def inference(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        offset: Any = None,
        *,
        kind: str = "hessian",
    ) -> Inference | list[Inference]:
        """Return standard errors, tests and intervals, from the rows of the fit.

        Parameters
        ----------
        X, y, sample_weight, offset : object
            What `fit` was given.
        kind : {"hessian", "sampling", "robust"}, optional
            How the covariance is estimated, see `ogive.linear_model.inference.infer`. Default
            "hessian", the usual one; with a penalty that of the posterior.

        Returns
        -------
        Inference, or list of Inference
            Of several labels a list of one for each whose rows have both values.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        ValueError
            For an L1 penalty; for rows that are not those of the fit, or a fit that has not
            converged; for features that are linear combinations of others; with class weights for
            another kind than "robust".
        """
        found, several = self._inferences(X, y, sample_weight, offset, kind)
        return found if several else found[0]

    def summary(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        offset: Any = None,
        *,
        kind: str = "hessian",
        target: str | None = None,
        level: float = 0.95,
    ) -> Summary:
        """Return a table of what `inference` returns.

        Parameters
        ----------
        X, y, sample_weight, offset : object
            What `fit` was given.
        kind : {"hessian", "sampling", "robust"}, optional
            As for `inference`.
        target : str, optional
            What to call y. Default its own name, if it has one, or "y".
        level : float, optional
            The coverage of the intervals. Default 0.95.

        Returns
        -------
        Summary

        Raises
        ------
        ValueError
            As `inference` does, and for a level that is not between 0 and 1.
        """
        name = target or str(getattr(y, "name", None) or "y")
        return Summary(self._inferences(X, y, sample_weight, offset, kind)[0], name, level)

    def _inferences(
        self, X: Any, y: Any, sample_weight: Any, offset: Any, kind: str
    ) -> tuple[list[Inference], bool]:
        check_is_fitted(self)
        if self.class_weight is not None and kind != "robust":
            raise ValueError(
                "class weights are no counts of rows, so that with class_weight the covariance is "
                'that of kind="robust"'
            )
        given = prepared(self, X, y, sample_weight, offset, reset=False)
        target, totals = given.target, given.totals
        if not np.array_equal(np.ravel(target.classes), np.ravel(self.classes_)):
            raise ValueError("y has other classes than those of the fit")
        kept = np.ones(target.outputs, bool)
        if self.fit_intercept:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # `fit` has told of them
                kept = with_weight(target, totals)
        total = given.totals_of(kept).sum(1)
        several = target.kind == "multilabel"
        of_all = np.column_stack([self.coef_, self.intercept_])[kept]
        parameters = of_all[None] if target.kind == "multinomial" else of_all[:, None]
        found = infer(
            given.rows(kept),
            parameters,
            total,
            alpha=validation.penalty_of(self.C, self.alpha, total),
            l1_ratio=self.l1_ratio,
            fit_intercept=bool(self.fit_intercept),
            kind=kind,
            feature_names=getattr(self, "feature_names_in_", None),
            class_names=names_of(target, kept),
            firth=bool(self.firth),
        )
        return found, several
