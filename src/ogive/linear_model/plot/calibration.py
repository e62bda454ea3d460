"""How often that happens which a model gives some probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from ogive.linear_model.plot.outcomes import outcomes
from ogive.linear_model.plot.style import INK, MUTED, axes_of, line

Array = Any


@dataclass(frozen=True)
class Reliability:
    """Bins of rows with similar probabilities.

    Attributes
    ----------
    predicted : ndarray, shape (bins,)
        The mean probability.
    observed : ndarray, shape (bins,)
        The share of rows that are of the class.
    low, high : ndarray, shape (bins,)
        Wilson's interval for that share.
    count : ndarray of int, shape (bins,)
        Rows.
    """

    predicted: Array
    observed: Array
    low: Array
    high: Array
    count: Array


def reliability(
    y_true: Any,
    probabilities: Any,
    *,
    bins: int = 10,
    confidence: float = 0.95,
    pos_label: Any = None,
) -> Reliability:
    """Return bins of equal counts, with Wilson's intervals.

    Rows of the same probability are never divided, so that there may be fewer bins.

    Parameters
    ----------
    y_true : array_like, shape (n,)
        What happened: of two values, or any that `pos_label` is among.
    probabilities : array_like, shape (n,) or (n, 2)
        Of the class, or of both.
    bins : int, default 10
        At most so many.
    confidence : float, default 0.95
        Of the intervals.
    pos_label : int, float, bool or str, optional
        The class; the larger one of two without it.

    Returns
    -------
    Reliability

    Raises
    ------
    ValueError
        As `outcomes`; for fewer than one bin, a confidence outside of (0, 1).

    Notes
    -----
    Source: E. B. Wilson (1927), J. Amer. Statist. Assoc. 22: the shares p for which
    |observed - p| ≤ z sqrt(p (1 - p) / n).

    Examples
    --------
    >>> from ogive.linear_model.plot import reliability
    >>> found = reliability([0, 1, 0, 1], [0.1, 0.2, 0.8, 0.9], bins=2)
    >>> found.observed, found.low.round(3)
    (array([0.5, 0.5]), array([0.095, 0.095]))
    """
    if not bins >= 1:
        raise ValueError(f"bins must be at least 1, not {bins}")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must be between 0 and 1, not {confidence}")
    happened, probabilities = outcomes(y_true, probabilities, pos_label)
    # A bin for each distinct probability, by where the middle of its rows is.
    _, place, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - 0.5 * counts
    _, bin_of = np.unique((middle * (bins / len(happened))).astype(int)[place], return_inverse=True)
    count = np.bincount(bin_of)
    observed = np.bincount(bin_of, happened) / count
    z = float(stats.norm.isf(0.5 * (1.0 - confidence)))
    centre = observed + z**2 / (2.0 * count)
    spread = z * np.sqrt(observed * (1.0 - observed) / count + z**2 / (4.0 * count**2))
    shrink = 1.0 + z**2 / count
    # At the ends an interval goes to 0 or 1 but for rounding.
    low = np.where(observed == 0.0, 0.0, (centre - spread) / shrink)
    high = np.where(observed == 1.0, 1.0, (centre + spread) / shrink)
    return Reliability(np.bincount(bin_of, probabilities) / count, observed, low, high, count)


def reliability_diagram(
    y_true: Any,
    probabilities: Any,
    *,
    bins: int = 10,
    confidence: float = 0.95,
    pos_label: Any = None,
    label: str | None = None,
    ax: Any = None,
) -> Any:
    """Draw how often that happens which a model gives some probability.

    Parameters
    ----------
    y_true : array_like, shape (n,)
        What happened: of two values, or any that `pos_label` is among.
    probabilities : array_like, shape (n,) or (n, 2)
        Of the class, or of both.
    bins : int, default 10
        Of equal counts, at most so many.
    confidence : float, default 0.95
        Of the intervals.
    pos_label : int, float, bool or str, optional
        The class, with all others against it; the larger one of two without it.
    label : str, optional
        Of the model, for a legend.
    ax : matplotlib.axes.Axes, optional
        Where to draw: a second model takes the next colour. A new figure's without it.

    Returns
    -------
    matplotlib.axes.Axes
        With the diagonal, on which a calibrated model is, and points with their intervals.

    Raises
    ------
    ValueError
        As `reliability`.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from ogive.linear_model.plot import reliability_diagram
    >>> axes = reliability_diagram([0, 1, 0, 1], [0.1, 0.2, 0.8, 0.9], bins=2)
    >>> axes.get_xlabel()
    'predicted probability'
    """
    found = reliability(
        y_true, probabilities, bins=bins, confidence=confidence, pos_label=pos_label
    )
    ax = axes_of(ax)
    before = len(ax.containers)
    if not before:
        ax.plot([0.0, 1.0], [0.0, 1.0], color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
    away = np.stack([found.observed - found.low, found.high - found.observed]).clip(0.0)
    ax.errorbar(
        found.predicted,
        found.observed,
        away,
        label=label,
        marker="o",
        markersize=5,
        linewidth=1.8,
        elinewidth=1.2,
        capsize=2.5,
        **line(before),
    )
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    ax.set_aspect("equal", adjustable="box")
    ax.set_xlabel("predicted probability", color=INK)
    ax.set_ylabel("observed share", color=INK)
    if label is not None:
        ax.legend(frameon=False)
    return ax
