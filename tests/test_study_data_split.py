"""The split of data and its standardisation, and arrays as data."""

from __future__ import annotations

import hashlib
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ogive.study import Data, Part
from ogive.study.data import (
    Shape,
    choice,
    standard,
)
from ogive.study.data.arrays import classes_of, from_arrays, inputs_of
from ogive.study.data.split import LEAST_ROWS, TEST_SHARE, VALIDATION_SHARE, places, prepare

DIGITS = Data("digits").load()


def rows_of(part: Part) -> list[bytes]:
    return [row.tobytes() for row in part.inputs]


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


def test_rows_that_come_class_by_class_are_mixed():
    classes = np.repeat(np.arange(4), 250)
    inputs = np.arange(1000.0)[:, None]
    sorted_, mixed = (
        prepare(inputs, classes, kind="vectors", test=(inputs, classes), mixed=each)
        for each in (True, False)
    )
    for name, part in mixed.parts.items():
        before = sorted_.parts[name]
        assert (np.diff(before.targets) >= 0).all()
        # Of 100 rows about 25 of each class; the standard deviation is 4.1.
        assert (np.bincount(part.targets[:100], minlength=4) > 8).all()
        # The same rows, and to each its class still.
        assert sorted(part.inputs.ravel().tolist()) == sorted(before.inputs.ravel().tolist())
        of = dict(zip(before.inputs.ravel().tolist(), before.targets.tolist(), strict=True))
        assert [of[value] for value in part.inputs.ravel().tolist()] == part.targets.tolist()


def test_a_persons_arrays_are_mixed_and_known_sets_stay():
    inputs, classes = np.arange(400.0)[:, None], np.repeat([0, 1], 200)
    mine = from_arrays(inputs, classes)
    assert 0.3 < mine.train.targets[:100].mean() < 0.7
    assert from_arrays(inputs, classes).digest() == mine.digest()
    wine = Data.read("wine").load()
    assert set(wine.train.targets[:20].tolist()) == {0, 1, 2}


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


@pytest.mark.parametrize(
    ("value", "message"),
    [(np.nan, "is not finite"), (np.inf, "is not finite"), (1e300, "is too large .* in float32")],
)
@pytest.mark.parametrize("row", range(8))
def test_what_float32_cannot_hold_is_refused(value, message, row):
    inputs = np.arange(40.0)[:, None]
    inputs[row] = value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=f"an input {message}"):
            prepare(inputs, np.arange(40) % 2, kind="vectors")


def test_a_feature_of_a_spread_beyond_numbers_does_not_become_zero():
    inputs = np.random.default_rng(0).normal(size=(40, 2)) * [1, 1e300]
    with pytest.raises(ValueError, match="too large to be standardised"):
        prepare(inputs, np.arange(40) % 2, kind="vectors")
    inputs[:, 1] = 1e300
    assert not prepare(inputs, np.arange(40) % 2, kind="vectors").train.inputs[:, 1].any()


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


def test_the_mask_of_an_array_is_not_lost():
    inputs, classes = np.arange(40.0)[:, None], np.arange(40) % 2
    for arguments in (
        (np.ma.masked_equal(inputs, 3), classes),
        (inputs, np.ma.masked_equal(classes, 1)),
        (inputs, classes, (np.ma.masked_less(inputs, 2), classes)),
    ):
        with pytest.raises(ValueError, match=r"masked array with \d+ entries missing"):
            from_arrays(*arguments)
    whole = from_arrays(np.ma.masked_less(inputs, 0), np.ma.array(classes))
    assert whole.digest() == from_arrays(inputs, classes).digest()


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
