"""The finished runs of several stores in one, and what can be saved of a damaged store."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ogive.study.store import (
    APPLICATION_ID,
    Run,
    Store,
    StoreError,
    beyond_saving,
    check_version,
    explained,
    is_whole,
)

__all__ = ["Merged", "merge"]


@dataclass(frozen=True)
class Merged:
    """What became of the records of one source.

    Attributes
    ----------
    source : Path
        The store.
    added : int
        Records that the target lacked.
    known : int
        Records that it held already, and which stayed as they were there.
    differing : int
        Of the known ones, those with other numbers: runs made on another kind of machine, or with
        another version of torch.
    damaged : int
        Records that are not whole, and were left out; where whole pages of the file are gone, at
        least so many.
    """

    source: Path
    added: int
    known: int
    differing: int
    damaged: int


def merge(target: str | Path, *sources: str | Path) -> list[Merged]:
    """Put the records of `sources` into the store `target`, which is made if it does not exist.

    Parameters
    ----------
    target : str or Path
        The store that takes them. What it holds stays.
    *sources : str or Path
        Stores; they are opened for reading only and not changed. Of a damaged one, everything is
        taken that can still be read.

    Returns
    -------
    list of Merged
        One for each source, in their order.

    Raises
    ------
    StoreError
        If a source is no store, cannot be opened or is the target, or the target cannot be
        written: then nothing of that source has been put.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     theirs = pathlib.Path(folder) / "theirs.sqlite"
    ...     Store(theirs).close()
    ...     merge(pathlib.Path(folder) / "mine.sqlite", theirs)[0].added
    0
    """
    paths = [Path(source) for source in sources]
    for path in paths:
        if not path.is_file():
            raise StoreError(f"there is no store {path}")
        if Path(target).exists() and path.samefile(target):
            raise StoreError(f"{path} cannot be merged into itself")
    # Before the target is made: a mistake in a name must not leave an empty store behind.
    for path in paths:
        with closing(_opened(path)):
            pass
    merged = []
    with Store(target) as store:
        for path in paths:
            runs, damaged = _records(path)
            written = store.put_all(runs)
            known = [run for run, new in zip(runs, written, strict=True) if not new]
            differing = sum(_numbers(run) != _numbers(store.get(run["key"])) for run in known)
            merged.append(Merged(path, sum(written), len(known), differing, damaged))
    return merged


def _opened(path: Path) -> sqlite3.Connection:
    """Open a store so that nothing beside it or in it is written."""
    if lost := beyond_saving(path):
        raise StoreError(lost)
    journal = path.with_name(path.name + "-wal")
    live = journal.exists() and journal.stat().st_size > 0
    # For a store that nobody has open, SQLite would leave the files of its journal behind unless
    # it is told that nothing changes. Where a journal lies, it must be read with the locks held.
    mode = "mode=ro" if live else "mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)
    except sqlite3.Error as error:
        raise StoreError(explained(path, error)) from error
    try:
        # Only so does SQLite read what there is of a file that was cut short.
        connection.execute("PRAGMA writable_schema = ON")
        (mark,) = connection.execute("PRAGMA application_id").fetchone()
        if mark != APPLICATION_ID:
            raise StoreError(f"{path} is not an Ogive store")
        check_version(path, connection)
    except sqlite3.Error as error:
        connection.close()
        raise StoreError(explained(path, error)) from error
    except StoreError:
        connection.close()
        raise
    return connection


def _records(path: Path) -> tuple[list[Run], int]:
    """Return the records of a store that are whole, and how many are not."""
    with closing(_opened(path)) as connection:
        try:
            rows, broken = _row_numbers(connection)
            # Between what two broken trees still point to, more may lie.
            wanted = range(min(rows), max(rows) + 1) if rows and broken else sorted(rows)
            runs = []
            for row in wanted:
                run = _record(connection, row)
                if run is not None:
                    runs.append(run)
                    rows.discard(row)
        except sqlite3.Error as error:
            raise StoreError(explained(path, error)) from error
    return runs, max(len(rows), int(broken))


def _row_numbers(connection: sqlite3.Connection) -> tuple[set[int], bool]:
    """Return the numbers of all rows that can be found, and whether any page was unreadable."""
    found: set[int] = set()
    broken = False
    # From both ends of the table, and from the index: a broken page is the end of a scan.
    for query in (
        "SELECT rowid FROM runs NOT INDEXED ORDER BY rowid",
        "SELECT rowid FROM runs NOT INDEXED ORDER BY rowid DESC",
        "SELECT rowid FROM runs INDEXED BY sqlite_autoindex_runs_1 ORDER BY key",
        "SELECT rowid FROM runs INDEXED BY sqlite_autoindex_runs_1 ORDER BY key DESC",
    ):
        try:
            for (number,) in _readable(connection, query):
                found.add(number)
        except _UnreadableError:
            broken = True
    return found, broken


def _record(connection: sqlite3.Connection, row: int) -> Run | None:
    query = "SELECT key, body, checksum FROM runs WHERE rowid = ?"
    try:
        for key, body, checksum in _readable(connection, query, row):
            if is_whole(key, body, checksum):
                run: Run = json.loads(body)
                return run
    except _UnreadableError:
        pass
    return None


class _UnreadableError(Exception):
    """A page of the file is damaged."""


def _readable(connection: sqlite3.Connection, query: str, *values: object) -> Iterator[Any]:
    try:
        yield from connection.execute(query, values)
    except sqlite3.DatabaseError as error:
        # A damaged text can also be one that is no UTF-8, which has no code of SQLite's.
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in (
            sqlite3.SQLITE_CORRUPT,
            sqlite3.SQLITE_IOERR,
        ):
            raise _UnreadableError from error
        raise


def _numbers(run: Run | None) -> Run:
    """Return what two runs of one key should have in common."""
    assert run is not None  # it was whole when it was found to be known
    if run["spec"].get("kind") == "cost":
        return {}
    return {name: part for name, part in run.items() if name not in ("timing", "environment")}
