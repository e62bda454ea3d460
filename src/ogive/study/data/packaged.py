"""The data sets that scikit-learn brings."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ogive.study.data.dataset import Dataset
from ogive.study.data.split import prepare

__all__ = ["breast_cancer", "digits", "wine"]


def digits() -> Dataset:
    """Return the digits: 1,797 images of 8 × 8 pixels, 10 classes.

    Returns
    -------
    Dataset
        Of the kind "images", (1, 8, 8).

    Examples
    --------
    >>> digits().shape
    Shape(kind='images', inputs=(1, 8, 8), classes=10)
    """
    # Read where scikit-learn keeps it: importing the library takes a second, as long as a run.
    package = find_spec("sklearn")
    assert package is not None
    assert package.origin is not None
    file = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
    if file.exists():
        table = np.loadtxt(file, delimiter=",")
        inputs, targets = table[:, :-1], table[:, -1].astype(np.int64)
    else:
        from sklearn.datasets import load_digits

        inputs, targets = load_digits(return_X_y=True)
    return prepare(inputs.reshape(-1, 1, 8, 8), targets, kind="images")


def breast_cancer() -> Dataset:
    """Return Breast Cancer Wisconsin (Diagnostic): 569 rows of 30 features, 2 classes."""
    from sklearn.datasets import load_breast_cancer

    return prepare(*load_breast_cancer(return_X_y=True), kind="vectors")


def wine() -> Dataset:
    """Return Wine: 178 rows of 13 features, 3 classes."""
    from sklearn.datasets import load_wine

    return prepare(*load_wine(return_X_y=True), kind="vectors", mixed=False)
