"""The shrinkage functions as modules: they draw their argument towards 0."""

from __future__ import annotations

from torch import Tensor, nn

from ogive.torch import functional

__all__ = ["Hardshrink", "Softshrink", "Tanhshrink"]


class Softshrink(nn.Softshrink):
    """`torch.nn.Softshrink` computed by `ogive.torch.functional.softshrink`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Softshrink
    >>> Softshrink()(torch.tensor([2.0]))
    tensor([1.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.softshrink(input, self.lambd)


class Hardshrink(nn.Hardshrink):
    """`torch.nn.Hardshrink` computed by `ogive.torch.functional.hardshrink`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Hardshrink
    >>> Hardshrink()(torch.tensor([0.25, 2.0]))
    tensor([0., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.hardshrink(input, self.lambd)


class Tanhshrink(nn.Tanhshrink):
    """`torch.nn.Tanhshrink` computed by `ogive.torch.functional.tanhshrink`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Tanhshrink
    >>> Tanhshrink()(torch.tensor([2.0]))
    tensor([1.0360])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.tanhshrink(input)
