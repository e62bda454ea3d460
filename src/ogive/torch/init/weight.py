"""One weight, drawn by a named scheme as the activation behind it asks."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ogive.torch.init.draws import FanMode, check_weight, fan_in_and_fan_out, uniform_of_sd_
from ogive.torch.init.gains import calculate_gain
from ogive.torch.init.nonlinearity import Found, Nonlinearity, resolve

__all__ = ["SCHEMES", "init_weight_"]

SCHEMES = (
    "xavier_uniform",
    "xavier_normal",
    "kaiming_uniform",
    "kaiming_normal",
    "lecun_uniform",
    "lecun_normal",
    "orthogonal",
)
"""The names that `init_weight_`, `init_network_` and `lsuv_` take for `scheme`."""

_LINEAR_SCHEME = "xavier_uniform"
"""For a layer that no activation follows."""


def init_weight_(
    tensor: Tensor,
    activation: Nonlinearity | None = None,
    *,
    scheme: str | None = None,
    mode: FanMode = "fan_in",
    generator: torch.Generator | None = None,
) -> Tensor:
    """Fill the weight of one layer as the activation behind it asks.

    Parameters
    ----------
    tensor : torch.Tensor
        The weight, of shape (outputs, inputs, ...): at least two dimensions.
    activation : str, ogive.catalog.Function or torch.nn.Module, optional
        A name or record of the catalogue (at default parameters), or a module (at its own). None
        for a layer that no activation follows: gain 1.
    scheme : str, optional
        The law of the draws, one of `SCHEMES`. By default the one that the catalogue names for
        the activation, and "xavier_uniform" where there is none.
    mode : {"fan_in", "fan_out"}, optional
        "fan_out", for the Kaiming schemes alone, keeps the gradient instead of the signal: by the
        outputs of an input, and with the gain ``calculate_gain(activation, mode="gradient")``.
    generator : torch.Generator, optional
        The source of the draws; torch's global one if None.

    Returns
    -------
    torch.Tensor
        `tensor`.

    Raises
    ------
    TypeError
        If an argument is of none of these types.
    ValueError
        If the activation, scheme or mode is unknown, `mode` is "fan_out" for another scheme, or
        `tensor` has fewer than two dimensions.

    Notes
    -----
    Xavier: variance 2 gain² / (inputs + outputs). Kaiming and LeCun: gain² / inputs; with the
    gain from the catalogue they are one rule. inputs and outputs count the kernel's elements too.
    Orthogonal: gain times a matrix whose rows, or columns, whichever are fewer, are orthonormal;
    a layer of more outputs than inputs then gives a signal smaller by sqrt(inputs / outputs).

    A `scheme` changes the law of the draws; the gain stays the catalogue's.

    Source: X. Glorot, Y. Bengio (2010), AISTATS; K. He et al. (2015), ICCV; Y. LeCun et al.
    (1998), Efficient BackProp; A. M. Saxe, J. L. McClelland, S. Ganguli (2014), Exact solutions
    to the nonlinear dynamics of learning in deep linear neural networks, ICLR.

    Examples
    --------
    >>> import torch
    >>> from ogive.torch.init import init_weight_
    >>> weight = init_weight_(torch.empty(300, 200), "relu")
    >>> abs(weight.std().item() - (2 / 200) ** 0.5) < 0.002
    True
    """
    found = None if activation is None else resolve(activation)
    name, gain = choose(found, scheme, mode)
    check_weight("init_weight_", tensor)
    draw_(tensor, name, gain, mode, generator)
    return tensor


def choose(found: Found | None, scheme: str | None, mode: str) -> tuple[str, float]:
    """Return the scheme's name and the gain for what follows a layer."""
    check_choice(scheme, mode)
    if found is None:
        return scheme or _LINEAR_SCHEME, 1.0
    record, parameters = found
    if mode == "fan_out":
        return scheme or record.initializer, calculate_gain(record, mode="gradient", **parameters)
    return scheme or record.initializer, record.gain_for(**parameters)


def check_choice(scheme: str | None, mode: str) -> None:
    """Refuse what is no scheme or mode, or a mode that the scheme does not have."""
    check_scheme(scheme)
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode is 'fan_in' or 'fan_out', not {mode!r}")
    if mode == "fan_out" and (scheme is None or not scheme.startswith("kaiming")):
        raise ValueError(
            "mode='fan_out' is for scheme='kaiming_uniform' or 'kaiming_normal', not for "
            f"scheme={scheme!r}"
        )


def check_scheme(scheme: str | None) -> None:
    """Refuse a scheme of no known name."""
    if scheme is not None and not isinstance(scheme, str):
        raise TypeError(f"scheme is a string or None, not {type(scheme).__name__} {scheme!r}")
    if scheme is not None and scheme not in SCHEMES:
        raise ValueError(f"scheme is one of {', '.join(SCHEMES)}, not {scheme!r}")


@torch.no_grad()
def draw_(
    weight: Tensor, scheme: str, gain: float, mode: str, generator: torch.Generator | None
) -> None:
    """Fill a weight of shape (outputs, inputs, ...) by a scheme."""
    if weight.numel() == 0:
        return
    fan = fan_in_and_fan_out(weight)[mode == "fan_out"]
    if scheme == "xavier_uniform":
        nn.init.xavier_uniform_(weight, gain, generator=generator)
    elif scheme == "xavier_normal":
        nn.init.xavier_normal_(weight, gain, generator=generator)
    elif scheme in ("kaiming_normal", "lecun_normal"):
        nn.init.normal_(weight, 0.0, gain / math.sqrt(fan), generator=generator)
    elif scheme in ("kaiming_uniform", "lecun_uniform"):
        uniform_of_sd_(weight, gain / math.sqrt(fan), generator)
    elif scheme == "orthogonal":
        _draw_orthogonal_(weight, gain, generator)
    else:
        raise ValueError(f"the catalogue names an unknown initialiser {scheme!r}")


def _draw_orthogonal_(weight: Tensor, gain: float, generator: torch.Generator | None) -> None:
    # LAPACK has no QR decomposition of 16-bit numbers, and torch's draw asks for a contiguous
    # tensor, which a weight in the memory format channels_last is not.
    half = weight.dtype in (torch.float16, torch.bfloat16)
    dtype = torch.float32 if half else weight.dtype
    drawn = torch.empty(weight.shape, dtype=dtype, device=weight.device)
    weight.copy_(nn.init.orthogonal_(drawn, gain, generator=generator))
