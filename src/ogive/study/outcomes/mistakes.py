"""Mistakes: which rows of the test part a network has wrong, and what it takes them for.

That, beside the rows that all have right, is all it takes to say on how many rows two networks
disagree. It is kept as one short text: the rows as distances from one to the next, then the
answers, in bytes that are sorted by their place in the number (the high ones are 0 and vanish),
compressed, in letters of base64.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["NO_ANSWER", "decode", "encode", "wrong_answers"]

NO_ANSWER = -1
"""Stands for the class where the logits are not finite."""

_MOST = 2**32 - 1


def wrong_answers(outputs: Tensor, targets: Tensor) -> dict[int, int]:
    """Return for each row that is not answered rightly the class it is taken for.

    Parameters
    ----------
    outputs : torch.Tensor, shape (rows, classes)
        Logits.
    targets : torch.Tensor of int64, shape (rows,)
        Classes.

    Returns
    -------
    dict of int to int
        By row, counted from 0: the class, or `NO_ANSWER` where a logit is not finite.

    Examples
    --------
    >>> import torch
    >>> nan = float("nan")
    >>> outputs = torch.tensor([[1.0, 0.0], [1.0, 0.0], [nan, 0.0]])
    >>> wrong_answers(outputs, torch.tensor([0, 1, 0]))
    {1: 0, 2: -1}
    """
    answers = outputs.argmax(dim=1).masked_fill(~outputs.isfinite().all(dim=1), NO_ANSWER)
    rows = (answers != targets).nonzero().flatten()
    return dict(zip(rows.tolist(), answers[rows].tolist(), strict=True))


def encode(mistakes: Mapping[int, int]) -> str:
    """Return mistakes as a text.

    Parameters
    ----------
    mistakes : mapping of int to int
        From rows, counted from 0, to classes; `NO_ANSWER` for a row without an answer.

    Returns
    -------
    str
        Base64 of the compressed numbers.

    Raises
    ------
    ValueError
        If a number is negative otherwise, or needs more than 32 bits.

    Examples
    --------
    >>> decode(encode({3: 1, 7: -1}))
    {3: 1, 7: -1}
    """
    rows = sorted(mistakes)
    classes = [mistakes[row] for row in rows]
    if rows and not (rows[0] >= 0 and rows[-1] < _MOST):
        raise ValueError(f"rows must be from 0 to {_MOST - 1}, not {rows[0]} to {rows[-1]}")
    if classes and not (min(classes) >= NO_ANSWER and max(classes) < _MOST):
        raise ValueError(
            f"classes must be from {NO_ANSWER} to {_MOST - 1}, not {min(classes)} to {max(classes)}"
        )
    steps = np.diff(np.array(rows, np.int64), prepend=-1)
    answers = np.array(classes, np.int64) - NO_ANSWER
    numbers = np.concatenate([steps, answers]).astype("<u4")
    planes = numbers.view(np.uint8).reshape(-1, 4).T
    return base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode()


def decode(text: str) -> dict[int, int]:
    """Return the mistakes that `encode` wrote, by ascending row.

    Parameters
    ----------
    text : str

    Returns
    -------
    dict of int to int
        As `wrong_answers` returns them.

    Raises
    ------
    ValueError
        If it did not write `text`.

    Examples
    --------
    >>> decode(encode({7: -1, 3: 1}))
    {3: 1, 7: -1}
    """
    try:
        planes = zlib.decompress(base64.b64decode(text, validate=True))
        numbers = np.frombuffer(planes, np.uint8).reshape(4, -1).T.copy().view("<u4")
        steps, answers = numbers.astype(np.int64).reshape(2, -1)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise ValueError(f"these are not the mistakes of a run: {error}") from error
    rows = np.cumsum(steps) - 1
    return dict(zip(rows.tolist(), (answers + NO_ANSWER).tolist(), strict=True))
