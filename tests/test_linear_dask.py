"""Fits of Dask collections: the same optimum, whatever the scheduler and whoever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from beyond_cases import KINDS, Case, case, check, fit, in_memory
from scipy import sparse

from ogive import _core
from ogive.linear_model import LogisticRegression
from ogive.linear_model.distributed import DaskRows
from ogive.linear_model.in_memory import DenseRows
from ogive.linear_model.sources import open_rows

UNEVEN = (100, 1, 0, 399, 200)


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


def arrays(data: Case, chunks: Any = UNEVEN) -> tuple[Any, ...]:
    """All of a case as Dask arrays; each in chunks of its own."""
    x = da.from_array(data.x, (chunks, 2))
    y = da.from_array(data.y, 150)
    offset = da.from_array(data.offset, 99)
    return x, y, da.from_array(data.weight, 350), offset


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", KINDS)
def test_arrays_in_uneven_chunks(kind: str, dtype: Any) -> None:
    data = case(kind, dtype=dtype)
    opened = open_rows(*arrays(data))
    assert opened.source.dtype == dtype
    check(fit(opened), data)


@pytest.mark.parametrize("kind", KINDS)
def test_arrays_of_numpy_beside(kind: str) -> None:
    data = case(kind)
    check(fit(open_rows(da.from_array(data.x, 300), *data[1:])), data)


def test_integers_and_class_weights() -> None:
    data = case("binary")
    data = data._replace(x=data.x.round().astype(np.int64), weight=None)
    opened = open_rows(da.from_array(data.x, 300), data.y, None, data.offset)
    check(fit(opened, np.array([3.0, 0.5])), data, [3.0, 0.5])


def test_sparse_blocks() -> None:
    data = case("multinomial")
    data.x[np.abs(data.x) < 1.0] = 0.0
    thin = da.from_array(data.x, (200, 5)).map_blocks(sparse.csr_matrix)
    check(fit(open_rows(thin, *data[1:])), data)


def frame(data: Case) -> pd.DataFrame:
    columns: dict[str, Any] = {f"x{j}": column for j, column in enumerate(data.x.T)}
    columns |= {"weight": data.weight, "y": data.y}
    return pd.DataFrame(columns)


def test_a_data_frame() -> None:
    data = case("multinomial")._replace(offset=None)
    whole = dd.from_pandas(frame(data), npartitions=4, sort=False)
    x = whole[[f"x{j}" for j in range(5)]]
    opened = open_rows(x, whole["y"], whole["weight"])
    assert opened.columns == tuple(x.columns)
    assert opened.rows(opened.census.encoding()).shape == (700, 5)
    check(fit(opened), data)


def test_a_data_frame_that_was_filtered() -> None:
    data = case("binary")._replace(offset=None)
    kept = (data.x[:, 0] < 2.0) & (np.arange(700) >= 200)
    whole = frame(data).astype({"x1": np.float32})
    whole["x2"] = whole["x2"].round().astype("Int64")
    of_dask = dd.from_pandas(whole, npartitions=7)
    # The first partition is empty.
    of_dask = of_dask[(of_dask["x0"] < 2.0) & (of_dask.index >= 200)]
    opened = open_rows(of_dask[[f"x{j}" for j in range(5)]], of_dask["y"], of_dask["weight"])
    x = whole[[f"x{j}" for j in range(5)]].to_numpy(float)[kept]
    check(fit(opened), Case(x, data.y[kept], data.weight[kept], None))


def test_processes() -> None:
    data = case("multilabel")
    pool = ProcessPoolExecutor(2, get_context("spawn"))
    with pool, dask.config.set(scheduler="processes", pool=pool):
        check(fit(open_rows(da.from_array(data.x, 300), *data[1:])), data)


def deadly(block: Any, armed: str) -> Any:
    """Kill the process that computes this block, once after it was armed."""
    try:
        os.unlink(armed)
    except FileNotFoundError:
        return block
    os.kill(os.getpid(), signal.SIGKILL)
    return None


@pytest.fixture
def client() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    # What a worker that is killed leaves behind is told in the log.
    settings = {"distributed.comm.retry.count": 3, "logging.distributed": "critical"}
    with (
        dask.config.set({"scheduler": None, **settings}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_a_worker_that_is_killed_in_the_middle(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of a pass, and between two; what it held is computed anew."""
    data = case("multilabel")
    armed, passes = tmp_path / "armed", []
    x, *beside = (each.rechunk({0: 90}) for each in arrays(data))
    y, weight, offset = (each.persist() for each in beside)
    before = client.run(os.getpid)
    evaluate = DaskRows.evaluate

    def dangerous(self: DaskRows, parameters: Any) -> Any:
        passes.append(1)
        if len(passes) == 3:
            armed.touch()
        if len(passes) == 5:
            os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
        return evaluate(self, parameters)

    monkeypatch.setattr(DaskRows, "evaluate", dangerous)
    rows = x.map_blocks(deadly, str(armed), meta=x._meta)
    found = LogisticRegression(alpha=0.01, tol=1e-9).fit(rows, y, weight, offset)
    assert len(passes) > 5
    assert not armed.exists()
    client.wait_for_workers(2, timeout=20)
    assert set(client.run(os.getpid).values()) != set(before.values())
    wanted = LogisticRegression(alpha=0.01, tol=1e-9).fit(*data)
    np.testing.assert_allclose(found.coef_, wanted.coef_, atol=1e-7)
    np.testing.assert_allclose(found.intercept_, wanted.intercept_, atol=1e-7)


def test_labels_that_are_found_drop_out() -> None:
    data = case("multilabel")
    found = fit(open_rows(*arrays(data)))
    assert len(set(found.iterations)) > 1


def test_only_sums_reach_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every result that is computed is as small as the parameters, whatever the rows."""
    from dask.delayed import Delayed

    sizes: list[int] = []
    compute = Delayed.compute

    def watched(self: Any, **options: Any) -> Any:
        found = compute(self, **options)
        sizes.append(len(dask.multiprocessing.cloudpickle.dumps(found)))
        return found

    monkeypatch.setattr(Delayed, "compute", watched)
    data = case("binary", n=7000)
    opened = open_rows(*arrays(data, 1000))
    found = fit(opened)
    # The census, the origin, moments and the passes: one computation each.
    assert len(sizes) == 3 + found.passes + found.renewals
    assert max(sizes) < 3000 < data.y.nbytes


def test_a_task_uses_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[int] = []
    evaluate = DenseRows.evaluate

    def watched(self: Any, parameters: Any) -> Any:
        limit = _core.limit_num_threads(0)
        _core.limit_num_threads(limit)
        limits.append(limit)
        return evaluate(self, parameters)

    monkeypatch.setattr(DenseRows, "evaluate", watched)
    fit(open_rows(*arrays(case("binary"))))
    assert set(limits) == {1}
    assert _core.limit_num_threads(0) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_found_before_any_step(bad: float) -> None:
    data = case("binary")
    data.x[450, 2] = bad
    steps: list[int] = []
    what = "NaN" if np.isnan(bad) else "infinity"
    x, *beside = arrays(data)
    for rows in (x, da.from_array(data.x, (UNEVEN, 5)).map_blocks(sparse.csr_matrix)):
        place = r"block 3 \(from row 101\), its row 349, column 2"
        with pytest.raises(ValueError, match=rf"contains {what}: {place}"):
            fit(open_rows(rows, *beside), watch=lambda iteration, _: steps.append(iteration))
    assert not steps


def bad_collections() -> dict[str, tuple[Any, Any, type, str]]:
    data = case("binary")
    x, y = da.from_array(data.x, 300), da.from_array(data.y, 300)
    whole = dd.from_pandas(frame(data), npartitions=3)
    words = whole.assign(word="a")
    return {
        "unknown chunks": (x[x[:, 0] > 0], y, ValueError, r"X.compute_chunk_sizes\(\)"),
        "unknown targets": (x, y[y > 3], ValueError, r"y.compute_chunk_sizes\(\)"),
        "too few targets": (x, y[:-1], ValueError, "X has 700 rows and y has 699"),
        "too few numbers": (x, data.y[:-1], ValueError, "X has 700 rows and y has 699"),
        "three dimensions": (x[None], y, ValueError, "Expected 2D"),
        "a cube of targets": (x, da.ones((700, 2, 2)), ValueError, "vector or a matrix"),
        "complex": (x + 1j, y, TypeError, "real numbers"),
        "delayed": (dask.delayed(1), y, TypeError, "got Delayed"),
        "a series": (whole["x0"], y, TypeError, "got Series"),
        "delayed targets": (x, dask.delayed(1), TypeError, "y should be .* got Delayed"),
        "words": (words, y, TypeError, "'word'"),
        "partitions": (
            whole[["x0"]],
            whole.repartition(npartitions=2)["y"],
            ValueError,
            "3 blocks",
        ),
        "divisions": (
            whole[["x0"]],
            whole.repartition(divisions=[0, 1, 2, 699])["y"],
            ValueError,
            "divided differently",
        ),
        "numbers beside a frame": (whole[["x0"]], data.y, ValueError, "lengths=True"),
        "missing targets": (x, y.astype(float) * np.nan, ValueError, r"y contains NaN. \(block"),
        "no rows": (x[:0], y[:0], ValueError, "0 sample"),
    }


@pytest.mark.parametrize("name", bad_collections())
def test_bad_collections_are_refused(name: str) -> None:
    x, y, error, message = bad_collections()[name]
    computed: list[Any] = []
    if isinstance(x, da.Array):
        x = x.map_blocks(lambda block: computed.append(block) or block, meta=x._meta)
    with pytest.raises(error, match=message):
        open_rows(x, y)
    assert not computed


def test_blocks_that_differ_in_length_are_named() -> None:
    data = case("binary")
    whole = dd.from_pandas(frame(data), npartitions=3)
    x, y = whole[["x0"]], whole["y"][whole["x1"] > 0]
    with pytest.raises(ValueError, match=r"block 0: X has \d+ rows and y has \d+"):
        fit(open_rows(x, y))


def test_weights_are_checked_where_they_are() -> None:
    data = case("binary")
    data.weight[500] = -1.0
    x, y, weight, _ = arrays(data, 300)
    with pytest.raises(ValueError, match=r"sample_weight contains negative.*block 1"):
        open_rows(x, y, weight)


def test_the_fit_in_memory_is_a_fit() -> None:
    assert in_memory(case("binary")).sizes[0] < 1e-10


def test_optional_libraries_are_loaded_on_demand() -> None:
    code = """
        import sys
        import sklearn  # which imports pandas where it is
        before = set(sys.modules)
        import ogive.linear_model.sources
        assert not {"dask", "distributed", "pandas", "pyarrow"} & (set(sys.modules) - before)
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, env=environment)
