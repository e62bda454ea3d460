"""The command line: its help, `functions` and `show`, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields, replace
from math import inf
from pathlib import Path

import click
import pytest
from command_line import ogive, process, refused

from ogive import __version__
from ogive.catalog import CATALOG, Function, Parameter
from ogive.cli import main
from ogive.cli.console import ends, number
from ogive.cli.facts import error

COMMANDS = ("bench", "check", "data", "functions", "report", "show", "study", "torch-extension")
HEAVY = ("torch", "scipy", "sklearn", "matplotlib", "jinja2")


# Help, version, start-up


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help(arguments: list[str]) -> None:
    result = ogive(*arguments)
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ogive")
    assert sorted(main.commands) == sorted(COMMANDS)
    for name in COMMANDS:
        assert name in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
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


@pytest.mark.parametrize("arguments", ["--help", "functions", "show gelu", "study --help", "data"])
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


# Pipes, terminals, errors


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
