"""A person's own code: what of it a run's key holds, and what becomes of a run when it changes."""

import hashlib
import os
import sys

import pytest

pytest.importorskip("torch")

from ogive.study import Activation, Model, Recipe, RunSpec, own
from ogive.study.training import train

RELU = "import torch\ndef relu(x):\n    return torch.where(x > 0, x, 0 * x)\n"
SINE = RELU.replace("torch.where(x > 0, x, 0 * x)", "torch.sin(3 * x)")


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package whose own file passes on what others of it hold."""
    folder = tmp_path / "passing_on"
    folder.mkdir()
    (folder / "__init__.py").write_text("from .units import Unit\nfrom .plain import relu\n")
    (folder / "base.py").write_text("from torch import nn\nclass Base(nn.Module):\n    pass\n")
    (folder / "units.py").write_text("from .base import Base\nclass Unit(Base):\n    pass\n")
    (folder / "plain.py").write_text(RELU)
    (folder / "other.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "passing_on"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("reference", "file", "counts"),
    [
        ("passing_on:Unit", "units.py", True),
        ("passing_on:Unit", "base.py", True),
        ("passing_on:Unit", "__init__.py", True),
        ("passing_on:Unit", "other.py", False),
        ("passing_on:relu", "plain.py", True),
        ("passing_on:relu", "units.py", False),
        ("passing_on.units:Unit", "base.py", True),
        ("passing_on.units:Unit", "__init__.py", False),
    ],
)
def test_the_key_holds_the_files_in_which_it_is_written(package, reference, file, counts):
    before = own.fingerprint(reference)
    (package / file).write_text((package / file).read_text() + "# another line\n")
    assert (own.fingerprint(reference) != before) == counts


def test_one_file_is_its_own_hash(tmp_path):
    file = tmp_path / "own.py"
    file.write_text(RELU)
    assert own.fingerprint(f"{file}:relu") == hashlib.sha256(file.read_bytes()).hexdigest()


def test_files_of_torch_do_not_count(tmp_path):
    file = tmp_path / "own.py"
    file.write_text("from torch import nn\nclass Unit(nn.ReLU):\n    pass\n")
    assert own.fingerprint(f"{file}:Unit") == hashlib.sha256(file.read_bytes()).hexdigest()


def test_an_edited_file_is_loaded_anew(tmp_path):
    file = tmp_path / "own.py"
    file.write_text("value = 1\n")
    assert own.load(f"{file}:value") == 1
    # Of the same length and, to the second, time: compiled code that lies there would be taken.
    before = file.stat()
    file.write_text("value = 2\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert own.load(f"{file}:value") == 2
    assert list(tmp_path.iterdir()) == [file]


def test_what_was_edited_after_the_declaration_is_not_trained(tmp_path):
    file = tmp_path / "own.py"
    file.write_text(RELU)
    spec = RunSpec(model="mlp:8x1", activation=f"{file}:relu", recipe=Recipe(epochs=1))
    run = train(spec)
    file.write_text(SINE)
    with pytest.raises(ValueError, match=r"own\.py:relu has changed since the study was declared"):
        train(spec)
    again = RunSpec(model="mlp:8x1", activation=f"{file}:relu", recipe=Recipe(epochs=1))
    assert again.key != spec.key
    assert train(again)["test"] != run["test"]


def test_the_same_holds_for_a_network(tmp_path):
    file = tmp_path / "own.py"
    file.write_text("def network(activation):\n    return activation()\n")
    model = Model.read(f"{file}:network")
    assert callable(model.loaded())
    file.write_text("def network(activation):\n    return None\n")
    with pytest.raises(ValueError, match="has changed since the study was declared"):
        model.loaded()
    assert Activation.read("relu").source == ""
