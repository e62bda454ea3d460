"""On how many rows of the test part an outcome is measured, where not on all.

Apart from what measures them, so that reading stored runs loads no torch.
"""

__all__ = ["NOISY", "SPARSE"]

NOISY = 2000
"""The first rows of the test part, to which `robustness` adds noise."""

SPARSE = 256
"""The first rows of the test part, on which `sparsity` looks at the activations' outputs."""
