"""The terminal as rich sees it, and how numbers are written in it."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

#: Where output goes to a file or a pipe there is no edge to wrap at.
_WIDTH_OF_A_PIPE = 160


def console(*, stderr: bool = False) -> Console:
    """Return a console for standard output, or for standard error.

    A terminal gives its own width; a pipe or a file gets lines of up to 160 columns.
    """
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _WIDTH_OF_A_PIPE
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=False)


def number(value: float) -> str:
    """Write a fact of the catalogue: short, with a real minus and infinity signs.

    Examples
    --------
    >>> number(float("-inf")), number(-0.2784645), number(0.25)
    ('−∞', '−0.2785', '0.25')
    """
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if math.isnan(value):
        return "nan"
    sign = "−" if math.copysign(1.0, value) < 0 else ""
    return f"{sign}{abs(value):.4g}"


def ends(names: Sequence[str]) -> str:
    """Write the ends of the line at which a function saturates.

    Examples
    --------
    >>> ends(("-inf", "+inf"))
    '−∞ and +∞'
    """
    return " and ".join(name.replace("inf", "∞").replace("-", "−") for name in names)
