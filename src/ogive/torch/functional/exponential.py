"""The exponential units: linear above 0, an exponential below."""

from __future__ import annotations

from torch import Tensor

from ogive.torch.autograd import Elementwise
from ogive.torch.functional.documented import documented
from ogive.torch.learned import Learned
from ogive.torch.overrides import overridable

__all__ = ["celu", "celu_", "elu", "elu_", "selu", "selu_"]

_elu = Learned("elu")
_celu = Learned("celu")
_selu = Elementwise("selu")


@overridable
@documented("elu")
def elu(input: Tensor, alpha: float | Tensor = 1.0, inplace: bool = False) -> Tensor:
    """Apply x where x > 0 and alpha (exp(x) - 1) elsewhere, to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.elu(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([-0.8647,  0.0000,  2.0000])
    """
    return _elu(input, alpha, inplace=inplace)


@overridable
@documented("elu")
def elu_(input: Tensor, alpha: float | Tensor = 1.0) -> Tensor:
    """Apply `elu` in place.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> x = torch.tensor([-1.0, 2.0])
    >>> functional.elu_(x) is x
    True
    """
    return elu(input, alpha, inplace=True)


@overridable
@documented("celu")
def celu(input: Tensor, alpha: float | Tensor = 1.0, inplace: bool = False) -> Tensor:
    """Apply x where x > 0 and alpha (exp(x / alpha) - 1) elsewhere, to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.celu(torch.tensor([-2.0, 0.0, 2.0]), 2.0)
    tensor([-1.2642,  0.0000,  2.0000])
    """
    return _celu(input, alpha, inplace=inplace)


@overridable
@documented("celu")
def celu_(input: Tensor, alpha: float | Tensor = 1.0) -> Tensor:
    """Apply `celu` in place.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> x = torch.tensor([-1.0, 2.0])
    >>> functional.celu_(x) is x
    True
    """
    return celu(input, alpha, inplace=True)


@overridable
@documented("selu")
def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Apply the self-normalising ELU, scale (x if x > 0 else alpha (exp(x) - 1)).

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.selu(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([-1.5202,  0.0000,  2.1014])
    """
    return _selu(input, inplace=inplace)


@overridable
@documented("selu")
def selu_(input: Tensor) -> Tensor:
    """Apply `selu` in place.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> x = torch.tensor([-1.0, 2.0])
    >>> functional.selu_(x) is x
    True
    """
    return selu(input, inplace=True)
