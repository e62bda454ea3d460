"""Everything that was assembled, as plain JSON values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from ogive.study.activation import Activation
from ogive.study.declaration import Setting
from ogive.study.model import Model
from ogive.study.report.command import command
from ogive.study.results import Results
from ogive.study.spec import RunSpec

__all__ = ["FORMAT", "everything"]

FORMAT = 1
"""Of the JSON file. Raise it when a name changes its meaning."""


def everything(results: Results) -> dict[str, Any]:
    """Return all results as plain JSON values: what the report shows and what it leaves out.

    Parameters
    ----------
    results : Results

    Returns
    -------
    dict
        ``format``; ``declaration``, as ``Study.from_dict`` reads it; ``command``; and the fields
        of `Results` under their own names, the runs of a cell by their keys. A number that is not
        finite is None.
    """
    values = {
        field.name: _plain(getattr(results, field.name))
        for field in fields(results)
        if field.name not in ("study", "trials")
    }
    return {
        "format": FORMAT,
        "declaration": results.study.to_dict(),
        "command": command(results.study),
        **values,
        "trials": [run["key"] for run in results.trials],
    }


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Activation():
            return value.label
        case Model():
            return str(value)
        case RunSpec():
            return {"key": value.key, "run": str(value)}
        case Setting():
            return {
                "model": str(value.model),
                "initialization": value.initialization,
                "protocol": value.protocol,
                "seeds": _plain(value.seeds),
                "recipe": value.recipe.to_dict(),
            }
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case tuple() | list():
            return [_plain(each) for each in value]
    if is_dataclass(value):
        # Whole runs are in the store, and one row each in results.csv.
        return {
            field.name: [run["key"] for run in found] if field.name == "runs" else _plain(found)
            for field in fields(value)
            for found in [getattr(value, field.name)]
        }
    raise TypeError(f"no plain form of {type(value).__name__}")
