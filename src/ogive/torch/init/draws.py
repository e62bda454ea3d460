"""Draws for one weight, for any nonlinearity: Kaiming's, and LeCun's, which torch lacks."""

from __future__ import annotations

import math
import warnings
from typing import Literal

import torch
from torch import Tensor, nn

from ogive.torch.init.gains import calculate_gain
from ogive.torch.init.nonlinearity import Nonlinearity

__all__ = ["FanMode", "kaiming_normal_", "kaiming_uniform_", "lecun_normal_", "lecun_uniform_"]

FanMode = Literal["fan_in", "fan_out"]


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: FanMode = "fan_in",
    nonlinearity: Nonlinearity = "leaky_relu",
    generator: torch.Generator | None = None,
) -> Tensor:
    """Fill a weight with uniform draws of variance gain² / fan, after He et al.

    Parameters
    ----------
    tensor : torch.Tensor
        The weight, of shape (outputs, inputs, ...): at least two dimensions.
    a : float, optional
        The negative slope, for "leaky_relu" only.
    mode : {"fan_in", "fan_out"}, optional
        "fan_in" keeps the signal: its gain is 1 / sqrt(E[f(z)²]). "fan_out" keeps the gradient:
        its gain is 1 / sqrt(E[f'(z)²]).
    nonlinearity : str, ogive.catalog.Function or torch.nn.Module, optional
        What follows the layer, as for `calculate_gain`.
    generator : torch.Generator, optional
        The source of the draws; torch's global one if None.

    Returns
    -------
    torch.Tensor
        `tensor`, within ±sqrt(3) gain / sqrt(fan).

    Raises
    ------
    TypeError
        If an argument is of none of these types.
    ValueError
        If `tensor` has fewer than two dimensions, or `mode` or the nonlinearity is unknown.

    Notes
    -----
    The draws are those of `torch.nn.init.kaiming_uniform_` from the same generator, for
    "leaky_relu", "relu" and "linear" to the last bit. For "tanh", "sigmoid" and "selu" torch has
    gains by convention, and refuses every other function.

    Source: K. He, X. Zhang, S. Ren, J. Sun (2015), Delving deep into rectifiers, ICCV.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import init
    >>> weight = init.kaiming_uniform_(torch.empty(300, 200), nonlinearity="gelu")
    >>> weight.abs().max().item() <= (3 / 200) ** 0.5 * init.calculate_gain("gelu")
    True
    """
    gain, fan = _gain_and_fan("kaiming_uniform_", tensor, a, mode, nonlinearity)
    if _is_empty(tensor):
        return tensor
    return uniform_of_sd_(tensor, gain / math.sqrt(fan), generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: FanMode = "fan_in",
    nonlinearity: Nonlinearity = "leaky_relu",
    generator: torch.Generator | None = None,
) -> Tensor:
    """Fill a weight with normal draws of variance gain² / fan, after He et al.

    Parameters
    ----------
    tensor, a, mode, nonlinearity, generator
        As for `kaiming_uniform_`.

    Returns
    -------
    torch.Tensor
        `tensor`.

    Raises
    ------
    TypeError, ValueError
        As `kaiming_uniform_`.

    Notes
    -----
    The draws are those of `torch.nn.init.kaiming_normal_`, as `kaiming_uniform_` says.

    Source: K. He, X. Zhang, S. Ren, J. Sun (2015), Delving deep into rectifiers, ICCV.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import init
    >>> weight = init.kaiming_normal_(torch.empty(300, 200), nonlinearity="silu")
    >>> abs(weight.std().item() * 200**0.5 - init.calculate_gain("silu")) < 0.03
    True
    """
    gain, fan = _gain_and_fan("kaiming_normal_", tensor, a, mode, nonlinearity)
    if _is_empty(tensor):
        return tensor
    return nn.init.normal_(tensor, 0.0, gain / math.sqrt(fan), generator=generator)


def lecun_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: torch.Generator | None = None
) -> Tensor:
    """Fill a weight with uniform draws of variance gain² / fan_in, after LeCun et al.

    Parameters
    ----------
    tensor : torch.Tensor
        The weight, of shape (outputs, inputs, ...): at least two dimensions.
    gain : float, optional
        A factor on the standard deviation, as `calculate_gain` computes it.
    generator : torch.Generator, optional
        The source of the draws; torch's global one if None.

    Returns
    -------
    torch.Tensor
        `tensor`, within ±sqrt(3) gain / sqrt(fan_in).

    Raises
    ------
    TypeError
        If `tensor` is no tensor.
    ValueError
        If it has fewer than two dimensions.

    Notes
    -----
    With gain 1, what SELU asks for.

    Source: Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller (1998), Efficient BackProp, section 4.6.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import init
    >>> init.lecun_uniform_(torch.empty(4, 3)).abs().max().item() <= 1.0
    True
    """
    check_weight("lecun_uniform_", tensor)
    if _is_empty(tensor):
        return tensor
    return uniform_of_sd_(tensor, gain / math.sqrt(fan_in_and_fan_out(tensor)[0]), generator)


def lecun_normal_(
    tensor: Tensor, gain: float = 1.0, generator: torch.Generator | None = None
) -> Tensor:
    """Fill a weight with normal draws of variance gain² / fan_in, after LeCun et al.

    Parameters
    ----------
    tensor, gain, generator
        As for `lecun_uniform_`.

    Returns
    -------
    torch.Tensor
        `tensor`.

    Raises
    ------
    TypeError, ValueError
        As `lecun_uniform_`.

    Notes
    -----
    The whole normal distribution, where the functions of this name in JAX and Keras cut it at two
    standard deviations.

    Source: Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller (1998), Efficient BackProp, section 4.6;
    for SELU: G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter (2017), Self-normalizing neural
    networks, NeurIPS.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch import init
    >>> weight = init.lecun_normal_(torch.empty(300, 200))
    >>> abs(weight.std().item() * 200**0.5 - 1) < 0.02
    True
    """
    check_weight("lecun_normal_", tensor)
    if _is_empty(tensor):
        return tensor
    sd = gain / math.sqrt(fan_in_and_fan_out(tensor)[0])
    return nn.init.normal_(tensor, 0.0, sd, generator=generator)


def fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """Count the inputs of an output and the outputs of an input, kernel elements included.

    As torch counts them: strides are left out, and fan_out of a convolution in groups counts the
    outputs of all groups.
    """
    kernel = math.prod(tensor.shape[2:])
    return tensor.shape[1] * kernel, tensor.shape[0] * kernel


def uniform_of_sd_(tensor: Tensor, sd: float, generator: torch.Generator | None) -> Tensor:
    """Draw from the uniform distribution about 0 of this standard deviation."""
    bound = math.sqrt(3.0) * sd
    return nn.init.uniform_(tensor, -bound, bound, generator=generator)


def check_weight(caller: str, tensor: Tensor) -> None:
    """Refuse what is no weight."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{caller} takes a torch.Tensor, not {type(tensor).__name__}")
    if tensor.dim() < 2:
        raise ValueError(
            f"a weight has at least two dimensions, (outputs, inputs, ...), not {tensor.dim()}"
        )


def _is_empty(tensor: Tensor) -> bool:
    """Tell whether there is nothing to draw, with torch's warning."""
    if tensor.numel():
        return False
    warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
    return True


def _gain_and_fan(
    caller: str, tensor: Tensor, a: float, mode: str, nonlinearity: Nonlinearity
) -> tuple[float, int]:
    """Check the arguments of a Kaiming draw, and return what its spread is made of."""
    check_weight(caller, tensor)
    if not isinstance(mode, str) or mode.lower() not in ("fan_in", "fan_out"):
        raise ValueError(f"mode is 'fan_in' or 'fan_out', not {mode!r}")
    backwards = mode.lower() == "fan_out"
    gain = calculate_gain(
        nonlinearity,
        a if nonlinearity == "leaky_relu" else None,
        mode="gradient" if backwards else "signal",
    )
    return gain, fan_in_and_fan_out(tensor)[backwards]
