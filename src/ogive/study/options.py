"""What follows the name in ``mlp:64x3:norm=batch``: options, their types and their defaults."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ogive.study import checked

__all__ = ["Option", "Value", "canonical", "split", "word"]

Value = int | float | str | bool | tuple[int, ...]


@dataclass(frozen=True)
class Option:
    """One option of a model or a data set.

    Parameters
    ----------
    name : str
        How it is called.
    kind : {"whole", "number", "choice", "text", "flag", "widths"}
        What it holds. ``widths`` are the units of layers: 64x3, or 128-64 where they differ.
    default : object
        The value where it is not given.
    summary : str
        What it does, in a few words.
    choices : tuple of str
        What a choice may be.
    least : float
        The lowest whole number or number.
    most : float
        The highest whole number; of widths, the largest number of layers.
    """

    name: str
    kind: Literal["whole", "number", "choice", "text", "flag", "widths"]
    default: Value
    summary: str
    choices: tuple[str, ...] = ()
    least: float = 1
    most: float = math.inf

    def read(self, value: object) -> Value:
        """Return a value of this option from one that is given: as a word, or as itself.

        Parameters
        ----------
        value : object
            The value, or the word for it.

        Returns
        -------
        int, float, str, bool or tuple of int
            As the kind has it.

        Raises
        ------
        ValueError
            If it is none; the message names the option.

        Examples
        --------
        >>> Option("widths", "widths", (64,), "Units.").read("64x3")
        (64, 64, 64)
        """
        match self.kind:
            case "whole":
                return checked.whole(self.name, _number(value), int(self.least), self.most)
            case "number":
                return checked.number(self.name, _number(value), least=self.least)
            case "choice":
                return checked.one_of(self.name, value, self.choices)
            case "flag":
                if isinstance(value, bool):
                    return value
                return checked.one_of(self.name, value, ("yes", "no")) == "yes"
            case "widths":
                return _widths(self.name, value, self.most)
            case "text":
                if not isinstance(value, str) or not value:
                    raise ValueError(f"{self.name} must be a text that is not empty, not {value!r}")
                return value

    def write(self, value: Value) -> str:
        """Return `value` as it stands in a word.

        Parameters
        ----------
        value : int, float, str, bool or tuple of int
            One of this option.

        Returns
        -------
        str
            From which `read` makes the same value.

        Examples
        --------
        >>> Option("widths", "widths", (64,), "Units.").write((64, 64, 64))
        '64x3'
        """
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, tuple):
            alike = len(set(value)) == 1
            return f"{value[0]}x{len(value)}" if alike else "-".join(map(str, value))
        if isinstance(value, float):
            short = f"{value:g}"
            return short if float(short) == value else repr(value)
        return str(value)


def canonical(
    what: str, options: Sequence[Option], given: Mapping[str, object]
) -> dict[str, Value]:
    """Return every option with its value, given or by default.

    Parameters
    ----------
    what : str
        Whose options these are, as the message says it.
    options : sequence of Option
        What there is.
    given : mapping
        Values by name; the empty name means the first option.

    Returns
    -------
    dict of str to object
        In the order of `options`.

    Raises
    ------
    ValueError
        If there is no such option, or a value does not fit.

    Examples
    --------
    >>> canonical("mlp", [Option("width", "whole", 64, "Units.")], {"": "32"})
    {'width': 32}
    """
    known = {option.name: option for option in options}
    values = {option.name: option.default for option in options}
    for name, value in given.items():
        if not known:
            raise ValueError(f"{what} takes no options, not {value!r}")
        option = options[0] if name == "" else known.get(name)
        if option is None:
            raise ValueError(
                f"{what} has no option {name!r}; it has {', '.join(known)}"
                f"{checked.nearest(name, known)}"
            )
        try:
            values[option.name] = option.read(value)
        except ValueError as error:
            raise ValueError(f"{what}: {error}") from None
    return values


def split(word: str) -> tuple[str, dict[str, str]]:
    """Take ``name:value:key=value`` apart; the value without a key has the empty name.

    Parameters
    ----------
    word : str
        As a declaration has it.

    Returns
    -------
    name : str
        What stands before the first colon.
    given : dict of str to str
        Values by key, as they stand there.

    Raises
    ------
    ValueError
        If a value is empty, or a key is given twice.

    Examples
    --------
    >>> split("mlp:64x3:norm=batch")
    ('mlp', {'': '64x3', 'norm': 'batch'})
    """
    name, *rest = word.split(":")
    given: dict[str, str] = {}
    for part in rest:
        key, equals, value = part.partition("=")
        if not equals:
            key, value = "", key
        if key in given or not value:
            raise ValueError(f"{word!r}: expected name:value:key=value, each key once")
        given[key] = value
    return name, given


def word(name: str, options: Sequence[Option], values: Mapping[str, Value]) -> str:
    """Return the word for a name with its options: what differs from the defaults, and no more.

    Parameters
    ----------
    name : str
        What stands first.
    options : sequence of Option
        All that the name has. The first stands without its key where it holds widths or a text, and
        whether it differs or not.
    values : mapping of str to object
        The value of each.

    Returns
    -------
    str
        ``name:value:key=value``, as `split` takes it apart.

    Examples
    --------
    >>> widths, norm = Option("widths", "widths", (64,), ""), Option("norm", "text", "none", "")
    >>> word("mlp", [widths, norm], {"widths": (32, 32), "norm": "batch"})
    'mlp:32x2:norm=batch'
    """
    parts = [name]
    for place, option in enumerate(options):
        value = values[option.name]
        if place == 0 and option.kind in ("widths", "text"):
            parts.append(option.write(value))
        elif value != option.default:
            parts.append(f"{option.name}={option.write(value)}")
    return ":".join(parts)


def _number(value: object) -> Any:
    if isinstance(value, str):
        for kind in (int, float):
            try:
                return kind(value)
            except ValueError:
                continue
    return value


def _widths(name: str, value: object, most: float) -> tuple[int, ...]:
    given = value
    if isinstance(value, str):
        repeated = re.fullmatch(r"(\d+)x(\d+)", value)
        if repeated:
            # Said before they are put into a row: a slip may ask for more than there is room for.
            width, layers = map(int, repeated.groups())
            given = (width,) * checked.whole(f"the layers of {name}", layers, 1, most)
        elif re.fullmatch(r"\d+(-\d+)*", value):
            given = map(int, value.split("-"))
        else:
            raise ValueError(f"{name} must be like 64x3 or 128-64, not {value!r}")
    found = checked.wholes(name, given)
    checked.whole(f"the layers of {name}", len(found), 1, most)
    return found
