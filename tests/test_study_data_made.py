"""Data that are made: windows of a text, synthetic sets with a known answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from study_data import same

from ogive.study import Data, RunSpec
from ogive.study.data import (
    choice,
    synthetic,
)
from ogive.study.data.draws import normal, uniform
from ogive.study.data.split import TEST_SHARE, VALIDATION_SHARE, places
from ogive.study.data.text import MODULES, standard_library, windows


@pytest.fixture(autouse=True)
def nothing_loaded():
    choice._LOADED.clear()


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
