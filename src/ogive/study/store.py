"""Where finished runs are kept: one SQLite file, one row a run, named by the run's key.

Each run is committed by itself, with the SHA-256 of its text beside it. Several processes may read
and write one store at once. A process killed at any moment loses nothing that had been put.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from ogive.study.spec import canonical_json, spec_key

__all__ = [
    "APPLICATION_ID",
    "Held",
    "Run",
    "Store",
    "StoreError",
    "StoreWarning",
    "beyond_saving",
    "check_version",
    "checksum",
    "explained",
    "is_whole",
]

SCHEMA_VERSION = 1
APPLICATION_ID = 0x4F676976
"""'Ogiv': SQLite keeps it in the header of the file, so that a store is told from other files."""

_MAGIC = b"SQLite format 3\0"
_HEAD_BYTES = 100

BUSY_SECONDS = 30.0
"""How long a writer waits for another before it gives up."""

Run = dict[str, Any]


class StoreError(ValueError):
    """A store that cannot be opened, read or written; the message says why in one line."""


class StoreWarning(UserWarning):
    """A damaged record, which is treated as if it were absent."""


class Store:
    """The finished runs of one or many studies.

    Parameters
    ----------
    path : str or Path
        The file; made when it does not exist (its folder must).

    Raises
    ------
    StoreError
        If the file is no store, is of a newer version, is damaged, or cannot be opened.

    Warns
    -----
    StoreWarning
        Once for each damaged record that is met. It counts as absent, and `put` replaces it.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Store(pathlib.Path(folder) / "runs.sqlite") as store:
    ...         len(store.keys())
    0
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._told: set[str] = set()
        if self.path.is_dir():
            raise StoreError(f"{self.path} is a folder, not a store")
        if not self.path.parent.is_dir():
            raise StoreError(f"the folder {self.path.parent} does not exist")
        try:
            # isolation_level=None: transactions begin and end where this file says so.
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None
            )
        except sqlite3.Error as error:
            raise StoreError(explained(self.path, error)) from error
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        with self._said():
            tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            (mark,) = self._connection.execute("PRAGMA application_id").fetchone()
        if mark != APPLICATION_ID and (tables or mark):
            raise StoreError(f"{self.path} is a database, but not an Ogive store")
        with self._said():
            if mark != APPLICATION_ID:
                self._create()
            check_version(self.path, self._connection)
            # A commit is on the disk before `put` returns, in either journal mode.
            self._connection.execute("PRAGMA synchronous = FULL")

    def _create(self) -> None:
        # Write-ahead logging lets readers go on while another process writes. SQLite answers with
        # the mode it got: on file systems that cannot share memory that is the rollback journal,
        # which is as safe and only slower. The switch does not wait for other processes by itself.
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL").fetchone()
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        with self._transaction():
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS runs "
                "(key TEXT PRIMARY KEY, body TEXT NOT NULL, checksum TEXT NOT NULL)"
            )
            self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Turn SQLite's errors into one line that names the file."""
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(explained(self.path, error)) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        # IMMEDIATE takes the write lock first, so that what is read inside stays true.
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def get(self, key: str) -> Run | None:
        """Return the run `key`, or None when it is absent or its record is damaged.

        Parameters
        ----------
        key : str
            Of the run.

        Returns
        -------
        dict or None
            A `StoreWarning` tells of a damaged record, once.

        Raises
        ------
        StoreError
            If the file cannot be read.
        """
        with self._said():
            row = self._connection.execute(
                "SELECT key, body, checksum FROM runs WHERE key = ?", (key,)
            ).fetchone()
        return None if row is None else self._read(*row)

    def put(self, run: Run) -> bool:
        """Keep `run`, committed when the call returns; the first of a key stays.

        Parameters
        ----------
        run : dict
            A finished run; its ``key`` must be that of its ``spec``.

        Returns
        -------
        bool
            True when it was written, False when the store already held it.

        Raises
        ------
        ValueError
            If the key is not the spec's, or the run holds a number that JSON cannot say.
        StoreError
            If it cannot be written, a full disk for example. Nothing is half-written.
        """
        return self.put_all([run])[0]

    def put_all(self, runs: Iterable[Run]) -> list[bool]:
        """Keep several runs, all of them or, where something is wrong, none; see `put`.

        Parameters
        ----------
        runs : iterable of dict
            Finished runs; the ``key`` of each must be that of its ``spec``.

        Returns
        -------
        list of bool
            For each, True when it was written, False when the store already held it.

        Raises
        ------
        ValueError
            If a key is not the spec's, or a run holds a number that JSON cannot say.
        StoreError
            If they cannot be written.
        """
        texts: list[tuple[str, str]] = []
        for run in runs:
            key = spec_key(run["spec"])
            if run["key"] != key:
                raise ValueError(
                    f"the key of a run must be that of its spec, {key}, not {run['key']}"
                )
            texts.append((key, canonical_json(run)))
        with self._said(), self._transaction():
            return [self._write(key, body) for key, body in texts]

    def _write(self, key: str, body: str) -> bool:
        row = self._connection.execute(
            "SELECT key, body, checksum FROM runs WHERE key = ?", (key,)
        ).fetchone()
        if row is not None and self._is_whole(*row):
            return False
        self._connection.execute(
            "INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", (key, body, checksum(key, body))
        )
        return True

    def keys(self) -> set[str]:
        """Return the keys of all runs that are present and whole."""
        return {key for key, _ in self._whole()}

    def runs(self) -> list[Run]:
        """Return all runs that are present and whole, in the order of their keys."""
        return [json.loads(body) for _, body in self._whole()]

    def held(self) -> Held:
        """Return the runs by key, each of which is read when it is asked for."""
        return Held(self)

    def _whole(self) -> list[tuple[str, str]]:
        """Return key and text of every run that is whole."""
        with self._said():
            # By the table, and sorted here: by the index each row would be looked up for itself.
            rows = self._connection.execute("SELECT key, body, checksum FROM runs").fetchall()
        found = [(row[0], row[1]) for row in rows if self._is_whole(*row)]
        return sorted(found)

    def _read(self, key: object, body: object, found: object) -> Run | None:
        if not self._is_whole(key, body, found):
            return None
        assert isinstance(body, str)
        run: Run = json.loads(body)
        return run

    def _is_whole(self, key: object, body: object, found: object) -> bool:
        if is_whole(key, body, found):
            return True
        name = str(key)
        if name not in self._told:
            self._told.add(name)
            warnings.warn(
                f"the record {name[:12]} of {self.path} is damaged and counts as absent",
                StoreWarning,
                stacklevel=3,
            )
        return False

    def close(self) -> None:
        """Close the file. Closing twice does no harm."""
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Held(Mapping[str, Run]):
    """The runs of a store by key, as they were when it was made and as they are added.

    Which are there is known at once; a run is read from the file when it is asked for, and kept:
    a study asks for few of the runs that a store may hold.

    Parameters
    ----------
    store : Store
        The store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._runs: dict[str, Run | None] = dict.fromkeys(sorted(store.keys()))

    def __getitem__(self, key: str) -> Run:
        run = self._runs[key]
        if run is None:
            run = self._store.get(key)
            if run is None:
                raise StoreError(f"the store {self._store.path}: the run {key[:12]} has gone")
            self._runs[key] = run
        return run

    def __contains__(self, key: object) -> bool:
        return key in self._runs

    def __iter__(self) -> Iterator[str]:
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)

    def add(self, run: Run) -> None:
        """Add a run that has been put into the store."""
        self._runs[run["key"]] = run


def check_version(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse a store of a newer version than this code knows.

    Parameters
    ----------
    path : Path
        Of the store, for the message.
    connection : sqlite3.Connection
        To it.

    Raises
    ------
    StoreError
        If its version is newer.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path} is of schema version {version}; this Ogive knows up to "
            f"{SCHEMA_VERSION}: use a newer one"
        )


def is_whole(key: object, body: object, found: object) -> bool:
    """Tell whether a record is as it was written.

    Parameters
    ----------
    key, body, found : object
        The record, and the checksum that stands beside it. A damaged one can hold any type.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_whole("key", "{}", checksum("key", "{}")), is_whole("key", "[]", checksum("key", "{}"))
    (True, False)
    """
    # A damaged row can hold any type: SQLite's columns do not enforce theirs.
    return isinstance(key, str) and isinstance(body, str) and checksum(key, body) == found


def checksum(key: str, body: str) -> str:
    """Return what stands beside a record, by which damage is noticed.

    Parameters
    ----------
    key, body : str
        The record.

    Returns
    -------
    str
        64 hexadecimal digits of a SHA-256.
    """
    return hashlib.sha256(f"{key}\n{body}".encode("utf-8", "surrogatepass")).hexdigest()


def beyond_saving(path: Path) -> str:
    """Say so where nothing of a store can be saved.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    str
        Empty unless it begins as SQLite's files do, and not even the first page of it is there,
        which says where everything else stands.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "runs.sqlite"
    ...     Store(file).close()
    ...     whole = beyond_saving(file)
    ...     _ = file.write_bytes(file.read_bytes()[:50])
    ...     whole, "nothing can be saved" in beyond_saving(file)
    ('', True)
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            size = file.seek(0, os.SEEK_END)
    except OSError:
        return ""  # SQLite says it better
    if not head.startswith(_MAGIC):
        return ""
    page = int.from_bytes(head[16:18], "big")
    # The largest page does not fit into two bytes, and is written as 1.
    if len(head) == _HEAD_BYTES and size >= (65536 if page == 1 else page):
        return ""
    return (
        f"the store {path} is damaged, and nothing can be saved: {size} bytes are left of it, less "
        "than its first page; move it away to begin anew"
    )


def explained(path: Path, error: sqlite3.Error) -> str:
    """Say in one line what is wrong with a store, and what can be done about it.

    Parameters
    ----------
    path : Path
        Of the store.
    error : sqlite3.Error
        What SQLite raised.

    Returns
    -------
    str

    Examples
    --------
    >>> explained(Path("runs.sqlite"), sqlite3.OperationalError("disk I/O error"))
    'the store runs.sqlite: disk I/O error'
    """
    # The low byte: the others tell apart what is said alike here.
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_NOTADB:
            return beyond_saving(path) or f"{path} is not an Ogive store: {error}"
        case sqlite3.SQLITE_CORRUPT:
            return beyond_saving(path) or (
                f"the store {path} is damaged ({error}): "
                f"`ogive study merge NEW.sqlite {path}` saves every run that can be read"
            )
        case sqlite3.SQLITE_FULL:
            return f"the store {path}: {error}; what had been stored is safe"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_PROTOCOL:
            return f"the store {path} is locked by another process, and stayed so ({error})"
        case sqlite3.SQLITE_CANTOPEN:
            return f"cannot open the store {path}: {error}"
    return f"the store {path}: {error}"
