"""Ogive for PyTorch: change the import, keep the network.

`ogive.torch.functional` and `ogive.torch.nn` have every function of the catalogue under torch's
names, signatures and defaults, with values and gradients at the catalogue's accuracy, and hand out
torch's own objects under all other names; `ogive.torch.init` initialises a network as its
activations ask. Tensors on the CPU share their memory with the native loops; on other devices,
and under `torch.compile` and `torch.export`, the portable formulas of `ogive.formulas` are used.
"""

from __future__ import annotations

from ogive.extras import require

try:
    from ogive.torch import functional, init, nn
except ModuleNotFoundError:
    require("ogive.torch", "torch", extra="torch")
    raise

__all__ = ["functional", "init", "nn"]
