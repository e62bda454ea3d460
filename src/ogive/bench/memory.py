"""How much memory a call takes at its peak, where the system tells (Linux)."""

from __future__ import annotations

from pathlib import Path

from ogive.bench.work import Call

__all__ = ["peak"]

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


def peak(call: Call) -> int | None:
    """Call once and return the largest amount of memory that it had beyond what there was before.

    Parameters
    ----------
    call : callable
        Without arguments. What it keeps for the next time is made beforehand: it is called twice.
        Less than 32 MiB may come from what the C library has kept, and not be seen.

    Returns
    -------
    int or None
        Bytes, in pages; None where the system does not tell.

    Examples
    --------
    >>> import numpy as np
    >>> found = peak(lambda: np.ones(2**23))
    >>> found is None or round(found / 2**20) == 64
    True
    """
    call()
    try:
        _RESET.write_text("5", encoding="ascii")  # the peak is what there is now
    except OSError:
        return None
    before = _kilobytes("VmRSS")
    call()
    after = _kilobytes("VmHWM")
    if before is None or after is None:
        return None
    return max(0, after - before) * 1024


def _kilobytes(name: str) -> int | None:
    for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return None
