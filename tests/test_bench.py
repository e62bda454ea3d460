"""The benchmark: every contender does the same work, and the command reports it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import ogive
from ogive.bench import peers, timing
from ogive.cli import main

# What float32 peers are known to lose in the ordinary range, the differences of formula included.
TOLERANCE = {"float32": 2e-5, "float64": 1e-11}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for kind in peers.KINDS for name in peers.names(kind)]
)
def test_contenders_compute_the_same(name: str, kind: str, dtype: str) -> None:
    calls = peers.contenders(name, kind, 512, dtype)
    assert {"ogive", "copy"} <= set(calls)
    ours = np.array(calls.pop("ogive")())
    assert np.all(np.isfinite(ours))
    assert ours.std() > 0
    assert calls.pop("copy")() is None
    for peer, call in calls.items():
        theirs = np.asarray(call())
        assert theirs.dtype == ours.dtype, peer
        np.testing.assert_allclose(
            theirs, ours, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype], err_msg=peer
        )


def test_torch_and_scipy_compete_where_they_can() -> None:
    assert set(peers.contenders("sigmoid", "value", 8, "float32")) == {
        "ogive", "numpy", "scipy", "torch", "copy",
    }  # fmt: skip
    assert set(peers.contenders("sigmoid", "backward", 8, "float32")) == {"ogive", "torch", "copy"}


def test_contenders_take_turns() -> None:
    order: list[str] = []

    def contender(name: str) -> object:
        def call() -> None:
            order.append(name)
            # Long enough that a reading is one call.
            end = timing.time.perf_counter() + 2 * timing.SECONDS_PER_READING
            while timing.time.perf_counter() < end:
                pass

        return call

    times, readings = timing.measure({"a": contender("a"), "b": contender("b")}, 0.0)
    assert readings == timing.FEWEST_READINGS
    assert {name: len(values) for name, values in times.items()} == {"a": readings, "b": readings}
    assert order[4:] == ["a", "b"] * readings  # after two calls each to warm up


def test_a_measurement_gives_ratios_and_puts_the_threads_back() -> None:
    before = ogive.get_num_threads()
    (result,) = timing.run_bench(["tanh"], ["value"], [64], ["float64"], before + 1, 0.01)
    assert ogive.get_num_threads() == before
    assert result.threads == before + 1
    assert result.ratio("numpy") == result.best["numpy"] / result.best["ogive"]
    assert result.ratio("scipy") is None
    assert all(result.best[name] <= result.median[name] for name in result.best)


def test_the_command_prints_a_table_and_writes_the_figures(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    arguments = ["bench", "--functions", "relu,softmax", "--sizes", "1e2", "--seconds", "0.01"]
    result = CliRunner().invoke(main, [*arguments, "--json", str(file)])
    assert result.exit_code == 0, result.output
    assert "relu" in result.output
    assert "softmax" in result.output
    figures = json.loads(file.read_text(encoding="utf-8"))
    assert [figure["function"] for figure in figures] == ["relu", "softmax"]
    assert set(figures[0]["best"]) == {"ogive", "numpy", "torch", "copy"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--functions", "sigmod"], "did you mean sigmoid"),
        (["--functions", "softmax", "--kind", "backward"], "softmax"),
        (["--sizes", "0"], "'0' is not a number of elements"),
        (["--sizes", "1e3,many"], "'many' is not a number of elements"),
        (["--threads", "0"], "--threads"),
        (["--json", "/nonexistent/file.json"], "there is no folder"),
    ],
)
def test_mistakes_are_said_in_one_line(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["bench", *arguments])
    assert result.exit_code == 2
    assert said in result.output
    assert len(result.output.splitlines()) == 1
