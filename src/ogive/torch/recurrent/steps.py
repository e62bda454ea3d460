"""The steps of a sequence whose batch may shrink: which rows belong to which, and in what order.

A sequence is held as torch packs it: the rows of all time steps one below the other, those of one
step in the order of the batch. A sequence that ends early leaves the batch at its end; a padded
batch is the special case in which none does.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Steps(NamedTuple):
    """Rows of the time steps of a sequence, and the direction in which it is read.

    Examples
    --------
    >>> from ogive.torch.recurrent.steps import Steps
    >>> Steps((3, 2), reverse=False).rows()
    [(0, 3), (3, 5)]
    >>> Steps((3, 2), reverse=True).rows()
    [(3, 5), (0, 3)]
    """

    batch_sizes: tuple[int, ...]
    """How many rows each time step has: never more than the one before."""

    reverse: bool

    @property
    def batch(self) -> int:
        """How many sequences there are."""
        return self.batch_sizes[0]

    @property
    def even(self) -> bool:
        """Whether all sequences have one length."""
        return self.batch_sizes[0] == self.batch_sizes[-1]

    def order(self) -> range:
        """Return the time steps in the order in which they are computed."""
        length = len(self.batch_sizes)
        return range(length - 1, -1, -1) if self.reverse else range(length)

    def rows(self) -> list[tuple[int, int]]:
        """Return where the rows of each step begin and end, in the order of computation."""
        bounds, begin = [], 0
        for size in self.batch_sizes:
            bounds.append((begin, begin + size))
            begin += size
        return bounds[::-1] if self.reverse else bounds

    def before(self, initial: Tensor, states: Tensor) -> Tensor:
        """Return, for every row, the state that its step started from.

        Parameters
        ----------
        initial : torch.Tensor
            The states before the first step, of shape (batch, units).
        states : torch.Tensor
            The states after each step, of shape (rows, units).

        Returns
        -------
        torch.Tensor
            Of the shape of `states`.
        """
        if self.even:
            others = states.shape[0] - self.batch
            if self.reverse:
                return torch.cat((states[self.batch :], initial))
            return torch.cat((initial, states[:others]))
        result, state = torch.empty_like(states), initial.clone()
        for begin, end in self.rows():
            result[begin:end] = state[: end - begin]
            state[: end - begin] = states[begin:end]
        return result
