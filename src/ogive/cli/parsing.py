"""Lists on the command line: names or whole numbers between commas, as callbacks of options."""

from __future__ import annotations

import click


def names(
    context: click.Context, option: click.Parameter, text: str | None
) -> tuple[str, ...] | None:
    """Return the names in a text such as ``relu,gelu``; None where the option was not given."""
    if text is None:
        return None
    parts = tuple(part.strip() for part in text.split(","))
    if not all(parts):
        raise click.BadParameter(f"{text!r} is not a list such as relu,gelu", context, option)
    return parts


def wholes(context: click.Context, option: click.Parameter, text: str) -> tuple[int, ...]:
    """Return the positive whole numbers in a text such as ``128,128``."""
    numbers = _numbers(text)
    if not numbers:
        raise click.BadParameter(
            f"{text!r} is not a list of whole numbers such as 128,128", context, option
        )
    return numbers


def wholes_or_none(context: click.Context, option: click.Parameter, text: str) -> tuple[int, ...]:
    """Return the numbers in a text such as ``2,10``, or nothing for ``none``."""
    if text.strip().lower() == "none":
        return ()
    numbers = _numbers(text)
    if not numbers:
        raise click.BadParameter(
            f"{text!r} is neither a list of whole numbers such as 2,10 nor none", context, option
        )
    return numbers


def _numbers(text: str) -> tuple[int, ...]:
    """Return the positive whole numbers between commas; none at all if one of them is not one."""
    parts = [part.strip() for part in text.split(",")]
    # isdecimal: int() would also take '1_0', '+1' and the digits of other scripts.
    if not all(part.isascii() and part.isdecimal() and int(part) > 0 for part in parts):
        return ()
    return tuple(int(part) for part in parts)
