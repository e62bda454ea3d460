"""The sigmoid as a module, what is built on it, and what stands in for it."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from ogive.torch import functional
from ogive.torch.functional.checks import number

__all__ = [
    "Hardsigmoid",
    "Hardtanh",
    "Log1mexp",
    "LogSigmoid",
    "Logit",
    "Odds",
    "Sigmoid",
    "Softplus",
    "Softsign",
    "Squareplus",
    "Tanh",
]


class Sigmoid(nn.Sigmoid):
    """`torch.nn.Sigmoid` computed by `ogive.torch.functional.sigmoid`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Sigmoid
    >>> Sigmoid()(torch.tensor([0.0]))
    tensor([0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.sigmoid(input)


class Logit(nn.Module):
    """The log-odds, `ogive.torch.functional.logit`, as a module; torch has none.

    Parameters
    ----------
    eps : float, optional
        If given, the input is clamped to [eps, 1 - eps].

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Logit
    >>> Logit()(torch.tensor([0.5]))
    tensor([0.])
    """

    __constants__: ClassVar[list[str]] = ["eps"]
    eps: float | None

    def __init__(self, eps: float | None = None) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.logit(input, self.eps)

    def extra_repr(self) -> str:
        """Show the argument."""
        return f"eps={self.eps}"


class Odds(nn.Module):
    """The odds of a probability, `ogive.torch.functional.odds`, as a module; torch has none.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Odds
    >>> Odds()(torch.tensor([0.75]))
    tensor([3.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.odds(input)


class LogSigmoid(nn.LogSigmoid):
    """`torch.nn.LogSigmoid` computed by `ogive.torch.functional.logsigmoid`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import LogSigmoid
    >>> LogSigmoid()(torch.tensor([0.0]))
    tensor([-0.6931])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.logsigmoid(input)


class Log1mexp(nn.Module):
    """log(1 - exp(-x)), `ogive.torch.functional.log1mexp`, as a module; torch has none.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Log1mexp
    >>> Log1mexp()(torch.tensor([1.0]))
    tensor([-0.4587])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.log1mexp(input)


class Tanh(nn.Tanh):
    """`torch.nn.Tanh` computed by `ogive.torch.functional.tanh`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Tanh
    >>> Tanh()(torch.tensor([1.0]))
    tensor([0.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.tanh(input)


class Softsign(nn.Softsign):
    """`torch.nn.Softsign` computed by `ogive.torch.functional.softsign`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Softsign
    >>> Softsign()(torch.tensor([1.0]))
    tensor([0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.softsign(input)


class Softplus(nn.Softplus):
    """`torch.nn.Softplus` computed by `ogive.torch.functional.softplus`.

    `threshold` is kept for compatibility and has no effect: the formula is right everywhere.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Softplus
    >>> Softplus(beta=2.0)(torch.tensor([0.0]))
    tensor([0.3466])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.softplus(input, self.beta, self.threshold)


class Squareplus(nn.Module):
    """A smooth ReLU, `ogive.torch.functional.squareplus`, as a module; torch has none.

    Parameters
    ----------
    b : float, optional
        Width of the bend: 0 is ReLU, 4 is as curved at 0 as softplus.

    Raises
    ------
    TypeError, ValueError
        If `b` is not a finite number of at least 0.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Squareplus
    >>> Squareplus()(torch.tensor([0.0]))
    tensor([1.])
    """

    __constants__: ClassVar[list[str]] = ["b"]
    b: float

    def __init__(self, b: float = 4.0) -> None:
        super().__init__()
        self.b = number("squareplus", "b", b)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.squareplus(input, self.b)

    def extra_repr(self) -> str:
        """Show the argument."""
        return f"b={self.b}"


class Hardsigmoid(nn.Hardsigmoid):
    """`torch.nn.Hardsigmoid` computed by `ogive.torch.functional.hardsigmoid`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Hardsigmoid
    >>> Hardsigmoid()(torch.tensor([1.5]))
    tensor([0.7500])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.hardsigmoid(input, self.inplace)


class Hardtanh(nn.Hardtanh):
    """`torch.nn.Hardtanh` computed by `ogive.torch.functional.hardtanh`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import Hardtanh
    >>> Hardtanh(-2.0, 2.0)(torch.tensor([3.0]))
    tensor([2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the function."""
        return functional.hardtanh(input, self.min_val, self.max_val, self.inplace)
