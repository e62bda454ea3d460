"""CIFAR-10 and CIFAR-100 (Krizhevsky 2009) in the published format for Python."""

from __future__ import annotations

import os
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ogive.study.data.dataset import Dataset
from ogive.study.data.split import prepare
from ogive.study.data.unpickle import unpickle

__all__ = ["cifar10", "cifar100"]

ENTRIES = 3 * 32 * 32
"""Of one picture: 1,024 of each of red, green and blue, row by row."""


def cifar10(path: str, *, rows: int = 50_000) -> Dataset:
    """Return CIFAR-10 with its own test part.

    Parameters
    ----------
    path : str
        The folder ``cifar-10-batches-py``, one that it lies in, or the published archive.
    rows : int
        How many of the training rows are used, validation included: the first so many.

    Returns
    -------
    Dataset
        Of the kind "images", (3, 32, 32).

    Raises
    ------
    ValueError
        If it lacks a file, or one is not what it should be.
    OSError
        If there is nothing at `path`.
    """
    batches = [f"data_batch_{number}" for number in range(1, 6)]
    # A fifth of the rows each: what is not needed is not read.
    needed = batches[: -(-min(rows, 50_000) // 10_000)]
    return _dataset(path, needed, "test_batch", "labels", 10, rows)


def cifar100(path: str, *, labels: str = "fine", rows: int = 50_000) -> Dataset:
    """Return CIFAR-100 with its own test part.

    Parameters
    ----------
    path : str
        The folder ``cifar-100-python``, one that it lies in, or the published archive.
    labels : {"fine", "coarse"}
        The 100 classes, or the 20 that they are grouped into.
    rows : int
        How many of the training rows are used, validation included: the first so many.

    Returns
    -------
    Dataset
        Of the kind "images", (3, 32, 32), with 100 or 20 classes.

    Raises
    ------
    ValueError
        If it lacks a file, or one is not what it should be.
    OSError
        If there is nothing at `path`.
    """
    classes = 100 if labels == "fine" else 20
    return _dataset(path, ["train"], "test", f"{labels}_labels", classes, rows)


def _dataset(
    path: str, names: list[str], test: str, labels: str, classes: int, rows: int
) -> Dataset:
    files = _files(path, [*names, test])
    parts = [_part(f"{path}: {name}", files[name], labels, classes) for name in names]
    inputs = np.concatenate([pictures for pictures, _ in parts])
    targets = np.concatenate([found for _, found in parts])
    return prepare(
        inputs[:rows],
        targets[:rows],
        kind="images",
        test=_part(f"{path}: {test}", files[test], labels, classes),
    )


def _part(
    name: str, content: bytes, labels: str, classes: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the pictures and classes of one file."""
    found = unpickle(name, content)
    # Texts of Python 2 are bytes; a file that was written again may have texts.
    named = {_text(key): value for key, value in found.items()} if isinstance(found, dict) else {}
    pictures, targets = named.get("data"), named.get(labels)
    if not isinstance(pictures, np.ndarray) or targets is None:
        raise ValueError(f"{name} does not hold 'data' and '{labels}'")
    if pictures.dtype != np.uint8 or pictures.ndim != 2 or pictures.shape[1] != ENTRIES:
        raise ValueError(f"{name} holds no pictures of 3 × 32 × 32 bytes: {pictures.shape}")
    numbers = np.asarray(targets)
    if numbers.dtype.kind not in "iu" or numbers.shape != (len(pictures),):
        raise ValueError(f"{name} does not hold one class for each of {len(pictures)} pictures")
    if numbers.min() < 0 or numbers.max() >= classes:
        raise ValueError(f"{name} holds classes that are not 0 to {classes - 1}")
    return pictures.reshape(-1, 3, 32, 32), numbers.astype(np.int64)


def _text(key: Any) -> str:
    return key.decode("latin-1") if isinstance(key, bytes) else str(key)


def _files(path: str, names: list[str]) -> dict[str, bytes]:
    """Return the contents of files in a folder, in one below it, or in an archive."""
    read = _from_folder if os.path.isdir(path) else _from_archive
    found = read(path, names)
    missing = [name for name in names if name not in found]
    if missing:
        raise ValueError(f"{path} has no {', '.join(missing)}")
    return found


def _from_folder(path: str, names: list[str]) -> dict[str, bytes]:
    below = sorted(folder for folder in Path(path).iterdir() if folder.is_dir())
    for folder in (Path(path), *below):
        if (folder / names[-1]).is_file():
            return {
                name: (folder / name).read_bytes() for name in names if (folder / name).is_file()
            }
    return {}


def _from_archive(path: str, names: list[str]) -> dict[str, bytes]:
    # Read in memory: nothing is unpacked, so that no name in the archive can lead anywhere.
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = PurePosixPath(member.name).name
                if member.isfile() and name in names:
                    stream = archive.extractfile(member)
                    assert stream is not None
                    found[name] = stream.read()
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is neither a folder nor an archive: {error}") from None
    return found
