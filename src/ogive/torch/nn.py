"""Activation modules under the names, arguments and attributes of `torch.nn`.

Each class derives from torch's own, so that its constructor, attributes, representation, pickles
and `isinstance` checks are torch's, and only the computation is replaced. None of them has
parameters or buffers: a checkpoint of a network with torch's modules loads unchanged.
"""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor, nn

from ogive import catalog
from ogive.torch import functional

__all__ = [
    "ELU",
    "GELU",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Logit",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "activation",
    "recognise",
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


MODULES: dict[str, type[nn.Module]] = {
    "sigmoid": Sigmoid,
    "logit": Logit,
    "log_sigmoid": LogSigmoid,
    "tanh": Tanh,
    "softplus": Softplus,
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "elu": ELU,
    "silu": SiLU,
    "swish": SiLU,  # at its default, beta = 1
    "gelu": GELU,
}
"""Catalogue name to module; a parameter of the function is the attribute of the same name."""


def activation(name: str, **params: Any) -> nn.Module:
    """Build the module of a function of the catalogue.

    Parameters
    ----------
    name : str
        A name in `ogive.catalog.CATALOG`, or an alias such as "swish".
    **params
        Arguments of the module, such as ``negative_slope`` or ``inplace``.

    Returns
    -------
    torch.nn.Module
        An instance of a class of this module.

    Raises
    ------
    TypeError
        If `name` is not a string, or the module has no such argument.
    ValueError
        If there is no such function, and the message names the closest ones; or if it has no
        module here, and the message names those that have one.

    Examples
    --------
    >>> from ogive.torch.nn import activation
    >>> activation("leaky_relu", negative_slope=0.2)
    LeakyReLU(negative_slope=0.2)
    """
    function = catalog.get(name).name
    if function not in MODULES:
        raise ValueError(
            f"{function} has no module in ogive.torch.nn; there is one for {', '.join(MODULES)}"
        )
    return MODULES[function](**params)


def recognise(module: nn.Module) -> tuple[catalog.Function, dict[str, float]] | None:
    """Say which function of the catalogue an activation module computes.

    Parameters
    ----------
    module : torch.nn.Module
        A module of Ogive or of `torch.nn`, or of a class derived from one.

    Returns
    -------
    tuple of (ogive.catalog.Function, dict of str to float), or None
        The record and the parameters the module holds; None if it is no such module.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.nn import recognise
    >>> function, parameters = recognise(torch.nn.ELU(alpha=0.5))
    >>> function.name, parameters
    ('elu', {'alpha': 0.5})
    """
    for name, own in MODULES.items():
        # Every class but Logit has torch's class of the same name as its first base.
        known = own if own is Logit else own.__bases__[0]
        if isinstance(module, known):
            record = catalog.get(name)
            return record, {p.name: float(getattr(module, p.name)) for p in record.parameters}
    return None
