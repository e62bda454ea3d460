"""Studies that ship with Ogive: their declarations and their finished runs.

Whoever adds an activation to one of them trains that activation alone; the others' runs are there.
A study is two files of one name: its declaration in TOML, and its runs, ``.jsonl.xz``: the list of
their keys in the first line, and one run in each further line.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable
from pathlib import Path

from ogive.study.data import Data
from ogive.study.declaration import Study
from ogive.study.plan import plan
from ogive.study.store import Run, Store
from ogive.study.toml import words_of
from ogive.study.words import from_words

__all__ = ["SHIPPED", "declaration_of", "fill", "pack", "study_of"]

_FOLDER = Path(__file__).parent

SHIPPED: tuple[str, ...] = tuple(
    sorted(file.name.removesuffix(".jsonl.xz") for file in _FOLDER.glob("*.jsonl.xz"))
)
"""The names of the studies."""


def declaration_of(name: str) -> Path:
    """Return the declaration of a shipped study.

    Parameters
    ----------
    name : str
        One of `SHIPPED`.

    Returns
    -------
    Path
        Of a TOML file.

    Raises
    ------
    ValueError
        If there is no such study.

    Examples
    --------
    >>> declaration_of(SHIPPED[0]).suffix
    '.toml'
    """
    if name not in SHIPPED:
        raise ValueError(f"no study {name!r} ships with Ogive; there are {', '.join(SHIPPED)}")
    return _FOLDER / f"{name}.toml"


def study_of(name: str, data: Data) -> Study:
    """Return a shipped study with given data in the place of its own, which need not be there.

    Parameters
    ----------
    name : str
        One of `SHIPPED`.
    data : Data
        The data set that the declaration names, as a stored run has it for example.

    Returns
    -------
    Study

    Raises
    ------
    ValueError
        If there is no such study, or it names another data set.
    """
    words = words_of(declaration_of(name))
    if words["data"] != data.name:
        raise ValueError(f"the study {name} is of {words['data']}, not of {data.name}")
    return from_words({**words, "data": data})


def fill(store: Store, study: Study) -> int:
    """Put those shipped runs into `store` that `study` asks for and that it lacks.

    Parameters
    ----------
    store : Store
        Where to.
    study : Study
        What is asked for.

    Returns
    -------
    int
        How many were put.
    """
    put = 0
    for name in SHIPPED:
        with lzma.open(_FOLDER / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
            keys = set(json.loads(next(lines)))
            if not keys & _wanted(study, store):
                continue
            shipped = {run["key"]: run for run in map(json.loads, lines)}
        # What tuning chose asks for further runs, which may be there, too.
        while found := [shipped[key] for key in _wanted(study, store) if key in shipped]:
            put += sum(store.put_all(found))
    return put


def _wanted(study: Study, store: Store) -> set[str]:
    stored = store.held()
    return {spec.key for spec in plan(study, stored).specs() if spec.key not in stored}


def pack(runs: Iterable[Run], file: Path) -> None:
    """Write runs as a shipped study has them; the same runs give the same bytes.

    Parameters
    ----------
    runs : iterable of dict
        Stored runs.
    file : Path
        ``NAME.jsonl.xz``.
    """
    ordered = sorted(runs, key=lambda run: str(run["key"]))
    with lzma.open(file, "wt", encoding="utf-8", preset=9 | lzma.PRESET_EXTREME) as lines:
        for value in ([run["key"] for run in ordered], *ordered):
            lines.write(json.dumps(value, sort_keys=True, separators=(",", ":")) + "\n")
