"""Data that are read from files: of packages, of publishers, of a person."""

from __future__ import annotations

import gzip
import pickle
import struct
import tarfile
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from study_data import X, Y, pictures, same

from ogive.study import Data
from ogive.study.data import (
    Shape,
    adult,
    choice,
    cifar,
    fashion_mnist,
    mlbench,
)
from ogive.study.data.arrays import from_arrays
from ogive.study.data.idx import read_idx
from ogive.study.data.split import VALIDATION_SHARE, places
from ogive.study.data.unpickle import unpickle


@pytest.fixture(autouse=True)
def nothing_loaded():
    choice._LOADED.clear()


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
