"""The files of an export."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ogive.study.exports.everything import everything
from ogive.study.exports.latex import latex_table
from ogive.study.exports.markdown import as_markdown
from ogive.study.exports.tables import as_csv, run_rows, summary_rows
from ogive.study.report import sections
from ogive.study.results import Results

__all__ = ["FIGURES", "export"]

FIGURES = "figures"
"""The folder of the figures, within that of the export."""


def export(results: Results, folder: str | Path) -> list[Path]:
    """Write the results of a study as files that other programs read.

    ``results.csv`` has a row a run, ``summary.csv`` a row for each activation in each setting,
    ``results.json`` everything that was assembled, ``table.tex`` the comparison for LaTeX,
    ``report.md`` the report in Markdown, and ``figures`` every figure of it as SVG and PNG. The
    same runs give the same bytes but for what was measured of the machine.

    Parameters
    ----------
    results : Results
        Of whatever runs there are.
    folder : str or Path
        Made where it does not exist; files of these names are replaced, each in one step.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    OSError
        If a file cannot be written. None is half-written.
    """
    place = Path(folder)
    written = []
    for name, content in _contents(results):
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, content)
        written.append(target)
    return written


def _contents(results: Results) -> Iterator[tuple[str, bytes]]:
    yield "results.csv", as_csv(run_rows(results)).encode()
    yield "summary.csv", as_csv(summary_rows(results)).encode()
    text = json.dumps(everything(results), indent=1, ensure_ascii=False, allow_nan=False)
    yield "results.json", f"{text}\n".encode()
    yield "table.tex", latex_table(results).encode()
    pages = sections(results)
    yield "report.md", as_markdown(results, FIGURES, pages).encode()
    for section in pages:
        for picture in section.pictures:
            yield f"{FIGURES}/{picture.name}.svg", picture.svg()
            yield f"{FIGURES}/{picture.name}.png", picture.png()


def _write(file: Path, content: bytes) -> None:
    """Write a file in one step: a reader finds the old one or the new one, never a half."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    temporary = Path(name)
    try:
        with open(handle, "wb") as stream:
            stream.write(content)
        # mkstemp makes files private; these are as public as the user's other files.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
