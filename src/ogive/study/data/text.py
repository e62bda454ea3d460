"""A text as windows of characters, each with the character that follows.

The parts are contiguous: the first eight tenths of the text for training, one for validation, the
last for the test. A window lies, with what it is to predict, in one part, so that nothing of the
test has been seen.
"""

from __future__ import annotations

import sysconfig
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ogive.study.data.dataset import Dataset, Part

__all__ = ["MODULES", "standard_library", "text", "windows"]

_NAMES = """
argparse ast bdb bisect calendar codecs colorsys configparser contextlib copy csv dataclasses
difflib dis doctest enum filecmp fractions ftplib functools heapq imaplib inspect ipaddress mailbox
optparse os pdb pickle pickletools platform plistlib pprint pydoc random selectors shutil smtplib
socket socketserver ssl statistics subprocess tarfile tempfile textwrap threading tokenize trace
traceback turtle typing uuid weakref
"""

MODULES: tuple[str, ...] = tuple(_NAMES.split())
"""Of Python's standard library, those that are one file from 3.11 on: two million characters."""

HELD_OUT = 0.1
"""Share of the text that is for validation, and share that is for the test."""


def text(
    path: str = "", *, steps: int = 64, characters: int = 1_000_000, vocabulary: int = 96
) -> Dataset:
    """Return a text as windows of tokens.

    Parameters
    ----------
    path : str
        A text in UTF-8; by default the source of Python's own standard library.
    steps : int
        Characters of a window.
    characters : int
        How much of the text is used: its first so many characters, or all where it has fewer.
    vocabulary : int
        Largest number of tokens: one for each of the most frequent characters of the training
        part, and one for all other characters.

    Returns
    -------
    Dataset
        Of the kind "tokens": inputs and targets of the shape (rows, steps), the targets being one
        character ahead.

    Raises
    ------
    ValueError
        If it is no text in UTF-8 or too short for one window in each part, or Python came without
        its source.
    OSError
        If the file that is given cannot be read.
    """
    content = standard_library(characters) if not path else _read(Path(path), characters)
    return windows(content, steps=steps, vocabulary=vocabulary)


def windows(content: str, *, steps: int, vocabulary: int) -> Dataset:
    """Return the windows of a text.

    Parameters
    ----------
    content : str
        The text.
    steps : int
        Characters of a window.
    vocabulary : int
        Largest number of tokens, the one for all other characters included.

    Returns
    -------
    Dataset
        Of the kind "tokens", as from `text`: windows side by side, none overlapping another.

    Raises
    ------
    ValueError
        If the text is too short for one window in each part.

    Examples
    --------
    >>> data = windows("abcdefghij" * 10, steps=4, vocabulary=96)
    >>> data.train.inputs[0], data.train.targets[0]
    (array([0, 1, 2, 3]), array([1, 2, 3, 4]))
    """
    held = int(HELD_OUT * len(content))
    if held <= steps:
        raise ValueError(
            f"the text has {len(content)} characters, too few for windows of {steps}: "
            f"it takes at least {_least(steps)}"
        )
    first, second = len(content) - 2 * held, len(content) - held
    known = _vocabulary(content[:first], vocabulary)
    other = len(known)
    codes = np.array([known.get(character, other) for character in content], np.int64)
    return Dataset(
        kind="tokens",
        train=_cut(codes[:first], steps),
        validation=_cut(codes[first:second], steps),
        test=_cut(codes[second:], steps),
        classes=other + 1,
    )


def standard_library(characters: int) -> str:
    """Return the first `characters` of the source of `MODULES`, one module after the other.

    Parameters
    ----------
    characters : int
        How many at most; all that there are where they are fewer.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If this Python came without its source.

    Examples
    --------
    >>> len(standard_library(100_000))
    100000
    """
    folder = Path(sysconfig.get_path("stdlib"))
    found: list[str] = []
    length = 0
    for name in MODULES:
        if length >= characters:
            break
        file = folder / f"{name}.py"
        if not file.is_file():
            raise ValueError(f"there is no {file}: give the path of a text, text:PATH")
        found.append(_read(file, characters - length))
        length += len(found[-1])
    return "".join(found)


def _read(file: Path, characters: int) -> str:
    try:
        with file.open(encoding="utf-8") as stream:
            return stream.read(characters)
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is no text in UTF-8: {error.reason}") from None


def _vocabulary(content: str, largest: int) -> dict[str, int]:
    """Return the tokens of the most frequent characters, numbered in the characters' order."""
    counts = Counter(content)
    # Of two that are as frequent the one that sorts first is kept.
    kept = sorted(counts, key=lambda character: (-counts[character], character))[: largest - 1]
    return {character: number for number, character in enumerate(sorted(kept))}


def _cut(codes: NDArray[np.int64], steps: int) -> Part:
    rows = (len(codes) - 1) // steps
    end = rows * steps
    return Part(codes[:end].reshape(rows, steps), codes[1 : end + 1].reshape(rows, steps).copy())


def _least(steps: int) -> int:
    return int(np.ceil((steps + 1) / HELD_OUT))
