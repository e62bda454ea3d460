"""Ship a finished study: its runs into the package, its report into docs/studies.

    python tools/ship_study.py FOLDER

FOLDER is what `ogive study src/ogive/study/shipped/NAME.toml --out FOLDER` wrote. Its report goes
to docs/studies/NAME.md with the figures in docs/studies/NAME; activation maps and the functions
themselves are left out there, for docs/functions has the functions.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from ogive.cli import declaration
from ogive.study import Store, shipped
from ogive.study.exports import as_markdown
from ogive.study.plan import plan
from ogive.study.report import sections
from ogive.study.results import assemble
from ogive.study.toml import read_toml

DOCS = Path(__file__).parents[1] / "docs" / "studies"
PACKAGE = Path(__file__).parents[1] / "src" / "ogive" / "study" / "shipped"
LEFT_OUT = ("maps", "shapes")


def main(folder: Path) -> None:
    """Write both."""
    study = declaration.load(folder)
    name = study.name
    declared = read_toml(PACKAGE / f"{name}.toml")
    if replace(study, cost=declared.cost) != declared:
        sys.exit(f"the study in {folder} is not that of {name}.toml: nothing was written")
    with Store(folder / declaration.STORE) as store:
        runs = store.runs()
    stored = {run["key"]: run for run in runs}
    planned = plan(study, stored)
    missing = [spec for spec in planned.specs() if spec.key not in stored]
    if missing or planned.later:
        sys.exit(f"{len(missing) + planned.later} runs are missing: nothing was written")
    wanted = [stored[spec.key] for spec in planned.specs()]
    shipped.pack(wanted, PACKAGE / f"{name}.jsonl.xz")
    if name not in shipped.SHIPPED:
        # Which studies ship is known from the files that there are when Ogive is loaded.
        os.execv(sys.executable, [sys.executable, *sys.argv])
    results = assemble(declared, runs)
    pages = [page for page in sections(results) if page.name not in LEFT_OUT]
    text = as_markdown(results, name, pages)
    with tempfile.TemporaryDirectory() as made:
        for page in pages:
            for picture in page.pictures:
                file = f"{picture.name}.svg"
                if f"({name}/{file})" in text:
                    (Path(made) / file).write_bytes(picture.svg())
        shutil.rmtree(DOCS / name, ignore_errors=True)
        (DOCS / name).mkdir(parents=True)
        for file in sorted(Path(made).iterdir()):
            shutil.copy(file, DOCS / name)
    (DOCS / f"{name}.md").write_text(text, encoding="utf-8")
    for file in (PACKAGE / f"{name}.jsonl.xz", DOCS / f"{name}.md"):
        print(f"{file}: {file.stat().st_size} bytes")
    print(f"{len(list((DOCS / name).iterdir()))} figures")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
