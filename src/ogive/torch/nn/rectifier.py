"""ReLU as a module, and its descendants of straight lines and parabolas."""

from __future__ import annotations

from torch import Tensor, nn

from ogive.torch import functional

__all__ = ["Hardswish", "LeakyReLU", "PReLU", "RReLU", "ReLU", "ReLU6", "ReLUSquared", "Threshold"]


class ReLU(nn.ReLU):
    """`torch.nn.ReLU` computed by `ogive.torch.functional.relu`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import ReLU
    >>> ReLU()(torch.tensor([2.0]))
    tensor([2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.relu(input, self.inplace)


class ReLU6(nn.ReLU6):
    """`torch.nn.ReLU6` computed by `ogive.torch.functional.relu6`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import ReLU6
    >>> ReLU6()(torch.tensor([8.0]))
    tensor([6.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.relu6(input, self.inplace)


class LeakyReLU(nn.LeakyReLU):
    """`torch.nn.LeakyReLU` computed by `ogive.torch.functional.leaky_relu`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import LeakyReLU
    >>> LeakyReLU(0.2)(torch.tensor([-1.0]))
    tensor([-0.2000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.leaky_relu(input, self.negative_slope, self.inplace)


class PReLU(nn.PReLU):
    """`torch.nn.PReLU` computed by `ogive.torch.functional.prelu`.

    `weight` is its one learned parameter, as in torch.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import PReLU
    >>> PReLU()(torch.tensor([-1.0])).detach()
    tensor([-0.2500])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.prelu(input, self.weight)


class RReLU(nn.RReLU):
    """`torch.nn.RReLU` computed by `ogive.torch.functional.rrelu`.

    In training the slopes are drawn at random, by torch, the same from the same seed.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import RReLU
    >>> RReLU(0.25, 0.75).eval()(torch.tensor([-1.0]))
    tensor([-0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class Threshold(nn.Threshold):
    """`torch.nn.Threshold` computed by `ogive.torch.functional.threshold`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Threshold
    >>> Threshold(1.0, 0.0)(torch.tensor([0.5, 2.0]))
    tensor([0., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.threshold(input, self.threshold, self.value, self.inplace)


class ReLUSquared(nn.Module):
    """The square of ReLU, `ogive.torch.functional.relu_squared`, as a module; torch has none.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import ReLUSquared
    >>> ReLUSquared()(torch.tensor([3.0]))
    tensor([9.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.relu_squared(input)


class Hardswish(nn.Hardswish):
    """`torch.nn.Hardswish` computed by `ogive.torch.functional.hardswish`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Hardswish
    >>> Hardswish()(torch.tensor([1.5]))
    tensor([1.1250])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.hardswish(input, self.inplace)
