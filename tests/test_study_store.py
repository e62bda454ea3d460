"""The store: nothing put is lost, nothing damaged is believed, nothing foreign is opened."""

import os
import signal
import sqlite3
import subprocess
import sys
import warnings

import pytest

from ogive.study import RunSpec, Store, StoreError, StoreWarning


def a_run(seed=0, accuracy=0.5):
    spec = RunSpec(seed=seed)
    return {"key": spec.key, "spec": spec.to_dict(), "test": {"accuracy": accuracy, "loss": None}}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite"


def spoil(path, sql, *arguments):
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(sql, arguments)
    connection.close()


def test_a_run_comes_back_as_it_was_put(path):
    run = a_run(accuracy=1 / 3)
    with Store(path) as store:
        assert store.get(run["key"]) is None
        assert store.put(run) is True
        assert store.get(run["key"]) == run
    with Store(path) as store:
        assert store.runs() == [run]
        assert store.keys() == {run["key"]}


def test_the_first_of_a_key_stays(path):
    with Store(path) as store:
        assert store.put(a_run(accuracy=0.5)) is True
        assert store.put(a_run(accuracy=0.75)) is False
        assert store.get(a_run()["key"])["test"]["accuracy"] == 0.5


def test_a_run_under_a_wrong_key_is_refused(path):
    with Store(path) as store:
        with pytest.raises(ValueError, match="the key of a run"):
            store.put(a_run() | {"key": "0" * 64})
        assert store.runs() == []


def test_a_number_that_json_cannot_say_is_refused(path):
    with Store(path) as store:
        with pytest.raises(ValueError, match="JSON"):
            store.put(a_run(accuracy=float("nan")))
        assert store.runs() == []


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE runs SET body = replace(body, '0.5', '0.9') WHERE key = ?",
        "UPDATE runs SET body = substr(body, 1, 40) WHERE key = ?",
        "UPDATE runs SET body = x'ff00' WHERE key = ?",
        "UPDATE runs SET checksum = '' WHERE key = ?",
    ],
)
def test_a_damaged_record_is_said_and_counts_as_absent(path, damage):
    hurt, whole = a_run(seed=0), a_run(seed=1)
    with Store(path) as store:
        store.put(hurt)
        store.put(whole)
    spoil(path, damage, hurt["key"])
    with Store(path) as store:
        with pytest.warns(StoreWarning, match=f"the record {hurt['key'][:12]} .* absent") as said:
            runs = store.runs()
        assert runs == [whole]
        assert len(said) == 1
        assert "\n" not in str(said[0].message)
        # Said once: a second warning would be an error here.
        assert store.keys() == {whole["key"]}
        assert store.get(hurt["key"]) is None
        # It is absent, so that the run is made again and stored in its place.
        assert store.put(hurt) is True
    with Store(path) as store, warnings.catch_warnings():
        warnings.simplefilter("error")
        assert store.get(hurt["key"]) == hurt


def test_a_record_under_another_key_is_damaged(path):
    with Store(path) as store:
        store.put(a_run(seed=0))
    other = a_run(seed=1)["key"]
    spoil(path, "UPDATE runs SET key = ?", other)
    with Store(path) as store, pytest.warns(StoreWarning):
        assert store.get(other) is None


def test_a_file_of_another_kind_is_refused_and_left_alone(path):
    path.write_text("name,score\nrelu,1\n" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"runs\.sqlite is not an Ogive store"):
        Store(path)
    assert path.read_bytes() == before


def test_a_database_of_another_kind_is_refused_and_left_alone(path):
    spoil(path, "CREATE TABLE friends (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="a database, but not an Ogive store"):
        Store(path)
    assert path.read_bytes() == before


def test_a_newer_store_is_refused(path):
    Store(path).close()
    spoil(path, "PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="schema version 99"):
        Store(path)


def test_a_place_where_nothing_can_be_stored(tmp_path):
    with pytest.raises(StoreError, match="does not exist"):
        Store(tmp_path / "no" / "such" / "runs.sqlite")
    with pytest.raises(StoreError, match="is a folder"):
        Store(tmp_path)


def test_a_full_disk_is_one_line_and_loses_nothing(path):
    with Store(path) as store:
        store.put(a_run(seed=0))
        store._connection.execute("PRAGMA max_page_count = 1")
        # SQLite does not go below the pages in use: there is no room for more.
        large = a_run(seed=1) | {"padding": "x" * 100_000}
        with pytest.raises(StoreError, match=r"runs\.sqlite: .*full"):
            store.put(large)
    with Store(path) as store:
        assert store.runs() == [a_run(seed=0)]
        assert store.put(large) is True


def test_closing_twice_does_no_harm(path):
    store = Store(path)
    store.close()
    store.close()


def test_writers_do_not_wait_for_a_reader(path):
    with Store(path) as writer, Store(path) as reader:
        mode = writer._connection.execute("PRAGMA journal_mode").fetchone()[0]
        assert mode == "wal"
        reader._connection.execute("BEGIN")
        assert reader.runs() == []
        writer.put(a_run())
        reader._connection.execute("COMMIT")
        assert len(reader.runs()) == 1


WRITER = """
import sys
sys.path[:0] = [{folder!r}]
from test_study_store import a_run
from ogive.study import Store
path, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
with Store(path) as store:
    written = sum(store.put(a_run(seed)) for seed in range(first, last))
print(written, flush=True)
"""


def start_writer(path, first, last):
    code = WRITER.format(folder=os.path.dirname(__file__))
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path), str(first), str(last)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_several_processes_write_one_new_store_at_once(path):
    # Both make the file, and both put seeds 20 to 39: each of these is written once.
    writers = [start_writer(path, 0, 40), start_writer(path, 20, 60)]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    written = [int(writer.communicate()[0]) for writer in writers]
    assert sum(written) == 60
    with Store(path) as store:
        assert store.keys() == {a_run(seed)["key"] for seed in range(60)}


def test_a_writer_killed_while_writing_loses_nothing_that_was_put(path):
    Store(path).close()
    writer = start_writer(path, 0, 100_000)
    writer.stdin.write("go\n")
    writer.stdin.flush()
    with Store(path) as store:
        while len(store.keys()) < 20:
            assert writer.poll() is None
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
        n = len(store.keys())
        assert 20 <= n < 100_000
    with Store(path) as store:
        # Whole, in order, without a gap, and the store can be written.
        assert store.keys() == {a_run(seed)["key"] for seed in range(n)}
        assert store.put(a_run(seed=n)) is True
