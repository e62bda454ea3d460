"""How many threads a fit may use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from joblib import effective_n_jobs
from threadpoolctl import threadpool_limits

from ogive import _core

Item = TypeVar("Item")
Result = TypeVar("Result")

LARGE = 4_000_000
"""Entries of features from which on threads are worth what it costs to manage them."""


def threads_of(n_jobs: int | None) -> int | None:
    """Return how many threads `n_jobs` stands for, by joblib's rules.

    Parameters
    ----------
    n_jobs : int or None
        Negative: as many as there are processors, less -n_jobs - 1.

    Returns
    -------
    int or None
        None for no limit of its own.

    Raises
    ------
    ValueError
        For 0.

    Examples
    --------
    >>> from ogive.linear_model.threads import threads_of
    >>> threads_of(2), threads_of(None)
    (2, None)
    """
    return None if n_jobs is None else int(effective_n_jobs(n_jobs))


@contextmanager
def limited_threads(count: int | None) -> Iterator[None]:
    """Let Ogive's loops and BLAS use at most so many threads.

    Parameters
    ----------
    count : int or None
        None changes nothing.

    Examples
    --------
    >>> from ogive.linear_model.threads import limited_threads
    >>> with limited_threads(1):
    ...     pass
    """
    if count is None:
        yield
        return
    before = _core.limit_num_threads(count)
    try:
        with threadpool_limits(limits=count, user_api="blas"):
            yield
    finally:
        _core.limit_num_threads(before)


@contextmanager
def blas_alone(entries: int) -> Iterator[None]:
    """Let BLAS use one thread while there are many features; Ogive's loops use all of theirs.

    After a product on several threads OpenBLAS lets them spin, on the cores that the next pass
    over the rows is about to use: with two cores a fit on two threads was no faster than on one.

    Parameters
    ----------
    entries : int
        Of the features; fewer than `LARGE` change nothing.

    Examples
    --------
    >>> from ogive.linear_model.threads import blas_alone
    >>> with blas_alone(100):
    ...     pass
    """
    if entries < LARGE or _core.get_num_threads() == 1:
        yield
        return
    with threadpool_limits(limits=1, user_api="blas"):
        yield


def in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], entries: int
) -> Iterator[Result]:
    """Call a function that releases the lock with each of some items, several at a time.

    Parameters
    ----------
    function : callable
    items : iterable
    entries : int
        Of the features; fewer than `LARGE` are left to one thread, and to BLAS.

    Yields
    ------
    object
        The results in the order of the items; there are never more of them than threads.

    Examples
    --------
    >>> from ogive.linear_model.threads import in_threads
    >>> list(in_threads(abs, [-1, 2], entries=10))
    [1, 2]
    """
    workers = _core.get_num_threads()
    if entries < LARGE or workers == 1:
        yield from map(function, items)
        return
    remaining = iter(items)
    with blas_alone(entries), ThreadPoolExecutor(workers) as pool:
        while group := list(islice(remaining, workers)):
            yield from pool.map(function, group)
