"""A study from the words of a declaration: what a TOML file or a command line gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from ogive.study import checked
from ogive.study.activation import Activation
from ogive.study.data import Data
from ogive.study.declaration import PROTOCOLS, Grid, Seeds, Study, Tuning
from ogive.study.model import Model
from ogive.study.recipe import Recipe
from ogive.study.spec import INITIALIZATIONS

__all__ = ["WORDS", "DeclarationError", "from_words"]

_T = TypeVar("_T")
Path = tuple[str | int, ...]

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


class DeclarationError(ValueError):
    """A declaration that cannot be carried out.

    Attributes
    ----------
    path : tuple of str and int
        Where in the declaration: ``("activations", 2)`` is the third of them.
    """

    def __init__(self, path: Path, message: str) -> None:
        self.path = path
        super().__init__(message)


def from_words(values: Mapping[str, Any]) -> Study:
    """Return the study that a declaration describes.

    Parameters
    ----------
    values : mapping
        By the words of `WORDS`: ``name``, ``data``, ``models``, ``activations``,
        ``initializations``, ``protocols``, ``seeds``, ``reference`` and ``cost`` as `Study` and
        `Grid` have them; ``recipe`` and ``tuning``, tables of the fields of `Recipe` and `Tuning`;
        ``also``, a list of tables with further grids, of the same words as the first; what their
        ``recipe`` does not say is as in that of the study.

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
        _at((word,), checked.one_of, "a word of a declaration", word, WORDS)
    also = given.get("also", [])
    if not isinstance(also, list | tuple):
        raise DeclarationError(("also",), f"also must be a list of tables, not {also!r}")
    recipe = _table(("recipe",), given.get("recipe", {}))
    arguments: dict[str, Any] = {
        "recipe": _fields(("recipe",), recipe, Recipe.from_dict),
        "grids": (
            _grid((), {word: given[word] for word in _GRID if word in given}, {}),
            *(
                _grid(("also", place), _table(("also", place), more), recipe)
                for place, more in enumerate(also)
            ),
        ),
    }
    if "activations" in given:
        arguments["activations"] = _each(("activations",), given["activations"], Activation.read)
    if "data" in given:
        arguments["data"] = _at(("data",), Data.read, given["data"])
    if "tuning" in given:
        arguments["tuning"] = _fields(("tuning",), given["tuning"], Tuning.read)
    for word in ("name", "cost"):
        if word in given:
            arguments[word] = given[word]
    study = _at(("models",), lambda: Study(**arguments)) if given else Study()
    if "reference" not in given:
        return study
    return _at(("reference",), lambda: Study(**arguments, reference=given["reference"]))


def _plural(path: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words in the plural, one of something as a list of one."""
    given: dict[str, Any] = {}
    for word, value in values.items():
        plural = _SINGULAR.get(word, word)
        if plural in given:
            raise DeclarationError((*path, word), f"{word} and {plural} are the same: say one")
        alone = plural in (*_SINGULAR.values(),) and not isinstance(value, list | tuple)
        given[plural] = [value] if alone else value
    return given


def _table(path: Path, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise DeclarationError(path, f"{path[-1] or path[0]} must be a table, not {value!r}")
    return value


def _grid(path: Path, values: Mapping[str, Any], recipe: Mapping[str, Any]) -> Grid:
    given = _plural(path, values)
    arguments: dict[str, Any] = {}
    for word, value in given.items():
        place = (*path, word)
        _at(place, checked.one_of, "a word of a grid", word, (*_GRID, "recipe"))
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
    return _at((*path, next(iter(given), "models")), lambda: Grid(**arguments))


def _fields(
    path: Path,
    values: object,
    read: Callable[[Mapping[str, Any]], _T],
    beside: Mapping[str, Any] = MappingProxyType({}),
) -> _T:
    """Read a table: field by field first, to tell which is wrong, then with what stands beside."""
    table = _table(path, values)
    for name, value in table.items():
        alone = {name: value} | ({"optimizer": "sgd"} if name == "momentum" else {})
        _at((*path, name), read, alone)
    return _at(path, read, {**beside, **table})


def _each(path: Path, values: Any, read: Callable[[Any], _T]) -> tuple[_T, ...]:
    _at(path, checked.several, str(path[-1]), values)
    return tuple(_at((*path, place), read, value) for place, value in enumerate(values))


def _at(path: Path, function: Callable[..., _T], *arguments: Any) -> _T:
    try:
        return function(*arguments)
    except DeclarationError:
        raise
    except (ValueError, TypeError, ModuleNotFoundError) as error:
        raise DeclarationError(path, str(error)) from error
