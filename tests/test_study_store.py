"""The store: nothing put is lost, nothing damaged is believed, nothing foreign is opened."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
import warnings

import pytest

from ogive.study import RunSpec, Store, StoreError, StoreWarning
from ogive.study.merging import merge


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


def test_an_interruption_as_a_transaction_begins_leaves_none_open(path):
    class Interrupting:
        def __init__(self, connection):
            self.connection, self.begun = connection, 0

        def execute(self, sql, *arguments):
            result = self.connection.execute(sql, *arguments)
            if sql.startswith("BEGIN"):
                self.begun += 1
                if self.begun == 1:
                    raise KeyboardInterrupt
            return result

        def __getattr__(self, name):
            return getattr(self.connection, name)

    with Store(path) as store:
        store._connection = Interrupting(store._connection)
        with pytest.raises(KeyboardInterrupt):
            store.put(a_run())
        assert store.put(a_run()) is True
        assert store.runs() == [a_run()]


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


FILLER = """
import resource, signal, sys
sys.path[:0] = [{folder!r}]
from test_study_store import a_run
from ogive.study import Store, StoreError
limit = int(sys.argv[2])
if limit:
    # As a quota does it: beyond this size every write fails.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
stored = 0
try:
    with Store(sys.argv[1]) as store:
        for seed in range(1000):
            store.put(a_run(seed) | {{"padding": "x" * 10_000}})
            stored += 1
except StoreError as error:
    print(error)
print(stored)
"""


def fill(path, limit):
    """Put runs until there is no room; return what was said, and how many were said to be kept."""
    code = FILLER.format(folder=os.path.dirname(__file__))
    said = subprocess.run(
        [sys.executable, "-c", code, str(path), str(limit)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stderr == ""
    *lines, stored = said.stdout.splitlines()
    return lines, int(stored)


def assert_nothing_lost(path, lines, stored):
    assert len(lines) == 1, lines
    assert str(path) in lines[0]
    assert 0 < stored < 1000
    with Store(path) as store:
        assert store.keys() >= {a_run(seed)["key"] for seed in range(stored)}
        # There is room again: it goes on where it was.
        assert store.put(a_run(seed=2000)) is True


def test_where_no_more_may_be_written_nothing_is_lost(path):
    lines, stored = fill(path, 400_000)
    assert_nothing_lost(path, lines, stored)


@contextlib.contextmanager
def small_disk(folder, size):
    """A file system of so many kilobytes; needs the right to mount one."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_on_a_disk_that_is_full_nothing_is_lost(tmp_path):
    with small_disk(tmp_path / "disk", 1000) as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(300_000))
        path = disk / "runs.sqlite"
        lines, stored = fill(path, 0)
        assert "full" in lines[0] or "I/O" in lines[0]
        ballast.unlink()
        assert_nothing_lost(path, lines, stored)


def large_store(path, runs=200):
    """Make a store of many pages, closed, and return its keys."""
    with Store(path) as store:
        store.put_all(a_run(seed) | {"padding": "x" * 3000} for seed in range(runs))
        return store.keys()


@pytest.mark.parametrize("damage", ["page", "cut"])
def test_a_damaged_file_is_said_in_one_line_with_what_to_do(path, damage):
    large_store(path)
    content = bytearray(path.read_bytes())
    half = len(content) // 2 // 4096 * 4096
    if damage == "page":
        for start in range(half, half + 40 * 4096, 4096):
            content[start : start + 100] = b"\xff" * 100
    else:
        del content[half:]
    path.write_bytes(content)
    with (
        pytest.raises(StoreError, match=r"is damaged .*ogive study merge") as caught,
        Store(path) as store,
    ):
        store.runs()
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_lost_its_beginning_is_no_store(path):
    large_store(path, 10)
    content = path.read_bytes()
    path.write_bytes(bytes(100) + content[100:])
    with pytest.raises(StoreError, match="not an Ogive store"):
        Store(path)


@contextlib.contextmanager
def read_only(folder):
    """A folder with a store in it where nothing can be written."""
    if os.geteuid():
        folder.mkdir()
        Store(folder / "runs.sqlite").close()
        folder.chmod(0o555)
        (folder / "runs.sqlite").chmod(0o444)
        try:
            yield folder
        finally:
            folder.chmod(0o755)
        return
    # Root may write everywhere but where the file system itself cannot be written.
    with small_disk(folder, 1000):
        Store(folder / "runs.sqlite").close()
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        yield folder


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
@pytest.mark.parametrize("name", ["runs.sqlite", "new.sqlite"])
def test_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path, name):
    with read_only(tmp_path / "disk") as folder:
        with pytest.raises(StoreError) as caught, Store(folder / name) as store:
            store.put(a_run())
        assert "\n" not in str(caught.value)
        assert str(folder / name) in str(caught.value)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_store_in_a_folder_that_cannot_be_written_can_be_merged(tmp_path):
    with read_only(tmp_path / "disk") as folder:
        assert merge(tmp_path / "mine.sqlite", folder / "runs.sqlite")[0].damaged == 0


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (sqlite3.SQLITE_PROTOCOL, "locked by another process"),
        (sqlite3.SQLITE_BUSY, "locked by another process"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "locked by another process"),
        (sqlite3.SQLITE_IOERR_LOCK, "disk I/O error"),
    ],
)
def test_errors_of_locks_on_network_file_systems_are_one_line(path, monkeypatch, code, said):
    class Shaky:
        """A connection to a file whose locks do not work."""

        in_transaction = False

        def execute(self, *_):
            text = "disk I/O error" if code == sqlite3.SQLITE_IOERR_LOCK else "locking protocol"
            error = sqlite3.OperationalError(text)
            error.sqlite_errorcode = code
            raise error

        def close(self):
            pass

    with Store(path) as store:
        monkeypatch.setattr(store, "_connection", Shaky())
        for action in (store.runs, store.keys, lambda: store.put(a_run()), lambda: store.get("0")):
            with pytest.raises(StoreError, match=said) as caught:
                action()
            assert "\n" not in str(caught.value)
            assert str(path) in str(caught.value)
        monkeypatch.undo()


def test_a_store_that_another_holds_is_said_to_be_locked(path, monkeypatch):
    monkeypatch.setattr("ogive.study.store.BUSY_SECONDS", 0.05)
    with Store(path) as store, Store(path) as other:
        other._connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another process"):
            store.put(a_run())
        other._connection.execute("ROLLBACK")
        assert store.put(a_run()) is True


def test_several_runs_are_put_all_or_none(path):
    with Store(path) as store:
        assert store.put_all([a_run(0), a_run(1), a_run(0)]) == [True, True, False]
        with pytest.raises(ValueError, match="the key of a run"):
            store.put_all([a_run(2), a_run(3) | {"key": "0" * 64}])
        assert store.keys() == {a_run(0)["key"], a_run(1)["key"]}


def test_held_runs_are_a_mapping_that_reads_what_is_asked_for(path, monkeypatch):
    runs = [a_run(seed) for seed in range(3)]
    with Store(path) as store:
        store.put_all(runs)
        held = store.held()
        assert dict(held) == {run["key"]: run for run in runs}
        assert len(held) == 3
        read = []
        monkeypatch.setattr(store, "get", lambda key: read.append(key))
        assert held[runs[0]["key"]] is held[runs[0]["key"]]
        assert read == []
        later = a_run(3)
        assert later["key"] not in held
        with pytest.raises(KeyError):
            held[later["key"]]
        held.add(later)
        assert held[later["key"]] is later
        assert list(held)[-1] == later["key"]
        # Deleted by another process, after it was seen.
        fresh = store.held()
        with pytest.raises(StoreError, match="has gone"):
            fresh[runs[0]["key"]]


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
    # All make the file, and each seed from 20 to 59 is put by two of them: it is written once.
    writers = [start_writer(path, first, first + 40) for first in (0, 20, 40)]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    written = [int(writer.communicate()[0]) for writer in writers]
    assert sum(written) == 80
    with Store(path) as store:
        assert store.keys() == {a_run(seed)["key"] for seed in range(80)}


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.1])
def test_a_writer_killed_while_writing_loses_nothing_that_was_put(path, delay):
    Store(path).close()
    writer = start_writer(path, 0, 100_000)
    writer.stdin.write("go\n")
    writer.stdin.flush()
    with Store(path) as store:
        while len(store.keys()) < 20:
            assert writer.poll() is None
        before = len(store.keys())
        time.sleep(delay)
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
        n = len(store.keys())
        assert 20 <= before <= n < 100_000
    with Store(path) as store:
        # Whole, in order, without a gap, and the store can be written.
        assert store.keys() == {a_run(seed)["key"] for seed in range(n)}
        assert store.put(a_run(seed=n)) is True
