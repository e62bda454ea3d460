"""The benchmark: contenders do the same work, and what is reported follows from what was measured.

No time is asserted.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import ogive
from ogive.bench import accuracy, machine, memory, peers, targets, textbook, timing, with_numpy
from ogive.bench.results import Bench, Measurement
from ogive.bench.run import WorkerError, run_bench
from ogive.bench.work import KINDS, LOSSES, ROWS, Arrays, Work, names
from ogive.catalog import CATALOG
from ogive.cli import main

# What float32 peers are known to lose in the ordinary range, the differences of formula included.
TOLERANCE = {"float32": 3e-5, "float64": 1e-10}
# torch multiplies by 1/6 in single precision.
COARSER = {("hard_sigmoid", "grad", "torch"): 1e-7, ("hard_sigmoid", "backward", "torch"): 1e-7}
IN_PROCESS = ("numpy", "scipy", "torch")
MEASURABLE = [(name, kind, None) for kind in KINDS for name in names(kind)]
MEASURABLE += [(name, kind, 31) for kind in KINDS if kind != "grad" for name in names(kind, 31)]


def _results(found: Any) -> tuple[np.ndarray, ...]:
    """What a call returned, as arrays: with_grad gives the loss and the gradient."""
    each = found if isinstance(found, tuple) else (found,)
    return tuple(np.array(np.asarray(one)) for one in each)


def _agree(name: str, kind: str, dtype: str, peer: str, theirs: Any, ours: Any) -> None:
    tolerance = max(TOLERANCE[dtype], COARSER.get((name, kind, peer), 0.0))
    for one, other in zip(_results(theirs), _results(ours), strict=True):
        # A loss is a number of whatever type.
        assert one.dtype == np.dtype(dtype) or (name in LOSSES and not one.ndim), (name, kind, peer)
        near = tolerance * (1 if name not in LOSSES else float(np.abs(other).max()))
        np.testing.assert_allclose(
            one, other, rtol=tolerance, atol=near, err_msg=f"{name} {kind} {dtype} {peer}"
        )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "kind", "length"), MEASURABLE)
def test_contenders_compute_the_same(name: str, kind: str, length: int | None, dtype: str) -> None:
    calls = peers.contenders(name, kind, Arrays(16 * (length or 32), dtype, length), IN_PROCESS)
    ours = _results(calls.pop("ogive")())
    assert np.all(np.isfinite(ours[-1]))
    assert ours[-1].std() > 0 or (name in LOSSES and kind == "value")
    for yardstick in ("copy numpy", "copy torch", "np.tanh", "ogive relu"):
        calls.pop(yardstick, None)
    for peer, call in calls.items():
        call()
        _agree(name, kind, dtype, peer, call(), ours)


# JAX, numexpr and numba start threads, which the forks of other tests would take exception to.
IN_A_PROCESS_OF_THEIR_OWN = """
import sys
import numpy as np
from ogive.bench import peers
from ogive.bench.work import KINDS, Arrays, names
peer, file = sys.argv[1:]
found = {}
for dtype in ("float32", "float64"):
    arrays = {count: Arrays(count, dtype) for count in (512, 70_000)}
    for kind in KINDS:
        for name, length in [(n, None) for n in names(kind)] + [(n, 35) for n in names(kind, 35)]:
            # The larger one is where results are donated; all kinds of value go that way.
            count = 512 if kind == "grad" else 70_000
            these = arrays[count] if length is None else Arrays(count, dtype, length)
            calls = peers.contenders(name, kind, these, (peer,), yardsticks=False)
            if peer not in calls:
                continue
            calls[peer]()
            for who in ("ogive", peer):
                results = calls[who]()
                results = results if isinstance(results, tuple) else (results,)
                for i, result in enumerate(results):
                    found[f"{name} {kind} {dtype} {i} {length} {who}"] = np.array(result)
np.savez(file, **found)
"""


@pytest.mark.parametrize("peer", ["jax", "numexpr", "numba"])
def test_compiling_contenders_compute_the_same(peer: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(peer) is None:
        pytest.skip(f"{peer} is not installed")
    file = tmp_path / "results.npz"
    subprocess.run([sys.executable, "-c", IN_A_PROCESS_OF_THEIR_OWN, peer, str(file)], check=True)
    with np.load(file) as found:
        compared = [key.split() for key in found.files if key.endswith(peer)]
        for key in compared:
            name, kind, dtype = key[:3]
            ours = found[" ".join((*key[:-1], "ogive"))]
            _agree(name, kind, dtype, peer, found[" ".join(key)], ours)
    lacking = {"numexpr": {"gelu", *ROWS, *LOSSES}, "numba": set(CATALOG)}.get(peer, set())
    assert {name for name, *_ in compared} == {name for name, *_ in MEASURABLE} - lacking


def test_the_textbook_has_a_line_for_everything_but_gelu() -> None:
    assert set(CATALOG) - {"gelu"} <= set(textbook.TEXTBOOK)


def test_lines_are_inlined_without_their_names() -> None:
    text = "e = exp(x); d = 1 + e; e / (d * d)"
    assert ast.unparse(textbook.inlined(text)) == "exp(x) / ((1 + exp(x)) * (1 + exp(x)))"


@pytest.mark.parametrize(
    "text",
    [
        "where(x > 0, exp(x), -x)",
        "where(abs(x) < 1, x * x, where(x > 0, 1, 0))",
        "r = maximum(x, 0); r * r + r",
        "(1 + x) * (2 + x) / ((3 + x) * (x * x + 4))",
        "e = exp(x); d = 1 + e; e / (d * d) - (1 - 2 / 4) * e",
        "where(x < 0, log1p(exp(x)), where(x > 1, x, 2 - x)) * x",
    ],
)
def test_the_steps_of_numpy_do_what_the_line_says(text: str) -> None:
    work = Work("tanh", "value", Arrays(257, "float64"))
    x = work.x.copy()
    for step in with_numpy._Steps(work).compiled(text):
        step()
    space = {name: getattr(np, name) for name in ("exp", "abs", "maximum", "where", "log1p")}
    expression = ast.fix_missing_locations(ast.Expression(textbook.inlined(text)))
    expected = eval(compile(expression, "line", "eval"), {**space, "x": x})
    np.testing.assert_allclose(work.out, expected, rtol=1e-14)
    np.testing.assert_array_equal(work.x, x)


def test_everyone_competes_where_he_can() -> None:
    arrays = Arrays(8, "float32")
    assert set(peers.contenders("sigmoid", "value", arrays, IN_PROCESS)) == {
        "ogive", "numpy", "scipy", "torch", "copy numpy", "copy torch", "np.tanh",
    }  # fmt: skip
    assert set(peers.contenders("sigmoid", "backward", arrays, ("torch",), yardsticks=False)) == {
        "ogive", "torch",
    }  # fmt: skip
    large = Arrays(peers.LARGE, "float32")
    assert "ogive relu" in peers.contenders("sigmoid", "value", large, ())
    assert set(peers.available()) <= set(peers.PEERS)


def test_arrays_are_aligned_and_made_once() -> None:
    arrays = Arrays(1001, "float64")
    assert arrays.real is arrays.real
    for array in (arrays.real, arrays.gradient, arrays.out, arrays.scratch(0)):
        assert array.ctypes.data % 64 == 0
        assert array.shape == (1001,)
    assert np.all((arrays.probability > 0) & (arrays.probability < 1))
    assert np.all(arrays.positive > 0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["sigmoid", "logit", "gelu"])
def test_accuracy_is_measured(name: str, dtype: str) -> None:
    errors = accuracy.largest_errors(name, "value", dtype, IN_PROCESS)
    assert errors["ogive"] <= 1
    if name == "sigmoid":
        assert max(errors.values()) < 4
    else:  # both cancel: next to 1/2, and in the left tail
        assert errors["torch"] > 1e4
    if name == "logit":
        assert errors["scipy"] < 4


def test_a_backward_that_is_given_something_says_so() -> None:
    assert peers.saved("torch", "tanh", "backward") == "the hyperbolic tangent"
    assert peers.saved("torch", "tanh", "value") is None
    assert peers.saved("torch", "gelu", "backward") is None
    assert peers.saved("numpy", "tanh", "backward") is None


def test_contenders_take_turns() -> None:
    order: list[str] = []

    def contender(name: str) -> Any:
        def call() -> None:
            order.append(name)
            # Long enough that a reading is one call.
            end = timing.time.perf_counter() + 2 * timing.SECONDS_PER_READING
            while timing.time.perf_counter() < end:
                pass

        return call

    times = timing.measure({"a": contender("a"), "b": contender("b")}, 0.0)
    # After a call each to warm up comes one that tells how long it takes, and counts; more than
    # the time of the row is then used up, so that both rest after the fewest of the slow.
    assert {name: len(values) for name, values in times.items()} == dict.fromkeys("ab", 3)
    assert order == ["a", "a", "b", "b", "a", "b", "a", "b"]


def test_the_quick_go_on_while_the_slow_rest() -> None:
    def slow() -> None:
        end = timing.time.perf_counter() + 0.02
        while timing.time.perf_counter() < end:
            pass

    times = timing.measure({"slow": slow, "quick": lambda: None}, 0.05)
    assert len(times["slow"]) == timing.FEWEST_OF_THE_SLOW
    assert len(times["quick"]) >= timing.FEWEST_READINGS


SIZES = ((64, None),)
REQUEST = timing.Request(("tanh",), ("value",), SIZES, ("float64",), ("numpy",), 0.01, 1)


def test_a_measurement_gives_ratios_and_puts_the_threads_back() -> None:
    before = ogive.get_num_threads()
    (result,) = timing.run_rows(replace(REQUEST, threads=before + 1))
    assert ogive.get_num_threads() == before
    assert result.threads == before + 1
    assert result.ratio("numpy") == result.best["numpy"] / result.best["ogive"]
    assert result.ratio("copy") == result.best["copy numpy"] / result.best["ogive"]
    assert result.ratio("scipy") is None
    assert all(result.best[name] <= result.median[name] for name in result.best)
    assert result.accurate == ("numpy",)


def test_a_process_measures_and_hands_the_rows_over() -> None:
    request = replace(REQUEST, sizes=((64, None), (100, None)), dtypes=("float32",), threads=2)
    rows = list(run_bench(request))
    assert [(row.function, row.count, row.threads) for row in rows] == [
        ("tanh", 64, 2),
        ("tanh", 100, 2),
    ]
    assert set(rows[0].best) == {"ogive", "numpy", "copy numpy", "np.tanh"}


def test_a_process_that_fails_is_reported(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WorkerError, match="ended with code 1"):
        list(run_bench(replace(REQUEST, dtypes=("float31",))))
    assert "float31" in capfd.readouterr().err


def _row(function: str = "sigmoid", **fields: Any) -> Measurement:
    best = {"ogive": 1.0} | fields.pop("best", {})
    values = {"kind": "value", "dtype": "float32", "count": 10**5, "threads": 1} | fields
    return Measurement(function=function, best=best, median=best, **values)


def _bench(*rows: Measurement) -> Bench:
    return Bench(machine.machine(), machine.versions(), list(rows))


def test_figures_are_read_as_they_were_written() -> None:
    row = _row(best={"torch": 2.0}, error={"torch": float("inf")}, accurate=("numpy",))
    bench = _bench(row)
    assert Bench.from_json(bench.to_json()) == bench
    assert bench.joined(bench).rows == [row, row]
    with pytest.raises(ValueError, match="not the figures of ogive bench"):
        Bench.from_json("{}")
    with pytest.raises(ValueError, match="different machines or versions"):
        bench.joined(replace(bench, versions={"ogive": "0.0.0"}))


def test_the_machine_is_named() -> None:
    assert machine.machine().keys() == {"processor", "caches", "cores", "system", "level"}
    assert machine.versions()["numpy"] == np.__version__
    assert machine.memory() > 2**20


def _target(wanted: Any, least: float, opponent: Any) -> targets.Target:
    return targets.Target("something", least, wanted, opponent)


ONE_ROW = (("sigmoid", "value", "float32", 10**5, 1, None),)


@pytest.mark.parametrize(("torch", "verdict"), [(1.5, "met"), (1.499, "missed"), (3.0, "met")])
def test_a_miss_is_a_miss(torch: float, verdict: str) -> None:
    target = _target(ONE_ROW, 1.5, targets._torch)
    (outcome,) = targets.evaluate([_row(best={"torch": torch})], (), [target])
    assert outcome.verdict == verdict
    assert [ratio for _, _, ratio in (*outcome.met, *outcome.missed)] == [torch]


def test_what_was_not_measured_is_not_met() -> None:
    target = _target(
        (*ONE_ROW, ("tanh", "value", "float32", 10**5, 1, None)), 1.0, targets._fastest
    )
    (outcome,) = targets.evaluate([_row(best={"numpy": 9.0})], (), [target])
    assert outcome.verdict == "not measured"
    assert outcome.absent == ("value of tanh, float32, 1e+05, 1",)
    (unopposed,) = targets.evaluate([_row()], (), [_target(ONE_ROW, 1.0, targets._fastest)])
    assert unopposed.verdict == "not measured"
    assert len(unopposed.unopposed) == 1


def test_only_accurate_peers_count_where_it_is_said() -> None:
    row = _row(best={"torch": 2.0, "jax": 5.0}, accurate=("jax",))
    assert targets._fastest(row) == "torch"
    assert targets._fastest_accurate(row) == targets._torch_if_accurate(row) == "jax"
    assert targets._torch_if_accurate(replace(row, accurate=("torch", "jax"))) == "torch"
    assert targets._fastest_accurate(replace(row, accurate=())) is None


def test_the_copy_is_the_faster_of_the_two() -> None:
    row = _row(count=10**8, best={"copy numpy": 0.95, "copy torch": 0.9})
    assert row.ratio("copy") == 0.9


def _everything(ratio: float) -> list[Measurement]:
    """All the rows that the targets want, with every contender `ratio` times as slow as Ogive."""
    others = (*peers.PEERS, "copy numpy", "np.tanh", "ogive relu")
    rows = {}
    for target in targets.TARGETS:
        for function, kind, dtype, count, threads, length in target.wanted:
            for name in CATALOG if function == "*" else (function,):
                rows[name, kind, dtype, count, threads, length] = _row(
                    name, kind=kind, dtype=dtype, count=count, threads=threads, length=length,
                    best=dict.fromkeys(others, ratio), accurate=peers.PEERS,
                )  # fmt: skip
    return list(rows.values())


def test_all_targets_can_be_met_and_missed() -> None:
    functions = tuple(CATALOG)
    for ratio, verdict in ((8.01, "met"), (0.5, "missed")):
        outcomes = targets.evaluate(_everything(ratio), functions)
        assert {outcome.verdict for outcome in outcomes} == {verdict}
    verdicts = [o.verdict for o in targets.evaluate(_everything(0.9), functions)]
    # 0.9 of a copy's speed is enough, and sigmoid is then within 1.15 of relu; the rest is not.
    assert verdicts == ["met", "met", *["missed"] * 10]


@cache
def _script(name: str) -> ModuleType:
    file = Path(__file__).parents[1] / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_the_table_has_losses_in_bold_and_marks_the_inaccurate() -> None:
    row = _row(
        best={"numpy": 2.0, "torch": 0.5, "jax": 0.8, "copy torch": 0.2},
        error={"ogive": 0.5, "numpy": 2.0, "torch": 1e6, "jax": 3.0},
        accurate=("numpy", "jax"),
        saved={"torch": "the sigmoid"},
    )
    head, _, line = _script("table").table([row])
    assert head == "| function | ns | NumPy | torch | JAX | copy | fastest accurate |"
    assert line == (
        "| sigmoid | 1.00 | 2.00 (2.00) | **~0.50 (0.50)†** | **0.80 (0.80)** | 0.20 (0.20)"
        " | JAX **0.80 (0.80)** |"
    )


def test_the_page_says_what_was_missed_and_by_how_much() -> None:
    rows = [row for row in _everything(8.01) if row.function != "silu"]
    slow = [
        replace(row, best={**row.best, "copy numpy": 0.425})
        if (row.function, row.dtype, row.count, row.threads) == ("tanh", "float32", 10**8, 2)
        else row
        for row in rows
    ]
    text = _script("table").page(_bench(*slow))
    assert "**missed**" in text
    assert "tanh float32, 2 threads 0.42 against copy, 50 % short" in text
    assert "4, not measured: 2 rows, value of silu" in text
    assert machine.machine()["processor"] in text
    assert f"NumPy {np.__version__}" in text
    assert text.index("### value, 1e3") < text.index("### value, 1e5") < text.index("### grad, 1e5")
    assert "| met | 4 of 4 |" in text


def test_rows_have_tables_of_their_own_and_losses_tell_their_memory() -> None:
    row = _row("softmax", count=10**8, length=1000, best={"torch": 1.5})
    loss = _row(
        "cross_entropy", kind="with_grad", count=4096 * 32_000, length=32_000,
        best={"torch": 9.0, "ogive without out": 1.5},
        peak={"ogive": 0.0, "ogive without out": 4.0, "torch": 8.004},
    )  # fmt: skip
    text = _script("table").page(_bench(_row(), loss, row))
    assert text.index("### value, 1e5 elements") < text.index(
        "### value, 1e5 x 1000 (rows x length),"
    )
    assert "### value and gradient, 4096 x 32000 (rows x length), float32, 1 thread" in text
    head, _, line = _script("table").memory([row, loss])
    assert head.endswith("| ogive | ogive without out | torch |")
    assert line == (
        "| value and gradient of cross_entropy | 4096 x 32000 (rows x length) | float32 | 1"
        " | 0.00 | 4.00 | 8.00 |"
    )


def test_memory_is_measured_where_the_system_tells() -> None:
    found = memory.peak(lambda: np.ones(2**23))
    nothing = memory.peak(lambda: None)
    if found is None or nothing is None:
        pytest.skip("no /proc/self/clear_refs")
    assert nothing < 2**20
    assert abs(found - 2**26) < 2**20


def test_losses_are_counted() -> None:
    rows = [_row(best={"torch": 0.9}), _row("tanh", best={"torch": 1.1}), _row("relu")]
    assert _script("table").losses(rows).startswith("In 1 of 2 rows")


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    _script("table")
    from matplotlib import pyplot

    picture = _script("picture")
    figure = picture.draw(_bench(*_everything(0.5)))
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == list(CATALOG)
    assert "50 %" in {text.get_text() for text in right.texts}
    figure.savefig(tmp_path / "speed.svg")
    pyplot.close(figure)
    with pytest.raises(ValueError, match="no values"):
        picture.draw(_bench(_row(count=7)))


def test_the_command_prints_a_table_and_writes_the_figures(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    arguments = ["bench", "--functions", "relu,softmax", "--sizes", "1e2", "--seconds", "0.01"]
    arguments += ["--peers", "torch,numpy", "--dtype", "both"]
    result = CliRunner().invoke(main, [*arguments, "--json", str(file)])
    assert result.exit_code == 0, result.output
    assert "relu" in result.output
    assert "softmax" in result.output
    bench = Bench.from_json(file.read_text(encoding="utf-8"))
    assert [(row.function, row.dtype) for row in bench.rows] == [
        ("relu", "float32"), ("softmax", "float32"), ("relu", "float64"), ("softmax", "float64"),
    ]  # fmt: skip
    assert set(bench.rows[0].best) == {
        "ogive", "numpy", "torch", "copy numpy", "copy torch", "np.tanh",
    }  # fmt: skip
    assert json.loads(file.read_text(encoding="utf-8"))["machine"] == machine.machine()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--functions", "sigmod"], "did you mean sigmoid"),
        (["--functions", "softmax", "--kind", "grad"], "softmax"),
        (["--functions", "sigmoid", "--sizes", "3x3"], "'sigmoid' cannot be measured as value of"),
        (["--functions", "cross_entropy"], "'cross_entropy' cannot be measured as value"),
        (["--sizes", "10x"], "'10x' is neither"),
        (["--sizes", "1e5x1e5"], "'1e5x1e5' is neither"),
        (["--sizes", "0"], "'0' is neither a number of elements"),
        (["--sizes", "1e3,many"], "'many' is neither a number of elements"),
        (["--threads", "0"], "--threads"),
        (["--threads", "1,two"], "--threads"),
        (["--threads", "1,1000"], "more than 256 threads"),
        (["--peers", "torhc"], "did you mean torch"),
        (["--seconds", "0"], "--seconds"),
        (["--json", "/nonexistent/file.json"], "there is no folder"),
    ],
)
def test_mistakes_are_said_in_one_line(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["bench", *arguments])
    assert result.exit_code == 2
    assert said in result.output
    assert len(result.output.splitlines()) == 1


def test_too_large_for_the_memory_is_said_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "memory", lambda: 2**30)
    result = CliRunner().invoke(main, ["bench", "--sizes", "1e8", "--dtype", "float64"])
    assert result.exit_code == 2
    assert "this machine has 1" in result.output
    assert len(result.output.splitlines()) == 1
