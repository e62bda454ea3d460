"""Gated linear units as modules."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from ogive.torch.gates.functions import geglu, glu, one_of, reglu, swiglu

__all__ = ["GEGLU", "GLU", "ReGLU", "SwiGLU"]


class GLU(nn.GLU):
    """`torch.nn.GLU` computed by `ogive.torch.gates.glu`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.gates import GLU
    >>> GLU()(torch.tensor([1.0, 0.0]))
    tensor([0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return glu(input, self.dim)


class _Packed(nn.Module):
    """What the modules that torch lacks have in common: `dim` and `gate`."""

    __constants__: ClassVar[list[str]] = ["dim", "gate"]

    def __init__(self, dim: int = -1, gate: str = "last") -> None:
        super().__init__()
        one_of(type(self).__name__, "gate", gate, ("last", "first"))
        self.dim = dim
        self.gate = gate

    def extra_repr(self) -> str:
        """Show the arguments."""
        return f"dim={self.dim}, gate={self.gate!r}"


class SwiGLU(_Packed):
    """The function `swiglu` as a module; torch has none.

    Parameters
    ----------
    dim : int, optional
        The dimension that is halved.
    gate : {"last", "first"}, optional
        Which half silu is taken of.

    Raises
    ------
    TypeError
        If `gate` is no string.
    ValueError
        If `gate` is neither of them.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.gates import SwiGLU
    >>> SwiGLU(gate="first")(torch.tensor([2.0, 3.0]))
    tensor([5.2848])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return swiglu(input, self.dim, self.gate)


class ReGLU(_Packed):
    """The function `reglu` as a module; torch has none.

    Parameters
    ----------
    dim : int, optional
        The dimension that is halved.
    gate : {"last", "first"}, optional
        Which half relu is taken of.

    Raises
    ------
    TypeError
        If `gate` is no string.
    ValueError
        If `gate` is neither of them.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.gates import ReGLU
    >>> ReGLU()(torch.tensor([3.0, 2.0]))
    tensor([6.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return reglu(input, self.dim, self.gate)


class GEGLU(_Packed):
    """The function `geglu` as a module; torch has none.

    Parameters
    ----------
    dim : int, optional
        The dimension that is halved.
    gate : {"last", "first"}, optional
        Which half gelu is taken of.
    approximate : {"none", "tanh"}, optional
        Whether gelu is x Φ(x) or its approximation by tanh.

    Raises
    ------
    TypeError
        If `gate` or `approximate` is no string.
    ValueError
        If `gate` or `approximate` is neither of its two.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.gates import GEGLU
    >>> GEGLU()(torch.tensor([3.0, 1.0]))
    tensor([2.5240])
    """

    __constants__: ClassVar[list[str]] = ["dim", "gate", "approximate"]

    def __init__(self, dim: int = -1, gate: str = "last", approximate: str = "none") -> None:
        super().__init__(dim, gate)
        one_of(type(self).__name__, "approximate", approximate, ("none", "tanh"))
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return geglu(input, self.dim, self.gate, self.approximate)

    def extra_repr(self) -> str:
        """Show the arguments."""
        return f"{super().extra_repr()}, approximate={self.approximate!r}"
