"""How many threads a fit may use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from joblib import effective_n_jobs
from threadpoolctl import threadpool_limits

from ogive import _core


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
