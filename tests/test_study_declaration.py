"""The declaration of a study: what it accepts, which runs follow, how they are named."""

import hashlib
import json
import math
import subprocess
import sys

import pytest

from ogive.catalog import CATALOG
from ogive.study import Protocol, RunSpec, Study
from ogive.study.declaration import canonical_json, spec_key

DEFAULT = Study()


def test_default_study_has_the_two_grids():
    assert len(DEFAULT.main_runs()) == 7 * 5
    assert len(DEFAULT.depth_runs()) == 7 * 2 * 2
    shared = {s.key for s in DEFAULT.main_runs()} & {s.key for s in DEFAULT.depth_runs()}
    assert len(shared) == 7
    assert len(DEFAULT.runs()) == 35 + 28 - 7


def test_runs_holds_every_run_of_both_grids_once():
    keys = [spec.key for spec in DEFAULT.runs()]
    assert len(keys) == len(set(keys))
    assert set(keys) == {s.key for s in DEFAULT.main_runs() + DEFAULT.depth_runs()}


def test_progress_is_even_and_ends_with_a_short_run():
    works = [spec.work for spec in DEFAULT.runs()]
    # A study stopped half-way has done about half of its work, and a cheap run comes last.
    assert 0.35 < sum(works[: len(works) // 2]) / sum(works) < 0.6
    assert works[-1] == min(works)


def test_key_is_the_hash_of_the_canonical_json_of_the_spec():
    spec = RunSpec(activation="tanh", seed=3)
    text = json.dumps(spec.to_dict(), sort_keys=True, separators=(",", ":"))
    assert canonical_json(spec.to_dict()) == text
    assert spec.key == spec_key(spec.to_dict()) == hashlib.sha256(text.encode()).hexdigest()


def test_key_of_a_known_spec_has_not_moved():
    # A store made last year must still be found: this changes only with the versions in it.
    assert RunSpec(protocol=Protocol(learning_rate=1e-3, batch_size=32, epochs=30)).key == (
        "298b7e6580a34957452306af9ab9348a1988ea103549a4bbd460d04c27ae4d72"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"hidden": (128, 64)},
        {"activation": "silu"},
        {"initialization": "default"},
        {"seed": 1},
        {"protocol": Protocol(epochs=31)},
        {"protocol": Protocol(learning_rate=0.5)},
        {"protocol": Protocol(batch_size=7)},
    ],
    ids=str,
)
def test_every_field_of_a_spec_is_in_its_key(change):
    assert RunSpec(**change).key != RunSpec().key


def test_the_versions_are_in_the_key(monkeypatch):
    before = RunSpec().key
    monkeypatch.setattr("ogive.study.declaration.TRAINING_VERSION", 99)
    assert RunSpec().key != before


def test_what_defines_no_number_is_not_in_the_key():
    assert Study(name="a").runs()[0].key == Study(name="b").runs()[0].key
    # A whole learning rate, a list of widths and an alias all mean the same run.
    assert RunSpec(protocol=Protocol(learning_rate=1)) == RunSpec(
        protocol=Protocol(learning_rate=1.0)
    )
    assert RunSpec(hidden=[128, 128], activation="expit").key == RunSpec(activation="sigmoid").key


def test_swish_is_learned_and_silu_is_not():
    assert Study(activations=("relu", "silu", "swish")).activations == ("relu", "silu", "swish")
    assert RunSpec(activation="swish").key != RunSpec(activation="silu").key


def test_adding_a_seed_or_an_activation_keeps_all_earlier_runs():
    small = {s.key for s in Study(activations=("relu", "tanh"), seeds=2).runs()}
    large = {s.key for s in Study(activations=("relu", "gelu", "tanh"), seeds=4).runs()}
    assert small < large


def test_spec_survives_json():
    spec = RunSpec(hidden=(32, 16, 8), activation="elu", protocol=Protocol(learning_rate=1 / 3))
    assert RunSpec.from_dict(json.loads(canonical_json(spec.to_dict()))) == spec


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda spec: spec.update(version=2), "version"),
        (lambda spec: spec.pop("seed"), "seed"),
        (lambda spec: spec["protocol"].update(momentum=1), "momentum"),
    ],
)
def test_a_foreign_spec_is_refused(spoil, message):
    spec = RunSpec().to_dict()
    spoil(spec)
    with pytest.raises(ValueError, match=message):
        RunSpec.from_dict(spec)


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
        ({"activations": ("tanh",)}, "reference 'relu'"),
        ({"reference": "softplus"}, "reference 'softplus'"),
        ({"data": "digit"}, "'digit'; did you mean 'digits'"),
        ({"initialization": "xavier"}, "default, matched, not 'xavier'"),
        ({"seeds": 0}, "at least 1, not 0"),
        ({"seeds": 2.5}, "whole number, not 2.5"),
        ({"seeds": True}, "whole number, not True"),
        ({"hidden": ()}, "hidden"),
        ({"hidden": (128, 0)}, "at least 1, not 0"),
        ({"hidden": 128}, "sequence of whole numbers, not 128"),
        ({"hidden": "128"}, "sequence of whole numbers, not '128'"),
        ({"depths": (2, 2)}, "twice: 2"),
        ({"depths": (-1,)}, "at least 1, not -1"),
        ({"name": "  "}, "name"),
        ({"protocol": {"epochs": 3}}, "epochs"),
    ],
    ids=str,
)
def test_a_wrong_study_is_refused_before_anything_runs(arguments, message):
    with pytest.raises(ValueError, match=message):
        Study(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"optimizer": "adma"}, "'adma'; did you mean 'adam'"),
        ({"learning_rate": 0}, "not 0"),
        ({"learning_rate": float("nan")}, "not nan"),
        ({"learning_rate": float("inf")}, "not inf"),
        ({"learning_rate": "fast"}, "not 'fast'"),
        ({"batch_size": 0}, "not 0"),
        ({"epochs": -3}, "not -3"),
    ],
    ids=str,
)
def test_a_wrong_protocol_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Protocol(**arguments)


def test_a_spec_is_checked_like_a_study():
    with pytest.raises(ValueError, match="-1"):
        RunSpec(seed=-1)
    with pytest.raises(ValueError, match="protocol"):
        RunSpec(protocol=None)


def test_no_depth_grid_on_request():
    assert Study(depths=()).runs() == Study(depths=()).main_runs()


def test_importing_the_study_loads_nothing_heavy():
    code = (
        "import sys, ogive.study; "
        "heavy = {'torch', 'scipy', 'sklearn', 'matplotlib', 'rich', 'click', 'jinja2'}; "
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


def test_every_function_of_the_real_line_can_be_studied() -> None:
    whole = [name for name, record in CATALOG.items() if record.domain == (-math.inf, math.inf)]
    assert set(CATALOG) - set(whole) == {"logit", "odds", "log1mexp"}
    assert Study(activations=whole).activations == tuple(whole)
