"""Ogive for PyTorch: change the import, keep the network.

`ogive.torch.functional` and `ogive.torch.nn` have torch's names, signatures and defaults, with
values and gradients at the catalogue's accuracy; `ogive.torch.init` initialises a network as its
activations ask. Tensors on the CPU share their memory with the native loops; on other devices,
and under `torch.compile` and `torch.export`, the portable formulas of `ogive.formulas` are used.
"""

from __future__ import annotations

try:
    import torch  # noqa: F401  (only to say clearly what is missing)
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise ImportError(
        "ogive.torch needs PyTorch, which is not installed: pip install ogive[torch]"
    ) from error

from ogive.torch import functional, init, nn

__all__ = ["functional", "init", "nn"]
