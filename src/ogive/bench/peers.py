"""Who competes in a row: Ogive, every installed library that has the function, and yardsticks."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

import ogive
from ogive import config
from ogive.bench.work import LOSSES, Array, Arrays, Call, Work

__all__ = ["PEERS", "available", "contenders", "saved", "set_threads"]

PEERS = ("numpy", "scipy", "torch", "jax", "numexpr", "numba")

# Up to this size np.tanh joins in, to tell what a call costs; from the next on Ogive's relu stands
# beside sigmoid, to tell what moving the numbers costs.
SMALL, LARGE = 10_000, 1_000_000

_copiers: dict[int, ThreadPoolExecutor] = {}


def available() -> tuple[str, ...]:
    """Return those of `PEERS` that are installed."""
    return tuple(peer for peer in PEERS if find_spec(peer) is not None)


def set_threads(threads: int, peers: Sequence[str]) -> None:
    """Give Ogive and every peer the same number of threads; NumPy and SciPy use one always.

    JAX takes its number from the environment when it is first imported: see `ogive.bench.run`.
    """
    config.set_num_threads(threads)
    for peer in peers:
        if peer in ("torch", "numexpr", "numba"):
            _of(peer).set_threads(threads)


def saved(peer: str, name: str, kind: str) -> str | None:
    """Return what a peer is given for nothing: what its forward has saved for its backward."""
    if peer != "torch" or kind != "backward":
        return None
    known: dict[str, str] = _of("torch").SAVED
    return known.get(name)


def contenders(
    name: str, kind: str, arrays: Arrays, peers: Sequence[str], *, yardsticks: bool = True
) -> dict[str, Call]:
    """Return the calls that compete at one function, by contender.

    Parameters
    ----------
    name : str
        A function of the catalogue, or one of `ROWS` or `LOSSES` in `ogive.bench.work`.
    kind : one of `ogive.bench.work.KINDS`
    arrays : Arrays
    peers : sequence of str
        Those of `PEERS` that may compete.
    yardsticks : bool, optional
        Whether the yardsticks come too: copies ('copy numpy', 'copy torch'), 'np.tanh' beside
        small values, 'ogive relu' beside large sigmoids, and 'ogive without out' where it makes
        the gradient of a loss anew each time, as torch does.

    Returns
    -------
    dict of str to callable
        Each call does the whole work once and returns its result.  A library that has no such
        function is left out.
    """
    work = Work(name, kind, arrays)
    calls = {"ogive": _ogive(work)}
    for peer in peers:
        call = _of(peer).contender(work)
        if call is not None:
            calls[peer] = call
    if not yardsticks:
        return calls
    if name in LOSSES:
        if kind == "with_grad":
            calls["ogive without out"] = _loss(work, None)
        return calls
    x, out = work.x, work.out
    calls["copy numpy"] = _copy(x, out)
    if "torch" in peers:
        calls["copy torch"] = _of("torch").copy(x, out)
    if kind == "value" and arrays.count <= SMALL:
        calls["np.tanh"] = partial(np.tanh, x, out=out)
    if (name, kind) == ("sigmoid", "value") and arrays.count >= LARGE:
        calls["ogive relu"] = partial(ogive.relu, x, out=out)
    return calls


def _of(peer: str) -> Any:
    """Return the module with a peer's contenders; it imports the library."""
    return import_module(f"ogive.bench.with_{peer}")


def _ogive(work: Work) -> Call:
    if work.name in LOSSES:
        return _loss(work, work.out)
    if work.kind == "value" and work.name == "logsumexp":
        return partial(ogive.logsumexp, work.x, out=np.empty(len(work.x), work.x.dtype))
    if work.kind == "value":
        return partial(getattr(ogive, work.name), work.x, out=work.out)
    if work.kind == "grad":
        return partial(getattr(ogive.grad, work.name), work.x, out=work.out)
    return partial(getattr(ogive.backward, work.name), work.g, work.x, out=work.out)


def _loss(work: Work, out: Array | None) -> Call:
    loss = getattr(ogive.losses, work.name)
    target = work.arrays.classes if work.name == "cross_entropy" else work.arrays.targets
    if work.kind == "value":
        return partial(loss, work.x, target)
    return partial(loss, work.x, target, with_grad=True, out=out)


def _copy(x: Array, out: Array) -> Call:
    """Return NumPy's copy, which streams beyond the caches; of large arrays a part a thread."""
    threads = config.get_num_threads()
    if threads == 1 or x.size < LARGE:
        return partial(np.copyto, out, x)
    pool = _copiers.setdefault(threads, ThreadPoolExecutor(threads))
    parts = list(zip(np.array_split(out, threads), np.array_split(x, threads), strict=True))

    def call() -> None:
        for part in [pool.submit(np.copyto, *part) for part in parts]:
            part.result()

    return call
