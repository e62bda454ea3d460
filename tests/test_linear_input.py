"""What may go into the estimator, and what is refused before the first pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import scale

from ogive.linear_model import LogisticRegression, prepared
from ogive.linear_model.rows import Observed, Rows

X, Y = load_iris(return_X_y=True)
TWO = Y % 2
LABELS = np.eye(3, dtype=int)[Y]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_data_frames(frame: Any) -> None:
    names = ["a", "b", "c", "d"]
    data = frame(dict(zip(names, X.T, strict=True)))
    series = (pd.Series if frame is pd.DataFrame else pl.Series)(Y.tolist())
    model = LogisticRegression().fit(data, series)
    assert model.feature_names_in_.tolist() == names
    np.testing.assert_allclose(model.coef_, LogisticRegression().fit(X, Y).coef_, rtol=1e-10)
    assert model.score(data, Y) > 0.9
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(data[["b", "a", "c", "d"]])


def test_classes_of_strings_and_bools() -> None:
    names = np.array(["setosa", "versicolor", "virginica"])
    for given in (names[Y], pd.Series(names[Y]), list(names[Y]), names[Y].astype(object)):
        model = LogisticRegression().fit(X, given)
        assert model.classes_.tolist() == names.tolist()
        assert set(model.predict(X)) <= set(names)
    assert LogisticRegression().fit(X, Y == 1).predict(X).dtype == bool
    balanced = LogisticRegression(class_weight={"setosa": 2.0, "virginica": 1.0, "versicolor": 1.0})
    assert balanced.fit(X, names[Y]).score(X, names[Y]) > 0.9


def arrays() -> dict[str, Any]:
    wide = np.zeros((len(X), 8))
    wide[:, ::2] = X
    return {
        "C": np.ascontiguousarray(X),
        "Fortran": np.asfortranarray(X),
        "strided": wide[:, ::2],
        "backwards": np.ascontiguousarray(X[::-1])[::-1],
        "csr": sparse.csr_array(X),
        "csc": sparse.csc_matrix(X),
    }


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", arrays())
def test_matrices_go_in_as_they_are(
    name: str, dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = arrays()[name]
    given = given if given.dtype == dtype else given.astype(dtype)
    seen, rows_of = [], prepared.rows_of

    def spy(matrix: Any, observed: Observed) -> Rows:
        seen.append(matrix)
        return rows_of(matrix, observed)

    monkeypatch.setattr(prepared, "rows_of", spy)
    model = LogisticRegression(tol=1e-9).fit(given, Y)
    data = [part.data if sparse.issparse(part) else part for part in (given, seen[0])]
    assert np.shares_memory(data[0], data[1])
    expected = LogisticRegression(tol=1e-9).fit(X.astype(dtype).astype(float), Y)
    assert model.coef_.dtype == np.float64
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-6)
    np.testing.assert_allclose(
        model.decision_function(given), expected.decision_function(X.astype(dtype)), atol=1e-5
    )


@pytest.mark.parametrize("target", [TWO, Y, LABELS], ids=["binary", "multinomial", "labels"])
def test_float32_has_the_same_optimum(target: Any) -> None:
    x, _ = load_breast_cancer(return_X_y=True)
    x = scale(x)[: len(target)]
    narrow = LogisticRegression(tol=1e-9).fit(x.astype(np.float32), target)
    wide = LogisticRegression(tol=1e-9).fit(x, target)
    assert narrow.solver_report_.gradient <= 1e-9
    np.testing.assert_allclose(narrow.coef_, wide.coef_, atol=1e-5)


def test_other_numbers_become_float64() -> None:
    whole = np.round(X * 10)
    expected = LogisticRegression().fit(whole, Y).coef_
    for given in (whole.astype(int), whole.astype(np.float16), whole.tolist()):
        np.testing.assert_array_equal(LogisticRegression().fit(given, Y).coef_, expected)
    coo = sparse.coo_array(whole)
    np.testing.assert_allclose(LogisticRegression(tol=1e-9).fit(coo, Y).coef_, expected, atol=1e-4)


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csr_matrix, sparse.csc_array])
def test_sparse_matrices_of_64_bit_indices(kind: Any) -> None:
    thin = kind(sparse.random_array((60, 10), density=0.3, rng=np.random.default_rng(0)))
    target = np.random.default_rng(1).integers(0, 2, 60)
    expected = LogisticRegression(tol=1e-9).fit(thin.toarray(), target)
    for name in ("indices", "indptr"):
        setattr(thin, name, getattr(thin, name).astype(np.int64))
    model = LogisticRegression(tol=1e-9).fit(thin, target)
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-6)
    np.testing.assert_allclose(model.predict_proba(thin), expected.predict_proba(thin), atol=1e-6)


def test_nothing_given_is_changed() -> None:
    weight, offset = np.arange(150.0), np.ones((150, 3))
    given = [X.copy(), Y.copy(), weight.copy(), offset.copy()]
    LogisticRegression(class_weight="balanced").fit(*given)
    for before, after in zip((X, Y, weight, offset), given, strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("n_jobs", [1, -1])
def test_the_number_of_threads_is_put_back(n_jobs: int) -> None:
    from ogive import _core

    before = _core.limit_num_threads(7)
    try:
        LogisticRegression(n_jobs=n_jobs).fit(X, Y)
        assert _core.limit_num_threads(7) == 7
    finally:
        _core.limit_num_threads(before)


BAD_PARAMETERS: list[tuple[dict[str, Any], str]] = [
    ({"C": 0.0}, r"The 'C' parameter of LogisticRegression must be a float in the range \(0.0"),
    ({"C": -1}, "The 'C' parameter"),
    ({"C": np.nan}, "The 'C' parameter"),
    ({"C": "1"}, "The 'C' parameter"),
    ({"C": 1e-312}, "C=1e-312 is too small"),
    ({"alpha": -1e-3}, "The 'alpha' parameter"),
    ({"alpha": np.inf}, "The 'alpha' parameter"),
    ({"alpha": 0.1, "C": 2.0}, "only one of them may be given: got C=2.0, alpha=0.1"),
    ({"l1_ratio": 1.1}, "The 'l1_ratio' parameter"),
    ({"tol": 0.0}, "The 'tol' parameter"),
    ({"max_iter": -1}, "The 'max_iter' parameter"),
    ({"max_iter": 1.5}, "The 'max_iter' parameter"),
    ({"n_jobs": 0}, "n_jobs == 0"),
    ({"class_weight": "even"}, "The 'class_weight' parameter"),
    ({"class_weight": {7: 1.0}}, "are not in class_weight"),
    ({"class_weight": {0: -1.0, 1: 1.0, 2: 1.0}}, "Class weights must be finite and not negative"),
    ({"class_weight": {0: np.inf, 1: 1.0, 2: 1.0}}, "Class weights must be finite"),
    ({"class_weight": [{0: 1.0}]}, "got 1 for a multinomial target of 3 scores"),
]

ONES = np.ones(150)
BAD_DATA: list[tuple[tuple[Any, ...], str]] = [
    ((X, np.zeros(150)), "needs samples of at least 2 classes .* only one class"),
    ((X, Y + 0.5), "Unknown label type"),
    ((X, Y[:-1]), "inconsistent numbers of samples"),
    ((X, None), "requires y to be passed, but the target y is None"),
    ((X, np.column_stack([Y, Y])), "y should be a 1d array"),
    ((X, LABELS + 1), r"no indicator matrix of 0 and 1: its values are \[1, 2\]"),
    ((X, np.ones((150, 2), int)), "every label of y has only one class"),
    ((np.where(X > 7, np.nan, X), Y), "Input X contains NaN"),
    ((np.where(X > 7, np.inf, X), Y), "Input X contains infinity"),
    ((X, Y, ONES[:-1]), r"sample_weight.shape == \(149,\), expected \(150,\)!"),
    ((X, Y, ONES * np.inf), "Input sample_weight contains infinity"),
    ((X, Y, -ONES), "Negative values in data passed to `sample_weight`"),
    ((X, Y, 0 * ONES), "Sample weights must contain at least one non-zero number"),
    ((X, Y, ONES * 1e308), "The sum of the sample weights is infinite"),
    ((X, Y, (Y == 1) * 1.0), "only one class has weight: .*1"),
    ((X, Y, None, ONES), r"offset.shape == \(150,\), expected \(150, 3\)!"),
    ((X, TWO, None, np.ones((150, 2))), r"offset.shape == \(150, 2\), expected \(150,\)!"),
    ((X, LABELS, None, np.ones((150, 2))), r"offset.shape == \(150, 2\), expected \(150, 3\)!"),
    ((X, TWO, None, ONES * np.nan), "Input offset contains NaN"),
]


@pytest.fixture
def no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows_of(*arguments: Any) -> None:
        raise AssertionError("rows were asked for")

    monkeypatch.setattr(prepared, "rows_of", rows_of)


@pytest.mark.usefixtures("no_pass")
@pytest.mark.parametrize(("parameters", "message"), BAD_PARAMETERS)
def test_bad_parameters_are_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LogisticRegression(**parameters).fit(X, Y)


@pytest.mark.usefixtures("no_pass")
@pytest.mark.parametrize(("given", "message"), BAD_DATA)
def test_bad_data_are_refused(given: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LogisticRegression().fit(*given)


def test_bad_offsets_of_predictions_are_refused() -> None:
    model = LogisticRegression().fit(X, Y)
    with pytest.raises(ValueError, match=r"offset.shape == \(150,\), expected \(150, 3\)!"):
        model.predict(X, offset=ONES)
    with pytest.raises(ValueError, match="X has 3 features, but LogisticRegression is expecting 4"):
        model.predict(X[:, :3])
    with pytest.raises(NotFittedError):
        LogisticRegression().predict_proba(X)


def test_a_column_of_classes_is_a_target_with_a_warning() -> None:
    from sklearn.exceptions import DataConversionWarning

    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        model = LogisticRegression().fit(X, Y[:, None])
    assert model.coef_.shape == (3, 4)
