"""The exponential units as modules: linear above 0, an exponential below."""

from __future__ import annotations

from torch import Tensor, nn

from ogive.torch import functional

__all__ = ["CELU", "ELU", "SELU"]


class ELU(nn.ELU):
    """`torch.nn.ELU` computed by `ogive.torch.functional.elu`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import ELU
    >>> ELU()(torch.tensor([-1.0]))
    tensor([-0.6321])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.elu(input, self.alpha, self.inplace)


class CELU(nn.CELU):
    """`torch.nn.CELU` computed by `ogive.torch.functional.celu`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import CELU
    >>> CELU(2.0)(torch.tensor([-2.0]))
    tensor([-1.2642])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.celu(input, self.alpha, self.inplace)


class SELU(nn.SELU):
    """`torch.nn.SELU` computed by `ogive.torch.functional.selu`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import SELU
    >>> SELU()(torch.tensor([2.0]))
    tensor([2.1014])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.selu(input, self.inplace)
