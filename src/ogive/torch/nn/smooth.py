"""Smooth functions as modules: the argument times a gate."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from ogive.torch import functional
from ogive.torch.nn.learnable import Learnable

__all__ = ["GELU", "GELUTanh", "LiSHT", "Mish", "QuickGELU", "SiLU", "Swish"]


class SiLU(nn.SiLU):
    """`torch.nn.SiLU` computed by `ogive.torch.functional.silu`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import SiLU
    >>> SiLU()(torch.tensor([1.0]))
    tensor([0.7311])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.silu(input, self.inplace)


class Swish(Learnable):
    """SiLU with a learned sharpness, `ogive.torch.functional.swish`.

    Parameters
    ----------
    num_parameters : int, optional
        1, or the number of channels, which are dimension 1 of the input.
    beta : float, optional
        The first value of the sharpness.
    device, dtype : optional
        Of the parameter.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what it must be.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Swish
    >>> Swish()(torch.tensor([1.0])).detach()
    tensor([0.7311])
    """

    function: ClassVar[str] = "swish"
    beta: Parameter

    def __init__(
        self,
        num_parameters: int = 1,
        beta: float = 1.0,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(num_parameters, {"beta": beta}, device, dtype)


class GELU(nn.GELU):
    """`torch.nn.GELU` computed by `ogive.torch.functional.gelu`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import GELU
    >>> GELU()(torch.tensor([1.0]))
    tensor([0.8413])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.gelu(input, self.approximate)


class GELUTanh(nn.Module):
    """GELU by tanh, `ogive.torch.functional.gelu_tanh`: ``GELU(approximate="tanh")``.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import GELUTanh
    >>> GELUTanh()(torch.tensor([1.0]))
    tensor([0.8412])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.gelu_tanh(input)


class QuickGELU(nn.Module):
    """GELU by a sigmoid, `ogive.torch.functional.quick_gelu`, as a module; torch has none.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import QuickGELU
    >>> QuickGELU()(torch.tensor([1.0]))
    tensor([0.8458])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.quick_gelu(input)


class Mish(nn.Mish):
    """`torch.nn.Mish` computed by `ogive.torch.functional.mish`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Mish
    >>> Mish()(torch.tensor([1.0]))
    tensor([0.8651])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.mish(input, self.inplace)


class LiSHT(nn.Module):
    """x tanh(x), `ogive.torch.functional.lisht`, as a module; torch has none.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import LiSHT
    >>> LiSHT()(torch.tensor([-1.0]))
    tensor([0.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.lisht(input)
