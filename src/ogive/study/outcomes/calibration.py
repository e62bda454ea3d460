"""Calibration: whether a network is right as often as it is sure.

Of each answer the largest probability is its confidence. Answers are counted in bins of equal width
of it, each closed on the right, as C. Guo, G. Pleiss, Y. Sun, K. Weinberger (2017), "On calibration
of modern neural networks", ICML, section 2, has them. Kept are counts and sums, not shares: those
of several seeds can be added.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

__all__ = ["BINS", "MOST", "calibration"]

BINS = 15
MOST = 200_000
"""Answers that are looked at: of more (tokens), evenly spaced ones."""


def calibration(outputs: Tensor, targets: Tensor) -> dict[str, Any]:
    """Return the answers of a network by confidence.

    Parameters
    ----------
    outputs : torch.Tensor, shape (..., classes)
        Logits.
    targets : torch.Tensor of int64, shape (...)
        Classes.

    Returns
    -------
    dict
        ``count``: answers in each bin; ``confidence``: the sum of their largest probabilities;
        ``right``: how many of them are right; ``unanswered``: rows whose logits are not finite.

    Examples
    --------
    >>> found = calibration(torch.tensor([[9.0, 0.0], [0.0, 0.1]]), torch.tensor([0, 0]))
    >>> found["count"][-1], found["right"][-1], found["count"][7], found["right"][7]
    (1, 1, 1, 0)
    """
    flat, wanted = outputs.flatten(0, -2), targets.flatten()
    apart = max(1, math.ceil(len(flat) / MOST))
    flat, wanted = flat[::apart], wanted[::apart]
    answered = flat.isfinite().all(dim=1)
    flat, wanted = flat[answered].double(), wanted[answered]
    largest, answer = flat.max(dim=1)
    confidence = (largest - flat.logsumexp(dim=1)).exp()
    edges = torch.arange(1, BINS, dtype=torch.float64) / BINS
    place = torch.bucketize(confidence, edges)
    sums = torch.zeros(BINS, dtype=torch.float64)
    return {
        "count": torch.bincount(place, minlength=BINS).tolist(),
        "confidence": sums.index_add(0, place, confidence).tolist(),
        "right": torch.bincount(place[answer == wanted], minlength=BINS).tolist(),
        "unanswered": int((~answered).sum()),
    }
