"""The estimator with features that are not in memory: as with those that are."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from beyond_cases import KINDS, Case, case
from pyarrow import parquet

from ogive.linear_model import LogisticRegression, LogisticRegressionCV, SeparationWarning


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Pieces of 64 rows of 5 features, so that small data has several."""
    monkeypatch.setattr("ogive.linear_model.stored.PIECE_BYTES", 64 * 5 * 8)
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


def stored(how: str, data: Case, folder: Path) -> tuple[Any, Any, Any, Any]:
    """A case as `fit` takes it: features, target, weights, offsets."""
    if how == "dask":
        chunks = (100, 1, 0, 399, 200)
        x, y = da.from_array(data.x, (chunks, 2)), da.from_array(data.y, 150)
        return x, y, data.weight, da.from_array(data.offset, 99)
    if how == "parquet":
        columns = {f"x{j}": column for j, column in enumerate(data.x.T)} | {"w": data.weight}
        named: list[Any] = []
        for name, each in (("y", data.y), ("o", data.offset)):
            several = {f"{name}{j}": column for j, column in enumerate(each.T)}
            columns |= {name: each} if each.ndim == 1 else several
            named.append(name if each.ndim == 1 else list(several))
        parquet.write_table(pa.table(columns), folder / "table.parquet", row_group_size=150)
        return str(folder / "table.parquet"), named[0], "w", named[1]
    for name, array in data._asdict().items():
        np.save(folder / f"{name}.npy", array)
    x, *beside = (folder / f"{name}.npy" for name in data._fields)
    return np.load(x, mmap_mode="r") if how == "mapped" else x, *beside


def same(found: Any, wanted: Any, atol: float = 1e-7) -> None:
    np.testing.assert_allclose(found.coef_, wanted.coef_, atol=atol)
    np.testing.assert_allclose(found.intercept_, wanted.intercept_, atol=atol)
    np.testing.assert_array_equal(np.ravel(found.classes_), np.ravel(wanted.classes_))
    assert found.n_features_in_ == wanted.n_features_in_


SETTINGS: dict[str, dict[str, Any]] = {
    "L2": {},
    "no intercept": {"fit_intercept": False},
    "balanced": {"class_weight": "balanced"},
    "L1": {"l1_ratio": 1.0, "alpha": 0.02},
    "without a penalty": {"C": np.inf},
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["npy", "mapped", "parquet", "dask"])
def test_the_fit_is_that_in_memory(how: str, kind: str, setting: str, tmp_path: Path) -> None:
    data = case(kind)
    given = stored(how, data, tmp_path)
    model = LogisticRegression(tol=1e-9, **SETTINGS[setting])
    x, y, weight, offset = given
    found = model.fit(x, y, sample_weight=weight, offset=offset)
    wanted = LogisticRegression(tol=1e-9, **SETTINGS[setting]).fit(*data)
    same(found, wanted)
    assert found.solver_report_.reason == "converged"
    for method in ("decision_function", "predict_proba", "predict"):
        there, here = (
            getattr(found, method)(x, offset),
            getattr(wanted, method)(data.x, data.offset),
        )
        if method == "predict":
            np.testing.assert_array_equal(there, here)
        else:
            np.testing.assert_allclose(there, here, atol=1e-6)


@pytest.mark.parametrize("how", ["npy", "parquet", "dask"])
def test_inference_is_that_in_memory(how: str, tmp_path: Path) -> None:
    data = case("multinomial")
    given = stored(how, data, tmp_path)
    model = LogisticRegression(C=np.inf, tol=1e-10)
    found = model.fit(*given).inference(*given)
    wanted = model.fit(*data).inference(*data)
    np.testing.assert_allclose(found.standard_errors, wanted.standard_errors, rtol=1e-7)
    assert str(LogisticRegression(C=np.inf).fit(*given).summary(*given))


def test_names_of_columns(tmp_path: Path) -> None:
    data = case("binary")
    x, y, weight, offset = stored("parquet", data, tmp_path)
    model = LogisticRegression().fit(x, y, weight, offset)
    assert model.feature_names_in_.tolist() == [f"x{j}" for j in range(5)]
    # Prediction takes them from any table that has them, in any order and among others.
    scores = data.x @ model.coef_[0] + model.intercept_
    table = pd.read_parquet(x)[["y", "x4", "x1", "x0", "x3", "x2"]]
    parquet.write_table(pa.Table.from_pandas(table), tmp_path / "other.parquet")
    np.testing.assert_allclose(model.decision_function(tmp_path / "other.parquet"), scores)
    of_dask = dd.from_pandas(table, npartitions=3)
    np.testing.assert_allclose(model.decision_function(of_dask), scores)
    parquet.write_table(pa.table({"x0": [1.0], "x1": [2.0]}), tmp_path / "few.parquet")
    with pytest.raises(ValueError, match=r"no columns 'x2', 'x3', 'x4'"):
        model.predict(tmp_path / "few.parquet")
    # A fit to something else forgets them.
    np.save(tmp_path / "x.npy", data.x)
    assert not hasattr(model.fit(tmp_path / "x.npy", data.y), "feature_names_in_")
    with pytest.raises(ValueError, match="5 features, but LogisticRegression is expecting 4"):
        model.fit(data.x[:, :4], data.y).inference(tmp_path / "x.npy", data.y)
    with pytest.raises(ValueError, match="X has 5 features, but 4 features are expected"):
        model.predict(tmp_path / "x.npy")


def test_a_data_frame_of_dask() -> None:
    data = case("binary")
    whole = pd.DataFrame(data.x, columns=list("abcde")).assign(y=data.y)
    of_dask = dd.from_pandas(whole, npartitions=4)
    found = LogisticRegression(tol=1e-9).fit(of_dask[list("abcde")], of_dask["y"])
    assert found.feature_names_in_.tolist() == list("abcde")
    same(found, LogisticRegression(tol=1e-9).fit(whole[list("abcde")], data.y))
    names = whole[list("eabcd")]
    with pytest.raises(ValueError, match="should match those that were passed during fit"):
        found.inference(dd.from_pandas(names, npartitions=4), of_dask["y"])


@pytest.mark.parametrize("kind", ["multinomial", "multilabel"])
def test_scores_without_weight_are_left_out(kind: str, tmp_path: Path) -> None:
    """A class whose rows weigh nothing, a label that all rows have."""
    data = case(kind)
    if kind == "multinomial":
        data = data._replace(weight=np.where(data.y == "birch", 0.0, data.weight))
    else:
        data.y[:, 1] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = LogisticRegression(tol=1e-9).fit(*stored("npy", data, tmp_path))
        wanted = LogisticRegression(tol=1e-9).fit(*data)
    assert np.isinf(found.intercept_).sum() == 1
    same(found, wanted)


def test_separation_and_firth(tmp_path: Path) -> None:
    data = case("binary")
    separable = np.where(data.x[:, 0] > 1.0, 7, 3)
    np.save(tmp_path / "x.npy", data.x)
    with pytest.warns(SeparationWarning, match="x1"):
        model = LogisticRegression(C=np.inf).fit(tmp_path / "x.npy", separable)
    assert model.separation_[0] is not None
    corrected = LogisticRegression(C=np.inf, firth=True)
    found = corrected.fit(tmp_path / "x.npy", separable).coef_
    np.testing.assert_allclose(found, corrected.fit(data.x, separable).coef_, rtol=1e-6)


def test_warm_starts_and_interruptions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = case("binary")
    given = stored("npy", data, tmp_path)
    model = LogisticRegression(tol=1e-9, warm_start=True).fit(*given)
    assert model.fit(*given).solver_report_.passes == 1
    from ogive.linear_model.pieces import PiecewiseRows

    evaluate, left = PiecewiseRows.evaluate, [4]

    def interrupted(self: Any, parameters: Any) -> Any:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return evaluate(self, parameters)

    monkeypatch.setattr(PiecewiseRows, "evaluate", interrupted)
    with pytest.warns(match="interrupted after"):
        stopped = LogisticRegression(tol=1e-9).fit(*given)
    assert np.isfinite(stopped.coef_).all()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"X": "absent.npy"}, FileNotFoundError, "no file or folder absent.npy"),
        ({"y": None}, ValueError, "y has to be given"),
        ({"y": np.ones(700)}, ValueError, "only one class: "),
        ({"sample_weight": np.zeros(700)}, ValueError, "at least one non-zero"),
        ({"sample_weight": np.full(700, np.inf)}, ValueError, "NaN or infinity"),
        ({"offset": np.zeros(3)}, ValueError, "offset is of shape"),
        ({"offset": np.zeros((700, 2))}, ValueError, "offset has 2 columns"),
        (
            {"sample_weight": np.where(case("binary").y == 3, 0.0, 1.0)},
            ValueError,
            "only one class",
        ),
    ],
)
def test_bad_input_is_an_error_before_any_pass(
    change: dict[str, Any], error: type, message: str, tmp_path: Path
) -> None:
    data = case("binary")
    # The first pass would find this.
    data.x[0, 0] = np.nan
    np.save(tmp_path / "x.npy", data.x)
    with pytest.raises(error, match=message):
        LogisticRegression().fit(**{"X": tmp_path / "x.npy", "y": data.y, **change})


def test_chunks_of_unknown_sizes_are_an_error() -> None:
    data = case("binary")
    x = da.from_array(data.x, 300)
    with pytest.raises(ValueError, match=r"call X.compute_chunk_sizes\(\) first"):
        LogisticRegression().fit(x[x[:, 0] > 0], data.y)
    for stored in (x, "table.parquet"):
        with pytest.raises(TypeError, match="LogisticRegressionCV fits arrays in memory"):
            LogisticRegressionCV().fit(stored, data.y)


def test_a_feature_that_is_not_finite_is_found_when_predicting(tmp_path: Path) -> None:
    data = case("binary")
    model = LogisticRegression().fit(data.x, data.y)
    data.x[70, 2] = np.nan
    np.save(tmp_path / "x.npy", data.x)
    for x in (tmp_path / "x.npy", da.from_array(data.x, 64)):
        with pytest.raises(ValueError, match=r"contains NaN: block 1 .*, its row 6, column 2"):
            model.predict_proba(x)
    with pytest.raises(ValueError, match="offset has 2 columns"):
        model.predict(da.from_array(data.x[:64], 64), np.zeros((64, 2)))
    with pytest.raises(ValueError, match="offset contains NaN"):
        model.predict(da.from_array(data.x[:64], 64), np.full(64, np.nan))
