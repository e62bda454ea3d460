"""Fits from files, read anew on each pass: the same optimum, and no more memory than allowed."""

from __future__ import annotations

import doctest
import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from beyond_cases import KINDS, Case, case, check, fit, fitted, totals_of
from pyarrow import parquet

from ogive.linear_model.census import census_of
from ogive.linear_model.in_memory import DenseRows
from ogive.linear_model.sources import open_rows


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of 64 rows of 5 features, so that small data has several."""
    monkeypatch.setattr("ogive.linear_model.stored.PIECE_BYTES", 64 * 5 * 8)


def table(data: Case) -> Any:
    columns = {f"x{j}": column for j, column in enumerate(data.x.T)}
    columns["weight"] = data.weight
    if data.offset.ndim == 1:
        columns["offset"] = data.offset
    else:
        columns |= {f"offset{j}": column for j, column in enumerate(data.offset.T)}
    if data.y.ndim == 1:
        columns["y"] = data.y
    else:
        columns |= {f"y{j}": column for j, column in enumerate(data.y.T)}
    return pa.table(columns)


def names(prefix: str, values: Any) -> Any:
    return prefix if values.ndim == 1 else [f"{prefix}{j}" for j in range(values.shape[1])]


LAYOUTS = {"rows": np.ascontiguousarray, "columns": np.asfortranarray}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_an_npy_file(kind: str, layout: str, tmp_path: Path) -> None:
    data = case(kind)
    np.save(tmp_path / "x.npy", LAYOUTS[layout](data.x))
    check(fit(open_rows(tmp_path / "x.npy", *data[1:])), data)


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.int64, np.uint8, ">f8", np.float16])
def test_types_of_features(dtype: Any, tmp_path: Path) -> None:
    data = case("binary")
    data = data._replace(x=np.abs(data.x).round().astype(dtype))
    np.save(tmp_path / "x.npy", data.x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    for x in (str(tmp_path / "x.npy"), mapped):
        opened = open_rows(x, *data[1:])
        block = next(opened.source.pieces()).matrix
        exact = np.dtype(dtype).itemsize <= 2 or dtype == np.float32
        assert block.dtype == (np.float32 if exact else np.float64)
        check(fit(opened), data)


@pytest.mark.parametrize("kind", KINDS)
def test_a_memory_map_with_targets_in_files(kind: str, tmp_path: Path) -> None:
    data = case(kind)
    for name, array in zip(data._fields, data, strict=True):
        np.save(tmp_path / f"{name}.npy", array)
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    y, weight, offset = (tmp_path / f"{name}.npy" for name in data._fields[1:])
    check(fit(open_rows(x, y, weight, offset)), data)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("group", [40, 300])
def test_a_parquet_file(kind: str, group: int, tmp_path: Path) -> None:
    data = case(kind)
    path = tmp_path / "table.parquet"
    parquet.write_table(table(data), path, row_group_size=group)
    opened = open_rows(path, names("y", data.y), "weight", names("offset", data.offset))
    assert opened.columns == tuple(f"x{j}" for j in range(5))
    check(fit(opened), data)


def test_a_folder_of_parquet_files_with_arrays_beside(tmp_path: Path) -> None:
    data = case("multinomial", dtype=np.float32)
    whole = table(data).select([f"x{j}" for j in range(5)])
    for i, (start, stop) in enumerate([(0, 100), (100, 100), (100, 650), (650, 700)]):
        parquet.write_table(whole.slice(start, stop - start), tmp_path / f"part-{i}.parquet")
    opened = open_rows(str(tmp_path), *data[1:])
    assert next(opened.source.pieces()).matrix.dtype == np.float32
    check(fit(opened), data)


def test_columns_of_categories_and_booleans_as_targets(tmp_path: Path) -> None:
    data = case("multinomial")
    whole = table(data)
    at = whole.column_names.index("y")
    coded = whole.set_column(at, "y", whole["y"].dictionary_encode())
    parquet.write_table(coded, tmp_path / "coded.parquet", row_group_size=200)
    opened = open_rows(tmp_path / "coded.parquet", "y", "weight", names("offset", data.offset))
    assert opened.census.classes.tolist() == ["ash", "birch", "cedar"]
    check(fit(opened), data)

    some = case("binary")
    yes = table(some._replace(y=some.y == 7))
    parquet.write_table(yes, tmp_path / "yes.parquet", row_group_size=200)
    opened = open_rows(tmp_path / "yes.parquet", "y", "weight", "offset")
    assert opened.census.classes.tolist() == [False, True]
    check(fit(opened), some)


def test_class_weights_and_no_weights(tmp_path: Path) -> None:
    for kind, class_weight in (("binary", [2.0, 0.5]), ("multinomial", [1.0, 0.2, 3.0])):
        data = case(kind)._replace(weight=None)
        np.save(tmp_path / "x.npy", data.x)
        opened = open_rows(tmp_path / "x.npy", data.y, None, data.offset)
        check(fit(opened, np.array(class_weight)), data, class_weight)


def test_a_census_counts_rows_and_weights() -> None:
    data = case("multinomial")
    halves = [
        census_of(data.y[part], data.weight[part], None) for part in (slice(300), slice(300, None))
    ]
    found = halves[0] + halves[1]  # type: ignore[operator]
    classes, rows = np.unique(data.y, return_counts=True)
    assert found.classes.tolist() == classes.tolist()
    assert found.rows[0].tolist() == rows.tolist()
    assert found.weight[0].tolist() == [data.weight[data.y == c].sum() for c in classes]
    assert found.size == 700


def test_moments_of_a_share_read_a_share(tmp_path: Path) -> None:
    data = case("binary")
    np.save(tmp_path / "x.npy", data.x)
    opened = open_rows(tmp_path / "x.npy", data.y)
    rows = opened.rows(opened.census.encoding())
    assert rows.scatter(np.zeros(5), None, 3, False).rows == 4 * 64
    assert rows.scatter(np.zeros(5), None, 1, False).rows == 700


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 137, 699])
def test_what_is_not_finite_is_found_before_any_step(bad: float, row: int, tmp_path: Path) -> None:
    data = case("binary")
    data.x[row, 3] = bad
    np.save(tmp_path / "x.npy", data.x)
    parquet.write_table(table(data), tmp_path / "x.parquet")
    steps: list[int] = []
    for path, y in ((tmp_path / "x.npy", data.y), (tmp_path / "x.parquet", "y")):
        opened = (
            open_rows(path, y) if path.suffix == ".npy" else open_rows(path, y, "weight", "offset")
        )
        what = "NaN" if np.isnan(bad) else "infinity"
        message = rf"contains {what}: .*{row // 64 * 64}.*, its row {row % 64}, column 3"
        with pytest.raises(ValueError, match=message):
            fit(opened, watch=lambda iteration, _: steps.append(iteration))
    assert not steps


def test_missing_numbers_in_parquet_are_found(tmp_path: Path) -> None:
    values = pa.array([1, None, 3, 4])
    parquet.write_table(pa.table({"a": values, "y": [0, 1, 0, 1]}), tmp_path / "x.parquet")
    with pytest.raises(ValueError, match="contains NaN: rows from 0, its row 1, column 0"):
        fit(open_rows(tmp_path / "x.parquet", "y"))
    parquet.write_table(pa.table({"y": values, "a": [0, 1, 0, 1]}), tmp_path / "y.parquet")
    with pytest.raises(ValueError, match="missing values"):
        open_rows(tmp_path / "y.parquet", "y")


def refusals(folder: Path) -> dict[str, tuple[Any, Any, type, str]]:
    x, y = np.eye(4), np.array([0, 1, 1, 0])
    np.save(folder / "x.npy", x)
    np.save(folder / "vector.npy", y)
    np.save(folder / "words.npy", np.array([["a"], ["b"]]))
    (folder / "cut.npy").write_bytes((folder / "x.npy").read_bytes()[:-8])
    (folder / "empty").mkdir()
    (folder / "x.csv").write_text("a,b\n")
    whole = pa.table({"a": x[0], "word": ["a", "b", "c", "d"], "y": y})
    parquet.write_table(whole, folder / "words.parquet")
    parquet.write_table(whole.select(["a", "y"]), folder / "x.parquet")
    parquet.write_table(whole.select(["y"]), folder / "y.parquet")
    (folder / "different").mkdir()
    parquet.write_table(whole, folder / "different" / "1.parquet")
    parquet.write_table(whole.select(["a", "y"]), folder / "different" / "2.parquet")
    fine = folder / "x.npy"
    return {
        "no file": (folder / "absent.npy", y, FileNotFoundError, "absent.npy"),
        "no folder": (folder / "absent", y, FileNotFoundError, "absent"),
        "empty folder": (folder / "empty", "y", FileNotFoundError, "no files"),
        "other format": (folder / "x.csv", y, ValueError, "neither a folder nor named"),
        "a vector": (folder / "vector.npy", y, ValueError, "Expected 2D array"),
        "words": (folder / "words.npy", y[:2], TypeError, "real numbers"),
        "cut": (folder / "cut.npy", y, ValueError, "shorter than the 256 bytes"),
        "too few targets": (fine, y[:3], ValueError, "4 rows, but y is of shape"),
        "a continuous target": (fine, x[0] + 0.5, ValueError, "Unknown label type: continuous"),
        "a missing target": (fine, x[0] * np.nan, ValueError, "y contains NaN"),
        "no indicators": (fine, x * 2.0, ValueError, "0 and 1 only"),
        "words and numbers": (fine, np.array([1, "a", 2, 3], object), ValueError, "mixes"),
        "column of words": (folder / "words.parquet", "y", TypeError, r"'word' \((large_)?string"),
        "missing column": (folder / "x.parquet", "z", ValueError, "no columns 'z'"),
        "no features": (folder / "y.parquet", "y", ValueError, "no columns besides 'y'"),
        "other columns": (folder / "different", "y", ValueError, "2.parquet has other columns"),
    }


def test_bad_input_is_refused_at_once(tmp_path: Path) -> None:
    for x, y, error, message in refusals(tmp_path).values():
        with pytest.raises(error, match=message):
            open_rows(x, y)


@pytest.mark.parametrize(
    ("weight", "offset", "message"),
    [
        ([1.0, np.inf, 1.0, 1.0], None, "sample_weight contains NaN or infinity"),
        ([1.0, -1.0, 1.0, 1.0], None, "sample_weight contains negative values"),
        (np.ones((4, 2)), None, "sample_weight.shape"),
        (None, [0.0, np.nan, 0.0, 0.0], "offset contains NaN or infinity"),
        (None, np.zeros((4, 3)), "offset has 3 columns, where 1 or 1 were expected"),
    ],
)
def test_weights_and_offsets_that_are_refused(
    weight: Any, offset: Any, message: str, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", np.eye(4))
    with pytest.raises(ValueError, match=message):
        fit(open_rows(tmp_path / "x.npy", np.array([0, 1, 1, 0]), weight, offset))


def test_one_class_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.eye(4))
    with pytest.raises(ValueError, match=r"only one class: 3"):
        fit(open_rows(tmp_path / "x.npy", np.full(4, 3)))


@pytest.mark.parametrize(
    "module", ["census", "distributed", "parquet", "pieces", "sources", "stored"]
)
def test_examples_run(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    result = doctest.testmod(import_module(f"ogive.linear_model.{module}"))
    assert result.attempted
    assert not result.failed


# Private memory of the whole process is limited, its libraries included, which take most of it:
# what is read must lie in it, and pages of a file that is mapped are the system's to take back.
LIMITED = """
    import json, resource, sys
    import numpy as np
    from ogive.linear_model import LogisticRegression
    path, target, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    x = np.load(path, mmap_mode="r") if sys.argv[4] == "mapped" else path
    found = LogisticRegression(tol=1e-5, alpha=1.0).fit(x, target)
    try:
        np.load(sys.argv[5])
    except MemoryError:
        limited = True
    else:
        limited = False
    print(json.dumps([[*found.coef_[0], *found.intercept_], limited]))
"""
LIMIT = 450_000_000
PARTS, ROWS, FEATURES = 116, 50_000, 40


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Any]]:
    """A small set so many times, and thrice as many zeros, which take no room on the disk."""
    folder = tmp_path_factory.mktemp("large")
    data = case("binary", n=ROWS, features=FEATURES)
    shape = (PARTS * ROWS, FEATURES)
    x = np.lib.format.open_memmap(folder / "x.npy", "w+", np.float64, shape)
    y = np.lib.format.open_memmap(folder / "y.npy", "w+", np.int8, shape[:1])
    assert (folder / "x.npy").stat().st_size >= 4 * LIMIT
    for name, values in (("full", data.x), ("zero", np.zeros_like(data.x))):
        columns = {f"x{j}": column for j, column in enumerate(values.T)}
        part = pa.table({**columns, "y": data.y.astype(np.int8)})
        parquet.write_table(part, folder / name, compression="none", use_dictionary=False)
    (folder / "table").mkdir()
    for i in range(PARTS):
        rows = slice(i * ROWS, (i + 1) * ROWS)
        y[rows] = data.y
        if i % 4 == 0:
            x[rows] = data.x
        name = "zero" if i % 4 else "full"
        (folder / "table" / f"{i:02}.parquet").symlink_to(folder / name)
    del x, y
    labels = np.append(data.y, [3, 7])
    weight = np.append(np.ones(ROWS), [3 * (data.y == 3).sum(), 3 * (data.y == 7).sum()])
    census = census_of(labels, weight, None)
    assert census is not None
    seen = census.encoding().observed(labels, weight, None)
    rows_of = DenseRows(np.vstack([data.x, np.zeros((2, FEATURES))]), seen)
    yield folder, fitted(rows_of, totals_of(census), tol=1e-8, alpha=1.0).parameters
    shutil.rmtree(folder)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_DATA is Linux's")
@pytest.mark.parametrize("how", ["read", "mapped", "parquet"])
def test_a_set_four_times_larger_than_memory(how: str, large: tuple[Path, Any]) -> None:
    folder, wanted = large
    path, target = (
        (folder / "table", "y") if how == "parquet" else (folder / "x.npy", folder / "y.npy")
    )
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            textwrap.dedent(LIMITED),
            path,
            target,
            str(LIMIT),
            how,
            folder / "x.npy",
        ],
        env={
            **os.environ,
            **single,
            "ARROW_DEFAULT_MEMORY_POOL": "system",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    found, limited = json.loads(done.stdout)
    assert limited
    np.testing.assert_allclose(found, wanted[0, 0], atol=1e-4)
