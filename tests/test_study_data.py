"""The data of a study: split, standardised, read from files of every kind, refused in one line."""

from __future__ import annotations

import doctest
import gzip
import hashlib
import importlib
import json
import pickle
import struct
import subprocess
import sys
import tarfile
import tracemalloc
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from command_line import ogive, refused
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ogive.study import Data, Dataset, Part, RunSpec, Study
from ogive.study.data import (
    Shape,
    adult,
    choice,
    cifar,
    fashion_mnist,
    kind,
    mlbench,
    standard,
    synthetic,
)
from ogive.study.data.arrays import classes_of, from_arrays, inputs_of
from ogive.study.data.draws import normal, uniform
from ogive.study.data.idx import read_idx
from ogive.study.data.known import DATASETS
from ogive.study.data.split import LEAST_ROWS, TEST_SHARE, VALIDATION_SHARE, places, prepare
from ogive.study.data.text import MODULES, standard_library, windows
from ogive.study.data.theirs import as_dataset, checked_dataset
from ogive.study.data.unpickle import unpickle

DIGITS = Data("digits").load()
BY_PATH = [name for name, known in DATASETS.items() if known.path == "needed"]
HERE = [name for name in DATASETS if name not in BY_PATH and not DATASETS[name].missing()]


def rows_of(part: Part) -> list[bytes]:
    return [row.tobytes() for row in part.inputs]


def same(first: Dataset, second: Dataset) -> bool:
    return first.digest() == second.digest()


@pytest.fixture(autouse=True)
def nothing_loaded():
    choice._LOADED.clear()


# ---- the split


def test_the_parts_hold_every_row_once_and_keep_the_shares_of_the_classes():
    parts = [DIGITS.train, DIGITS.validation, DIGITS.test]
    assert sum(map(len, parts)) == 1797
    assert len({row for part in parts for row in rows_of(part)}) == 1797
    counts = [np.bincount(part.targets, minlength=10) for part in parts]
    total = sum(counts)
    assert np.all(np.abs(counts[2] - TEST_SHARE * total) <= 0.5)
    assert np.all(np.abs(counts[1] - VALIDATION_SHARE * total) <= 0.5)


@given(
    st.lists(st.integers(LEAST_ROWS, 60), min_size=1, max_size=6),
    st.sampled_from([{"validation": 0.15}, {"test": 0.25, "validation": 0.15}]),
    st.randoms(use_true_random=False),
)
@settings(max_examples=50, deadline=None)
def test_a_split_is_stratified_and_disjoint(counts, shares, random):
    labels = [label for label, count in enumerate(counts) for _ in range(count)]
    random.shuffle(labels)
    classes = np.array(labels)
    rows = places(classes, shares)
    assert sorted(np.concatenate(list(rows.values())).tolist()) == list(range(len(classes)))
    for name, index in rows.items():
        assert np.all(np.diff(index) > 0)
        found = np.bincount(classes[index], minlength=len(counts))
        assert found.min() >= 1
        if name in shares:
            assert np.all(np.abs(found - shares[name] * np.array(counts)) <= 0.5)


def test_a_row_more_of_one_class_moves_no_row_of_another():
    classes = np.repeat([0, 1, 2], 40)
    before = places(classes, {"test": 0.25})["test"]
    after = places(np.append(classes, 2), {"test": 0.25})["test"]
    assert [row for row in after if row < 80] == [row for row in before if row < 80]


def test_the_split_has_not_moved():
    # A stored run names known data by their name only: another split needs another version.
    rows = places(np.arange(1000) % 7, {"test": TEST_SHARE, "validation": VALIDATION_SHARE})
    total = hashlib.sha256()
    for name in ("train", "validation", "test"):
        total.update(rows[name].astype("<i8").tobytes())
    assert total.hexdigest() == "7d2ab735bdc8dacee3ca48c9cc976ecc493a6a767742a059908ca43f4ea8a267"
    assert DIGITS.test.targets[:12].tolist() == [0, 2, 3, 9, 0, 8, 1, 4, 5, 8, 7, 1]
    assert [len(part) for part in DIGITS.parts.values()] == [1078, 269, 450]


def test_too_few_rows_of_a_class_are_refused():
    inputs, classes = np.arange(43.0)[:, None], np.repeat([0, 1], (40, 3))
    with pytest.raises(ValueError, match=r"class 1 has 3 of the rows; .* at least 4"):
        prepare(inputs, classes, kind="vectors")


def test_a_test_part_of_its_own_is_taken_whole():
    random = np.random.default_rng(0)
    inputs, classes = random.normal(size=(200, 3)), np.arange(200) % 4
    others = random.normal(size=(30, 3)), np.arange(30) % 4
    data = prepare(inputs, classes, kind="vectors", test=others)
    assert [len(part) for part in data.parts.values()] == [168, 32, 30]
    np.testing.assert_array_equal(data.test.targets, others[1])


# ---- standardisation


def test_inputs_are_standardised_by_the_training_part_alone():
    inputs = DIGITS.train.inputs.astype(np.float64)
    assert abs(inputs.mean()) < 1e-6
    assert abs(inputs.std() - 1) < 1e-6
    assert DIGITS.train.inputs.dtype == np.float32
    assert DIGITS.shape.inputs == (1, 8, 8)


KEPT = {"vectors": (6,), "images": (3, 2, 2), "sequences": (4, 6)}


@pytest.mark.parametrize("kind", KEPT)
def test_each_feature_or_channel_has_its_own_scale(kind):
    random = np.random.default_rng(1)
    inputs = random.normal(5, 3, (80, *KEPT[kind])) * np.arange(1, KEPT[kind][-1] + 1)
    train = prepare(inputs, np.arange(80) % 2, kind=kind).train.inputs.astype(np.float64)
    axes = {"vectors": (0,), "images": (0, 2, 3), "sequences": (0, 1)}[kind]
    np.testing.assert_allclose(train.mean(axis=axes), 0, atol=1e-6)
    np.testing.assert_allclose(train.std(axis=axes), 1, atol=1e-6)


def test_test_rows_have_no_say_in_the_standardisation():
    random = np.random.default_rng(3)
    inputs, targets = random.normal(size=(60, 1)), np.repeat([0, 1, 2], 20)
    row = places(targets, {"test": TEST_SHARE, "validation": VALIDATION_SHARE})["test"][0]
    moved = inputs.copy()
    moved[row] += 1e6
    before, after = (prepare(x, targets, kind="vectors") for x in (inputs, moved))
    np.testing.assert_array_equal(after.train.inputs, before.train.inputs)
    assert after.test.inputs.max() > 1e5


@given(st.floats(-1e30, 1e30), st.integers(30, 90))
@settings(max_examples=50, deadline=None)
def test_a_constant_feature_becomes_exactly_zero(value, rows):
    # The mean of many 0.1 is not 0.1: a spread of rounding errors would blow the column up.
    inputs = np.full((rows, 2), value)
    inputs[:, 1] = np.arange(rows)
    data = prepare(inputs, np.arange(rows) % 2, kind="vectors")
    for part in data.parts.values():
        assert np.all(part.inputs[:, 0] == 0)
        assert np.isfinite(part.inputs).all()


@given(
    arrays.arrays(np.float64, (40, 3), elements=st.floats(-1e3, 1e3, width=32)),
    st.integers(1, 200),
)
@settings(max_examples=50, deadline=None)
def test_the_blocks_leave_no_trace(values, entries):
    rows = np.arange(40)[::-1].copy()
    whole = standard.scale_of(values, rows, "vectors")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standard, "ENTRIES", entries)
        blocked = standard.scale_of(values, rows, "vectors")
        np.testing.assert_allclose(blocked.centre, whole.centre, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(blocked.spread, whole.spread, rtol=1e-9, atol=1e-12)
        again = standard.standardised(values, rows, whole)
    np.testing.assert_array_equal(again, standard.standardised(values, rows, whole))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_what_float32_cannot_hold_is_refused(value):
    inputs = np.arange(40.0)[:, None]
    inputs[3] = value
    with pytest.raises(ValueError, match="not finite, or too large"):
        prepare(inputs, np.arange(40) % 2, kind="vectors")


def test_pictures_take_little_more_memory_than_the_parts_themselves():
    inputs = np.random.default_rng(0).integers(0, 256, (6000, 1, 28, 28), np.uint8)
    classes = np.arange(6000) % 10
    tracemalloc.start()
    try:
        prepare(inputs, classes, kind="images")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The parts in float32, and blocks of a mebi-entry in float64, two at a time.
    assert peak < 4 * inputs.size + 3 * 8 * standard.ENTRIES


# ---- arrays


@pytest.mark.parametrize(
    ("shape", "dtype", "kind", "inputs"),
    [
        ((20, 5), float, "vectors", (5,)),
        ((20, 1, 8, 8), float, "images", (1, 8, 8)),
        ((20, 8, 8, 3), np.uint8, "images", (3, 8, 8)),
        ((20, 3, 8, 3), np.uint8, "images", (3, 8, 3)),
        ((20, 8, 8), np.uint8, "images", (1, 8, 8)),
        ((20, 8, 8), float, "sequences", (8, 8)),
    ],
)
def test_the_kind_is_told_from_the_shape(shape, dtype, kind, inputs):
    values = np.random.default_rng(0).integers(0, 255, shape).astype(dtype)
    assert from_arrays(values, np.arange(20) % 2).shape == Shape(kind, inputs, 2)


def test_the_kind_may_be_said():
    values = np.zeros((20, 8, 8))
    assert inputs_of("x", values, "images")[0].shape == (20, 1, 8, 8)
    assert inputs_of("x", values.astype(np.uint8), "sequences")[1] == "sequences"
    channels_last = np.arange(20 * 2 * 2 * 3).reshape(20, 2, 2, 3)
    np.testing.assert_array_equal(
        inputs_of("x", channels_last)[0], channels_last.transpose(0, 3, 1, 2)
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros(5), r"shape \(5,\)"),
        (np.zeros((5, 2, 2, 2, 2)), "shape"),
        (np.zeros((5, 8, 8, 2)), "1, 3 or 4 channels"),
        (np.zeros((5, 2), complex), "complex"),
        (np.array([["a", "b"]]), "real numbers"),
        (np.array([[None, 1]]), "real numbers"),
        (np.zeros((0, 3)), "empty"),
        (np.zeros((3, 0)), "empty"),
        ([[1, 2], [3]], "cannot be made an array"),
    ],
)
def test_other_inputs_are_refused(values, words):
    with pytest.raises(ValueError, match=words):
        inputs_of("the inputs", values)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 7, 29])
def test_the_row_that_is_not_finite_is_named(value, row):
    values = np.zeros((30, 2, 2, 3))
    values[row, 1, 0, 2] = value
    with pytest.raises(ValueError, match=f"row {row} holds"):
        inputs_of("the inputs", values)


@given(
    st.one_of(
        st.lists(st.integers(-(2**40), 2**40), min_size=2),
        st.lists(st.text("abc", max_size=3), min_size=2),
        st.lists(st.booleans(), min_size=2),
    ).filter(lambda labels: len(set(labels)) > 1)
)
@settings(max_examples=60, deadline=None)
def test_labels_are_numbered_in_their_sorted_order(labels):
    (classes,) = classes_of(labels)
    known = sorted(set(labels))
    assert classes.dtype == np.int64
    assert [known[number] for number in classes] == labels


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (([0.5, 1],), "0.5 of row 0 is no whole number"),
        (([0, np.nan],), "no whole number"),
        (([[0, 1], [1, 0]],), "one class a row"),
        (([1, 1],), "at least two classes"),
        (([],), "empty"),
        (([1j, 2],), "classes"),
        (([0, 1], [0, 2]), "class 2 is in the test part"),
        (([0, 1], ["a", "b"]), "texts"),
    ],
)
def test_other_targets_are_refused(parts, words):
    with pytest.raises(ValueError, match=words):
        classes_of(*parts)


def test_whole_floats_and_columns_are_classes():
    np.testing.assert_array_equal(classes_of(np.array([[2.0], [0.0], [2.0]]))[0], [1, 0, 1])


def test_rows_must_match():
    with pytest.raises(ValueError, match="10 rows do not match targets of 9 rows"):
        from_arrays(np.zeros((10, 2)), [0, 1, 0] * 3)
    with pytest.raises(ValueError, match="the test part: "):
        from_arrays(np.zeros((10, 2)), [0, 1] * 5, (np.zeros((3, 2)), [0, 1]))
    with pytest.raises(ValueError, match=r"shape \(3,\) each"):
        from_arrays(np.zeros((10, 2)), [0, 1] * 5, (np.zeros((2, 3)), [0, 1]))


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


# ---- IDX and Fashion-MNIST


def idx(array: np.ndarray) -> bytes:
    codes = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
    head = bytes([0, 0, codes[array.dtype.str[1:]], array.ndim])
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return head + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("packed", [False, True])
def test_idx(tmp_path, dtype, packed):
    array = np.random.default_rng(0).integers(0, 100, (4, 3, 2)).astype(dtype)
    content = idx(array)
    file = tmp_path / "x"
    file.write_bytes(gzip.compress(content) if packed else content)
    np.testing.assert_array_equal(read_idx(file), array)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no IDX file"),
        (b"\0\0\x07\1\0\0\0\1x", "no IDX file"),
        (b"PK\x03\x04", "no IDX file"),
        (b"\0\0\x08\3\0\0", "ends within its head"),
        (b"\0\0\x08\1\0\0\0\5abcd", "12 bytes, and its head says 13"),
        (b"\0\0\x08\1\0\0\0\1ab", "damaged"),
        (b"\x1f\x8bnot gzip at all", "decompressed"),
        (gzip.compress(b"\0\0\x08\1\0\0\0\1a")[:-9], "decompressed"),
    ],
    ids=range(8),
)
def test_damaged_idx(tmp_path, content, words):
    file = tmp_path / "x"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=words):
        read_idx(file)


@pytest.fixture
def small_fashion(tmp_path):
    random = np.random.default_rng(0)
    for part, rows in (("train", 200), ("t10k", 30)):
        images = random.integers(0, 256, (rows, 28, 28), np.uint8)
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        labels = np.arange(rows).astype(np.uint8) % 10
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))
    return tmp_path


def test_fashion_mnist_from_a_folder(small_fashion):
    data = Data.read(f"fashion-mnist:rows=100:{small_fashion}")
    assert data.source
    loaded = data.load()
    assert [len(part) for part in loaded.parts.values()] == [80, 20, 30]
    first = fashion_mnist.fashion_mnist_part(small_fashion, "train")[0][:100]
    assert loaded.shape.inputs == (1, 28, 28)
    restored = loaded.train.inputs * first.std() + first.mean()
    assert restored.min() > -30
    with pytest.raises(ValueError, match="rows must be at most 60000"):
        Data.read(f"fashion-mnist:rows=60001:{small_fashion}")


def test_fashion_mnist_without_a_file(small_fashion):
    (small_fashion / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(ValueError, match="has no t10k-labels"):
        Data.read(f"fashion-mnist:{small_fashion}")
    (small_fashion / "t10k-labels-idx1-ubyte").write_bytes(idx(np.zeros(29, np.uint8)))
    with pytest.raises(ValueError, match="does not hold Fashion-MNIST"):
        Data.read(f"fashion-mnist:{small_fashion}")


# ---- CIFAR


def python2_pickle(pictures: np.ndarray, name: str, labels: list[int]) -> bytes:
    """A batch as Python 2 wrote it: texts of bytes, and NumPy's module under its old name."""

    def text(value: bytes) -> bytes:
        if len(value) < 256:
            return b"U" + bytes([len(value)]) + value
        return b"T" + struct.pack("<i", len(value)) + value

    def whole(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    dtype = (
        b"cnumpy\ndtype\n(" + text(b"u1") + b"K\0K\1tR("
        b"K\3" + text(b"|") + b"NNN" + whole(-1) + whole(-1) + b"K\0tb"
    )
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0t" + text(b"b") + b"tR(K\1("
        + b"".join(map(whole, pictures.shape)) + b"t" + dtype + b"\x89"
        + text(pictures.tobytes()) + b"tb"
    )  # fmt: skip
    listed = b"](" + b"".join(map(whole, labels)) + b"e"
    return (
        b"\x80\2}(" + text(b"batch_label") + text(b"a batch") + text(b"data") + array
        + text(name.encode()) + listed + b"u."
    )  # fmt: skip


def pictures(rows: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (rows, 3072), np.uint8)


@pytest.fixture
def small_cifar(tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    labels = [row % 10 for row in range(50)]
    for number in range(1, 6):
        batch = python2_pickle(pictures(50, number), "labels", labels)
        (folder / f"data_batch_{number}").write_bytes(batch)
    (folder / "test_batch").write_bytes(python2_pickle(pictures(20, 6), "labels", labels[:20]))
    archive = tmp_path / "cifar-10-python.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(folder, folder.name)
    return SimpleNamespace(folder=folder, above=tmp_path, archive=archive)


def test_cifar10_from_folder_and_archive(small_cifar):
    data = Data.read(f"cifar10:{small_cifar.folder}").load()
    assert [len(part) for part in data.parts.values()] == [210, 40, 20]
    assert data.shape.inputs == (3, 32, 32)
    # The planes of a row are red, green, blue, each standardised by itself.
    raw = np.concatenate([pictures(50, number) for number in range(1, 6)]).reshape(-1, 3, 32, 32)
    rows = places(np.arange(250) % 10, {"validation": VALIDATION_SHARE})["train"]
    train = raw[rows].astype(np.float64)
    mean, std = (f(train, axis=(0, 2, 3), keepdims=True) for f in (np.mean, np.std))
    np.testing.assert_allclose(data.train.inputs, (train - mean) / std, atol=1e-5)
    for path in (small_cifar.archive, small_cifar.above):
        other = Data.read(f"cifar10:{path}")
        assert same(other.load(), data)


def test_only_the_batches_that_are_needed_are_read(small_cifar):
    (small_cifar.folder / "data_batch_5").unlink()
    few = Data.read({"name": "cifar10", "path": str(small_cifar.folder), "rows": 40})
    assert len(few.load().train) == 30
    with pytest.raises(ValueError, match="has no data_batch_5"):
        Data.read(f"cifar10:{small_cifar.folder}")


def test_cifar100_has_fine_and_coarse_classes(tmp_path):
    for name, rows in (("train", 600), ("test", 100)):
        found = {
            "data": pictures(rows, rows),
            "fine_labels": [row % 100 for row in range(rows)],
            "coarse_labels": [row % 20 for row in range(rows)],
        }
        (tmp_path / name).write_bytes(pickle.dumps(found, protocol=3))
    assert Data.read(f"cifar100:{tmp_path}").load().classes == 100
    assert Data.read(f"cifar100:labels=coarse:{tmp_path}").load().classes == 20


class Hostile:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "thing",
    [
        Hostile(__import__("os").system, "touch owned"),
        Hostile(eval, "1"),
        Hostile(np.load, "owned"),
        Hostile(np.memmap, "owned", "u1", "w+", 0, (1,)),
        print,
        Counter,
    ],
    ids=("system", "eval", "load", "memmap", "print", "Counter"),
)
def test_a_hostile_pickle_is_refused(tmp_path, monkeypatch, thing, protocol):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="is refused: it asks for"):
        unpickle("it", pickle.dumps({"data": [thing]}, protocol))
    assert not list(tmp_path.iterdir())


def test_a_hostile_batch_is_refused_by_its_name(small_cifar):
    content = pickle.dumps(Hostile(eval, "1"))
    (small_cifar.folder / "data_batch_3").write_bytes(content)
    with pytest.raises(ValueError, match=r"data_batch_3 is refused: .*builtins\.eval"):
        Data.read(f"cifar10:{small_cifar.folder}")


def test_a_part_of_a_pickle_is_refused():
    content = python2_pickle(pictures(1, 0)[:, :30], "labels", [1])
    assert unpickle("it", content)[b"labels"] == [1]
    for length in range(len(content)):
        with pytest.raises(ValueError, match=r"^it is (no pickle, or damaged|refused)"):
            unpickle("it", content[:length])


LABELS = [row % 10 for row in range(50)]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([1, 2], "does not hold 'data'"),
        ({"data": pictures(50, 0)}, "does not hold 'data' and 'labels'"),
        ({"data": b"x", "labels": LABELS}, "does not hold 'data'"),
        ({"data": pictures(50, 0)[:, :3000], "labels": LABELS}, "3 × 32 × 32"),
        ({"data": pictures(50, 0).astype(float), "labels": LABELS}, "3 × 32 × 32"),
        ({"data": pictures(50, 0), "labels": LABELS[1:]}, "one class for each"),
        ({"data": pictures(50, 0), "labels": [10, *LABELS[1:]]}, "not 0 to 9"),
        ({"data": pictures(50, 0), "labels": [-1, *LABELS[1:]]}, "not 0 to 9"),
    ],
)
def test_a_batch_of_another_form_is_refused(small_cifar, found, words):
    (small_cifar.folder / "data_batch_1").write_bytes(pickle.dumps(found, protocol=3))
    with pytest.raises(ValueError, match=words):
        cifar.cifar10(str(small_cifar.folder))


def test_a_damaged_archive_is_refused(small_cifar):
    small_cifar.archive.write_bytes(small_cifar.archive.read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"cifar10: .*tar\.gz"):
        Data.read(f"cifar10:{small_cifar.archive}")
    small_cifar.archive.write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="neither a folder nor an archive"):
        Data.read(f"cifar10:{small_cifar.archive}")


# ---- mlbench and Adult


def test_letter_from_a_file(tmp_path):
    rdata = pytest.importorskip("rdata", reason="reads R's files: pip install rdata")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"lettr": pandas.Categorical(list("ABCD") * 10)})
    for column in range(16):
        frame[f"x{column}"] = np.arange(40.0) * (column + 1)
    file = tmp_path / "LetterRecognition.rda"
    rdata.write_rda(file, {"LetterRecognition": frame})
    for path in (file, tmp_path):
        data = Data.read(f"letter:{path}").load()
        assert (data.shape.inputs, data.classes) == ((16,), 4)
    with pytest.raises(ValueError, match="does not hold Shuttle"):
        mlbench.shuttle(str(file))
    with pytest.raises(ValueError, match=r"there is no .*Shuttle\.rda"):
        mlbench.shuttle(str(tmp_path))


ADULT = [
    "39, State-gov, 77516, Bachelors, 13, Never-married, Sales, Own-child, White, Male, 2174, 0, "
    "40, Cuba, <=50K",
    "50, ?, 83311, HS-grad, 9, Divorced, Sales, Husband, Black, Female, 0, 0, 13, Cuba, >50K.",
    "",
]


@pytest.mark.parametrize("packed", [False, True])
def test_adult_from_a_file(tmp_path, packed):
    content = "\n".join(ADULT * 10).encode()
    file = tmp_path / "adult.data"
    file.write_bytes(gzip.compress(content) if packed else content)
    numbers, indicators, targets = adult.adult_columns(file)
    assert numbers[:2].tolist() == [[39, 77516, 13, 2174, 0, 40], [50, 83311, 9, 0, 0, 13]]
    # Two words in each of seven columns but the sixth, and one country.
    assert indicators.shape == (20, 14)
    assert np.all(indicators.sum(axis=1) == 8)
    # '?' sorts before 'State-gov'.
    assert indicators[:2, :2].tolist() == [[0, 1], [1, 0]]
    assert targets.tolist() == [0, 1] * 10
    assert len(adult.adult_columns(file, 3)[2]) == 3
    assert Data.read(f"adult:{file}").load().shape.inputs == (20,)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([*ADULT, "a,b"], "see line 4"),
        ([ADULT[0].replace("<=50K", "maybe")], "see line 1"),
        ([ADULT[0].replace("39", "old")], "'old'"),
        ([""], "is empty"),
    ],
)
def test_another_table_is_not_adult(tmp_path, lines, words):
    file = tmp_path / "adult.data"
    file.write_text("\n".join(lines))
    with pytest.raises(ValueError, match=words):
        Data.read(f"adult:{file}")


# ---- a person's own files

X, Y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2


def test_npz(tmp_path):
    one, two = tmp_path / "one.npz", tmp_path / "two.npz"
    np.savez(one, X=X, y=Y, ignored=np.array([None], object))
    np.savez_compressed(two, x_train=X, y_train=Y[:, None], X_TEST=X[:8], Y_test=Y[:8])
    first = Data.read(f"npz:{one}")
    assert same(first.load(), from_arrays(X, Y))
    assert same(Data.read(str(one)).load(), first.load())
    assert same(Data.read(str(two)).load(), from_arrays(X, Y, (X[:8], Y[:8])))
    three = tmp_path / "three.npz"
    np.savez(three, X=np.random.default_rng(0).normal(size=(20, 4, 4)), y=Y[:20])
    assert Data.read(str(three)).inputs == "sequences"
    assert Data.read(f"npz:kind=images:{three}").load().shape.inputs == (1, 4, 4)


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"a": X, "b": Y}, "expected arrays X and y, or x_train"),
        ({"x_train": X, "y_train": Y}, "not x_train, y_train"),
        ({"X": X, "y": Y[:-1]}, "40 rows do not match targets of 39"),
        ({"X": X * np.nan, "y": Y}, "row 0 holds NaN"),
        ({"X": X * 1j, "y": Y}, "complex"),
        ({"X": X, "y": Y + 0.5}, "0.5 of row 0 is no whole number"),
        ({"X": np.array([[None]] * 40), "y": Y}, "allow_pickle"),
    ],
)
def test_other_npz_are_refused(tmp_path, named, words):
    file = tmp_path / "x.npz"
    np.savez(file, **named)
    with pytest.raises(ValueError, match=words) as caught:
        Data.read(str(file))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04nonsense"])
def test_what_is_no_npz_is_refused(tmp_path, content):
    file = tmp_path / "x.npz"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"npz: .*x\.npz"):
        Data.read(str(file))


def test_a_single_array_is_no_npz(tmp_path):
    np.save(tmp_path / "x.npy", X)
    with pytest.raises(ValueError, match="one array without a name"):
        Data.read(f"npz:{tmp_path / 'x.npy'}")


@pytest.fixture
def folder_of_pictures(tmp_path):
    image = pytest.importorskip("PIL.Image")
    random = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
        for number in range(6):
            pixels = random.integers(0, 256, (5, 4), np.uint8)
            image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "dogs" / ".hidden").write_text("no picture")
    return tmp_path


def test_images(folder_of_pictures):
    data = Data.read(f"images:{folder_of_pictures}").load()
    assert data.shape == Shape("images", (1, 5, 4), 2)
    assert same(Data.read(str(folder_of_pictures)).load(), data)
    sized = Data.read(f"images:size=8:color=rgb:{folder_of_pictures}")
    assert sized.load().shape.inputs == (3, 8, 8)
    table = {"name": "images", "path": str(folder_of_pictures), "size": 8, "color": "rgb"}
    assert Data.read(table) == sized
    parts = Counter(data.train.targets) + Counter(data.validation.targets)
    assert parts + Counter(data.test.targets) == Counter({0: 6, 1: 6})


def test_images_with_a_test_part(folder_of_pictures):
    import shutil

    above = folder_of_pictures.parent / "both"
    for part in ("train", "test"):
        for name in ("cats", "dogs"):
            shutil.copytree(folder_of_pictures / name, above / part / name)
    data = Data.read(str(above)).load()
    assert [len(part) for part in data.parts.values()] == [10, 2, 12]


def test_images_that_cannot_be_used_are_named(folder_of_pictures):
    from PIL import Image

    wide = folder_of_pictures / "dogs" / "wide.png"
    Image.new("RGB", (9, 5)).save(wide)
    with pytest.raises(ValueError, match=r"wide\.png has 5 × 9 pixels, and .*0\.png 5 × 4"):
        Data.read(f"images:{folder_of_pictures}")
    assert Data.read(f"images:size=6:{folder_of_pictures}").load().shape.inputs == (3, 6, 6)
    wide.write_bytes((folder_of_pictures / "dogs" / "0.png").read_bytes()[:60])
    with pytest.raises(ValueError, match=r"wide\.png cannot be read as a picture"):
        Data.read(f"images:{folder_of_pictures}")
    wide.write_text("no picture")
    with pytest.raises(ValueError, match=r"wide\.png cannot be read as a picture"):
        Data.read(f"images:{folder_of_pictures}")


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no folders with pictures"):
        Data.read(str(tmp_path))
    (tmp_path / "x.png").write_text("")
    with pytest.raises(ValueError, match="is no folder"):
        Data.read(f"images:{tmp_path / 'x.png'}")


# ---- text


def test_windows_predict_the_next_character_and_do_not_overlap():
    content = "".join(chr(97 + number % 26) for number in range(1000))
    data = windows(content, steps=7, vocabulary=100)
    assert data.classes == 27
    for part in data.parts.values():
        np.testing.assert_array_equal(part.targets[:, :-1], part.inputs[:, 1:])
        assert part.inputs.flags.c_contiguous
        assert part.targets.flags.c_contiguous
    ends = {"train": (0, 800), "validation": (800, 900), "test": (900, 1000)}
    for name, (begin, end) in ends.items():
        part = data.parts[name]
        codes = [*part.inputs.ravel(), part.targets[-1, -1]]
        assert "".join(chr(97 + code) for code in codes) == content[begin : begin + len(codes)]
        assert end - begin - 7 <= len(codes) <= end - begin


def test_rare_characters_share_one_token():
    content = "a" * 500 + "b" * 300 + "c" * 10 + "d" * 200 + "z" * 300
    data = windows(content, steps=4, vocabulary=3)
    assert data.classes == 3
    # z is not in the training part at all, c is the rarest there, d is as rare as the limit.
    assert set(data.test.targets.ravel()) == {2}
    assert set(data.train.inputs.ravel()) == {0, 1, 2}


def test_the_vocabulary_is_that_of_the_training_part():
    content = "ab" * 400 + "é" * 200
    data = windows(content, steps=4, vocabulary=96)
    assert data.classes == 3
    assert set(data.validation.inputs.ravel()) == {2}


def test_the_text_by_default_is_this_pythons_library():
    data = Data.read("text:steps=32:characters=20000")
    assert len(data.source) == 64
    loaded = data.load()
    assert loaded.kind == "tokens"
    assert loaded.train.inputs.shape == (499, 32)
    begin = Path(__import__(MODULES[0]).__file__).read_text(encoding="utf-8")[:20000]
    assert same(loaded, windows(begin, steps=32, vocabulary=96))
    assert len(standard_library(200_000)) == 200_000
    assert RunSpec(data=data).key != RunSpec(data="text:steps=32:characters=19000").key


def test_a_text_of_ones_own(tmp_path):
    file = tmp_path / "steps=5"
    file.write_text("the quick brown fox " * 30, encoding="utf-8")
    data = Data.read(f"text:steps=5:{file}")
    assert data.load().train.inputs.shape[1] == 5
    assert str(data) == f"text:steps=5:{file}"
    file.write_bytes(b"\xff\xfe" * 500)
    with pytest.raises(ValueError, match="no text in UTF-8"):
        Data.read(f"text:{file}")
    file.write_text("short")
    with pytest.raises(ValueError, match=r"5 characters, too few for windows of 64.* 650"):
        Data.read(f"text:{file}")


@given(st.integers(1, 40), st.integers(2, 40))
@settings(max_examples=30, deadline=None)
def test_the_least_length_of_a_text_is_as_said(steps, vocabulary):
    with pytest.raises(ValueError, match="at least") as caught:
        windows("x", steps=steps, vocabulary=vocabulary)
    least = int(str(caught.value).split()[-1])
    assert len(windows("x" * least, steps=steps, vocabulary=vocabulary).test) == 1
    with pytest.raises(ValueError, match="too few"):
        windows("x" * (least - 1), steps=steps, vocabulary=vocabulary)


# ---- synthetic


def test_draws_are_those_of_their_law():
    from scipy import stats

    assert stats.kstest(uniform("a", 20_000), "uniform").pvalue > 1e-3
    assert stats.kstest(normal("a", 20_000), "norm").pvalue > 1e-3
    assert abs(np.corrcoef(normal("a", 20_000), normal("b", 20_000))[0, 1]) < 0.03
    np.testing.assert_array_equal(normal("a", 3, 4), normal("a", 3, 4))


def share(right: np.ndarray, expected: float) -> float:
    """How many standard errors a share of right answers is from what is expected."""
    return (right.mean() - expected) / np.sqrt(expected * (1 - expected) / len(right))


def nearest(inputs: np.ndarray, means: np.ndarray) -> np.ndarray:
    return ((inputs[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)


@pytest.mark.parametrize(("classes", "distance"), [(2, 1.0), (3, 2.5), (10, 4.0), (10, 0.0)])
def test_the_best_accuracy_of_blobs(classes, distance):
    # The rule that is the best there is, on draws of the test's own.
    random = np.random.default_rng(classes)
    targets = np.arange(60_000) % classes
    means = distance / np.sqrt(2) * np.eye(classes)
    found = nearest(means[targets] + random.normal(size=(60_000, classes)), means)
    if distance == 0:
        found = random.integers(0, classes, 60_000)
    assert (
        abs(share(found == targets, synthetic.blobs_best(classes=classes, distance=distance))) < 4
    )


def test_blobs_are_what_they_say():
    data = Data.read("blobs:rows=20000:classes=5:distance=3").load()
    train, test = data.train, data.test
    means = np.stack([train.inputs[train.targets == label].mean(axis=0) for label in range(5)])
    # Standardised features are of other scales; the classes' covariance is still the same.
    within = train.inputs - means[train.targets]
    whiten = np.linalg.cholesky(np.linalg.inv(np.cov(within.T)))
    found = nearest(test.inputs @ whiten, means @ whiten)
    best = Data.read("blobs:rows=20000:classes=5:distance=3").best
    assert abs(share(found == test.targets, best)) < 4
    assert np.bincount(test.targets).tolist() == [1000] * 5


@pytest.mark.parametrize(
    ("classes", "turns", "spread"), [(3, 1.0, 0.4), (2, 2.0, 1.0), (5, 0.5, 3)]
)
def test_the_best_accuracy_of_spirals(classes, turns, spread):
    # The radius is known up to the standardisation, which is undone by a fit of the circle.
    options = {"classes": classes, "spread": spread}
    rows, name = 60_000, "spirals, seed 7"
    targets = np.arange(rows) % classes
    radius = 0.1 + 0.9 * uniform(f"{name}: radius", rows)
    angle = 2 * np.pi * (turns * radius + targets / classes) + spread * normal(
        f"{name}: angle", rows
    )
    arms = 2 * np.pi * (turns * radius[:, None] + np.arange(classes) / classes)
    found = np.cos(angle[:, None] - arms).argmax(axis=1)
    assert abs(share(found == targets, synthetic.spirals_best(**options))) < 4
    data = synthetic.spirals(rows=rows, turns=turns, seed=7, **options)
    row = places(targets, {"test": TEST_SHARE, "validation": VALIDATION_SHARE})["test"]
    plane = (radius * np.exp(1j * angle))[row]
    for column, part in enumerate((plane.real, plane.imag)):
        assert np.corrcoef(part, data.test.inputs[:, column])[0, 1] > 1 - 1e-6


def test_noise_can_be_learned_by_nobody():
    data = Data.read("noise:rows=4000:classes=4")
    assert data.best == 0.25
    train, test = data.load().train, data.load().test
    assert np.bincount(test.targets).tolist() == [250] * 4
    means = np.stack([train.inputs[train.targets == label].mean(axis=0) for label in range(4)])
    assert abs(share(nearest(test.inputs, means) == test.targets, 0.25)) < 4


@pytest.mark.parametrize("activation", ["tanh", "relu", "softplus"])
def test_the_teacher_knows_all_classes(activation):
    data = Data.read(f"teacher:{activation}:rows=4000:classes=6")
    assert data.best == 1.0
    loaded = data.load()
    shares = np.bincount(loaded.train.targets) / len(loaded.train)
    assert len(shares) == 6
    assert shares.min() > 0.05
    other = Data.read("teacher:sigmoid:rows=4000:classes=6").load()
    assert (other.train.targets[:1000] != loaded.train.targets[:1000]).mean() > 0.02


@pytest.mark.parametrize("name", ["blobs", "spirals", "teacher", "noise"])
def test_synthetic_sets_follow_from_their_options(name):
    first = Data.read(f"{name}:rows=600").load()
    choice._LOADED.clear()
    assert same(Data.read(f"{name}:rows=600").load(), first)
    assert not same(Data.read(f"{name}:rows=600:seed=1").load(), first)
    # Named by its options alone: what it holds must not move.
    total = float(np.abs(first.train.inputs.astype(np.float64)).sum())
    assert total == pytest.approx(TOTALS[name], rel=1e-6)


TOTALS = {
    "blobs": 5775.413059352548,
    "spirals": 587.3446351727762,
    "teacher": 5748.774926412236,
    "noise": 5738.413284872786,
}


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("blobs:rows=1001", "1001 rows cannot be shared among 10 classes"),
        ("blobs:features=3", "at least 10 features"),
        ("spirals:classes=1", "classes must be at least 2"),
        ("spirals:spread=0", "spread must be a finite number of at least 0.001"),
        ("teacher:logit", "activation must be one of"),
        ("noise:rows=20", "class 0 has 2 of the rows"),
    ],
)
def test_synthetic_sets_that_cannot_be(word, words):
    # As the declaration is read, before anything is trained.
    with pytest.raises(ValueError, match=words):
        Data.read(word)


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


# ---- what the docstrings show


@pytest.mark.parametrize(
    "file", sorted(Path(kind.__file__).parent.glob("*.py")), ids=lambda f: f.stem
)
def test_examples_run(file):
    module = "ogive.study.data" + ("" if file.stem == "__init__" else f".{file.stem}")
    assert doctest.testmod(importlib.import_module(module)).failed == 0


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
