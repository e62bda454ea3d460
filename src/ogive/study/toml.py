"""A study from a TOML file; what is wrong with it is said with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ogive.study.checked import Place
from ogive.study.declaration import Study
from ogive.study.words import DeclarationError, from_words

__all__ = ["read_toml", "study_at", "words_of"]

_HEADER = re.compile(r"\s*(\[{1,2})\s*([\w.\"' -]+?)\s*\]{1,2}\s*(#.*)?$")
_KEY = re.compile(r"\s*([\w\"'-]+(?:\s*\.\s*[\w\"'-]+)*)\s*=")


def read_toml(path: str | Path) -> Study:
    r"""Return the study that a TOML file declares.

    Parameters
    ----------
    path : str or Path
        The file; its words are those of `ogive.study.words.from_words`.

    Returns
    -------
    Study

    Raises
    ------
    ValueError
        If the file cannot be read, is no TOML, or declares nothing that can be carried out; the
        message begins with file and line.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "study.toml"
    ...     _ = file.write_text('model = "mlp:64x3"\nactivations = ["relu", "gelu"]')
    ...     read_toml(file).reference
    'relu'
    """
    return study_at(Path(path), words_of(path))


def words_of(path: str | Path) -> dict[str, Any]:
    """Return the words of a TOML file as they stand there.

    Parameters
    ----------
    path : str or Path
        The file, in UTF-8, with or without a byte order mark.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If it cannot be read or is no TOML.
    """
    file = Path(path)
    text = ""
    try:
        text = _text(file)
        return tomllib.loads(text)
    except FileNotFoundError:
        raise ValueError(f"there is no file {file}") from None
    except IsADirectoryError:
        raise ValueError(f"{file} is a folder: give a TOML file") from None
    except OSError as error:
        raise ValueError(f"cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{file} is no text in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"^(.*?) \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        if found is None:
            raise ValueError(f"{file}: {error}") from None
        last = text.rstrip("\r\n").count("\n") + 1
        raise ValueError(f"{file}:{found[2] or last}: {found[1]}") from None


def _text(file: Path) -> str:
    # Some editors put a byte order mark before a text.
    return file.read_text(encoding="utf-8-sig")


def study_at(path: Path, words: dict[str, Any]) -> Study:
    """Return the study of `words` that stand in the file `path`; name the line of a mistake.

    Parameters
    ----------
    path : Path
        The file, which is read again where a line is to be named.
    words : dict
        As `words_of` returns them.

    Returns
    -------
    Study

    Raises
    ------
    ValueError
        As for `read_toml`.
    """
    try:
        return from_words(words)
    except DeclarationError as error:
        line = _line(_text(path), error.path)
        raise ValueError(f"{path}:{line}: {error}") from error


def _line(text: str, path: Place) -> int:
    """Return the line of the longest beginning of `path` that is found; 1 if none is."""
    lines = dict(_places(text))
    for length in range(len(path), 0, -1):
        for known in (path[:length], _alone(path[:length])):
            if known in lines:
                return lines[known]
    return 1


def _alone(path: Place) -> Place:
    """Return the path with its last word in the singular and no place in a list behind it."""
    if len(path) > 1 and path[-1] == 0 and isinstance(path[-2], str):
        path = path[:-1]
    return (*path[:-1], path[-1].removesuffix("s") if isinstance(path[-1], str) else path[-1])


def _places(text: str) -> Iterator[tuple[Place, int]]:
    """Yield the path of every table, key and entry of a list in valid TOML, and its line."""
    table: Place = ()
    counts: dict[tuple[str, ...], int] = {}
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        line = lines[number]
        if header := _HEADER.match(line):
            names = _names(header[2])
            if header[1] == "[[":
                counts[names] = counts.get(names, -1) + 1
                if counts[names] == 0:
                    yield names, number + 1
            table = _within(names, counts)
            yield table, number + 1
        elif key_match := _KEY.match(line):
            key_path = (*table, *_names(key_match[1]))
            yield key_path, number + 1
            rest = "\n".join([line[key_match.end() :], *lines[number + 1 :]])
            if rest.lstrip(" \t").startswith("["):
                length = 0
                for place, (start, end) in enumerate(_entries(rest)):
                    yield (*key_path, place), number + 1 + rest[:start].count("\n")
                    length = end
                # What stands within a list is no key of the table, whatever it looks like.
                number += rest[:length].count("\n")
        number += 1


def _within(names: tuple[str, ...], counts: Mapping[tuple[str, ...], int]) -> Place:
    """Return the path of a table: after the name of a list of tables, the place of the last."""
    path: Place = ()
    for length, name in enumerate(names, 1):
        last = counts.get(names[:length])
        path = (*path, name) if last is None else (*path, name, last)
    return path


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _entries(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each entry of the list at the beginning of `text` starts and ends."""
    position = text.index("[") + 1
    depth, start = 0, -1
    while position < len(text):
        character = text[position]
        if character == "#":
            position = (text.find("\n", position) + 1 or len(text) + 1) - 1
        elif character in "\"'":
            if start < 0:
                start = position
            position = _string_end(text, position) - 1
        elif character in "]," and depth == 0:
            if start >= 0:
                yield start, position
            start = -1
            if character == "]":
                return
        elif not character.isspace():
            if start < 0:
                start = position
            depth += (character in "[{") - (character in "]}")
        position += 1


def _string_end(text: str, start: int) -> int:
    """Return the position behind the string that begins at `start`."""
    mark = text[start] * 3 if text.startswith(text[start] * 3, start) else text[start]
    position = start + len(mark)
    while not text.startswith(mark, position):
        position += 2 if text[position] == "\\" and mark[0] == '"' else 1
    return position + len(mark)
