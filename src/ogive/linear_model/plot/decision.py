"""What decisions by a model are worth, at every threshold of probability."""

from __future__ import annotations

from typing import Any

import numpy as np

from ogive.linear_model.plot.outcomes import outcomes
from ogive.linear_model.plot.style import INK, MUTED, axes_of, line

Array = Any


def net_benefit(y_true: Any, probabilities: Any, thresholds: Any, pos_label: Any = None) -> Array:
    """Return the net benefit of treating whoever has at least a probability t.

    TP / n - FP / n · t / (1 - t): whoever treats from t on holds a false positive to be t / (1 - t)
    times as bad as a true positive is good.

    Parameters
    ----------
    y_true : array_like, shape (n,)
        What happened: of two values, or any that `pos_label` is among.
    probabilities : array_like, shape (n,) or (n, 2)
        Of the class, or of both.
    thresholds : array_like, shape (thresholds,)
        t, at least 0 and below 1.
    pos_label : int, float, bool or str, optional
        The class; the larger one of two without it.

    Returns
    -------
    ndarray of float64, shape (thresholds,)

    Raises
    ------
    ValueError
        As `outcomes`; for thresholds out of range.

    Notes
    -----
    Source: A. J. Vickers, E. B. Elkin (2006), Med. Decis. Making 26.

    Examples
    --------
    >>> from ogive.linear_model.plot import net_benefit
    >>> net_benefit([0, 1, 0, 1], [0.1, 0.6, 0.7, 0.9], [0.5])
    array([0.25])
    """
    happened, probabilities = outcomes(y_true, probabilities, pos_label)
    t = np.asarray(thresholds, np.float64)
    if t.ndim != 1 or not len(t) or not ((t >= 0.0) & (t < 1.0)).all():
        raise ValueError(f"thresholds must be a list of numbers in [0, 1): {thresholds!r}")
    order = np.argsort(probabilities, kind="stable")
    left_out = np.searchsorted(probabilities[order], t, side="left")
    of_class = np.append(np.cumsum(happened[order][::-1])[::-1], 0)[left_out]
    false = len(happened) - left_out - of_class
    benefit: Array = (of_class - false * t / (1.0 - t)) / len(happened)
    return benefit


def decision_curve(
    y_true: Any,
    probabilities: Any,
    *,
    thresholds: Any = None,
    pos_label: Any = None,
    label: str = "model",
    ax: Any = None,
) -> Any:
    """Draw the net benefit of a model, of treating all and of treating none.

    Parameters
    ----------
    y_true : array_like, shape (n,)
        What happened: of two values, or any that `pos_label` is among.
    probabilities : array_like, shape (n,) or (n, 2)
        Of the class, or of both.
    thresholds : array_like, optional
        Of probability; 1 % to 99 % without it.
    pos_label : int, float, bool or str, optional
        The class, with all others against it; the larger one of two without it.
    label : str, default "model"
        For the legend.
    ax : matplotlib.axes.Axes, optional
        Where to draw: a second model takes the next colour. A new figure's without it.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        As `net_benefit`.

    Notes
    -----
    Source: A. J. Vickers, E. B. Elkin (2006), Med. Decis. Making 26.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from ogive.linear_model.plot import decision_curve
    >>> axes = decision_curve([0, 1, 0, 1], [0.1, 0.6, 0.7, 0.9])
    >>> [drawn.get_label() for drawn in axes.get_lines()]
    ['treat all', 'treat none', 'model']
    """
    t = np.linspace(0.01, 0.99, 99) if thresholds is None else np.sort(np.ravel(thresholds))
    happened, probabilities = outcomes(y_true, probabilities, pos_label)
    benefit = net_benefit(happened, probabilities, t, True if happened.any() else None)
    ax = axes_of(ax)
    drawn = [one for one in ax.get_lines() if one.get_label() not in ("treat all", "treat none")]
    if len(drawn) == len(ax.get_lines()):
        everyone = net_benefit(
            happened, np.ones(len(happened)), t, True if happened.any() else None
        )
        ax.plot(t, everyone, color=MUTED, linewidth=1.2, label="treat all")
        ax.plot(
            t, np.zeros(len(t)), color=INK, linewidth=1.2, linestyle=(0, (4, 3)), label="treat none"
        )
    ax.plot(t, benefit, linewidth=1.8, label=label, **line(len(drawn)))
    # Treating all is worth minus infinity at the end; what is of interest is above 0.
    top = max(float(happened.mean()), float(benefit.max()), 1e-3)
    top = max(top, ax.get_ylim()[1] / 1.08) if drawn else top
    ax.set(xlim=(0.0, 1.0), ylim=(-0.25 * top, 1.08 * top))
    ax.set_xlabel("threshold probability", color=INK)
    ax.set_ylabel("net benefit", color=INK)
    ax.legend(frameon=False)
    return ax
