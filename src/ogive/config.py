"""What is in use and how much of it: the instruction-set level, the threads, the versions."""

from __future__ import annotations

from operator import index
from typing import Any

from ogive import _core

__version__ = "0.1.0"

_MODES = ("stdout", "dicts")


def show_config(mode: str = "stdout") -> dict[str, Any] | None:
    """Show the instruction-set level in use, the threads and the versions.

    Parameters
    ----------
    mode : {"stdout", "dicts"}, optional
        Print them, the default, or return them, as `numpy.show_config` does.

    Returns
    -------
    dict or None
        With `mode="dicts"`: the keys "ogive", "python", "numpy" and "machine" (strings),
        "instruction set" (a dict of "in use", "supported" and "compiled") and "threads" (int).

    Raises
    ------
    ValueError
        If `mode` is another one.

    Notes
    -----
    The environment variable OGIVE_ISA, set before the import, picks a level lower than the
    highest that the processor supports.

    Examples
    --------
    >>> import ogive
    >>> ogive.show_config(mode="dicts")["ogive"] == ogive.__version__
    True
    """
    if mode not in _MODES:
        raise ValueError(f"mode is 'stdout' or 'dicts', not {mode!r}")
    import platform

    import numpy

    config: dict[str, Any] = {
        "ogive": __version__,
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "machine": f"{platform.machine()} {platform.system()}",
        "instruction set": {
            "in use": _core.isa,
            "supported": list(_core.isa_supported),
            "compiled": list(_core.isa_levels),
        },
        "threads": get_num_threads(),
    }
    if mode == "dicts":
        return config
    for name, value in config.items():
        if isinstance(value, dict):
            print(f"{name}:")
            for key, entry in value.items():
                print(f"  {key}: {entry if isinstance(entry, str) else ', '.join(entry)}")
        else:
            print(f"{name}: {value}")
    return None


def set_num_threads(threads: int) -> None:
    """Set the largest number of threads that a call may use.

    Parameters
    ----------
    threads : int
        At least 1; more than 256 are 256. Only arrays of two million elements and more are shared
        among threads; results do not depend on the number.

    Raises
    ------
    TypeError
        If `threads` is not an integer.
    ValueError
        If it is less than 1.

    Notes
    -----
    Until it is called, the number is that of the environment variable OGIVE_NUM_THREADS, else of
    OMP_NUM_THREADS, else of the processors that the process may run on.

    Examples
    --------
    >>> import ogive
    >>> before = ogive.get_num_threads()
    >>> ogive.set_num_threads(1)
    >>> ogive.get_num_threads()
    1
    >>> ogive.set_num_threads(before)
    """
    if isinstance(threads, bool):
        raise TypeError(f"the number of threads is an integer, not {threads!r}")
    try:
        number = index(threads)
    except TypeError:
        raise TypeError(
            f"the number of threads is an integer, not {type(threads).__name__} {threads!r}"
        ) from None
    if number < 1:
        raise ValueError(f"the number of threads is at least 1, not {number}")
    _core.set_num_threads(min(number, 256))


def get_num_threads() -> int:
    """Return the largest number of threads that a call may use.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> import ogive
    >>> ogive.get_num_threads() >= 1
    True
    """
    return int(_core.get_num_threads())
