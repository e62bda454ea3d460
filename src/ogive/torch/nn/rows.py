"""Functions of a row as modules: softmax and its relatives."""

from __future__ import annotations

from torch import Tensor, nn

from ogive.torch import functional

__all__ = ["LogSoftmax", "Softmax", "Softmax2d", "Softmin"]


class Softmax(nn.Softmax):
    """`torch.nn.Softmax` computed by `ogive.torch.functional.softmax`; `dim` must be given.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Softmax
    >>> Softmax(dim=0)(torch.tensor([1.0, 1.0]))
    tensor([0.5000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.softmax(input, self.dim)


class Softmin(nn.Softmin):
    """`torch.nn.Softmin` computed by `ogive.torch.functional.softmin`; `dim` must be given.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Softmin
    >>> Softmin(dim=0)(torch.tensor([1.0, 1.0]))
    tensor([0.5000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.softmin(input, self.dim)


class LogSoftmax(nn.LogSoftmax):
    """`torch.nn.LogSoftmax` computed by `ogive.torch.functional.log_softmax`; `dim` must be given.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import LogSoftmax
    >>> LogSoftmax(dim=0)(torch.tensor([1.0, 1.0]))
    tensor([-0.6931, -0.6931])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.log_softmax(input, self.dim)


class Softmax2d(nn.Softmax2d):
    """`torch.nn.Softmax2d` computed by `ogive.torch.functional.softmax`: over the channels.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Softmax2d
    >>> Softmax2d()(torch.zeros(2, 1, 1)).flatten()
    tensor([0.5000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d takes a tensor of 3 or 4 dimensions, not of {input.dim()}")
        return functional.softmax(input, -3)
