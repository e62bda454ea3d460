"""What a run was made with, kept beside its numbers and no part of its key."""

from __future__ import annotations

import platform

import numpy
import torch

import ogive
from ogive import _core
from ogive.study.machine import processor


def environment() -> dict[str, str]:
    """Return the versions, instruction set and processor that a run was made with."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": numpy.__version__,
        "ogive": ogive.__version__,
        "isa": _core.isa,
        "cpu": processor(),
    }
