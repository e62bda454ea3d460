"""The words of a declaration from the options of `ogive study`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ogive.cli import declaration
from ogive.cli.group import mistake

if TYPE_CHECKING:
    from ogive.study import Seeds, Study

_OPTIONS = {
    "data": "--data",
    "models": "--model",
    "activations": "--activations",
    "initializations": "--init",
    "protocols": "--protocol",
    "seeds": "--seeds",
    "recipe": "--recipe",
    "tuning": "--tuning",
    "reference": "--reference",
    "name": "--name",
}


def study_asked(source: str | None, options: Mapping[str, Any]) -> Study:
    """Return the study that a declaration and the options beside it ask for.

    Parameters
    ----------
    source : str or None
        A TOML file, or the name of a study that ships with Ogive.
    options : mapping
        By the words of a declaration, and ``depths``; None where an option was not given. What is
        given stands in place of what the declaration says; activations that begin with ``+`` are
        added to its own.

    Returns
    -------
    Study

    Raises
    ------
    click.ClickException
        If the declaration cannot be read, or what it asks for cannot be carried out.
    """
    from ogive.study.shipped import SHIPPED, declaration_of
    from ogive.study.toml import study_at, words_of
    from ogive.study.words import DeclarationError, from_words

    given = {word: value for word, value in options.items() if value is not None}
    depths = given.pop("depths", None)
    try:
        if source is None:
            return from_words(_with_depths(_joined({}, given), depths))
        if not source:
            raise ValueError("the name of the declaration is empty: give a TOML file")
        file = declaration_of(source) if source in SHIPPED else Path(source)
        if (file / declaration.DECLARATION).is_file():
            raise ValueError(
                f"{file} is the folder of a study: `ogive report {file}` shows it, and the command "
                "that made it goes on with it, given --out"
            )
        if not file.exists() and not source.endswith(".toml"):
            known = f" or a shipped study: {', '.join(SHIPPED)}" if SHIPPED else ""
            raise ValueError(f"there is no file {source}; give a TOML file{known}")
        words = words_of(file)
        if not given and depths is None:
            return study_at(file, words)
        study_at(file, words)  # what is wrong with the file is said with its line
        return from_words(_with_depths(_joined(words, given), depths or ()))
    except DeclarationError as error:
        option = _OPTIONS.get(str(error.path[0])) if error.path else None
        said = f"{option}: {error}" if option and error.path[0] in given else str(error)
        raise mistake(said) from None
    except (ValueError, ModuleNotFoundError) as error:
        raise mistake(error) from None


def _joined(words: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words of a declaration with what the options say in their place."""
    joined = dict(words)
    for word, value in given.items():
        if word in ("recipe", "tuning"):
            joined[word] = {**joined.get(word, {}), **value}
            continue
        if word == "activations":
            value = _added(joined, value)
        joined.pop(word.removesuffix("s"), None)
        joined[word] = value
    return joined


def _added(words: Mapping[str, Any], names: tuple[str, ...]) -> list[Any]:
    """Return the activations that are asked for, those with a plus behind the declaration's."""
    from ogive.study.declaration import SEVEN

    more = [name.removeprefix("+") for name in names if name.startswith("+")]
    if len(more) not in (0, len(names)):
        raise ValueError("either every activation has a + before it, or none has")
    return [*words.get("activations", SEVEN), *more] if more else list(names)


def _with_depths(words: dict[str, Any], depths: tuple[int, ...] | None) -> dict[str, Any]:
    """Return the words with the grid of depths; the usual study has it, others where asked for."""
    from ogive.study.declaration import depth_grid

    if depths is None:
        depths = () if "models" in words or "model" in words or "data" in words else (2, 10)
    if not depths:
        # No words at all would be the usual study, which has depths.
        return words or {"models": ["mlp"]}
    grid = depth_grid(depths)
    table = {
        "models": list(grid.models),
        "initializations": list(grid.initializations),
        "protocols": list(grid.protocols),
        "seeds": grid.seeds,
    }
    return {**words, "also": [*words.get("also", []), table]}


def seeds(text: str) -> Seeds:
    """Return what ``--seeds`` says: a number, or least..most@width.

    Examples
    --------
    >>> seeds("5..20@0.01")
    Seeds(least=5, most=20, width=0.01)
    """
    from ogive.study import Seeds

    return Seeds.read(text)


def fields(text: str) -> dict[str, Any]:
    """Return the table in a text such as ``optimizer=sgd,learning_rate=0.1,rates=0.3/1/3``.

    Examples
    --------
    >>> fields("optimizer=sgd,rates=0.3/1")
    {'optimizer': 'sgd', 'rates': [0.3, 1]}
    """
    table: dict[str, Any] = {}
    for part in text.split(","):
        key, equals, value = (side.strip() for side in part.partition("="))
        if not (key and equals and value) or key in table:
            raise ValueError(f"{text!r} is not like key=value,key=value, each key once")
        values = [_value(each) for each in value.split("/")]
        table[key] = values if len(values) > 1 or key in ("rates", "gains") else values[0]
    return table


def _value(text: str) -> object:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
