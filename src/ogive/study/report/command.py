"""The command that repeats a study."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from ogive.study.budget import Tuning
from ogive.study.declaration import SEVEN, Grid, Study, depth_grid
from ogive.study.recipe import Recipe
from ogive.study.seeds import Seeds
from ogive.study.shipped import SHIPPED, study_of

__all__ = ["FROM_FILE", "command"]

FROM_FILE = "ogive study DECLARATION.toml"
"""What stands for a study that only a file can declare."""


def command(study: Study) -> str:
    """Return the command that repeats a study: what differs from the defaults, and no more.

    Parameters
    ----------
    study : Study

    Returns
    -------
    str
        `FROM_FILE` where options cannot say it: of several grids, for example.

    Examples
    --------
    >>> command(Study())
    'ogive study'
    >>> command(Study(activations=("relu", "gelu"), grids=(Grid(seeds=3),)))
    'ogive study --activations relu,gelu --seeds 3 --depths none'
    """
    if _ships(study):
        return f"ogive study {study.name}"
    others = study.grids[1:]
    depths = _depths(others[0]) if others else "none"
    recipes = any(grid.recipe is not None for grid in study.grids)
    if len(others) > 1 or depths is None or recipes or study.data.name == "arrays":
        return FROM_FILE
    said = {name: text for name, text in _words(study).items() if text != _USUAL.get(name, "")}
    # The usual study has its depths; one of other data or networks has none unless asked for.
    if depths != ("none" if {"--data", "--model"} & said.keys() else _DEPTHS):
        said["--depths"] = depths
    texts = [f"{name} {shlex.quote(said[name])}" for name in _ORDER if name in said]
    return " ".join(["ogive study", *texts, *([] if study.cost else ["--no-cost"])])


def _commas(values: Sequence[object]) -> str:
    return ",".join(map(str, values))


def _ships(study: Study) -> bool:
    """Tell whether it is a study that ships with Ogive, by its declaration."""
    if study.name not in SHIPPED:
        return False
    try:
        return study_of(study.name, study.data) == study
    except ValueError:
        return False  # it is called so, and is of other data


_ORDER = (
    *("--data", "--model", "--activations", "--reference", "--init", "--protocol", "--seeds"),
    *("--depths", "--epochs", "--recipe", "--tuning", "--name"),
)


# Not from a `Study`, which would look for its data: a report is made without them.
_USUAL = {
    "--data": "digits",
    "--model": _commas(Grid().models),
    "--activations": _commas(SEVEN),
    "--init": _commas(Grid().initializations),
    "--protocol": _commas(Grid().protocols),
    "--seeds": str(Seeds.least),
    "--epochs": str(Recipe.epochs),
    "--name": Study.name,
}
_DEPTHS = "2,10"


def _words(study: Study) -> dict[str, str]:
    """Return every option with its text."""
    labels = [activation.label for activation in study.activations]
    usual = "relu" if "relu" in labels else labels[0]
    grid = study.grids[0]
    return {
        "--data": str(study.data),
        "--model": _commas(grid.models),
        "--activations": _commas(labels),
        "--reference": "" if study.reference == usual else study.reference,
        "--init": _commas(grid.initializations),
        "--protocol": _commas(grid.protocols),
        "--seeds": _seeds(grid.seeds),
        "--epochs": str(study.recipe.epochs),
        "--recipe": _fields(replace(study.recipe, epochs=Recipe.epochs), Recipe()),
        "--tuning": _fields(study.tuning, Tuning()),
        "--name": study.name,
    }


def _seeds(seeds: Seeds) -> str:
    if seeds.fixed:
        return str(seeds.least)
    return f"{seeds.least}..{seeds.most}@{seeds.width!r}"


def _depths(grid: Grid) -> str | None:
    """Return the depths of a grid that `depth_grid` makes; None of another."""
    depths = [model.depth for model in grid.models]
    known = [depth for depth in depths if depth is not None]
    if len(known) < len(depths) or grid != depth_grid(known):
        return None
    return _commas(known)


def _fields(given: Recipe | Tuning, usual: Recipe | Tuning) -> str:
    return ",".join(
        f"{field.name}={_value(getattr(given, field.name))}"
        for field in fields(given)
        if getattr(given, field.name) != getattr(usual, field.name)
    )


def _value(value: Any) -> str:
    return "/".join(map(_value, value)) if isinstance(value, tuple) else str(value)
