"""The command line: what it prints, what it writes, and how it refuses."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import fields, replace
from math import inf
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from synthetic_study import synthetic_runs

from ogive import __version__
from ogive.catalog import CATALOG, Function, Parameter
from ogive.cli import declaration, main, study
from ogive.cli.console import ends, number
from ogive.cli.facts import error
from ogive.study import Protocol, Store, Study

SMALL = Study(
    activations=("relu", "sigmoid"), seeds=2, hidden=(8,), depths=(2,), protocol=Protocol(epochs=2)
)
SMALL_OPTIONS = (
    *("--activations", "relu,sigmoid", "--seeds", "2"),
    *("--hidden", "8", "--depths", "2", "--epochs", "2"),
)
HEAVY = ("torch", "scipy", "sklearn", "matplotlib", "jinja2")


def ogive(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="ogive")


def process(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ogive", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )


def refused(result: Result, *words: str) -> None:
    """Check that a mistake got one line on standard error and exit code 2."""
    assert result.exit_code == 2, result.output
    assert not isinstance(result.exception, Exception), result.exception
    (line,) = result.stderr.splitlines()
    assert line.startswith("ogive: ")
    assert "Traceback" not in result.output
    for word in words:
        assert word in line


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which `SMALL` is complete."""
    place = tmp_path / "a study"
    place.mkdir()
    with Store(place / "study.sqlite") as store:
        for run in synthetic_runs(SMALL):
            store.put(run)
    declaration.save(SMALL, place)
    return place


# Help, version, start-up


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help(arguments: list[str]) -> None:
    result = ogive(*arguments)
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ogive")
    for name in ("study", "report", "show", "functions"):
        assert name in result.stdout


@pytest.mark.parametrize("name", ["study", "report", "show", "functions"])
def test_every_command_and_option_explains_itself(name: str) -> None:
    assert ogive(name, "--help").exit_code == 0
    command = main.commands[name]
    assert command.help
    for parameter in command.params:
        assert isinstance(parameter, click.Argument) or parameter.help, parameter.name


def test_version() -> None:
    result = process("--version")
    assert (result.returncode, result.stdout) == (0, f"ogive {__version__}\n")


def test_module_and_entry_point_are_the_same() -> None:
    result = process("functions", "--json")
    assert result.returncode == 0, result.stderr
    assert result.stdout == ogive("functions", "--json").stdout


@pytest.mark.parametrize("arguments", ["--help", "functions", "show gelu", "study --help"])
def test_nothing_heavy_is_loaded(arguments: str) -> None:
    code = (
        "import sys\n"
        "from ogive.cli import main\n"
        f"main({arguments.split()!r}, standalone_mode=False)\n"
        f"loaded = set({HEAVY!r}) & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


# functions and show


def test_functions_lists_the_catalogue() -> None:
    result = ogive("functions")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(CATALOG)
    for line, record in zip(lines[1:], CATALOG.values(), strict=True):
        assert record.formula in line
        assert record.initializer in line
        names = list(record.defaults())
        # Of many parameters the first and the last stand for all.
        assert all(
            f"{name}=" in line for name in (names if len(names) <= 3 else names[:: len(names) - 1])
        )


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_functions_fits_a_terminal(columns: int) -> None:
    from io import StringIO

    from rich.console import Console

    from ogive.cli import functions

    out = Console(file=StringIO(), force_terminal=True, width=columns, color_system=None)
    functions.print_table(out, CATALOG.values())
    lines = out.file.getvalue().splitlines()
    assert all(len(line) <= columns for line in lines)
    assert {line.split()[0] for line in lines} >= set(CATALOG)
    assert ("parameters" in lines[0]) == (columns == 120)


def test_functions_in_a_pipe_keeps_a_function_on_its_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long = "(a0 + a1 x + …) / (1 + |b1 x + …|) " * 8
    ten = tuple(Parameter(f"a{i}", 0.5 * i, -inf, inf, "") for i in range(10))
    record = replace(CATALOG["relu"], formula=long.strip(), parameters=ten)
    monkeypatch.setattr("ogive.catalog.CATALOG", {"relu": record})
    _, line = ogive("functions").stdout.splitlines()
    assert long.strip() in line
    assert "a0=0, …, a9=4.5" in line


def test_json_is_strict_and_complete() -> None:
    def no_constant(text: str) -> None:
        raise AssertionError(f"{text} is not JSON")

    records = json.loads(ogive("functions", "--json").stdout, parse_constant=no_constant)
    assert [record["name"] for record in records] == list(CATALOG)
    one = json.loads(ogive("show", "leaky_relu", "--json").stdout, parse_constant=no_constant)
    assert one in records
    assert one["parameters"][0]["default"] == CATALOG["leaky_relu"].parameters[0].default
    assert one["range"] == ["-inf", "inf"]
    kinds = {kind for kind, _ in CATALOG["leaky_relu"].error_bound}
    assert one["error_bound_ulp"].keys() == kinds
    # Whatever is added to the records is in the JSON too; a formula in Python cannot be.
    assert {f.name for f in fields(Function)} - {"gain_at", "error_bound"} <= one.keys()
    assert {f.name for f in fields(Parameter)} <= one["parameters"][0].keys()


@pytest.mark.parametrize("name", [*CATALOG, "expit", "swish"])
def test_show_prints_the_record(name: str) -> None:
    from ogive.catalog import get

    record = get(name)
    result = ogive("show", name)
    assert result.exit_code == 0, result.output
    words = " ".join(result.stdout.split())
    for text in (record.summary, record.formula, record.derivative_formula, record.source):
        assert " ".join(text.split()) in words
    assert record.initializer_reason in words
    assert " ".join(record.example.value.split()) in words
    for (kind, dtype), bound in record.error_bound.items():
        assert f"error of {kind} " in words
        assert f"{dtype} {error(bound)}" in words
    for parameter in record.parameters:
        assert f"parameter {parameter.name} " in words
        assert parameter.condition in words
    for library, there in record.elsewhere.items():
        assert f"in {library} " in words
        assert there in words
    assert f"gain {number(record.gain)}" in words
    assert any(0x2800 < ord(letter) < 0x2900 for letter in result.stdout), "no plot"
    assert "\x1b" not in result.stdout, "colours in what is not a terminal"


def test_show_tells_which_parameters_are_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    (alpha,) = CATALOG["elu"].parameters
    for formula in ("", "0 if x > 0 else exp(x) - 1"):
        parameter = replace(alpha, derivative_formula=formula)
        record = replace(CATALOG["elu"], parameters=(parameter,))
        monkeypatch.setattr("ogive.catalog.get", lambda _, record=record: record)
        shown = " ".join(ogive("show", "elu").stdout.split())
        told = f'd / d alpha {formula}: ogive.grad.elu(x, wrt="alpha")'
        assert (told in shown) == bool(formula)
        assert ("d / d alpha" in shown) == bool(formula)
        (there,) = json.loads(ogive("show", "elu", "--json").stdout)["parameters"]
        assert (there["learned"], there["derivative_formula"]) == (bool(formula), formula or None)


def test_the_plot_in_the_terminal_is_right() -> None:
    from ogive.cli.plot_terminal import picture

    lines = picture(CATALOG["sigmoid"], 66, 14).plain.splitlines()
    assert all(len(line) <= 66 for line in lines)
    curve = [line[6:] for line in lines[:12]]
    # Flat at the lower left, flat at the upper right, and the derivative's hump between.
    assert curve[-1][0] not in " ─" or curve[-2][0] not in " ─"
    assert curve[0][-1] != " "
    assert curve[0][0] == " "
    assert "derivative" in lines[-1]


@pytest.mark.parametrize(("columns", "plotted"), [("100", True), ("30", False)])
def test_the_plot_needs_room(columns: str, plotted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("LINES", "40")
    monkeypatch.setattr("ogive.cli.show.sys.stdout.isatty", lambda: True, raising=False)
    from ogive.cli import show

    printed: list[object] = []

    class Console:
        def print(self, *things: object, **_: object) -> None:
            printed.extend(things)

    monkeypatch.setattr(show, "console", Console)
    show._print_plot(CATALOG["tanh"])
    assert bool(printed) == plotted


@pytest.mark.parametrize(
    ("ending", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_show_draws_a_file(tmp_path: Path, ending: str, magic: bytes) -> None:
    files = [tmp_path / f"{name}.{ending}" for name in ("one", "two")]
    for file in files:
        result = ogive("show", "elu", "--plot", file)
        assert result.exit_code == 0, result.output
        assert str(file) in result.stdout
        assert file.read_bytes().startswith(magic)
    if ending != "pdf":
        assert files[0].read_bytes() == files[1].read_bytes()


def test_show_refuses_an_unknown_name() -> None:
    refused(ogive("show", "sigmoind"), "'sigmoind'", "did you mean sigmoid")
    refused(ogive("show"), "NAME")


@pytest.mark.parametrize(
    ("place", "complaint"),
    [("a.jpg", ".png"), ("noending", ".png"), ("absent/a.png", "no folder"), ("b.png", "folder")],
)
def test_show_refuses_a_bad_file(tmp_path: Path, place: str, complaint: str) -> None:
    (tmp_path / "b.png").mkdir()
    refused(ogive("show", "relu", "--plot", tmp_path / place), complaint)


# study


def test_study_of_finished_runs_prints_and_writes(folder: Path) -> None:
    result = ogive("study", *SMALL_OPTIONS, "--out", folder)
    assert result.exit_code == 0, result.output
    assert "8 of 8 runs are there already" in result.stderr
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["relu", "sigmoid"]
    assert "reference" in lines[1]
    assert lines[-1] == f"report: {folder / 'report.html'}"
    assert "</html>" in (folder / "report.html").read_text(encoding="utf-8")
    assert not list(folder.glob(".*")), "a temporary file was left behind"


def test_study_trains_and_goes_on(tmp_path: Path) -> None:
    place = tmp_path / "new" / "folder"
    options = [*SMALL_OPTIONS, "--workers", "1", "--out", str(place)]
    first = process("study", *options)
    assert first.returncode == 0, first.stderr
    assert "8 runs to make" in first.stderr
    report = (place / "report.html").read_bytes()
    for part in ("answer", "results", "curves", "gradient", "shapes", "maps", "method"):
        assert f'id="{part}"'.encode() in report, part
    assert declaration.load(place) == SMALL

    again = ogive("study", *options)
    assert again.exit_code == 0
    assert "8 of 8 runs are there already" in again.stderr
    assert "to make" not in again.stderr
    assert (place / "report.html").read_bytes() == report
    assert again.stdout == first.stdout

    more = ogive("study", *options, "--seeds", "3")
    assert more.exit_code == 0
    assert "8 of 10 runs are there already" in more.stderr
    assert "2 runs to make" in more.stderr
    assert _runs_in(place / "study.sqlite") == 10


def test_fresh_begins_with_an_empty_store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ogive.study import Counts, Execution

    met = []

    def run_study(_: Study, store: Store, **__: object) -> Execution:
        met.append(len(store.keys()))
        return Execution(Counts(8, 0, 8, 0, 0, 1.0, 1.0), ())

    monkeypatch.setattr("ogive.study.run_study", run_study)
    result = ogive("study", *SMALL_OPTIONS, "--out", folder, "--fresh")
    assert result.exit_code == 0, result.output
    assert met == [0]
    assert f"{folder / 'study-set-aside-1.sqlite'}" in result.stdout
    assert _runs_in(folder / "study-set-aside-1.sqlite") == 8


def test_failures_are_said_once_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ogive.study import Counts, Execution, Failure

    first, second, third, *_ = SMALL.runs()
    failures = (Failure(first, "no room"), Failure(second, "no room"), Failure(third, "no luck"))
    execution = Execution(Counts(8, 0, 5, 3, 0, 8.0, 8.0), failures)
    monkeypatch.setattr("ogive.study.run_study", lambda *_, **__: execution)
    result = ogive("study", *SMALL_OPTIONS, "--out", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"ogive: failed: {first} and 1 more: no room",
        f"ogive: failed: {third}: no luck",
    ]
    assert "No run has finished yet." in result.stdout
    assert (tmp_path / "report.html").exists()


def test_an_interrupted_study_says_what_is_kept_and_goes_on(tmp_path: Path) -> None:
    options = ["--activations", "relu", "--seeds", "400", "--hidden", "8", "--depths", "none"]
    options += ["--epochs", "3", "--workers", "1", "--out", str(tmp_path / "s")]
    command = [sys.executable, "-m", "ogive", "study", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and running.poll() is None:
            if _runs_in(tmp_path / "s" / "study.sqlite") >= 2:
                break
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130, said
    (line,) = [line for line in said.splitlines() if "interrupted" in line]
    assert "Traceback" not in said
    kept = int(line.split("interrupted; ")[1].split(" of ")[0])
    assert kept >= 2
    assert _runs_in(tmp_path / "s" / "study.sqlite") == kept
    # What is there has a report, which says that it is not all.
    result = ogive("report", tmp_path / "s")
    assert result.exit_code == 0
    assert f"{400 - kept} of 400 runs are missing" in result.stderr


def _runs_in(file: Path) -> int:
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
            (count,) = connection.execute("SELECT count(*) FROM runs").fetchone()
        connection.close()
    except sqlite3.Error:
        return 0
    return int(count)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--activations relu,sigmoidd", ("'sigmoidd'", "sigmoid")),
        ("--activations relu,,tanh", ("relu,gelu",)),
        ("--activations relu,logit", ("'logit'", "defined")),
        ("--activations relu,relu", ("relu", "twice")),
        ("--data digitts", ("'digitts'", "digits")),
        ("--seeds 0", ("--seeds", "0")),
        ("--seeds two", ("--seeds", "'two'")),
        ("--seeds -3", ("--seeds", "-3")),
        ("--epochs 0", ("--epochs", "0")),
        ("--epochs 1.5", ("--epochs", "1.5")),
        ("--hidden abc", ("--hidden", "'abc'", "128,128")),
        ("--hidden 128,0", ("--hidden", "'128,0'")),
        ("--hidden 128,-1", ("--hidden", "128,-1")),
        ("--hidden none", ("--hidden", "'none'")),
        ("--depths 2,2", ("depths", "twice")),
        ("--depths x", ("--depths", "'x'", "none")),
        ("--init he", ("--init", "'he'", "matched")),
        ("--workers 0", ("--workers", "0")),
        ("--nonsense", ("--nonsense",)),
        ("surplus", ("surplus",)),
    ],
)
def test_study_refuses_before_any_work(
    options: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    place = tmp_path / "s"
    refused(ogive("study", *options.split(), "--out", place), *words)
    assert not place.exists()


def test_study_refuses_a_folder_it_cannot_use(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    refused(ogive("study", *SMALL_OPTIONS, "--out", file), "not a folder")
    refused(ogive("study", *SMALL_OPTIONS, "--out", file / "below"), "cannot make the folder")
    assert file.read_text() == "mine"
    taken = tmp_path / "taken"
    (taken / "report.html").mkdir(parents=True)
    refused(ogive("study", *SMALL_OPTIONS, "--out", taken), "report.html", "it is a folder")
    assert not (taken / "study.sqlite").exists()


def test_study_refuses_a_folder_without_permission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Asked of the system, not tried: the tests may run as root, who may write everywhere.
    monkeypatch.setattr("ogive.cli.output.os.access", lambda *_: False)
    refused(ogive("study", *SMALL_OPTIONS, "--out", tmp_path), "may not be written to")
    refused(ogive("show", "relu", "--plot", tmp_path / "a.png"), "may not be written to")


@pytest.mark.parametrize("fresh", [[], ["--fresh"]])
def test_study_refuses_a_store_that_is_none(tmp_path: Path, fresh: list[str]) -> None:
    store = tmp_path / "study.sqlite"
    store.write_bytes(b"a letter to my aunt\n" * 100)
    before = store.read_bytes()
    refused(ogive("study", *SMALL_OPTIONS, *fresh, "--out", tmp_path), "study.sqlite", "store")
    assert store.read_bytes() == before


def test_fresh_never_overwrites_what_was_set_aside(folder: Path) -> None:
    runs = synthetic_runs(SMALL)
    for attempt in (1, 2):
        with Store(folder / "study.sqlite") as store:
            for run in runs[:attempt]:
                store.put(run)
        before = _runs_in(folder / "study.sqlite")
        study._set_aside(folder)
        assert _runs_in(folder / f"study-set-aside-{attempt}.sqlite") == before
        assert not (folder / "study.sqlite").exists()
    assert _runs_in(folder / "study-set-aside-1.sqlite") == len(runs)
    study._set_aside(folder)  # nothing there: nothing happens
    assert len(list(folder.glob("study-set-aside-*.sqlite"))) == 2


# report


def test_report_is_that_of_the_study(folder: Path) -> None:
    assert ogive("study", *SMALL_OPTIONS, "--out", folder).exit_code == 0
    other = folder / "other.html"
    result = ogive("report", folder, "--out", other)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"report: {other}\n"
    assert other.read_bytes() == (folder / "report.html").read_bytes()


def test_report_of_a_damaged_store_says_what_is_missing(folder: Path) -> None:
    with sqlite3.connect(folder / "study.sqlite") as connection:
        key = SMALL.runs()[0].key
        connection.execute("UPDATE runs SET body = '{}' WHERE key = ?", (key,))
    connection.close()
    result = ogive("report", folder)
    assert result.exit_code == 0, result.output
    assert f"ogive: the record {key[:12]}" in result.stderr
    assert "1 of 8 runs is missing" in result.stderr
    assert "Incomplete." in (folder / "report.html").read_text(encoding="utf-8")


def test_report_refuses_what_is_no_study(tmp_path: Path, folder: Path) -> None:
    refused(ogive("report", tmp_path / "absent"), "no folder")
    refused(ogive("report", tmp_path), "no study", "study.json")
    refused(ogive("report", folder, "--out", tmp_path), "it is a folder")
    refused(ogive("report", folder, "--out", tmp_path / "absent" / "x.html"), "no folder")
    (folder / "study.sqlite").write_bytes(b"no store" * 200)
    refused(ogive("report", folder), "study.sqlite", "store")
    (folder / "study.sqlite").unlink()
    refused(ogive("report", folder), "no finished runs")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"protocol": 3}', '{"protocol": {}, "a": 1}'])
def test_report_refuses_a_declaration_that_is_none(folder: Path, text: str) -> None:
    (folder / "study.json").write_text(text)
    refused(ogive("report", folder), "study.json", "not the declaration")


# What is missing, and pipes


@pytest.mark.parametrize("library", ["torch", "sklearn", "scipy", "matplotlib", "jinja2"])
def test_a_missing_library_is_one_line(
    folder: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)  # as if it were not installed
    name = "scikit-learn" if library == "sklearn" else library
    result = ogive("study", *SMALL_OPTIONS, "--out", folder)
    refused(result, f'needs {name}: pip install "ogive[study]"')
    assert ogive("functions").exit_code == 0
    if library in ("torch", "sklearn"):
        assert ogive("report", folder).exit_code == 0
    if library == "matplotlib":
        refused(ogive("show", "relu", "--plot", folder / "x.png"), "needs matplotlib")
    assert ogive("show", "relu").exit_code == 0


@pytest.mark.parametrize("arguments", ["functions", "functions --json", "--version"])
def test_a_closed_pipe_is_quiet(arguments: str) -> None:
    # The writer waits until its reader has gone, so that the pipe is surely closed.
    command = f"(sleep 0.4; '{sys.executable}' -m ogive {arguments}; echo $? >&2) | true"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert result.stderr == "1\n"


def test_an_old_terminal_gets_question_marks_rather_than_a_traceback() -> None:
    result = process("show", "relu", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0, result.stderr
    assert "max(x, 0)" in result.stdout


def test_an_internal_error_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ogive.cli.functions.console", lambda: 1 / 0)
    result = ogive("functions")
    assert isinstance(result.exception, ZeroDivisionError)


@pytest.mark.parametrize(
    ("value", "text"), [(0.25, "0.25"), (float("inf"), "∞"), (-0.0, "−0"), (float("nan"), "nan")]
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_ends() -> None:
    assert ends(()) == ""
    assert ends(("-inf",)) == "−∞"
