"""The exports: they parse, agree with the results and with each other, and repeat."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from synthetic_study import synthetic_runs

from ogive.study import Grid, Recipe, Study, depth_grid
from ogive.study.exports import export, latex_table, run_rows, summary_rows
from ogive.study.exports.everything import everything
from ogive.study.exports.latex import escaped
from ogive.study.report import sections
from ogive.study.results import Results, assemble

STUDY = Study(
    activations=("relu", "sigmoid", "leaky_relu:negative_slope=0.2"),
    grids=(
        Grid(models=("mlp:8x2",), protocols=("drop-in", "tuned"), seeds=3),
        depth_grid((2, 4), width=8),
    ),
    recipe=Recipe(epochs=3),
)
LOST = STUDY.spec(STUDY.settings()[0], STUDY.activation("sigmoid"), 1).key
RUNS = synthetic_runs(STUDY, {LOST}, cost=True)


@pytest.fixture(scope="module")
def results() -> Results:
    return assemble(STUDY, RUNS)


@pytest.fixture(scope="module")
def folder(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("export") / "made" / "here"
    written = export(results, place)
    assert sorted(written) == sorted(path for path in place.rglob("*") if path.is_file())
    return place


def rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))


def test_every_run_has_its_row(folder: Path, results: Results) -> None:
    found = {row["key"]: row for row in rows(folder / "results.csv")}
    runs = {run["key"]: run for run in RUNS if run["spec"].get("kind") != "cost"}
    assert found.keys() == runs.keys()
    assert len(found) == results.total
    for key, row in found.items():
        run = runs[key]
        assert row["outcome"] == run["outcome"]
        assert int(row["seed"]) == run["spec"]["seed"]
        assert float(row["learning_rate"]) == run["spec"]["recipe"]["learning_rate"]
        assert float(row["validation_accuracy"]) == run["validation"]["accuracy"]
        if row["part"] == "test":
            assert float(row["test_accuracy"]) == run["test"]["accuracy"]
        else:
            assert row["test_accuracy"] == row["test_loss"] == ""
    assert found[LOST]["test_loss"] == ""


def test_every_cell_has_its_row(folder: Path, results: Results) -> None:
    found = rows(folder / "summary.csv")
    cells = [(result, cell) for result in results.settings for cell in result.cells]
    assert len(found) == len(cells)
    for row, (result, cell) in zip(found, cells, strict=True):
        assert row["activation"] == cell.label
        assert row["model"] == str(result.setting.model)
        assert row["reference"] == str(cell.label == result.reference)
        assert float(row["accuracy"]) == cell.accuracy.mean
        assert (row["p_holm"] == "") == (cell.p_holm is None)
        if cell.difference is not None:
            assert float(row["difference"]) == cell.difference.mean
        assert (row["gain"] == "") == (cell.choice is None)
        noisy = cell.outcomes.robustness
        assert noisy is not None
        assert float(row["accuracy_noise_0"]) == noisy.without.mean
        for level, mean in zip(noisy.noise, noisy.accuracy, strict=True):
            assert float(row[f"accuracy_noise_{level:g}"]) == mean.mean


def test_the_summary_is_that_of_the_runs(folder: Path) -> None:
    by_cell: dict[tuple[str, ...], list[float]] = {}
    place = ("model", "initialization", "protocol", "activation")
    for row in rows(folder / "results.csv"):
        if row["part"] == "test":
            key = tuple(row[name] for name in place)
            by_cell.setdefault(key, []).append(float(row["test_accuracy"]))
    for row in rows(folder / "summary.csv"):
        values = by_cell[tuple(row[name] for name in place)]
        assert int(row["runs"]) == len(values)
        assert float(row["accuracy"]) == pytest.approx(sum(values) / len(values))


RECIPES = Study(
    activations=("relu", "tanh"),
    grids=(
        Grid(models=("mlp:8x2",), protocols=("drop-in", "tuned"), seeds=2),
        Grid(
            models=("mlp:8x2",),
            protocols=("drop-in", "tuned"),
            seeds=2,
            recipe=Recipe(epochs=3, optimizer="adamw"),
        ),
    ),
    recipe=Recipe(epochs=2),
    cost=False,
)


def test_settings_that_differ_in_their_recipe_alone_can_be_told_apart() -> None:
    results = assemble(RECIPES, synthetic_runs(RECIPES))
    summary, runs = summary_rows(results), run_rows(results)
    names = [f"recipe_{field.name}" for field in fields(Recipe)]
    recipes = {r.number: list(r.setting.recipe.to_dict().values()) for r in results.settings}
    for row in (*summary, *runs):
        assert [row[name] for name in names] == recipes[row["setting"]]
    place = ("model", "initialization", "protocol", *names)
    assert len({tuple(row[name] for name in place) for row in summary}) == 4
    # Every trial has its setting, and its own learning rate.
    trials = [row for row in runs if row["part"] == "validation"]
    budget = RECIPES.tuning.trials * len(RECIPES.activations)
    assert [row["setting"] for row in trials] == [2] * budget + [4] * budget
    assert {row["learning_rate"] for row in trials} > {results.study.recipe.learning_rate}
    assert {row["key"] for row in trials} == {run["key"] for run in results.trials}
    kept = everything(results)["settings"]
    assert [Recipe.from_dict(each["setting"]["recipe"]) for each in kept] == [
        result.setting.recipe for result in results.settings
    ]


def test_everything_is_plain_json_with_the_declaration(folder: Path, results: Results) -> None:
    found = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert found["format"] == 1
    assert Study.from_dict(found["declaration"]) == STUDY
    assert len(found["settings"]) == len(results.settings)
    for read, result in zip(found["settings"], results.settings, strict=True):
        for cell, kept in zip(result.cells, read["cells"], strict=True):
            assert kept["activation"] == cell.label
            assert kept["mean"] == cell.mean
            assert kept["runs"] == [run["key"] for run in cell.runs]
            assert kept["validation_accuracy"]["mean"] == list(cell.validation_accuracy.mean)
    assert found["costs"][0]["rows"]["relu"]["step"]["best"] > 0
    groups = results.main.groups
    assert groups is not None
    assert found["settings"][0]["groups"]["letters"] == groups.letters


def test_every_figure_of_the_report_is_there_in_both_forms(folder: Path, results: Results) -> None:
    names = {picture.name for section in sections(results) for picture in section.pictures}
    assert {path.stem for path in (folder / "figures").glob("*.svg")} == names
    assert {path.stem for path in (folder / "figures").glob("*.png")} == names
    assert {"forest-1", "curve-1-train-loss", "map-1", "shape-1", "pareto-1"} <= names
    for path in (folder / "figures").iterdir():
        if path.suffix == ".svg":
            root = ElementTree.fromstring(path.read_bytes())
            assert root.tag.endswith("svg")
            text = path.read_text(encoding="utf-8")
            assert "var(" not in text
            assert not re.search(r'href="(?!#|data:image/png;base64,)', text)
        else:
            with Image.open(path) as image:
                image.verify()


def test_an_export_repeats_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    written = export(assemble(STUDY, reversed(RUNS)), tmp_path)
    for path in written:
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes(), path.name
    assert not list(tmp_path.rglob(".*")), "a temporary file was left behind"


def test_the_markdown_has_every_page_and_table_and_only_figures_that_are_there(
    folder: Path, results: Results
) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    pages = sections(results)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [page.title for page in pages]
    links = re.findall(r"!\[.+?\]\((figures/.+?\.svg)\)", text)
    assert len(links) == len(set(links)) > 10
    assert all((folder / link).is_file() for link in links)
    assert "<" not in text.replace("<\N{NO-BREAK SPACE}", "").replace("< 0", "")
    # Every table has as many cells in each row as in its head.
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.strip().split("\n")}
        assert len(widths) == 1, table
    for result in results.compared:
        for cell in result.cells:
            level = f"{100 * cell.mean:.2f}"
            assert any(cell.name in line and level in line for line in text.split("\n")), (
                cell.name,
                level,
            )


def test_a_name_and_the_word_that_declares_it_stand_apart(folder: Path) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    rows = [line for line in text.split("\n") if line.startswith(("| leaky", "| **leaky"))]
    assert len(rows) >= 5
    word = "leaky_relu(0.2) (leaky_relu:negative_slope=0.2)"
    assert all(row.split(" | ")[0].strip("|* ") == word for row in rows)


def test_the_latex_table_is_whole_and_agrees(folder: Path, results: Results) -> None:
    text = (folder / "table.tex").read_text(encoding="utf-8")
    assert text == latex_table(results)
    for name in ("table", "tabular"):
        assert text.count(rf"\begin{{{name}}}") == text.count(rf"\end{{{name}}}") == 1
    # Grids of one study may train for different times; a caption speaks for all of them.
    assert "after 3 epochs" in text
    for rule in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert rule in text
    lines = [line for line in text.splitlines() if line.endswith(r"\\") and "&" in line]
    assert len(lines) == 2 + sum(len(result.cells) for result in results.compared)
    assert {len(re.findall(r"(?<!\\)&", line)) for line in lines} == {6}
    cell = results.main.cells[2]
    assert cell.mean is not None
    assert cell.difference is not None
    shown = next(line for line in lines if line.startswith(r"leaky\_relu:negative\_slope=0.2"))
    assert f" {100 * cell.mean:.2f} " in shown
    assert f"{abs(100 * cell.difference.mean):.2f}" in shown
    assert "(1 diverged)" in text
    assert text.isascii()


LONG = Study(
    activations=("relu", *(f"elu:alpha={alpha}" for alpha in range(2, 20))),
    grids=(
        Grid(models=("mlp:8x2", "mlp:8x3", "mlp:8x4"), seeds=2, recipe=Recipe(epochs=2)),
        Grid(models=("mlp:8x5",), seeds=2, recipe=Recipe(epochs=3)),
    ),
)


def test_what_is_too_long_for_a_page_goes_on_in_a_further_table() -> None:
    text = latex_table(assemble(LONG, synthetic_runs(LONG)))
    tables = text.split(r"\begin{table}")[1:]
    assert [table.count(r"\midrule") for table in tables] == [2, 2]
    assert [table.count("elu:alpha") for table in tables] == [36, 36]
    assert len(re.findall(r"\\caption", text)) == 2
    assert "epoch" not in text


@given(st.text(alphabet=r"abc_%&#$~^{}\<>|" + '"−–±×'))
def test_what_is_escaped_has_no_mark_left(text: str) -> None:
    found = escaped(text)
    assert found.isascii()
    commands = r"\\text[a-z]+\{\}|\\[{}$&#%_]|\$(?:-|\\pm|\\times)\$"
    assert re.fullmatch(r"[abc-]*", re.sub(commands, "", found))


def test_a_study_without_runs_is_exported_too(tmp_path: Path) -> None:
    results = assemble(STUDY, [])
    export(results, tmp_path)
    assert (tmp_path / "results.csv").read_text(encoding="utf-8") == ""
    assert {row["runs"] for row in rows(tmp_path / "summary.csv")} == {"0"}
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["missing"]
    assert r"\bottomrule" in (tmp_path / "table.tex").read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_is_an_error_with_nothing_written(
    results: Results, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(OSError, match="file"):
        export(results, file)
    assert file.read_text(encoding="utf-8") == "mine"
