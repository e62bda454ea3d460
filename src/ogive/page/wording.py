"""Numbers and lists as the report and the terminal write them."""

from __future__ import annotations

import math
from collections.abc import Sequence

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def percentage(share: float | None) -> str:
    """Write an accuracy in [0, 1] in per cent.

    Examples
    --------
    >>> percentage(0.97328)
    '97.33'
    """
    return "–" if share is None else f"{100 * share:.2f}"


def p_value(p: float | None) -> str:
    """Write a p-value to three places; to four where three would hide the side of 5 % it is on.

    Examples
    --------
    >>> p_value(0.04321), p_value(0.00001), p_value(None)
    ('0.043', '< 0.001', '–')
    """
    if p is None:
        return "–"
    if p < 0.0005:
        return "< 0.001"
    text = f"{p:.3f}"
    return f"{p:.4f}" if text == "0.050" else text


def duration(seconds: float | None) -> str:
    """Write a time with three digits and its unit.

    Examples
    --------
    >>> duration(0.02134), duration(3.2)
    ('21.3 ms', '3.20 s')
    """
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    return f"{seconds:.2f} s" if seconds < 100 else f"{seconds:.0f} s"


def power_of_ten(value: float) -> str:
    """Write a positive number of any size: plain near one, a power of ten further off.

    Examples
    --------
    >>> [power_of_ten(value) for value in (1e-8, 0.01, 0.05, 1.0, 100.0, 2.5e5)]
    ['10⁻⁸', '0.01', '0.05', '1', '100', '2.5·10⁵']
    """
    if value <= 0 or not math.isfinite(value):
        return "0" if value == 0 else "–"
    if 0.001 <= value <= 1000:
        return f"{value:.4g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    power = f"10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    return power if mantissa == "1.0" else f"{mantissa.removesuffix('.0')}·{power}"


def listing(names: Sequence[str]) -> str:
    """Join words as a sentence does.

    Examples
    --------
    >>> listing(["elu", "silu", "gelu"])
    'elu, silu and gelu'
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


_WORDS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)


def count(number: int) -> str:
    """Write a small count as a word.

    Examples
    --------
    >>> count(7), count(59)
    ('seven', '59')
    """
    return _WORDS[number] if 0 <= number < len(_WORDS) else str(number)


def counted(number: int, noun: str) -> str:
    """Write a count with its noun, in the plural where it needs one.

    Examples
    --------
    >>> counted(1, "seed"), counted(5, "seed")
    ('1 seed', '5 seeds')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def counted_layers(depth: int) -> str:
    """Write a number of hidden layers.

    Examples
    --------
    >>> counted_layers(10), counted_layers(1)
    ('ten layers', 'one layer')
    """
    return f"{count(depth)} layer{'' if depth == 1 else 's'}"


def signed(value: float) -> str:
    """Write a round number with its sign, as the ticks of an axis have it.

    Examples
    --------
    >>> signed(-0.5), signed(0.0), signed(1.0)
    ('−0.5', '0', '+1')
    """
    text = f"{abs(value):.6g}"
    return text if value == 0 else f"{'−' if value < 0 else '+'}{text}"


def rough(value: float) -> str:
    """Write a positive ratio to two figures.

    Examples
    --------
    >>> [rough(value) for value in (0.003968, 8.53e-8, 0.5351, 12.3, 430.0)]
    ['0.0040', '8.5·10⁻⁸', '0.54', '12', '430']
    """
    if 0.001 <= value < 1:
        return f"{value:#.2g}"
    if 1 <= value <= 1000:
        return f"{float(f'{value:.2g}'):g}"
    return power_of_ten(value)
