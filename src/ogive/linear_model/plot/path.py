"""Coefficients by the strength of the penalty."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ogive.linear_model.plot.style import INK, MUTED, axes_of, line

Array = Any

_NAMED = 12  # lines that a legend can hold


def coefficient_path(
    model: Any, *, pos_label: Any = None, fold: int | None = None, ax: Any = None
) -> Any:
    """Draw the coefficients of a `LogisticRegressionCV` by C, and the C that it chose.

    Parameters
    ----------
    model : LogisticRegressionCV
        Fitted.
    pos_label : int, float, bool or str, optional
        Of more than two classes, whose coefficients; of several labels their index.
    fold : int, optional
        Of which fold; the mean over all without it.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure's without it.

    Returns
    -------
    matplotlib.axes.Axes
        With a line for every feature, named where there are twelve at most.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        Before `fit`.
    TypeError
        For a model without a path.
    ValueError
        For a class or fold that is not there, more than two classes without `pos_label`.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from sklearn.datasets import load_iris
    >>> from ogive.linear_model import LogisticRegressionCV
    >>> from ogive.linear_model.plot import coefficient_path
    >>> model = LogisticRegressionCV(Cs=4).fit(*load_iris(return_X_y=True))
    >>> axes = coefficient_path(model, pos_label=2)
    >>> axes.get_xlabel(), axes.get_xscale()
    ('C', 'log')
    """
    check_is_fitted(model)
    if not hasattr(model, "coefs_paths_"):
        raise TypeError(f"{type(model).__name__} has no path: fit a LogisticRegressionCV")
    paths = model.coefs_paths_[..., : model.n_features_in_]
    of_class = paths[:, :, _score(model, paths.shape[2], pos_label)]
    if fold is None:
        coefficients = of_class.mean(0)
    elif 0 <= fold < len(paths):
        coefficients = of_class[fold]
    else:
        raise ValueError(f"fold={fold} is not there: there are {len(paths)}, from 0 on")
    ax = axes_of(ax)
    order = np.argsort(model.Cs_)
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        names = [f"feature {i}" for i in range(coefficients.shape[1])]
    for i, (name, values) in enumerate(zip(names, coefficients.T, strict=True)):
        ax.plot(model.Cs_[order], values[order], label=str(name), linewidth=1.6, **line(i))
    ax.axvline(model.C_, color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)))
    ax.set_xscale("log")
    ax.set_xlabel("C", color=INK)
    ax.set_ylabel("coefficient", color=INK)
    if len(names) <= _NAMED:
        ax.legend(frameon=False)
    return ax


def _score(model: Any, scores: int, pos_label: Any) -> int:
    """Return the index of the score that is drawn."""
    several = isinstance(model.classes_, list)
    names = list(range(scores)) if several else np.asarray(model.classes_).tolist()
    if scores == 1 and (pos_label is None or pos_label == names[-1]):
        return 0
    if pos_label is None:
        raise ValueError(f"there are {scores} scores: choose one of {names} with pos_label")
    if scores == 1 or pos_label not in names:
        raise ValueError(
            f"pos_label={pos_label!r} has no coefficients: choose of {names[-scores:]}"
        )
    return int(names.index(pos_label))
