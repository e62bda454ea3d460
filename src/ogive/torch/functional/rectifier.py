"""ReLU and its descendants, of straight lines and parabolas."""

from __future__ import annotations

import torch
from torch import Tensor

from ogive.torch.autocast import autocast
from ogive.torch.autograd import Elementwise
from ogive.torch.functional.checks import is_integral, number, ordered
from ogive.torch.functional.documented import documented
from ogive.torch.learned import Learned
from ogive.torch.memory import HALF_DTYPES
from ogive.torch.overrides import overridable
from ogive.torch.parameters import along_channels

__all__ = [
    "hard_swish",
    "hardswish",
    "leaky_relu",
    "leaky_relu_",
    "prelu",
    "relu",
    "relu6",
    "relu_",
    "relu_squared",
    "rrelu",
    "rrelu_",
    "threshold",
    "threshold_",
]

_relu = Elementwise("relu", sign_kept=True, saves_result=True)
# The derivative at the result is that at the argument: at 6 it is 0, as beyond.
_relu6 = Elementwise("relu6", sign_kept=True)
_leaky_relu = Learned("leaky_relu", sign_kept=True)
_prelu = Learned("prelu")
_rrelu = Elementwise("rrelu", sign_kept=True)
_threshold = Elementwise("threshold")
_relu_squared = Elementwise("relu_squared")
_hard_swish = Elementwise("hard_swish")


@overridable
@documented("relu", integers="kept")
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Apply the rectified linear unit, max(x, 0), to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.relu(torch.tensor([0.5, 2.0]))
    tensor([0.5000, 2.0000])
    """
    if is_integral(input):
        return torch.relu_(input) if inplace else torch.relu(input)
    return _relu(input, inplace=inplace)


@overridable
@documented("relu", integers="kept")
def relu_(input: Tensor) -> Tensor:
    """Apply `relu` in place.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> x = torch.tensor([-1.0, 2.0])
    >>> functional.relu_(x) is x
    True
    """
    return relu(input, inplace=True)


@overridable
@documented("relu6", integers="kept")
def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """Apply ReLU held at 6, min(max(x, 0), 6), to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.relu6(torch.tensor([-2.0, 2.5, 8.0]))
    tensor([0.0000, 2.5000, 6.0000])
    """
    if is_integral(input):
        return torch.nn.functional.relu6(input, inplace)
    return _relu6(input, inplace=inplace)


@overridable
@documented("leaky_relu")
def leaky_relu(
    input: Tensor, negative_slope: float | Tensor = 0.01, inplace: bool = False
) -> Tensor:
    """Apply x where x > 0 and negative_slope x elsewhere, to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.leaky_relu(torch.tensor([-2.0, 0.0, 2.0]))
    tensor([-0.0200,  0.0000,  2.0000])
    """
    return _leaky_relu(input, negative_slope, inplace=inplace)


@overridable
@documented("leaky_relu")
def leaky_relu_(input: Tensor, negative_slope: float | Tensor = 0.01) -> Tensor:
    """Apply `leaky_relu` in place.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> x = torch.tensor([-1.0, 2.0])
    >>> functional.leaky_relu_(x) is x
    True
    """
    return leaky_relu(input, negative_slope, inplace=True)


@overridable
@documented("prelu")
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Apply x where x > 0 and weight x elsewhere, with one learned weight or one a channel.

    Parameters
    ----------
    weight : torch.Tensor
        The slopes where x is not positive, of the dtype of `input`: one number, or a vector of as
        many as `input` has channels, which are its second dimension. It gets its gradient.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.prelu(torch.tensor([[-2.0, -2.0]]), torch.tensor([0.25, 0.5]))
    tensor([[-0.5000, -1.0000]])
    """
    input, weight = autocast("prelu", input), autocast("prelu", weight)
    if isinstance(input, Tensor) and isinstance(weight, Tensor):
        if weight.dim() > 1:
            raise ValueError(
                f"prelu: weight is a number or a vector, not of shape {tuple(weight.shape)}"
            )
        if weight.dtype != input.dtype:
            raise TypeError(
                f"prelu: weight is of {str(weight.dtype).removeprefix('torch.')}, but input of "
                f"{str(input.dtype).removeprefix('torch.')}"
            )
        if weight.numel() != 1 and input.dim() < 2:
            raise ValueError(
                f"prelu: an input of shape {tuple(input.shape)} has one channel, but weight has "
                f"{weight.numel()} numbers"
            )
        weight = along_channels(weight, input)
    return _prelu(input, weight)


@overridable
@documented("rrelu")
def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8.0,
    upper: float = 1.0 / 3.0,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """Apply leaky ReLU with a random slope in training, and with the mean slope otherwise.

    Parameters
    ----------
    training : bool, optional
        Whether to draw a slope for every element that is not positive, uniformly between `lower`
        and `upper`. The draws are those of torch: the same from the same seed.

    Raises
    ------
    ValueError
        If `lower` is above `upper`.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.rrelu(torch.tensor([-8.0, 2.0]), 0.25, 0.75)
    tensor([-4.,  2.])
    """
    low, high = number("rrelu", "lower", lower), number("rrelu", "upper", upper)
    ordered("rrelu", ("lower", low), ("upper", high))
    if not training or not isinstance(input, Tensor):
        return _rrelu(input, low, high, inplace=inplace)
    if input.dtype not in HALF_DTYPES:
        drawn = torch.rrelu_ if inplace else torch.rrelu
        return drawn(input, low, high, training=True)
    # torch draws none for float16 on the CPU.
    result = torch.rrelu(input.float(), low, high, training=True).to(input.dtype)
    return input.copy_(result) if inplace else result


@overridable
@documented("rrelu")
def rrelu_(
    input: Tensor, lower: float = 1.0 / 8.0, upper: float = 1.0 / 3.0, training: bool = False
) -> Tensor:
    """Apply `rrelu` in place.

    Parameters
    ----------
    training : bool, optional
        Whether to draw the slopes at random.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> x = torch.tensor([-1.0, 2.0])
    >>> functional.rrelu_(x) is x
    True
    """
    return rrelu(input, lower, upper, training, inplace=True)


@overridable
@documented("threshold", integers="kept")
def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Keep every element that is above a threshold, and put a value for the others.

    Parameters
    ----------
    threshold, value : float
        Both may be infinite.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.threshold(torch.tensor([0.5, 1.0, 2.0]), 1.0, 0.0)
    tensor([0., 0., 2.])
    """
    bound = number("threshold", "threshold", threshold, finite=False)
    other = number("threshold", "value", value, finite=False)
    if is_integral(input):
        return torch.nn.functional.threshold(input, threshold, value, inplace)
    return _threshold(input, bound, other, inplace=inplace)


@overridable
@documented("threshold", integers="kept")
def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """Apply `threshold` in place.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> x = torch.tensor([-1.0, 2.0])
    >>> functional.threshold_(x, 0.0, 0.0) is x
    True
    """
    # The argument has the name of the function.
    return _in_place_threshold(input, threshold, value, inplace=True)


_in_place_threshold = threshold


@overridable
@documented("relu_squared")
def relu_squared(input: Tensor) -> Tensor:
    """Apply the square of ReLU, max(x, 0)², to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.relu_squared(torch.tensor([-2.0, 0.5, 3.0]))
    tensor([0.0000, 0.2500, 9.0000])
    """
    return _relu_squared(input)


@overridable
@documented("hard_swish")
def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """Apply x times its hard sigmoid to every element.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import functional
    >>> functional.hardswish(torch.tensor([-4.0, 1.5, 4.0]))
    tensor([0.0000, 1.1250, 4.0000])
    """
    return _hard_swish(input, inplace=inplace)


hard_swish = hardswish
"""`hardswish` under its name in the catalogue."""
