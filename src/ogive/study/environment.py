"""What a run was made with, kept beside its numbers and no part of its key."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path

import numpy
import torch

import ogive
from ogive import _core


@cache
def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def environment() -> dict[str, str]:
    """Return the versions, instruction set and processor that a run was made with."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": numpy.__version__,
        "ogive": ogive.__version__,
        "isa": _core.isa,
        "cpu": _processor(),
    }
