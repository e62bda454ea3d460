"""Where finished runs are kept: one SQLite file, one row a run, named by the run's key.

Each run is committed by itself, with the SHA-256 of its text beside it. Several processes may read
and write one store at once. A process killed at any moment loses nothing that had been put.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from ogive.study.declaration import canonical_json, spec_key

SCHEMA_VERSION = 1
APPLICATION_ID = 0x4F676976
"""'Ogiv': SQLite keeps it in the header of the file, so that a store is told from other files."""

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
            raise StoreError(f"cannot open the store {self.path}: {error}") from error
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        try:
            tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            (mark,) = self._connection.execute("PRAGMA application_id").fetchone()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise StoreError(f"cannot open the store {self.path}: {error}") from error
            raise StoreError(f"{self.path} is not an Ogive store: {error}") from error
        if mark != APPLICATION_ID and (tables or mark):
            raise StoreError(f"{self.path} is a database, but not an Ogive store")
        with self._said():
            if mark != APPLICATION_ID:
                self._create()
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self.path} is of schema version {version}; this Ogive knows up to "
                f"{SCHEMA_VERSION}: use a newer one"
            )
        with self._said():
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
            raise StoreError(f"the store {self.path}: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        # IMMEDIATE takes the write lock first, so that what is read inside stays true.
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def get(self, key: str) -> Run | None:
        """Return the run `key`, or None when it is absent or its record is damaged."""
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
        key = spec_key(run["spec"])
        if run["key"] != key:
            raise ValueError(f"the key of a run must be that of its spec, {key}, not {run['key']}")
        body = canonical_json(run)
        with self._said(), self._transaction():
            row = self._connection.execute(
                "SELECT key, body, checksum FROM runs WHERE key = ?", (key,)
            ).fetchone()
            if row is not None and self._read(*row) is not None:
                return False
            self._connection.execute(
                "INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", (key, body, _checksum(key, body))
            )
        return True

    def keys(self) -> set[str]:
        """Return the keys of all runs that are present and whole."""
        return {run["key"] for run in self.runs()}

    def runs(self) -> list[Run]:
        """Return all runs that are present and whole, in the order of their keys."""
        with self._said():
            rows = self._connection.execute(
                "SELECT key, body, checksum FROM runs ORDER BY key"
            ).fetchall()
        return [run for row in rows if (run := self._read(*row)) is not None]

    def _read(self, key: object, body: object, checksum: object) -> Run | None:
        # A damaged row can hold any type: SQLite's columns do not enforce theirs.
        if isinstance(key, str) and isinstance(body, str) and _checksum(key, body) == checksum:
            run: Run = json.loads(body)
            return run
        name = str(key)
        if name not in self._told:
            self._told.add(name)
            warnings.warn(
                f"the record {name[:12]} of {self.path} is damaged and counts as absent",
                StoreWarning,
                stacklevel=3,
            )
        return None

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


def _checksum(key: str, body: str) -> str:
    return hashlib.sha256(f"{key}\n{body}".encode("utf-8", "surrogatepass")).hexdigest()
