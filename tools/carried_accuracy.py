"""Accuracy on a machine that is emulated: the truth computed here, the functions there.

mpmath is many times slower under an emulator, so the exact results are computed natively:

    python tools/carried_accuracy.py pack FILE      # natively: arguments and exact results
    python tools/carried_accuracy.py check FILE     # emulated: as tests/check_accuracy.py prints

The arguments travel with them, because NumPy's own exp and exp2, with which some of them are
drawn, differ in the last bit from one processor to another.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import check_accuracy
from points import Points, dtype_of

SEED = 0


def _key(name: str, dtype: str) -> str:
    return f"carried/{name}/{dtype}"


def pack(file: str) -> int:
    """Write the arguments and the exact results of every function."""
    arrays: dict[str, Any] = check_accuracy.exact_results(SEED)
    for name in check_accuracy.NAMES:
        for dtype in ("float32", "float64"):
            here = check_accuracy.points(name, dtype, SEED)
            arrays[_key(name, dtype)] = np.stack((here.x, here.grad_output, *here.parameters))
    for dtype in check_accuracy.SHORTS:
        # As bits, for the file's format does not know bfloat16.
        gradients = check_accuracy.short_gradients(dtype)
        arrays[_key("gradients", dtype)] = gradients.view(np.uint16)
    np.savez(file, **arrays)
    return 0


def check(file: str) -> int:
    """Print the worst points against what `pack` wrote; 1 if one is beyond its bound."""
    arrays = dict(np.load(file))

    def carried(name: str, dtype: str, seed: int, density: float) -> Points:
        x, grad_output, *parameters = arrays[_key(name, dtype)]
        return Points(x, tuple(parameters), grad_output)

    def carried_gradients(dtype: str) -> np.ndarray:
        return arrays[_key("gradients", dtype)].view(dtype_of(dtype))

    check_accuracy.points = carried
    check_accuracy.short_gradients = carried_gradients
    sys.argv[1:] = ["--exact", file]
    return check_accuracy.main()


if __name__ == "__main__":
    sys.exit({"pack": pack, "check": check}[sys.argv[1]](sys.argv[2]))
