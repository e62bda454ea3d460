"""Logistic regression as scikit-learn estimators."""

from __future__ import annotations

from ogive.linear_model.inference import Inference
from ogive.linear_model.logistic import LogisticRegression
from ogive.linear_model.logistic_cv import LogisticRegressionCV
from ogive.linear_model.report import SolverReport
from ogive.linear_model.separable import SeparationWarning
from ogive.linear_model.separation import Separation
from ogive.linear_model.summary import Summary

__all__ = [
    "Inference",
    "LogisticRegression",
    "LogisticRegressionCV",
    "Separation",
    "SeparationWarning",
    "SolverReport",
    "Summary",
]
