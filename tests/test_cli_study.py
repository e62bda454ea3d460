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

from ogive.cli import asked, declaration, study
from ogive.study import Grid, Recipe, Store, Study, depth_grid
from ogive.study.plan import plan

SMALL = Study(
    activations=("relu", "sigmoid"),
    grids=(Grid(models=("mlp:8x1",), seeds=2), depth_grid((2,))),
    recipe=Recipe(epochs=2),
    cost=False,
)
SMALL_OPTIONS = (
    *("--activations", "relu,sigmoid", "--seeds", "2"),
    *("--model", "mlp:8x1", "--depths", "2", "--epochs", "2", "--no-cost"),
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
    assert lines[0].strip() == "mlp:8x1, matched initialisation"
    assert [line.split()[0] for line in lines[2:4]] == ["relu", "sigmoid"]
    assert "reference" in lines[2]
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

    first, second, third, *_ = plan(SMALL, {}).specs()
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
    options = ["--activations", "relu", "--seeds", "400", "--model", "mlp:8x1"]
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
        ("--model mlp:abc", ("64x3", "'abc'")),
        ("--model mpl:64x3", ("'mpl'", "'mlp'")),
        ("--model mlp:128x0", ("at least", "mlp")),
        ("--model mine:network", ("--model", "no module 'mine'")),
        ("--activations mine:Wave", ("--activations", "no module 'mine'")),
        ("--activations +gelu,tanh", ("every activation has a +",)),
        ("--activations swiglu,geglu", ("gated", "mlp:128x2")),
        ("--reference gelu --activations relu,tanh", ("'gelu'", "relu, tanh")),
        ("--protocol tuned,drop", ("'drop'", "drop-in")),
        ("--seeds 5..3@0.1", ("below 5",)),
        ("--seeds 5..9", ("--seeds", "5..20@0.01")),
        ("--recipe epochs", ("--recipe", "key=value")),
        ("--recipe speed=3", ("'speed'",)),
        ("--recipe learning_rate=0", ("learning_rate", "0")),
        ("--recipe momentum=0.9", ("momentum", "sgd")),
        ("--tuning rates=0/1", ("rates", "0")),
        ("--engine cloud", ("--engine", "'cloud'", "ray")),
        ("absent.toml", ("no file absent.toml",)),
        ("fashion", ("no file fashion",)),
        ("absent.toml --seeds 3", ("no file absent.toml",)),
        ("--depths 2,2", ("models", "twice")),
        ("--depths x", ("--depths", "'x'", "none")),
        ("--init he", ("'he'", "matched")),
        ("--workers 0", ("--workers", "0")),
        ("--nonsense", ("--nonsense",)),
        ("one.toml two.toml", ("two.toml",)),
        ("--seeds 1000000000", ("--seeds", "at most 10000")),
        ("--depths 2,100000", ("at most 1000", "100000")),
        ("--recipe lr=0.1", ("--recipe", "lr is called learning_rate here")),
        ("--init default,default", ("--init", "twice: default")),
    ],
)
def test_study_refuses_before_any_work(
    options: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    place = tmp_path / "s"
    refused(ogive("study", *options.split(), "--out", place), *words)
    assert not place.exists()


def test_what_is_no_declaration_is_told_apart(folder: Path, tmp_path: Path) -> None:
    refused(ogive("study", folder, "--out", tmp_path / "s"), "ogive report", "--out")
    refused(ogive("study", tmp_path, "--out", tmp_path / "s"), "is a folder: give a TOML file")
    refused(ogive("study", "", "--out", tmp_path / "s"), "declaration is empty")


def test_depths_beside_a_tuned_study_are_not_tuned(tmp_path: Path) -> None:
    study = _declared(tmp_path, "--protocol", "tuned", "--depths", "2,10")
    assert [grid.protocols for grid in study.grids] == [("tuned",), ("drop-in",)]


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


# a declaration in a file


FILE = """
name = "filed"
model = "mlp:8x1"
activations = ["relu", "sigmoid"]
seeds = 2
cost = false
[recipe]
epochs = 2
"""


def _declared(tmp_path: Path, *options: str) -> Study:
    file = tmp_path / "filed.toml"
    file.write_text(FILE)
    return asked.study_asked(str(file), _given(*options))


def _given(*options: str) -> dict[str, object]:
    """What the command makes of its options, without carrying anything out."""
    context = study.run.make_context("run", list(options))
    given = context.params
    words = ("data", "models", "activations", "reference", "initializations", "protocols", "seeds",
             "depths", "recipe", "tuning", "cost", "name")  # fmt: skip
    return {word: given[word] for word in words}


def test_a_file_is_the_same_as_its_words_on_the_command_line(tmp_path: Path) -> None:
    words = asked.study_asked(
        None,
        _given("--model", "mlp:8x1", "--activations", "relu,sigmoid", "--seeds", "2", "--no-cost",
               "--recipe", "epochs=2", "--name", "filed"),
    )  # fmt: skip
    assert _declared(tmp_path) == words


def test_options_stand_in_place_of_what_a_file_says(tmp_path: Path) -> None:
    changed = _declared(tmp_path, "--seeds", "4", "--recipe", "learning_rate=0.1", "--cost")
    assert changed.grids[0].seeds.least == 4
    assert (changed.recipe.epochs, changed.recipe.learning_rate) == (2, 0.1)
    assert changed.cost
    assert len(changed.grids) == 1


def test_a_plus_adds_activations_to_those_of_a_file(tmp_path: Path) -> None:
    labels = [a.label for a in _declared(tmp_path, "--activations", "+gelu,+silu").activations]
    assert labels == ["relu", "sigmoid", "gelu", "silu"]
    labels = [a.label for a in _declared(tmp_path, "--activations", "gelu,silu").activations]
    assert labels == ["gelu", "silu"]


def test_the_mistake_in_a_file_is_said_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(FILE.replace("sigmoid", "sigmiod"))
    for options in ((), ("--seeds", "3")):
        refused(ogive("study", str(file), *options), "wrong.toml:4:", "sigmoid")


def test_a_study_from_a_file_is_carried_out(tmp_path: Path) -> None:
    file = tmp_path / "filed.toml"
    file.write_text(FILE)
    result = ogive("study", str(file), "--out", tmp_path / "s")
    assert result.exit_code == 0, result.output
    assert _runs_in(tmp_path / "s" / "study.sqlite") == 4
    assert "filed" in (tmp_path / "s" / "report.html").read_text(encoding="utf-8")


def test_an_activation_of_ones_own_in_the_current_folder_is_trained(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def wave(x):\n    return x.relu() + 0.1 * x.sin()\n")
    options = ("--activations", "relu,mine:wave", "--model", "mlp:8x1", "--seeds", "2",
               "--epochs", "1", "--no-cost")  # fmt: skip
    result = process("study", *options, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "mine:wave" in result.stdout
    assert "mine:wave" in (tmp_path / "ogive-study" / "report.html").read_text(encoding="utf-8")


def test_what_is_not_what_it_claims_stops_the_study_before_it_trains(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def leaky(x):\n    return x * 1.0\n")
    result = process("study", "--activations", "relu,leaky_relu=mine:leaky", "--no-cost",
                     cwd=tmp_path)  # fmt: skip
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) <= 2
    assert "leaky_relu=mine:leaky" in result.stderr
    assert "Traceback" not in result.stderr
    assert _runs_in(tmp_path / "ogive-study" / "study.sqlite") == 0


def test_a_shipped_study_is_there_at_once_and_one_activation_more_is_all_there_is_to_train(
    tmp_path: Path,
) -> None:
    few = ("--model", "mlp:128x2", "--seeds", "2", "--no-cost")
    result = ogive("study", "depth", *few, "--out", tmp_path / "a")
    assert result.exit_code == 0, result.output
    # 2 models' initialisations × 3 activations × 2 seeds.
    assert "12 runs ship with Ogive" in result.stderr
    assert "12 of 12 runs are there already" in result.stderr
    more = ogive("study", "depth", *few, "--activations", "+hard_tanh", "--out", tmp_path / "a")
    assert more.exit_code == 0, more.output
    assert "12 of 16 runs are there already" in more.stderr
    assert "hard_tanh" in more.stdout


def test_what_ships_is_of_no_account_where_it_is_not_asked_for(tmp_path: Path) -> None:
    options = ("--activations", "sigmoid,tanh,relu", "--seeds", "1", "--init", "default")
    result = ogive("study", *options, "--depths", "none", "--no-cost", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert "3 runs to make" in result.stderr
    assert "ship" not in result.stderr


# merge


def test_stores_are_merged_and_the_sources_left_alone(tmp_path: Path, folder: Path) -> None:
    target = tmp_path / "all.sqlite"
    before = (folder / "study.sqlite").read_bytes()
    result = ogive("study", "merge", target, folder)
    assert result.exit_code == 0, result.output
    assert "8 runs added" in result.stdout
    assert _runs_in(target) == 8
    again = ogive("study", "merge", target, folder / "study.sqlite")
    assert "0 runs added, 8 known" in again.stdout
    assert (folder / "study.sqlite").read_bytes() == before


def test_merge_refuses_what_is_no_store(tmp_path: Path, folder: Path) -> None:
    refused(ogive("study", "merge", tmp_path / "t.sqlite", tmp_path / "absent"), "no store")
    letter = tmp_path / "letter.sqlite"
    letter.write_bytes(b"a letter to my aunt\n" * 100)
    refused(ogive("study", "merge", folder, letter), "letter.sqlite", "store")
    refused(ogive("study", "merge", letter, folder), "letter.sqlite", "store")
    refused(ogive("study", "merge", folder), "SOURCES")
    assert _runs_in(folder / "study.sqlite") == 8


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
        key = plan(SMALL, {}).specs()[0].key
        connection.execute("UPDATE runs SET body = '{}' WHERE key = ?", (key,))
    connection.close()
    result = ogive("report", folder)
    assert result.exit_code == 0, result.output
    assert f"ogive: the record {key[:12]}" in result.stderr
    assert "1 of 8 runs is missing" in result.stderr
    assert "Incomplete." in (folder / "report.html").read_text(encoding="utf-8")


def test_a_study_that_is_refused_leaves_the_one_that_is_there(folder: Path) -> None:
    before = (folder / "study.json").read_bytes()
    (folder / "report.html").write_text("the report")
    (folder / "mine.py").write_text("def mine(x):\n    return x * 0\n")
    options = ("--activations", f"relu,{folder / 'mine.py'}:mine", "--model", "mlp:8x1")
    result = ogive("study", *options, "--out", folder)
    assert result.exit_code == 2
    assert "gradient 0 everywhere" in result.stderr.splitlines()[-1]
    assert (folder / "study.json").read_bytes() == before
    assert (folder / "report.html").read_text() == "the report"
    assert ogive("report", folder).exit_code == 0


def test_another_declaration_that_was_written_meanwhile_is_told_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = study._run

    def meanwhile(*arguments):
        execution = run(*arguments)
        declaration.save(Study(activations=("relu",)), folder)
        return execution

    monkeypatch.setattr(study, "_run", meanwhile)
    result = ogive("study", *SMALL_OPTIONS, "--out", folder)
    assert result.exit_code == 0, result.output
    assert "another command has written its own declaration" in result.stderr
    monkeypatch.undo()
    result = ogive("study", *SMALL_OPTIONS, "--out", folder)
    assert "another command" not in result.stderr


def test_no_report_is_written_over_where_no_run_is_there(folder: Path) -> None:
    (folder / "report.html").write_text("the report")
    declaration.save(Study(activations=("tanh", "gelu")), folder)
    refused(ogive("report", folder), "none of the", "nothing was written")
    assert (folder / "report.html").read_text() == "the report"


def test_a_file_that_ends_python_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import sys\ndef mine(x):\n    return x\nsys.exit(4)\n")
    result = ogive("study", "--activations", f"{tmp_path / 'script.py'}:mine", "--out", tmp_path)
    refused(result, "sys.exit", "__main__")


def test_data_for_which_there_is_no_memory_is_one_line(tmp_path: Path) -> None:
    result = ogive("study", "--data", "blobs:rows=20000000000000", "--out", tmp_path)
    refused(result, "memory")


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
