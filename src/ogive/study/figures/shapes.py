"""Each activation's curve with its derivative, from the native functions themselves."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from ogive.page.picture import Picture, picture
from ogive.page.style import GRID, MUTED, LineStyle, panel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ogive.catalog import Function

#: Every parameter as the catalogue has it.
DEFAULTS: Mapping[str, float] = MappingProxyType({})


def evaluate(
    record: Function, x: NDArray[np.float64], parameters: Mapping[str, float] = DEFAULTS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return value and derivative of a catalogue function.

    Parameters
    ----------
    record : ogive.catalog.Function
    x : ndarray of float64, any shape
    parameters : mapping of str to float
        Those that are not at their defaults.

    Returns
    -------
    value, derivative : ndarray of float64, shape of `x`

    Examples
    --------
    >>> from ogive import catalog
    >>> value, derivative = evaluate(catalog.get("sigmoid"), np.zeros(1))
    >>> float(value[0]), float(derivative[0])
    (0.5, 0.25)
    """
    return (
        _apply(record.name, record, x, parameters),
        _apply(f"grad_{record.name}", record, x, parameters),
    )


def evaluate_value(
    record: Function, x: NDArray[np.float64], parameters: Mapping[str, float] = DEFAULTS
) -> NDArray[np.float64]:
    """Return the value of a catalogue function.

    Parameters
    ----------
    record : ogive.catalog.Function
    x : ndarray of float64, any shape
    parameters : mapping of str to float
        Those that are not at their defaults.

    Returns
    -------
    ndarray of float64, shape of `x`

    Examples
    --------
    >>> from ogive import catalog
    >>> evaluate_value(catalog.get("relu"), np.array([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """
    return _apply(record.name, record, x, parameters)


def _apply(
    name: str, record: Function, x: NDArray[np.float64], parameters: Mapping[str, float]
) -> NDArray[np.float64]:
    from ogive import _core

    # The native ufuncs take their parameters as operands and know no defaults.
    values = [parameters.get(known.name, known.default) for known in record.parameters]
    return np.asarray(getattr(_core, name)(x, *values), np.float64)


def interval(record: Function) -> tuple[float, float]:
    """Return the stretch of the x axis on which a function is shown.

    Parameters
    ----------
    record : ogive.catalog.Function

    Returns
    -------
    tuple of float
        Its domain, or -5 to 5 within it.
    """
    low, high = record.domain
    return max(low, -5.0), min(high, 5.0)


def shape(
    record: Function,
    style: LineStyle,
    parameters: Mapping[str, float] = DEFAULTS,
    *,
    name: str,
    title: str,
) -> Picture:
    """Draw a function (solid) and its derivative (dashed) on the axes that all of them share.

    Parameters
    ----------
    record : ogive.catalog.Function
    style : LineStyle
    parameters : mapping of str to float
        Those that are not at their defaults.
    name : str
        Of the picture.
    title : str
        What the function is called.

    Returns
    -------
    Picture
        Of 250 by 200 pixels.
    """
    low, high = interval(record)
    # An even number of points has none at a kink in 0, where the derivative jumps.
    x = np.linspace(low, high, 400)
    with np.errstate(divide="ignore"):
        value, derivative = evaluate(record, x, parameters)
    with panel(250, 200, (30, 10, 24, 10)) as axes:
        axes.grid(visible=False)
        axes.axhline(0, color=GRID, linewidth=1)
        axes.axvline(0, color=GRID, linewidth=1)
        jumps = np.flatnonzero(np.abs(np.diff(derivative)) > 0.5 * np.ptp(derivative))
        broken = np.insert(derivative, jumps + 1, np.nan)
        axes.plot(np.insert(x, jumps + 1, np.nan), broken, color=MUTED, dashes=(3, 2), lw=1.6)
        axes.plot(x, value, color=style.hex, linewidth=2.6)
        axes.set_xlim(low, high)
        axes.set_ylim(-1.35, 2.6)
        axes.set_yticks([-1, 0, 1, 2])
        axes.set_xticks([-4, -2, 0, 2, 4] if high > 2 else [0, 0.5, 1])
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.tick_params(length=0)
        return picture(
            axes,
            name,
            f"{title} (solid) and its derivative (dashed) from {low:g} to {high:g}.",
        )
