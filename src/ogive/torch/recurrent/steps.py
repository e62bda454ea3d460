"""The steps of a sequence whose batch may shrink: which rows belong to which, and in what order.

A sequence is held as torch packs it: the rows of all time steps one below the other, those of one
step in the order of the batch. A sequence that ends early leaves the batch at its end; a padded
batch is the special case in which none does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Chunk(NamedTuple):
    """Some steps that follow each other."""

    steps: range
    """Counted in the order of computation."""

    begin: int
    end: int
    """Where their rows begin and end."""

    rows: list[tuple[int, int]]
    """Where the rows of each of them begin and end, in the order of computation."""

    @property
    def length(self) -> int:
        """How many rows they have."""
        return self.end - self.begin


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

    def pieces(self, tensor: Tensor, chunk: Chunk | None = None) -> Sequence[Tensor]:
        """Return views of the rows of each step, in the order of computation.

        Parameters
        ----------
        tensor : torch.Tensor
            With the rows of all steps, or those of a chunk.
        chunk : Chunk, optional
            That chunk.
        """
        rows = self.rows() if chunk is None else chunk.rows
        sizes = [end - begin for begin, end in rows]
        found: Sequence[Tensor] = torch.split(tensor, sizes[::-1] if self.reverse else sizes)
        return found[::-1] if self.reverse else found

    def chunks(self, rows: int) -> list[Chunk]:
        """Return runs of steps of some `rows` rows each, in the order of computation."""
        found, first, gathered, bounds = [], 0, 0, self.rows()
        for index, (begin, end) in enumerate(bounds):
            gathered += end - begin
            if gathered >= rows or index + 1 == len(bounds):
                run = bounds[first : index + 1]
                ends = run[0] + run[-1]
                found.append(Chunk(range(first, index + 1), min(ends), max(ends), run))
                first, gathered = index + 1, 0
        return found

    def before(self, initial: Tensor, states: Tensor) -> list[Tensor]:
        """Return what state each step started from, in the order of computation.

        Parameters
        ----------
        initial : torch.Tensor
            The states before the first step, of shape (batch, units).
        states : torch.Tensor
            The states after each step, of shape (rows, units).

        Returns
        -------
        list of torch.Tensor
            For each step, of the shape of its rows.
        """
        pieces = self.pieces(states)
        if self.even:
            return [initial, *pieces[:-1]]
        found, waiting = [], initial.clone()
        for piece in pieces:
            size = piece.shape[0]
            found.append(waiting[:size].clone())
            waiting[:size] = piece
        return found
