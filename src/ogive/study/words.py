"""A study from the words of a declaration: what a TOML file or a command line gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from ogive.study import checked
from ogive.study.activation import Activation
from ogive.study.budget import Tuning
from ogive.study.checked import DeclarationError, Place
from ogive.study.data import Data
from ogive.study.declaration import PROTOCOLS, Grid, Study
from ogive.study.model import Model
from ogive.study.recipe import Recipe
from ogive.study.seeds import Seeds
from ogive.study.spec import INITIALIZATIONS

__all__ = ["WORDS", "DeclarationError", "from_words"]

_T = TypeVar("_T")

_GRID = ("models", "initializations", "protocols", "seeds")
WORDS: tuple[str, ...] = (
    *("name", "data", *_GRID, "activations", "reference", "cost", "recipe", "tuning", "also"),
)
"""The words of a declaration. One of something may be said in the singular, without brackets."""

_SINGULAR = {
    "model": "models",
    "initialization": "initializations",
    "protocol": "protocols",
    "activation": "activations",
}


_TABLES = {
    "recipe": tuple(field.name for field in fields(Recipe)),
    "tuning": tuple(field.name for field in fields(Tuning)),
}
"""The words of the tables."""

_MEANT = {
    "init": "initializations",
    "dataset": "data",
    "network": "models",
    "networks": "models",
    "lr": "learning_rate",
    "batch": "batch_size",
    "wd": "weight_decay",
}
"""What is called by another name elsewhere: as an option, or in other people's code."""

_ALONE = ("workers", "engine", "address", "out", "export", "fresh")
"""Options that are no part of a declaration."""


def from_words(values: Mapping[str, Any]) -> Study:
    """Return the study that a declaration describes.

    Parameters
    ----------
    values : mapping
        By the words of `WORDS`: ``name``, ``data``, ``models``, ``activations``,
        ``initializations``, ``protocols``, ``seeds``, ``reference`` and ``cost`` as `Study` and
        `Grid` have them; ``recipe`` and ``tuning``, tables of the fields of `Recipe` and `Tuning`;
        ``also``, a list of tables with further grids, of the same words as the first. What they
        do not say is as in the first, and what their ``recipe`` does not say as in that of the
        study.

    Returns
    -------
    Study

    Raises
    ------
    DeclarationError
        At the first word that is unknown or has a value that it cannot have.

    Examples
    --------
    >>> from_words({"model": "mlp:64x3", "activations": ["relu", "gelu"], "seeds": 3}).reference
    'relu'
    """
    given = _plural((), values)
    for word in given:
        _known((word,), "a word of a declaration", word, WORDS)
    also = given.get("also", [])
    if not isinstance(also, list | tuple):
        raise DeclarationError(("also",), f"also must be a list of tables, not {also!r}")
    recipe = _table(("recipe",), given.get("recipe", {}))
    first = {word: given[word] for word in _GRID if word in given}
    others = [
        _plural(("also", place), _table(("also", place), more)) for place, more in enumerate(also)
    ]
    arguments: dict[str, Any] = {
        "recipe": _fields(("recipe",), recipe, Recipe.from_dict),
        "grids": (
            _grid((), first, {}),
            *(
                _grid(("also", place), {**first, **more}, recipe)
                for place, more in enumerate(others)
            ),
        ),
    }
    if "activations" in given:
        arguments["activations"] = _each(("activations",), given["activations"], Activation.read)
    if "data" in given:
        arguments["data"] = _at(("data",), Data.read, given["data"])
    if "tuning" in given:
        arguments["tuning"] = _fields(("tuning",), given["tuning"], Tuning.read)
    for word in ("name", "cost", "reference"):
        if word in given:
            arguments[word] = given[word]
    if arguments.get("reference", "") != "":
        _at(("reference",), Activation.read, arguments["reference"])
    try:
        study = Study(**arguments) if given else Study()
        if not isinstance(given.get("data"), Data):
            # What was handed over as `Data` need not be there, as for a report.
            study.check_shape()
    except DeclarationError as error:
        raise DeclarationError(_where(error.path, given, others), str(error)) from error
    return study


def _where(path: Place, given: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> Place:
    """Return where a declaration says what `path` has of the `Study`."""
    match path:
        case ("grids", int(number), str(word), *rest):
            # What a further grid does not say it has from the first.
            further = number > 0 and word in others[number - 1]
            path = (*(("also", number - 1) if further else ()), word, *rest)
    return ("data",) if path[0] == "models" and "models" not in given else path


def _known(path: Place, label: str, word: str, choices: Sequence[str]) -> None:
    """Refuse a word that there is not, and say where what it means stands."""
    meant = _MEANT.get(word, word)
    if word in choices:
        return
    if meant in choices:
        raise DeclarationError(path, f"{word} is called {meant} here")
    for table, names in _TABLES.items():
        if meant in names:
            raise DeclarationError(path, f"{word} has its place in the table {table}, as {meant}")
    if word == "depths":
        raise DeclarationError(path, "depths are networks here: models of a table [[also]]")
    if word in _ALONE:
        raise DeclarationError(path, f"{word} is for the command line alone: --{word}")
    _at(path, checked.one_of, label, word, choices)


def _plural(path: Place, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words in the plural, one of something as a list of one."""
    given: dict[str, Any] = {}
    for word, value in values.items():
        plural = _SINGULAR.get(word, word)
        if plural in given:
            raise DeclarationError((*path, word), f"{word} and {plural} are the same: say one")
        alone = plural in (*_SINGULAR.values(),) and not isinstance(value, list | tuple)
        given[plural] = [value] if alone else value
    return given


def _table(path: Place, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        name = next(part for part in reversed(path) if isinstance(part, str))
        raise DeclarationError(path, f"{name} must be a table, not {value!r}")
    return value


def _grid(path: Place, values: Mapping[str, Any], recipe: Mapping[str, Any]) -> Grid:
    arguments: dict[str, Any] = {}
    for word, value in values.items():
        place = (*path, word)
        _known(place, "a word of a grid", word, (*_GRID, "recipe"))
        match word:
            case "models":
                arguments[word] = _each(place, value, Model.read)
            case "seeds":
                arguments[word] = _at(place, Seeds.read, value)
            case "recipe":
                arguments[word] = _fields(place, value, Recipe.from_dict, recipe)
            case _:
                choices = INITIALIZATIONS if word == "initializations" else PROTOCOLS
                label = "an initialization" if word == "initializations" else "a protocol"
                arguments[word] = _each(
                    place, value, partial(checked.one_of, label, choices=choices)
                )
    return _at(path, lambda: Grid(**arguments))


def _fields(
    path: Place,
    values: object,
    read: Callable[[Mapping[str, Any]], _T],
    beside: Mapping[str, Any] = MappingProxyType({}),
) -> _T:
    """Read a table: field by field first, to tell which is wrong, then with what stands beside."""
    table = _table(path, values)
    for name, value in table.items():
        if _MEANT.get(name) in _TABLES[str(path[-1])]:
            raise DeclarationError((*path, name), f"{name} is called {_MEANT[name]} here")
        alone = {name: value} | ({"optimizer": "sgd"} if name == "momentum" else {})
        _at((*path, name), read, alone)
    return _at(path, read, {**beside, **table})


def _each(path: Place, values: Any, read: Callable[[Any], _T]) -> tuple[_T, ...]:
    _at(path, checked.several, str(path[-1]), values)
    return tuple(_at((*path, place), read, value) for place, value in enumerate(values))


def _at(path: Place, function: Callable[..., _T], *arguments: Any) -> _T:
    try:
        return function(*arguments)
    except DeclarationError as error:
        raise DeclarationError((*path, *error.path), str(error)) from error
    except (ValueError, TypeError, ModuleNotFoundError) as error:
        raise DeclarationError(path, str(error)) from error
