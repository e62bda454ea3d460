"""What a value of a declaration must be, and how it is said when it is not."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterable, Sequence

__all__ = [
    "DeclarationError",
    "Place",
    "each_once",
    "nearest",
    "number",
    "one_of",
    "several",
    "whole",
    "wholes",
]

Place = tuple[str | int, ...]
"""Where in a declaration: ``("activations", 2)`` is the third of them."""


class DeclarationError(ValueError):
    """A declaration that cannot be carried out.

    Parameters
    ----------
    path : tuple of str and int
        Where in the declaration.
    message : str
        What is wrong with it.
    """

    def __init__(self, path: Place, message: str) -> None:
        self.path = path
        super().__init__(message)


def whole(label: str, value: object, lowest: int, highest: float = math.inf) -> int:
    """Return `value` as an int within its bounds, or say what is wrong with it.

    Parameters
    ----------
    label : str
        What it is called in the message.
    value : object
        An int; neither a bool nor a float that happens to be whole.
    lowest : int
        The least that it may be.
    highest : float
        The most that it may be.

    Returns
    -------
    int
        `value` as it is.

    Raises
    ------
    ValueError
        If it is no int, or out of its bounds; the message begins with `label`.

    Examples
    --------
    >>> whole("seeds", 3, 1)
    3
    >>> whole("seeds", True, 1)
    Traceback (most recent call last):
    ...
    ValueError: seeds must be a whole number, not True
    """
    # bool is an int to Python, but `seeds=True` is a slip and not a one.
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{label} must be a whole number, not {value!r}")
    if value < lowest:
        raise ValueError(f"{label} must be at least {lowest}, not {value}")
    if value > highest:
        raise ValueError(f"{label} must be at most {highest}, not {value}")
    return value


def wholes(label: str, values: object, *, may_be_empty: bool = False) -> tuple[int, ...]:
    """Return `values` as a tuple of positive ints, or say what is wrong with them.

    Parameters
    ----------
    label : str
        What it is called in the message.
    values : object
        An iterable of ints of at least 1; no text.
    may_be_empty : bool
        Whether there may be none of them.

    Returns
    -------
    tuple of int

    Raises
    ------
    ValueError
        If it is none, one of them is no such number, or there is none where one must be.

    Examples
    --------
    >>> wholes("widths", [64, 32])
    (64, 32)
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ValueError(f"{label} must be a sequence of whole numbers, not {values!r}")
    found = tuple(whole(f"each of {label}", value, 1) for value in values)
    if not found and not may_be_empty:
        raise ValueError(f"{label} must name at least one number, not {values!r}")
    return found


def number(
    label: str, value: object, *, above: float = -math.inf, least: float = -math.inf
) -> float:
    """Return `value` as a finite float within its bounds, or say what is wrong with it.

    Parameters
    ----------
    label : str
        What it is called in the message.
    value : object
        An int or a float; no bool.
    above : float
        What it must be greater than.
    least : float
        What it must not be below.

    Returns
    -------
    float
        Also of an int: 1 and 1.0 are written alike.

    Raises
    ------
    ValueError
        If it is no number, not finite, or out of its bounds.

    Examples
    --------
    >>> number("learning_rate", 1, above=0)
    1.0
    >>> number("learning_rate", 0, above=0)
    Traceback (most recent call last):
    ...
    ValueError: learning_rate must be a positive finite number, not 0
    """
    fits = (
        not isinstance(value, bool)
        and isinstance(value, int | float)
        and above < value < math.inf
        and least <= value
    )
    if not fits:
        bound = ""
        if above == 0:
            bound = "positive "
        elif above > -math.inf:
            bound = f"greater than {above:g}, "
        elif least > -math.inf:
            raise ValueError(
                f"{label} must be a finite number of at least {least:g}, not {value!r}"
            )
        raise ValueError(f"{label} must be a {bound}finite number, not {value!r}")
    assert isinstance(value, int | float)
    # 1 and 1.0 mean the same run and must have the same key.
    return float(value)


def nearest(value: object, choices: Collection[str]) -> str:
    """Return a hint at the choice that a misspelt `value` may have meant, or nothing.

    Parameters
    ----------
    value : object
        What was given, compared as a text.
    choices : collection of str
        What could have been meant.

    Returns
    -------
    str
        The end of a sentence; empty where no choice is close.

    Examples
    --------
    >>> nearest("rleu", ("relu", "gelu"))
    "; did you mean 'relu'?"
    """
    close = difflib.get_close_matches(str(value), list(choices), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def one_of(label: str, value: object, choices: Collection[str]) -> str:
    """Return `value` if it is among `choices`, or say what it could have been.

    Parameters
    ----------
    label : str
        What it is called in the message.
    value : object
        A text.
    choices : collection of str
        What it may be, in the order in which the message names them.

    Returns
    -------
    str
        `value` as it is.

    Raises
    ------
    ValueError
        If it is none of them; the message names all, and the nearest.

    Examples
    --------
    >>> one_of("optimizer", "sgd", ("adam", "sgd"))
    'sgd'
    """
    if isinstance(value, str) and value in choices:
        return value
    known = ", ".join(choices)
    raise ValueError(f"{label} must be one of {known}, not {value!r}{nearest(value, choices)}")


def several(label: str, values: object) -> tuple[object, ...]:
    """Return what is given for a field that takes one or more values, as a tuple.

    Parameters
    ----------
    label : str
        What it is called in the message.
    values : object
        An iterable that is no text. What it holds is looked at elsewhere.

    Returns
    -------
    tuple of object

    Raises
    ------
    ValueError
        If it is none, or empty.

    Examples
    --------
    >>> several("models", ["mlp", "cnn"])
    ('mlp', 'cnn')
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ValueError(f"{label} must be a sequence, not {values!r}")
    found = tuple(values)
    if not found:
        raise ValueError(f"{label} must name at least one, not none")
    return found


def each_once(label: str, values: Sequence[str], *path: str) -> None:
    """Refuse what is given twice.

    Parameters
    ----------
    label : str
        What the values are called in the message.
    values : sequence of str
    *path : str
        Where they stand in a declaration.

    Raises
    ------
    DeclarationError
        With the place of the first that was there before.
    """
    again = [place for place, value in enumerate(values) if value in values[:place]]
    if again:
        repeated = sorted({values[place] for place in again})
        raise DeclarationError(
            (*path, again[0]), f"{label} must differ; given twice: {', '.join(repeated)}"
        )
