"""What optional libraries are missing, and how they are installed."""

from __future__ import annotations

from importlib.util import find_spec

__all__ = ["distribution", "require"]

_DISTRIBUTIONS = {"sklearn": "scikit-learn", "PIL": "pillow"}
"""What is installed under another name than it is imported."""


def distribution(module: str) -> str:
    """Return the name under which a library is installed.

    Examples
    --------
    >>> distribution("sklearn")
    'scikit-learn'
    """
    return _DISTRIBUTIONS.get(module, module)


def require(what: str, *modules: str, extra: str) -> None:
    """Check that optional libraries are installed, without importing them.

    Parameters
    ----------
    what : str
        What needs them, as the message begins.
    *modules : str
        Names as they are imported.
    extra : str
        The extra of Ogive that brings them.

    Raises
    ------
    ModuleNotFoundError
        Naming those that are missing and the command that installs them.

    Examples
    --------
    >>> from ogive.extras import require
    >>> require("the example", "numpy", extra="study")
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        names = ", ".join(map(distribution, missing))
        raise ModuleNotFoundError(
            f'{what} needs {names}: pip install "ogive[{extra}]"', name=missing[0]
        )
