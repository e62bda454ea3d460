"""By which quantity the runs of a study are judged: when they are compared, tuned and added to."""

from __future__ import annotations

from typing import Literal

from ogive.study.data import Data

__all__ = ["Quantity", "compared_by"]

Quantity = Literal["accuracy", "loss"]
"""Names that a stored run has under ``test`` and ``validation``."""


def compared_by(data: Data) -> Quantity:
    """Return the loss for language models, whose accuracy says little, and else the accuracy.

    Parameters
    ----------
    data : Data
        The data set of a study.

    Returns
    -------
    {"accuracy", "loss"}

    Examples
    --------
    >>> compared_by(Data.read("digits"))
    'accuracy'
    """
    return "loss" if data.inputs == "tokens" else "accuracy"
