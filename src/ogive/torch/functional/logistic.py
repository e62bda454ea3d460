"""The sigmoid, what is built on it, and what stands in for it."""

from __future__ import annotations

from numbers import Real

import torch
from torch import Tensor

from ogive.torch.autocast import autocast
from ogive.torch.autograd import Elementwise
from ogive.torch.functional.checks import is_integral, number, ordered
from ogive.torch.functional.documented import documented
from ogive.torch.learned import Learned
from ogive.torch.memory import HALF_DTYPES
from ogive.torch.overrides import overridable

__all__ = [
    "hard_sigmoid",
    "hard_tanh",
    "hardsigmoid",
    "hardtanh",
    "hardtanh_",
    "log1mexp",
    "log_sigmoid",
    "logit",
    "logsigmoid",
    "odds",
    "sigmoid",
    "softplus",
    "softsign",
    "squareplus",
    "tanh",
]

_sigmoid = Elementwise("sigmoid", promotes=True)
_logit = Elementwise("logit", promotes=True)
_odds = Elementwise("odds")
_log_sigmoid = Elementwise("log_sigmoid")
_log1mexp = Elementwise("log1mexp")
_tanh = Elementwise("tanh", promotes=True)
_softsign = Elementwise("softsign")
_softplus = Learned("softplus")
_squareplus = Learned("squareplus")
_hard_sigmoid = Elementwise("hard_sigmoid")
_hard_tanh = Elementwise("hard_tanh")


@overridable
@documented("sigmoid", integers="promoted")
def sigmoid(input: Tensor) -> Tensor:
    """Apply the logistic sigmoid, 1 / (1 + exp(-x)), to every element.

    The gradient is that of the function in both tails; `torch.sigmoid` gives 0 beyond x = 16.6 in
    float32.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.sigmoid(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([0.1192, 0.5000, 0.8808])
    """
    return _sigmoid(input)


@overridable
@documented("logit", integers="promoted")
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """Apply the log-odds, log(x / (1 - x)), the inverse of the sigmoid, to every element.

    Next to 1/2, where the value crosses 0, `torch.logit` is off by up to 4e6 ulp in float32.

    Parameters
    ----------
    eps : float, optional
        If given, `input` is first clamped to [eps, 1 - eps]; the gradient outside is 0.

    Raises
    ------
    TypeError
        If `eps` is neither a number nor None.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.logit(torch.tensor([0.25, 0.5, 1.0]), eps=1e-6)
    tensor([-1.0986,  0.0000, 13.8023])
    """
    if eps is None:
        return _logit(input)
    if not isinstance(eps, Real) or isinstance(eps, bool):
        raise TypeError(f"logit: eps is a number or None, not {type(eps).__name__} {eps!r}")
    if not isinstance(input, Tensor):
        raise TypeError(f"logit takes a torch.Tensor, not {type(input).__name__}")
    if not (input.is_floating_point() or input.is_complex()):
        input = input.to(torch.get_default_dtype())
    if input.is_complex():
        return _logit(input)
    # The half types may not have such an eps.
    wide = input.float() if input.dtype in HALF_DTYPES else input
    return _logit(wide.clamp(float(eps), 1.0 - float(eps))).to(input.dtype)


@overridable
@documented("odds")
def odds(input: Tensor) -> Tensor:
    """Apply the odds, x / (1 - x), the exponential of the logit, to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.odds(torch.tensor([0.0, 0.5, 0.75]))
    tensor([0., 1., 3.])
    """
    return _odds(input)


@overridable
@documented("log_sigmoid")
def logsigmoid(input: Tensor) -> Tensor:
    """Apply the logarithm of the sigmoid, -log(1 + exp(-x)), to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.logsigmoid(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([-2.1269, -0.6931, -0.1269])
    """
    return _log_sigmoid(input)


log_sigmoid = logsigmoid
"""`logsigmoid` under its name in the catalogue."""


@overridable
@documented("log1mexp")
def log1mexp(input: Tensor) -> Tensor:
    """Apply log(1 - exp(-x)), the logarithm of a complement, to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.log1mexp(torch.tensor([1e-6, 1.0, 20.0]))
    tensor([-1.3816e+01, -4.5868e-01, -2.0612e-09])
    """
    return _log1mexp(input)


@overridable
@documented("tanh", integers="promoted")
def tanh(input: Tensor) -> Tensor:
    """Apply the hyperbolic tangent to every element.

    The gradient is that of the function in both tails; `torch.tanh` gives 0 beyond |x| = 9 in
    float32.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.tanh(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.7616,  0.0000,  0.7616])
    """
    return _tanh(input)


@overridable
@documented("softsign", integers="promoted")
def softsign(input: Tensor) -> Tensor:
    """Apply x / (1 + |x|) to every element.

    At infinite arguments the value is the limit, -1 or 1, where torch has NaN.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.softsign(torch.tensor([-1.0, 0.0, torch.inf]))
    tensor([-0.5000,  0.0000,  1.0000])
    """
    # Of booleans torch makes nothing, of integers the default dtype.
    return _softsign(input.to(torch.get_default_dtype()) if is_integral(input) else input)


@overridable
@documented("softplus")
def softplus(input: Tensor, beta: float | Tensor = 1.0, threshold: float = 20.0) -> Tensor:
    """Apply a smooth ReLU, log(1 + exp(beta x)) / beta, to every element.

    Parameters
    ----------
    threshold : float, optional
        Accepted for compatibility, without effect: torch replaces the function by the identity
        where beta x is greater; here the formula is right everywhere.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.softplus(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([0.1269, 0.6931, 2.1269])
    """
    return _softplus(autocast("softplus", input), beta)


@overridable
@documented("squareplus")
def squareplus(input: Tensor, b: float | Tensor = 4.0) -> Tensor:
    """Apply a smooth ReLU without exponentials, (x + sqrt(x² + b)) / 2, to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.squareplus(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([0.4142, 1.0000, 2.4142])
    """
    return _squareplus(input, b)


@overridable
@documented("hard_sigmoid")
def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """Apply a sigmoid of three straight lines, min(max((x + 3) / 6, 0), 1), to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.hardsigmoid(torch.tensor([-4.0, 0.0, 1.5]))
    tensor([0.0000, 0.5000, 0.7500])
    """
    return _hard_sigmoid(input, inplace=inplace)


hard_sigmoid = hardsigmoid
"""`hardsigmoid` under its name in the catalogue."""


@overridable
@documented("hard_tanh", integers="kept", min_val="min", max_val="max")
def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """Hold every element between two bounds.

    Parameters
    ----------
    min_val, max_val : float, optional
        The bounds, which may be infinite; `min_val` is not above `max_val`.

    Raises
    ------
    ValueError
        If `min_val` is above `max_val`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.hardtanh(torch.tensor([-3.0, 0.5, 3.0]))
    tensor([-1.0000,  0.5000,  1.0000])
    """
    low = number("hard_tanh", "min", min_val, "min_val", finite=False)
    high = number("hard_tanh", "max", max_val, "max_val", finite=False)
    ordered("hard_tanh", ("min_val", low), ("max_val", high))
    if is_integral(input, torch.uint8):
        return torch.nn.functional.hardtanh(input, min_val, max_val, inplace)
    return _hard_tanh(input, low, high, inplace=inplace)


hard_tanh = hardtanh
"""`hardtanh` under its name in the catalogue."""


@overridable
@documented("hard_tanh", integers="kept", min_val="min", max_val="max")
def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """Apply `hardtanh` in place.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> x = torch.tensor([-3.0, 0.5, 3.0])
    >>> functional.hardtanh_(x) is x
    True
    """
    return hardtanh(input, min_val, max_val, inplace=True)
