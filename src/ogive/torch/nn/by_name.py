"""From the name of a function in the catalogue to its module."""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn

from ogive import catalog
from ogive.torch.nn.adaptive import PAU, PDELU, SRS, XIELU, ABReLU
from ogive.torch.nn.exponential import CELU, ELU, SELU
from ogive.torch.nn.logistic import (
    Hardsigmoid,
    Hardtanh,
    Log1mexp,
    Logit,
    LogSigmoid,
    Odds,
    Sigmoid,
    Softplus,
    Softsign,
    Squareplus,
    Tanh,
)
from ogive.torch.nn.rectifier import (
    Hardswish,
    LeakyReLU,
    PReLU,
    ReLU,
    ReLU6,
    ReLUSquared,
    RReLU,
    Threshold,
)
from ogive.torch.nn.shrinkage import Hardshrink, Softshrink, Tanhshrink
from ogive.torch.nn.smooth import GELU, GELUTanh, LiSHT, Mish, QuickGELU, SiLU, Swish

__all__ = ["MODULES", "activation"]

MODULES: dict[str, type[nn.Module]] = {
    "sigmoid": Sigmoid,
    "logit": Logit,
    "odds": Odds,
    "log_sigmoid": LogSigmoid,
    "log1mexp": Log1mexp,
    "tanh": Tanh,
    "softsign": Softsign,
    "softplus": Softplus,
    "squareplus": Squareplus,
    "hard_sigmoid": Hardsigmoid,
    "hard_tanh": Hardtanh,
    "relu": ReLU,
    "relu6": ReLU6,
    "leaky_relu": LeakyReLU,
    "prelu": PReLU,
    "rrelu": RReLU,
    "threshold": Threshold,
    "relu_squared": ReLUSquared,
    "hard_swish": Hardswish,
    "elu": ELU,
    "celu": CELU,
    "selu": SELU,
    "softshrink": Softshrink,
    "hardshrink": Hardshrink,
    "tanhshrink": Tanhshrink,
    "silu": SiLU,
    "swish": Swish,
    "gelu": GELU,
    "gelu_tanh": GELUTanh,
    "quick_gelu": QuickGELU,
    "mish": Mish,
    "lisht": LiSHT,
    "srs": SRS,
    "pdelu": PDELU,
    "abrelu": ABReLU,
    "pau": PAU,
    "xielu": XIELU,
}
"""The class of every function of the catalogue, by its name there."""

_ARGUMENTS = {
    "hard_tanh": {"min": "min_val", "max": "max_val"},
    "prelu": {"weight": "init"},
}
"""Constructor arguments whose name is not that of the parameter in the catalogue."""


def activation(name: str, **params: Any) -> nn.Module:
    """Build the module of a function of the catalogue.

    Parameters
    ----------
    name : str
        A name in `ogive.catalog.CATALOG`, or an alias such as "expit".
    **params
        Parameters of the function, such as ``negative_slope``, which for a learned one is its first
        value, and other arguments of the module, such as ``inplace``. Where torch asks for a
        parameter and the catalogue has a default (Threshold), that is taken.

    Returns
    -------
    torch.nn.Module
        An instance of a class of `ogive.torch.nn`.

    Raises
    ------
    TypeError
        If `name` is not a string, or the module has no such argument.
    ValueError
        If there is no such function, and the message names the closest ones; or if a parameter is
        out of its bounds.

    Examples
    --------
    >>> from ogive.torch.nn import activation
    >>> activation("leaky_relu", negative_slope=0.2)
    LeakyReLU(negative_slope=0.2)
    >>> activation("hard_tanh", min=-2.0)
    Hardtanh(min_val=-2.0, max_val=1.0)
    """
    record = catalog.get(name)
    module = MODULES[record.name]
    called = _ARGUMENTS.get(record.name, {})
    arguments = {called.get(key, key): value for key, value in params.items()}
    asked = inspect.signature(module).parameters
    for key, default in record.defaults().items():
        argument = asked.get(called.get(key, key))
        if argument is not None and argument.default is argument.empty:
            arguments.setdefault(argument.name, default)
    return module(**arguments)
