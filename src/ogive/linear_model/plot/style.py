"""The look of all pictures."""

from __future__ import annotations

from typing import Any

INK = "#1b1b1a"
MUTED = "#5f5e5b"
GRID = "#dddcd7"
COLOURS = ("#d55e00", "#0072b2", "#009e73", "#c26496", "#c98500", "#3fa2dd", "#8a7d00", "#8c5a3c")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.6)), (0, (1.4, 1.2)), (0, (7, 2, 1.2, 2)))


def line(index: int) -> dict[str, Any]:
    """Return colour and dashes of a line: all pairs of them pass before two look alike.

    Parameters
    ----------
    index : int
        Of the line.

    Returns
    -------
    dict
        For `matplotlib.axes.Axes.plot`.

    Examples
    --------
    >>> from ogive.linear_model.plot.style import line
    >>> line(0)
    {'color': '#d55e00', 'linestyle': '-'}
    """
    colours = len(COLOURS)
    return {
        "color": COLOURS[index % colours],
        "linestyle": DASHES[index // colours % len(DASHES)],
    }


def axes_of(ax: Any) -> Any:
    """Return axes in the house's look: those given, or those of a new figure.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        A new figure belongs to pyplot, as it does wherever a picture is asked for without axes.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If `ax` is something else.
    ImportError
        Without matplotlib.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from matplotlib.figure import Figure
    >>> from ogive.linear_model.plot.style import axes_of
    >>> axes = Figure().subplots()
    >>> axes_of(axes) is axes
    True
    """
    from matplotlib.axes import Axes

    if ax is None:
        from matplotlib import pyplot

        ax = pyplot.subplots(layout="constrained")[1]
    elif not isinstance(ax, Axes):
        raise TypeError(f"ax must be matplotlib's axes, not {type(ax).__name__}")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set(color=MUTED, linewidth=0.8)
    ax.tick_params(colors=MUTED, labelcolor=INK)
    ax.grid(color=GRID, linewidth=0.8)
    ax.set_axisbelow(True)
    return ax
