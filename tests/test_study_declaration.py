"""The declaration of a study: what it accepts, which runs follow, how they are named."""

import hashlib
import json
import math
import re
import subprocess
import sys
import textwrap
from dataclasses import replace

import pytest

from ogive.catalog import CATALOG
from ogive.study import Activation, Data, Grid, Model, Recipe, RunSpec, Seeds, Study, Tuning
from ogive.study.declaration import depth_grid
from ogive.study.plan import plan
from ogive.study.seeds import MOST_SEEDS
from ogive.study.spec import canonical_json, spec_key
from ogive.study.tuning import FIRST_SEED
from ogive.study.words import from_words

DEFAULT = Study()


def specs(study, stored=()):
    return plan(study, {run["key"]: run for run in stored}).specs()


# ---- grids and runs


def test_default_study_has_two_grids_that_share_a_setting():
    assert len(DEFAULT.settings()) == 4
    assert [setting.seeds.least for setting in DEFAULT.settings()] == [5, 1, 1, 1]
    assert len(specs(DEFAULT)) == 7 * 5 + 7 * 3


def test_every_run_is_planned_once():
    keys = [spec.key for spec in specs(DEFAULT)]
    assert len(keys) == len(set(keys))


def test_a_setting_of_two_grids_has_the_seeds_of_the_one_that_asks_for_more():
    few, many = Grid(models=("mlp:8x1",), seeds=2), Grid(models=("mlp:8x1", "mlp:8x2"), seeds=4)
    for grids in ((few, many), (many, few)):
        study = Study(activations=("relu",), grids=grids)
        assert {str(s.model): s.seeds.least for s in study.settings()} == {
            "mlp:8x1": 4,
            "mlp:8x2": 4,
        }


def test_fixed_seeds_of_one_grid_are_not_lost_where_another_adds_some():
    fixed = Grid(models=("mlp:8x1",), seeds=20)
    for most, wanted in ((30, Seeds(least=20, most=30, width=0.05)), (12, Seeds(least=20))):
        adding = Grid(models=("mlp:8x1",), seeds=Seeds(least=5, most=most, width=0.05))
        for grids in ((fixed, adding), (adding, fixed)):
            (setting,) = Study(activations=("relu",), grids=grids).settings()
            assert setting.seeds == wanted
    some, more = (Seeds(least=5, most=most, width=w) for most, w in ((9, 0.1), (15, 0.02)))
    assert some.joined(more) == more.joined(some) == Seeds(least=5, most=15, width=0.02)


@pytest.mark.parametrize("data", ["wine", "blobs"])
def test_augmentation_is_for_images(data):
    recipe = Recipe(augmentation="flip")
    with pytest.raises(ValueError, match=f"'flip' is for images, and {data}.* holds vectors"):
        Study(data=data, recipe=recipe)
    # A grid's own recipe counts, too.
    with pytest.raises(ValueError, match="is for images"):
        Study(data=data, grids=(Grid(recipe=recipe),))


def test_progress_is_even():
    works = [spec.work for spec in specs(DEFAULT)]
    # A study stopped half-way has done about half of its work.
    assert 0.35 < sum(works[: len(works) // 2]) / sum(works) < 0.65


def test_every_activation_has_its_first_run_before_one_has_its_second():
    study = Study(grids=(Grid(seeds=3),))
    seeds = [spec.seed for spec in specs(study)]
    assert seeds == sorted(seeds)


def test_a_grid_is_every_combination():
    grid = Grid(
        models=("mlp:8x1", "mlp:8x2"),
        initializations=("default", "matched", "lsuv"),
        protocols=("drop-in", "tuned"),
    )
    assert len({setting.identity for setting in grid.settings(Recipe())}) == 12


def test_a_grid_may_have_a_recipe_of_its_own():
    longer = Recipe(epochs=40)
    study = Study(grids=(Grid(seeds=1), Grid(seeds=1, recipe=longer)))
    assert [setting.recipe for setting in study.settings()] == [Recipe(), longer]
    assert {spec.recipe.epochs for spec in specs(study)} == {25, 40}


def test_depth_grid_shows_both_initialisations():
    settings = depth_grid((2, 5), width=16, seeds=3).settings(Recipe())
    assert [(s.model.depth, s.initialization) for s in settings] == [
        *((2, "default"), (2, "matched"), (5, "default"), (5, "matched")),
    ]
    assert {s.model.option("widths")[0] for s in settings} == {16}
    assert {s.seeds.least for s in settings} == {3}


# ---- names of runs


def test_key_is_the_hash_of_the_canonical_json_of_the_spec():
    spec = RunSpec(activation="tanh", seed=3)
    text = json.dumps(spec.to_dict(), sort_keys=True, separators=(",", ":"))
    assert canonical_json(spec.to_dict()) == text
    assert spec.key == spec_key(spec.to_dict()) == hashlib.sha256(text.encode()).hexdigest()


def test_key_of_a_known_spec_has_not_moved():
    # A store made last year must still be found: this changes only with the versions in it.
    assert RunSpec(recipe=Recipe(learning_rate=1e-3, batch_size=32, epochs=30)).key == (
        "7633927e8f96eedeccd1e50390d54f10dc1e18b9573c6098a577a47e1016c8d9"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"data": Data("digits", (), "", "another")},
        {"model": "mlp:64x3"},
        {"model": "mlp:norm=batch"},
        {"activation": "silu"},
        {"activation": "leaky_relu:negative_slope=0.2"},
        {"initialization": "default"},
        {"gain": 1.5},
        {"seed": 1},
        {"part": "validation"},
        *({"recipe": Recipe(**change)} for change in (
            {"optimizer": "sgd"}, {"learning_rate": 0.5}, {"schedule": "cosine"},
            {"weight_decay": 0.1}, {"optimizer": "sgd", "momentum": 0.9}, {"clip": 1},
            {"batch_size": 7}, {"epochs": 31}, {"augmentation": "flip"},
            {"precision": "bfloat16"},
        )),
    ],
    ids=str,
)  # fmt: skip
def test_every_field_of_a_spec_is_in_its_key(change):
    assert RunSpec(**change).key != RunSpec().key


def test_the_versions_are_in_the_key(monkeypatch):
    before = RunSpec().key
    monkeypatch.setattr("ogive.study.spec.TRAINING_VERSION", 99)
    assert RunSpec().key != before


def test_what_defines_no_number_is_not_in_the_key():
    one, two = Study(name="a"), Study(name="b", cost=False, tuning=Tuning(rates=(1,)))
    assert specs(one)[0].key == specs(two)[0].key
    # A whole learning rate, a default spelled out, an alias and a path all mean the same run.
    assert RunSpec(recipe=Recipe(learning_rate=1)) == RunSpec(recipe=Recipe(learning_rate=1.0))
    assert RunSpec(model="mlp:128x2:norm=none").key == RunSpec().key
    assert RunSpec(activation="expit").key == RunSpec(activation="sigmoid").key
    assert (
        RunSpec(activation="leaky_relu:negative_slope=0.01").key
        == RunSpec(activation="leaky_relu").key
    )
    here, there = Data("npz", (), "/a.npz", "same"), Data("npz", (), "/b.npz", "same")
    assert RunSpec(data=here).key == RunSpec(data=there).key


def test_swish_is_learned_and_silu_is_not():
    labels = [a.label for a in Study(activations=("relu", "silu", "swish")).activations]
    assert labels == ["relu", "silu", "swish"]
    assert RunSpec(activation="swish").key != RunSpec(activation="silu").key


def test_adding_a_seed_or_an_activation_keeps_all_earlier_runs():
    small = Study(activations=("relu", "tanh"), grids=(Grid(seeds=2),))
    large = Study(activations=("relu", "gelu", "tanh"), grids=(Grid(seeds=4),))
    assert {s.key for s in specs(small)} < {s.key for s in specs(large)}


def test_spec_survives_json():
    spec = RunSpec(
        model="mlp:32-16-8:norm=layer",
        activation="elu:alpha=0.5",
        initialization="lsuv",
        gain=1.25,
        recipe=Recipe(learning_rate=1 / 3, optimizer="sgd", momentum=0.9),
        part="validation",
    )
    assert RunSpec.from_dict(json.loads(canonical_json(spec.to_dict()))) == spec


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda spec: spec.update(version=1), "version"),
        (lambda spec: spec.pop("seed"), "seed"),
        (lambda spec: spec["recipe"].update(speed=1), "speed"),
    ],
)
def test_a_foreign_spec_is_refused(spoil, message):
    spec = RunSpec().to_dict()
    spoil(spec)
    with pytest.raises(ValueError, match=message):
        RunSpec.from_dict(spec)


def test_a_study_survives_json():
    study = Study(
        name="all",
        activations=("relu", "leaky_relu:negative_slope=0.2"),
        grids=(
            Grid(models=("mlp:8x3",), protocols=("tuned",),
                 seeds=Seeds(least=3, most=9, width=0.1)),
            depth_grid((3,)),
        ),
        recipe=Recipe(epochs=3),
        tuning=Tuning(rates=(0.5, 2)),
        cost=False,
    )  # fmt: skip
    assert Study.from_dict(json.loads(json.dumps(study.to_dict()))) == study


# ---- words


@pytest.mark.parametrize(
    ("word", "widths", "norm"),
    [
        ("mlp", (128, 128), "none"),
        ("mlp:64x3", (64, 64, 64), "none"),
        ("mlp:64-32:norm=batch", (64, 32), "batch"),
        ({"name": "mlp", "widths": [5], "norm": "layer"}, (5,), "layer"),
    ],
)
def test_a_model_is_read_from_words(word, widths, norm):
    model = Model.read(word)
    assert (model.option("widths"), model.option("norm")) == (widths, norm)
    assert Model.read(str(model)) == model


def test_what_a_person_wrote_is_found_by_its_name(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("def wave(x):\n    return x.sin()\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    by_module, by_file = Activation.read("mine:wave"), Activation.read("mine.py:wave")
    assert by_module.record is None
    assert by_module.source == by_file.source != ""
    claimed = Activation.read("relu=mine:wave")
    assert (claimed.record, claimed.own, claimed.label) == ("relu", "mine:wave", "relu=mine:wave")
    import mine

    assert Activation.read(mine.wave) == by_module
    model = Model.read("mine:wave")
    assert (str(model), model.kind) == ("mine:wave", None)
    before = RunSpec(activation=by_file).key
    (tmp_path / "mine.py").write_text("def wave(x):\n    return x.cos()\n")
    assert RunSpec(activation="mine.py:wave").key != before


@pytest.mark.parametrize(
    ("read", "word", "message"),
    [
        (Activation.read, "mine:waves", "mine has no 'waves'"),
        (Activation.read, "mine:number", "cannot be called"),
        (Activation.read, "yours:wave", "no module 'yours'"),
        (Activation.read, "broken:wave", "importing broken failed: ZeroDivisionError"),
        (Activation.read, "needy:wave", "importing needy failed.*no_such_library"),
        (Activation.read, "absent.py:wave", "no file .*absent.py"),
        (Activation.read, lambda x: x, "no name at the top of a module"),
        (Activation.read, "elu:beta=1", "no parameter 'beta'; it has alpha"),
        (Activation.read, "elu:alpha=wide", "elu: alpha must be a finite number, not 'wide'"),
        (Activation.read, "elu:alpha=nan", "elu: alpha must be a finite number, not nan"),
        (Activation.read, {"name": "elu", "alpha": True}, "a finite number, not True"),
        (Activation.read, {"name": "elu", "alpha": "0.3"}, "a finite number, not '0.3'"),
        (Activation.read, {"name": "elu", "alpha": None}, "a finite number, not None"),
        (Activation.read, "leaky_relu:0.2", "write leaky_relu:negative_slope=0.2$"),
        (Activation.read, "leaky_relu:f", "write leaky_relu:negative_slope=0.01$"),
        (Activation.read, "swiglu:1", "swiglu has no parameters"),
        (Activation.read, "rleu:1", "no activation is called 'rleu'; did you mean 'relu'"),
        (Activation.read, "swigul", "no activation is called 'swigul'; did you mean 'swiglu'"),
        (Activation.read, "softmax", "'softmax' cannot be an activation: it is a function of rows"),
        (Activation.read, "logsumexp", "a function of rows"),
        (Activation.read, "wave", "no activation is called 'wave'; known: sigmoid, log_sigmoid"),
        (Activation.read, "softplus:beta=0", "beta must be"),
        (Activation.read, "relu:1", "relu has no parameters, and '1' is given"),
        (Activation.read, {"name": "swiglu", "beta": 2}, "swiglu has no parameters"),
        (Model.read, "mlpp:64x3", "'mlpp'; did you mean 'mlp'"),
        (Model.read, "mlp:64y3", "64x3 or 128-64, not '64y3'"),
        (Model.read, "mlp:norm=group", "none, batch, layer, not 'group'"),
        (Model.read, "mlp:depth=3", "no option 'depth'; it has widths, norm"),
        (Model.read, "mlp:64x3:32x1", "each key once"),
        (Model.read, "mine:number", "cannot be called"),
        (Model.read, 3, "a name or a function, not 3"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_wrong_word_is_refused(read, word, message, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("number = 3\ndef wave(x):\n    return x\n")
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (tmp_path / "needy.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("mine", "broken", "needy"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(ValueError, match=message):
        read(word)


# ---- what is refused


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"activations": ("relu", "sigmiod")}, "sigmiod.*sigmoid"),
        ({"activations": ()}, "activations"),
        ({"activations": "relu"}, "'relu'"),
        ({"activations": (3,)}, "3"),
        ({"activations": ("logit",), "reference": "logit"}, "logit.*defined on"),
        ({"activations": ("relu", "tanh", "relu")}, "twice: relu"),
        ({"activations": ("relu", "sigmoid", "expit")}, "twice: sigmoid"),
        ({"activations": ("relu", "swiglu")}, "swiglu is a gated unit.*no place for one"),
        ({"activations": ("tanh",), "reference": "relu"}, "reference 'relu'"),
        ({"reference": "softplus"}, "reference 'softplus'"),
        ({"data": "digit"}, "'digit'; did you mean 'digits'"),
        ({"grids": ()}, "grids"),
        ({"grids": ("mlp",)}, "grids must be Grids"),
        ({"name": "  "}, "name"),
        ({"recipe": {"epochs": 3}}, "epochs"),
        ({"cost": 1}, "cost must be true or false"),
        ({"tuning": {"rate": [1]}}, "'rate'; did you mean 'rates'"),
        ({"tuning": {"seeds": 10_001}}, "seeds of tuning must be at most 10000"),
    ],
    ids=str,
)
def test_a_wrong_study_is_refused_before_anything_runs(arguments, message):
    with pytest.raises(ValueError, match=message):
        Study(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"initializations": ("xavier",)}, "default, matched, lsuv, not 'xavier'"),
        ({"initializations": ("lsuv", "lsuv")}, "twice: lsuv"),
        ({"protocols": ("dropin",)}, "did you mean 'drop-in'"),
        ({"models": ()}, "models"),
        ({"models": ("mlp:8x2", "mlp:8-8")}, "twice: mlp:8x2"),
        ({"models": ("mlp:0x2",)}, "at least 1, not 0"),
        ({"seeds": 0}, "at least 1, not 0"),
        ({"seeds": 2.5}, "whole number, not 2.5"),
        ({"seeds": True}, "whole number, not True"),
        ({"seeds": {"least": 5, "more": 9}}, "'more'"),
        ({"seeds": {"least": 5, "most": 3, "width": 0.1}}, "3, is below 5"),
        ({"seeds": {"least": 5, "most": 9}}, "both a largest number of them above"),
        ({"seeds": {"least": 2, "most": 9, "width": 0.1}}, "at least 3 at first"),
        ({"seeds": 1_000_000_000}, "seeds must be at most 10000, not 1000000000"),
        ({"seeds": {"least": 5, "most": 10**6, "width": 0.1}}, "largest number .* at most 10000"),
        ({"seeds": "5..20"}, "'5..20' is neither .* nor like 5..20@0.01"),
        ({"models": ("mlp:1x100000000000",)}, "mlp: the layers of widths .* most 1000, not 1000"),
        ({"models": ("mlp:" + "-".join("1" * 1001),)}, "at most 1000, not 1001"),
        ({"models": ("lstm:layers=1001",)}, "lstm: layers must be at most 1000"),
        ({"models": ("transformer:depth=1001",)}, "transformer: depth must be at most 1000"),
        ({"models": ("cnn:1x17",)}, "cnn: the layers of widths must be at most 16"),
    ],
    ids=str,
)
def test_a_wrong_grid_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Grid(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"optimizer": "adma"}, "'adma'; did you mean 'adam'"),
        ({"learning_rate": 0}, "not 0"),
        ({"learning_rate": float("nan")}, "not nan"),
        ({"learning_rate": float("inf")}, "not inf"),
        ({"learning_rate": "fast"}, "not 'fast'"),
        ({"weight_decay": -1}, "at least 0, not -1"),
        ({"momentum": 0.9}, "momentum is for sgd"),
        ({"momentum": 1, "optimizer": "sgd"}, "below 1"),
        ({"clip": -0.1}, "clip"),
        ({"schedule": "linear"}, "'linear'"),
        ({"precision": "float16"}, "'float16'.*'bfloat16'"),
        ({"augmentation": "mixup"}, "'mixup'"),
        ({"batch_size": 0}, "not 0"),
        ({"epochs": -3}, "not -3"),
    ],
    ids=str,
)
def test_a_wrong_recipe_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**arguments)


def test_a_spec_is_checked_like_a_study():
    for change in ({"seed": -1}, {"gain": 0}, {"part": "train"}, {"recipe": None}):
        with pytest.raises(ValueError, match=next(iter(change))):
            RunSpec(**change)


def test_no_seed_of_a_comparison_is_one_of_tuning():
    assert MOST_SEEDS <= FIRST_SEED


def test_seeds_are_the_same_words_everywhere(tmp_path):
    added = Seeds(least=5, most=20, width=0.01)
    assert Seeds.read("5..20@0.01") == Seeds.read(" 5..20@.01 ") == added
    assert declared(tmp_path, 'seeds = "5..20@0.01"').grids[0].seeds == added
    assert Seeds.read("7") == Seeds.read(7) == Seeds(least=7)


# ---- tuning and adding seeds: later runs follow from earlier results


def finished(spec, accuracy, loss=1.0):
    run = {"key": spec.key, "spec": spec.to_dict()}
    judged = {"accuracy": accuracy, "loss": loss}
    return run | {"validation": judged} | ({"test": judged} if spec.part == "test" else {})


TUNED = Study(
    activations=("relu", "tanh"),
    grids=(Grid(protocols=("tuned",), seeds=2),),
    tuning=Tuning(rates=(0.5, 1, 2), gains=(1, 2), seeds=2),
)


def test_tuning_never_sees_the_test_part_nor_the_seeds_of_the_comparison():
    first = specs(TUNED)
    assert len(first) == 2 * TUNED.tuning.trials == 24
    assert {spec.part for spec in first} == {"validation"}
    assert plan(TUNED, {}).later == 4
    assert not {spec.seed for spec in first} & set(range(1000))


def test_tuning_chooses_the_best_pair_of_each_activation_by_itself():
    best = {"relu": (4e-3, 1.0), "tanh": (2e-3, 2.0)}
    stored = []
    for spec in specs(TUNED):
        pair = (spec.recipe.learning_rate, spec.gain)
        stored.append(finished(spec, 0.9 if pair == best[spec.activation.label] else 0.8))
    last = [spec for spec in specs(TUNED, stored) if spec.part == "test"]
    assert len(last) == 4
    assert {
        (s.activation.label, s.recipe.learning_rate, s.gain) for s in last
    } == {(name, *pair) for name, pair in best.items()}  # fmt: skip
    edges = {cell.activation.label: cell.choice.at_edge for cell in plan(
        TUNED, {run["key"]: run for run in stored}).cells}  # fmt: skip
    assert edges == {"relu": True, "tanh": True}


def test_of_equal_pairs_the_declared_one_is_taken_and_the_lower_loss_before():
    stored = [finished(spec, 0.9) for spec in specs(TUNED)]
    last = [spec for spec in specs(TUNED, stored) if spec.part == "test"]
    assert {(s.recipe.learning_rate, s.gain) for s in last} == {(2e-3, 1.0)}
    # Under the declared recipe these are the runs of the drop-in protocol, and are made once.
    dropin = specs(replace(TUNED, grids=(Grid(seeds=2),)))
    assert {s.key for s in last} == {s.key for s in dropin}
    lower = [
        finished(spec, 0.9, 0.5 if spec.recipe.learning_rate == 1e-3 and spec.gain == 2 else None)
        for spec in specs(TUNED)
    ]
    last = [spec for spec in specs(TUNED, lower) if spec.part == "test"]
    assert {(s.recipe.learning_rate, s.gain) for s in last} == {(1e-3, 2.0)}


def test_a_language_model_is_tuned_by_the_loss_by_which_it_is_compared():
    study = replace(TUNED, data="text", grids=(Grid(models=("charlm:16",), protocols=("tuned",)),))
    losses = {(1e-3, 1.0): (0.551, 2.4), (2e-3, 1.0): (0.55, 1.4)}
    stored = [
        finished(spec, *losses.get((spec.recipe.learning_rate, spec.gain), (0.5, 3.0)))
        for spec in specs(study)
    ]
    (choice,) = {cell.choice for cell in plan(study, {run["key"]: run for run in stored}).cells}
    assert (choice.learning_rate, choice.gain) == (2e-3, 1.0)
    assert choice.validation == pytest.approx(1.4)
    diverged = [finished(spec, 0.5, None) for spec in specs(study)]
    found = plan(study, {run["key"]: run for run in diverged}).cells
    assert {cell.choice.validation for cell in found} == {None}


def test_seeds_are_added_until_the_intervals_are_narrow_and_not_beyond_the_most():
    study = Study(
        activations=("relu", "tanh"),
        grids=(Grid(seeds=Seeds(least=3, most=12, width=0.02)),),
    )

    def ends_with(accuracies):
        stored = []
        while missing := [
            s for s in specs(study, stored) if s.key not in {r["key"] for r in stored}
        ]:
            stored += [finished(s, accuracies(s)) for s in missing]
        return len(stored) // 2

    assert len(specs(study)) == 6
    # Narrow at once, and then the three that confirm it.
    assert ends_with(lambda spec: 0.9) == 6
    wild = [0.5, 0.9, 0.2, 0.7, 0.95, 0.1, 0.8, 0.3, 0.6, 0.4, 0.75, 0.15]
    assert ends_with(lambda s: wild[s.seed] if s.activation.label == "tanh" else 0.5) == 12
    calm = [0.90, 0.91, 0.90, 0.905, 0.91, 0.90, 0.905, 0.91, 0.90, 0.905, 0.91, 0.90]
    number = ends_with(lambda s: calm[s.seed] if s.activation.label == "tanh" else 0.9)
    assert 3 < number < 12


# ---- TOML


def declared(tmp_path, text):
    from ogive.study.toml import read_toml

    file = tmp_path / "study.toml"
    file.write_text(textwrap.dedent(text))
    return read_toml(file)


WHOLE = """
    name = "whole"   # every word once
    data = "digits"
    models = ["mlp:8x1", { name = "mlp", widths = [8, 4], norm = "batch" }]
    activations = [
        "relu",  # the "reference", ]
        { name = "leaky_relu", negative_slope = 0.2 },
        'gelu',
    ]
    initializations = ["matched", "lsuv"]
    protocols = ["drop-in", "tuned"]
    seeds = { least = 4, most = 9, width = 0.01 }
    reference = "gelu"
    cost = false
    [recipe]
    epochs = 3
    optimizer = "sgd"
    momentum = 0.9
    [tuning]
    rates = [0.5, 1.0]
    gains = [1]
    [[also]]
    model = "mlp:8x9"
    initialization = "default"
    seeds = 1
    recipe = { epochs = 2, momentum = 0.5 }
"""


def test_a_file_declares_every_word(tmp_path):
    assert declared(tmp_path, WHOLE) == Study(
        name="whole",
        activations=("relu", "leaky_relu:negative_slope=0.2", "gelu"),
        grids=(
            Grid(models=("mlp:8x1", "mlp:8-4:norm=batch"), initializations=("matched", "lsuv"),
                 protocols=("drop-in", "tuned"), seeds=Seeds(least=4, most=9, width=0.01)),
            Grid(models=("mlp:8x9",), initializations=("default",), seeds=1,
                 protocols=("drop-in", "tuned"),
                 recipe=Recipe(epochs=2, optimizer="sgd", momentum=0.5)),
        ),
        recipe=Recipe(epochs=3, optimizer="sgd", momentum=0.9),
        tuning=Tuning(rates=(0.5, 1), gains=(1,)),
        reference="gelu",
        cost=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('data = "digits"', 'data = "digit"', 3, "did you mean 'digits'"),
        ("[8, 4]", "[8, 0]", 4, "at least 1, not 0"),
        ("mlp:8x1", "mpl:8x1", 4, "did you mean 'mlp'"),
        ("'gelu'", "'geluu'", 8, "geluu"),
        ("negative_slope = 0.2", "slope = 0.2", 7, "negative_slope"),
        ('"lsuv"]', '"lsvu"]', 10, "lsvu"),
        ('"tuned"]', '"tund"]', 11, "did you mean 'tuned'"),
        ("width = 0.01", "with = 0.01", 12, "'with'"),
        ('"gelu"', '"tanh"', 13, "tanh"),
        ("epochs = 3", "epochs = 0", 16, "at least 1, not 0"),
        ("epochs = 3", "epoch = 3", 16, "did you mean 'epochs'"),
        ('optimizer = "sgd"', 'optimizer = "adam"', 15, "momentum is for sgd"),
        ("rates = [0.5, 1.0]", "rates = [0.5, -1.0]", 20, "-1.0"),
        ('model = "mlp:8x9"', 'model = "mlp:8y9"', 23, "8y9"),
        ("epochs = 2", "epochs = 0", 26, "at least 1, not 0"),
        ("seeds = 1", "seed = 1", 25, "did you mean 'seeds'"),
        ("[[also]]", "[[more]]", 22, "'more'"),
        ("name = ", "nam = ", 2, "did you mean 'name'"),
        ("cost = false", "cost = fals", 14, "Invalid value"),
        ("cost = false", "cost = 1", 14, "cost must be true or false, not 1"),
        ('"whole"', '""', 2, "name must be a text"),
        ('"whole"', "3", 2, "name must be a text that is not empty, not 3"),
        ('"lsuv"]', '"matched"]', 10, "initializations must differ; given twice: matched"),
        ('"tuned"]', '"drop-in"]', 11, "protocols must differ"),
        ("'gelu'", "'relu'", 8, "activations must differ; given twice: relu"),
        ("[0.5, 1.0]", "[0.5, 0.5]", 20, "rates must differ"),
        ('"gelu"', '"gelluu"', 13, "gelluu"),
        ('"gelu"', "0", 13, "an activation must be a name"),
        ("epochs = 3", "lr = 3", 16, "lr is called learning_rate here"),
        ("seeds = 1", "epochs = 1", 25, "epochs has its place in the table recipe"),
        ("cost = false", "lr = 0.1", 14, "lr has its place in the table recipe, as learning_rate"),
        ("cost = false", "rates = [1]", 14, "rates has its place in the table tuning"),
        ("cost = false", 'init = "default"', 14, "init is called initializations here"),
        ("cost = false", "depths = [2, 10]", 14, r"models of a table \[\[also\]\]"),
        ("cost = false", "workers = 2", 14, "workers is for the command line alone: --workers"),
        ('"whole"', '"whole', 2, ""),
    ],
)
def test_a_mistake_in_a_file_is_said_with_its_line(tmp_path, old, new, line, message):
    assert old in WHOLE
    with pytest.raises(ValueError, match=rf"study\.toml:{line}: .*{message}"):
        declared(tmp_path, WHOLE.replace(old, new))


def test_a_file_that_cannot_be_read_is_said_in_a_line(tmp_path):
    from ogive.study.toml import read_toml

    with pytest.raises(ValueError, match=r"there is no file .*absent.toml"):
        read_toml(tmp_path / "absent.toml")
    with pytest.raises(ValueError, match="is a folder: give a TOML file"):
        read_toml(tmp_path)
    for text in ("seeds = 1\nseeds = 2", "seeds = 1\nseeds = 2\n\n", 'seeds = 1\ndata = "wine\n'):
        (tmp_path / "b.toml").write_text(text)
        with pytest.raises(ValueError, match=r"b\.toml:2: "):
            read_toml(tmp_path / "b.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="no text in UTF-8"):
        read_toml(tmp_path / "b.toml")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('data = "wine"\n\nmodels = ["mlp:8x1", "resnet8"]', 3, "resnet8 takes images, and wine"),
        ('data = "wine"\n\nmodels = [\n"mlp:8x1",\n"resnet8"]', 5, "resnet8 takes images"),
        ('\nname = "t"\ndata = "text"', 3, "takes vectors or images or sequences"),
        ('data = "wine"\n[[also]]\nmodels = ["mlp"]\n[[also]]\nmodel = "lstm"', 5, "lstm takes"),
        ('activations = ["relu",\n"swiglu"]', 2, "swiglu is a gated unit.* mlp:128x2 has no place"),
        ('data = "wine"\n[recipe]\naugmentation = "flip"', 3, "'flip' is for images"),
        ('data = "wine"\n[[also]]\n[also.recipe]\naugmentation = "flip"', 4, "'flip' is for"),
        ('model = "cnn"\n[[also]]\nmodels = ["cnn:4", "mlp"]\nseeds = 0', 4, "at least 1"),
        (
            'name = "t"\nmodels = [\n"mlp",\n"vgg16:0.1"]',
            4,
            "vgg16:width=0.1 halves an image 5 times",
        ),
        ('\nmodel = "cnn:4-4-4-4"', 2, "cnn:4x4 halves an image 4 times: .* at least 10 pixels"),
        ('\nmodel = "transformer:heads=5"', 2, "transformer:heads=5: heads must divide the width"),
        ('\n[[also]]\nmodel = "transformer:patch=3"', 3, "patches of 3 × 3 do not cover .* 8 × 8"),
        ('data = "text"\nmodel = "charlm:dropout=1"', 2, "dropout must be .* below 1, not 1"),
        ("also = [{ seeds = 3 }, 7]", 1, "also must be a table, not 7"),
    ],
)
def test_what_does_not_fit_together_is_said_where_it_stands(tmp_path, text, line, message):
    with pytest.raises(ValueError, match=rf"study\.toml:{line}: .*{message}"):
        declared(tmp_path, text)


def test_data_that_were_handed_over_need_not_be_there():
    study = from_words({"data": Data("fashion-mnist", source="0" * 64), "model": "vgg16"})
    assert Study.from_dict(study.to_dict()) == study


def test_a_further_grid_is_as_the_first_where_it_says_nothing(tmp_path):
    study = declared(
        tmp_path,
        """
        models = ["mlp:8x1", "mlp:8x2"]
        initializations = ["default", "lsuv"]
        protocol = "tuned"
        seeds = 3
        [[also]]
        model = "mlp:8x3"
        [[also]]
        initialization = "matched"
        seeds = 4
        """,
    )
    first, models, draw = study.grids
    assert models == replace(first, models=("mlp:8x3",))
    assert draw == replace(first, initializations=("matched",), seeds=4)


def test_a_byte_order_mark_is_no_word(tmp_path):
    from ogive.study.toml import read_toml

    file = tmp_path / "study.toml"
    file.write_bytes(b"\xef\xbb\xbfseeds = 3\n")
    assert read_toml(file).grids[0].seeds.least == 3
    file.write_bytes(b"\xef\xbb\xbfseed = 3\n")
    with pytest.raises(ValueError, match=r"study\.toml:1: .*did you mean 'seeds'"):
        read_toml(file)


def test_singular_and_plural_of_one_word_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"toml:3: .*the same"):
        declared(tmp_path, '\nmodels = ["mlp"]\nmodel = "mlp"\n')


# ---- what it costs


def test_reading_a_declaration_loads_nothing_heavy(tmp_path):
    (tmp_path / "study.toml").write_text(textwrap.dedent(WHOLE))
    code = (
        "import sys, ogive.study; from ogive.study.toml import read_toml; "
        "from ogive.study.plan import plan; plan(read_toml('study.toml'), {}).specs(); "
        "heavy = {'torch', 'scipy', 'sklearn', 'matplotlib', 'rich', 'click', 'jinja2'}; "
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert answer.stdout.strip() == "[]"


def test_a_function_that_cannot_be_an_activation_is_not_offered() -> None:
    for word in ("wave", "logitt", "odss"):
        with pytest.raises(ValueError, match="no activation is called") as caught:
            Activation.read(word)
        assert not {"logit", "odds", "log1mexp"} & set(re.findall(r"\w+", str(caught.value)))


def test_every_function_of_the_real_line_can_be_studied() -> None:
    whole = [name for name, record in CATALOG.items() if record.domain == (-math.inf, math.inf)]
    assert set(CATALOG) - set(whole) == {"logit", "odds", "log1mexp"}
    assert [a.label for a in Study(activations=whole).activations] == whole
