"""Logistic regression as scikit-learn estimators."""

from __future__ import annotations

from ogive.linear_model.logistic import LogisticRegression
from ogive.linear_model.logistic_cv import LogisticRegressionCV
from ogive.linear_model.report import SolverReport

__all__ = ["LogisticRegression", "LogisticRegressionCV", "SolverReport"]
