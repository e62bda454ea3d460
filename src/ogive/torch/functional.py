"""Activation functions under the names, signatures and defaults of `torch.nn.functional`.

Every function takes a tensor of any shape and layout and returns one of the same shape, dtype and
memory format. Values and gradients of float32 and float64 tensors on the CPU come from the native
loops, within the error bounds of `ogive.catalog`; float16 and bfloat16 are computed in float32 and
rounded back. All of them can be differentiated twice, in forward mode, and through `torch.func`.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import torch
from torch import Tensor

from ogive.catalog import CATALOG
from ogive.torch import rows
from ogive.torch.autograd import Elementwise

__all__ = [
    "elu",
    "gelu",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "logit",
    "logsigmoid",
    "logsumexp",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
]

_sigmoid = Elementwise("sigmoid", promotes=True)
_logit = Elementwise("logit", promotes=True)
_log_sigmoid = Elementwise("log_sigmoid")
_tanh = Elementwise("tanh", promotes=True)
_softplus = Elementwise("softplus")
_relu = Elementwise("relu", sign_kept=True, saves_result=True)
_leaky_relu = Elementwise("leaky_relu", sign_kept=True)
_elu = Elementwise("elu")
_silu = Elementwise("silu")
_gelu = Elementwise("gelu")

_PARAMETERS = {
    (function.name, parameter.name): parameter
    for function in CATALOG.values()
    for parameter in function.parameters
}


def _checked(function: str, name: str, value: float) -> float:
    """Return a parameter as a float, or say what it must be."""
    if not isinstance(value, float) and (not isinstance(value, Real) or isinstance(value, bool)):
        raise TypeError(f"{function}: {name} is a number, not {type(value).__name__} {value!r}")
    parameter = _PARAMETERS[function, name]
    if not parameter.allows(value):
        raise ValueError(f"{function}: {name} must be {parameter.condition}, not {value!r}")
    return float(value)


def sigmoid(input: Tensor) -> Tensor:
    """Apply the logistic sigmoid, 1 / (1 + exp(-x)), to every element.

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64; integers and booleans become the default dtype.

    Returns
    -------
    torch.Tensor
        In [0, 1], of the shape of `input`.

    Raises
    ------
    TypeError
        If `input` is not a tensor, or complex.

    Notes
    -----
    Error: value and gradient as `ogive.catalog.get("sigmoid").error_bound` has them. The gradient
    is that of the function in both tails; `torch.sigmoid` gives 0 beyond x = 16.6 in float32.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.sigmoid(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([0.1192, 0.5000, 0.8808])
    """
    return _sigmoid(input)


def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """Apply the log-odds, log(x / (1 - x)), the inverse of the sigmoid, to every element.

    Parameters
    ----------
    input : torch.Tensor
        Probabilities; float16, bfloat16, float32 or float64; integers and booleans become the
        default dtype.
    eps : float, optional
        If given, `input` is first clamped to [eps, 1 - eps]; the gradient outside is 0.

    Returns
    -------
    torch.Tensor
        Of the shape of `input`. NaN outside [0, 1] where `eps` is None.

    Raises
    ------
    TypeError
        If `input` is not a tensor, or complex, or `eps` not a number.

    Notes
    -----
    Error: value and gradient as `ogive.catalog.get("logit").error_bound` has them, next to 1/2
    too, where the value crosses 0 and `torch.logit` is off by up to 4e6 ulp in float32.

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
    return _logit(input if input.is_complex() else input.clamp(float(eps), 1.0 - float(eps)))


def logsigmoid(input: Tensor) -> Tensor:
    """Apply the logarithm of the sigmoid, -log(1 + exp(-x)), to every element.

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64.

    Returns
    -------
    torch.Tensor
        In [-inf, 0], of the shape of `input`.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype.

    Notes
    -----
    Error: value and gradient as `ogive.catalog.get("log_sigmoid").error_bound` has them.

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


def tanh(input: Tensor) -> Tensor:
    """Apply the hyperbolic tangent to every element.

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64; integers and booleans become the default dtype.

    Returns
    -------
    torch.Tensor
        In [-1, 1], of the shape of `input`.

    Raises
    ------
    TypeError
        If `input` is not a tensor, or complex.

    Notes
    -----
    Error: value and gradient as `ogive.catalog.get("tanh").error_bound` has them. The gradient is
    that of the function in both tails; `torch.tanh` gives 0 beyond |x| = 9 in float32.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.tanh(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.7616,  0.0000,  0.7616])
    """
    return _tanh(input)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """Apply a smooth ReLU, log(1 + exp(beta x)) / beta, to every element.

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64.
    beta : float, optional
        Sharpness, greater than 0.
    threshold : float, optional
        Accepted for compatibility, without effect: torch replaces the function by the identity
        where beta x is greater; here the formula is right everywhere.

    Returns
    -------
    torch.Tensor
        Not negative, of the shape of `input`.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype, or `beta` not a number.
    ValueError
        If `beta` is not a finite number greater than 0.

    Notes
    -----
    Error: value and gradient as `ogive.catalog.get("softplus").error_bound` has them.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.softplus(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([0.1269, 0.6931, 2.1269])
    """
    return _softplus(input, _checked("softplus", "beta", beta))


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Apply the rectified linear unit, max(x, 0), to every element.

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64; integers stay integers, as in torch.
    inplace : bool, optional
        Whether to overwrite `input`.

    Returns
    -------
    torch.Tensor
        Of the shape of `input`; `input` itself if `inplace`.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype.

    Notes
    -----
    Exact. The gradient at 0 is 0.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.relu(torch.tensor([0.5, 2.0]))
    tensor([0.5000, 2.0000])
    """
    if isinstance(input, Tensor) and not input.is_floating_point() and _is_integer(input):
        return torch.relu_(input) if inplace else torch.relu(input)
    return _relu(input, inplace=inplace)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Apply x where x > 0 and negative_slope x elsewhere, to every element.

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64.
    negative_slope : float, optional
        The slope below 0.
    inplace : bool, optional
        Whether to overwrite `input`.

    Returns
    -------
    torch.Tensor
        Of the shape of `input`; `input` itself if `inplace`.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype, or `negative_slope` not a number.
    ValueError
        If `negative_slope` is not finite.

    Notes
    -----
    Error: value and gradient as `ogive.catalog.get("leaky_relu").error_bound` has them. The
    gradient at 0 is `negative_slope`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.leaky_relu(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([-0.0200,  0.0000,  2.0000])
    """
    slope = _checked("leaky_relu", "negative_slope", negative_slope)
    return _leaky_relu(input, slope, inplace=inplace)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Apply x where x > 0 and alpha (exp(x) - 1) elsewhere, to every element.

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64.
    alpha : float, optional
        The limit at -inf is -alpha.
    inplace : bool, optional
        Whether to overwrite `input`.

    Returns
    -------
    torch.Tensor
        Of the shape of `input`; `input` itself if `inplace`.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype, or `alpha` not a number.
    ValueError
        If `alpha` is not finite.

    Notes
    -----
    Error: value and gradient as `ogive.catalog.get("elu").error_bound` has them. The gradient at
    0 is `alpha`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.elu(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([-0.8647,  0.0000,  2.0000])
    """
    return _elu(input, _checked("elu", "alpha", alpha), inplace=inplace)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """Apply the sigmoid linear unit, or swish, x / (1 + exp(-x)), to every element.

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64.
    inplace : bool, optional
        Whether to overwrite `input`.

    Returns
    -------
    torch.Tensor
        Of the shape of `input`; `input` itself if `inplace`.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype.

    Notes
    -----
    Error: value and gradient as `ogive.catalog.get("silu").error_bound` has them. At -inf the
    value is the limit, -0.0, where torch has NaN.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.silu(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([-0.2384,  0.0000,  1.7616])
    """
    return _silu(input, inplace=inplace)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """Apply the Gaussian error linear unit, x Φ(x), to every element.

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64.
    approximate : {"none", "tanh"}, optional
        "none" is the function itself. "tanh" is the approximation under that name, computed by
        `torch.nn.functional.gelu`, with torch's accuracy.

    Returns
    -------
    torch.Tensor
        Of the shape of `input`.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype.
    ValueError
        If `approximate` is anything else.

    Notes
    -----
    Error: value and gradient as `ogive.catalog.get("gelu").error_bound` has them. The left tail
    is kept; torch gives 0 below x = -5.5 in float32.

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
        if not isinstance(input, Tensor):
            raise TypeError(f"gelu takes a torch.Tensor, not {type(input).__name__}")
        return torch.nn.functional.gelu(input, approximate="tanh")
    raise ValueError(f"gelu: approximate is 'none' or 'tanh', not {approximate!r}")


def softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: torch.dtype | None = None
) -> Tensor:
    """Map rows of logits to probabilities, exp(x_i) / sum_j exp(x_j).

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64.
    dim : int
        The dimension along which the rows lie. It must be given: torch guesses it, with a warning.
    _stacklevel : int, optional
        Torch's, without effect.
    dtype : torch.dtype, optional
        To which `input` is converted first.

    Returns
    -------
    torch.Tensor
        Of the shape of `input`; every row sums to 1.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype.
    ValueError
        If `dim` is None.
    IndexError
        If `input` has no dimension `dim`.

    Notes
    -----
    Error: every entry within 2 ulp of the exact result on the CPU.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.softmax(torch.tensor([[0.0, 0.0, 2.0]]), dim=1)
    tensor([[0.1065, 0.1065, 0.7870]])
    """
    return _over_rows(rows.softmax, input, dim, dtype)


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: torch.dtype | None = None
) -> Tensor:
    """Map rows of logits to log-probabilities, x_i - log(sum_j exp(x_j)).

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64.
    dim : int
        The dimension along which the rows lie. It must be given: torch guesses it, with a warning.
    _stacklevel : int, optional
        Torch's, without effect.
    dtype : torch.dtype, optional
        To which `input` is converted first.

    Returns
    -------
    torch.Tensor
        Of the shape of `input`, in nats, none above 0.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype.
    ValueError
        If `dim` is None.
    IndexError
        If `input` has no dimension `dim`.

    Notes
    -----
    Error: every entry within 2 ulp of the exact result on the CPU. An entry next to 0 is kept, and
    its gradient too: for [0, -20] in float32 the first is -2.06e-9, where torch has 0.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.log_softmax(torch.tensor([0.0, -20.0]), dim=0)
    tensor([-2.0612e-09, -2.0000e+01])
    """
    return _over_rows(rows.log_softmax, input, dim, dtype)


def logsumexp(input: Tensor, dim: int | Sequence[int], keepdim: bool = False) -> Tensor:
    """Return the logarithm of the sum of the exponentials along one or more dimensions.

    The signature is that of `torch.logsumexp`.

    Parameters
    ----------
    input : torch.Tensor
        float16, bfloat16, float32 or float64.
    dim : int or sequence of int
        The dimension or dimensions over which the sum runs.
    keepdim : bool, optional
        Whether the result keeps them, with length 1.

    Returns
    -------
    torch.Tensor
        `input` without these dimensions.

    Raises
    ------
    TypeError
        If `input` is not a tensor of such a dtype, or `dim` no integers.
    ValueError
        If `dim` is empty or names a dimension twice.
    IndexError
        If `input` has no such dimension.

    Notes
    -----
    Error: within 2 ulp of the exact result on the CPU, save where the result crosses 0.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.logsumexp(torch.tensor([[0.0, 0.0], [1.0, 1.0]]), dim=1)
    tensor([0.6931, 1.6931])
    """
    if isinstance(dim, Sequence):
        return _logsumexp_over(input, dim, keepdim)
    result = rows.logsumexp(input, dim)
    return result if keepdim or input.dim() == 0 else result.squeeze(dim)


def _is_integer(input: Tensor) -> bool:
    return not input.is_complex() and input.dtype is not torch.bool


def _over_rows(
    function: rows.Rowwise, input: Tensor, dim: int | None, dtype: torch.dtype | None
) -> Tensor:
    if dim is None:
        raise ValueError(
            f"{function.name} needs dim, the dimension along which the rows lie; "
            "for (batch, classes) it is dim=1"
        )
    if dtype is not None and isinstance(input, Tensor):
        input = input.to(dtype)
    return function(input, dim)


def _logsumexp_over(input: Tensor, dims: Sequence[int], keepdim: bool) -> Tensor:
    if not isinstance(input, Tensor):
        raise TypeError(f"logsumexp takes a torch.Tensor, not {type(input).__name__}")
    count = input.dim()
    for dim in dims:
        if not isinstance(dim, int) or isinstance(dim, bool):
            raise TypeError(f"logsumexp: dim is an integer or several, not {dim!r}")
        if not -count <= dim < count:
            raise IndexError(f"logsumexp: dim is {dim}, but the tensor has {count} dimensions")
    summed = sorted({dim % count for dim in dims})
    if not summed or len(summed) < len(dims):
        raise ValueError(f"logsumexp: dim names each dimension once and at least one, not {dims!r}")
    kept = [dim for dim in range(count) if dim not in summed]
    together = input.permute(*kept, *summed).flatten(len(kept))
    result = rows.logsumexp(together, -1).squeeze(-1)
    if keepdim:
        for dim in summed:
            result = result.unsqueeze(dim)
    return result
