"""Files that a command writes: checked before the work, put in place in one step."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ogive.cli.group import mistake


def writable_file(file: Path) -> None:
    """Check that a file can be written, before any work is done for it.

    Raises
    ------
    click.ClickException
        If it is a folder, or its folder is missing or may not be written to.
    """
    if file.is_dir():
        raise mistake(f"cannot write {file}: it is a folder")
    parent = file.parent
    if not parent.is_dir():
        raise mistake(f"cannot write {file}: there is no folder {parent}")
    if not os.access(parent, os.W_OK):
        raise mistake(f"cannot write {file}: the folder {parent} may not be written to")


def make_folder(folder: Path) -> None:
    """Make a folder, with its parents, and check that it can be written to.

    Raises
    ------
    click.ClickException
        If that cannot be done.
    """
    if folder.exists() and not folder.is_dir():
        raise mistake(f"{folder} is a file, not a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise mistake(f"cannot make the folder {folder}: {error.strerror}") from None
    if not os.access(folder, os.W_OK):
        raise mistake(f"the folder {folder} may not be written to")


def write_whole(file: Path, text: str) -> None:
    """Write a text file in one step: a reader finds the old one or the new one, never a half.

    Raises
    ------
    click.ClickException
        If it cannot be written, a full disk for example; what was there before stays.
    """
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        temporary = Path(name)
        with open(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        # mkstemp makes files private; a report is as public as the user's other files.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(file)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise mistake(f"cannot write {file}: {error.strerror}") from None
