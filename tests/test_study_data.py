"""The choice of data: known by name, a person's own, refused in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from command_line import ogive, refused
from study_data import BY_PATH, HERE, X, Y, same

from ogive.study import Data, Dataset, Part, RunSpec, Study
from ogive.study.data import (
    Shape,
    choice,
    kind,
)
from ogive.study.data.arrays import from_arrays
from ogive.study.data.known import DATASETS
from ogive.study.data.theirs import as_dataset, checked_dataset


@pytest.fixture(autouse=True)
def nothing_loaded():
    choice._LOADED.clear()


# ---- known sets

COUNTS = {
    "digits": [178, 182, 177, 183, 181, 182, 181, 179, 174, 180],
    "breast_cancer": [212, 357],
    "wine": [59, 71, 48],
    "fashion-mnist": [7000] * 10,
    # Of A to Z, as in the description that UCI keeps.
    "letter": [
        789, 766, 736, 805, 768, 775, 773, 734, 755, 747, 739, 761, 792,
        783, 753, 803, 783, 758, 748, 796, 813, 764, 752, 787, 786, 734,
    ],
    "shuttle": [10, 13, 3267, 50, 171, 8903, 45586],
    "adult": [24720, 7841],
    "blobs": [1000] * 10,
    "spirals": [2000] * 3,
    "noise": [1000] * 10,
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in DATASETS if name not in BY_PATH])
def test_a_known_set_is_as_its_table_says(name):
    known = DATASETS[name]
    if name not in HERE:
        pytest.skip(f"{name} is not here: {known.get}")
    data = Data.read(name).load()
    assert data.kind == known.inputs
    assert data.shape.inputs == tuple(int(size) for size in known.shape.split(" × "))
    if name != "text":  # which differs between versions of Python
        stated = [int(number.replace(",", "")) for number in known.rows.split(" + ")]
        total = sum(map(len, data.parts.values()))
        assert sum(stated) == total
        assert len(stated) == 1 or len(data.test) == stated[1]
        assert data.classes == int(known.classes)
    if name in COUNTS:
        parts = data.parts.values()
        found = sum(np.bincount(part.targets, minlength=data.classes) for part in parts)
        assert found.tolist() == COUNTS[name]
    assert checked_dataset(data).digest() == data.digest()


def test_every_known_set_says_what_it_is():
    for known in DATASETS.values():
        assert known.about.endswith(".")
        assert known.licence, known.name
        assert known.source, known.name
        assert known.get or known.best, known.name
        assert known.inputs is not None or known.name == "npz"


def test_reading_a_declaration_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from ogive.study.data import Data\n"
        "for name in ('digits', 'teacher', 'text:characters=2000'): Data.read(name)\n"
        "heavy = {'torch', 'scipy', 'sklearn', 'pandas', 'rdata', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


# ---- a person's own objects


class Items:
    """Like a torch Dataset: it has a length, and items."""

    def __init__(self, inputs, targets):
        self.inputs, self.targets = inputs, targets

    def __len__(self):
        return len(self.inputs)

    def __getitem__(self, row):
        return self.inputs[row], self.targets[row]


def mine():
    return X, Y


def broken():
    raise RuntimeError("no\nnetwork")


def test_whatever_a_person_has():
    import torch
    from torch.utils.data import TensorDataset

    tensors = torch.from_numpy(X), torch.from_numpy(Y)
    one = from_arrays(X, Y).digest()
    two = from_arrays(X, Y, (X[:8], Y[:8])).digest()
    torch_pair = TensorDataset(*tensors), TensorDataset(tensors[0][:8], tensors[1][:8])
    for found, digest in (
        ((X, Y), one),
        ((X.tolist(), Y.tolist()), one),
        ((tensors[0].requires_grad_(), tensors[1]), one),
        (lambda: (X, Y), one),
        (TensorDataset(tensors[0].detach(), tensors[1]), one),
        (Items(X, Y), one),
        ({"X": X, "y": Y}, one),
        ({"x": X, "Y": Y, "kind": "vectors"}, one),
        (((X, Y), (X[:8], Y[:8])), two),
        ((Items(X, Y), Items(X[:8], Y[:8])), two),
        (torch_pair, two),
    ):
        assert as_dataset("mine", found).digest() == digest, found
    given = from_arrays(X, Y)
    assert as_dataset("mine", given).digest() == one


def test_names_of_classes_and_pictures_of_items():
    image = pytest.importorskip("PIL.Image")
    items = [image.new("RGB", (4, 6), (number, 0, 0)) for number in range(20)]
    data = as_dataset("mine", Items(items, ["cat", "dog"] * 10))
    assert data.shape.inputs == (3, 6, 4)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (5, "not int"),
        ("text", "not str"),
        ((X, Y, X, Y), "not a tuple of 4"),
        (((X, Y, Y), (X, Y)), r"\(X, y\) for each part"),
        ([X, Y], "not list"),
        ({"X": X}, "expected arrays X and y"),
        ({"X": X, "y": Y, "kind": "pictures"}, "the kind must be one of"),
        (Items([], []), "without rows"),
        (Items([X[0], X[0, :2]], [0, 1]), "row 1 has the shape"),
        (SimpleNamespace(), "not SimpleNamespace"),
        (broken, "mine failed: RuntimeError: no network"),
        ((x for x in X), "not generator"),
    ],
)
def test_what_is_no_data_is_refused(found, words):
    with pytest.raises(ValueError, match=words) as caught:
        as_dataset("mine", found)
    assert str(caught.value).startswith("mine")
    assert "\n" not in str(caught.value)


def test_what_a_persons_own_data_set_raises_is_one_line():
    class Failing:
        def __len__(self):
            return 8

        def __getitem__(self, row):
            if row == 3:
                raise OSError("the disk\nis away")
            return np.zeros(2), row % 2

    class Endless(Failing):
        def __len__(self):
            raise NotImplementedError("of no length")

    with pytest.raises(ValueError, match="mine: row 3 cannot be had: OSError: the disk is away"):
        as_dataset("mine", Failing())
    with pytest.raises(ValueError, match="its length cannot be had: NotImplementedError: of no"):
        as_dataset("mine", Endless())

    def leaves():
        sys.exit(3)

    with pytest.raises(ValueError, match="mine failed: SystemExit: 3"):
        as_dataset("mine", leaves)


def test_what_does_not_fit_into_float32_is_refused_and_warns_of_nothing():
    huge = Part(np.full((3, 2), 1e300), np.array([0, 1, 2]))
    with pytest.raises(ValueError, match="train part's inputs are too large for float32"):
        checked_dataset(Dataset("vectors", huge, huge, huge, 3))

    class Growing:
        def __len__(self):
            return 40

        def __getitem__(self, row):
            return np.full(2, 1e300 if row else 1.0, np.float64 if row else np.float32), row % 2

    with pytest.raises(ValueError, match="too large"):
        as_dataset("mine", Growing())


def test_rows_of_several_types_are_kept_as_they_are():
    class Mixed:
        def __len__(self):
            return 40

        def __getitem__(self, row):
            return np.array([row, 0.5 * row]) if row else np.array([0, 0]), row % 2

    found = as_dataset("mine", Mixed())
    whole = np.array([[row, 0.5 * row] for row in range(40)])
    assert same(found, as_dataset("mine", (whole, np.arange(40) % 2)))


def test_an_item_must_be_a_pair():
    class Single(Items):
        def __getitem__(self, row):
            return {"image": self.inputs[row]}

    with pytest.raises(ValueError, match="row 0 is of type dict"):
        as_dataset("mine", Single(X, Y))


GOOD = Part(np.zeros((6, 3), np.float32), np.arange(6) % 2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "video"}, "the kind must be one of"),
        ({"classes": 1}, "classes must be at least 2"),
        ({"train": Part(GOOD.inputs[:0], GOOD.targets[:0])}, "train part has no rows"),
        ({"test": Part(GOOD.inputs[:, None], GOOD.targets)}, r"test part's inputs have the shape"),
        ({"test": Part(GOOD.inputs[:, :2], GOOD.targets)}, "several shapes"),
        ({"validation": Part(GOOD.inputs, GOOD.targets[:3])}, "validation part's targets"),
        ({"train": Part(GOOD.inputs, GOOD.targets + 1)}, "targets must be 0 to 1"),
        ({"train": Part(GOOD.inputs, GOOD.targets - 1)}, "targets must be 0 to 1"),
        ({"train": Part(GOOD.inputs, GOOD.targets / 2)}, "whole numbers"),
        ({"train": Part(GOOD.inputs + np.inf, GOOD.targets)}, "finite"),
        ({"train": Part(GOOD.inputs + 1j, GOOD.targets)}, "real and finite"),
        ({"kind": "tokens"}, "tokens"),
    ],
)
def test_a_dataset_that_does_not_fit_together_is_refused(changes, words):
    fields = {"kind": "vectors", "train": GOOD, "validation": GOOD, "test": GOOD, "classes": 2}
    if changes == {"kind": "tokens"}:
        words = "targets have the shape"
    with pytest.raises(ValueError, match=words):
        Data.read(Dataset(**{**fields, **changes}))


def test_tokens_are_given_as_a_dataset():
    part = Part(np.zeros((6, 3), np.int32), np.ones((6, 3), np.int32))
    data = Data.read(Dataset("tokens", part, part, part, 2))
    assert data.inputs == "tokens"
    assert data.load().train.inputs.dtype == np.int64


# ---- the choice


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ("digits", "digits"),
        ("blobs", "blobs"),
        ("blobs:rows=10000", "blobs"),
        ("blobs:500", "blobs:rows=500"),
        ("blobs:distance=2.5:rows=500", "blobs:rows=500:distance=2.5"),
        ("spirals:spread=0.1234567891", "spirals:spread=0.1234567891"),
        ({"name": "teacher", "activation": "relu", "width": 8}, "teacher:activation=relu:width=8"),
        ("text:characters=2000:steps=8", "text:steps=8:characters=2000"),
    ],
)
def test_a_word_is_read_and_written(given, word):
    data = Data.read(given)
    assert str(data) == word
    assert Data.read(str(data)) == data
    assert Data.from_dict(json.loads(json.dumps(data.to_dict()))) == data
    assert Data.from_declared(json.loads(json.dumps(data.declared()))).inputs == data.inputs


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("mnist", "data must be one of digits, .*, not 'mnist'"),
        ("digit", "did you mean 'digits'"),
        ("digits:rows=5", "digits takes no options"),
        ("blobs:row=5", "no option 'row'; it has .*; did you mean 'rows'"),
        ("blobs:rows=many", "rows must be a whole number"),
        ("blobs:rows=5:rows=6", "each key once"),
        ("npz", "npz is read from a path: npz:PATH"),
        ({"name": "images"}, "images is read from a path: images:PATH$"),
        ("npz:/no/such.npz", "npz: there is no /no/such.npz"),
        ("fashion-mnist:10000", r"there is no 10000 \(options are given by name: rows\)"),
        ("no/such.npz", "npz: there is no no/such.npz"),
        ("images:sise=32:/tmp", "images has no option 'sise'.*did you mean 'size'"),
        ("images:size=8:size=9:/tmp", "each key once"),
        ("text:steps=none", "steps must be a whole number"),
        ("cifar10:rows=70000:/tmp", "rows must be at most 50000"),
        ({"name": "digits", "path": "/tmp"}, "digits is read from no path"),
        ({"name": "json:loads", "x": 1}, "json:loads takes neither options nor a path"),
        ({"path": "/tmp"}, "expected arrays X and y"),
        ({"name": 5}, "data must be one of"),
        (5, "not int"),
        ("no_such_module:data", "no module 'no_such_module'"),
        ("json:no_such", "json has no 'no_such'"),
        ("math:pi", "not float"),
    ],
)
def test_bad_choices_are_refused_in_one_line(given, words):
    with pytest.raises(ValueError, match=words) as caught:
        Data.read(given)
    assert "\n" not in str(caught.value)


def test_what_reads_pictures_is_named_where_it_is_missing(monkeypatch, tmp_path):
    there = kind.find_spec
    monkeypatch.setattr(kind, "find_spec", lambda name: None if name == "PIL" else there(name))
    with pytest.raises(ValueError, match=r"images is read from a path: .*; pip install pillow$"):
        Data.read({"name": "images"})
    with pytest.raises(ModuleNotFoundError, match=r"needs pillow: .*; pip install pillow$"):
        Data.read(f"images:{tmp_path}")


def test_a_path_may_hold_colons_and_equals(tmp_path):
    folder = tmp_path / "a:b=c"
    folder.mkdir()
    np.savez(folder / "x:y.npz", X=X, y=Y)
    data = Data.read(f"npz:{folder}/x:y.npz")
    assert data.path == f"{folder}/x:y.npz"
    assert Data.read(str(data)) == data
    assert Data.read(f"npz:kind=vectors:{folder}/x:y.npz").path == data.path


def test_a_path_is_kept_absolute_and_out_of_the_key(tmp_path, monkeypatch):
    np.savez(tmp_path / "a.npz", X=X, y=Y)
    np.savez(tmp_path / "b.npz", X=X, y=Y)
    np.savez(tmp_path / "c.npz", X=X + np.arange(40)[:, None], y=Y)
    monkeypatch.chdir(tmp_path)
    first, second, third = (Data.read(f"npz:{name}.npz") for name in "abc")
    assert first.path == str(tmp_path / "a.npz")
    assert first == second
    assert first != third
    assert RunSpec(data=first).key == RunSpec(data=second).key != RunSpec(data=third).key
    # Two that are read one after the other are not taken for each other.
    assert not same(first.load(), third.load())
    assert same(third.load(), Data.read("npz:c.npz").load())


def test_data_are_read_once(tmp_path, monkeypatch):
    file = tmp_path / "a.npz"
    np.savez(file, X=X, y=Y)
    data = Data.read(f"npz:{file}")
    file.unlink()
    assert data.load() is data.load()
    words = Data.read("digits")
    assert words.load() is Data.read("digits").load()


def test_data_that_changed_are_noticed(tmp_path):
    file = tmp_path / "a.npz"
    np.savez(file, X=X, y=Y)
    declared = Data.read(f"npz:{file}").declared()
    np.savez(file, X=X + np.arange(40)[:, None], y=Y)
    again = Data.from_declared(declared)
    assert again.inputs == "vectors"
    choice._LOADED.clear()
    with pytest.raises(ValueError, match=r"npz:.*a\.npz has changed since the study was declared"):
        again.load()
    file.unlink()
    with pytest.raises(ValueError, match=r"npz:.*a\.npz cannot be read: .*No such file"):
        again.load()


def test_a_function_of_ones_own(tmp_path, monkeypatch):
    (tmp_path / "my_data_of_a_test.py").write_text(
        "import numpy as np\n"
        "def data():\n"
        "    return np.arange(80.0).reshape(40, 2), ['a', 'b'] * 20\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    data = Data.read("my_data_of_a_test:data")
    assert data.inputs == "vectors"
    assert len(data.source) == 64
    assert Data.read(f"{tmp_path}/my_data_of_a_test.py:data").source == data.source
    assert data.load().shape.inputs == (2,)
    import my_data_of_a_test

    assert Data.read(my_data_of_a_test.data) == data


def test_a_function_of_another_package():
    data = Data.read("sklearn.datasets:load_iris")
    assert data.load().shape == Shape("vectors", (4,), 3)


def test_the_home_folder_is_found(tmp_path, monkeypatch):
    np.savez(tmp_path / "a.npz", X=X, y=Y)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Data.read("npz:~/a.npz").path == str(tmp_path / "a.npz")
    assert Data.read("~/a.npz").path == str(tmp_path / "a.npz")


def test_arrays_are_data_of_this_process():
    data = Data.read((X, Y))
    assert data.inputs == "vectors"
    assert Data.read({"X": X, "y": Y}) == data
    assert Data.read(lambda: (X, Y)) == data
    assert same(data.load(), from_arrays(X, Y))
    elsewhere = Data.from_dict(data.to_dict() | {"source": "0" * 64})
    with pytest.raises(ValueError, match="arrays of another process"):
        elsewhere.load()


def test_a_declaration_of_arrays_is_read_where_they_are_not():
    study = Study(data=(X, Y), activations=("relu", "tanh"))
    values = json.loads(json.dumps(study.to_dict()))
    values["data"]["source"] = "0" * 64
    assert Study.from_dict(values).data.name == "arrays"


def test_what_is_missing_is_said_with_how_to_get_it(monkeypatch):
    there = kind.find_spec
    monkeypatch.setattr(
        kind, "find_spec", lambda name: None if name in ("sklearn", "rdata") else there(name)
    )
    with pytest.raises(
        ModuleNotFoundError, match=r"data 'wine' needs scikit-learn: pip install"
    ) as one:
        Data.read("wine")
    assert one.value.name == "sklearn"
    with pytest.raises(
        ModuleNotFoundError, match=r"'letter' needs rdata.*apt-get install.*mlbench"
    ):
        Data.read("letter")
    monkeypatch.setattr(kind.os.path, "exists", lambda path: False)
    with pytest.raises(ModuleNotFoundError, match="apt-get install dataset-fashion-mnist"):
        Data.read("fashion-mnist")
    refused_line = str(one.value)
    assert "\n" not in refused_line


# ---- the command


def test_the_command_lists_every_set():
    result = ogive("data")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[1 : 1 + len(DATASETS)]] == list(DATASETS)
    for name in HERE:
        assert f"  {name}: " not in result.stdout
    for name in set(DATASETS) - set(HERE):
        assert f"  {name}: {DATASETS[name].get}" in result.stdout


@pytest.mark.parametrize("name", DATASETS)
def test_the_command_says_all_of_one(name):
    known = DATASETS[name]
    result = ogive("data", name)
    assert result.exit_code == 0
    said = " ".join(result.stdout.split())
    assert " ".join(known.about.split()) in said
    for option in known.options:
        assert f"option {option.name}" in said
    assert known.licence in said


def test_the_command_writes_json():
    found = json.loads(ogive("data", "--json").stdout)
    assert [one["name"] for one in found] == list(DATASETS)
    assert [one["name"] for one in found if one["here"]] == HERE
    assert json.loads(ogive("data", "blobs", "--json").stdout)["best"] == Data.read("blobs").best


def test_the_example_of_a_word_can_be_read():
    for name in HERE:
        said = ogive("data", name).stdout
        word = said.split("ogive study --data ")[1].split()[0]
        assert Data.read(word).name == name


def test_an_unknown_name_is_a_mistake():
    refused(ogive("data", "digit"), "'digit'", "did you mean 'digits'")


def test_the_command_loads_no_set(monkeypatch):
    def fail(*_, **__):
        raise AssertionError("a set was loaded")

    monkeypatch.setattr(Data, "load", fail)
    monkeypatch.setattr("ogive.study.data.text.windows", fail)
    assert ogive("data").exit_code == 0
    assert ogive("data", "text").exit_code == 0
