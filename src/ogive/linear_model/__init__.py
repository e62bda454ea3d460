"""Logistic regression as scikit-learn estimators."""
