"""The shrinkage functions: they draw their argument towards 0."""

from __future__ import annotations

from math import inf
from numbers import Real

import torch
from torch import Tensor

from ogive.torch.autograd import Elementwise
from ogive.torch.functional.checks import is_integral, number
from ogive.torch.functional.documented import documented
from ogive.torch.overrides import overridable

__all__ = ["hardshrink", "softshrink", "tanhshrink"]

_softshrink = Elementwise("softshrink")
_hardshrink = Elementwise("hardshrink")
_tanhshrink = Elementwise("tanhshrink")


@overridable
@documented("softshrink")
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Move every element towards 0 by lambd, and no further than 0.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.softshrink(torch.tensor([-2.0, 0.25, 2.0]))
    tensor([-1.5000,  0.0000,  1.5000])
    """
    return _softshrink(input, number("softshrink", "lambd", lambd))


@overridable
@documented("hardshrink")
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Keep every element that exceeds lambd in size, and put 0 for the others.

    Parameters
    ----------
    lambd : float, optional
        The threshold; a negative one keeps everything, as torch has it.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.hardshrink(torch.tensor([-2.0, 0.25, 2.0]))
    tensor([-2.,  0.,  2.])
    """
    if isinstance(lambd, Real) and -inf < lambd < 0:
        return torch.nn.functional.hardshrink(input, float(lambd))
    return _hardshrink(input, number("hardshrink", "lambd", lambd))


@overridable
@documented("tanhshrink", integers="promoted")
def tanhshrink(input: Tensor) -> Tensor:
    """Apply x - tanh(x) to every element.

    Next to 0, where the terms cancel, torch's loses all digits; here they are kept.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.tanhshrink(torch.tensor([0.001, 2.0]))
    tensor([3.3333e-10, 1.0360e+00])
    """
    # Of booleans torch makes nothing, of integers the default dtype.
    return _tanhshrink(input.to(torch.get_default_dtype()) if is_integral(input) else input)
