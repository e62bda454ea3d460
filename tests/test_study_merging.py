"""Merging: every whole record arrives once, the first of a key stays, and sources stay as are."""

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ogive.study import RunSpec, Store, StoreError
from ogive.study.merging import merge
from ogive.study.spec import spec_key


def a_run(seed=0, accuracy=0.5, seconds=1.0, padding=0):
    spec = RunSpec(seed=seed)
    return {
        "key": spec.key,
        "spec": spec.to_dict(),
        "test": {"accuracy": accuracy, "loss": None},
        "timing": {"seconds_total": seconds},
        "environment": {"cpu": f"the one that takes {seconds:g} seconds"},
        "padding": "x" * padding,
    }


def store_of(path, *runs):
    with Store(path) as store:
        store.put_all(runs)
    return path


def spoil(path, sql, *arguments):
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(sql, arguments)
    connection.close()


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def counts(merged):
    return merged.added, merged.known, merged.differing, merged.damaged


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sets(st.integers(0, 12)), min_size=1, max_size=3), st.sets(st.integers(0, 12)))
def test_the_target_holds_the_union_and_the_counts_add_up(tmp_path_factory, seeds, first):
    folder = tmp_path_factory.mktemp("stores")
    target = store_of(folder / "target.sqlite", *(a_run(seed) for seed in first))
    sources = [
        store_of(folder / f"{number}.sqlite", *(a_run(seed) for seed in each))
        for number, each in enumerate(seeds)
    ]
    merged = merge(target, *sources)
    there = set(first)
    for result, source, each in zip(merged, sources, seeds, strict=True):
        assert result.source == source
        assert counts(result) == (len(each - there), len(each & there), 0, 0)
        there |= each
    with Store(target) as store:
        assert store.runs() == sorted((a_run(seed) for seed in there), key=lambda r: r["key"])
    # Once more changes nothing.
    assert sum(result.added for result in merge(target, *sources)) == 0


def test_a_target_that_is_not_there_is_made(tmp_path):
    source = store_of(tmp_path / "source.sqlite", a_run(0), a_run(1))
    (merged,) = merge(tmp_path / "new.sqlite", source)
    assert counts(merged) == (2, 0, 0, 0)


def test_the_first_of_a_key_stays_and_other_numbers_are_counted(tmp_path):
    target = store_of(tmp_path / "target.sqlite", a_run(0), a_run(1), a_run(2))
    source = store_of(
        tmp_path / "source.sqlite",
        a_run(0, accuracy=0.75),
        # The same numbers from another machine: only the time that it took is another.
        a_run(1, seconds=2.0),
        a_run(2),
    )
    (merged,) = merge(target, source)
    assert counts(merged) == (0, 3, 1, 0)
    with Store(target) as store:
        assert store.get(a_run(0)["key"]) == a_run(0)


def test_costs_are_of_their_machine_and_never_differ(tmp_path):
    spec = {"kind": "cost", "machine": "a quick one"}
    record = {"key": spec_key(spec), "spec": spec}
    target = store_of(tmp_path / "target.sqlite", record | {"alone": {"relu": 1.0}})
    source = store_of(tmp_path / "source.sqlite", record | {"alone": {"relu": 1.1}})
    assert counts(merge(target, source)[0]) == (0, 1, 0, 0)


def test_a_source_is_not_changed_nor_anything_beside_it(tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir()
    source = store_of(folder / "source.sqlite", *(a_run(seed) for seed in range(20)))
    before = contents(folder)
    assert set(before) == {"source.sqlite"}
    merge(tmp_path / "target.sqlite", source)
    assert contents(folder) == before


def test_a_source_that_is_being_written_gives_what_is_committed(tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir()
    with Store(folder / "source.sqlite") as writer:
        writer.put_all(a_run(seed) for seed in range(5))
        writer._connection.execute("BEGIN IMMEDIATE")
        writer._write("0" * 64, "not committed")
        before = contents(folder)
        (merged,) = merge(tmp_path / "target.sqlite", writer.path)
        after = contents(folder)
        # The file of shared memory holds the locks, and those of a reader, too.
        assert {**after, "source.sqlite-shm": b""} == {**before, "source.sqlite-shm": b""}
        writer._connection.execute("ROLLBACK")
        writer.put(a_run(5))
    assert counts(merged) == (5, 0, 0, 0)


def test_damaged_records_are_left_out_and_counted(tmp_path):
    source = store_of(tmp_path / "source.sqlite", *(a_run(seed) for seed in range(4)))
    spoil(
        source, "UPDATE runs SET body = replace(body, '0.5', '0.9') WHERE key = ?", a_run(0)["key"]
    )
    spoil(source, "UPDATE runs SET body = x'ff00' WHERE key = ?", a_run(1)["key"])
    target = store_of(tmp_path / "target.sqlite", a_run(0))
    assert counts(merge(target, source)[0]) == (2, 0, 0, 2)
    with Store(target) as store:
        assert store.keys() == {a_run(seed)["key"] for seed in (0, 2, 3)}
        assert store.get(a_run(0)["key"]) == a_run(0)


def test_a_damaged_record_of_the_target_is_replaced(tmp_path):
    target = store_of(tmp_path / "target.sqlite", a_run(0))
    spoil(target, "UPDATE runs SET checksum = ''")
    source = store_of(tmp_path / "source.sqlite", a_run(0))
    with pytest.warns(UserWarning, match="damaged and counts as absent"):
        assert counts(merge(target, source)[0]) == (1, 0, 0, 0)


LARGE = [a_run(seed, padding=3000) for seed in range(150)]


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9, 0.98])
def test_what_can_be_read_of_a_file_with_bad_pages_is_saved(tmp_path, share):
    source = store_of(tmp_path / "source.sqlite", *LARGE)
    content = bytearray(source.read_bytes())
    pages = len(content) // 4096
    first = max(1, int(share * pages))
    for page in range(first, min(first + 3, pages)):
        content[page * 4096 : (page + 1) * 4096] = bytes([255]) * 4096
    source.write_bytes(content)
    before = source.read_bytes()
    (merged,) = merge(tmp_path / "saved.sqlite", source)
    with Store(tmp_path / "saved.sqlite") as store:
        saved = store.runs()
    assert len(saved) == merged.added
    wanted = {run["key"]: run for run in LARGE}
    assert all(wanted[run["key"]] == run for run in saved)
    assert merged.damaged >= 1
    # Three pages hold a dozen runs at most, unless one of them is the root of a tree.
    assert merged.added >= len(LARGE) - 12 or first == 1
    assert source.read_bytes() == before


@pytest.mark.parametrize("left", [17, 50, 99, 100, 1000, 4095])
def test_of_a_store_without_its_first_page_nothing_can_be_saved(tmp_path, left):
    store, target = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    Store(store).close()
    store.write_bytes(store.read_bytes()[:left])
    for opened in (lambda: Store(store), lambda: merge(target, store)):
        with pytest.raises(StoreError, match=f"nothing can be saved: {left} bytes are left"):
            opened()
    assert not target.exists()


def test_what_can_be_read_of_a_file_cut_short_is_saved(tmp_path):
    source = store_of(tmp_path / "source.sqlite", *LARGE)
    content = source.read_bytes()
    source.write_bytes(content[: int(0.6 * len(content))])
    (merged,) = merge(tmp_path / "saved.sqlite", source)
    assert merged.damaged >= 1
    assert merged.added >= len(LARGE) // 3
    with Store(tmp_path / "saved.sqlite") as store:
        assert len(store.runs()) == merged.added


def test_what_cannot_be_merged_is_said_before_anything_is_made(tmp_path):
    target = tmp_path / "target.sqlite"
    good = store_of(tmp_path / "good.sqlite", a_run())
    text = tmp_path / "text.sqlite"
    text.write_text("name,score\n" * 1000)
    other = tmp_path / "other.sqlite"
    spoil(other, "CREATE TABLE friends (name TEXT)")
    newer = store_of(tmp_path / "newer.sqlite")
    spoil(newer, "PRAGMA user_version = 99")
    for source, said in (
        (tmp_path / "none.sqlite", "there is no store"),
        (tmp_path, "there is no store"),
        (text, "not an Ogive store"),
        (other, "not an Ogive store"),
        (newer, "schema version 99"),
    ):
        with pytest.raises(StoreError, match=said) as caught:
            merge(target, good, source)
        assert "\n" not in str(caught.value)
        assert not target.exists()
    with pytest.raises(StoreError, match="into itself"):
        merge(good, good)


def test_a_name_with_signs_of_an_address_is_a_name(tmp_path):
    folder = tmp_path / "50 % of? #1"
    folder.mkdir()
    source = store_of(folder / "a?mode=rwc#.sqlite", a_run())
    assert merge(tmp_path / "target.sqlite", source)[0].added == 1
