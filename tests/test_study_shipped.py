"""Studies that ship: whoever adds an activation finds the others' runs there."""

import json
import lzma
from pathlib import Path

import pytest

from ogive.study import Data, Grid, Recipe, Store, Study, Tuning, shipped
from ogive.study.plan import plan

STUDY = Study(
    activations=("relu", "tanh"),
    grids=(Grid(models=("mlp:8x1",), seeds=2, protocols=("drop-in", "tuned")),),
    recipe=Recipe(epochs=1),
    tuning=Tuning(rates=(1, 3), gains=(1,)),
)


def finished(spec):
    accuracy = 0.5 + 0.1 * (spec.recipe.learning_rate > 4e-3) + 0.001 * (spec.seed % 7)
    run = {"key": spec.key, "spec": spec.to_dict(), "validation": {"accuracy": accuracy, "loss": 1}}
    return run | ({"test": run["validation"]} if spec.part == "test" else {})


def complete(study):
    """Every run of a study, those that tuning asks for included."""
    stored = {}
    while missing := [s for s in plan(study, stored).specs() if s.key not in stored]:
        stored |= {spec.key: finished(spec) for spec in missing}
    return stored


@pytest.fixture
def folder(tmp_path, monkeypatch):
    place = tmp_path / "shipped"
    place.mkdir()
    monkeypatch.setattr(shipped, "_FOLDER", place)
    monkeypatch.setattr(shipped, "SHIPPED", ("few",))
    (place / "few.toml").write_text("")
    shipped.pack(complete(STUDY).values(), place / "few.jsonl.xz")
    return place


def test_what_ships_is_put_into_the_store_and_the_rest_is_left_to_make(folder, tmp_path):
    more = Study(**{**vars(STUDY), "activations": ("relu", "tanh", "gelu")})
    with Store(tmp_path / "s.sqlite") as store:
        put = shipped.fill(store, more)
        assert put == len(complete(STUDY))
        stored = {run["key"]: run for run in store.runs()}
        missing = [s for s in plan(more, stored).specs() if s.key not in stored]
        assert {spec.activation.label for spec in missing} == {"gelu"}
        assert shipped.fill(store, more) == 0


def test_nothing_is_put_that_was_not_asked_for(folder, tmp_path):
    other = Study(activations=("relu",), grids=(Grid(models=("mlp:9x1",), seeds=2),))
    part = Study(activations=("relu",), grids=(Grid(models=("mlp:8x1",), seeds=1),),
                 recipe=Recipe(epochs=1))  # fmt: skip
    with Store(tmp_path / "s.sqlite") as store:
        assert shipped.fill(store, other) == 0
        assert shipped.fill(store, part) == 1


def test_packing_is_the_same_for_any_order(tmp_path):
    runs = list(complete(STUDY).values())
    shipped.pack(runs, tmp_path / "a.jsonl.xz")
    shipped.pack(reversed(runs), tmp_path / "b.jsonl.xz")
    assert (tmp_path / "a.jsonl.xz").read_bytes() == (tmp_path / "b.jsonl.xz").read_bytes()


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="no study 'fashionn' ships"):
        shipped.declaration_of("fashionn")


@pytest.mark.parametrize("name", shipped.SHIPPED)
def test_every_shipped_study_is_complete_for_todays_code(name):
    # A change of the training's numbers (TRAINING_VERSION) asks for the studies to be made again.
    file = Path(shipped.__file__).parent / f"{name}.jsonl.xz"
    with lzma.open(file, "rt") as lines:
        keys = json.loads(next(lines))
        runs = list(map(json.loads, lines))
    assert [run["key"] for run in runs] == keys
    # A text of the standard library is another with another Python: its runs are of theirs.
    study = shipped.study_of(name, Data.from_dict(runs[0]["spec"]["data"]))
    assert study.name == name
    planned = plan(study, {run["key"]: run for run in runs})
    assert planned.later == 0
    assert {spec.key for spec in planned.specs()} == set(keys)


def test_a_study_of_other_data_is_not_the_one_that_ships(folder):
    (folder / "few.toml").write_text('data = "digits"')
    assert shipped.study_of("few", Data("digits")).data == Data("digits")
    with pytest.raises(ValueError, match="few is of digits, not of wine"):
        shipped.study_of("few", Data("wine"))
