"""The commands `study` and `report`: what they keep, what they write, and how they refuse."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import ogive, process, refused
from synthetic_study import synthetic_runs

from ogive.cli import declaration, study
from ogive.study import Protocol, Store, Study

SMALL = Study(
    activations=("relu", "sigmoid"), seeds=2, hidden=(8,), depths=(2,), protocol=Protocol(epochs=2)
)
SMALL_OPTIONS = (
    *("--activations", "relu,sigmoid", "--seeds", "2"),
    *("--hidden", "8", "--depths", "2", "--epochs", "2"),
)


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


# What is missing


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
