"""Which machine this is, told without loading torch."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import ogive

__all__ = ["Machine", "processor"]


@cache
def processor() -> str:
    """Return the processor's name as the system has it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


@dataclass(frozen=True)
class Machine:
    """What a time depends on beside what is timed.

    Parameters
    ----------
    cpu : str
        The processor.
    torch : str
        Torch's version; empty where it is not installed.
    ogive : str
        Ogive's version.
    threads : int
        How many threads compute.

    Examples
    --------
    >>> Machine.this() == Machine.this()
    True
    """

    cpu: str
    torch: str
    ogive: str
    threads: int = 1

    @classmethod
    def this(cls) -> Machine:
        """Return the machine that this process runs on."""
        try:
            torch = version("torch")
        except PackageNotFoundError:
            torch = ""
        return cls(processor(), torch, ogive.__version__)

    def to_dict(self) -> dict[str, str | int]:
        """Return the machine as plain JSON values."""
        return asdict(self)
