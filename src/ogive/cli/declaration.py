"""The declaration of a study beside its store, so that a report can be made again from the two."""

from __future__ import annotations

import json
from pathlib import Path

from ogive.cli.group import mistake
from ogive.cli.output import write_whole
from ogive.study import Study

STORE = "study.sqlite"
DECLARATION = "study.json"
REPORT = "report.html"


def save(study: Study, folder: Path) -> None:
    """Write the declaration of a study into its folder."""
    write_whole(folder / DECLARATION, _text(study))


def is_that_of(study: Study, folder: Path) -> bool:
    """Tell whether the declaration in a folder is that of `study`."""
    try:
        return (folder / DECLARATION).read_text(encoding="utf-8") == _text(study)
    except (OSError, UnicodeDecodeError):
        return False


def _text(study: Study) -> str:
    return json.dumps(study.to_dict(), indent=2, ensure_ascii=False) + "\n"


def load(folder: Path) -> Study:
    """Read the declaration of a study from its folder.

    Raises
    ------
    click.ClickException
        If there is none, or the file is not one.
    """
    file = folder / DECLARATION
    try:
        return Study.from_dict(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise mistake(f"{folder} holds no study: there is no {DECLARATION} in it") from None
    except OSError as error:
        raise mistake(f"cannot read {file}: {error.strerror}") from None
    except ValueError as error:
        raise mistake(f"{file} is not the declaration of a study: {error}") from None
