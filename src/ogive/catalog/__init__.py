"""What is known of every function, as data: one record each, read by everything else.

The records are grouped in files by the kind of function.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ogive.catalog import adaptive, exponential, logistic, rectifier, shrinkage, smooth
from ogive.catalog.record import DTYPES, KINDS, Example, Function, Kind, Parameter

__all__ = [
    "CATALOG",
    "DTYPES",
    "FAMILIES",
    "KINDS",
    "Example",
    "Function",
    "Kind",
    "Parameter",
    "get",
]

FAMILIES = (logistic, rectifier, exponential, shrinkage, smooth, adaptive)
"""The modules with the records, in display order."""

CATALOG: Mapping[str, Function] = MappingProxyType(
    {function.name: function for family in FAMILIES for function in family.FUNCTIONS}
)
"""Every function by its name, in display order."""

_ALIASES = {alias: function for function in CATALOG.values() for alias in function.aliases}


def get(name: str) -> Function:
    """Return the record of a function, by its name or an alias.

    Parameters
    ----------
    name : str
        A name in `CATALOG`, or an alias such as "expit".

    Returns
    -------
    Function
        The record.

    Raises
    ------
    TypeError
        If `name` is not a string.
    ValueError
        If there is no such function; the message names the closest ones.

    Examples
    --------
    >>> from ogive import catalog
    >>> catalog.get("expit").name
    'sigmoid'
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of a function is a string, not {type(name).__name__} {name!r}")
    function = CATALOG.get(name) or _ALIASES.get(name)
    if function is None:
        from difflib import get_close_matches

        close = get_close_matches(name.lower(), [*CATALOG, *_ALIASES], n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(CATALOG)}"
        raise ValueError(f"no function is called {name!r}; {hint}")
    return function
