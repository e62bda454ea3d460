"""Smooth functions: the argument times a gate."""

from __future__ import annotations

from torch import Tensor

from ogive.torch.autograd import Elementwise
from ogive.torch.functional.documented import documented
from ogive.torch.learned import Learned
from ogive.torch.overrides import overridable

__all__ = ["gelu", "gelu_tanh", "lisht", "mish", "quick_gelu", "silu", "swish"]

_silu = Elementwise("silu")
_swish = Learned("swish")
_gelu = Elementwise("gelu")
_gelu_tanh = Elementwise("gelu_tanh")
_quick_gelu = Elementwise("quick_gelu")
_mish = Elementwise("mish")
_lisht = Elementwise("lisht")


@overridable
@documented("silu")
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """Apply the sigmoid linear unit, x / (1 + exp(-x)), to every element.

    At -inf the value is the limit, -0.0, where torch has NaN.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.silu(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([-0.2384,  0.0000,  1.7616])
    """
    return _silu(input, inplace=inplace)


@overridable
@documented("swish")
def swish(input: Tensor, beta: float | Tensor = 1.0) -> Tensor:
    """Apply x / (1 + exp(-beta x)), the SiLU of a sharpness that can be learned.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> beta = torch.tensor(2.0, requires_grad=True)
    >>> functional.swish(torch.tensor([-1.0, 1.0]), beta).sum().backward()
    >>> beta.grad
    tensor(0.2100)
    """
    return _swish(input, beta)


@overridable
@documented("gelu")
def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """Apply the Gaussian error linear unit, x Φ(x), to every element.

    The left tail is kept; torch gives 0 below x = -5.5 in float32.

    Parameters
    ----------
    approximate : {"none", "tanh"}, optional
        "none" is the function itself, "tanh" its approximation, `gelu_tanh`.

    Raises
    ------
    ValueError
        If `approximate` is anything else.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.gelu(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([-0.0455,  0.0000,  1.9545])
    """
    if approximate == "none":
        return _gelu(input)
    if approximate == "tanh":
        return _gelu_tanh(input)
    raise ValueError(f"gelu: approximate is 'none' or 'tanh', not {approximate!r}")


@overridable
@documented("gelu_tanh")
def gelu_tanh(input: Tensor) -> Tensor:
    """Apply GELU with tanh for the normal distribution function, to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.gelu_tanh(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([-0.0454,  0.0000,  1.9546])
    """
    return _gelu_tanh(input)


@overridable
@documented("quick_gelu")
def quick_gelu(input: Tensor) -> Tensor:
    """Apply x / (1 + exp(-1.702 x)), an approximation of GELU, to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.quick_gelu(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([-0.0643,  0.0000,  1.9357])
    """
    return _quick_gelu(input)


@overridable
@documented("mish")
def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """Apply x tanh(log(1 + exp(x))) to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.mish(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([-0.2525,  0.0000,  1.9440])
    """
    return _mish(input, inplace=inplace)


@overridable
@documented("lisht")
def lisht(input: Tensor) -> Tensor:
    """Apply x tanh(x) to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.lisht(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([1.9281, 0.0000, 1.9281])
    """
    return _lisht(input)
