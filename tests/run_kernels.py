"""Run native loops on the arrays of a file: `python run_kernels.py IN OUT` at some OGIVE_ISA.

IN holds arrays named LOOP:CASE:OPERAND; OUT gets LOOP:CASE:RESULT.
"""

from __future__ import annotations

import sys
from collections import defaultdict

import numpy as np

from ogive import _core


def main(source: str, target: str) -> None:
    calls: dict[tuple[str, str], dict[int, np.ndarray]] = defaultdict(dict)
    with np.load(source) as arrays:
        for key in arrays:
            loop, case, operand = key.split(":")
            calls[loop, case][int(operand)] = arrays[key]
    results = {}
    for (loop, case), operands in calls.items():
        found = getattr(_core, loop)(*(operands[i] for i in sorted(operands)))
        for i, result in enumerate(found if isinstance(found, tuple) else (found,)):
            results[f"{loop}:{case}:{i}"] = result
    np.savez(target, **results)


if __name__ == "__main__":
    main(*sys.argv[1:])
