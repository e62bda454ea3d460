"""Random streams: one for each purpose, so that none disturbs another."""

from __future__ import annotations

import hashlib

import torch

__all__ = ["seed_for", "stream"]


def seed_for(purpose: str, seed: int) -> int:
    """Return the seed of the stream that serves `purpose` in runs of `seed`.

    Streams of their own keep, say, the order of the data from changing when a network of another
    depth draws more weights.

    Parameters
    ----------
    purpose : str
        Names the stream.
    seed : int
        Of the run.

    Returns
    -------
    int
        56 bits of a SHA-256: from 0 to below 2⁵⁶.

    Examples
    --------
    >>> seed_for("order", 0) == seed_for("default", 0)
    False
    """
    return int.from_bytes(hashlib.sha256(f"{purpose}:{seed}".encode()).digest()[:7], "big")


def stream(purpose: str, seed: int) -> torch.Generator:
    """Return a generator for `purpose` in runs of `seed`.

    Parameters
    ----------
    purpose, seed
        As for `seed_for`.

    Returns
    -------
    torch.Generator
        A new one, on the CPU, at its start.

    Examples
    --------
    >>> draw = lambda purpose: torch.rand(1, generator=stream(purpose, 0)).item()
    >>> draw("order") == draw("order"), draw("order") == draw("default")
    (True, False)
    """
    return torch.Generator().manual_seed(seed_for(purpose, seed))
