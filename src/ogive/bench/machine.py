"""What a benchmark ran on: without it a figure says nothing."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import ogive
from ogive import _core
from ogive.bench.peers import PEERS

__all__ = ["machine", "memory", "versions"]


def machine() -> dict[str, str]:
    """Return the processor, its caches, the cores that may be used and the level in use."""
    return {
        "processor": _processor(),
        "caches": _caches(),
        "cores": str(len(os.sched_getaffinity(0))),
        "system": f"{platform.system()} {platform.machine()}",
        "level": _core.isa,
    }


def versions() -> dict[str, str]:
    """Return the versions of Ogive, Python and the peers that are installed."""
    found = {"ogive": ogive.__version__, "python": platform.python_version()}
    for peer in PEERS:
        try:
            found[peer] = version(peer)
        except PackageNotFoundError:
            continue
    return found


def memory() -> int:
    """Return the bytes of memory that the machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _caches() -> str:
    """Return the data caches that the first core sees: 'L1 32K, L2 1024K, L3 36608K'."""
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            level, kind, size = (
                (index / name).read_text(encoding="utf-8").strip()
                for name in ("level", "type", "size")
            )
        except OSError:
            continue
        if kind != "Instruction":
            found.append(f"L{level} {size}")
    return ", ".join(found) or "unknown"
